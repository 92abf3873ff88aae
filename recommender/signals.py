"""Signals: numbers about a pair (query article, candidate). What is not known is NaN, never zero.

To add one: write its function, give it a line in SIGNALS, and a weight in recommender.ranker.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from recommender.corpus import VIEWS, Corpus, Query, Rows
from recommender.encoder import Matrix

Column = npt.NDArray[np.float32]

TITLE, TEASER, BODY = (VIEWS.index(view) for view in ("title", "teaser", "body"))


def signals(query: Query, corpus: Corpus, rows: Rows) -> Matrix:
    """Return ``(m, s)`` float32: one row a candidate in the order of ``rows``, one column a signal."""
    table = np.empty((len(rows), len(SIGNALS)), dtype=np.float32)
    for column, signal in enumerate(SIGNALS.values()):
        table[:, column] = signal(query, corpus, rows)
    return table


def tfidf(query: Query, corpus: Corpus, rows: Rows) -> Column:
    """Cosine of the whole articles in tf-idf with bigrams, 0..1: shared rare words and names."""
    return np.asarray((corpus.lexical[rows] @ query.lexical.T).toarray()[:, 0], dtype=np.float32)


def fused(query: Query, corpus: Corpus, rows: Rows) -> Column:
    """Inner product of the fused vectors, the candidates' own order: the broad topic."""
    return corpus.fused[rows] @ query.fused


def body_body(query: Query, corpus: Corpus, rows: Rows) -> Column:
    """Cosine of the mean passages, -1..1: the same subject over the whole story."""
    return _cosine(query, corpus, rows, BODY, BODY)


def body_title(query: Query, corpus: Corpus, rows: Rows) -> Column:
    """Cosine of the query's mean passage and the candidate's title, -1..1: the query tells of it."""
    return _cosine(query, corpus, rows, BODY, TITLE)


def body_teaser(query: Query, corpus: Corpus, rows: Rows) -> Column:
    """Cosine of the query's mean passage and the candidate's mean teaser, -1..1."""
    return _cosine(query, corpus, rows, BODY, TEASER)


def closeness(query: Query, corpus: Corpus, rows: Rows) -> Column:
    """Closeness in time, ``-ln(1 + days apart)``: 0 on the same day; unknown without both dates."""
    return -np.log1p(np.abs(corpus.days[rows] - query.day)).astype(np.float32)


SIGNALS: dict[str, Callable[[Query, Corpus, Rows], Column]] = {
    "tfidf": tfidf,
    "fused": fused,
    "body_body": body_body,
    "body_title": body_title,
    "body_teaser": body_teaser,
    "closeness": closeness,
}
"""Name → function, in the order of the columns."""


def _cosine(query: Query, corpus: Corpus, rows: Rows, mine: int, theirs: int) -> Column:
    """Cosine of one view of the query with one view of each candidate; NaN where either is missing."""
    vectors = corpus.views[rows, theirs]
    known = vectors.any(axis=1) & bool(query.views[mine].any())
    return np.where(known, vectors @ query.views[mine], np.float32(np.nan))
