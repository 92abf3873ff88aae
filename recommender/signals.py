"""Signals: numbers about a pair (query article, candidate). What is not known is NaN, never zero.

To add one: write its function, give it a line in SIGNALS, and fit the weights anew (``make weights``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.special import expit

from recommender.corpus import VIEWS, Corpus, Query, Rows
from recommender.encoder import Matrix
from recommender.picks import Picks

Column = npt.NDArray[np.float32]

TITLE, TEASER, BODY = (VIEWS.index(view) for view in ("title", "teaser", "body"))
YEAR = 365.25
VOTE = 5.0
"""How much one vote of the nearest article counts before the logarithm."""
QUERY_WEIGHT = 2.0
"""What listing the query itself counts, where listing its nearest neighbour counts 1."""
SPREAD = 1e-6
"""Numbers whose standard deviation in the pool is no more than this do not vary."""


@dataclass(frozen=True)
class Pool:
    """The candidates of one query, ``rows`` ``(m,)``, and what may be known of other articles' curated lists."""

    query: Query
    corpus: Corpus
    rows: Rows
    picks: Picks

    @cached_property
    def fused(self) -> Column:
        """``(m,)``: inner products of the fused vectors."""
        return np.asarray(self.corpus.fused.take(self.rows, axis=0) @ self.query.fused)

    @cached_property
    def days_apart(self) -> npt.NDArray[np.float64]:
        """``(m,)``: days between each candidate and the query, NaN where either has no date."""
        return np.abs(self.corpus.days.take(self.rows) - self.query.day)

    @cached_property
    def nearness(self) -> Column:
        """``(m,)``: what each candidate's vote counts: 1 for the nearest, e⁻¹ a standard deviation behind it."""
        return nearness(self.fused)

    @cached_property
    def words(self) -> Column:
        """``(V,)``: the query's whole text in tf-idf."""
        return _dense(self.query.terms.whole)

    @cached_property
    def siblings(self) -> Rows:
        """The rows of the query and its copies, whose own lists are never evidence."""
        copies = self.corpus.copies
        own = self.corpus.same_as(self.query.card) if self.query.row is None else {self.query.row}
        stories = {int(copies[row]) for row in own}  # one, as a rule, which == finds far faster than np.isin
        return np.concatenate([np.zeros(0, np.int64), *(np.flatnonzero(copies == story) for story in sorted(stories))])

    @cached_property
    def has_lists(self) -> bool:
        """Whether any curated list is known but those of the query and its copies."""
        ends = self.picks.lists.indptr
        return int(ends[-1]) > int((ends[self.siblings + 1] - ends[self.siblings]).sum())


def signals(pool: Pool) -> Matrix:
    """Return ``(m, s)`` float32: one row a candidate in the order of ``pool.rows``, one column a signal."""
    return np.array([signal.of(pool) for signal in SIGNALS.values()], dtype=np.float32).T


def nearness(similarities: Column) -> Column:
    """Return ``(m,)`` float32 weights in (0, 1] of neighbours by their similarity, relative to the nearest."""
    standing = _standing(similarities)
    return np.asarray(np.exp(standing - standing.max(initial=-np.inf)), dtype=np.float32)


def tfidf(pool: Pool) -> Column:
    """Cosine of the whole articles in tf-idf with bigrams, 0..1: shared rare words."""
    return np.asarray(pool.corpus.terms.whole[pool.rows] @ pool.words, dtype=np.float32)


def fused(pool: Pool) -> Column:
    """Inner product of the fused vectors, the candidates' own order: the broad topic."""
    return pool.fused


def body_body(pool: Pool) -> Column:
    """Cosine of the mean passages, -1..1: the same subject over the whole story."""
    return _cosine(pool, BODY, BODY)


def body_teaser(pool: Pool) -> Column:
    """Cosine of the query's mean passage and the candidate's mean teaser, -1..1: the query tells of it."""
    return _cosine(pool, BODY, TEASER)


