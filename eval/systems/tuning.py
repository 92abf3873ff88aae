"""A site's own ranker, cross-validated: a ranker fitted to all folds but one answers the queries of that one.

Nested: the curated lists of the held-out fold are hidden from the fit, as target and as evidence. A training query uses
the lists of the other training folds only, as a held-out query uses those of the training folds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from eval.systems.crossval import Folds, deal, evidence
from eval.task.task import Judged, Task
from recommender.corpus.encoder import Matrix
from recommender.errors import RankerError
from recommender.ranking.curated import CuratedLists
from recommender.ranking.fitting import Example, fit
from recommender.ranking.hits import Hit, ranked_stories
from recommender.ranking.pool import Pool
from recommender.ranking.ranker import Ranker
from recommender.ranking.signals import signals

MAX_LISTS = 2_000
"""Lists that a fit looks at: more teach little more, and take memory and minutes."""
SHRINK = 1 / 3
"""Pull of a site's own weights towards the default, relative to that of the default towards nothing."""


@dataclass(frozen=True, slots=True)
class Case:
    """A query with its pool and the ``table`` of signals, which any ranker can score."""

    query: Judged
    pool: Pool
    table: Matrix

    @classmethod
    def from_query(cls, task: Task, query: Judged, curated: CuratedLists) -> "Case":
        """Return the case of ``query`` where ``curated`` are the known lists."""
        recommender = task.knowing(curated)
        pool = recommender.pool(recommender.prepared(task.query(query.row)), task.allowed(query.row))
        return cls(query, pool, signals(pool))

    def example(self, weight: float = 1.0) -> Example:
        """Return the training example: the signals, and which candidates are related."""
        return Example.from_signals(self.table, np.isin(self.pool.rows, self.query.answers), weight)

    def answer(self, ranker: Ranker, limit: int) -> list[Hit]:
        """Return at most ``limit`` hits, ranked by ``ranker``."""
        return ranked_stories(self.pool, self.table, ranker, limit)


@dataclass(frozen=True)
class Tuning:
    """Rankers fitted to the lists of ``task`` but one fold, drawn towards the snapshot's ranker.

    ``known`` restricts the lists that exist at all, as targets and as evidence, to those queries; None: all.
    """

    task: Task
    seed: int
    known: frozenset[int] | None = None
    _rankers: dict[tuple[int, frozenset[str]], Ranker] = field(default_factory=dict, repr=False)
    _examples: dict[int, list[Example]] = field(default_factory=dict, repr=False)

    @cached_property
    def fold_of(self) -> Folds:
        """Query row → fold."""
        return deal(self.task, self.seed)

    @property
    def base(self) -> Ranker:
        """The ranker that the fits start from."""
        return self.task.snapshot.ranker

    def case(self, query: Judged) -> Case:
        """Return the case of ``query``, its fold hidden."""
        return Case.from_query(self.task, query, self._evidence(query))

    def answer(self, query: Judged, limit: int) -> list[Hit]:
        """Return the hits of the ranker that was fitted without the query's fold."""
        return self.case(query).answer(self.ranker(self.fold_of[query.row]), limit)

    def ranker(self, fold: int | None, without: frozenset[str] = frozenset()) -> Ranker:
        """Return the ranker fitted to all folds but ``fold`` (None: to all), without some signals; the base if none."""
        key = (-1 if fold is None else fold, without)
        if key not in self._rankers:
            examples = self.examples(fold)
            origin = f"tuned on {len(examples):,} lists"
            try:
                self._rankers[key] = fit(examples, self.base, origin, shrink=SHRINK, without=without)
            except RankerError:
                self._rankers[key] = self.base
        return self._rankers[key]

    def examples(self, fold: int | None) -> list[Example]:
        """Return the training examples of all folds but ``fold``, at most MAX_LISTS."""
        key = -1 if fold is None else fold
        if key not in self._examples:
            queries = [q for q in self._known(self.task.queries) if fold is None or self.fold_of[q.row] != fold]
            if len(queries) > MAX_LISTS:
                chosen = np.random.default_rng(self.seed).permutation(len(queries))[:MAX_LISTS]
                queries = [queries[i] for i in sorted(chosen)]
            self._examples[key] = [Case.from_query(self.task, q, self._evidence(q, fold)).example() for q in queries]
        return self._examples[key]

    def _evidence(self, query: Judged, hidden: int | None = None) -> CuratedLists:
        curated = evidence(self.task, query.row, self.fold_of, hidden)
        if self.known is None:
            return curated
        known = np.zeros(len(self.task.snapshot.corpus), dtype=bool)
        known[list(self.known)] = True
        return curated.only(known)

    def _known(self, queries: Sequence[Judged]) -> Sequence[Judged]:
        return queries if self.known is None else [q for q in queries if q.row in self.known]
