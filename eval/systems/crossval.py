"""Cross-validation: folds of the queries, and the curated lists that the answer to a query may use.

``plant`` puts a false list in place of a query's own: the answer of a system without leaks does not change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from eval.task.task import AsOf, Judged, Task
from recommender.errors import EvaluationError
from recommender.ranking.curated import CuratedLists
from recommender.ranking.pool import Mask

FOLDS = 5

Folds = Mapping[int, int]
"""Query row → its fold, 0 … k-1."""


def folds(queries: Sequence[Judged], k: int, seed: int) -> dict[int, int]:
    """Return query row → fold: ``queries`` at random in ``k`` folds of nearly equal size, whatever their order.

    Raises EvaluationError if there are fewer queries than folds.
    """
    if k < 2:
        raise EvaluationError(f"k is {k}, expected at least 2 folds")
    if len(queries) < k:
        raise EvaluationError(f"{len(queries):,} lists cannot fill {k} folds")
    rows = sorted(query.row for query in queries)
    return {rows[i]: place % k for place, i in enumerate(np.random.default_rng(seed).permutation(len(rows)).tolist())}


def deal(task: Task, seed: int) -> dict[int, int]:
    """Return query row → fold: the task's queries in FOLDS folds, or in as many as there are queries."""
    count = len(task.queries)
    return folds(task.queries, min(FOLDS, count), seed) if count > 1 else {task.queries[0].row: 0}


def known_owners(task: Task, row: int, fold_of: Folds | None = None, hidden: int | None = None) -> Mask:
    """Return ``(n,)`` bool: the articles whose curated lists a system may use for the query at ``row``.

    Never the query itself, nor a copy of it; with ``fold_of`` none of its fold, nor of the fold ``hidden``; under
    the date rule only articles strictly older than it, and what has no date is not known to be older.
    """
    corpus = task.snapshot.corpus
    known: Mask = corpus.story_ids != corpus.story_ids[row]
    if task.as_of is AsOf.PUBLISHED:
        known &= corpus.directory.days < corpus.directory.days[row]  # false where either is NaN
    if fold_of is not None:
        barred = {fold_of.get(row), hidden}
        known[[other for other, fold in fold_of.items() if fold in barred]] = False
    return known


def visible_lists(task: Task, row: int, fold_of: Folds | None = None) -> list[Judged]:
    """Return the queries whose curated lists a system may use for the query at ``row``, in the order of the task."""
    known = known_owners(task, row, fold_of)
    return [query for query in task.queries if known[query.row]]


def evidence(task: Task, row: int, fold_of: Folds | None = None, hidden: int | None = None) -> CuratedLists:
    """Return the curated lists of ``known_owners``, those of articles that are no queries included."""
    return task.snapshot.curated.only(known_owners(task, row, fold_of, hidden))


def plant(task: Task, row: int, targets: Sequence[int]) -> tuple[Task, Judged]:
    """Return ``task`` with the list of the query at ``row`` replaced by ``targets``, and that query with it.

    Everything else is as it was. Raises EvaluationError if no query is at ``row`` or a target may not be recommended.
    """
    if not any(query.row == row for query in task.queries):
        raise EvaluationError(f"article {task.name(row)!r} is no query")
    barred = [target for target in targets if not task.allowed(row)[target]]
    if barred:
        raise EvaluationError(f"article {task.name(barred[0])!r} may not stand in the list of {task.name(row)!r}")
    planted = Judged(row, tuple(targets))
    snapshot = task.snapshot
    lists = {**snapshot.lists, task.name(row): tuple(task.name(target) for target in targets)}
    queries = tuple(planted if query.row == row else query for query in task.queries)
    return replace(task, snapshot=snapshot.with_lists(lists), queries=queries), planted
