"""The query path, in reading order: candidates → signals → ranker → policy. What is measured is what is served."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recommender.corpus import Corpus, Query
from recommender.policy import Mask, Rules, allowed
from recommender.ranker import Ranker
from recommender.signals import Rows, signals

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
    """One recommended article: its row in the corpus and its score in (0, 1)."""

    row: int
    score: float


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

    Every hit obeys ``rules``; the list is shorter than ``limit`` only where no further article may stand
    in it. A query without a single known word or view has no neighbours, and gets an empty list.
    """
    if not query.fused.any():
        return []
    pool = candidates.search(query.fused, max(POOL, limit), allowed(query, corpus, rules))
    scores = ranker.score(signals(query, corpus, pool))
    order = np.lexsort((pool, -scores))[:limit]
    return [Hit(int(pool[i]), float(scores[i])) for i in order if scores[i] >= min_score]
