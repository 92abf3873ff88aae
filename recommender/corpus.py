"""A corpus as arrays: everything the query path reads about each article, one row an article.

Rows are in the order of ids, so "ties by id" is "ties by row". A corpus is immutable; a snapshot is a
corpus on disk.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.article import Article, canonical_url
from recommender.encoder import Encoder, Matrix
from recommender.errors import ArticleError, UnknownArticleError
from recommender.fusion import Fusion, unit
from recommender.packed import VIEWS, Packed
from recommender.terms import Lexicon, LexiconFit, TermRows
from recommender.text import normalise, sha256
from recommender.views import Views, views

READ = (*VIEWS, "lead")
"""What an article is read by; the lead, the first passage, goes into the fused vector only."""

Rows = npt.NDArray[np.int64]
"""Articles by their row numbers in a corpus."""

DAY = 86_400.0
LOOKUP_ARTICLES = 200


@dataclass(frozen=True, slots=True)
class Card:
    """What a page needs to show an article, and what filters look at."""

    id: str
    url: str | None
    title: str
    teasers: tuple[str, ...]
    image: str | None
    published_at: datetime | None
    section: str
    tags: tuple[str, ...]
    language: str
    is_stub: bool
    text_sha256: str

    @classmethod
    def of(cls, article: Article) -> Self:
        """Return the card of ``article``; ``text_sha256`` is equal for copies of the same text."""
        return cls(
            article.id,
            article.url,
            article.title,
            article.teasers,
            article.image,
            article.published_at,
            article.section,
            article.tags,
            article.language,
            article.is_stub,
            _text_digest(f"{article.title} {article.body or ' '.join(article.teasers)}"),
        )


@dataclass(frozen=True, slots=True)
class Query:
    """The article whose related list is wanted, in the same terms as the corpus.

    ``row`` is None for a draft. ``views`` ``(3, d)`` float32, those of VIEWS (zero where unknown), ``passages``
    ``(k, d)`` float32, ``terms`` of one row, ``fused`` ``(D,)`` float32, ``day`` days since 1970 or NaN.
    """

    row: int | None
    card: Card
    views: Matrix
    passages: Matrix
    terms: TermRows
    fused: npt.NDArray[np.float32]
    day: float


@dataclass(frozen=True)
class Corpus:
    """n articles as arrays, and the models that turn a new text into the same terms.

    ``packed`` views and passages, and ``terms``, of n articles; ``fused`` ``(n, D)`` float32; ``days`` ``(n,)``
    float64 days since 1970, NaN where unknown; ``sections`` ``(n,)`` int64 numbers, -1 where unknown; ``copies``
    ``(n,)`` int64 numbers from 0, the same for articles that are one story; ``aliases`` former id → id.
    """

    cards: tuple[Card, ...]
    aliases: Mapping[str, str]
    packed: Packed
    terms: TermRows
    fused: Matrix
    lexicon: Lexicon
    fusion: Fusion
    days: npt.NDArray[np.float64] = field(init=False)
    copies: npt.NDArray[np.int64] = field(init=False)
    sections: npt.NDArray[np.int64] = field(init=False)
    _by_story: npt.NDArray[np.int64] = field(init=False)
    _story_ends: npt.NDArray[np.int64] = field(init=False)
    _section_codes: Mapping[str, int] = field(init=False)
    _rows: Mapping[str, int] = field(init=False)
    _urls: Mapping[str, int] = field(init=False)
    _texts: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        """Derive what follows from the cards: days, copies, sections, and the look-ups by id and URL."""
        urls = [canonical_url(card.url) if card.url else None for card in self.cards]
        derive = object.__setattr__
        derive(self, "days", np.array([_day(card) for card in self.cards], dtype=np.float64))
        derive(self, "copies", _copies([card.text_sha256 for card in self.cards], urls))
        derive(self, "_by_story", np.argsort(self.copies, kind="stable"))
        derive(self, "_story_ends", np.concatenate([[0], np.bincount(self.copies).cumsum()]))
        codes = {name: code for code, name in enumerate(sorted({card.section for card in self.cards} - {""}))}
        derive(self, "_section_codes", codes)
        derive(self, "sections", np.array([codes.get(card.section, -1) for card in self.cards], dtype=np.int64))
        derive(self, "_rows", {card.id: row for row, card in enumerate(self.cards)})
        derive(self, "_urls", {url: row for row, url in reversed(list(enumerate(urls))) if url})
        derive(self, "_texts", {card.text_sha256: row for row, card in enumerate(self.cards)})

    def __len__(self) -> int:
        return len(self.cards)

    def find(self, identity: str) -> int | None:
        """Return the row of the article with this id, former id, or (in canonical form) URL, if any."""
        row = self._rows.get(self.aliases.get(identity, identity))
        if row is None:
            try:
                row = self._urls.get(canonical_url(identity))
            except ArticleError:
                return None
        return row

    def row(self, identity: str) -> int:
        """Return the row that ``find`` gives. Raises UnknownArticleError where it gives none."""
        row = self.find(identity)
        if row is None:
            raise UnknownArticleError(f"no article has the id or URL {identity!r}")
        return row

    def same_as(self, card: Card) -> set[int]:
        """Return the rows that are the article of ``card``: by id, by canonical URL, by equal text."""
        found = {self.find(card.id), self.find(card.url or ""), self._texts.get(card.text_sha256)}
        return {row for row in found if row is not None}

    def story(self, row: int) -> Rows:
        """Return, in order, the rows that are one story with ``row``, which is one of them."""
        number = self.copies[row]
        return self._by_story[self._story_ends[number] : self._story_ends[number + 1]]

    def section_of(self, card: Card) -> int:
        """Return the number of the card's section as in ``sections``, -1 if no article here is in it."""
        return self._section_codes.get(card.section, -1)

    def query(self, row: int) -> Query:
        """Return the article at ``row`` as a query."""
        return Query(
            row,
            self.cards[row],
            *self.packed.of(row),
            self.terms.row(row),
            self.fused[row],
            self.days[row],
        )

    def draft(self, article: Article, encoder: Encoder) -> Query:
        """Return an article that is not in the corpus as a query; nothing is stored."""
        texts = views(article)
        distinct = list(dict.fromkeys(texts.texts))
        vector = dict(zip(distinct, encoder.encode(distinct), strict=True))
        none = np.zeros((0, encoder.dim), np.float32)
        read, packed = read_vectors([texts], lambda wanted: np.array([vector[t] for t in wanted] or none), encoder.dim)
        terms = self.lexicon.rows([article])
        fused = self.fusion.fuse(semantic(read), self.lexicon.words.project(terms.whole))
        card = Card.of(article)
        return Query(None, card, *packed.of(0), terms, fused[0], _day(card))


