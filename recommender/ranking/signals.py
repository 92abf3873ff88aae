"""Signals: numbers about a pair (query article, candidate). What is not known is NaN, never zero.

To add one: write its function, give it a line in SIGNALS, and fit the weights anew (``make weights``).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from recommender.articles.directory import Rows
from recommender.corpus.encoder import Matrix
from recommender.corpus.quantized import Column
from recommender.ranking.pool import Pool

YEAR = 365.25
VOTE = 5.0
"""How much one vote of the nearest article counts before the logarithm."""
QUERY_WEIGHT = 2.0
"""What listing the query itself counts, where listing its nearest neighbour counts 1."""


def signals(pool: Pool) -> Matrix:
    """Return ``(m, s)`` float32: one row a candidate in the order of ``pool.rows``, one column a signal."""
    return np.array([signal.values(pool) for signal in SIGNALS.values()], dtype=np.float32).T


def tfidf(pool: Pool) -> Column:
    """Cosine of the whole articles in tf-idf with bigrams, 0..1: shared rare words."""
    return pool.corpus.cosines(pool.rows, pool.words)


def fused(pool: Pool) -> Column:
    """Inner product of the fused vectors, the candidates' own order: the broad topic."""
    return pool.fused


def body_body(pool: Pool) -> Column:
    """Cosine of the mean passages, -1..1: the same subject over the whole story."""
    return pool.similarities.body


def body_teaser(pool: Pool) -> Column:
    """Cosine of the query's mean passage and the candidate's mean teaser, -1..1: it announces what the query tells."""
    return pool.similarities.teaser


def passage_passage(pool: Pool) -> Column:
    """Greatest cosine of a passage of the query and one of the candidate, -1..1: parts on the same subject."""
    return pool.similarities.passage_passage


def passage_title(pool: Pool) -> Column:
    """Greatest cosine of the candidate's title with any of the query's passages, -1..1."""
    return pool.similarities.title_passage


def brief_in_text(pool: Pool) -> Column:
    """Cosine of the candidate's title and teasers with the query's whole text in tf-idf, 0..1."""
    return np.nan_to_num(pool.shared["brief"])


def title_in_text(pool: Pool) -> Column:
    """Share of the candidate's title, words weighted by rarity, that occurs in the query's text, 0..1."""
    return pool.shared["title"]


def names(pool: Pool) -> Column:
    """Cosine of the names (people, places, organisations) weighted by rarity, 0..1; unknown where one has none."""
    return pool.shared["names"] if pool.query.terms.has("names") else _unknown(pool)


def tags(pool: Pool) -> Column:
    """Cosine of the tags weighted by rarity, 0..1; unknown where one has none."""
    return pool.shared["tags"] if pool.query.terms.has("tags") else _unknown(pool)


def section(pool: Pool) -> Column:
    """1 in the same section, 0 in another; unknown where one has none."""
    labels = pool.corpus.directory.sections
    sections, mine = labels.numbers[pool.rows], labels.number(pool.query.card.section)
    if mine < 0:
        return _unknown(pool)
    return np.where(sections < 0, np.float32(np.nan), (sections == mine).astype(np.float32))


def closeness(pool: Pool) -> Column:
    """Closeness in time, ``-ln(1 + days apart)``: 0 on the same day; unknown without both dates."""
    return -np.log1p(pool.days_apart).astype(np.float32)


def same_year(pool: Pool) -> Column:
    """Closeness in time at the scale of a year, ``exp(-days apart / 365.25)``, 0..1; unknown without both dates."""
    return np.exp(-pool.days_apart / YEAR).astype(np.float32)


def listed_by_neighbours(pool: Pool) -> Column:
    """``ln(1 + 5 · votes)``: the votes of the candidates whose curated lists hold this one, weighed by nearness.

    Unknown where no curated list is known but those of the query and its copies.
    """
    if not pool.has_lists:
        return _unknown(pool)
    owners, picked = pool.picked
    return _votes(picked, pool.nearness.take(owners), len(pool.rows))


def lists_neighbours(pool: Pool) -> Column:
    """``ln(1 + 5 · votes)``: what the candidate's own list holds of the query (counting 2) and of its neighbours.

    Unknown where no curated list is known but those of the query and its copies.
    """
    if not pool.has_lists:
        return _unknown(pool)
    owners, picked = pool.picked
    near = pool.nearness.take(picked, mode="clip")
    return _votes(owners, np.where(picked < len(pool.rows), near, np.float32(QUERY_WEIGHT)), len(pool.rows))


def list_popularity(pool: Pool) -> Column:
    """``ln(1 + lists)`` times relevance: in how many curated lists the candidate stands, the query's own not counted.

    Relevance is the logistic of ``2 z - 1``, z the standardised inner product of the fused vectors: what editors like
    to pick is no reason to show it where it does not belong. Unknown where no curated list is known but those of the
    query and its copies.
    """
    if not pool.has_lists:
        return _unknown(pool)
    relevance = expit(2.0 * pool.standing - 1.0)
    return np.asarray(np.log1p(pool.curated.popularity(pool.rows, pool.siblings)) * relevance)


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal. ``relative``: what counts is a candidate's value compared with the others of its pool.

    ``group`` is what the signal is counted under where signals are left out together.
    """

    values: Callable[[Pool], Column]
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
    "listed_by_neighbours": Signal(listed_by_neighbours, "lists", relative=False),
    "lists_neighbours": Signal(lists_neighbours, "lists", relative=False),
    "list_popularity": Signal(list_popularity, "lists", relative=False),
}
"""Name → signal, in the order of the columns."""

RELATIVE = np.array([signal.relative for signal in SIGNALS.values()])
"""``(s,)``: which signals say where a candidate stands in its pool, and are made relative to it."""


def _votes(places: Rows, weights: Column, count: int) -> Column:
    """Return ``(count,)`` float32: ``ln(1 + 5 · votes)``, votes the sum of the ``weights`` whose place is this one."""
    return np.asarray(np.log1p(VOTE * np.bincount(places, weights, minlength=count)[:count]), dtype=np.float32)


def _unknown(pool: Pool) -> Column:
    return np.full(len(pool.rows), np.nan, dtype=np.float32)
