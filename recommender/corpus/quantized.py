"""The vectors of many articles, quantized: one byte a number, a scale a vector, all of one article side by side.

100,000 articles have three views and some five passages each; as float32 they would outweigh everything else.
One byte keeps a cosine to about 0.005, which is finer than it means anything. What ranks 200 candidates reads a
few hundred kilobytes, one stretch of memory an article.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from recommender.corpus.encoder import Matrix

Column = npt.NDArray[np.float32]

VIEWS = ("title", "teaser", "body")
"""The first vectors of every article: of its title, the mean of its teasers, the mean of its passages."""
LEVELS = 127
BLOCK = 256
"""So many vectors as float32 stay in a core's cache between being dequantized and being compared."""


class Similarities(NamedTuple):
    """Inner products of the vectors of m candidates with those of a query, ``(m,)`` each; NaN where either has none.

    ``title``, ``teaser`` and ``body``: that view of the candidate with the query's body; ``title_passage`` and
    ``passage_passage``: the greatest of the candidate's title, and of any of its passages, with any of the query's.
    """

    title: Column
    teaser: Column
    body: Column
    title_passage: Column
    passage_passage: Column


def stretches(
    ends: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the places ``ends[i]`` to ``ends[i + 1]`` of each i of ``rows``, and the ``(m + 1,)`` ends of these."""
    starts = ends.take(rows)
    counts = ends.take(rows + 1) - starts
    found = np.zeros(len(rows) + 1, dtype=np.int64)
    counts.cumsum(out=found[1:])
    return np.repeat(starts - found[:-1], counts) + np.arange(found[-1]), found


@dataclass(frozen=True, slots=True)
class QuantizedVectors:
    """The vectors of n articles: ``codes`` ``(p, d)`` int8 times ``scales`` ``(p,)`` float32.

    Those of article i are rows ``ends[i]`` to ``ends[i+1]``, ``ends`` ``(n+1,)`` int64: one for each of VIEWS (its
    scale 0 where the article has no such view), then its passages.
    """

    codes: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]
    ends: npt.NDArray[np.int64]

    @classmethod
    def from_vectors(cls, views: Matrix, passages: Sequence[Matrix]) -> Self:
        """Quantize ``(n, 3, d)`` float32 views, zero where missing, and a ``(k, d)`` matrix of passages per article."""
        groups = [group for pair in zip(views, passages, strict=True) for group in pair]
        vectors = np.concatenate([np.zeros((0, views.shape[-1]), np.float32), *groups])
        ends = np.concatenate([[0], np.cumsum([len(VIEWS) + len(group) for group in passages])]).astype(np.int64)
        peak = np.abs(vectors).max(axis=1, initial=0.0)
        codes = np.rint(vectors * (LEVELS / np.where(peak > 0, peak, 1.0))[:, None]).astype(np.int8)
        return cls(codes, (peak / LEVELS).astype(np.float32), ends)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Join the vectors in ``parts``, at least one, in their order."""
        shifts = np.cumsum([0, *(len(part.codes) for part in parts[:-1])])
        ends = [np.zeros(1, np.int64), *(part.ends[1:] + shift for part, shift in zip(parts, shifts, strict=True))]
        return cls(
            np.concatenate([part.codes for part in parts]),
            np.concatenate([part.scales for part in parts]),
            np.concatenate(ends),
        )

    def taken(self, rows: npt.NDArray[np.int64]) -> "QuantizedVectors":
        """Return the vectors of ``rows``, in their order."""
        places, ends = stretches(self.ends, rows)
        return QuantizedVectors(self.codes[places], self.scales[places], ends)

    def __len__(self) -> int:
        return len(self.ends) - 1

    def dequantized(self, row: int) -> tuple[Matrix, Matrix]:
        """Return one article's vectors as float32: its ``(3, d)`` views and its ``(k, d)`` passages."""
        span = slice(int(self.ends[row]), int(self.ends[row + 1]))
        vectors = self.codes[span].astype(np.float32) * self.scales[span, None]
        return vectors[: len(VIEWS)], vectors[len(VIEWS) :]

    def similarities(self, rows: npt.NDArray[np.int64], body: Column, passages: Matrix) -> Similarities:
        """Compare ``rows``, m of the articles, with a query by its ``body`` ``(d,)`` and ``passages`` ``(k, d)``."""
        places, ends = stretches(self.ends, rows)
        firsts = ends[:-1]
        scales = self.scales.take(places)
        to_body, best = self._products(places, body, passages)
        best *= scales
        views = firsts + np.arange(len(VIEWS))[:, None]
        held = scales.take(views)
        held[held == 0] = np.nan
        title, teaser, mean = to_body.take(views) * held if body.any() else np.full_like(held, np.nan)
        if not len(passages) or not len(rows):
            unknown = np.full(len(rows), np.nan, dtype=np.float32)
            return Similarities(title, teaser, mean, unknown, unknown)
        titles = best.take(firsts) + 0 * held[0]  # NaN where there is no title
        best[views] = -np.inf
        parts = np.maximum.reduceat(best, firsts)
        parts[np.isinf(parts)] = np.nan
        return Similarities(title, teaser, mean, titles, parts)

    def _products(self, places: npt.NDArray[np.int64], body: Column, passages: Matrix) -> tuple[Column, Column]:
        """Inner products of the codes at the p ``places`` with ``body``, and the greatest with any of ``passages``."""
        columns = np.ascontiguousarray(passages.T)  # twice as fast as the view of it
        to_body = np.empty(len(places), dtype=np.float32)
        to_passages = np.empty((len(places), len(passages)), dtype=np.float32)
        for at in range(0, len(places), BLOCK):
            block = slice(at, at + BLOCK)
            vectors = self.codes.take(places[block], axis=0).astype(np.float32)
            np.matmul(vectors, body, out=to_body[block])
            np.matmul(vectors, columns, out=to_passages[block])
        # The greatest: far faster down the columns of a copy than along the short axis.
        return to_body, np.ascontiguousarray(to_passages.T).max(axis=0, initial=-1e9)
