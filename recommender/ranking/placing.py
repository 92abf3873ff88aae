"""What stands in a list for another reason than its score: pins, and what fills it up; and diversity."""

from collections.abc import Sequence

import numpy as np

from recommender.articles.directory import Rows
from recommender.corpus.corpus import Corpus, Query
from recommender.corpus.encoder import Matrix
from recommender.editors.overrides import Fill, Overrides, Pin
from recommender.ranking.eligibility import named
from recommender.ranking.pool import Mask
from recommender.ranking.request import Fallback


def leaves_room(overrides: Overrides, corpus: Corpus) -> bool:
    """Say whether ranked articles take the places that pins leave: also where all the pinned are gone."""
    return overrides.mode is Fill.FILL or (bool(overrides.pins) and not named(corpus, (p.id for p in overrides.pins)))


def pinned(corpus: Corpus, pins: Sequence[Pin], mask: Mask) -> list[tuple[int, int]]:
    """Return (position, row) of the ``pins`` that ``mask`` ``(n,)`` lets stand, by position, each story once."""
    found: dict[int, tuple[int, int]] = {}
    for pin in sorted(pins, key=lambda pin: pin.position):
        row = corpus.find(pin.id)
        if row is not None and mask[row]:
            found.setdefault(int(corpus.directory.story_ids[row]), (pin.position, row))
    return list(found.values())


def latest(query: Query, corpus: Corpus, mask: Mask, fallback: Fallback) -> Rows:
    """Return the rows in ``mask`` with a known date, the newest first, ties by id; with SECTION the query's section."""
    directory = corpus.directory
    mask = mask & np.isfinite(directory.days)
    if fallback is Fallback.SECTION:
        mine = query.card.section.casefold()
        mask &= directory.sections.where(lambda name: bool(mine) and name.casefold() == mine)
    rows = np.flatnonzero(mask)
    return rows[np.lexsort((directory.id_rank[rows], -directory.days[rows]))]


def diversified(scores: Sequence[float], vectors: Matrix, limit: int, diversity: float) -> list[int]:
    """Return at most ``limit`` places, in the order in which maximal marginal relevance chooses them.

    ``scores`` fall and are positive; ``vectors`` ``(m, D)`` are those of the same items. The next item is the one with
    the greatest ``(1 - diversity) · score / best score - diversity · max cosine with an item chosen before``; of equals
    it is the first (Carbonell & Goldstein, SIGIR 1998).
    """
    if not diversity or len(scores) < 2:
        return list(range(min(limit, len(scores))))
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = vectors / np.where(lengths > 0, lengths, 1)
    relevance = np.asarray(scores) / max(scores[0], np.finfo(float).tiny)
    redundancy, left, chosen = np.zeros(len(scores)), np.ones(len(scores), dtype=bool), list[int]()
    while left.any() and len(chosen) < limit:
        marginal = (1 - diversity) * relevance - diversity * redundancy
        best = int(np.argmax(np.where(left, marginal, -np.inf)))
        chosen.append(best)
        left[best] = False
        cosines = units @ units[best]
        redundancy = cosines if len(chosen) == 1 else np.maximum(redundancy, cosines)
    return chosen
