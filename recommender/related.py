"""The query path, in reading order: candidates → signals → ranker → policy. What is measured is what is served."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recommender.corpus import Corpus, Query
from recommender.encoder import Matrix
from recommender.packed import Column
from recommender.picks import Picks
from recommender.policy import Mask, Rules, allowed, distinct
from recommender.ranker import Ranker
from recommender.register import Rows
from recommender.signals import Pool, nearness, signals

POOL = 200
"""Nearest neighbours that are ranked: their recall bounds the ranker's (DECISIONS.md has the measurement)."""
PICKED = 50
"""Further candidates at most: what the editors of those neighbours listed."""


class Candidates(Protocol):
    """Nearest neighbours by inner product of fused vectors."""

    def search(self, vector: npt.NDArray[np.float32], k: int, allowed: Mask) -> tuple[Rows, Column]:
        """Return (rows, inner products): at most ``k`` allowed rows, highest inner product first, ties by row.

        Never fewer than ``min(k, allowed.sum())``. The products are float32.
        """
        ...


@dataclass(frozen=True, slots=True)
class Hit:
    """One recommended article: its row in the corpus, its score in (0, 1), and what made it.

    ``parts`` ``(s,)`` float32: what each signal, in the order of SIGNALS, added before the logistic.
    """

    row: int
    score: float
    parts: npt.NDArray[np.float32] = field(compare=False, repr=False)


def related(
    query: Query,
    corpus: Corpus,
    candidates: Candidates,
    ranker: Ranker,
    picks: Picks,
    *,
    limit: int,
    rules: Rules = Rules(),
    min_score: float = 0.0,
) -> list[Hit]:
    """Return at most ``limit`` hits for ``query``, best first, ties by id, none scored below ``min_score``.

    Every hit obeys ``rules``, and no two are copies of one story; the list is shorter than ``limit`` only where
    no further article may stand in it. The query's own curated list is never read. A query without any view or
    known word has no neighbours: an empty list.
    """
    if not query.fused.any():
        return []
    pool = pool_of(query, corpus, candidates, picks, allowed(query, corpus, rules), limit)
    return ranked(pool, signals(pool), ranker, limit, min_score)


def pool_of(query: Query, corpus: Corpus, candidates: Candidates, picks: Picks, mask: Mask, limit: int = 1) -> Pool:
    """Return the allowed candidates that are ranked for ``query``: its nearest neighbours, then what those list.

    POOL of them and at most PICKED more, or as many neighbours as it takes to hold ``limit`` different stories.
    """
    nearest, similar = _nearest(query, corpus, candidates, mask, limit)
    listed, votes = picks.votes(nearest, nearness(similar))
    new = mask[listed] & ~np.isin(listed, nearest)
    listed, votes = listed[new], votes[new]
    best = listed[np.lexsort((corpus.register.order[listed], -votes))][:PICKED]
    fused = np.concatenate([similar, corpus.products(best, query.fused)])
    return Pool(query, corpus, np.concatenate([nearest, best]), fused, picks)


def ranked(pool: Pool, table: Matrix, ranker: Ranker, limit: int, min_score: float = 0.0) -> list[Hit]:
    """Return at most ``limit`` hits of ``pool`` by its ``(m, s)`` signals: one a story, best first, ties by id."""
    parts, scores = ranker.explain(table)
    order = np.lexsort((pool.corpus.register.order[pool.rows], -scores))
    order = order[distinct(pool.rows[order], pool.corpus)][:limit]
    return [Hit(int(pool.rows[i]), float(scores[i]), parts[i]) for i in order if scores[i] >= min_score]


def _nearest(query: Query, corpus: Corpus, candidates: Candidates, mask: Mask, limit: int) -> tuple[Rows, Column]:
    k = max(POOL, limit)
    while True:
        rows, similar = candidates.search(query.fused, k, mask)
        if len(rows) < k or len(np.unique(corpus.copies[rows])) >= limit:
            return rows, similar
        k *= 4
