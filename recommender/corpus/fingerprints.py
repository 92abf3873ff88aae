"""Fingerprints: which different words an article's text holds, its own rare ones too, and how rare each word is.

The terms of the lexical model leave out what stands in one article only, and that is what tells two reports of one
event from two pages of one template. So every word is kept, as a hash of 32 bits: two words in a million share one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.utils import murmurhash3_32

from recommender.articles import Article
from recommender.corpus.quantized import stretches
from recommender.text import readable
from recommender.text.distinct_words import distinct_words

Hashes = npt.NDArray[np.uint32]
"""Different words as hashes, rising."""
Weights = npt.NDArray[np.float32]

UNREAD = 100
"""Articles that an archive is taken to have more than it has: in a small one the rarity of a word is hardly known."""
TELLING = 10
"""One in so many articles, at most, is what a word stands in that tells what a text is about."""


def hashed(words: Iterable[str]) -> Hashes:
    """Return ``words`` as hashes: MurmurHash3, 32 bits."""
    return np.unique(np.fromiter((murmurhash3_32(word, 0, True) for word in words), dtype=np.uint32))


def among(words: Hashes, others: Hashes) -> npt.NDArray[np.bool_]:
    """Return ``(m,)``: which of ``words`` are among ``others``."""
    if not others.size:
        return np.zeros(len(words), dtype=bool)
    return np.asarray(others[np.minimum(others.searchsorted(words), len(others) - 1)] == words)


def fingerprint(article: Article) -> Hashes:
    """Return the words of the article's teasers and body. Its title is no part of it: that is compared by itself."""
    return hashed(distinct_words(readable("\n".join((*article.teasers, article.body)))))


@dataclass(frozen=True, slots=True)
class Rarity:
    """In how many of ``count`` articles a word stands.

    ``shared`` ``(S,)`` uint32, rising: the words that stand in several; ``holders`` ``(S,)`` int32: in how many each of
    them does. Any other word counts as standing in one.
    """

    count: int
    shared: Hashes
    holders: npt.NDArray[np.int32]

    @classmethod
    def from_words(cls, words: Hashes, count: int) -> Self:
        """Count ``words``: those of ``count`` articles, one after the other."""
        found, holders = np.unique(words, return_counts=True)
        return cls(count, found[holders > 1], holders[holders > 1].astype(np.int32))

    def weights(self, words: Hashes) -> Weights:
        """Return ``(m,)`` float32, at least 1: the smoothed idf of ``words``, which need not be known."""
        if not self.shared.size:
            return np.full(len(words), self._weight(1), dtype=np.float32)
        place = np.minimum(self.shared.searchsorted(words), len(self.shared) - 1)
        holders = np.where(self.shared[place] == words, self.holders[place], 1)
        return np.asarray(self._weight(holders), dtype=np.float32)

    def telling(self, words: Hashes) -> npt.NDArray[np.bool_]:
        """Return ``(m,)``: which of ``words`` are rare enough to tell what a text is about (see TELLING)."""
        return np.asarray(self.weights(words) >= 1 + np.log(TELLING))

    def _weight(self, holders: npt.ArrayLike) -> npt.ArrayLike:
        return 1 + np.log((1 + self.count + UNREAD) / (1 + np.asarray(holders)))


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """The fingerprints of n articles: ``words[ends[i]:ends[i + 1]]`` of the i-th, ``ends`` ``(n + 1,)`` int64.

    ``rarity`` gives the weights of their words, and of those of any other text.
    """

    words: Hashes
    ends: npt.NDArray[np.int64]
    rarity: Rarity

    @classmethod
    def from_hashes(cls, each: Sequence[Hashes]) -> Self:
        """Return the fingerprints of articles, weighed by how many of these hold a word."""
        words, ends = _flat(each)
        return cls(words, ends, Rarity.from_words(words, len(each)))

    @classmethod
    def joined(cls, parts: "Sequence[Fingerprints]") -> Self:
        """Join the fingerprints of some articles and of others, weighed alike, in their order."""
        starts = np.cumsum([0, *(len(part.words) for part in parts[:-1])])
        ends = [part.ends[1:] + start for part, start in zip(parts, starts, strict=True)]
        words = np.concatenate([part.words for part in parts])
        return cls(words, np.concatenate([np.zeros(1, np.int64), *ends]), parts[0].rarity)

    def taken(self, rows: npt.NDArray[np.int64]) -> "Fingerprints":
        """Return the fingerprints of ``rows``, in their order."""
        places, ends = stretches(self.ends, rows)
        return Fingerprints(self.words[places], ends, self.rarity)

    def others(self, each: Sequence[Hashes]) -> "Fingerprints":
        """Return the fingerprints of other articles, weighed by the same rarity."""
        return Fingerprints(*_flat(each), self.rarity)

    def __len__(self) -> int:
        return len(self.ends) - 1

    def row(self, row: int) -> Hashes:
        """Return one article's words."""
        return np.asarray(self.words[self.ends[row] : self.ends[row + 1]])

    def sizes(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return ``(m,)``: how many different words the articles at ``rows`` have."""
        return np.asarray(self.ends.take(rows + 1) - self.ends.take(rows))


def _flat(each: Sequence[Hashes]) -> tuple[Hashes, npt.NDArray[np.int64]]:
    ends = np.cumsum([0, *map(len, each)], dtype=np.int64)
    return np.concatenate([np.zeros(0, np.uint32), *each]), ends
