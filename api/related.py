"""Related lists over HTTP: of known articles, of drafts, several at once."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response

from api.caching import Document, tag_of
from api.costs import FREE, charge, cost_of_batch, cost_of_draft, cost_of_list
from api.embargo import require_listed
from api.problems import KNOWN, RESPONSES, Problem, ProblemError, described, not_found
from api.requests import Batch, Draft, RelatedByUrlParams, RelatedParams
from api.schemas import Lists
from api.service import Current, live
from index.live.served_encoder import ServedEncoder
from index.response import Related, RelatedToDraft, answer, answer_to_draft, bound
from index.store.snapshot import Snapshot
from recommender.articles import Article, parse_article
from recommender.corpus import corpus
from recommender.errors import UnknownArticleError
from recommender.ranking.request import RelatedRequest
from recommender.recommender import Texts
from recommender.settings import Settings

router = APIRouter(tags=["related"], responses={503: RESPONSES[503]})
Params = Annotated[RelatedParams, Query()]


@router.get(
    "/v1/articles/{id:path}/related",
    response_model=Related,
    responses={**KNOWN, **{status: RESPONSES[status] for status in (401, 422, 429)}},
)
def related_by_id(id: str, request: Request, snapshot: Current, params: Params) -> Response:  # noqa: A002 - public name
    """Return the related list of a known article."""
    return _answer(request, snapshot, id, params)


@router.api_route("/v1/articles/{id:path}/related", methods=["PUT", "DELETE"], include_in_schema=False)
async def no_article() -> None:
    """Refuse: else this were an article whose id ends like a path."""
    raise HTTPException(405)


@router.get(
    "/v1/related",
    response_model=Related,
    responses={**KNOWN, **{status: RESPONSES[status] for status in (401, 422, 429)}},
)
def related_by_url(request: Request, snapshot: Current, params: Annotated[RelatedByUrlParams, Query()]) -> Response:
    """Return the related list of the article at a URL."""
    return _answer(request, snapshot, params.url, params)


@router.post(
    "/v1/related",
    response_model=RelatedToDraft,
    responses={status: RESPONSES[status] for status in (400, 413, 422, 429)},
)
def related_to_draft(draft: Draft, request: Request, snapshot: Current, params: Params) -> Response:
    """Return the related list of a text that is not published, and what tells its story already; nothing is stored."""
    charge(request, cost_of_draft(params, draft.length))
    drafts: ServedEncoder = request.app.state.drafts
    site_url = request.app.state.config.site_url
    record = parse_article({**draft.model_dump(mode="json", exclude_none=True), "id": "draft"}, site_url=site_url)
    article = replace(record.article, id="")  # no article has this id, so none is taken for the draft
    query = snapshot.corpus.draft(article, drafts.encoder(snapshot.manifest.model))
    texts = texts_of(request, snapshot, article) if params.explain else None
    found = answer_to_draft(snapshot, query, request_of(request, snapshot, params), texts)
    request.state.document = Document.of_list("", None, found)
    return _json(found)


@router.post(
    "/v1/related:batch",
    response_model=Lists,
    responses={status: RESPONSES[status] for status in (400, 413, 422, 429)},
)
def several(batch: Batch, request: Request, snapshot: Current) -> Response:
    """Return several related lists at once, as for a page with several modules; one that fails spoils no other."""
    charge(request, cost_of_batch(batch))
    shown = [params.name for params in batch.requests] if batch.distinct else []
    results: list[Related | Problem] = []
    for params in batch.requests:
        related_request = request_of(request, snapshot, params)
        filters = replace(related_request.filters, exclude=(*related_request.filters.exclude, *shown))
        try:
            texts = texts_of(request, snapshot) if params.explain else None
            query, _ = query_of(request, snapshot, params.name, params)
            found = answer(snapshot, query, replace(related_request, filters=filters), texts)
        except UnknownArticleError as error:
            results.append(not_found(error))
            continue
        except ProblemError as error:
            results.append(described(error.status_code, error.code, error.detail))
            continue
        results.append(found)
        if batch.distinct:
            shown += [name for item in found.items for name in (item.id, *item.also)]
    return _json(Lists(index_version=snapshot.version, results=results))


def _answer(request: Request, snapshot: Snapshot, identity: str, params: RelatedParams) -> Response:
    charge(request, cost_of_list(params), free=FREE)
    query, public = query_of(request, snapshot, identity, params)
    related_request = request_of(request, snapshot, params)
    found = answer(snapshot, query, related_request, texts_of(request, snapshot) if params.explain else None)
    if public:
        tag = tag_of(snapshot.version, "related", query.card.id, _canonical(snapshot, related_request), params.explain)
        request.state.document = Document.of_list(tag, query.card.published_at, found, edited=_edited(snapshot, query))
    return _json(found)


def query_of(request: Request, snapshot: Snapshot, identity: str, params: RelatedParams) -> tuple[corpus.Query, bool]:
    """Return the article as a query, also a pending one, and whether its list is for everybody.

    Raises UnknownArticleError; a problem (see require_listed).
    """
    row = snapshot.corpus.find(identity)
    waiting = snapshot.waiting(identity) if row is None else None
    card = waiting or snapshot.corpus.cards[snapshot.corpus.row(identity)]
    public = require_listed(request, snapshot, row, card, identity, why=params.explain)
    return (snapshot.corpus.unread(card) if row is None else snapshot.corpus.query(row)), public


def _canonical(snapshot: Snapshot, related_request: RelatedRequest) -> dict[str, Any]:
    """Return the request as plain values, the same ones for all requests that mean the same."""
    find, story_ids = snapshot.corpus.find, snapshot.corpus.story_ids
    excluded = {int(story_ids[row]) for row in map(find, related_request.filters.exclude) if row is not None}
    return {**asdict(related_request), "filters": {**asdict(related_request.filters), "exclude": excluded}}


def _edited(snapshot: Snapshot, query: corpus.Query) -> bool:
    """Return whether a pin, a block or a rule of the editors concerns this list."""
    editorial = snapshot.editorial
    return bool(editorial.about(query.card.id)) or bool(editorial.rules.against(query.card))


def texts_of(request: Request, snapshot: Snapshot, draft: Article | None = None) -> Texts:
    """Return what looks up the articles that explanations quote: the draft, and those of the catalog, if there is one.

    An article that has changed since ``snapshot`` is left out: an answer follows from the version alone.
    """
    catalog, corpus = live(request).catalog, snapshot.corpus

    def found(ids: Collection[str]) -> Mapping[str, Article]:
        stored = catalog.articles_of(ids) if catalog else {}
        rows = ((article, corpus.directory.row_of(name)) for name, article in stored.items())
        known = {each.id: each for each, row in rows if row is not None and corpus.card(each) == corpus.cards[row]}
        return known | ({draft.id: draft} if draft else {})

    return found


def request_of(request: Request, snapshot: Snapshot, params: RelatedParams) -> RelatedRequest:
    """Return the request in the domain's terms; what ``params`` leave open is as the server's settings say."""
    config: Settings = request.app.state.config
    return params.related_request(bound(snapshot, config.min_score), config.version_days)


def _json(body: Related | Lists) -> Response:
    return Response(body.model_dump_json(), media_type="application/json")
