"""Where the pieces of many bodies stand, as arrays, and how many stories each is told in.

A story may be told several times: live blogs under several ids, republished copies. What only they share is content.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

OWN = 0.15
"""Share of its text that few other articles have: with less, two articles are told apart by their titles alone."""
TITLES = 20
"""So many different titles over nearly the same text are as many stories."""
SAME_STORY = 0.75
"""Two articles tell one story if they share so much of what few others have, of the article that has less of it."""


@dataclass(frozen=True)
class Bodies:
    """n bodies, ``(n,)`` each: the number of ``pieces``, their ``size`` in characters, the number of the ``title``."""

    pieces: Numbers
    size: Numbers
    title: Numbers


@dataclass(frozen=True)
class Occurrences:
    """The m places at which the p repeated pieces of n bodies stand, by article and then by place.

    ``(m,)`` each: the number of the ``piece``, the ``article``, the ``place`` within its body and the piece's ``size``
    in characters. A piece is common if more than ``few`` articles have it.
    """

    piece: Numbers
    article: Numbers
    place: Numbers
    size: Numbers
    bodies: Bodies
    few: int

    @cached_property
    def articles(self) -> Numbers:
        """``(p,)``: in how many articles each piece stands."""
        return distinct(self.piece, self.article, int(self.piece.max(initial=-1)) + 1)

    @cached_property
    def spans(self) -> tuple[Numbers, Numbers]:
        """``(m,)`` each: for every occurrence, where those of the same article begin and end."""
        ends = np.bincount(self.article, minlength=len(self.bodies.pieces)).cumsum()
        return np.concatenate([[0], ends])[self.article], ends[self.article]

    def stories(self, what: Numbers, article: Numbers, count: int) -> Numbers:
        """Return ``(count,)``: in how many stories each number of ``what`` stands; ``article[i]`` holds ``what[i]``."""
        story, alone = self._story
        apart = alone[article]
        told = distinct(what[apart], story[article[apart]], count)
        titles = distinct(what[~apart], self.bodies.title[article[~apart]], count)
        return told + np.where(titles >= TITLES, titles, titles > 0)

    @cached_property
    def _story(self) -> tuple[Numbers, Mask]:
        """``(n,)`` each: the number of an article's story, and whether OWN of its text or more is its own."""
        n, whole = len(self.bodies.pieces), self.bodies.size
        shared = self.articles[self.piece] > self.few
        own = whole - np.bincount(self.article, self.size * shared, n)
        rare = np.flatnonzero(~shared & (self.articles[self.piece] > 1))
        order = rare[np.lexsort((self.article[rare], self.piece[rare]))]
        a, b = order[:-1], order[1:]
        beside = (self.piece[a] == self.piece[b]) & (self.article[a] != self.article[b])
        pairs, at = np.unique(self.article[a[beside]] * n + self.article[b[beside]], return_inverse=True)
        common = np.bincount(at, self.size[a[beside]], len(pairs))
        first, second = pairs // n, pairs % n
        same = common >= SAME_STORY * np.minimum(own[first], own[second])
        graph = coo_matrix((np.ones(int(same.sum())), (first[same], second[same])), (n, n))
        story = np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
        return np.where(whole, story, n + self.bodies.title), own >= OWN * whole


def distinct(what: Numbers, of: Numbers, count: int) -> Numbers:
    """Return ``(count,)``: with how many different values of ``of`` each number of ``what`` occurs."""
    width = int(of.max(initial=0)) + 1
    pairs = np.unique(what * width + of)
    return np.bincount(pairs // width, minlength=count)
