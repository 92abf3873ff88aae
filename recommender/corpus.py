"""A corpus as arrays: everything the query path reads about each article, one row an article.

A corpus is immutable; a snapshot is a corpus on disk. A live corpus is one with a tail of later changes behind it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.articles import Article
from recommender.card import Card
from recommender.encoder import Encoder, Matrix
from recommender.fingerprints import Fingerprints, Hashes, fingerprint
from recommender.fusion import Fusion, unit
from recommender.packed import VIEWS, Column, Likeness, Packed
from recommender.register import Register, Rows
from recommender.terms import SHORT, Lexicon, LexiconFit, TermRows
from recommender.text.boilerplate import Boilerplate
from recommender.views import Views, views

Lookup = Callable[[Sequence[str]], Matrix]
"""Gives the ``(len(texts), d)`` unit vectors of texts (see VectorCache.lookup)."""

READ = (*VIEWS, "lead")
"""What an article is read by; the lead, the first passage, goes into the fused vector only."""
LOOKUP_ARTICLES = 200


@dataclass(frozen=True, slots=True)
class Query:
    """The article whose related list is wanted, in the same terms as the corpus.

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

    ``register`` says who they are; ``packed`` views and passages, ``terms`` and ``fingerprints`` of n articles;
    ``fused`` ``(n, D)`` float32. All of it is of texts without ``boilerplate``.
    """

    register: Register
    packed: Packed
    terms: TermRows
    fingerprints: Fingerprints
    fused: Matrix
    lexicon: Lexicon
    fusion: Fusion
    boilerplate: Boilerplate

    def __len__(self) -> int:
        return len(self.register)

    @property
    def cards(self) -> Sequence[Card]:
        """The register's cards, in the order of the rows."""
        return self.register.cards

    @property
    def copies(self) -> Rows:
        """The register's story numbers ``(n,)``."""
        return self.register.copies

    def find(self, identity: str) -> int | None:
        """Return the row of the article with this id, former id, or (in canonical form) URL, if any."""
        return self.register.find(identity)

    def row(self, identity: str) -> int:
        """Return the row that ``find`` gives. Raises UnknownArticleError where it gives none."""
        return self.register.row(identity)

    def at(self, now: datetime) -> Self:
        """Return the corpus as of ``now``: what is dated ahead of it is not visible."""
        return replace(self, register=self.register.at(now))

    def card(self, article: Article) -> Card:
        """Return the card of ``article`` as the corpus has it, or would."""
        return _card(article, self.boilerplate.strip(article))

    def query(self, row: int) -> Query:
        """Return the article at ``row`` as a query."""
        card = self.register.cards[row]
        views, passages = self.packed.of(row)
        words = self.fingerprints.row(row)
        return Query(row, card, views, passages, self.terms.row(row), self.fused[row], card.day, words)

    def products(self, rows: Rows, fused: Column) -> Column:
        """Return ``(m,)``: inner products of the fused vectors of ``rows`` with ``fused``."""
        return np.asarray(self.fused.take(rows, axis=0) @ fused)

    def likeness(self, rows: Rows, body: Column, passages: Matrix) -> Likeness:
        """Compare the vectors of ``rows`` with a body ``(d,)`` and passages ``(k, d)``."""
        return self.packed.likeness(rows, body, passages)

    def cosines(self, rows: Rows, words: Column) -> Column:
        """Return ``(m,)``: see TermRows.cosines."""
        return self.terms.cosines(rows, words)

    def shared(self, rows: Rows, words: Column) -> Matrix:
        """Return ``(4, m)``: see TermRows.shared."""
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

    def more(self, articles: Sequence[Article], lookup: Lookup) -> "Corpus":
        """Return the corpus of other ``articles``, in the order of their ids, weighed by this one's models."""
        given, articles = articles, [self.boilerplate.strip(article) for article in articles]
        cards = [_card(article, stripped) for article, stripped in zip(given, articles, strict=True)]
        read, packed = read_vectors([views(article) for article in articles], lookup, self.packed.codes.shape[1])
        terms = self.lexicon.rows(articles)
        fused = self.fusion.fuse(semantic(read), self.lexicon.words.project(terms.whole))
        told = self.fingerprints.others([fingerprint(article) for article in articles])
        return Corpus(Register.of(cards, {}), packed, terms, told, fused, self.lexicon, self.fusion, self.boilerplate)

    def unread(self, card: Card) -> Query:
        """Return an article as a query of which nothing but its card is known: nothing is like it."""
        none = np.zeros((len(VIEWS), self.packed.codes.shape[1]), np.float32)
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

        return replace(self.more([article], embed).query(0), row=None)


