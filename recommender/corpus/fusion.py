"""One fused vector per article, so that one inner-product lookup returns hybrid neighbours.

``[ semantic half ; lexical half ]``: the centred mean of the view vectors and the tf-idf row in SVD
space, each scaled by the spread of its own similarities. Unscaled, the half whose similarities spread
wider would drown the other (DECISIONS.md).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.preprocessing import normalize

from recommender.corpus.encoder import Matrix

LEXICAL_WEIGHT = 1.6
"""Weight of the lexical half relative to the semantic one, after scaling by spread."""
SAMPLE = 1_000
"""Articles whose pairwise similarities estimate the spread."""
CENTRE_SHRINK = 10
"""The centre counts n / (n + this): a corpus of a few articles is hardly centred at all."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """How the two halves become one vector: ``centre`` ``(d,)`` float32, and a scale for each half."""

    centre: npt.NDArray[np.float32]
    semantic_scale: float
    lexical_scale: float

    @classmethod
    def fit(cls, semantic: Matrix, lexical: Matrix) -> Self:
        """Fit on ``(n, d)`` and ``(n, k)`` float32 rows no longer than 1, n ≥ 1."""
        n = len(semantic)
        centre = (semantic.mean(axis=0) * n / (n + CENTRE_SHRINK)).astype(np.float32)
        chosen = np.sort(np.random.default_rng(0).permutation(n)[:SAMPLE])
        return cls(
            centre,
            (1.0 / _spread(_centred(semantic[chosen], centre))) ** 0.5,
            (LEXICAL_WEIGHT / _spread(lexical[chosen])) ** 0.5,
        )

    def fuse(self, semantic: Matrix, lexical: Matrix) -> Matrix:
        """Return ``(n, d + k)`` float32 fused vectors; a missing half is zero."""
        halves = (_centred(semantic, self.centre) * self.semantic_scale, lexical * self.lexical_scale)
        return np.ascontiguousarray(np.hstack(halves), dtype=np.float32)


def unit(rows: Matrix) -> Matrix:
    """Return ``rows`` brought to unit length; zero rows stay zero."""
    return np.asarray(normalize(rows), dtype=np.float32)


def _centred(rows: Matrix, centre: npt.NDArray[np.float32]) -> Matrix:
    known = rows.any(axis=1, keepdims=True)
    return unit(np.where(known, rows - centre, np.float32(0)))


def _spread(rows: Matrix) -> float:
    """Standard deviation of the similarities of distinct rows; 1 where there is none to measure."""
    similarities = (rows @ rows.T)[np.triu_indices(len(rows), k=1)]
    spread = float(similarities.std()) if similarities.size else 0.0
    return spread if spread > 1e-6 else 1.0
