"""What editors picked, as evidence: the curated lists of all articles but the query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.articles.directory import Rows
from recommender.corpus.corpus import Corpus

Weights = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CuratedLists:
    """Curated lists over the rows of a corpus.

    ``lists`` ``(n, n)`` float32 CSR: 1 where the row's article lists the column's; ``counts`` ``(n,)`` float32:
    how many lists an article stands in.
    """

    lists: sp.csr_matrix
    counts: Weights

    @classmethod
    def from_lists(cls, corpus: Corpus, lists: Mapping[str, Sequence[str]]) -> Self:
        """Return ``lists`` (article → picked, by id, former id or URL); what is not in ``corpus`` is left out."""
        table = _resolved(corpus, lists)
        return cls.from_rows(table[:, 0], table[:, 1], len(corpus))

    def with_changes(self, corpus: Corpus, lists: Mapping[str, Sequence[str]]) -> "CuratedLists":
        """Return the lists for ``corpus``, whose rows begin with those of these: some are replaced by ``lists``.

        Those are by the very ids of their articles: the id of one that is gone may lead to another article by now,
        whose list is not meant. An entry whose article or target is no longer present drops out.
        """
        owners, targets = np.repeat(np.arange(self.lists.shape[0]), np.diff(self.lists.indptr)), self.lists.indices
        kept = corpus.directory.present.copy()
        kept[[row for row in map(corpus.directory.row_of, lists) if row is not None]] = False
        stay = kept[owners] & corpus.directory.present[targets]
        new = _resolved(corpus, lists)
        pairs = np.concatenate([np.stack([owners[stay], targets[stay].astype(np.int64)], axis=1), new])
        return CuratedLists.from_rows(pairs[:, 0], pairs[:, 1], len(corpus))

    def naming(self, rows: Rows) -> Rows:
        """Return the rows whose lists name one of ``rows``."""
        named = np.isin(self.lists.indices, rows)
        return np.unique(np.repeat(np.arange(self.lists.shape[0]), np.diff(self.lists.indptr))[named])

    @classmethod
    def from_rows(cls, owners: Rows, targets: Rows, n: int) -> Self:
        """Return the lists of n articles in which ``owners[i]`` lists ``targets[i]``, each pair once."""
        ones = np.ones(len(owners), dtype=np.float32)
        counts = np.bincount(targets, minlength=n).astype(np.float32)
        return cls(sp.csr_matrix((ones, (owners, targets)), shape=(n, n)), counts)

    @classmethod
    def none(cls, n: int) -> Self:
        """Return the lists of n articles that have none."""
        return cls.from_rows(np.zeros(0, np.int64), np.zeros(0, np.int64), n)

    def only(self, known: npt.NDArray[np.bool_]) -> "CuratedLists":
        """Return the lists of the articles in ``known`` ``(n,)``, and nothing of the others."""
        owners = np.repeat(np.arange(len(known)), np.diff(self.lists.indptr))
        kept = known[owners]
        return CuratedLists.from_rows(owners[kept], self.lists.indices[kept].astype(np.int64), len(known))

    def votes(self, rows: Rows, weights: Weights) -> tuple[Rows, Weights]:
        """Return (articles, votes): what ``rows`` list, and the sum of the ``weights`` of the rows that list it."""
        listed, owners = self._listed(rows)
        found, where = np.unique(listed, return_inverse=True)
        cast = np.bincount(where, weights.take(owners), minlength=len(found))
        return found.astype(np.int64), cast.astype(np.float32)

    def between(self, rows: Rows, others: Rows) -> tuple[Rows, Rows]:
        """Return (i, j) for every ``others[j]`` that ``rows[i]`` lists; ``others`` are all different."""
        listed, owners = self._listed(rows)
        if not len(others):
            return owners[:0], owners[:0]
        order = np.argsort(others)
        ordered = others.take(order)
        places = np.minimum(ordered.searchsorted(listed), len(others) - 1)
        met = np.flatnonzero(ordered.take(places) == listed)
        return owners.take(met), order.take(places.take(met))

    def popularity(self, rows: Rows, hidden: Rows) -> Weights:
        """Return ``(m,)``: how many lists each of ``rows`` stands in, those of ``hidden`` not counted."""
        standing = self.counts.take(rows)
        if len(hidden):
            standing = standing - np.bincount(self.between(hidden, rows)[1], minlength=len(rows)).astype(np.float32)
        return standing

    def _listed(self, rows: Rows) -> tuple[npt.NDArray[np.int32], Rows]:
        """Return what ``rows`` list, and for each entry the place in ``rows`` of the article that lists it."""
        starts = self.lists.indptr.take(rows)
        counts = self.lists.indptr.take(rows + 1) - starts
        owners = np.repeat(np.arange(len(rows)), counts)
        shift = starts - counts.cumsum() + counts
        return self.lists.indices.take(np.arange(len(owners)) + shift.take(owners)), owners


def _resolved(corpus: Corpus, lists: Mapping[str, Sequence[str]]) -> Rows:
    """Return ``(p, 2)``: every entry of ``lists`` as (row of the article, row of the target), each once."""
    pairs = set()
    for identity, targets in lists.items():
        owner = corpus.find(identity)
        found = () if owner is None else map(corpus.find, targets)
        pairs |= {(owner, target) for target in found if target is not None and target != owner}
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
