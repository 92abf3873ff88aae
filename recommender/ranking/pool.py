"""The pool: the candidates of one query, and what is known of them before they are ranked."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recommender.articles.directory import Rows
from recommender.corpus.corpus import Corpus, Query
from recommender.corpus.quantized import VIEWS, Column, Similarities
from recommender.corpus.terms import SHORT
from recommender.ranking.curated import CuratedLists

Mask = npt.NDArray[np.bool_]
BODY = VIEWS.index("body")
SPREAD = 1e-6
"""Numbers whose standard deviation in the pool is no more than this do not vary."""


class Candidates(Protocol):
    """Nearest neighbours by inner product of fused vectors."""

    def search(self, vector: npt.NDArray[np.float32], k: int, allowed: Mask) -> tuple[Rows, Column]:
        """Return (rows, inner products): at most ``k`` allowed rows, highest inner product first, ties by row.

        Never fewer than ``min(k, allowed.sum())``. The products are float32.
        """
        ...


@dataclass(frozen=True)
class Pool:
    """The candidates of one query, ``rows`` ``(m,)``, and what may be known of other articles' curated lists.

    ``fused`` ``(m,)`` float32: the inner products of their fused vectors with the query's.
    """

    query: Query
    corpus: Corpus
    rows: Rows
    fused: Column
    curated: CuratedLists

    @cached_property
    def similarities(self) -> Similarities:
        """How like the candidates' views and passages are to the query's."""
        return self.corpus.similarities(self.rows, self.query.views[BODY], self.query.passages)

    @cached_property
    def days_apart(self) -> npt.NDArray[np.float64]:
        """``(m,)``: days between each candidate and the query, NaN where either has no date."""
        return np.abs(self.corpus.directory.days.take(self.rows) - self.query.day)

    @cached_property
    def standing(self) -> Column:
        """``(m,)`` float32: z-scores of ``fused``, 0 where they do not vary."""
        return _standing(self.fused)

    @cached_property
    def nearness(self) -> Column:
        """``(m,)`` float32: the weight of each candidate's vote, 1 for the nearest, e⁻¹ a deviation behind."""
        return _behind(self.standing)

    @cached_property
    def picked(self) -> tuple[Rows, Rows]:
        """(i, j) where candidate i lists candidate j; j is m or more where it lists the query itself."""
        own = self.siblings if self.query.row is None else np.array([self.query.row])
        return self.curated.between(self.rows, np.concatenate([self.rows, own]))

    @cached_property
    def words(self) -> Column:
        """``(V + names + tags,)`` float32: the query's whole text in tf-idf, its names, its tags."""
        return self.query.terms.dense()

    @cached_property
    def shared(self) -> dict[str, Column]:
        """What each of the candidates' SHORT texts shares with the query's text, ``(m,)`` by its name."""
        return dict(zip(SHORT, self.corpus.shared(self.rows, self.words), strict=True))

    @cached_property
    def siblings(self) -> Rows:
        """The rows of the query and its copies, whose own lists are never evidence."""
        directory, row = self.corpus.directory, self.query.row
        if row is not None:
            return directory.story(row)
        stories = [directory.story(copy) for copy in directory.same_as(self.query.card)]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *stories]))

    @cached_property
    def has_lists(self) -> bool:
        """Whether any curated list is known but those of the query and its copies."""
        ends = self.curated.lists.indptr
        return int(ends[-1]) > int((ends[self.siblings + 1] - ends[self.siblings]).sum())


def nearness(similarities: Column) -> Column:
    """Return ``(m,)`` float32 weights in (0, 1] of neighbours by their similarity, relative to the nearest."""
    return _behind(_standing(similarities))


def _standing(similarities: Column) -> Column:
    """Return z-scores; 0 where all are equal but for float noise."""
    if not len(similarities):
        return similarities
    deviation = similarities - similarities.mean()
    spread = float(deviation @ deviation / len(deviation)) ** 0.5
    return deviation / np.float32(spread) if spread > SPREAD else np.zeros_like(deviation)


def _behind(standing: Column) -> Column:
    """Return ``exp(z - max z)`` for each z-score."""
    return np.asarray(np.exp(standing - standing.max(initial=-np.inf)), dtype=np.float32)
