"""The ranker: signals → one score in (0, 1), the probability that an editor would pick the candidate.

A linear model over signals that were made relative to the pool: where a candidate stands among the others is
what lets the same weights serve different corpora. No weight is negative: more likeness never lowers a score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import orjson
from scipy.special import expit

from recommender.corpus.encoder import Matrix
from recommender.errors import RankerError
from recommender.ranking.pool import SPREAD
from recommender.ranking.signals import RELATIVE, SIGNALS

FORMAT = 1
DEFAULT_FILE = "default_ranker.json"
RENAMED = {"picked_near": "listed_by_neighbours", "picks_near": "lists_neighbours", "picked_often": "list_popularity"}
"""Signals that had another name once: rankers that were saved then are still read."""
DECIMALS = 5
"""Values that agree to so many decimals are equal in rank: float noise must not break a tie."""


@dataclass(frozen=True, slots=True)
class Ranker:
    """Weights ``(s, 2)`` float32 in the order of SIGNALS: of a signal's value and of its rank in the pool.

    The value is standardised over the pool if the signal is relative, and as it is if not (such a signal's
    rank weighs nothing). ``bias_alone`` takes the place of ``bias`` where no curated list is known at all, and so
    nothing can add to a sum on that account. ``origin`` says in words what the weights were fitted on.
    """

    weights: npt.NDArray[np.float32]
    bias: float
    bias_alone: float
    origin: str = ""

    @classmethod
    def from_weights(
        cls, weights: Mapping[str, Sequence[float]], bias: float, origin: str = "", *, bias_alone: float | None = None
    ) -> Self:
        """Return the ranker with these (value, rank) weights by signal name; a name not given weighs 0.

        ``bias_alone`` is ``bias`` unless given.

        Raises RankerError on a name that is no signal, or weights that are not two finite numbers.
        """
        weights = {RENAMED.get(name, name): pair for name, pair in weights.items()}
        if unknown := sorted(set(weights) - set(SIGNALS)):
            raise RankerError(f"the ranker weighs unknown signals: {', '.join(unknown)}")
        if odd := [name for name, pair in weights.items() if len(pair) != 2 or not _finite(pair)]:
            raise RankerError(f"the weights of {odd[0]} are {weights[odd[0]]}, expected two finite numbers")
        alone = bias if bias_alone is None else bias_alone
        if not _finite((bias, alone)):
            raise RankerError(f"the ranker's biases are {bias} and {alone}, expected finite numbers")
        rows = [weights.get(name, (0.0, 0.0)) for name in SIGNALS]
        return cls(np.array(rows, dtype=np.float32).reshape(len(SIGNALS), 2), bias, alone, origin)

    @classmethod
    def from_json(cls, raw: bytes, place: str) -> Self:
        """Return the ranker that ``to_json`` wrote. Raises RankerError naming ``place`` and what is wrong."""
        try:
            data = orjson.loads(raw)
            if data["format"] != FORMAT:
                raise RankerError(f"format {data['format']!r}, this version reads {FORMAT}")
            weights = {str(name): tuple(map(float, pair)) for name, pair in data["weights"].items()}
            alone = float(data["bias_alone"])
            return cls.from_weights(weights, float(data["bias"]), str(data["origin"]), bias_alone=alone)
        except RankerError as error:
            raise RankerError(f"{place}: {error}") from None
        except (orjson.JSONDecodeError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise RankerError(f"{place}: no ranker of this project ({type(error).__name__}: {error})") from None

    def to_json(self) -> bytes:
        """Return the ranker as JSON: format, origin, both biases, and ``{"weights": {signal: [value, rank]}}``."""
        document = {
            "format": FORMAT,
            "origin": self.origin,
            "bias": self.bias,
            "bias_alone": self.bias_alone,
            "weights": self.named(),
        }
        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    def named(self) -> dict[str, list[float]]:
        """Return the (value, rank) weights by signal name, as short decimals."""
        return {name: [float(str(w)) for w in pair] for name, pair in zip(SIGNALS, self.weights, strict=True)}

    def parts(self, signals: Matrix) -> Matrix:
        """Return ``(m, s)`` float32: what each of a pool's signals adds to each candidate's sum.

        An unknown (NaN) signal adds nothing, nor does a relative one that does not vary.
        """
        values, ranks = _features(np.ascontiguousarray(signals.T))
        return np.asarray(values * self.weights[:, :1] + ranks * self.weights[:, 1:]).T

    def score(self, signals: Matrix) -> npt.NDArray[np.float32]:
        """Return ``(m,)`` float32 scores in (0, 1) of a pool's ``(m, s)`` signals, in their order."""
        return self.explain(signals)[1]

    def explain(self, signals: Matrix) -> tuple[Matrix, npt.NDArray[np.float32]]:
        """Return the parts ``(m, s)`` and the scores ``(m,)`` of a pool's ``(m, s)`` signals, in one go."""
        parts = self.parts(signals)
        listed = np.isfinite(signals[:, ~RELATIVE]).any()
        total = parts.sum(axis=1) + np.float32(self.bias if listed else self.bias_alone)
        return parts, np.asarray(expit(total), dtype=np.float32)


