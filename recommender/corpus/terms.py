"""Articles as bags of terms weighted by rarity: whole texts, short texts, names and tags.

One class for n articles and for one: the rows of a corpus, and those of a query.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.corpus.encoder import Matrix
from recommender.corpus.quantized import Column
from recommender.corpus.sparse_loops import rows_times_vector, times_vector

SHORT = ("brief", "title", "names", "tags")
"""The short texts of an article, in the order of their rows."""


@dataclass(frozen=True, slots=True)
class TermRows:
    """The terms of n articles as float32 CSR matrices; a row is empty where an article has no such terms.

    ``whole`` ``(n, V)``: tf-idf of everything there is to read, unit rows. ``short`` ``(4 n, V + names + tags)``:
    four rows an article, side by side in memory because they are read together: those of SHORT.
    """

    whole: sp.csr_matrix
    short: sp.csr_matrix

    @classmethod
    def from_matrices(cls, whole: sp.csr_matrix, **short: sp.csr_matrix) -> Self:
        """Return the rows of ``whole`` and of SHORT: ``brief``, ``title``, ``names``, ``tags``, each ``(n, …)``.

        ``brief`` is tf-idf of title and teasers, ``title`` each title term's share of the title's idf (rows sum to
        1), both over the columns of ``whole``; ``names`` and ``tags`` are tf-idf over columns of their own.
        """
        n, words = whole.shape
        width = words + short["names"].shape[1] + short["tags"].shape[1]
        starts = {"names": words, "tags": words + short["names"].shape[1]}
        parts = [
            sp.csr_matrix((m.data, m.indices + starts.get(name, 0), m.indptr), (n, width))
            for name, m in ((name, short[name]) for name in SHORT)
        ]
        stacked = sp.csr_matrix(sp.vstack(parts), dtype=np.float32)
        return cls(whole, stacked[np.arange(len(SHORT) * n).reshape(len(SHORT), n).T.ravel()])

    @classmethod
    def joined(cls, parts: "Sequence[TermRows]") -> Self:
        """Join the rows of some articles and of others, of the same columns, in their order."""
        whole, short = ([getattr(part, name) for part in parts] for name in ("whole", "short"))
        return cls(sp.csr_matrix(sp.vstack(whole)), sp.csr_matrix(sp.vstack(short)))

    def taken(self, rows: npt.NDArray[np.int64]) -> "TermRows":
        """Return the terms of ``rows``, in their order."""
        short = (len(SHORT) * rows[:, None] + np.arange(len(SHORT))).ravel()
        return TermRows(self.whole[rows], self.short[short])

    def rows(self, rows: npt.NDArray[np.int64]) -> "TermRows":
        """Return the terms of ``rows``, in their order; of the whole texts only."""
        return TermRows(self.whole[rows], self.short[:0])

    def row(self, row: int) -> "TermRows":
        """Return one article's terms."""
        return TermRows(self.whole[row], self.short[len(SHORT) * row : len(SHORT) * (row + 1)])

    def dense(self) -> Column:
        """Return ``(V + names + tags,)``, of one article: what stands in its whole text, its names and its tags."""
        dense = np.zeros(self.short.shape[1], dtype=np.float32)
        dense[self.whole.indices] = self.whole.data
        own = slice(self.short.indptr[SHORT.index("names")], None)
        dense[self.short.indices[own]] = self.short.data[own]
        return dense

    def cosines(self, rows: npt.NDArray[np.int64], dense: Column) -> Column:
        """Return ``(m,)``: inner products of the ``whole`` texts of ``rows``, m of the articles, with ``dense``."""
        return rows_times_vector(self.whole, rows, dense)

    def has(self, name: str) -> bool:
        """Say whether one article has any term of this one of SHORT."""
        at = SHORT.index(name)
        return bool(self.short.indptr[at] < self.short.indptr[at + 1])

    def columns(self, name: str) -> npt.NDArray[np.int64]:
        """Return the columns, among those of ``short``, of one article's terms of this one of SHORT."""
        at = SHORT.index(name)
        held = slice(self.short.indptr[at], self.short.indptr[at + 1])
        return np.asarray(self.short.indices[held][self.short.data[held] != 0], dtype=np.int64)

    def shared(self, rows: npt.NDArray[np.int64], dense: Column) -> Matrix:
        """Return ``(4, m)``: inner products of the SHORT terms of ``rows``, m of the articles, with ``dense``.

        A title's is the share of it that ``dense`` holds at all. NaN where an article has no such terms.
        """
        lines = (len(SHORT) * rows[:, None] + np.arange(len(SHORT))).ravel()
        starts = self.short.indptr.take(lines)
        counts = self.short.indptr.take(lines + 1) - starts
        ends = counts.cumsum()
        places = np.repeat(starts - ends + counts, counts) + np.arange(ends[-1] if len(ends) else 0)
        held = dense.take(self.short.indices.take(places))
        met = np.flatnonzero(held != 0)  # few of them: only their weights are looked up
        where = ends.searchsorted(met, side="right")
        weights = held.take(met)
        weights[where % len(SHORT) == SHORT.index("title")] = 1.0
        found = np.bincount(where, weights * self.short.data.take(places.take(met)), minlength=len(lines)).astype(
            np.float32
        )
        found[counts == 0] = np.nan
        return found.reshape(-1, len(SHORT)).T


class Containment:
    """How much of one text another holds, roughly and fast: of the one with fewer terms, the share that both have.

    Words that stand in one article only are no terms, and all terms count alike; recommender.ranking.versions compares
    what passes word by word.
    """

    def __init__(self, texts: TermRows) -> None:
        self._texts = texts.whole
        self._counts = np.diff(texts.whole.indptr)
        self._ones = np.ones(len(texts.whole.indices), dtype=np.float32)
        self._held = np.zeros(texts.whole.shape[1], dtype=np.float32)

    def shares_of(self, other: TermRows) -> Column:
        """Return ``(m,)``: the shares of ``other``, one row, with each of the texts; 0 where either has no terms."""
        return self._shares(other.whole.indices)

    def shares_of_text(self, place: int) -> Column:
        """Return ``(m,)``: the shares of the text at ``place`` with each of the texts, itself among them."""
        return self._shares(self._texts.indices[self._texts.indptr[place] : self._texts.indptr[place + 1]])

    def _shares(self, mine: npt.NDArray[np.int32]) -> Column:
        self._held[mine] = 1
        both = times_vector(self._texts, self._ones, self._held)
        self._held[mine] = 0
        return np.asarray(both / np.maximum(np.minimum(len(mine), self._counts), 1), dtype=np.float32)
