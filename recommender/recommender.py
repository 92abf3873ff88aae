"""The recommender: everything that decides which articles are related, and the stages a request goes through.

eligibility → pool → signals → rank → stories → diversity → fillers → pins. The API, the export, the evaluation and the
benchmarks all ask this: what is measured is what is served.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from recommender.articles import Article
from recommender.corpus.corpus import Corpus, Query
from recommender.corpus.encoder import Matrix
from recommender.editors.overrides import Editorial, Overrides
from recommender.explain.why import Why, why_each
from recommender.ranking.curated import CuratedLists
from recommender.ranking.eligibility import eligible, named, requested
from recommender.ranking.hits import Hit, Ranked, Source
from recommender.ranking.placing import diversified, latest, leaves_room, pinned
from recommender.ranking.pool import Candidates, Mask, Pool, nearness
from recommender.ranking.ranker import Ranker
from recommender.ranking.request import VERSION_DAYS, Mode, RelatedRequest
from recommender.ranking.signals import SIGNALS, signals
from recommender.ranking.stories import Stories, versions

POOL = 200
"""Nearest neighbours that are ranked: their recall bounds the ranker's (DECISIONS.md has the measurement)."""
LISTED = 50
"""Further candidates at most: what the editors of those neighbours listed."""
CHOICE = 5
"""Times the limit: so many stories a diverse list is chosen from, though no more than POOL unless the limit is more."""
NEAREST = 50
"""Neighbours among which a draft's own story is looked for."""
WIDER = 4
"""Times as many candidates are ranked next where a pool tells too few stories."""

_TIMES = np.array([signal.group == "time" for signal in SIGNALS.values()])

Texts = Callable[[Collection[str]], Mapping[str, Article]]
"""Gives the full articles of ids, as far as they are known (see Catalog.articles_of)."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A request on its way through the stages.

    ``allowed`` ``(n,)`` bool: what may be ranked or fill up the list. ``pins``: (position, row) by position. ``taken``:
    rows whose stories are not told again. ``pool``: what was ranked, None if nothing was. ``hits``: the list so far.
    """

    query: Query
    request: RelatedRequest
    overrides: Overrides
    allowed: Mask
    pins: tuple[tuple[int, int], ...] = ()
    taken: tuple[int, ...] = ()
    pool: Pool | None = None
    hits: tuple[Hit, ...] = ()

    @property
    def missing(self) -> int:
        """How many places of the list are still empty."""
        return self.request.limit - len(self.hits) - len(self.pins)


