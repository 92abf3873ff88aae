"""The models that weigh the terms of articles (words, names, tags), and how they are fitted to a corpus."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from recommender.articles import Article
from recommender.corpus.lexical import LexicalModel, Text, canonical, fit_lexical
from recommender.corpus.terms import TermRows
from recommender.corpus.views import whole_text
from recommender.text.names import names
from recommender.text.stop_words import list_languages

NAMES_MIN_DF_FROM = 20
"""Articles a corpus needs before a name that occurs in one article only is dropped."""


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
        return cls(terms, vectorizer.idf_.astype(np.float32)), canonical(rows)

    def transform(self, bags: Sequence[Sequence[str]]) -> sp.csr_matrix:
        """Return ``(len(bags), V)`` float32 CSR of ``(1 + ln tf) · idf``, rows of unit length or empty."""
        if not self.terms:
            return sp.csr_matrix((len(bags), 0), dtype=np.float32)
        return canonical(self._vectorizer.transform(bags))

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

    @property
    def first_name(self) -> int:
        """The column of TermRows.short at which the names begin, after the words."""
        return len(self.words.terms)

    @property
    def first_tag(self) -> int:
        """The column of TermRows.short at which the tags begin, after the names."""
        return self.first_name + len(self.names.terms)

    def without_tags(self, rows: TermRows, tags: Collection[str]) -> TermRows:
        """Return ``rows`` without the ``tags``, which are case-folded: no two articles share these any more."""
        columns = [self.first_tag + i for i, tag in enumerate(self.tags.terms) if tag in tags] if tags else []
        if not columns:
            return rows
        short = rows.short.copy()
        short.data[np.isin(short.indices, columns)] = 0
        short.eliminate_zeros()
        return TermRows(rows.whole, short)

    def rows(self, articles: Sequence[Article]) -> TermRows:
        """Return the terms of ``articles``, which need not be those it was fitted on."""
        texts = [_Texts.from_article(article) for article in articles]
        return TermRows.from_matrices(
            self.words.transform([each.whole for each in texts]),
            brief=self.words.transform([each.brief for each in texts]),
            title=_title_shares(self.words, [each.title for each in texts]),
            names=self.names.transform([names(each.whole.text) for each in texts]),
            tags=self.tags.transform([_tags(article) for article in articles]),
        )


class LexiconFit:
    """Collects articles one by one, keeping of each only what fitting needs."""

    def __init__(self) -> None:
        self._texts: list[_Texts] = []
        self._names: list[list[str]] = []
        self._tags: list[list[str]] = []

    def add(self, article: Article) -> None:
        """Take one more article, in the order of the rows."""
        texts = _Texts.from_article(article)
        self._texts.append(texts)
        self._names.append(names(texts.whole.text))
        self._tags.append(_tags(article))

    def fit(self) -> tuple[Lexicon, TermRows]:
        """Fit on what was added and return the models with its rows."""
        words, whole = fit_lexical([each.whole for each in self._texts])
        min_df = 2 if len(self._texts) >= NAMES_MIN_DF_FROM else 1
        name_model, name_rows = BagModel.fit(self._names, min_df)
        tag_model, tag_rows = BagModel.fit(self._tags, 1)
        brief = words.transform([each.brief for each in self._texts])
        title = _title_shares(words, [each.title for each in self._texts])
        rows = TermRows.from_matrices(whole, brief=brief, title=title, names=name_rows, tags=tag_rows)
        return Lexicon(words, name_model, tag_model), rows


class _Texts(NamedTuple):
    """The texts of one article, the short ones in the language of the whole: few words do not tell theirs."""

    whole: Text
    brief: Text
    title: Text

    @classmethod
    def from_article(cls, article: Article) -> Self:
        """Return the texts of ``article``; the first teaser stands in for a title that is missing."""
        whole = whole_text(article)
        languages = list_languages(article.language, whole)
        brief = "\n".join((article.title, *article.teasers))
        title = article.title or next(iter(article.teasers), "")
        return cls(Text(whole, languages), Text(brief, languages), Text(title, languages))


def _tags(article: Article) -> list[str]:
    return [tag.casefold() for tag in article.tags]


def _title_shares(words: LexicalModel, titles: Sequence[Text]) -> sp.csr_matrix:
    rows = words.transform(titles)
    rows.data = words.idf[rows.indices]
    return sp.csr_matrix(normalize(rows, norm="l1"), dtype=np.float32) if words.terms else rows


def _bag_vectorizer(**options: object) -> TfidfVectorizer:
    return TfidfVectorizer(analyzer=_itself, sublinear_tf=True, dtype=np.float32, **options)


def _itself(terms: Sequence[str]) -> Sequence[str]:
    return terms
