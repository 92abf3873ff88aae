"""The query path, in reading order: candidates → signals → ranker → policy. What is measured is what is served."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recommender.articles.directory import Rows
from recommender.corpus.corpus import Corpus, Query
from recommender.corpus.encoder import Matrix
from recommender.corpus.quantized import Column
from recommender.editors.overrides import Editorial
from recommender.ranking.curated import Picks
from recommender.ranking.policy import (
    Mask,
    allowed,
    asked_for,
    diversified,
    fills,
    latest,
    named,
    pinned,
    stories,
    versions,
)
from recommender.ranking.ranker import Ranker
from recommender.ranking.request import VERSION_DAYS, Mode, Wanted
from recommender.ranking.signals import SIGNALS, Pool, nearness, signals

POOL = 200
"""Nearest neighbours that are ranked: their recall bounds the ranker's (DECISIONS.md has the measurement)."""
PICKED = 50
"""Further candidates at most: what the editors of those neighbours listed."""
CHOICE = 5
"""Times the limit: so many stories a diverse list is chosen from, though no more than POOL unless the limit is more."""
NEAREST = 50
"""Neighbours among which a draft's own story is looked for."""

TIMES = np.array([signal.group == "time" for signal in SIGNALS.values()])


class Candidates(Protocol):
    """Nearest neighbours by inner product of fused vectors."""

    def search(self, vector: npt.NDArray[np.float32], k: int, allowed: Mask) -> tuple[Rows, Column]:
        """Return (rows, inner products): at most ``k`` allowed rows, highest inner product first, ties by row.

        Never fewer than ``min(k, allowed.sum())``. The products are float32.
        """
        ...


class Source(StrEnum):
    """Why an article is in a list: by its score, because an editor pinned it, or to fill the list up."""

    RANKED = "ranked"
    PINNED = "pinned"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Hit:
    """One recommended article: its row in the corpus, its score in (0, 1), and what made it.

    ``parts`` ``(s,)`` float32: what each signal, in the order of SIGNALS, added before the logistic. ``also``: rows of
    other versions of the story; the score is the best of all, while ``parts`` are those of the one that is shown. Only
    ranked hits have a score, others NaN.
    """

    row: int
    score: float
    parts: npt.NDArray[np.float32] = field(compare=False, repr=False)
    also: tuple[int, ...] = ()
    source: Source = Source.RANKED

    @classmethod
    def unranked(cls, row: int, source: Source) -> "Hit":
        """Return a hit that stands in the list for another reason than its score."""
        return cls(row, float("nan"), np.zeros(len(SIGNALS), np.float32), (), source)


def related(
    query: Query,
    corpus: Corpus,
    candidates: Candidates,
    ranker: Ranker,
    picks: Picks,
    wanted: Wanted = Wanted(),
    editorial: Editorial = Editorial(),
) -> list[Hit]:
    """Return the list for ``query`` (see ``find_related``)."""
    return find_related(query, corpus, candidates, ranker, picks, wanted, editorial)[0]


def find_related(
    query: Query,
    corpus: Corpus,
    candidates: Candidates,
    ranker: Ranker,
    picks: Picks,
    wanted: Wanted = Wanted(),
    editorial: Editorial = Editorial(),
) -> tuple[list[Hit], Pool | None]:
    """Return the list for ``query``: ranked hits best first, ties by id, between them the pins, behind them fillers.

    No two are versions of one story, but for those an editor pinned. The list is shorter than ``wanted.limit`` only
    where no further article may stand in it. The query's own curated list is never read. A query without any view or
    known word has no neighbours.

    With the list comes the pool it was ranked from, None where nothing was ranked.
    """
    pool: Pool | None = None
    overrides = editorial.about(query.card.id)
    query = asked_about(query, corpus, editorial)
    pins: list[tuple[int, int]] = []
    if overrides.pins:
        pins = pinned(query, corpus, overrides.pins, asked_for(query, corpus, wanted.filters, wanted.mode))
    hits: list[Hit] = []
    if fills(overrides, corpus):
        matchers = editorial.rules.against(query.card)
        mask = allowed(query, corpus, wanted.filters, wanted.mode, overrides.blocks, matchers)
        taken = [row for _, row in pins]
        mask &= ~np.isin(corpus.copies, corpus.copies[taken])
        taken += named(corpus, (*wanted.filters.exclude, *(block.id for block in overrides.blocks)))
        if query.fused.any():
            hits, pool = _found(query, corpus, candidates, ranker, picks, wanted, mask, taken)
        missing = wanted.limit - len(hits) - len(pins)
        if wanted.fallback and missing > 0:
            taken += [row for hit in hits for row in (hit.row, *hit.also)]
            rows = latest(query, corpus, mask, wanted.fallback)
            first = _first(query, corpus, rows, missing, taken, wanted.version_days)
            hits += [Hit.unranked(row, Source.FALLBACK) for row in first]
    for position, row in pins:
        hits.insert(position - 1, Hit.unranked(row, Source.PINNED))
    return hits[: wanted.limit], pool


