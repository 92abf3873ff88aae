"""Who is who: the cards of n articles, how one of them is found, and which are one story.

Rows are in the order of ids, so "ties by id" is "ties by row"; rows that were added later say in ``order`` where
they belong.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.articles import UrlIndex
from recommender.card import DAY, Card
from recommender.errors import UnknownArticleError

Rows = npt.NDArray[np.int64]
"""Articles by their row numbers in a corpus."""


class Test(Protocol):
    """Something that an article fits or not, by its card alone. Equal tests have the same answers.

    Where it names ``ids``, only articles with one of them can fit.
    """

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of the only articles that can fit; empty: any can."""
        ...

    def fits(self, card: Card) -> bool:
        """Say whether the article of ``card`` fits."""
        ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Labels:
    """One label of each of n articles, such as its section, as ``numbers`` ``(n,)`` int64; -1 where it has none."""

    numbers: npt.NDArray[np.int64]
    codes: Mapping[str, int]

    @classmethod
    def of(cls, labels: Sequence[str]) -> Self:
        """Return ``labels`` by number; empty is none."""
        codes = {name: code for code, name in enumerate(sorted({*labels} - {""}))}
        return cls(np.array([codes.get(label, -1) for label in labels], dtype=np.int64), codes)

    def more(self, labels: Sequence[str]) -> "Labels":
        """Return these, and ``labels`` behind them."""
        codes = dict(self.codes)
        for label in labels:
            if label:
                codes.setdefault(label, len(codes))
        return Labels(
            np.concatenate([self.numbers, [codes.get(label, -1) for label in labels]]).astype(np.int64), codes
        )

    def number(self, label: str) -> int:
        """Return the number of ``label``, -1 if no article has it."""
        return self.codes.get(label, -1)

    def among(self, fits: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
        """Return ``(n,)``: whose label fits; no label is the empty one."""
        table = np.zeros(len(self.codes) + 1, dtype=bool)  # the last is for -1
        table[[code for name, code in self.codes.items() if fits(name)]] = True
        table[-1] = fits("")
        return np.asarray(table[self.numbers])


@dataclass(frozen=True)
class Register:
    """The cards of n articles, in the order of the rows, and what follows from them.

    ``aliases`` former id → id; ``days`` ``(n,)`` float64 days since 1970, NaN where unknown; ``sections`` and
    ``languages`` of each; ``copies`` ``(n,)`` int64 numbers from 0, the same for articles that are one story; ``order``
    ``(n,)`` float64, rising with the ids; ``present`` ``(n,)`` bool, False for articles that are gone, which are never
    found and are nobody's copies; ``published`` ``(n,)`` bool, False for drafts; ``visible`` ``(n,)`` bool: what may be
    recommended, present and published and not dated ahead of the time that ``at`` was told last.
    """

    cards: Sequence[Card]
    aliases: Mapping[str, str]
    days: npt.NDArray[np.float64]
    sections: Labels
    languages: Labels
    copies: npt.NDArray[np.int64]
    order: npt.NDArray[np.float64]
    present: npt.NDArray[np.bool_]
    published: npt.NDArray[np.bool_]
    visible: npt.NDArray[np.bool_]
    _rows: Mapping[str, int]
    _urls: UrlIndex[int]
    _marks: Mapping[str, int]
    _by_story: Rows
    _story_ends: Rows
    _base: "Register | None" = None
    _fitting: dict[Test, Rows] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, cards: Sequence[Card], aliases: Mapping[str, str]) -> Self:
        """Return the register of ``cards``, which are in the order of their ids."""
        urls, marks = UrlIndex[int](), []
        for row, card in enumerate(cards):  # of one address the first is found by it
            if card.url:
                urls.add(card.url, row)
            marks.append(card.marks)
        copies = _stories(marks)
        published = np.array([card.published for card in cards], dtype=bool)
        return cls(
            tuple(cards),
            dict(aliases),
            np.array([card.day for card in cards], dtype=np.float64),
            Labels.of([card.section for card in cards]),
            Labels.of([card.language for card in cards]),
            copies,
            np.arange(len(cards), dtype=np.float64),
            np.ones(len(cards), dtype=bool),
            published,
            published,
            {card.id: row for row, card in enumerate(cards)},
            urls,
            {mark: row for row, each in reversed(list(enumerate(marks))) for mark in each},
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
        rows = dict(self._rows)
        for row in leaving:
            del rows[self.cards[row].id]
        rows |= {card.id: row for row, card in enumerate(fresh, start=n)}
        stories = {int(self.copies[row]) for row in leaving}
        marks_of = {row: card.marks for row, card in enumerate(fresh, start=n)}
        for each in marks_of.values():
            known = (self._marks.get(mark) for mark in each)
            stories |= {int(self.copies[row]) for row in known if row is not None}
        out = set(leaving)
        members = [row for story in stories for row in self._members(story).tolist() if row not in out]
        marks_of |= {row: cards[row].marks for row in members}
        members += range(n, len(cards))
        members.sort(key=lambda row: float(order[row]))
        copies = np.concatenate([self.copies, np.zeros(len(fresh), np.int64)])
        start = int(self.copies.max(initial=-1)) + 1
        copies[members] = start + _stories([marks_of[row] for row in members])
        copies[leaving] = start + len(members) + np.arange(len(leaving))
        urls, marks = self._urls.copy(), dict(self._marks)
        for row in (*leaving, *members):
            urls.remove(cards[row].url or "", row)
        for row in leaving:
            for mark in self.cards[row].marks:
                _drop(marks, mark, row)
        for row in members:  # by id: the first that has it is found by it
            urls.add(cards[row].url or "", row)
            for mark in marks_of[row]:
                _claim(marks, mark, row, order)
        present = np.concatenate([self.present, np.ones(len(fresh), dtype=bool)])
        present[leaving] = False
        published = np.concatenate([self.published, np.array([card.published for card in fresh], dtype=bool)])
        return Register(
            cards,
            dict(aliases),
            np.concatenate([self.days, [card.day for card in fresh]]),
            self.sections.more([card.section for card in fresh]),
            self.languages.more([card.language for card in fresh]),
            copies,
            order,
            present,
            published,
            present & published,
            rows,
            urls,
            marks,
            *_grouped(copies),
            self,
        )

    def __len__(self) -> int:
        return len(self.cards)

    def find(self, identity: str) -> int | None:
        """Return the row of the article with this id, former id, or URL, in any spelling, if any."""
        row = self._rows.get(self.aliases.get(identity, identity))
        return self._urls.find(identity) if row is None else row

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
        """Return the rows that are the article of ``card``: by id or former id, or by a mark they share."""
        found = {self.find(card.id), self.find(card.translation_of or ""), *map(self._marks.get, card.marks)}
        return {row for row in found if row is not None}

    def at(self, now: datetime) -> "Register":
        """Return the register as of ``now``: an article dated ahead becomes visible at that very moment."""
        return replace(self, visible=self.present & self.published & ~self._ahead(now))

    def ahead(self, now: datetime) -> int:
        """Return how many articles wait for the moment of their publication."""
        return int(np.count_nonzero(self.present & self.published & self._ahead(now)))

    def _ahead(self, now: datetime) -> npt.NDArray[np.bool_]:
        return np.asarray(self.days > now.timestamp() / DAY)  # false where there is no date

    def newest(self, until: datetime) -> datetime | None:
        """When the newest article that is there was published, of those no newer than ``until``; None if of none.

        What is dated ahead, by plan or by mistake, is no news yet.
        """
        rows = np.flatnonzero(self.present & self.published & (self.days <= until.timestamp() / DAY))
        return self.cards[rows[np.argmax(self.days[rows])]].published_at if rows.size else None

    def fitting(self, test: Test) -> Rows:
        """Return the rows whose cards fit ``test``, rising; they are looked up once, and only the new after changes."""
        found = self._fitting.get(test)
        if found is None:
            found = self._fitting[test] = self._looked_up(test)
        return found

    def _looked_up(self, test: Test) -> Rows:
        if test.ids:
            rows = (self._rows.get(identity) for identity in test.ids)
            return np.array(sorted(r for r in rows if r is not None and test.fits(self.cards[r])), dtype=np.int64)
        known, start = (self._base.fitting(test), len(self._base)) if self._base else (None, 0)
        fresh = (start + place for place, card in enumerate(self.cards[start:]) if test.fits(card))
        late = np.fromiter(fresh, dtype=np.int64)
        return late if known is None else np.concatenate([known, late])

    def story(self, row: int) -> Rows:
        """Return the rows that are one story with ``row``, which is one of them, in their order."""
        return self._members(int(self.copies[row]))

    def _members(self, story: int) -> Rows:
        return self._by_story[self._story_ends[story] : self._story_ends[story + 1]]


def _drop(found: dict[str, int], key: str, row: int) -> None:
    if found.get(key) == row:
        del found[key]


def _claim(found: dict[str, int], key: str, row: int, order: npt.NDArray[np.float64]) -> None:
    if key not in found or order[row] < order[found[key]]:
        found[key] = row


def _grouped(copies: npt.NDArray[np.int64]) -> tuple[Rows, Rows]:
    """The rows, story by story, and where each story ends."""
    return np.argsort(copies, kind="stable"), np.concatenate([[0], np.bincount(copies).cumsum()])


def _stories(marks: Sequence[Sequence[str]]) -> npt.NDArray[np.int64]:
    """Return ``(n,)``: articles that share a mark share a number."""
    first: dict[str, int] = {}
    pairs = [(first.setdefault(mark, row), row) for row, each in enumerate(marks) for mark in each]
    left, right = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    graph = sp.coo_matrix((np.ones(len(left)), (left, right)), shape=(len(marks), len(marks)))
    return np.asarray(sp.csgraph.connected_components(graph, directed=False)[1], dtype=np.int64)
