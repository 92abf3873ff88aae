"""The lexical half: tf-idf over the whole article with bigrams, and its truncated SVD.

Kept as plain arrays (terms, idf, components): a fitted model is written to and read from a snapshot
without pickling anything. Fitting and tokenising are scikit-learn's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer, TfidfVectorizer

from recommender.encoder import Matrix

SVD_DIM = 256
MAX_TERMS = 200_000
COMMON = 0.5
"""A word in more than this share of the articles is a stop word of the corpus, in any language."""
COMMON_FROM = 100
"""Articles a corpus needs before its own stop words are derived."""
MIN_DF_FROM = 20
"""Articles a corpus needs before a term that occurs in one article only is dropped."""
DENSE_SVD = 600
"""Up to this many articles the SVD is computed exactly; above, by seeded randomised iteration."""


@dataclass(frozen=True)
class LexicalModel:
    """A fitted tf-idf model and its SVD.

    ``terms`` V terms in column order; ``idf`` ``(V,)`` float32; ``components`` ``(V, k)`` float32, the
    right singular vectors, k ≤ SVD_DIM; ``stop_words`` those dropped before bigrams are formed.
    """

    terms: tuple[str, ...]
    stop_words: tuple[str, ...]
    idf: npt.NDArray[np.float32]
    components: Matrix

    def transform(self, texts: Sequence[str]) -> sp.csr_matrix:
        """Return ``(len(texts), V)`` float32 CSR, rows of unit length (or empty), columns as ``terms``."""
        if not self.terms:
            return sp.csr_matrix((len(texts), 0), dtype=np.float32)
        return _canonical(self._vectorizer.transform(texts))

    def project(self, rows: sp.csr_matrix) -> Matrix:
        """Return ``(n, k)`` float32: tf-idf ``rows`` in SVD space, no longer than 1 each.

        They are not brought back to unit length: the inner products then stay those of tf-idf.
        """
        return np.ascontiguousarray(rows @ self.components, dtype=np.float32)

    @cached_property
    def _vectorizer(self) -> TfidfVectorizer:
        vectorizer = _vectorizer(self.stop_words, vocabulary={t: i for i, t in enumerate(self.terms)})
        vectorizer.idf_ = self.idf
        return vectorizer


def fit_lexical(texts: Sequence[str]) -> tuple[LexicalModel, sp.csr_matrix]:
    """Fit the model on ``texts`` and return it with their tf-idf rows, ``(len(texts), V)`` float32 CSR.

    Weights are ``(1 + ln tf) · idf`` with scikit-learn's smoothed idf, rows L2-normalised (Salton &
    Buckley, 1988); the projection is latent semantic analysis (Deerwester et al., 1990).
    """
    stop_words = tuple(sorted(ENGLISH_STOP_WORDS | _common_words(texts)))
    vectorizer = _vectorizer(stop_words, min_df=2 if len(texts) >= MIN_DF_FROM else 1, max_features=MAX_TERMS)
    try:
        rows = _canonical(vectorizer.fit_transform(texts))
    except ValueError:  # scikit-learn's way to say that not one term is left
        empty = sp.csr_matrix((len(texts), 0), dtype=np.float32)
        return LexicalModel((), stop_words, np.zeros(0, np.float32), np.zeros((0, 0), np.float32)), empty
    terms = tuple(vectorizer.get_feature_names_out().tolist())
    model = LexicalModel(terms, stop_words, vectorizer.idf_.astype(np.float32), _components(rows))
    return model, rows


def _vectorizer(stop_words: Sequence[str], **options: object) -> TfidfVectorizer:
    return TfidfVectorizer(
        sublinear_tf=True, ngram_range=(1, 2), stop_words=list(stop_words), dtype=np.float32, **options
    )


def _common_words(texts: Sequence[str]) -> frozenset[str]:
    if len(texts) < COMMON_FROM:
        return frozenset()
    counter = CountVectorizer(binary=True, min_df=COMMON)
    try:
        counter.fit(texts)
    except ValueError:
        return frozenset()
    return frozenset(counter.get_feature_names_out().tolist())


def _components(rows: sp.csr_matrix) -> Matrix:
    n, terms = rows.shape
    k = min(SVD_DIM, n, terms)
    if min(n, terms) <= DENSE_SVD:
        right = np.linalg.svd(rows.toarray().astype(np.float64), full_matrices=False)[2][:k]
    else:
        right = TruncatedSVD(k, algorithm="randomized", n_iter=5, random_state=0).fit(rows).components_
    return np.ascontiguousarray(right.T, dtype=np.float32)


def _canonical(matrix: sp.spmatrix) -> sp.csr_matrix:
    rows = sp.csr_matrix(matrix, dtype=np.float32)
    rows.sort_indices()
    return rows
