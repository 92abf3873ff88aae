"""The routes of version 1, and the probes."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from api.drafts import Drafts
from api.problems import RESPONSES
from api.schemas import ArticleOut, Draft, Health, IndexOut, Item, Related, Status
from index.live import Live
from index.snapshot import Snapshot
from recommender import corpus
from recommender.article import parse_article
from recommender.policy import Rules
from recommender.related import related

MAX_LIMIT = 100

router = APIRouter(responses={503: RESPONSES[503]})
probes = APIRouter(tags=["probes"])


class Wanted:
    """The parameters every related list takes."""

    def __init__(
        self,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Length of the list.")] = 8,
        min_score: Annotated[float, Query(ge=0, le=1, description="Leave out what scores below.")] = 0.0,
        exclude: Annotated[list[str] | None, Query(description="Ids or URLs to leave out.")] = None,
        section: Annotated[list[str] | None, Query(description="Only these sections.")] = None,
        language: Annotated[list[str] | None, Query(description="Only these languages.")] = None,
        published_after: Annotated[datetime | None, Query(description="Nothing older; undated pass.")] = None,
        published_before: Annotated[datetime | None, Query(description="Nothing newer; undated pass.")] = None,
    ) -> None:
        self.limit = limit
        self.min_score = min_score
        self.rules = Rules(
            exclude=tuple(exclude or ()),
            section=frozenset(section or ()),
            language=frozenset(value.lower() for value in language or ()),
            published_after=_utc(published_after),
            published_before=_utc(published_before),
        )


def live(request: Request) -> Live:
    """Return the holder of the snapshot in service."""
    found: Live = request.app.state.live
    return found


async def snapshot_now(request: Request) -> Snapshot:
    """Return the snapshot in service; the request uses only this one."""
    return live(request).snapshot()


Current = Annotated[Snapshot, Depends(snapshot_now)]
Params = Annotated[Wanted, Depends()]


@router.get("/v1/articles/{id:path}/related", responses={404: RESPONSES[404], 422: RESPONSES[422]}, tags=["related"])
def related_by_id(id: str, snapshot: Current, wanted: Params) -> Related:  # noqa: A002 - the parameter's public name
    """Return the related list of a known article."""
    return _answer(snapshot, snapshot.corpus.query(snapshot.corpus.row(id)), wanted)


@router.get("/v1/related", responses={404: RESPONSES[404], 422: RESPONSES[422]}, tags=["related"])
def related_by_url(
    url: Annotated[str, Query(description="Address of a known article; compared in canonical form.")],
    snapshot: Current,
    wanted: Params,
) -> Related:
    """Return the related list of the article at a URL."""
    return _answer(snapshot, snapshot.corpus.query(snapshot.corpus.row(url)), wanted)


@router.post("/v1/related", responses={400: RESPONSES[400], 422: RESPONSES[422]}, tags=["related"])
def related_to_draft(draft: Draft, request: Request, snapshot: Current, wanted: Params) -> Related:
    """Return the related list of a text that is not published; nothing is stored."""
    drafts: Drafts = request.app.state.drafts
    record = parse_article({**draft.model_dump(mode="json", exclude_none=True), "id": "draft"})
    article = replace(record.article, id="")  # no article has this id, so none is taken for the draft
    query = snapshot.corpus.draft(article, drafts.encoder(snapshot.manifest.model))
    return _answer(snapshot, query, wanted)


@router.get("/v1/articles/{id:path}", responses={404: RESPONSES[404]}, tags=["articles"])
def article(id: str, snapshot: Current) -> ArticleOut:  # noqa: A002 - the parameter's public name
    """Return one article as the index knows it, by its id or a former id."""
    return ArticleOut.of(snapshot.corpus.cards[snapshot.corpus.row(id)], snapshot.version)


@router.get("/v1/index", tags=["index"])
def index_in_service(request: Request, snapshot: Current) -> IndexOut:
    """Return what is in service: version, model, counts."""
    return IndexOut.of(snapshot, problem=live(request).problem is not None)


# The probes never wait for a thread: they answer while every thread is busy with drafts.
@probes.get("/healthz")
async def healthz() -> Health:
    """Say that the process is alive."""
    return Health(status="ok")


@probes.get("/readyz", responses={503: RESPONSES[503]})
async def readyz(_: Current) -> Health:
    """Say whether related lists can be served."""
    return Health(status="ok")


def _answer(snapshot: Snapshot, query: corpus.Query, wanted: Wanted) -> Related:
    hits = related(
        query,
        snapshot.corpus,
        snapshot.neighbours,
        snapshot.ranker,
        snapshot.picks,
        limit=wanted.limit,
        rules=wanted.rules,
        min_score=wanted.min_score,
    )
    cards = snapshot.corpus.cards
    items = [Item.of(cards[hit.row], hit, position) for position, hit in enumerate(hits, start=1)]
    return Related(
        id=None if query.row is None else query.card.id,
        status=Status.OK if len(items) == wanted.limit else Status.THIN,
        index_version=snapshot.version,
        count=len(items),
        items=items,
    )


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
