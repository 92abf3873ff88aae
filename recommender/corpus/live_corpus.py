"""A live corpus: a corpus with a tail of later articles behind it, read as one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from recommender.articles.directory import Directory, Rows
from recommender.corpus.corpus import Corpus, Query
from recommender.corpus.encoder import Matrix
from recommender.corpus.fingerprints import Fingerprints, Hashes
from recommender.corpus.quantized import VIEWS, Column, QuantizedVectors, Similarities
from recommender.corpus.terms import TermRows


@dataclass(frozen=True)
class LiveCorpus(Corpus):
    """A corpus and its ``tail`` of later articles: rows of the corpus first, then those of the tail.

    The other fields are those of the corpus alone, except ``directory``, which holds the articles of both.
    """

    tail: Corpus

    @classmethod
    def from_base(cls, base: Corpus, tail: Corpus, gone: Iterable[str], aliases: Mapping[str, str]) -> Self:
        """Return ``base`` with the articles of ``tail`` new or in place of their old selves, without those ``gone``.

        ``aliases`` are all former ids that hold now.
        """
        directory = base.directory.with_changes(tail.cards, set(gone), aliases)
        fields = base.quantized, base.terms, base.fingerprints, base.fused, base.lexicon, base.fusion, base.boilerplate
        return cls(directory, *fields, tail)

    def query(self, row: int) -> Query:
        """Return the article at ``row`` as a query."""
        late = row - len(self.quantized)
        return super().query(row) if late < 0 else replace(self.tail.query(late), row=row)

    def products(self, rows: Rows, fused: Column) -> Column:
        """Return ``(m,)``: inner products of the fused vectors of ``rows`` with ``fused``."""
        return self._both(rows, super().products, self.tail.products, fused)

    def similarities(self, rows: Rows, body: Column, passages: Matrix) -> Similarities:
        """Compare the vectors of ``rows`` with a body ``(d,)`` and passages ``(k, d)``."""
        return Similarities(*self._both(rows, super().similarities, self.tail.similarities, body, passages))

    def cosines(self, rows: Rows, words: Column) -> Column:
        """Return ``(m,)``: see TermRows.cosines."""
        return self._both(rows, super().cosines, self.tail.cosines, words)

    def shared(self, rows: Rows, words: Column) -> Matrix:
        """Return ``(4, m)``: see TermRows.shared."""
        return self._both(rows, super().shared, self.tail.shared, words)

    def terms_of(self, rows: Rows) -> TermRows:
        """Return the whole texts of ``rows`` as terms, in their order."""
        late = rows >= len(self.quantized)
        if not late.any():
            return self.terms.rows(rows)
        apart = TermRows.joined([self.terms.rows(rows[~late]), self.tail.terms.rows(rows[late] - len(self.quantized))])
        return apart.rows(np.argsort(np.argsort(late, kind="stable"), kind="stable"))

    def vectors(self, rows: Rows) -> Matrix:
        """Return ``(m, D)``: the fused vectors of ``rows``."""
        late = rows >= len(self.quantized)
        found = np.empty((len(rows), self.fused.shape[1]), dtype=np.float32)
        found[~late] = self.fused[rows[~late]]
        found[late] = self.tail.fused[rows[late] - len(self.quantized)]
        return found

    def fingerprint(self, row: int) -> Hashes:
        """Return the different words of the text of the article at ``row``."""
        late = row - len(self.quantized)
        return self.fingerprints.row(row) if late < 0 else self.tail.fingerprints.row(late)

    def fingerprint_sizes(self, rows: Rows) -> Rows:
        """Return ``(m,)``: how many different words the texts of ``rows`` have."""
        return self._both(rows, super().fingerprint_sizes, self.tail.fingerprint_sizes).astype(np.int64)

    def _both(
        self, rows: Rows, of: Callable[..., npt.ArrayLike], of_tail: Callable[..., npt.ArrayLike], *query: Matrix
    ) -> Matrix:
        """Compute the values of ``rows`` in corpus and tail; return them ``(…, m)`` in the order of ``rows``."""
        late = rows >= len(self.quantized)
        if not late.any():
            return np.asarray(of(rows, *query))
        early, later = np.asarray(of(rows[~late], *query)), of_tail(rows[late] - len(self.quantized), *query)
        found = np.empty((*early.shape[:-1], len(rows)), dtype=np.float32)
        found[..., ~late], found[..., late] = early, later
        return found


def joined(parts: Sequence[Corpus], ids: Iterable[str]) -> Corpus:
    """Return the corpus of the articles ``ids``, of which ``parts``, at least one, hold each; of several the last.

    The parts share their models.
    """
    first, cards = parts[0], [card for part in parts for card in part.cards]
    place = {card.id: row for row, card in enumerate(cards)}
    rows = np.array([place[identity] for identity in sorted(ids)], dtype=np.int64)
    return Corpus(
        Directory.from_cards([cards[row] for row in rows.tolist()], {}),
        QuantizedVectors.joined([part.quantized for part in parts]).taken(rows),
        TermRows.joined([part.terms for part in parts]).taken(rows),
        Fingerprints.joined([part.fingerprints for part in parts]).taken(rows),
        np.concatenate([part.fused for part in parts])[rows],
        first.lexicon,
        first.fusion,
        first.boilerplate,
    )


def nothing(corpus: Corpus) -> Corpus:
    """Return the corpus of no article, with the models of ``corpus``."""
    none = np.zeros((0, len(VIEWS), corpus.quantized.codes.shape[1]), dtype=np.float32)
    terms = TermRows(corpus.terms.whole[:0], corpus.terms.short[:0])
    models = corpus.lexicon, corpus.fusion, corpus.boilerplate
    told = corpus.fingerprints.others([])
    directory, quantized = Directory.from_cards((), {}), QuantizedVectors.from_vectors(none, [])
    return Corpus(directory, quantized, terms, told, corpus.fused[:0], *models)
