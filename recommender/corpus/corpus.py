"""A corpus as arrays: everything the query path reads about each article, one row an article.

A corpus is immutable; a snapshot is a corpus on disk.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.articles import Article
from recommender.articles.card import Card
from recommender.articles.directory import Directory, Rows
from recommender.batches import batched
from recommender.boilerplate.boilerplate import Boilerplate
from recommender.corpus.encoder import Encoder, Matrix
from recommender.corpus.fingerprints import Fingerprints, Hashes, fingerprint
from recommender.corpus.fusion import Fusion, unit
from recommender.corpus.lexicon import Lexicon, LexiconFit
from recommender.corpus.quantized import VIEWS, Column, QuantizedVectors, Similarities
from recommender.corpus.terms import SHORT, TermRows
from recommender.corpus.views import Views, views

Lookup = Callable[[Sequence[str]], Matrix]
"""Gives the ``(len(texts), d)`` unit vectors of texts (see VectorCache.lookup)."""

READ = (*VIEWS, "lead")
"""What an article is read by; the lead, the first passage, goes into the fused vector only."""
LOOKUP_ARTICLES = 200


@dataclass(frozen=True, slots=True)
class Query:
    """The article whose related list is computed, in the form that the corpus has of each of its articles.

    ``row`` is None for a draft. ``views`` ``(3, d)`` float32, those of VIEWS (zero where unknown), ``passages``
    ``(k, d)`` float32, ``terms`` of one row, ``fused`` ``(D,)`` float32, ``day`` days since 1970 or NaN,
    ``fingerprint`` the different words of its text.
    """

    row: int | None
    card: Card
    views: Matrix
    passages: Matrix
    terms: TermRows
    fused: npt.NDArray[np.float32]
    day: float
    fingerprint: Hashes


@dataclass(frozen=True)
class Corpus:
    """n articles as arrays, and the models that turn a new text into the same terms.

    ``directory`` says who they are; ``quantized`` views and passages, ``terms`` and ``fingerprints`` of n articles;
    ``fused`` ``(n, D)`` float32. All of it is of texts without ``boilerplate``.
    """

    directory: Directory
    quantized: QuantizedVectors
    terms: TermRows
    fingerprints: Fingerprints
    fused: Matrix
    lexicon: Lexicon
    fusion: Fusion
    boilerplate: Boilerplate

    def __len__(self) -> int:
        return len(self.directory)

    @property
    def cards(self) -> Sequence[Card]:
        """The cards of the articles, in the order of the rows."""
        return self.directory.cards

    @property
    def story_ids(self) -> Rows:
        """``(n,)`` int64: articles that are one story share a number."""
        return self.directory.story_ids

    def find(self, identity: str) -> int | None:
        """Return the row of the article with this id, former id, or (in canonical form) URL, if any."""
        return self.directory.find(identity)

    def row(self, identity: str) -> int:
        """Return the row that ``find`` gives. Raises UnknownArticleError where it gives none."""
        return self.directory.row(identity)

    def as_of(self, now: datetime) -> Self:
        """Return the corpus as of ``now``: what is dated ahead of it is not visible."""
        return replace(self, directory=self.directory.as_of(now))

    def card(self, article: Article) -> Card:
        """Return the card that ``article`` would have in this corpus, its ``text_sha256`` without boilerplate."""
        return _card(article, self.boilerplate.strip(article))

    def query(self, row: int) -> Query:
        """Return the article at ``row`` as a query."""
        card = self.directory.cards[row]
        views, passages = self.quantized.dequantized(row)
        words = self.fingerprints.row(row)
        return Query(row, card, views, passages, self.terms.row(row), self.fused[row], card.day, words)

    def products(self, rows: Rows, fused: Column) -> Column:
        """Return ``(m,)``: inner products of the fused vectors of ``rows`` with ``fused``."""
        return np.asarray(self.fused.take(rows, axis=0) @ fused)

    def similarities(self, rows: Rows, body: Column, passages: Matrix) -> Similarities:
        """Compare the vectors of ``rows`` with a body ``(d,)`` and passages ``(k, d)``."""
        return self.quantized.similarities(rows, body, passages)

    def cosines(self, rows: Rows, words: Column) -> Column:
        """Return ``(m,)``: the tf-idf cosines of ``rows`` with the terms ``words`` (see TermRows.cosines)."""
        return self.terms.cosines(rows, words)

    def shared(self, rows: Rows, words: Column) -> Matrix:
        """Return ``(4, m)``: what the SHORT texts of ``rows`` share with the terms ``words`` (see TermRows.shared)."""
        return self.terms.shared(rows, words)

    def terms_of(self, rows: Rows) -> TermRows:
        """Return the whole texts of ``rows`` as terms, in their order."""
        return self.terms.rows(rows)

    def vectors(self, rows: Rows) -> Matrix:
        """Return ``(m, D)``: the fused vectors of ``rows``."""
        return np.asarray(self.fused.take(rows, axis=0))

    def fingerprint(self, row: int) -> Hashes:
        """Return the different words of the text of the article at ``row``."""
        return self.fingerprints.row(row)

    def fingerprint_sizes(self, rows: Rows) -> Rows:
        """Return ``(m,)``: how many different words the texts of ``rows`` have."""
        return self.fingerprints.sizes(rows)

    def transform(self, articles: Sequence[Article], lookup: Lookup) -> "Corpus":
        """Return the corpus of other ``articles``, in the order of their ids, weighed by this one's models."""
        given, articles = articles, [self.boilerplate.strip(article) for article in articles]
        cards = [_card(article, stripped) for article, stripped in zip(given, articles, strict=True)]
        read, quantized = read_vectors([views(article) for article in articles], lookup, self.quantized.codes.shape[1])
        terms = self.lexicon.rows(articles)
        fused = self.fusion.fuse(semantic(read), self.lexicon.words.project(terms.whole))
        told = self.fingerprints.others([fingerprint(article) for article in articles])
        return Corpus(
            Directory.from_cards(cards, {}), quantized, terms, told, fused, self.lexicon, self.fusion, self.boilerplate
        )

    def unread(self, card: Card) -> Query:
        """Return an article as a query of which nothing but its card is known: nothing is like it."""
        none = np.zeros((len(VIEWS), self.quantized.codes.shape[1]), np.float32)
        whole, short = self.terms.whole.shape[1], self.terms.short.shape[1]
        terms = TermRows(
            sp.csr_matrix((1, whole), dtype=np.float32), sp.csr_matrix((len(SHORT), short), dtype=np.float32)
        )
        fused = np.zeros(self.fused.shape[1], np.float32)
        return Query(None, card, none, none[:0], terms, fused, card.day, np.zeros(0, np.uint32))

    def draft(self, article: Article, encoder: Encoder) -> Query:
        """Return an article that is not in the corpus as a query; nothing is stored."""

        def embed(texts: Sequence[str]) -> Matrix:
            place = {text: i for i, text in enumerate(dict.fromkeys(texts))}
            vectors = np.asarray(encoder.encode(list(place)), dtype=np.float32).reshape(-1, encoder.dim)
            return vectors[[place[text] for text in texts]]

        return replace(self.transform([article], embed).query(0), row=None)