@dataclass(frozen=True)
class LiveCorpus(Corpus):
    """A corpus and its ``tail`` of later articles: rows of the corpus first, then those of the tail.

    What is left of the corpus itself is in the other fields; the register knows both.
    """

    tail: Corpus

    @classmethod
    def of(cls, base: Corpus, tail: Corpus, gone: Iterable[str], aliases: Mapping[str, str]) -> Self:
        """Return ``base`` with the articles of ``tail`` new or in place of their old selves, without those ``gone``.

        ``aliases`` are all former ids that hold now.
        """
        register = base.register.changed(tail.cards, set(gone), aliases)
        fields = base.packed, base.terms, base.fingerprints, base.fused, base.lexicon, base.fusion, base.boilerplate
        return cls(register, *fields, tail)

    def query(self, row: int) -> Query:
        """Return the article at ``row`` as a query."""
        late = row - len(self.packed)
        return super().query(row) if late < 0 else replace(self.tail.query(late), row=row)

    def products(self, rows: Rows, fused: Column) -> Column:
        """Return ``(m,)``: inner products of the fused vectors of ``rows`` with ``fused``."""
        return self._both(rows, super().products, self.tail.products, fused)

    def likeness(self, rows: Rows, body: Column, passages: Matrix) -> Likeness:
        """Compare the vectors of ``rows`` with a body ``(d,)`` and passages ``(k, d)``."""
        return Likeness(*self._both(rows, super().likeness, self.tail.likeness, body, passages))

    def cosines(self, rows: Rows, words: Column) -> Column:
        """Return ``(m,)``: see TermRows.cosines."""
        return self._both(rows, super().cosines, self.tail.cosines, words)

    def shared(self, rows: Rows, words: Column) -> Matrix:
        """Return ``(4, m)``: see TermRows.shared."""
        return self._both(rows, super().shared, self.tail.shared, words)

    def terms_of(self, rows: Rows) -> TermRows:
        """Return the whole texts of ``rows`` as terms, in their order."""
        late = rows >= len(self.packed)
        if not late.any():
            return self.terms.rows(rows)
        apart = TermRows.joined([self.terms.rows(rows[~late]), self.tail.terms.rows(rows[late] - len(self.packed))])
        return apart.rows(np.argsort(np.argsort(late, kind="stable"), kind="stable"))

    def vectors(self, rows: Rows) -> Matrix:
        """Return ``(m, D)``: the fused vectors of ``rows``."""
        late = rows >= len(self.packed)
        found = np.empty((len(rows), self.fused.shape[1]), dtype=np.float32)
        found[~late] = self.fused[rows[~late]]
        found[late] = self.tail.fused[rows[late] - len(self.packed)]
        return found

    def fingerprint(self, row: int) -> Hashes:
        """Return the different words of the text of the article at ``row``."""
        late = row - len(self.packed)
        return self.fingerprints.row(row) if late < 0 else self.tail.fingerprints.row(late)

    def fingerprint_sizes(self, rows: Rows) -> Rows:
        """Return ``(m,)``: how many different words the texts of ``rows`` have."""
        return self._both(rows, super().fingerprint_sizes, self.tail.fingerprint_sizes).astype(np.int64)

    def _both(
        self, rows: Rows, of: Callable[..., npt.ArrayLike], of_tail: Callable[..., npt.ArrayLike], *query: Matrix
    ) -> Matrix:
        """Ask both sides for their rows, and put the answers ``(…, m)`` in the order of ``rows``."""
        late = rows >= len(self.packed)
        if not late.any():
            return np.asarray(of(rows, *query))
        early, later = np.asarray(of(rows[~late], *query)), of_tail(rows[late] - len(self.packed), *query)
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
        Register.of([cards[row] for row in rows.tolist()], {}),
        Packed.joined([part.packed for part in parts]).taken(rows),
        TermRows.joined([part.terms for part in parts]).taken(rows),
        Fingerprints.joined([part.fingerprints for part in parts]).taken(rows),
        np.concatenate([part.fused for part in parts])[rows],
        first.lexicon,
        first.fusion,
        first.boilerplate,
    )


