"""Bootstrap intervals, paired randomisation tests, and the smallest difference that a comparison could have shown.

Why these tests: Smucker, Allan & Carterette (2007) compared the significance tests of information retrieval
and recommend randomisation and bootstrap over Wilcoxon's and the sign test.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from eval.stats.measures import Values
from recommender.errors import EvaluationError

Groups = npt.NDArray[np.int64]
"""``(q,)``: queries with the same number (they share a list, say) are drawn, or flipped, together."""

SEED = 20_251_122
"""The seed of every interval and test in a report."""
RESAMPLES = 10_000
FLIPS = 100_000
CHUNK = 500
"""Resamples or flips at a time: what bounds the memory, at CHUNK · q numbers."""
ALPHA = 0.05
POWER = 0.8
FEWEST = 6
"""Queries, or groups of them, below which no difference can be shown: 2 of 2^n signs give a p above ALPHA."""
DUST = 1e-12
"""Relative rounding error: two sums of the same numbers in another order differ by no more than this share."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over queries with its 95 % percentile bootstrap interval (Efron & Tibshirani, 1993)."""

    mean: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        """Return the three numbers, rounded to six digits."""
        return {"mean": round(self.mean, 6), "low": round(self.low, 6), "high": round(self.high, 6)}


class Verdict(StrEnum):
    """What a comparison has shown."""

    BETTER = "better"
    WORSE = "worse"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One system minus another over the same queries.

    ``p`` is that of the randomisation test, ``p_holm`` is ``p`` adjusted for all comparisons made with it;
    ``detectable`` the smallest difference that as many such queries show with probability POWER; ``units`` how many
    queries, or groups of queries that share a list, it rests on.
    """

    difference: Estimate
    p: float
    p_holm: float
    detectable: float
    units: int = FEWEST

    @property
    def too_few(self) -> bool:
        """Whether there are too few queries to show anything: the interval is worth nothing."""
        return self.units < FEWEST

    @property
    def verdict(self) -> Verdict:
        """Better or worse only if queries are enough, the interval leaves out 0 and the adjusted p is at most ALPHA."""
        if self.too_few or self.p_holm > ALPHA or self.difference.low <= 0 <= self.difference.high:
            return Verdict.UNDECIDED
        return Verdict.BETTER if self.difference.low > 0 else Verdict.WORSE

    def to_json(self) -> dict[str, float | str | None]:
        """Return mean, low, high, p, p_holm, detectable (None where it is unbounded) and verdict.

        The numbers are what the queries give, also where they are too few.
        """
        return {
            **self.difference.to_json(),
            "p": round(self.p, 6),
            "p_holm": round(self.p_holm, 6),
            "detectable": round(self.detectable, 6) if math.isfinite(self.detectable) else None,
            "verdict": self.verdict.value,
        }


def compare_all(
    main: Values, others: Mapping[str, Values], seed: int, groups: Groups | None = None
) -> dict[str, Comparison]:
    """Compare ``(q,)`` values of one system with those of each other on the same queries; p adjusted over all.

    A difference is ``main`` minus the other. Raises EvaluationError if the lengths differ or a value is not finite.
    """
    for name, values in others.items():
        if values.shape != main.shape:
            raise EvaluationError(f"{name}: {len(values):,} values to compare with {len(main):,}")
    differences = {name: np.asarray(main - values, dtype=np.float64) for name, values in others.items()}
    p = {name: randomisation_test(values, seed, groups) for name, values in differences.items()}
    adjusted = holm(p)
    return {
        name: Comparison(
            bootstrap(values, seed, groups), p[name], adjusted[name], detectable(values, groups), units(values, groups)
        )
        for name, values in differences.items()
    }


def units(values: Values, groups: Groups | None = None) -> int:
    """Return how many independent units ``(q,)`` values are of: queries or, with ``groups``, groups of them."""
    return len(values) if groups is None else len(np.unique(groups))


def bootstrap(values: Values, seed: int, groups: Groups | None = None) -> Estimate:
    """Return the mean of ``(q,)`` values with its 95 % percentile interval over RESAMPLES resamples of the queries.

    With ``groups`` whole groups are resampled (cluster bootstrap: Davison & Hinkley, 1997, 3.8). Raises
    EvaluationError if there is no value or one that is not finite.
    """
    low, high = np.percentile(resampled_means(values, seed, groups), (100 * ALPHA / 2, 100 * (1 - ALPHA / 2)))
    return Estimate(float(values.mean()), float(low), float(high))


def lower_bound(values: Values, seed: int, groups: Groups | None = None) -> float:
    """Return the lower end of the one-sided 95 % percentile bootstrap interval of the mean of ``(q,)`` values."""
    return float(np.percentile(resampled_means(values, seed, groups), 100 * ALPHA))


def resampled_means(values: Values, seed: int, groups: Groups | None = None) -> Values:
    """Return ``(RESAMPLES,)``: the mean of each resample, drawn with replacement (Efron & Tibshirani, 1993)."""
    _check(values, groups)
    rng = np.random.default_rng(seed)
    if groups is None:
        draws = (rng.integers(len(values), size=(size, len(values))) for size in _chunks(RESAMPLES))
        return np.concatenate([values[drawn].mean(axis=1) for drawn in draws])
    sums, sizes = _by_group(values, groups)
    draws = (rng.integers(len(sums), size=(size, len(sums))) for size in _chunks(RESAMPLES))
    return np.concatenate([sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1) for drawn in draws])


def randomisation_test(differences: Values, seed: int, groups: Groups | None = None, flips: int = FLIPS) -> float:
    """Return the two-sided p of ``(q,)`` paired differences: how often chance alone gives a mean as far from 0.

    Under the null hypothesis each difference could as well have had the other sign (Fisher, 1935): signs are
    flipped at random, a group's together, and ``p = (1 + hits) / (1 + flips)``, which is never 0. Raises
    EvaluationError if there is no difference or one that is not finite.
    """
    _check(differences, groups)
    totals = _by_group(differences, groups)[0] if groups is not None else differences
    totals = totals[totals != 0]  # a flipped zero changes nothing
    total, dust = float(totals.sum()), DUST * float(np.abs(totals).sum())
    rng = np.random.default_rng(seed)
    hits = 0
    for size in _chunks(flips):
        quantized = rng.integers(256, size=(size, (len(totals) + 7) // 8), dtype=np.uint8)
        positive = np.unpackbits(quantized, axis=1, count=len(totals)).astype(np.float64) @ totals
        hits += int((np.abs(2 * positive - total) >= abs(total) - dust).sum())
    return (1 + hits) / (1 + flips)


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """Return the named p-values adjusted so that a false claim among all of them has probability ALPHA at most.

    Holm's step-down procedure (1979): the i-th smallest of m times m - i + 1, never less than the one before it,
    at most 1. In the order of ``p``.
    """
    adjusted: dict[str, float] = {}
    least = 0.0
    for place, name in enumerate(sorted(p, key=lambda name: (p[name], name))):
        least = max(least, min(1.0, (len(p) - place) * p[name]))
        adjusted[name] = least
    return {name: adjusted[name] for name in p}


def detectable(differences: Values, groups: Groups | None = None) -> float:
    """Return the smallest mean difference that a two-sided test at ALPHA sees with probability POWER.

    ``(z(1 - ALPHA/2) + z(POWER)) · sd / √n`` of ``(q,)`` paired differences (Cohen, 1988; in information retrieval
    Sakai, 2016); with ``groups`` the standard error is that between groups. Infinite where one query or group is all.
    """
    _check(differences, groups)
    centred = differences - differences.mean()
    parts = _by_group(centred, groups)[0] if groups is not None else centred
    if len(parts) < 2:
        return math.inf
    error = math.sqrt(len(parts) / (len(parts) - 1) * float((parts**2).sum())) / len(differences)
    normal = NormalDist()
    return (normal.inv_cdf(1 - ALPHA / 2) + normal.inv_cdf(POWER)) * error


def _by_group(values: Values, groups: Groups) -> tuple[Values, Values]:
    """Return ``(g,)`` sums and ``(g,)`` sizes of the groups."""
    numbers = np.unique(groups, return_inverse=True)[1]
    sums = np.bincount(numbers, weights=values)
    return sums.astype(np.float64), np.bincount(numbers).astype(np.float64)


def _chunks(count: int) -> Iterator[int]:
    for start in range(0, count, CHUNK):
        yield min(CHUNK, count - start)


def _check(values: Values, groups: Groups | None) -> None:
    if not len(values):
        raise EvaluationError("there is no query to compute an interval or a test over")
    if not np.isfinite(values).all():
        raise EvaluationError("a value to compute an interval or a test over is not finite")
    if groups is not None and len(groups) != len(values):
        raise EvaluationError(f"{len(groups):,} group numbers for {len(values):,} values")
