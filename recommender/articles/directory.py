"""The article directory: who is who among n articles, by row, id and address, and which of them are one story.

Rows are in the order of ids, so "ties by id" means "ties by row"; the rows of articles that were added later come after
them, and ``id_rank`` says where each belongs in the order of ids.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from recommender.articles.card import DAY, Card
from recommender.articles.categorical import Categorical
from recommender.articles.lookup import Lookup
from recommender.articles.story_groups import Rows, StoryGroups, story_ids_of
from recommender.errors import UnknownArticleError

__all__ = ["CardPredicate", "Directory", "Rows"]


class CardPredicate(Protocol):
    """A condition on an article's card. Equal predicates give equal answers, so that answers can be kept.

    If ``ids`` is not empty, only articles with one of these ids can fit.
    """

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the only articles that can fit; empty: any article can."""
        ...

    def fits(self, card: Card) -> bool:
        """Say whether the article of ``card`` fits."""
        ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True)
class Directory:
    """The cards of n articles by row, and what follows from them.

    ``aliases`` former id or address → id. ``days`` ``(n,)`` float64 when each was published, in days since 1970, NaN if
    unknown. ``story_ids`` ``(n,)`` int64: articles that are one story share one. ``id_rank`` ``(n,)`` float64: rising
    with ids. ``present`` ``(n,)`` bool: False for an article that was removed or replaced; it is never found, and in no
    story. ``published`` ``(n,)`` bool: False for a draft. ``visible`` ``(n,)`` bool: what may be recommended, that is
    present, published and, after ``as_of``, not dated ahead of that time.
    """

    cards: Sequence[Card]
    aliases: Mapping[str, str]
    days: npt.NDArray[np.float64]
    sections: Categorical
    languages: Categorical
    story_ids: npt.NDArray[np.int64]
    id_rank: npt.NDArray[np.float64]
    present: npt.NDArray[np.bool_]
    published: npt.NDArray[np.bool_]
    visible: npt.NDArray[np.bool_]
    _lookup: Lookup
    _stories: StoryGroups
    _base: "Directory | None" = None
    _fitting: dict[CardPredicate, Rows] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_cards(cls, cards: Sequence[Card], aliases: Mapping[str, str]) -> Self:
        """Return the directory of ``cards``, which must be in the order of their ids."""
        story_ids = story_ids_of([card.identity_keys for card in cards])
        published = _published(cards)
        return cls(
            cards=tuple(cards),
            aliases=dict(aliases),
            days=_days(cards),
            sections=Categorical.from_labels([card.section for card in cards]),
            languages=Categorical.from_labels([card.language for card in cards]),
            story_ids=story_ids,
            id_rank=np.arange(len(cards), dtype=np.float64),
            present=np.ones(len(cards), dtype=bool),
            published=published,
            visible=published,
            _lookup=Lookup.from_cards(cards, aliases),
            _stories=StoryGroups.from_ids(story_ids),
        )

    def with_changes(self, new: Iterable[Card], gone: Collection[str], aliases: Mapping[str, str]) -> "Directory":
        """Return the directory after changes: its first rows are these, then come the ``new`` cards by id.

        An article with an id in ``gone``, or with the id of a new card, is present no more. ``aliases`` are all that
        hold then. The rows of this directory must be in the order of ids.
        """
        added = sorted(new, key=lambda card: card.id)
        cards = (*self.cards, *added)
        left = [row for name in {*gone, *(card.id for card in added)} if (row := self.row_of(name)) is not None]
        id_rank = np.concatenate([self.id_rank, self._ranks_between(added)])
        keys = {row: card.identity_keys for row, card in enumerate(added, len(self.cards))}
        regrouped = sorted((*self._regrouped(keys.values(), left), *keys), key=lambda row: float(id_rank[row]))
        keys = {row: keys[row] if row in keys else cards[row].identity_keys for row in (*left, *regrouped)}
        story_ids = self._renumbered(cards, keys, regrouped, left)
        present = np.concatenate([self.present, np.ones(len(added), dtype=bool)])
        present[left] = False
        published = np.concatenate([self.published, _published(added)])
        lookup = self._lookup.with_changes(cards, keys, regrouped, left, id_rank)
        return Directory(
            cards=cards,
            aliases=dict(aliases),
            days=np.concatenate([self.days, _days(added)]),
            sections=self.sections.extended([card.section for card in added]),
            languages=self.languages.extended([card.language for card in added]),
            story_ids=story_ids,
            id_rank=id_rank,
            present=present,
            published=published,
            visible=present & published,
            _lookup=lookup.with_aliases(self._lookup, self.aliases, aliases),
            _stories=StoryGroups.from_ids(story_ids),
            _base=self,
        )

    def __len__(self) -> int:
        return len(self.cards)

    def find(self, identity: str) -> int | None:
        """Return the row of the article with this id or URL in any spelling, a former one too, else None."""
        row = self._lookup.by_id.get(self.aliases.get(identity, identity))
        return self._lookup.by_url.find(identity) if row is None else row

    def row_of(self, identity: str) -> int | None:
        """Return the row of the article with exactly this id, if there is one."""
        return self._lookup.by_id.get(identity)

    def row(self, identity: str) -> int:
        """Return the row that ``find`` gives. Raises UnknownArticleError where it gives none."""
        row = self.find(identity)
        if row is None:
            raise UnknownArticleError(f"no article has the id or URL {identity!r}")
        return row

    def same_as(self, card: Card) -> set[int]:
        """Return the rows that are the article of ``card``: by id, by former id, or by an identity key they share."""
        by_key = map(self._lookup.by_key.get, card.identity_keys)
        return {row for row in (self.find(card.id), self.find(card.translation_of or ""), *by_key) if row is not None}

    def as_of(self, now: datetime) -> "Directory":
        """Return the directory as of ``now``: an article dated ahead becomes visible at that very moment."""
        return replace(self, visible=self.present & self.published & ~self._is_ahead(now))

    def count_ahead(self, now: datetime) -> int:
        """Return how many articles wait for the moment of their publication."""
        return int(np.count_nonzero(self.present & self.published & self._is_ahead(now)))

    def newest(self, until: datetime) -> datetime | None:
        """Return when the newest article was published, of those no newer than ``until``; None if there is none.

        What is dated ahead, by plan or by mistake, is no news yet.
        """
        rows = np.flatnonzero(self.present & self.published & (self.days <= until.timestamp() / DAY))
        return self.cards[rows[np.argmax(self.days[rows])]].published_at if rows.size else None

    def fitting(self, predicate: CardPredicate) -> Rows:
        """Return the rows whose cards fit ``predicate``, rising. The answer is kept; after changes only new cards are
        looked at.
        """  # noqa: D205 - one sentence
        found = self._fitting.get(predicate)
        if found is None:
            found = self._fitting[predicate] = self._look_up(predicate)
        return found

    def story(self, row: int) -> Rows:
        """Return the rows that are one story with ``row``, itself among them, rising."""
        return self._stories.members(int(self.story_ids[row]))

    def _look_up(self, predicate: CardPredicate) -> Rows:
        if predicate.ids:
            rows = (self.row_of(identity) for identity in predicate.ids)
            return np.array(sorted(r for r in rows if r is not None and predicate.fits(self.cards[r])), dtype=np.int64)
        known, start = (self._base.fitting(predicate), len(self._base)) if self._base else (None, 0)
        later = (row for row, card in enumerate(self.cards[start:], start) if predicate.fits(card))
        new = np.fromiter(later, dtype=np.int64)
        return new if known is None else np.concatenate([known, new])

    def _is_ahead(self, now: datetime) -> npt.NDArray[np.bool_]:
        return np.asarray(self.days > now.timestamp() / DAY)  # false where there is no date

    def _ranks_between(self, added: Sequence[Card]) -> npt.NDArray[np.float64]:
        """Return where each of ``added``, in the order of ids, stands among the ids that are there, as fractions."""
        ids = [card.id for card in self.cards]
        return np.array([bisect_left(ids, card.id) for card in added]) + np.linspace(-1, 0, len(added) + 2)[1:-1]

    def _regrouped(self, added: Iterable[Sequence[str]], left: Collection[int]) -> list[int]:
        """Return the rows whose stories gain an article with one of the keys ``added`` or lose one of ``left``."""
        joined = (row for keys in added for key in keys if (row := self._lookup.by_key.get(key)) is not None)
        touched = {int(self.story_ids[row]) for row in (*left, *joined)}
        gone = set(left)
        return [row for story in touched for row in self._stories.members(story).tolist() if row not in gone]

    def _renumbered(
        self, cards: Sequence[Card], keys: Mapping[int, Sequence[str]], regrouped: Sequence[int], left: Sequence[int]
    ) -> Rows:
        """Return the story ids of ``cards``: new ones for rows ``regrouped`` by their ``keys``, and for ``left``."""
        story_ids = np.concatenate([self.story_ids, np.zeros(len(cards) - len(self.cards), np.int64)])
        start = int(self.story_ids.max(initial=-1)) + 1
        story_ids[regrouped] = start + story_ids_of([keys[row] for row in regrouped])
        story_ids[left] = start + len(regrouped) + np.arange(len(left))
        return story_ids


def _days(cards: Sequence[Card]) -> npt.NDArray[np.float64]:
    return np.array([card.day for card in cards], dtype=np.float64)


def _published(cards: Sequence[Card]) -> npt.NDArray[np.bool_]:
    return np.array([card.published for card in cards], dtype=bool)