def passage_passage(pool: Pool) -> Column:
    """Greatest cosine of any two passages, -1..1: one part of the query is about what one part of it is."""
    return pool.corpus.passages.best(pool.rows, pool.query.passages)


def passage_title(pool: Pool) -> Column:
    """Greatest cosine of the candidate's title with any of the query's passages, -1..1."""
    if not len(pool.query.passages):
        return _unknown(pool)
    titles = _view(pool, TITLE)
    return _unless_missing((titles @ pool.query.passages.T).max(axis=1), titles)


def brief_in_text(pool: Pool) -> Column:
    """Cosine of the candidate's title and teasers with the query's whole text in tf-idf, 0..1."""
    return _dot(pool.corpus.terms.brief, pool.rows, pool.words)


def title_in_text(pool: Pool) -> Column:
    """Share of the candidate's title, words weighted by rarity, that occurs in the query's text, 0..1."""
    return _dot(pool.corpus.terms.title, pool.rows, pool.words > 0, empty=np.nan)


def names(pool: Pool) -> Column:
    """Cosine of the names (people, places, organisations) weighted by rarity, 0..1; unknown where one has none."""
    return _both(pool.corpus.terms.names, pool, pool.query.terms.names)


def tags(pool: Pool) -> Column:
    """Cosine of the tags weighted by rarity, 0..1; unknown where one has none."""
    return _both(pool.corpus.terms.tags, pool, pool.query.terms.tags)


def section(pool: Pool) -> Column:
    """1 in the same section, 0 in another; unknown where one has none."""
    sections, mine = pool.corpus.sections[pool.rows], pool.corpus.section_of(pool.query.card)
    if mine < 0:
        return _unknown(pool)
    return np.where(sections < 0, np.float32(np.nan), (sections == mine).astype(np.float32))


def closeness(pool: Pool) -> Column:
    """Closeness in time, ``-ln(1 + days apart)``: 0 on the same day; unknown without both dates."""
    return -np.log1p(pool.days_apart).astype(np.float32)


def same_year(pool: Pool) -> Column:
    """Closeness in time at the scale of a year, ``exp(-days apart / 365.25)``, 0..1; unknown without both dates."""
    return np.exp(-pool.days_apart / YEAR).astype(np.float32)


def picked_near(pool: Pool) -> Column:
    """``ln(1 + 5 · votes)``: the query's neighbours whose editors listed the candidate, each by its nearness.

    Unknown, as the next two, where no curated list is known but the query's own.
    """
    if not pool.has_lists:
        return _unknown(pool)
    return np.asarray(np.log1p(VOTE * pool.picks.named_by(pool.rows, pool.nearness)))


def picks_near(pool: Pool) -> Column:
    """``ln(1 + 5 · votes)``: what the candidate's own list holds of the query (counting 2) and its neighbours."""
    if not pool.has_lists:
        return _unknown(pool)
    own = pool.siblings if pool.query.row is None else np.array([pool.query.row])
    listed = np.concatenate([pool.rows, own])
    weights = np.concatenate([pool.nearness, np.full(len(own), QUERY_WEIGHT, dtype=np.float32)])
    return np.asarray(np.log1p(VOTE * pool.picks.names(pool.rows, listed, weights)))