def build_corpus(
    articles: Iterable[Article],
    aliases: Mapping[str, str],
    dim: int,
    lookup: Lookup,
    boilerplate: Boilerplate,
) -> Corpus:
    """Build the corpus of ``articles`` (in the order of their ids, at least one), without their ``boilerplate``."""
    cards: list[Card] = []
    fit = LexiconFit()
    told: list[Hashes] = []
    parts: list[tuple[Matrix, QuantizedVectors]] = []
    for batch in batched(articles, LOOKUP_ARTICLES):
        stripped = [boilerplate.strip(article) for article in batch]
        for article, without in zip(batch, stripped, strict=True):
            cards.append(_card(article, without))
            fit.add(without)
            told.append(fingerprint(without))
        read, quantized = read_vectors(list(map(views, stripped)), lookup, dim)
        parts.append((semantic(read), quantized))
    lexicon, terms = fit.fit()
    half_s, half_l = np.concatenate([part[0] for part in parts]), lexicon.words.project(terms.whole)
    fusion = Fusion.fit(half_s, half_l)
    quantized = QuantizedVectors.joined([part[1] for part in parts])
    fused, models = fusion.fuse(half_s, half_l), (lexicon, fusion, boilerplate)
    return Corpus(
        Directory.from_cards(cards, aliases), quantized, terms, Fingerprints.from_hashes(told), fused, *models
    )


def _card(article: Article, stripped: Article) -> Card:
    """Return the card of the article as it is given, with the ``text_sha256`` of the text without boilerplate."""
    card = Card.from_article(article)
    return card if stripped is article else replace(card, text_sha256=Card.from_article(stripped).text_sha256)


def read_vectors(articles: Sequence[Views], lookup: Lookup, dim: int) -> tuple[Matrix, QuantizedVectors]:
    """Return the vectors of articles, twice: ``(n, 4, dim)`` float32 and quantized.

    The first are the unit means of what each article is READ by, in that order, zero where it has none.
    """
    rows = np.zeros((len(articles), len(READ), dim), dtype=np.float32)
    groups = [group for article in articles for group in _groups(article)]
    vectors = lookup([text for group in groups for text in group])
    ends = np.cumsum([len(group) for group in groups])
    found = [vectors[end - len(group) : end] for group, end in zip(groups, ends, strict=True)]
    for view, each in zip(rows.reshape(-1, dim), found, strict=True):
        if len(each):
            view[:] = each.mean(axis=0)
    rows = unit(rows.reshape(-1, dim)).reshape(rows.shape)
    return rows, QuantizedVectors.from_vectors(rows[:, : len(VIEWS)], found[VIEWS.index("body") :: len(READ)])


def _groups(article: Views) -> tuple[tuple[str, ...], ...]:
    """Return the texts behind each of READ.

    Where a stub has no title or no body, its teasers are what there is to read, and stand in for them.
    """
    title = (article.title,) if article.title else article.teasers[:1]
    body = article.passages or article.teasers or title
    return (title, article.teasers, body, body[:1])


def semantic(read: Matrix) -> Matrix:
    """Return ``(n, d)``: the unit mean of each article's known vectors of READ, zero where it has none."""
    return unit(read.sum(axis=1))
