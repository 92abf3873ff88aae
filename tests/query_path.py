"""The query path from its parts, for tests that put one together by hand."""

from collections.abc import Sequence

from recommender.corpus.corpus import Corpus, Query
from recommender.editors.overrides import Block, Editorial, Overrides
from recommender.ranking.curated import CuratedLists
from recommender.ranking.eligibility import eligible
from recommender.ranking.hits import Hit
from recommender.ranking.hits import ranked_stories as ranked
from recommender.ranking.pool import Candidates, Mask, Pool
from recommender.ranking.ranker import Ranker, default_ranker
from recommender.ranking.request import VERSION_DAYS, Filters, Mode, RelatedRequest
from recommender.recommender import Recommender

__all__ = ["allowed", "covered", "pool_of", "ranked", "related"]


def related(
    query: Query,
    corpus: Corpus,
    candidates: Candidates,
    ranker: Ranker,
    curated: CuratedLists,
    request: RelatedRequest = RelatedRequest(),
    editorial: Editorial = Editorial(),
) -> list[Hit]:
    return Recommender(corpus, candidates, ranker, curated, editorial).related(query, request)


def covered(query: Query, corpus: Corpus, candidates: Candidates, version_days: float = VERSION_DAYS) -> list[int]:
    return _plain(corpus, candidates).covered(query, version_days)


def pool_of(
    query: Query, corpus: Corpus, candidates: Candidates, curated: CuratedLists, mask: Mask, count: int = 0
) -> Pool:
    return Recommender(corpus, candidates, default_ranker(), curated).pool(query, mask, count)


def allowed(
    query: Query,
    corpus: Corpus,
    filters: Filters = Filters(),
    mode: Mode = Mode.SIMILAR,
    blocks: Sequence[Block] = (),
) -> Mask:
    editorial = Editorial(overrides={query.card.id: Overrides(blocks=tuple(blocks))})
    return eligible(query, corpus, RelatedRequest(filters=filters, mode=mode), editorial)


def _plain(corpus: Corpus, candidates: Candidates) -> Recommender:
    return Recommender(corpus, candidates, default_ranker(), CuratedLists.none(len(corpus)))
