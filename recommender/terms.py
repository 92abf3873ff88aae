"""Articles as bags of terms weighted by rarity: whole texts, short texts, names and tags.

One class for n articles and for one: the rows of a corpus, and those of a query.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from recommender.article import Article
from recommender.lexical import LexicalModel, fit_lexical
from recommender.names import names
from recommender.views import whole_text

NAMES_MIN_DF_FROM = 20
"""Articles a corpus needs before a name that occurs in one article only is dropped."""


@dataclass(frozen=True, slots=True)
class TermRows:
    """Articles as ``(n, …)`` float32 CSR matrices, a row an article, an empty row where it has no such term.

    ``whole`` tf-idf of everything there is to read, unit rows; ``brief`` the same of title and teasers;
    ``title`` each title term's share of the title's idf, rows sum to 1; ``names`` and ``tags`` tf-idf, unit rows.
    """

    whole: sp.csr_matrix
    brief: sp.csr_matrix
    title: sp.csr_matrix
    names: sp.csr_matrix
    tags: sp.csr_matrix

    def row(self, row: int) -> "TermRows":
        """Return one article's terms."""
        return TermRows(self.whole[row], self.brief[row], self.title[row], self.names[row], self.tags[row])


@dataclass(frozen=True)
class BagModel:
    """A fitted weighting of given terms (names, tags): ``terms`` V in column order, ``idf`` ``(V,)`` float32."""

    terms: tuple[str, ...]
    idf: npt.NDArray[np.float32]

    @classmethod
    def fit(cls, bags: Sequence[Sequence[str]], min_df: int) -> tuple[Self, sp.csr_matrix]:
        """Fit on ``bags`` and return the model with their rows (see ``transform``)."""
        vectorizer = _bag_vectorizer(min_df=min_df)
        try:
            rows = vectorizer.fit_transform(bags)
        except ValueError:  # scikit-learn's way to say that not one term is left
            return cls((), np.zeros(0, np.float32)), sp.csr_matrix((len(bags), 0), dtype=np.float32)
        terms = tuple(vectorizer.get_feature_names_out().tolist())
        return cls(terms, vectorizer.idf_.astype(np.float32)), _canonical(rows)

    def transform(self, bags: Sequence[Sequence[str]]) -> sp.csr_matrix:
        """Return ``(len(bags), V)`` float32 CSR of ``(1 + ln tf) · idf``, rows of unit length or empty."""
        if not self.terms:
            return sp.csr_matrix((len(bags), 0), dtype=np.float32)
        return _canonical(self._vectorizer.transform(bags))

    @cached_property
    def _vectorizer(self) -> TfidfVectorizer:
        vectorizer = _bag_vectorizer(vocabulary={term: i for i, term in enumerate(self.terms)})
        vectorizer.idf_ = self.idf
        return vectorizer


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The fitted models behind TermRows: of words, of names, of tags."""

    words: LexicalModel
    names: BagModel
    tags: BagModel

    def rows(self, articles: Sequence[Article]) -> TermRows:
        """Return the terms of ``articles``, which need not be those it was fitted on."""
        texts = [whole_text(article) for article in articles]
        return TermRows(
            self.words.transform(texts),
            self.words.transform([_brief(article) for article in articles]),
            _title_shares(self.words, [_title(article) for article in articles]),
            self.names.transform([names(text) for text in texts]),
            self.tags.transform([_tags(article) for article in articles]),
        )


class LexiconFit:
    """Collects articles one by one, keeping of each only what fitting needs."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._briefs: list[str] = []
        self._titles: list[str] = []
        self._names: list[list[str]] = []
        self._tags: list[list[str]] = []

    def add(self, article: Article) -> None:
        """Take one more article, in the order of the rows."""
        text = whole_text(article)
        self._texts.append(text)
        self._briefs.append(_brief(article))
        self._titles.append(_title(article))
        self._names.append(names(text))
        self._tags.append(_tags(article))

    def fit(self) -> tuple[Lexicon, TermRows]:
        """Fit on what was added and return the models with its rows."""
        words, whole = fit_lexical(self._texts)
        min_df = 2 if len(self._texts) >= NAMES_MIN_DF_FROM else 1
        name_model, name_rows = BagModel.fit(self._names, min_df)
        tag_model, tag_rows = BagModel.fit(self._tags, 1)
        rows = TermRows(whole, words.transform(self._briefs), _title_shares(words, self._titles), name_rows, tag_rows)
        return Lexicon(words, name_model, tag_model), rows


def _brief(article: Article) -> str:
    return "\n".join((article.title, *article.teasers))


def _title(article: Article) -> str:
    """The title; a stub without one is called by its teaser."""
    return article.title or next(iter(article.teasers), "")


def _tags(article: Article) -> list[str]:
    return [tag.casefold() for tag in article.tags]


def _title_shares(words: LexicalModel, titles: Sequence[str]) -> sp.csr_matrix:
    rows = words.transform(titles)
    rows.data = words.idf[rows.indices]
    return sp.csr_matrix(normalize(rows, norm="l1"), dtype=np.float32) if words.terms else rows


def _bag_vectorizer(**options: object) -> TfidfVectorizer:
    return TfidfVectorizer(analyzer=_itself, sublinear_tf=True, dtype=np.float32, **options)


def _itself(terms: Sequence[str]) -> Sequence[str]:
    return terms


def _canonical(matrix: sp.spmatrix) -> sp.csr_matrix:
    rows = sp.csr_matrix(matrix, dtype=np.float32)
    rows.sort_indices()
    return rows