def picked_often(pool: Pool) -> Column:
    """``ln(1 + lists)`` times relevance: in how many curated lists the candidate stands, the query's own not counted.

    Relevance is the logistic of ``2 z - 1``, z the standardised inner product of the fused vectors: what editors like
    to pick is no reason to show it where it does not belong.
    """
    if not pool.has_lists:
        return _unknown(pool)
    relevance = expit(2.0 * _standing(pool.fused) - 1.0)
    return np.asarray(np.log1p(pool.picks.popularity(pool.rows, pool.siblings)) * relevance)


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal. ``relative``: what counts is where in its pool a candidate stands, not the number itself.

    ``group`` is what the signal is counted under where signals are left out together.
    """

    of: Callable[[Pool], Column]
    group: str
    relative: bool = True


SIGNALS: dict[str, Signal] = {
    "tfidf": Signal(tfidf, "words"),
    "fused": Signal(fused, "fused"),
    "body_body": Signal(body_body, "vectors"),
    "body_teaser": Signal(body_teaser, "vectors"),
    "passage_passage": Signal(passage_passage, "passages"),
    "passage_title": Signal(passage_title, "passages"),
    "brief_in_text": Signal(brief_in_text, "titles"),
    "title_in_text": Signal(title_in_text, "titles"),
    "names": Signal(names, "names"),
    "tags": Signal(tags, "tags"),
    "section": Signal(section, "section"),
    "closeness": Signal(closeness, "time"),
    "same_year": Signal(same_year, "time"),
    "picked_near": Signal(picked_near, "lists", relative=False),
    "picks_near": Signal(picks_near, "lists", relative=False),
    "picked_often": Signal(picked_often, "lists", relative=False),
}
"""Name → signal, in the order of the columns."""

RELATIVE = np.array([signal.relative for signal in SIGNALS.values()])


def _standing(similarities: Column) -> Column:
    """Z-scores; 0 where all are alike but for float noise."""
    spread = float(similarities.std()) if len(similarities) else 0.0
    return (similarities - similarities.mean()) / spread if spread > SPREAD else np.zeros_like(similarities)


def _unknown(pool: Pool) -> Column:
    return np.full(len(pool.rows), np.nan, dtype=np.float32)


def _cosine(pool: Pool, mine: int, theirs: int) -> Column:
    """Cosine of one view of the query with one view of each candidate; NaN where either is missing."""
    if not pool.query.views[mine].any():
        return _unknown(pool)
    vectors = _view(pool, theirs)
    return _unless_missing(vectors @ pool.query.views[mine], vectors)


def _view(pool: Pool, view: int) -> Matrix:
    """One view of each candidate: ``views[rows, view]``, in half the time."""
    views = pool.corpus.views
    return np.asarray(views).reshape(-1, views.shape[-1]).take(pool.rows * len(VIEWS) + view, axis=0)


def _unless_missing(products: Column, vectors: Matrix) -> Column:
    """The products with each of ``vectors``, NaN where it is zero: then, and seldom else, the product is."""
    zero = np.flatnonzero(products == 0)
    products[zero[~vectors[zero].any(axis=1)]] = np.nan
    return products


def _dense(row: sp.csr_matrix) -> Column:
    """``(V,)`` of one CSR row."""
    dense = np.zeros(row.shape[1], dtype=np.float32)
    dense[row.indices] = row.data
    return dense


def _dot(matrix: sp.csr_matrix, rows: Rows, dense: npt.NDArray[np.generic], empty: float = 0.0) -> Column:
    """Inner products of some rows with a dense vector, ``empty`` for an empty row: for rows of few terms."""
    starts = matrix.indptr.take(rows)
    counts = matrix.indptr.take(rows + 1) - starts
    ends = counts.cumsum()
    places = np.repeat(starts - ends + counts, counts) + np.arange(counts.sum())
    held = dense.take(matrix.indices.take(places))
    shared = np.flatnonzero(held)  # few of them: only their weights are looked up
    products = held.take(shared) * matrix.data.take(places.take(shared))
    found = np.bincount(ends.searchsorted(shared, side="right"), products, minlength=len(rows)).astype(np.float32)
    found[counts == 0] = empty
    return found


def _both(matrix: sp.csr_matrix, pool: Pool, mine: sp.csr_matrix) -> Column:
    """Inner products with one row; NaN where either has no term."""
    return _dot(matrix, pool.rows, _dense(mine), empty=np.nan) if mine.nnz else _unknown(pool)