def asked_about(query: Query, corpus: Corpus, editorial: Editorial) -> Query:
    """Return ``query`` without the tags that count nothing on this site."""
    return replace(query, terms=query.terms.without_tags(corpus.lexicon, editorial.rules.ignore_tags))


def covered(query: Query, corpus: Corpus, candidates: Candidates, version_days: float = VERSION_DAYS) -> list[int]:
    """Return the rows that tell the draft's own story already: by its address or text, or in nearly its words.

    A draft with a date is compared in its words with what was published at most ``version_days`` from it.
    """
    same = {int(row) for found in corpus.register.same_as(query.card) for row in corpus.register.story(found)}
    if query.fused.any():
        rows, _ = candidates.search(query.fused, NEAREST, corpus.register.visible)
        same |= set(rows[versions(query, corpus, rows, version_days)].tolist())
    seen = (row for row in same if corpus.register.visible[row])
    return sorted(seen, key=lambda row: float(corpus.register.order[row]))


def pool_of(query: Query, corpus: Corpus, candidates: Candidates, picks: Picks, mask: Mask, count: int = 0) -> Pool:
    """Return the allowed candidates that are ranked for ``query``: its nearest neighbours, then what those list.

    ``count`` of them, at least POOL, and at most PICKED more.
    """
    nearest, similar = candidates.search(query.fused, max(POOL, count), mask)
    listed, votes = picks.votes(nearest, nearness(similar))
    new = mask[listed] & ~np.isin(listed, nearest)
    listed, votes = listed[new], votes[new]
    best = listed[np.lexsort((corpus.register.order[listed], -votes))][:PICKED]
    fused = np.concatenate([similar, corpus.products(best, query.fused)])
    return Pool(query, corpus, np.concatenate([nearest, best]), fused, picks)


def ranked(
    pool: Pool,
    table: Matrix,
    ranker: Ranker,
    limit: int,
    taken: Sequence[int] = (),
    version_days: float = VERSION_DAYS,
    min_score: float = 0.0,
) -> list[Hit]:
    """Return at most ``limit`` hits of ``pool`` by its ``(m, s)`` signals: one a story, best first, ties by id.

    Versions of the rows in ``taken`` are left out, and stories none of which scores ``min_score``.
    """
    parts, scores = ranker.explain(table)
    order = np.lexsort((pool.corpus.register.order[pool.rows], -scores))
    rows = pool.rows[order]
    good = int(np.count_nonzero(scores >= min_score))
    return [
        Hit(
            int(rows[story.shown]),
            float(scores[order[story.places[0]]]),
            parts[order[story.shown]],
            tuple(int(rows[place]) for place in story.places if place != story.shown),
        )
        for story in stories(pool.query, pool.corpus, rows, limit, taken, version_days, good)
    ]


def _found(
    query: Query,
    corpus: Corpus,
    candidates: Candidates,
    ranker: Ranker,
    picks: Picks,
    wanted: Wanted,
    mask: Mask,
    taken: Sequence[int],
) -> tuple[list[Hit], Pool]:
    """The ranked hits, of more and more neighbours until there are enough stories, and their pool."""
    choice = max(wanted.limit, min(wanted.limit * CHOICE, POOL)) if wanted.diversity else wanted.limit
    count, there = max(POOL, wanted.limit), int(np.count_nonzero(mask))
    while True:
        pool = pool_of(query, corpus, candidates, picks, mask, count)
        table = signals(pool)
        if wanted.mode is Mode.BACKGROUND:
            table[:, TIMES] = np.nan  # an old explainer is as good as a new one
        hits = ranked(pool, table, ranker, choice, taken, wanted.version_days, wanted.min_score)
        if len(hits) >= wanted.limit or count >= there:
            break
        if len(ranked(pool, table, ranker, wanted.limit, taken, wanted.version_days)) >= wanted.limit:
            break  # stories enough, and what is farther away is seldom better
        count *= 4
    if not wanted.diversity:
        return hits, pool
    vectors = corpus.vectors(np.array([hit.row for hit in hits], dtype=np.int64))
    places = diversified([hit.score for hit in hits], vectors, wanted.limit, wanted.diversity)
    return [hits[place] for place in places], pool


def _first(
    query: Query, corpus: Corpus, rows: Rows, count: int, taken: Sequence[int], version_days: float
) -> list[int]:
    """The first ``count`` of ``rows`` that tell a story each, none of those ``taken``."""
    size = POOL
    while True:
        found = stories(query, corpus, rows[:size], count, taken, version_days)
        if len(found) == count or size >= len(rows):
            return [int(rows[story.shown]) for story in found]
        size *= 4
