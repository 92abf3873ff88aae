"""The systems that are compared: each prepares itself once and then ranks the candidates of a query.

Every one sees the same queries and the same candidates; ``product`` is the very function the API calls.
To add one, write a function ``(SystemContext) → Ranking`` and give it a line in SYSTEMS.
"""

from collections.abc import Callable, Sequence

from eval.systems.baselines import bm25, bm25_top25, naive, popular, random, recency, rrf, section, tfidf
from eval.systems.context import DEPTH, Ranking, Scored, SystemContext
from eval.systems.crossval import evidence
from eval.task.task import Judged, Task
from recommender.errors import EvaluationError
from recommender.ranking.curated import CuratedLists
from recommender.ranking.hits import Hit
from recommender.ranking.request import RelatedRequest


def zero_shot(context: SystemContext) -> Ranking:
    """The product without any curated list: what a site without lists gets."""
    nothing = CuratedLists.none(len(context.task.snapshot.corpus))
    return Scored(lambda query: served(context.task, query, DEPTH, nothing))


def product(context: SystemContext) -> Ranking:
    """The product as it is served, with the curated lists of the other folds as evidence."""
    fold_of = context.tuning.fold_of
    return Scored(lambda query: served(context.task, query, DEPTH, evidence(context.task, query.row, fold_of)))


def tuned(context: SystemContext) -> Ranking:
    """The product with weights fitted to the lists of the other folds as well."""
    return Scored(lambda query: context.tuning.answer(query, DEPTH))


def oracle(_: SystemContext) -> Ranking:
    """The editor's own list (and what was judged related): every measure must be at its maximum."""
    return lambda query: list(query.answers[:DEPTH])


SYSTEMS: dict[str, Callable[[SystemContext], Ranking]] = {
    "random": random,
    "recency": recency,
    "section": section,
    "popular": popular,
    "tfidf": tfidf,
    "bm25": bm25,
    "bm25-top25": bm25_top25,
    "naive": naive,
    "rrf": rrf,
    "zero-shot": zero_shot,
    "product": product,
    "tuned": tuned,
    "oracle": oracle,
}
"""Name → system, in the order of reports."""


def served(task: Task, query: Judged, limit: int, curated: CuratedLists) -> list[Hit]:
    """Return the hits the API would give for ``query``, under the task's date rule, with ``curated`` as lists."""
    request = RelatedRequest(limit=limit, filters=task.filters(query.row))
    return task.knowing(curated).related(task.query(query.row), request)


def check_names(names: Sequence[str]) -> None:
    """Raise EvaluationError on no name at all, or the name of no system."""
    if not names:
        raise EvaluationError(f"no system is named; known: {', '.join(SYSTEMS)}")
    if unknown := [name for name in names if name not in SYSTEMS]:
        raise EvaluationError(f"unknown system {unknown[0]!r}; known: {', '.join(SYSTEMS)}")


def check_cut(k: int) -> None:
    """Raise EvaluationError on a k that is not 1 to DEPTH."""
    if not 1 <= k <= DEPTH:
        raise EvaluationError(f"k is {k}, expected 1 to {DEPTH}")


def prepare(context: SystemContext, names: Sequence[str]) -> dict[str, Ranking]:
    """Prepare the systems of these ``names``, in their order. Raises EvaluationError on an unknown one."""
    check_names(names)
    return {name: SYSTEMS[name](context) for name in dict.fromkeys(names)}
