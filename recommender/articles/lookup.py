"""Rows of articles by id, by address, and by what tells that two of them are one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from recommender.articles import UrlIndex
from recommender.articles.card import Card


@dataclass(frozen=True, slots=True)
class Lookup:
    """Rows by id, by address and by identity key; of several articles with one address or key, the first by id.

    A former address leads to its article too.
    """

    by_id: Mapping[str, int]
    by_url: UrlIndex[int]
    by_key: Mapping[str, int]

    @classmethod
    def from_cards(cls, cards: Sequence[Card], aliases: Mapping[str, str]) -> Self:
        """Return the look-up of ``cards``, which are in the order of their ids; ``aliases``: former name → id."""
        by_key: dict[str, int] = {}
        for row, card in enumerate(cards):
            for key in card.identity_keys:
                by_key.setdefault(key, row)
        addresses = ((card.url, row) for row, card in enumerate(cards) if card.url)
        by_id, by_url = {card.id: row for row, card in enumerate(cards)}, UrlIndex(addresses)
        for name, identity in aliases.items():
            if identity in by_id:
                by_url.add(name, by_id[identity])
        return cls(by_id, by_url, by_key)

    def with_changes(
        self,
        cards: Sequence[Card],
        keys: Mapping[int, Sequence[str]],
        regrouped: Sequence[int],
        left: Sequence[int],
        id_rank: npt.NDArray[np.float64],
    ) -> "Lookup":
        """Return the look-up of ``cards``, which begin with those of this one; ``regrouped`` is in the order of ids.

        ``keys``: the identity keys of all rows that are ``left`` or ``regrouped``, which all later rows are.
        """
        by_id = {**self.by_id}
        for row in left:
            del by_id[cards[row].id]
        by_id |= {cards[row].id: row for row in regrouped}
        by_url, by_key = self.by_url.copy(), {**self.by_key}
        for row in (*left, *regrouped):
            by_url.remove(cards[row].url or "", row)
        for row in left:
            for key in keys[row]:
                if by_key.get(key) == row:
                    del by_key[key]
        for row in regrouped:
            by_url.add(cards[row].url or "", row)
            for key in keys[row]:
                if key not in by_key or id_rank[row] < id_rank[by_key[key]]:
                    by_key[key] = row
        return Lookup(by_id, by_url, by_key)

    def with_aliases(self, base: "Lookup", before: Mapping[str, str], now: Mapping[str, str]) -> "Lookup":
        """Return this look-up, whose former names are ``before`` as in ``base``, with those of ``now`` instead."""
        names = {**before, **now}
        rows = ((name, base.by_id.get(before.get(name, "")), self.by_id.get(now.get(name, ""))) for name in names)
        moved = [(name, old, new) for name, old, new in rows if old != new]
        if not moved:
            return self
        by_url = self.by_url.copy()
        for name, old, _ in moved:
            if old is not None:
                by_url.remove(name, old)
        for name, _, new in moved:
            if new is not None:
                by_url.add(name, new)
        return Lookup(self.by_id, by_url, self.by_key)
