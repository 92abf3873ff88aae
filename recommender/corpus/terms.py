"""Articles as bags of terms weighted by rarity: whole texts, short texts, names and tags.

One class for n articles and for one: the rows of a corpus, and those of a query.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse import _sparsetools
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from recommender.articles import Article
from recommender.corpus.encoder import Matrix
from recommender.corpus.lexical import LexicalModel, Text, fit_lexical
from recommender.corpus.quantized import Column
from recommender.corpus.views import whole_text
from recommender.text.names import names
from recommender.text.stop_words import list_languages

SHORT = ("brief", "title", "names", "tags")
"""The short texts of an article, in the order of their rows."""
NAMES_MIN_DF_FROM = 20
"""Articles a corpus needs before a name that occurs in one article only is dropped."""


@dataclass(frozen=True, slots=True)
class TermRows:
    """The terms of n articles as float32 CSR matrices; a row is empty where an article has no such terms.

    ``whole`` ``(n, V)``: tf-idf of everything there is to read, unit rows. ``short`` ``(4 n, V + names + tags)``:
    four rows an article, side by side in memory because they are read together: those of SHORT.
    """

    whole: sp.csr_matrix
    short: sp.csr_matrix

    @classmethod
    def from_matrices(cls, whole: sp.csr_matrix, **short: sp.csr_matrix) -> Self:
        """Return the rows of ``whole`` and of SHORT: ``brief``, ``title``, ``names``, ``tags``, each ``(n, …)``.

        ``brief`` is tf-idf of title and teasers, ``title`` each title term's share of the title's idf (rows sum to
        1), both over the columns of ``whole``; ``names`` and ``tags`` are tf-idf over columns of their own.
        """
        n, words = whole.shape
        width = words + short["names"].shape[1] + short["tags"].shape[1]
        starts = {"names": words, "tags": words + short["names"].shape[1]}
        parts = [
            sp.csr_matrix((m.data, m.indices + starts.get(name, 0), m.indptr), (n, width))
            for name, m in ((name, short[name]) for name in SHORT)
        ]
        stacked = sp.csr_matrix(sp.vstack(parts), dtype=np.float32)
        return cls(whole, stacked[np.arange(len(SHORT) * n).reshape(len(SHORT), n).T.ravel()])

    @classmethod
    def joined(cls, parts: "Sequence[TermRows]") -> Self:
        """Join the rows of some articles and of others, of the same columns, in their order."""
        whole, short = ([getattr(part, name) for part in parts] for name in ("whole", "short"))
        return cls(sp.csr_matrix(sp.vstack(whole)), sp.csr_matrix(sp.vstack(short)))

    def taken(self, rows: npt.NDArray[np.int64]) -> "TermRows":
        """Return the terms of ``rows``, in their order."""
        short = (len(SHORT) * rows[:, None] + np.arange(len(SHORT))).ravel()
        return TermRows(self.whole[rows], self.short[short])

    def rows(self, rows: npt.NDArray[np.int64]) -> "TermRows":
        """Return the terms of ``rows``, in their order; of the whole texts only."""
        return TermRows(self.whole[rows], self.short[:0])

    def without_tags(self, lexicon: "Lexicon", tags: Collection[str]) -> "TermRows":
        """Return the same without the ``tags``, which are case-folded: nothing shares them any more."""
        start = len(lexicon.words.terms) + len(lexicon.names.terms)
        columns = [start + i for i, tag in enumerate(lexicon.tags.terms) if tag in tags] if tags else []
        if not columns:
            return self
        short = self.short.copy()
        short.data[np.isin(short.indices, columns)] = 0
        short.eliminate_zeros()
        return TermRows(self.whole, short)

    def row(self, row: int) -> "TermRows":
        """Return one article's terms."""
        return TermRows(self.whole[row], self.short[len(SHORT) * row : len(SHORT) * (row + 1)])

    def dense(self) -> Column:
        """Return ``(V + names + tags,)``, of one article: what stands in its whole text, its names and its tags."""
        dense = np.zeros(self.short.shape[1], dtype=np.float32)
        dense[self.whole.indices] = self.whole.data
        own = slice(self.short.indptr[SHORT.index("names")], None)
        dense[self.short.indices[own]] = self.short.data[own]
        return dense

    def cosines(self, rows: npt.NDArray[np.int64], dense: Column) -> Column:
        """Return ``(m,)``: inner products of the ``whole`` texts of ``rows``, m of the articles, with ``dense``.

        ``whole[rows] @ dense`` by SciPy's own two loops, without the checks around them: those cost as much again.
        """
        indptr, indices, data = self.whole.indptr, self.whole.indices, self.whole.data
        lines = rows.astype(indices.dtype)
        ends = np.zeros(len(rows) + 1, dtype=indices.dtype)
        np.cumsum(indptr.take(rows + 1) - indptr.take(rows), out=ends[1:])
        columns, weights = np.empty(ends[-1], dtype=indices.dtype), np.empty(ends[-1], dtype=np.float32)
        found = np.zeros(len(rows), dtype=np.float32)
        _sparsetools.csr_row_index(len(rows), lines, indptr, indices, data, columns, weights)
        _sparsetools.csr_matvec(len(rows), self.whole.shape[1], ends, columns, weights, dense, found)
        return found

    def has(self, name: str) -> bool:
        """Say whether one article has any term of this one of SHORT."""
        at = SHORT.index(name)
        return bool(self.short.indptr[at] < self.short.indptr[at + 1])

    def columns(self, name: str) -> npt.NDArray[np.int64]:
        """Return the columns, among those of ``short``, of one article's terms of this one of SHORT."""
        at = SHORT.index(name)
        held = slice(self.short.indptr[at], self.short.indptr[at + 1])
        return np.asarray(self.short.indices[held][self.short.data[held] != 0], dtype=np.int64)

    def shared(self, rows: npt.NDArray[np.int64], dense: Column) -> Matrix:
        """Return ``(4, m)``: inner products of the SHORT terms of ``rows``, m of the articles, with ``dense``.

        A title's is the share of it that ``dense`` holds at all. NaN where an article has no such terms.
        """
        lines = (len(SHORT) * rows[:, None] + np.arange(len(SHORT))).ravel()
        starts = self.short.indptr.take(lines)
        counts = self.short.indptr.take(lines + 1) - starts
        ends = counts.cumsum()
        places = np.repeat(starts - ends + counts, counts) + np.arange(ends[-1] if len(ends) else 0)
        held = dense.take(self.short.indices.take(places))
        met = np.flatnonzero(held != 0)  # few of them: only their weights are looked up
        where = ends.searchsorted(met, side="right")
        weights = held.take(met)
        weights[where % len(SHORT) == SHORT.index("title")] = 1.0
        found = np.bincount(where, weights * self.short.data.take(places.take(met)), minlength=len(lines)).astype(
            np.float32
        )
        found[counts == 0] = np.nan
        return found.reshape(-1, len(SHORT)).T