def nothing(corpus: Corpus) -> Corpus:
    """Return the corpus of no article, with the models of ``corpus``."""
    none = np.zeros((0, len(VIEWS), corpus.packed.codes.shape[1]), dtype=np.float32)
    terms = TermRows(corpus.terms.whole[:0], corpus.terms.short[:0])
    models = corpus.lexicon, corpus.fusion, corpus.boilerplate
    told = corpus.fingerprints.others([])
    return Corpus(Register.of((), {}), Packed.pack(none, []), terms, told, corpus.fused[:0], *models)


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
    parts: list[tuple[Matrix, Packed]] = []
    for batch in batched(articles, LOOKUP_ARTICLES):
        stripped = [boilerplate.strip(article) for article in batch]
        for article, without in zip(batch, stripped, strict=True):
            cards.append(_card(article, without))
            fit.add(without)
            told.append(fingerprint(without))
        read, packed = read_vectors(list(map(views, stripped)), lookup, dim)
        parts.append((semantic(read), packed))
    lexicon, terms = fit.fit()
    half_s, half_l = np.concatenate([part[0] for part in parts]), lexicon.words.project(terms.whole)
    fusion = Fusion.fit(half_s, half_l)
    packed = Packed.joined([part[1] for part in parts])
    fused, models = fusion.fuse(half_s, half_l), (lexicon, fusion, boilerplate)
    return Corpus(Register.of(cards, aliases), packed, terms, Fingerprints.of(told), fused, *models)


def _card(article: Article, stripped: Article) -> Card:
    """Show the article as it is given; what tells that two are copies is the text without boilerplate."""
    card = Card.of(article)
    return card if stripped is article else replace(card, text_sha256=Card.of(stripped).text_sha256)


def read_vectors(articles: Sequence[Views], lookup: Lookup, dim: int) -> tuple[Matrix, Packed]:
    """Return the ``(n, 4, dim)`` float32 unit means of what each article is READ by, zero where missing, and packed."""
    rows = np.zeros((len(articles), len(READ), dim), dtype=np.float32)
    groups = [group for article in articles for group in _groups(article)]
    vectors = lookup([text for group in groups for text in group])
    ends = np.cumsum([len(group) for group in groups])
    found = [vectors[end - len(group) : end] for group, end in zip(groups, ends, strict=True)]
    for view, each in zip(rows.reshape(-1, dim), found, strict=True):
        if len(each):
            view[:] = each.mean(axis=0)
    rows = unit(rows.reshape(-1, dim)).reshape(rows.shape)
    return rows, Packed.pack(rows[:, : len(VIEWS)], found[VIEWS.index("body") :: len(READ)])


def _groups(article: Views) -> tuple[tuple[str, ...], ...]:
    """The texts behind each of READ.

    Where a stub has no title or no body, its teasers are what there is to read, and stand in for them.
    """
    title = (article.title,) if article.title else article.teasers[:1]
    body = article.passages or article.teasers or title
    return (title, article.teasers, body, body[:1])


def semantic(read: Matrix) -> Matrix:
    """Return ``(n, d)``: the unit mean of each article's known vectors of READ, zero where it has none."""
    return unit(read.sum(axis=1))


def batched(items: Iterable[Article], size: int) -> Iterator[list[Article]]:
    """Yield ``items`` in lists of ``size``, the last one shorter."""
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch
