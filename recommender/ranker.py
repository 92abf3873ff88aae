"""The ranker: signals → one score in (0, 1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from recommender.encoder import Matrix
from recommender.errors import SnapshotError
from recommender.signals import SIGNALS


@dataclass(frozen=True, slots=True)
class Ranker:
    """A fixed-weight logistic model over signals standardised within the pool of candidates.

    Standardising within the pool is what lets the same weights serve different corpora. ``weights``
    ``(s,)`` float32 in the order of SIGNALS.
    """

    weights: npt.NDArray[np.float32]
    bias: float

    @classmethod
    def of(cls, weights: Mapping[str, float], bias: float) -> Self:
        """Return the ranker with these weights by signal name; a name not given weighs 0.

        Raises SnapshotError on a name that is no signal.
        """
        if unknown := sorted(set(weights) - set(SIGNALS)):
            raise SnapshotError(f"the ranker weighs unknown signals: {', '.join(unknown)}")
        return cls(np.array([weights.get(name, 0.0) for name in SIGNALS], dtype=np.float32), bias)

    def named(self) -> dict[str, float]:
        """Return the weights by signal name."""
        return dict(zip(SIGNALS, map(float, self.weights), strict=True))

    def parts(self, signals: Matrix) -> Matrix:
        """Return ``(m, s)`` float32: what each of a pool's signals adds to each candidate's sum.

        An unknown (NaN) signal counts as the pool's average; one that does not vary counts nothing.
        """
        return standardise(signals) * self.weights

    def score(self, signals: Matrix) -> npt.NDArray[np.float32]:
        """Return ``(m,)`` float32 scores in (0, 1) of a pool's ``(m, s)`` signals, in their order."""
        return self.score_parts(self.parts(signals))

    def score_parts(self, parts: Matrix) -> npt.NDArray[np.float32]:
        """Return ``(m,)`` float32 scores in (0, 1) of what ``parts`` returned."""
        total = parts.sum(axis=1) + np.float32(self.bias)
        return np.asarray(expit(total), dtype=np.float32)


DEFAULT = Ranker.of(
    {"tfidf": 0.40, "fused": 0.40, "body_title": 0.20, "body_body": 0.15, "body_teaser": 0.10, "closeness": 0.25},
    bias=-5.4,
)
"""Rounded from logistic fits on three of the development corpora (DECISIONS.md); not calibrated yet."""


def standardise(signals: Matrix) -> Matrix:
    """Return ``(m, s)`` float32 z-scores of each column over its known values; 0 where unknown."""
    known = np.isfinite(signals)
    count = np.maximum(known.sum(axis=0), 1)
    values = np.where(known, signals, 0.0).astype(np.float64)
    deviation = np.where(known, values - values.sum(axis=0) / count, 0.0)
    spread = np.sqrt((deviation**2).sum(axis=0) / count)
    return (deviation / np.where(spread > 1e-6, spread, np.inf)).astype(np.float32)
