"""Which article of one build is which of another, and how much two lists overlap."""

from collections.abc import Sequence

import numpy as np

from recommender.articles.directory import Rows
from recommender.corpus.corpus import Corpus

GONE = -1
PERSISTENCE = 0.9
"""Rank-biased overlap's p: how likely a reader who looked at one place is to look at the next."""


def matched(a: Corpus, b: Corpus) -> Rows:
    """Return ``(len(a),)`` int64: the row in ``b`` of each article of ``a``, or GONE; no row of ``b`` twice.

    Articles are matched by id, else by a former id of the article in the other corpus.
    """
    rows_a, rows_b = ({card.id: row for row, card in enumerate(corpus.cards)} for corpus in (a, b))
    found = np.array([rows_b.get(card.id, GONE) for card in a.cards], dtype=np.int64)
    taken = set(found.tolist())
    renamed = [(former, now) for former, now in b.directory.aliases.items() if former in rows_a and now in rows_b]
    renamed += [(now, former) for former, now in a.directory.aliases.items() if now in rows_a and former in rows_b]
    for in_a, in_b in sorted(renamed):
        if found[rows_a[in_a]] == GONE and rows_b[in_b] not in taken:
            found[rows_a[in_a]] = rows_b[in_b]
            taken.add(rows_b[in_b])
    return found


def overlap(a: Sequence[int], b: Sequence[int]) -> float:
    """Return the share of list ``a`` that stands in list ``b`` too, 0..1, whatever the order.

    Two empty lists agree (1); an empty ``a`` has nothing in common with any other ``b`` (0).
    """
    if not a:
        return float(not b)
    return len(set(a) & set(b)) / len(a)


def rank_biased(a: Sequence[int], b: Sequence[int]) -> float:
    """Return the rank-biased overlap of two lists without repetition, 0..1; 1 only for the same list in the same order.

    The share that the first d of both have in common, averaged over d = 1..max(len(a), len(b)) with weights
    ``PERSISTENCE ** (d - 1)``: RBO (Webber, Moffat & Zobel, 2010) of what is shown, brought to 1 for equal lists.
    """
    depth = max(len(a), len(b))
    if depth == 0:
        return 1.0
    seen_a: set[int] = set()
    seen_b: set[int] = set()
    total = weights = 0.0
    for d in range(depth):
        seen_a.update(a[d : d + 1])
        seen_b.update(b[d : d + 1])
        total += PERSISTENCE**d * len(seen_a & seen_b) / (d + 1)
        weights += PERSISTENCE**d
    return total / weights
