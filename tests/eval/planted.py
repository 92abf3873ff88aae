"""The leak test of what learns from lists: a false list is planted for the scored query, and must change nothing."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from eval.systems.context import Ranking, Scored
from eval.systems.crossval import plant
from eval.task.task import Judged, Task
from recommender.ranking.hits import Hit

PLANTED = 5

Answer = list[tuple[Any, ...]]
"""Rows best first; where a system scores them, each with its score and what every signal added to it."""


def assert_own_list_is_not_read(prepare: Callable[[Task], Ranking], task: Task, query: Judged) -> None:
    """Assert that the system that ``prepare`` makes of a task answers alike whatever the list of ``query`` says.

    Once with a list of those it ranks last, once with one of those it ranks first, once with an empty one: whatever
    a leak does with a list, one of the three moves. Scores and parts count too: they may not move in the last digit.
    What the system draws at random must not depend on the lists (folds included).
    """
    honest = answer(prepare(task), query)
    ranked = [hit[0] for hit in honest]
    left_out = [int(row) for row in np.flatnonzero(task.allowed(query.row)) if int(row) not in set(ranked)]
    for false in ([*ranked, *left_out][-PLANTED:], ranked[:PLANTED], []):
        planted, asked = plant(task, query.row, [row for row in false if task.allowed(query.row)[row]])
        found = answer(prepare(planted), asked)
        assert found == honest, f"the answer to {task.name(query.row)!r} depends on its own list"


def answer(rank: Ranking, query: Judged) -> Answer:
    """Return what ``rank`` makes of ``query``, as exactly as it tells."""
    return exact(rank.hits(query)) if isinstance(rank, Scored) else [(row,) for row in rank(query)]


def exact(hits: Sequence[Hit]) -> Answer:
    """Return hits as rows, scores and the parts of the scores, to compare to the last digit."""
    return [(hit.row, hit.score, hit.parts.tobytes()) for hit in hits]
