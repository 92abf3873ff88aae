"""Calibration of scores, and the least score from which on a given precision is reached.

An item counts as right if the editor picked it. Curated lists are incomplete, so true precision is higher.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from eval.task.task import Task
from recommender.errors import EvaluationError
from recommender.ranking.hits import Hit

BINS = 10
FEWEST = 30
"""Items a threshold must let through before anything is said about their precision."""


@dataclass(frozen=True, slots=True)
class Items:
    """Served items: ``scores`` ``(i,)`` float64, whether each was ``picked``, and the ``query`` each was for."""

    scores: npt.NDArray[np.float64]
    picked: npt.NDArray[np.bool_]
    query: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bin:
    """Items whose scores lie in one tenth: their mean score, the share that was picked, their number."""

    score: float
    picked: float
    count: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """``error``: the expected calibration error, the bins' mean distance of score and share, by their size.

    Naeini, Cooper & Hauskrecht (2015), with ten bins of equal width.
    """

    error: float
    bins: tuple[Bin, ...]

    def to_json(self) -> dict[str, Any]:
        """Return error and bins, rounded."""
        rows = [{"score": round(b.score, 4), "picked": round(b.picked, 4), "count": b.count} for b in self.bins]
        return {"expected_error": round(self.error, 6), "bins": rows}


@dataclass(frozen=True, slots=True)
class Threshold:
    """The effect of ``min_score``: precision of the items that pass, their share, share of lists that are not empty."""

    min_score: float
    precision: float
    items: float
    lists: float


def served_items(task: Task, hits: Mapping[int, Sequence[Hit]]) -> Items:
    """Return the items of each query's ``hits`` (by its row)."""
    answers = {query.row: set(query.answers) for query in task.queries}
    rows = [(hit.score, hit.row in answers[row], row) for row, found in hits.items() for hit in found]
    scores, picked, query = zip(*rows, strict=True) if rows else ((), (), ())
    return Items(np.array(scores, dtype=np.float64), np.array(picked, dtype=bool), np.array(query, dtype=np.int64))


def calibration(items: Items) -> Calibration:
    """Return how well the scores of ``items`` agree with the share that was picked."""
    which = np.minimum((items.scores * BINS).astype(np.int64), BINS - 1)
    bins = [
        Bin(float(items.scores[inside].mean()), float(items.picked[inside].mean()), int(inside.sum()))
        for inside in (which == number for number in range(BINS))
        if inside.any()
    ]
    error = sum(b.count * abs(b.score - b.picked) for b in bins) / max(1, len(items.scores))
    return Calibration(error, tuple(bins))


def check_precision(precision: float) -> None:
    """Raise EvaluationError on a precision that is not above 0 and at most 1."""
    if not 0 < precision <= 1:
        raise EvaluationError(f"precision is {precision}, expected a number above 0 and at most 1")


def threshold(items: Items, precision: float) -> Threshold | None:
    """Return the least score, of four decimals, from which on at least ``precision`` of the items were picked.

    None if there is none that lets FEWEST items through. Raises EvaluationError if ``precision`` is not above 0
    and at most 1.
    """
    check_precision(precision)
    order = np.argsort(-items.scores, kind="stable")
    cuts, right = np.floor(items.scores[order] * 1e4) / 1e4, np.cumsum(items.picked[order])
    counts = np.arange(1, len(order) + 1)
    ends = np.append(cuts[1:] < cuts[:-1], True)  # what four decimals do not tell apart passes or fails together
    good = np.flatnonzero(ends & (right >= precision * counts) & (counts >= FEWEST))
    if not len(good):
        return None
    last = int(good[-1])
    lists = len(np.unique(items.query[order[: last + 1]])) / len(np.unique(items.query))
    return Threshold(
        float(cuts[last]), float(right[last] / counts[last]), float(counts[last] / len(order)), float(lists)
    )
