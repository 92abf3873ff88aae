"""One place for each story: versions of one text, and copies under several ids, stand in a list once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recommender.articles import url_key_or_none
from recommender.articles.directory import Rows
from recommender.corpus.corpus import Corpus, Query
from recommender.ranking.eligibility import own_rows
from recommender.ranking.pool import Mask
from recommender.ranking.request import VERSION_DAYS
from recommender.ranking.versions import Tellings, Told


@dataclass(frozen=True, slots=True)
class Story:
    """The versions of one story: places in a ranked list, the best first; ``shown`` is the one that stands for all."""

    places: tuple[int, ...]
    shown: int


class Stories:
    """Finds the stories that ``rows``, which are in order, tell.

    Two articles are one story if they share an identity key (see Card.identity_keys) or if one tells the other again
    (see Tellings) at most ``version_days`` apart, and so are both with any third that is one story with either: the
    stories are the connected components of that graph. Its edges are looked for only from the articles that are
    reached, because each costs a comparison with all others. The query's own story and those of the rows in ``taken``
    are not told again.
    """

    def __init__(
        self,
        query: Query,
        corpus: Corpus,
        rows: Rows,
        taken: Sequence[int] = (),
        version_days: float = VERSION_DAYS,
    ) -> None:
        self._query = query
        self._corpus = corpus
        self._rows = rows
        taken = sorted({*own_rows(query, corpus), *taken} - {query.row})
        nodes = np.concatenate([rows, np.array(taken, dtype=np.int64)])
        self._tellings = Tellings(corpus, nodes, version_days)
        self._story_ids = corpus.directory.story_ids[nodes]
        _, inverse, counts = np.unique(self._story_ids, return_inverse=True, return_counts=True)
        self._has_copies = counts[inverse] > 1

    def first(self, count: int, good: int | None = None) -> list[Story]:
        """Return the first ``count`` stories, each with all its versions, in the order of their best ones.

        None is told for a version behind the first ``good`` rows, though such a one may stand beside another.
        """
        free, found = self._free.copy(), list[Story]()
        while len(found) < count and free[:good].any():
            first = int(np.argmax(free))
            start = self._tellings.retelling_of_place(first)
            start[first] = True
            story = self._component(start, first)
            places = np.flatnonzero(free & story[: len(free)]).tolist()
            free[places] = False
            if not story[len(free) :].any():
                found.append(Story(tuple(places), self._shown(places)))
        return found

    @cached_property
    def _free(self) -> Mask:
        """``(m,)``: the places that do not tell the query's own story."""
        start = self._tellings.retelling(Told.from_query(self._query), self._query.terms)
        return ~self._component(start)[: len(self._rows)]

    def _component(self, start: Mask, known: int | None = None) -> Mask:
        """Return which nodes can be reached from ``start``, which holds all neighbours of the node ``known``."""
        reached, frontier = np.zeros(len(self._story_ids), dtype=bool), [start]
        while frontier:
            new = frontier.pop()
            if (new & self._has_copies).any():
                new |= np.isin(self._story_ids, self._story_ids[new & self._has_copies])
            new &= ~reached
            reached |= new
            frontier += [
                self._tellings.retelling_of_place(place) for place in np.flatnonzero(new).tolist() if place != known
            ]
        return reached

    def _shown(self, places: Sequence[int]) -> int:
        """Return the place of the version to show: in the query's language, the original they name, else the newest."""
        if len(places) == 1:
            return places[0]
        cards = {place: self._corpus.cards[self._rows[place]] for place in places}
        originals = {url_key_or_none(card.canonical_url) for card in cards.values()} - {None}
        mine = self._query.card.language.partition("-")[0]

        def worth(place: int) -> tuple[bool, bool, float]:
            card = cards[place]
            known = card.published_at.timestamp() if card.published_at else float("-inf")
            ours = not mine or card.language.partition("-")[0] == mine
            return ours, bool(originals) and card.url_key in originals, known

        return max(places, key=worth)  # of equals the best


def versions(query: Query, corpus: Corpus, rows: Rows, version_days: float = VERSION_DAYS) -> Mask:
    """Return ``(m,)`` bool: which of ``rows`` tell the query's own story, in nearly its words."""
    return Tellings(corpus, rows, version_days).retelling(Told.from_query(query), query.terms)
