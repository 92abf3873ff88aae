"""The leak test of what learns from lists: a false list is planted for the scored query, and must change nothing."""

from collections.abc import Callable

import numpy as np

from eval.crossval import plant
from eval.systems import Ranking
from eval.task import Judged, Task

PLANTED = 5


def assert_own_list_is_not_read(prepare: Callable[[Task], Ranking], task: Task, query: Judged) -> None:
    """Assert that the system that ``prepare`` makes of a task ranks alike whatever the list of ``query`` says.

    Once with a list of those it ranks last, once with one of those it ranks first: whatever a leak does with a
    list, one of the two moves. What the system draws at random must not depend on the lists (folds included).
    """
    honest = prepare(task)(query)
    left_out = [int(row) for row in np.flatnonzero(task.allowed(query.row)) if int(row) not in set(honest)]
    for false in ([*honest, *left_out][-PLANTED:], honest[:PLANTED]):
        planted, asked = plant(task, query.row, false)
        found = prepare(planted)(asked)
        assert found == honest, f"the ranking for {task.name(query.row)!r} depends on its own list"
