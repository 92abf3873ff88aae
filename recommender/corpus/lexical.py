"""The lexical half: tf-idf over the whole article with bigrams, and its truncated SVD.

Kept as plain arrays (terms, idf, components): a fitted model is written to and read from a snapshot
without pickling anything. Fitting is scikit-learn's; what a word is, too, but each text loses the function words of
its own language: English "die" is a word that German must not take away.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from recommender.corpus.encoder import Matrix
from recommender.text.stop_words import function_words, told_languages, words

SVD_DIM = 256
MAX_TERMS = 200_000
COMMON = 0.5
"""A word in this share of the articles or more is a stop word of the corpus, in any language."""
COMMON_FROM = 100
"""Articles a corpus needs before its own stop words are derived."""
MAIN = 0.9
"""Share of the articles in one language from which a text that does not tell its own is taken to be in it."""
MIN_DF_FROM = 20
"""Articles a corpus needs before a term that occurs in one article only is dropped."""
DENSE_SVD = 600
"""Up to this many articles the SVD is computed exactly; above, by seeded randomised iteration."""


class Text(NamedTuple):
    """A text to be weighed, and whose function words it loses (see ``list_languages``); None where not known."""

    text: str
    languages: tuple[str, ...] | None


@dataclass(frozen=True)
class LexicalModel:
    """A fitted tf-idf model and its SVD.

    ``terms`` V terms in column order; ``idf`` ``(V,)`` float32; ``components`` ``(V, k)`` float32, the
    right singular vectors, k ≤ SVD_DIM; ``stop_words`` the corpus's own, dropped before bigrams are formed as function
    words are; ``languages`` of the texts of which none are known.
    """

    terms: tuple[str, ...]
    stop_words: tuple[str, ...]
    idf: npt.NDArray[np.float32]
    components: Matrix
    languages: tuple[str, ...] = ()

    def transform(self, texts: Sequence[Text]) -> sp.csr_matrix:
        """Return ``(len(texts), V)`` float32 CSR, rows of unit length (or empty), columns as ``terms``."""
        if not self.terms:
            return sp.csr_matrix((len(texts), 0), dtype=np.float32)
        return canonical(self._vectorizer.transform(texts))

    def project(self, rows: sp.csr_matrix) -> Matrix:
        """Return ``(n, k)`` float32: tf-idf ``rows`` in SVD space, no longer than 1 each.

        They are not brought back to unit length: the inner products then stay those of tf-idf.
        """
        return np.ascontiguousarray(rows @ self.components, dtype=np.float32)

    def rarity(self, languages: tuple[str, ...] | None) -> Callable[[str], float]:
        """Return how rare a word in lower case is, in a text of these ``languages`` (see ``Text``).

        From 0 (in every article, or a stop word) to 1 (in one or two, or in none), linear in the idf.
        """
        dropped = _Analyzer(self.stop_words, self.languages).stop_words(Text("", languages))
        places = self._vectorizer.vocabulary if self.terms else {}
        most = max(float(self.idf.max(initial=1.0)) - 1, 1e-6)

        def rarity(word: str) -> float:
            if word in dropped:
                return 0.0
            place = places.get(word)
            return 1.0 if place is None else (float(self.idf[place]) - 1) / most

        return rarity

    @cached_property
    def _vectorizer(self) -> TfidfVectorizer:
        analyzer = _Analyzer(self.stop_words, self.languages)
        vectorizer = _vectorizer(analyzer, vocabulary={t: i for i, t in enumerate(self.terms)})
        vectorizer.idf_ = self.idf
        return vectorizer


def fit_lexical(texts: Sequence[Text]) -> tuple[LexicalModel, sp.csr_matrix]:
    """Fit the model on ``texts`` and return it with their tf-idf rows, ``(len(texts), V)`` float32 CSR.

    Weights are ``(1 + ln tf) · idf`` with scikit-learn's smoothed idf, rows L2-normalised (Salton &
    Buckley, 1988); the projection is latent semantic analysis (Deerwester et al., 1990).
    """
    languages = _main_languages(texts)
    stop_words = _common_words(texts, languages)
    analyzer = _Analyzer(stop_words, languages)
    vectorizer = _vectorizer(analyzer, min_df=2 if len(texts) >= MIN_DF_FROM else 1, max_features=MAX_TERMS)
    try:
        rows = canonical(vectorizer.fit_transform(texts))
    except ValueError:  # scikit-learn's way to say that not one term is left
        empty = sp.csr_matrix((len(texts), 0), dtype=np.float32)
        return LexicalModel((), stop_words, np.zeros(0, np.float32), np.zeros((0, 0), np.float32), languages), empty
    terms = tuple(vectorizer.get_feature_names_out().tolist())
    return LexicalModel(terms, stop_words, vectorizer.idf_.astype(np.float32), _components(rows), languages), rows


class _Analyzer:
    """A text's words and pairs of words side by side, without stop words: scikit-learn's own steps, by language."""

    def __init__(self, stop_words: Iterable[str], languages: tuple[str, ...]) -> None:
        self._common = frozenset(stop_words)
        self._languages = languages
        self._dropped: dict[tuple[str, ...], frozenset[str]] = {}

    def __call__(self, text: Text) -> list[str]:
        dropped = self.stop_words(text)
        kept = [word for word in words(text.text) if word not in dropped]
        return kept + [f"{first} {second}" for first, second in pairwise(kept)]

    def different(self, text: Text) -> set[str]:
        """Return the words alone, each once."""
        return set(words(text.text)) - self.stop_words(text)

    def stop_words(self, text: Text) -> frozenset[str]:
        """Return the words that are dropped from ``text``."""
        languages = self._languages if text.languages is None else text.languages
        if languages not in self._dropped:
            self._dropped[languages] = self._common.union(*map(function_words, languages))
        return self._dropped[languages]


def _vectorizer(analyzer: _Analyzer, **options: object) -> TfidfVectorizer:
    return TfidfVectorizer(analyzer=analyzer, sublinear_tf=True, dtype=np.float32, **options)


def _main_languages(texts: Sequence[Text]) -> tuple[str, ...]:
    """Return the languages of nearly all texts, of those whose languages are known.

    Where none are known, the languages that all texts together look like; () where none are those of nearly all.
    """
    known = Counter(text.languages for text in texts if text.languages is not None)
    if not known:
        return told_languages("\n".join(text.text for text in texts)) or ()
    languages, count = known.most_common(1)[0]
    return languages if count >= MAIN * known.total() else ()


def _common_words(texts: Sequence[Text], languages: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words that COMMON of the texts hold, in alphabetical order; () below COMMON_FROM texts.

    A text's own function words are not counted: what is one in most texts may be none in the others.
    """
    if len(texts) < COMMON_FROM:
        return ()
    analyzer, having = _Analyzer((), languages), Counter[str]()
    for text in texts:
        having.update(analyzer.different(text))
    return tuple(sorted(word for word, count in having.items() if count >= COMMON * len(texts)))


def _components(rows: sp.csr_matrix) -> Matrix:
    n, terms = rows.shape
    k = min(SVD_DIM, n, terms)
    if min(n, terms) <= DENSE_SVD:
        right = np.linalg.svd(rows.toarray().astype(np.float64), full_matrices=False)[2][:k]
    else:
        right = TruncatedSVD(k, algorithm="randomized", n_iter=5, random_state=0).fit(rows).components_
    return np.ascontiguousarray(right.T, dtype=np.float32)


def canonical(matrix: sp.spmatrix) -> sp.csr_matrix:
    """Return ``matrix`` as float32 CSR, the columns of each row in order."""
    rows = sp.csr_matrix(matrix, dtype=np.float32)
    rows.sort_indices()
    return rows
