"""What may stand in a list, what stands there once, and what stands there for other reasons than its score.

In the order in which it is decided: filters, self and blocks, before the cut, so that they never empty a list; rules of
the site; one slot a story; pins; diversity; filling up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.articles import url_key_or_none
from recommender.articles.card import DAY
from recommender.articles.directory import Rows
from recommender.corpus.corpus import Corpus, Query
from recommender.corpus.encoder import Matrix
from recommender.editors.overrides import Block, Fill, Overrides, Pin
from recommender.editors.rules import Matcher
from recommender.ranking.request import VERSION_DAYS, Fallback, Filters, Mode
from recommender.ranking.versions import Tellings, Told

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Story:
    """The versions of one story: places in a ranked list, the best first; ``shown`` is the one that stands for all."""

    places: tuple[int, ...]
    shown: int


def allowed(
    query: Query,
    corpus: Corpus,
    filters: Filters = Filters(),
    mode: Mode = Mode.SIMILAR,
    blocks: Sequence[Block] = (),
    matchers: Sequence[Matcher | None] = (),
) -> Mask:
    """Return ``(n,)`` bool: the articles that may be recommended for ``query``, of those that are visible.

    Never the query itself, nor another version or a translation of it (see Card.marks), nor what fits one of
    ``matchers``; None fits every article.
    """
    mask = asked_for(query, corpus, filters, mode) & ~_stories_of(corpus, named(corpus, (block.id for block in blocks)))
    if not filters.language and query.card.language:
        mine = query.card.language.partition("-")[0]
        mask &= corpus.register.languages.among(lambda tag: not tag or tag.partition("-")[0] == mine)
    for matcher in matchers:
        mask[... if matcher is None else corpus.register.fitting(matcher)] = False
    return mask


def asked_for(query: Query, corpus: Corpus, filters: Filters, mode: Mode) -> Mask:
    """Return ``(n,)`` bool: what the caller's own words leave; also a pin must obey them."""
    register = corpus.register
    mask, days = register.visible.copy(), register.days
    mask[_own_rows(query, corpus)] = False
    mask &= ~_stories_of(corpus, named(corpus, filters.exclude))
    if filters.section:
        wanted = {name.casefold() for name in filters.section}
        mask &= register.sections.among(lambda name: name.casefold() in wanted)
    if filters.language:
        mask &= register.languages.among(lambda tag: any(_in_range(tag, each) for each in filters.language))
    if filters.published_after:
        mask &= ~(days < filters.published_after.timestamp() / DAY)
    if filters.published_before:
        mask &= ~(days > filters.published_before.timestamp() / DAY)
    if mode is Mode.BACKGROUND:
        mask &= days < query.day
    elif mode is Mode.NEXT:
        mask &= days > query.day
    return mask


def named(corpus: Corpus, identities: Iterable[str]) -> list[int]:
    """Return the rows that ``identities`` (ids, former ids, URLs) name, each once, where there are any."""
    found = (corpus.find(identity) for identity in identities)
    return list(dict.fromkeys(row for row in found if row is not None))


def stories(
    query: Query,
    corpus: Corpus,
    rows: Rows,
    count: int,
    taken: Sequence[int] = (),
    version_days: float = VERSION_DAYS,
    good: int | None = None,
) -> list[Story]:
    """Return the first ``count`` stories told by ``rows``, which are in order, each with all its versions.

    Versions share a mark (see Card.marks), or one tells the other again (see Tellings), published at most
    ``version_days`` apart; and versions of versions are one story too. Those of the query or of a row in ``taken`` are
    left out. None is told for a version behind the first ``good`` rows, though such a one may stand beside another.
    """
    taken = sorted({*_own_rows(query, corpus), *taken} - {query.row})
    everything = np.concatenate([rows, np.array(taken, dtype=np.int64)])
    tellings, numbers = Tellings(corpus, everything, version_days), corpus.copies[everything]
    _, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    copied = counts[inverse] > 1

    def told(again: Mask, known: int | None = None) -> Mask:
        """The places of the versions of one text, itself at the place ``known``, and of what is a version of these."""
        found, left = np.zeros(len(everything), dtype=bool), [again]
        while left:
            new = left.pop()
            if (new & copied).any():
                new |= np.isin(numbers, numbers[new & copied])
            new &= ~found
            found |= new
            left += [tellings.of_place(place) for place in np.flatnonzero(new).tolist() if place != known]
        return found

    free = ~told(tellings.of(Told.of(query), query.terms))[: len(rows)]
    found: list[Story] = []
    while len(found) < count and free[:good].any():
        first = int(np.argmax(free))
        again = tellings.of_place(first)
        again[first] = True
        story = told(again, first)
        places = np.flatnonzero(free & story[: len(rows)]).tolist()
        free[places] = False
        if not story[len(rows) :].any():
            found.append(Story(tuple(places), _shown(query, corpus, rows, places)))
    return found


