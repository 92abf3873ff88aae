"""Which pieces of many bodies are boilerplate, by where they stand: alone, side by side, or at an end.

Boilerplate is a text of its own. So a piece of it is long; or it stands beside the same other piece nearly everywhere;
or at an end of the body. What articles on one subject share, in ever-changing choice and order, stands otherwise.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from recommender.boilerplate.occurrences import Mask, Numbers, Occurrences, distinct
from recommender.boilerplate.pieces import LONG

FEWEST_WORDS = 8
"""Words of pieces that are boilerplate because they stand together, at least."""
TOGETHER = 0.8
"""Two pieces stand together if the rarer one stands beside the other in so many of its articles …"""
SECTIONS = 0.2
"""… and the other in so many of its own: after the same beginning, a footer may differ from section to section."""
SEVERAL = 1.5
"""A piece that stands more often than this in an article, on average, is a separator: it belongs to no neighbour."""
AT_END = 0.8
"""Share of its places that are at the same end of a body."""
ROUNDS = 5
"""How often what was found at the ends is taken away, and the pieces that are then at the ends are looked at."""
COMPARABLE = 0.5
"""A piece is about as frequent as another, or more so, if it is in half as many articles."""


def needed(articles: int) -> int:
    """Return in how many stories a text must stand to be boilerplate, among so many ``articles`` with a body."""
    return math.ceil(min(max(8, 0.02 * articles), 50, max(4, articles / 5)))


@dataclass(frozen=True)
class Pairs:
    """The q pairs of frequent pieces that stand side by side: ``left``, ``right``, in how many ``articles``.

    ``together``: whether they belong together; ``odd``: whether they met by chance. ``first`` ``(o,)`` is where a left
    piece stands, and ``pair`` which pair that is.
    """

    left: Numbers
    right: Numbers
    articles: Numbers
    together: Mask
    odd: Mask
    first: Numbers
    pair: Numbers

    @classmethod
    def from_occurrences(cls, found: Occurrences, frequent: Mask, needed: int) -> "Pairs":
        """Return the pairs of ``frequent`` pieces, ``(p,)`` bool; together are only those in ``needed`` stories."""
        p, at = len(frequent), np.flatnonzero(frequent[found.piece])
        beside = (np.diff(found.place[at]) == 1) & (np.diff(found.article[at]) == 0)
        first = at[:-1][beside]
        codes, pair = np.unique(found.piece[first] * p + found.piece[first + 1], return_inverse=True)
        left, right = codes // p, codes % p
        articles = distinct(pair, found.article[first], len(codes))
        counts = np.sort([found.articles[left], found.articles[right]], axis=0)
        follows = (articles >= TOGETHER * counts[0]) & (left != right)
        stories = found.stories(pair, found.article[first], len(codes))
        several = np.bincount(found.piece) > SEVERAL * found.articles
        share = np.where(several[left] | several[right], TOGETHER, SECTIONS)
        together = follows & (articles >= share * counts[1]) & (stories >= needed)
        return cls(left, right, articles, together, ~follows & (left != right), first, pair)

    def bound(self, words: Numbers) -> Mask:
        """Return ``(p,)`` bool: the pieces that stand together with others, FEWEST_WORDS words at least in all."""
        sayable = self.together & (words[self.left] > 0) & (words[self.right] > 0)  # a rule stands beside anything
        p, edges = len(words), (self.left[sayable], self.right[sayable])
        graph = coo_matrix((np.ones(len(edges[0])), edges), (p, p))
        group = connected_components(graph, directed=False)[1]
        paired = np.isin(np.arange(p), edges)
        return np.asarray(paired & (np.bincount(group, words * paired)[group] >= FEWEST_WORDS))

    def beside(self, known: Mask) -> Mask:
        """Return ``(p,)`` bool: the pieces that stand together with one that is ``known``."""
        found = np.zeros_like(known)
        found[self.left[self.together & known[self.right]]] = True
        found[self.right[self.together & known[self.left]]] = True
        return found

    def loose(self, found: Occurrences) -> Mask:
        """Return ``(p,)`` bool: the pieces whose neighbours are mostly as frequent as they, and there by chance.

        These are sentences that articles on one subject share in changing order, and no boilerplate.
        """
        articles, flagged = found.articles, np.zeros(len(found.piece), dtype=bool)
        for mine, other, place in ((self.left, self.right, self.first), (self.right, self.left, self.first + 1)):
            flagged[place[(self.odd & (articles[other] >= COMPARABLE * articles[mine]))[self.pair]]] = True
        return np.bincount(found.piece, flagged) > 0.5 * np.bincount(found.piece)

    def chains(self, known: Mask, articles: Numbers) -> list[list[int]]:
        """Return the ``known`` pieces in lists: those that always stand together in one, in their order."""
        always = self.articles >= TOGETHER * np.maximum(articles[self.left], articles[self.right])
        always &= self.together & known[self.left] & known[self.right]
        following = dict(zip(self.left[always].tolist(), self.right[always].tolist(), strict=True))
        later = set(following.values())
        left = dict.fromkeys(np.flatnonzero(known).tolist())
        chains = []
        for start in sorted(left, key=lambda piece: (piece in later, piece)):  # a ring has no first piece
            chain = []
            piece: int | None = start
            while piece in left:
                del left[piece]
                chain.append(piece)
                piece = following.get(piece)
            chains += [chain] if chain else []
        return chains


def boilerplate(found: Occurrences, words: Numbers, sure: Mask, needed: int) -> tuple[Mask, Pairs]:
    """Return ``(p,)`` bool, which pieces are boilerplate, and the pairs of those that might be.

    ``words`` ``(p,)`` of each piece that stands in ``needed`` articles; ``sure`` ones are boilerplate anyway.
    """
    frequent = sure | (found.articles >= needed)
    often = frequent[found.piece]
    stories = found.stories(found.piece[often], found.article[often], len(words))
    pairs = Pairs.from_occurrences(found, frequent, needed)
    stays = pairs.loose(found) | (stories < needed)
    known = sure | pairs.bound(words) | ((words >= LONG) & ~stays)
    for _ in range(ROUNDS):
        new = _at_ends(found, known) & ~stays & ~known
        if not new.any():
            break
        known |= new
    return known | (pairs.beside(known) & (words == 0)), pairs


def _at_ends(found: Occurrences, known: Mask) -> Mask:
    """Return ``(p,)`` bool: the pieces that are nearly always first, or last, in a body without what is ``known``."""
    peeled = np.concatenate([[0], known[found.piece].cumsum()])
    at, (start, end) = np.arange(len(found.piece)), found.spans
    first = peeled[at] - peeled[start] == found.place
    last = peeled[end] - peeled[at + 1] == found.bodies.pieces[found.article] - found.place - 1
    most = AT_END * np.bincount(found.piece)
    return np.asarray((np.bincount(found.piece, first) >= most) | (np.bincount(found.piece, last) >= most))
