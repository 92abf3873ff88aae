"""The query path, in reading order: candidates → signals → ranker → policy. What is measured is what is served."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recommender.corpus import Corpus, Query, Rows
from recommender.policy import Mask, Rules, allowed, distinct
from recommender.ranker import Ranker
from recommender.signals import signals

POOL = 200
"""Candidates that are ranked: their recall bounds the ranker's (DECISIONS.md has the measurement)."""


class Candidates(Protocol):
    """Nearest neighbours by inner product of fused vectors."""

    def search(self, vector: npt.NDArray[np.float32], k: int, allowed: Mask) -> Rows:
        """Return at most ``k`` allowed rows, highest inner product first, ties by row.

        Never fewer than ``min(k, allowed.sum())``.
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
    *,
    limit: int,
    rules: Rules = Rules(),
    min_score: float = 0.0,
) -> list[Hit]:
    """Return at most ``limit`` hits for ``query``, best first, ties by id, none scored below ``min_score``.

    Every hit obeys ``rules``, and no two are copies of one story; the list is shorter than ``limit`` only where
    no further article may stand in it. A query without any view or known word has no neighbours: an empty list.
    """
    if not query.fused.any():
        return []
    pool = _pool(query, corpus, candidates, allowed(query, corpus, rules), limit)
    parts = ranker.parts(signals(query, corpus, pool))
    scores = ranker.score_parts(parts)
    order = np.lexsort((pool, -scores))
    order = order[distinct(pool[order], corpus)][:limit]
    return [Hit(int(pool[i]), float(scores[i]), parts[i]) for i in order if scores[i] >= min_score]


def _pool(query: Query, corpus: Corpus, candidates: Candidates, mask: Mask, limit: int) -> Rows:
    """Return the nearest allowed rows: POOL of them, or as many as it takes to hold ``limit`` different stories."""
    k = max(POOL, limit)
    while True:
        pool = candidates.search(query.fused, k, mask)
        if len(pool) < k or len(np.unique(corpus.copies[pool])) >= limit:
            return pool
        k *= 4
