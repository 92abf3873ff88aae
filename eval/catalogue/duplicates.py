"""Near-duplicates: articles that share most of their word 5-grams (Broder, 1997: w-shingling and resemblance)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import scipy.sparse as sp

from eval.catalogue.lists import ENDED, Lists
from recommender.articles.directory import Rows
from recommender.ranking.pool import Mask
from recommender.text import normalise

WORDS = 5
NEAR = 0.8
"""Jaccard similarity of two articles' 5-gram sets from which they count as near-duplicates."""
PAIRS = 50_000


@dataclass(frozen=True, slots=True)
class Shingles:
    """The 5-gram sets of n texts: ``sizes`` ``(n,)`` int64, and ``shared`` ``(n, S)`` CSR of ones.

    The columns of ``shared`` are the 5-grams of more than one text: the others are in no intersection.
    """

    sizes: Rows
    shared: sp.csr_matrix


def shingles(texts: Sequence[str]) -> Shingles:
    """Return the sets of distinct word 5-grams of ``texts``.

    Words are those of the normalised text. A text of fewer than five words has one 5-gram, all of it; an empty
    one has none. 5-grams are numbered, not hashed: two different ones never meet.
    """
    numbers = {"": 0}  # what fills up a short text: no word
    words = [[numbers.setdefault(w, len(numbers)) for w in normalise(text).split()] for text in texts]
    words = [w + [0] * (WORDS - len(w)) if w else w for w in words]
    lengths = np.array([len(w) for w in words], dtype=np.int64)
    flat = np.fromiter(chain.from_iterable(words), np.int64, int(lengths.sum()))
    owners = np.repeat(np.arange(len(texts)), lengths)
    starts = np.flatnonzero(owners[: 1 - WORDS] == owners[WORDS - 1 :])
    codes = flat[starts]
    for step in range(1, WORDS):  # number the pairs (n-gram, next word) until n is 5
        codes = np.unique(codes * len(numbers) + flat[starts + step], return_inverse=True)[1]
    shape = (len(texts), int(codes.max(initial=-1)) + 1)
    sets = sp.csr_matrix((np.ones(len(codes), dtype=np.int64), (owners[starts], codes)), shape=shape)
    sets.sum_duplicates()
    sets.data[:] = 1
    common = np.bincount(sets.indices, minlength=shape[1]) > 1
    return Shingles(np.diff(sets.indptr).astype(np.int64), sets[:, np.flatnonzero(common)])


def near_duplicates(sets: Shingles, left: Rows, right: Rows) -> Mask:
    """Return ``(m,)`` bool: whether the texts ``left[i]`` and ``right[i]`` have a Jaccard similarity of NEAR or more.

    Exact: a pair is left out early only where the sizes of the two sets differ too much, as J ≤ min / max.
    A text without a word is like no other.
    """
    small, large = np.sort([sets.sizes[left], sets.sizes[right]], axis=0)
    near: Mask = (small > 0) & (small >= NEAR * (1 - 1e-9) * large)
    candidates = np.flatnonzero(near)
    for chosen in np.array_split(candidates, max(1, len(candidates) // PAIRS)):
        both = np.asarray(sets.shared[left[chosen]].multiply(sets.shared[right[chosen]]).sum(axis=1)).ravel()
        near[chosen] = both / (small[chosen] + large[chosen] - both) >= NEAR
    return near


def repeated(lists: Lists, texts: Sequence[str]) -> Mask:
    """Return ``(n, k)`` bool: the places that hold a near-duplicate of their query or of a place above them."""
    sets = shingles(texts)
    lines = np.column_stack([np.arange(len(lists.rows)), lists.rows])
    found = np.zeros(lists.rows.shape, dtype=bool)
    for place in range(1, lists.k + 1):
        rows = np.flatnonzero(lines[:, place] != ENDED)
        left, right = lines[rows, :place].ravel(), np.repeat(lines[rows, place], place)
        found[rows, place - 1] = near_duplicates(sets, left, right).reshape(-1, place).any(axis=1)
    return found