def versions(query: Query, corpus: Corpus, rows: Rows, version_days: float = VERSION_DAYS) -> Mask:
    """Return ``(m,)`` bool: which of ``rows`` tell the query's own story, in nearly its words."""
    return Tellings(corpus, rows, version_days).of(Told.of(query), query.terms)


def fills(overrides: Overrides, corpus: Corpus) -> bool:
    """Say whether ranked articles take the places that pins leave: also where all the pinned are gone."""
    return overrides.mode is Fill.FILL or (bool(overrides.pins) and not named(corpus, (p.id for p in overrides.pins)))


def pinned(query: Query, corpus: Corpus, pins: Sequence[Pin], mask: Mask) -> list[tuple[int, int]]:
    """Return (position, row) of the ``pins`` that may stand in the list of ``query``, in the order of positions."""
    found: dict[int, tuple[int, int]] = {}
    for pin in sorted(pins, key=lambda pin: pin.position):
        row = corpus.find(pin.id)
        if row is not None and mask[row]:
            found.setdefault(int(corpus.copies[row]), (pin.position, row))
    return list(found.values())


def diversified(scores: Sequence[float], vectors: Matrix, limit: int, diversity: float) -> list[int]:
    """Return at most ``limit`` places of ``scores``, which fall, so that likeness to what stands above counts against.

    Maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998): next is who has the most of ``(1 - diversity) ·
    score / best score - diversity · greatest cosine with those chosen``, of equals the first. ``vectors`` ``(m, D)``.
    """
    if not diversity or len(scores) < 2:
        return list(range(min(limit, len(scores))))
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = vectors / np.where(lengths > 0, lengths, 1)
    relevance = np.asarray(scores) / max(scores[0], np.finfo(float).tiny)
    likeness, left, chosen = np.zeros(len(scores)), np.ones(len(scores), dtype=bool), list[int]()
    while left.any() and len(chosen) < limit:
        marginal = (1 - diversity) * relevance - diversity * likeness
        best = int(np.argmax(np.where(left, marginal, -np.inf)))
        chosen.append(best)
        left[best] = False
        similar = units @ units[best]
        likeness = similar if len(chosen) == 1 else np.maximum(likeness, similar)
    return chosen


def latest(query: Query, corpus: Corpus, mask: Mask, fallback: Fallback) -> Rows:
    """Return the allowed articles of a known date by date, the newest first, ties by id: what fills up a list."""
    mask = mask & np.isfinite(corpus.register.days)
    if fallback is Fallback.SECTION:
        mine = query.card.section.casefold()
        mask &= corpus.register.sections.among(lambda name: bool(mine) and name.casefold() == mine)
    rows = np.flatnonzero(mask)
    return rows[np.lexsort((corpus.register.order[rows], -corpus.register.days[rows]))]


def _own_rows(query: Query, corpus: Corpus) -> list[int]:
    """The rows of the query's own story, itself among them."""
    own = corpus.register.same_as(query.card) if query.row is None else {query.row}
    return sorted({int(row) for found in own for row in corpus.register.story(found)})


def _stories_of(corpus: Corpus, rows: Sequence[int]) -> Mask:
    """``(n,)`` bool: the articles in ``rows`` with all their versions, as far as marks tell."""
    return np.isin(corpus.copies, corpus.copies[list(rows)]) if rows else np.zeros(len(corpus), dtype=bool)


def _in_range(tag: str, wanted: str) -> bool:
    return wanted == "*" or tag == wanted or (bool(wanted) and tag.startswith(f"{wanted}-"))


def _shown(query: Query, corpus: Corpus, rows: Rows, places: Sequence[int]) -> int:
    """The place of the version that stands for all: the original they name, else the newest in the query's language."""
    if len(places) == 1:
        return places[0]
    cards = {place: corpus.cards[rows[place]] for place in places}
    originals = {url_key_or_none(card.canonical_url) for card in cards.values()} - {None}
    mine = query.card.language.partition("-")[0]

    def worth(place: int) -> tuple[bool, bool, float]:
        card = cards[place]
        known = card.published_at.timestamp() if card.published_at else float("-inf")
        ours = not mine or card.language.partition("-")[0] == mine
        return ours, bool(originals) and card.address in originals, known

    return max(places, key=worth)  # of equals the best
