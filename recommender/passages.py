"""The passages' vectors of many articles, packed: one byte a number, a scale a passage.

100,000 articles have half a million passages; as float32 they would outweigh everything else. One byte
keeps a cosine to about 0.005, which is finer than it means anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from recommender.encoder import Matrix

LEVELS = 127
BLOCK = 256
"""So many passages as float32 stay in a core's cache between being unpacked and being compared."""


@dataclass(frozen=True, slots=True)
class Passages:
    """The passages of n articles: ``codes`` ``(p, d)`` int8 times ``scales`` ``(p,)`` float32.

    Those of article i are rows ``ends[i]`` to ``ends[i+1]``, ``ends`` ``(n+1,)`` int64.
    """

    codes: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]
    ends: npt.NDArray[np.int64]

    @classmethod
    def pack(cls, groups: Sequence[Matrix], dim: int) -> Self:
        """Pack one ``(k, dim)`` float32 matrix an article; k may be 0."""
        vectors = np.concatenate([np.zeros((0, dim), np.float32), *groups])
        ends = np.concatenate([[0], np.cumsum([len(group) for group in groups])]).astype(np.int64)
        peak = np.abs(vectors).max(axis=1, initial=0.0)
        scales = (np.where(peak > 0, peak, 1.0) / LEVELS).astype(np.float32)
        return cls(np.rint(vectors / scales[:, None]).astype(np.int8), scales, ends)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Join what was packed in parts, at least one, in their order."""
        shifts = np.cumsum([0, *(len(part.codes) for part in parts[:-1])])
        ends = [np.zeros(1, np.int64), *(part.ends[1:] + shift for part, shift in zip(parts, shifts, strict=True))]
        return cls(
            np.concatenate([part.codes for part in parts]),
            np.concatenate([part.scales for part in parts]),
            np.concatenate(ends),
        )

    def __len__(self) -> int:
        return len(self.ends) - 1

    def of(self, row: int) -> Matrix:
        """Return the ``(k, d)`` float32 vectors of one article's passages."""
        span = slice(int(self.ends[row]), int(self.ends[row + 1]))
        return self.codes[span].astype(np.float32) * self.scales[span, None]

    def best(self, rows: npt.NDArray[np.int64], against: Matrix) -> npt.NDArray[np.float32]:
        """Return ``(m,)``: for each of ``rows`` its passages' greatest inner product with any row of ``against``.

        NaN for an article without passages, and for all of them if ``against`` ``(q, d)`` is empty.
        """
        found = np.full(len(rows), np.nan, dtype=np.float32)
        starts = self.ends.take(rows)
        counts = self.ends.take(rows + 1) - starts
        if not len(against) or not counts.any():
            return found
        firsts = np.cumsum(counts) - counts
        places = np.repeat(starts - firsts, counts) + np.arange(counts.sum())
        codes = self.codes.take(places, axis=0)
        blocks = (codes[at : at + BLOCK].astype(np.float32) @ against.T for at in range(0, len(codes), BLOCK))
        products = np.concatenate([block.max(axis=1) for block in blocks]) * self.scales.take(places)
        found[counts > 0] = np.maximum.reduceat(products, firsts[counts > 0])
        return found
