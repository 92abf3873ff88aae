"""Signals: numbers about a pair (query article, candidate). What is not known is NaN, never zero.

To add one: write its function, give it a line in SIGNALS, and fit the weights anew (``make weights``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from recommender.articles.directory import Rows
from recommender.corpus.corpus import Corpus, Query
from recommender.corpus.encoder import Matrix
from recommender.corpus.quantized import VIEWS, Column, Likeness
from recommender.corpus.terms import SHORT
from recommender.ranking.curated import Picks

BODY = VIEWS.index("body")
YEAR = 365.25
VOTE = 5.0
"""How much one vote of the nearest article counts before the logarithm."""
QUERY_WEIGHT = 2.0
"""What listing the query itself counts, where listing its nearest neighbour counts 1."""
SPREAD = 1e-6
"""Numbers whose standard deviation in the pool is no more than this do not vary."""


@dataclass(frozen=True)
class Pool:
    """The candidates of one query, ``rows`` ``(m,)``, and what may be known of other articles' curated lists.

    ``fused`` ``(m,)`` float32: the inner products of their fused vectors with the query's.
    """

    query: Query
    corpus: Corpus
    rows: Rows
    fused: Column
    picks: Picks

    @cached_property
    def likeness(self) -> Likeness:
        """How like the candidates' views and passages are to the query's."""
        return self.corpus.likeness(self.rows, self.query.views[BODY], self.query.passages)

    @cached_property
    def days_apart(self) -> npt.NDArray[np.float64]:
        """``(m,)``: days between each candidate and the query, NaN where either has no date."""
        return np.abs(self.corpus.register.days.take(self.rows) - self.query.day)

    @cached_property
    def standing(self) -> Column:
        """``(m,)``: z-scores of ``fused``."""
        return _standing(self.fused)

    @cached_property
    def nearness(self) -> Column:
        """``(m,)``: what each candidate's vote counts: 1 for the nearest, e⁻¹ a standard deviation behind it."""
        return _behind(self.standing)

    @cached_property
    def picked(self) -> tuple[Rows, Rows]:
        """(i, j) of every pick candidate i made of candidate j, or, where j is m and more, of the query itself."""
        own = self.siblings if self.query.row is None else np.array([self.query.row])
        return self.picks.between(self.rows, np.concatenate([self.rows, own]))

    @cached_property
    def words(self) -> Column:
        """``(V + names + tags,)``: the query's whole text in tf-idf, its names and its tags."""
        return self.query.terms.dense()

    @cached_property
    def shared(self) -> dict[str, Column]:
        """What the candidates' titles and teasers, titles, names and tags share with the query: ``(m,)`` of each."""
        return dict(zip(SHORT, self.corpus.shared(self.rows, self.words), strict=True))

    @cached_property
    def siblings(self) -> Rows:
        """The rows of the query and its copies, whose own lists are never evidence."""
        register, row = self.corpus.register, self.query.row
        if row is not None:
            return register.story(row)
        stories = [register.story(copy) for copy in register.same_as(self.query.card)]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *stories]))

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
    return _behind(_standing(similarities))


def tfidf(pool: Pool) -> Column:
    """Cosine of the whole articles in tf-idf with bigrams, 0..1: shared rare words."""
    return pool.corpus.cosines(pool.rows, pool.words)


def fused(pool: Pool) -> Column:
    """Inner product of the fused vectors, the candidates' own order: the broad topic."""
    return pool.fused


def body_body(pool: Pool) -> Column:
    """Cosine of the mean passages, -1..1: the same subject over the whole story."""
    return pool.likeness.body


def body_teaser(pool: Pool) -> Column:
    """Cosine of the query's mean passage and the candidate's mean teaser, -1..1: the query tells of it."""
    return pool.likeness.teaser


def passage_passage(pool: Pool) -> Column:
    """Greatest cosine of any two passages, -1..1: one part of the query is about what one part of it is."""
    return pool.likeness.passage_passage


def passage_title(pool: Pool) -> Column:
    """Greatest cosine of the candidate's title with any of the query's passages, -1..1."""
    return pool.likeness.title_passage


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
    labels = pool.corpus.register.sections
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


def picked_near(pool: Pool) -> Column:
    """``ln(1 + 5 · votes)``: the query's neighbours whose editors listed the candidate, each by its nearness.

    Unknown, as the next two, where no curated list is known but the query's own.
    """
    if not pool.has_lists:
        return _unknown(pool)
    owners, picked = pool.picked
    return _votes(picked, pool.nearness.take(owners), len(pool.rows))


def picks_near(pool: Pool) -> Column:
    """``ln(1 + 5 · votes)``: what the candidate's own list holds of the query (counting 2) and its neighbours."""
    if not pool.has_lists:
        return _unknown(pool)
    owners, picked = pool.picked
    near = pool.nearness.take(picked, mode="clip")
    return _votes(owners, np.where(picked < len(pool.rows), near, np.float32(QUERY_WEIGHT)), len(pool.rows))


def picked_often(pool: Pool) -> Column:
    """``ln(1 + lists)`` times relevance: in how many curated lists the candidate stands, the query's own not counted.

    Relevance is the logistic of ``2 z - 1``, z the standardised inner product of the fused vectors: what editors like
    to pick is no reason to show it where it does not belong.
    """
    if not pool.has_lists:
        return _unknown(pool)
    relevance = expit(2.0 * pool.standing - 1.0)
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
RELATIVES = int(RELATIVE.sum())
"""How many signals are relative: these stand first."""


def _standing(similarities: Column) -> Column:
    """Z-scores; 0 where all are alike but for float noise."""
    if not len(similarities):
        return similarities
    deviation = similarities - similarities.mean()
    spread = float(deviation @ deviation / len(deviation)) ** 0.5
    return deviation / np.float32(spread) if spread > SPREAD else np.zeros_like(deviation)


def _behind(standing: Column) -> Column:
    """A factor e less for every unit behind the greatest."""
    return np.asarray(np.exp(standing - standing.max(initial=-np.inf)), dtype=np.float32)


def _votes(places: Rows, weights: Column, count: int) -> Column:
    """``ln(1 + 5 · votes)`` of the sum of the weights at each of the first ``count`` places."""
    return np.asarray(np.log1p(VOTE * np.bincount(places, weights, minlength=count)[:count]), dtype=np.float32)


def _unknown(pool: Pool) -> Column:
    return np.full(len(pool.rows), np.nan, dtype=np.float32)
