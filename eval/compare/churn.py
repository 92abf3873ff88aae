"""How the related lists differ between two builds, over the articles that both have."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.catalogue.lists import Lists, title_of
from eval.compare.matching import GONE, overlap, rank_biased
from recommender.articles.directory import Rows
from recommender.corpus.corpus import Corpus

BANDS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Lower ends of the bands of overlap that lists are counted in; the last band is 1 itself."""


@dataclass(frozen=True, slots=True)
class Churn:
    """How much the lists of ``compared`` articles in build b agree with those in build a.

    - ``overlap`` (0..1): mean share of a's list that is also in b's (see matching.overlap); ``bands``: how many
      lists have an overlap in [0, .2), [.2, .4), [.4, .6), [.6, .8), [.8, 1) and of 1.
    - ``rank_biased`` (0..1): mean rank-biased overlap, which counts the order too (see matching.rank_biased).
    - ``unchanged``: lists of the same articles in the same order.
    - ``left``: places of a's lists whose article is not in b's, ``left_removed`` of them because b lacks the
      article; ``entered``: places of b's lists whose article is not in a's, ``entered_added`` because a lacks it.
    """

    compared: int
    overlap: float
    rank_biased: float
    bands: tuple[int, ...]
    unchanged: int
    left: int
    left_removed: int
    entered: int
    entered_added: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of a list. ``kept``: the other build's list holds it too; ``known``: the other build does."""

    id: str
    title: str
    kept: bool
    known: bool


@dataclass(frozen=True, slots=True)
class ListChange:
    """An article whose two lists differ, with both lists, best first. ``id`` and ``title`` are those in b."""

    id: str
    title: str
    overlap: float
    rank_biased: float
    a: tuple[Entry, ...]
    b: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """The two lists of the article at ``row`` of b, in rows of b; an article that b lacks is ``-2 - its row in a``."""

    row: int
    a: tuple[int, ...]
    b: tuple[int, ...]
    overlap: float
    rank_biased: float


def pairs_of(lists_a: Lists, lists_b: Lists, to_b: Rows) -> list[Pair]:
    """Return the two lists of every article that both builds have. ``to_b`` as ``matched`` gives it."""
    found = []
    for row in np.flatnonzero(to_b != GONE).tolist():
        a = tuple(int(to_b[hit]) if to_b[hit] != GONE else -2 - hit for hit in lists_a.items_of(row))
        b = tuple(lists_b.items_of(int(to_b[row])))
        found.append(Pair(int(to_b[row]), a, b, overlap(a, b), rank_biased(a, b)))
    return found


def churn(pairs: Sequence[Pair], to_a: Rows) -> Churn:
    """Return the figures of ``pairs`` (at least one). ``to_a`` ``(n,)``: the row in a of each article of b, or GONE."""
    left = [row for pair in pairs for row in set(pair.a) - set(pair.b)]
    entered = [row for pair in pairs for row in set(pair.b) - set(pair.a)]
    bands = np.searchsorted(BANDS, [pair.overlap for pair in pairs], side="right") - 1
    return Churn(
        compared=len(pairs),
        overlap=float(np.mean([pair.overlap for pair in pairs])),
        rank_biased=float(np.mean([pair.rank_biased for pair in pairs])),
        bands=tuple(np.bincount(bands, minlength=len(BANDS)).tolist()),
        unchanged=sum(pair.a == pair.b for pair in pairs),
        left=len(left),
        left_removed=sum(row < 0 for row in left),
        entered=len(entered),
        entered_added=sum(bool(to_a[row] == GONE) for row in entered),
    )


def most_changed(pairs: Sequence[Pair], a: Corpus, b: Corpus, to_a: Rows, top: int) -> tuple[ListChange, ...]:
    """Return the ``top`` changed lists: least overlap first, then least rank-biased overlap, ties by id in b."""
    changed = sorted((p for p in pairs if p.a != p.b), key=lambda p: (p.overlap, p.rank_biased, p.row))
    return tuple(_list_change(pair, a, b, to_a) for pair in changed[:top])


def _list_change(pair: Pair, a: Corpus, b: Corpus, to_a: Rows) -> ListChange:
    cards_a = [(a.cards[to_a[row] if row >= 0 else -2 - row], row) for row in pair.a]
    cards_b = [(b.cards[row], row) for row in pair.b]
    return ListChange(
        b.cards[pair.row].id,
        title_of(b.cards[pair.row]),
        pair.overlap,
        pair.rank_biased,
        tuple(Entry(card.id, title_of(card), row in pair.b, row >= 0) for card, row in cards_a),
        tuple(Entry(card.id, title_of(card), row in pair.a, bool(to_a[row] != GONE)) for card, row in cards_b),
    )