@dataclass(frozen=True)
class Recommender:
    """A corpus, how candidates are found in it, how they are ranked, and what editors picked and decided."""

    corpus: Corpus
    candidates: Candidates
    ranker: Ranker
    curated: CuratedLists
    editorial: Editorial = field(default_factory=Editorial)

    def related(self, query: Query, request: RelatedRequest = RelatedRequest()) -> list[Hit]:
        """Return the list for ``query``: ranked hits best first, ties by id, among them the pins, behind them fillers.

        No two are versions of one story, but for those an editor pinned. The list is shorter than ``request.limit``
        only where no further article may stand in it. The query's own curated list is never read. A query without any
        view or known word has no neighbours.
        """
        return list(self._select(query, request).hits)

    def explain(self, query: Query, request: RelatedRequest, texts: Texts) -> list[tuple[Hit, Why]]:
        """Return what ``related`` returns, each hit with its reason, which comes from the pool it was ranked in.

        Where nothing was ranked, pins are explained by the pool that any request for ``query`` would have.
        """
        selection = self._select(query, request)
        if not selection.hits:
            return []
        cards = self.corpus.cards
        pool = selection.pool or self.pool(selection.query, eligible(selection.query, self.corpus))
        found = texts([query.card.id, *(cards[hit.row].id for hit in selection.hits)])
        theirs = [found.get(cards[hit.row].id) for hit in selection.hits]
        reasons = why_each(pool, selection.hits, found.get(query.card.id), theirs)
        return list(zip(selection.hits, reasons, strict=True))

    def covered(self, draft: Query, version_days: float = VERSION_DAYS) -> list[int]:
        """Return the rows that tell the draft's own story already, by address, by text, or in nearly its words; by id.

        A draft with a date is compared in its words with what was published at most ``version_days`` from it.
        """
        directory = self.corpus.directory
        same = {int(row) for found in directory.same_as(draft.card) for row in directory.story(found)}
        if draft.fused.any():
            rows, _ = self.candidates.search(draft.fused, NEAREST, directory.visible)
            same |= set(rows[versions(draft, self.corpus, rows, version_days)].tolist())
        return sorted((row for row in same if directory.visible[row]), key=lambda row: float(directory.id_rank[row]))

    def eligible(self, query: Query, request: RelatedRequest = RelatedRequest()) -> Mask:
        """Return ``(n,)`` bool: the articles that may be ranked for ``query``, whatever is pinned there."""
        return eligible(query, self.corpus, request, self.editorial)

    def pool(self, query: Query, allowed: Mask, count: int = 0) -> Pool:
        """Return the allowed candidates that are ranked for ``query``: its nearest neighbours, then what those list.

        ``count`` of them, at least POOL, and at most LISTED more.
        """
        corpus = self.corpus
        nearest, similar = self.candidates.search(query.fused, max(POOL, count), allowed)
        listed, votes = self.curated.votes(nearest, nearness(similar))
        new = allowed[listed] & ~np.isin(listed, nearest)
        listed, votes = listed[new], votes[new]
        best = listed[np.lexsort((corpus.directory.id_rank[listed], -votes))][:LISTED]
        fused = np.concatenate([similar, corpus.products(best, query.fused)])
        return Pool(query, corpus, np.concatenate([nearest, best]), fused, self.curated)

    def prepared(self, query: Query) -> Query:
        """Return ``query`` without the tags that count nothing on this site."""
        return replace(query, terms=self.corpus.lexicon.without_tags(query.terms, self.editorial.rules.ignore_tags))

    def without_pins(self) -> "Recommender":
        """Return the recommender as it would be if no editor had pinned anything: blocks and rules stay."""
        blocks = {name: Overrides(blocks=each.blocks) for name, each in self.editorial.overrides.items() if each.blocks}
        return replace(self, editorial=replace(self.editorial, overrides=blocks))

    def _select(self, query: Query, request: RelatedRequest) -> Selection:
        selection = self._open(self.prepared(query), request)
        if leaves_room(selection.overrides, self.corpus):
            if selection.query.fused.any():
                selection = self._rank(selection)
            selection = self._diversify(selection)
            selection = self._fill_up(selection)
        return _insert_pins(selection)

    def _open(self, query: Query, request: RelatedRequest) -> Selection:
        """Eligibility: what may stand in the list, and which pins do."""
        corpus, overrides = self.corpus, self.editorial.about(query.card.id)
        within = requested(query, corpus, request.filters, request.mode)
        pins = pinned(corpus, overrides.pins, within)
        rows = [row for _, row in pins]
        story_ids = corpus.directory.story_ids
        allowed = eligible(query, corpus, request, self.editorial, within) & ~np.isin(story_ids, story_ids[rows])
        barred = named(corpus, (*request.filters.exclude, *(block.id for block in overrides.blocks)))
        return Selection(query, request, overrides, allowed, tuple(pins), (*rows, *barred))

    def _rank(self, selection: Selection) -> Selection:
        """Pool, signals, rank and stories, of more and more candidates until these tell enough stories."""
        request, allowed = selection.request, selection.allowed
        choice = max(request.limit, min(request.limit * CHOICE, POOL)) if request.diversity else request.limit
        count, there = max(POOL, request.limit), int(np.count_nonzero(allowed))
        while True:
            pool = self.pool(selection.query, allowed, count)
            ranked = Ranked.from_signals(pool, _signals(pool, request.mode), self.ranker)
            stories = Stories(selection.query, self.corpus, ranked.rows, selection.taken, request.version_days)
            told = stories.first(choice, ranked.count_from(request.min_score))
            if len(told) >= request.limit or count >= there:
                break
            if len(stories.first(request.limit)) >= request.limit:
                break  # stories enough, and what is farther away is seldom better
            count *= WIDER
        return replace(selection, pool=pool, hits=tuple(ranked.hits(told)))

    def _diversify(self, selection: Selection) -> Selection:
        """Choose ``limit`` of the stories that were found, by their scores and by how different they are."""
        request, hits = selection.request, selection.hits
        if not request.diversity or not hits:
            return selection
        vectors = self.corpus.vectors(np.array([hit.row for hit in hits], dtype=np.int64))
        places = diversified([hit.score for hit in hits], vectors, request.limit, request.diversity)
        return replace(selection, hits=tuple(hits[place] for place in places))

    def _fill_up(self, selection: Selection) -> Selection:
        """Fill a short list with the latest articles, if the request has a ``fallback``."""
        query, request = selection.query, selection.request
        if not request.fallback or selection.missing <= 0:
            return selection
        taken = (*selection.taken, *(row for hit in selection.hits for row in (hit.row, *hit.also)))
        rows = latest(query, self.corpus, selection.allowed, request.fallback)
        size, fillers = POOL, list[int]()
        while True:
            stories = Stories(query, self.corpus, rows[:size], taken, request.version_days)
            fillers = [int(rows[story.shown]) for story in stories.first(selection.missing)]
            if len(fillers) == selection.missing or size >= len(rows):
                break
            size *= WIDER
        return replace(selection, hits=(*selection.hits, *(Hit.unranked(row, Source.FALLBACK) for row in fillers)))


def _signals(pool: Pool, mode: Mode) -> Matrix:
    table = signals(pool)
    if mode is Mode.BACKGROUND:
        table[:, _TIMES] = np.nan  # an old explainer is as good as a new one
    return table


def _insert_pins(selection: Selection) -> Selection:
    hits = list(selection.hits)
    for position, row in selection.pins:
        hits.insert(position - 1, Hit.unranked(row, Source.PINNED))
    return replace(selection, hits=tuple(hits[: selection.request.limit]))