def _finite(numbers: Sequence[float]) -> bool:
    """Say whether ``numbers`` are finite as float32."""
    return bool((np.abs(np.asarray(numbers, dtype=np.float64)) <= np.finfo(np.float32).max).all())


def features(signals: Matrix) -> Matrix:
    """Return ``(m, s, 2)`` float32, what the weights apply to: of each of a pool's signals its value and its rank.

    A relative signal's are z-scores over the pool, of the value and of ``-ln(1 + rank)``, ties sharing the best
    rank; another's are the value itself and 0. 0 where unknown.
    """
    return _features(np.ascontiguousarray(signals.T)).transpose(2, 1, 0)


def _features(columns: Matrix) -> Matrix:
    """Return ``(2, s, m)``: the features of the signals as ``columns`` ``(s, m)``."""
    known = np.isfinite(columns)
    found = np.zeros((2, *columns.shape), dtype=np.float32)
    np.copyto(found[0], columns, where=known)
    values, standing = found[0, RELATIVE], known[RELATIVE]
    found[0, RELATIVE] = _standardised(values, standing)
    found[1, RELATIVE] = _standardised(_log_ranks(values, standing), standing)
    return found


def _standardised(values: Matrix, known: npt.NDArray[np.bool_]) -> Matrix:
    """Return ``(s, m)`` float32 z-scores of each row over its ``known`` values; values not known are 0, and stay 0."""
    count = np.maximum(np.count_nonzero(known, axis=1), 1)[:, None]
    deviation = values - values.sum(axis=1, keepdims=True, dtype=np.float64) / count
    deviation *= known
    spread = np.sqrt(np.vecdot(deviation, deviation)[:, None] / count)
    return np.asarray(deviation / np.where(spread > SPREAD, spread, np.inf), dtype=np.float32)


def _log_ranks(columns: Matrix, known: npt.NDArray[np.bool_]) -> Matrix:
    """Return ``(s, m)`` float32 ``-ln(1 + rank)`` within each row, rank 0 for the greatest; 0 where not ``known``.

    Equal values (see DECIMALS) share the best of their ranks.
    """
    negated = np.where(known, -np.round(columns, DECIMALS), np.float32(np.inf))
    ordered = np.sort(negated, axis=1)
    greater = [row.searchsorted(values) for row, values in zip(ordered, negated, strict=True)]
    table = -np.log1p(np.arange(columns.shape[1] + 1, dtype=np.float32))
    return np.asarray(table.take(np.array(greater, dtype=np.int64).reshape(columns.shape)) * known)


def read_weights(path: Path) -> Ranker:
    """Return the ranker in the file ``path``. Raises RankerError naming it if it cannot be read, or is none."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RankerError(f"{path}: cannot be read ({error.strerror})") from error
    return Ranker.from_json(raw, str(path))


def default_ranker() -> Ranker:
    """Return the ranker that is shipped: fitted on public corpora (DECISIONS.md), for sites without lists."""
    file = files("recommender") / DEFAULT_FILE
    return Ranker.from_json(file.read_bytes(), DEFAULT_FILE)
