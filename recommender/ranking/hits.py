"""A pool in the order of its scores, and the hits of a list."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

import numpy as np
import numpy.typing as npt

from recommender.articles.directory import Rows
from recommender.corpus.encoder import Matrix
from recommender.ranking.pool import Pool
from recommender.ranking.ranker import Ranker
from recommender.ranking.signals import SIGNALS
from recommender.ranking.stories import Stories, Story


class Source(StrEnum):
    """Why an article is in a list: by its score, because an editor pinned it, or to fill the list up."""

    RANKED = "ranked"
    PINNED = "pinned"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Hit:
    """One recommended article: its row in the corpus, its score in (0, 1), and what made it.

    ``parts`` ``(s,)`` float32: what each signal, in the order of SIGNALS, added before the logistic. ``also``: rows of
    other versions of the story; the score is the best of all, while ``parts`` are those of the one that is shown. Only
    ranked hits have a score, others NaN.
    """

    row: int
    score: float
    parts: npt.NDArray[np.float32] = field(compare=False, repr=False)
    also: tuple[int, ...] = ()
    source: Source = Source.RANKED

    @classmethod
    def unranked(cls, row: int, source: Source) -> "Hit":
        """Return a hit that stands in the list for another reason than its score."""
        return cls(row, float("nan"), np.zeros(len(SIGNALS), np.float32), (), source)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A pool's candidates, best first, ties by id: ``rows`` ``(m,)``, ``scores`` ``(m,)`` and ``parts`` ``(m, s)``."""

    rows: Rows
    scores: npt.NDArray[np.float32]
    parts: Matrix

    @classmethod
    def from_signals(cls, pool: Pool, table: Matrix, ranker: Ranker) -> Self:
        """Rank the candidates of ``pool`` by its ``(m, s)`` signals."""
        parts, scores = ranker.explain(table)
        order = np.lexsort((pool.corpus.directory.id_rank[pool.rows], -scores))
        return cls(pool.rows[order], scores[order], parts[order])

    def count_from(self, min_score: float) -> int:
        """Return how many candidates score ``min_score`` at least."""
        return int(np.count_nonzero(self.scores >= min_score))

    def hits(self, stories: Iterable[Story]) -> list[Hit]:
        """Return the hits of ``stories``, whose places are those of these candidates."""
        return [
            Hit(
                int(self.rows[story.shown]),
                float(self.scores[story.places[0]]),
                self.parts[story.shown],
                tuple(int(self.rows[place]) for place in story.places if place != story.shown),
            )
            for story in stories
        ]


def ranked_stories(pool: Pool, table: Matrix, ranker: Ranker, limit: int) -> list[Hit]:
    """Return at most ``limit`` hits of ``pool`` by its ``(m, s)`` signals: one a story, best first, ties by id."""
    ranked = Ranked.from_signals(pool, table, ranker)
    return ranked.hits(Stories(pool.query, pool.corpus, ranked.rows).first(limit))
