"""How well scores agree with people's: Pearson and Spearman correlations with bootstrap intervals over the pairs."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eval.stats.measures import Values
from eval.stats.significance import ALPHA, CHUNK, RESAMPLES


@dataclass(frozen=True, slots=True)
class Correlation:
    """A correlation with its 95 % percentile bootstrap interval; NaN where one side does not vary."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float | None]:
        """Return the three numbers, rounded to six digits; None where undefined."""
        return {
            name: round(number, 6) if math.isfinite(number) else None
            for name, number in (("value", self.value), ("low", self.low), ("high", self.high))
        }


@dataclass(frozen=True, slots=True)
class Agreement:
    """One system's scores against people's, over all pairs and, ``(RESAMPLES,)``, over each resample of them."""

    pearson: float
    spearman: float
    pearsons: Values
    spearmans: Values


def agreement(scores: Values, people: Values, seed: int) -> Agreement:
    """Return how ``(m,)`` scores agree with ``(m,)`` scores of people.

    Ties share their mean rank, anew in each resample. The same seed draws the same pairs, so that two systems'
    resamples may be subtracted.
    """
    draws = list(_draws(len(scores), seed))
    pearsons = [_weighted(scores[np.newaxis], people[np.newaxis], drawn) for drawn in draws]
    by_score, by_people = _Ranks(scores), _Ranks(people)
    spearmans = [_weighted(by_score.mean_ranks(drawn), by_people.mean_ranks(drawn), drawn) for drawn in draws]
    whole = np.ones((1, len(scores)))
    return Agreement(
        float(_weighted(scores[np.newaxis], people[np.newaxis], whole)[0]),
        float(_weighted(by_score.mean_ranks(whole), by_people.mean_ranks(whole), whole)[0]),
        np.concatenate(pearsons),
        np.concatenate(spearmans),
    )


def interval(value: float, resampled: Values) -> Correlation:
    """Return ``value`` with the 95 % percentile interval of ``(RESAMPLES,)`` values, those undefined left out."""
    defined = resampled[np.isfinite(resampled)]
    if not math.isfinite(value) or not len(defined):
        return Correlation(value, math.nan, math.nan)
    low, high = np.percentile(defined, (100 * ALPHA / 2, 100 * (1 - ALPHA / 2)))
    return Correlation(value, float(low), float(high))


class _Ranks:
    """The mean ranks of ``(m,)`` values within resamples of them, from one sort."""

    def __init__(self, values: Values) -> None:
        self._order = np.argsort(values, kind="stable")
        changes = np.diff(values[self._order]) > 0
        self._starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
        self._level = np.empty(len(values), dtype=np.int64)
        self._level[self._order] = np.concatenate([[0], np.cumsum(changes)])

    def mean_ranks(self, drawn: Values) -> Values:
        """Return ``(b, m)`` mean ranks where each of the m values stands ``drawn`` ``(b, m)`` times."""
        levels = np.add.reduceat(drawn[:, self._order], self._starts, axis=1)
        ranks = np.cumsum(levels, axis=1) - (levels - 1) / 2
        return np.asarray(ranks[:, self._level], dtype=np.float64)


def _draws(count: int, seed: int) -> Iterator[Values]:
    """Yield ``(b, count)`` arrays: how often each pair is drawn in each of RESAMPLES resamples."""
    rng = np.random.default_rng(seed)
    for _ in range(RESAMPLES // CHUNK):
        rows = rng.integers(count, size=(CHUNK, count)) + np.arange(CHUNK)[:, np.newaxis] * count
        yield np.bincount(rows.ravel(), minlength=CHUNK * count).reshape(CHUNK, count).astype(np.float64)


def _weighted(x: Values, y: Values, weights: Values) -> Values:
    """Return ``(b,)`` Pearson correlations of ``(b or 1, m)`` x and y under ``(b, m)`` weights; NaN without spread."""
    total = weights.sum(axis=1, keepdims=True)
    dx = x - (weights * x).sum(axis=1, keepdims=True) / total
    dy = y - (weights * y).sum(axis=1, keepdims=True) / total
    xx, yy, xy = ((weights * a * b).sum(axis=1) for a, b in ((dx, dx), (dy, dy), (dx, dy)))
    spread = np.sqrt(xx * yy)
    tiny = 1e-12 * np.abs(x).max() * np.abs(y).max() * total[:, 0]
    return np.asarray(np.where(spread > tiny, xy / np.where(spread > tiny, spread, 1.0), np.nan), dtype=np.float64)
