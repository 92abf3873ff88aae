"""Which articles are one story: those that share an identity key (see Card.identity_keys)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Rows = npt.NDArray[np.int64]
"""Articles by their row numbers in a corpus."""


@dataclass(frozen=True, slots=True)
class StoryGroups:
    """The rows of each story: ``rows[ends[i]:ends[i + 1]]`` of the i-th."""

    rows: Rows
    ends: Rows

    @classmethod
    def from_ids(cls, story_ids: Rows) -> Self:
        """Group the n articles whose story ids are given, from 0."""
        return cls(np.argsort(story_ids, kind="stable"), np.concatenate([[0], np.bincount(story_ids).cumsum()]))

    def members(self, story_id: int) -> Rows:
        """Return the rows of one story, rising."""
        return self.rows[self.ends[story_id] : self.ends[story_id + 1]]


def story_ids_of(identity_keys: Sequence[Sequence[str]]) -> Rows:
    """Return ``(n,)`` int64: equal for articles that share a key, directly or by way of others."""
    first: dict[str, int] = {}
    pairs = [(first.setdefault(key, row), row) for row, keys in enumerate(identity_keys) for key in keys]
    left, right = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    graph = sp.coo_matrix((np.ones(len(left)), (left, right)), shape=(len(identity_keys), len(identity_keys)))
    return np.asarray(sp.csgraph.connected_components(graph, directed=False)[1], dtype=np.int64)