class Containment:
    """How much of one text stands in another, roughly and fast: the share of the smaller's terms that both have.

    Words that stand in one article only are no terms, and all terms count alike; recommender.ranking.versions compares
    what passes word by word.
    """

    def __init__(self, texts: TermRows) -> None:
        self._texts = texts.whole
        self._counts = np.diff(texts.whole.indptr)
        self._ones = np.ones(len(texts.whole.indices), dtype=np.float32)
        self._held = np.zeros(texts.whole.shape[1], dtype=np.float32)

    def shares_of(self, other: TermRows) -> Column:
        """Return ``(m,)``: of another text, one row, with each of the texts; 0 where one has no terms."""
        return self._shares(other.whole.indices)

    def shares_of_text(self, place: int) -> Column:
        """Return ``(m,)``: of the text at ``place`` with each of the texts, itself among them."""
        return self._shares(self._texts.indices[self._texts.indptr[place] : self._texts.indptr[place + 1]])

    def _shares(self, mine: npt.NDArray[np.int32]) -> Column:
        texts = self._texts
        both = np.zeros(texts.shape[0], dtype=np.float32)
        self._held[mine] = 1
        _sparsetools.csr_matvec(*texts.shape, texts.indptr, texts.indices, self._ones, self._held, both)
        self._held[mine] = 0
        return np.asarray(both / np.maximum(np.minimum(len(mine), self._counts), 1), dtype=np.float32)


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
        """A stub without a title is called by its teaser."""
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


def _canonical(matrix: sp.spmatrix) -> sp.csr_matrix:
    rows = sp.csr_matrix(matrix, dtype=np.float32)
    rows.sort_indices()
    return rows
