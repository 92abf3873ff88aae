"""Who is who: the cards of n articles, how one of them is found, and which are one story.

Rows are in the order of ids, so "ties by id" is "ties by row"; rows that were added later say in ``order`` where
they belong.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.article import Article, canonical_url
from recommender.errors import ArticleError, UnknownArticleError
from recommender.text import normalise, sha256

Rows = npt.NDArray[np.int64]
"""Articles by their row numbers in a corpus."""

DAY = 86_400.0


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

    @property
    def address(self) -> str | None:
        """The canonical URL."""
        return canonical_url(self.url) if self.url else None

    @property
    def day(self) -> float:
        """When it was published, in days since 1970; NaN where unknown."""
        return self.published_at.timestamp() / DAY if self.published_at else float("nan")


@dataclass(frozen=True)
class Register:
    """The cards of n articles, in the order of the rows, and what follows from them.

    ``aliases`` former id → id; ``days`` ``(n,)`` float64 days since 1970, NaN where unknown; ``sections`` ``(n,)``
    int64 numbers, -1 where unknown; ``copies`` ``(n,)`` int64 numbers from 0, the same for articles that are one
    story; ``order`` ``(n,)`` float64, rising with the ids; ``present`` ``(n,)`` bool, False for articles that are
    gone, which are never found and are nobody's copies.
    """

    cards: Sequence[Card]
    aliases: Mapping[str, str]
    days: npt.NDArray[np.float64]
    sections: npt.NDArray[np.int64]
    copies: npt.NDArray[np.int64]
    order: npt.NDArray[np.float64]
    present: npt.NDArray[np.bool_]
    _codes: Mapping[str, int]
    _rows: Mapping[str, int]
    _urls: Mapping[str, int]
    _texts: Mapping[str, int]
    _by_story: Rows
    _story_ends: Rows

    @classmethod
    def of(cls, cards: Sequence[Card], aliases: Mapping[str, str]) -> Self:
        """Return the register of ``cards``, which are in the order of their ids."""
        urls = [card.address for card in cards]
        codes = {name: code for code, name in enumerate(sorted({card.section for card in cards} - {""}))}
        copies = _stories([card.text_sha256 for card in cards], urls)
        return cls(
            tuple(cards),
            dict(aliases),
            np.array([card.day for card in cards], dtype=np.float64),
            np.array([codes.get(card.section, -1) for card in cards], dtype=np.int64),
            copies,
            np.arange(len(cards), dtype=np.float64),
            np.ones(len(cards), dtype=bool),
            codes,
            {card.id: row for row, card in enumerate(cards)},
            {url: row for row, url in reversed(list(enumerate(urls))) if url},
            {card.text_sha256: row for row, card in reversed(list(enumerate(cards)))},
            *_grouped(copies),
        )

    def changed(self, new: Iterable[Card], gone: Collection[str], aliases: Mapping[str, str]) -> "Register":
        """Return the register after some changes, whose rows begin with these: then come those of ``new``, by id.

        Articles with an id in ``gone``, or the id of a new one, are there no more. The rows of this register must
        be in the order of ids.
        """
        fresh = sorted(new, key=lambda card: card.id)
        leaving = [row for name in {*gone, *(card.id for card in fresh)} if (row := self._rows.get(name)) is not None]
        n, cards = len(self.cards), (*self.cards, *fresh)
        ids = [card.id for card in self.cards]
        between = np.array([bisect_left(ids, card.id) for card in fresh]) + np.linspace(-1, 0, len(fresh) + 2)[1:-1]
        order = np.concatenate([self.order, between])
        codes = dict(self._codes)
        for card in fresh:
            if card.section:
                codes.setdefault(card.section, len(codes))
        rows = dict(self._rows)
        for row in leaving:
            del rows[self.cards[row].id]
        rows |= {card.id: row for row, card in enumerate(fresh, start=n)}
        stories = {int(self.copies[row]) for row in leaving}
        for card in fresh:
            known = self._urls.get(card.address or ""), self._texts.get(card.text_sha256)
            stories |= {int(self.copies[row]) for row in known if row is not None}
        out = set(leaving)
        members = [row for story in stories for row in self._members(story).tolist() if row not in out]
        members += range(n, len(cards))
        members.sort(key=lambda row: float(order[row]))
        copies = np.concatenate([self.copies, np.zeros(len(fresh), np.int64)])
        start = int(self.copies.max(initial=-1)) + 1
        copies[members] = start + _stories([cards[r].text_sha256 for r in members], [cards[r].address for r in members])
        copies[leaving] = start + len(members) + np.arange(len(leaving))
        urls, texts = dict(self._urls), dict(self._texts)
        for row in leaving:
            _drop(urls, self.cards[row].address, row)
            _drop(texts, self.cards[row].text_sha256, row)
        for row in members:  # by id: the first that has it is found by it
            _claim(urls, cards[row].address, row, order)
            _claim(texts, cards[row].text_sha256, row, order)
        present = np.concatenate([self.present, np.ones(len(fresh), dtype=bool)])
        present[leaving] = False
        return Register(
            cards,
            dict(aliases),
            np.concatenate([self.days, [card.day for card in fresh]]),
            np.concatenate([self.sections, np.array([codes.get(c.section, -1) for c in fresh], dtype=np.int64)]),
            copies,
            order,
            present,
            codes,
            rows,
            urls,
            texts,
            *_grouped(copies),
        )

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

    def row_of(self, identity: str) -> int | None:
        """Return the row of the article with exactly this id, if any."""
        return self._rows.get(identity)

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

    @property
    def newest(self) -> datetime | None:
        """When the newest article that is there was published; None if that is known of none."""
        days = self.days[self.present & ~np.isnan(self.days)]
        return datetime.fromtimestamp(float(days.max()) * DAY, UTC) if days.size else None

    def story(self, row: int) -> Rows:
        """Return the rows that are one story with ``row``, which is one of them, in their order."""
        return self._members(int(self.copies[row]))

    def section_of(self, card: Card) -> int:
        """Return the number of the card's section as in ``sections``, -1 if no article here is in it."""
        return self._codes.get(card.section, -1)

    def _members(self, story: int) -> Rows:
        return self._by_story[self._story_ends[story] : self._story_ends[story + 1]]


def _drop(found: dict[str, int], key: str | None, row: int) -> None:
    if key and found.get(key) == row:
        del found[key]


def _claim(found: dict[str, int], key: str | None, row: int, order: npt.NDArray[np.float64]) -> None:
    if key and (key not in found or order[row] < order[found[key]]):
        found[key] = row


def _grouped(copies: npt.NDArray[np.int64]) -> tuple[Rows, Rows]:
    """The rows, story by story, and where each story ends."""
    return np.argsort(copies, kind="stable"), np.concatenate([[0], np.bincount(copies).cumsum()])


def _stories(texts: Sequence[str], urls: Sequence[str | None]) -> npt.NDArray[np.int64]:
    """Return ``(n,)``: articles with the same text or the same canonical URL share a number."""
    count = len(texts)
    pairs = []
    for keys in (texts, urls):
        first: dict[str, int] = {}
        pairs += [(first.setdefault(key, row), row) for row, key in enumerate(keys) if key]
    left, right = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    graph = sp.coo_matrix((np.ones(len(left)), (left, right)), shape=(count, count))
    return np.asarray(sp.csgraph.connected_components(graph, directed=False)[1], dtype=np.int64)


def _text_digest(text: str) -> str:
    return sha256(normalise(text) or text)