def build_corpus(
    articles: Iterable[Article],
    aliases: Mapping[str, str],
    dim: int,
    lookup: Callable[[Sequence[str]], Matrix],
) -> Corpus:
    """Build the corpus of ``articles`` (in the order of their ids, at least one).

    ``lookup`` gives the ``(len(texts), dim)`` unit vectors of texts (see VectorCache.lookup).
    """
    cards: list[Card] = []
    fit = LexiconFit()
    parts: list[tuple[Matrix, Packed]] = []
    for batch in batched(articles, LOOKUP_ARTICLES):
        for article in batch:
            cards.append(Card.of(article))
            fit.add(article)
        read, packed = read_vectors(list(map(views, batch)), lookup, dim)
        parts.append((semantic(read), packed))
    lexicon, terms = fit.fit()
    half_s, half_l = np.concatenate([part[0] for part in parts]), lexicon.words.project(terms.whole)
    fusion = Fusion.fit(half_s, half_l)
    packed = Packed.joined([part[1] for part in parts])
    return Corpus(tuple(cards), dict(aliases), packed, terms, fusion.fuse(half_s, half_l), lexicon, fusion)


def read_vectors(
    articles: Sequence[Views], lookup: Callable[[Sequence[str]], Matrix], dim: int
) -> tuple[Matrix, Packed]:
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


def _text_digest(text: str) -> str:
    return sha256(normalise(text) or text)


def _day(card: Card) -> float:
    return card.published_at.timestamp() / DAY if card.published_at else float("nan")


def _copies(texts: Sequence[str], urls: Sequence[str | None]) -> npt.NDArray[np.int64]:
    """Return ``(n,)``: articles with the same text or the same canonical URL share a number."""
    count = len(texts)
    pairs = []
    for keys in (texts, urls):
        first: dict[str, int] = {}
        pairs += [(first.setdefault(key, row), row) for row, key in enumerate(keys) if key]
    left, right = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    graph = sp.coo_matrix((np.ones(len(left)), (left, right)), shape=(count, count))
    return np.asarray(sp.csgraph.connected_components(graph, directed=False)[1], dtype=np.int64)
