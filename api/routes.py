"""The routes of version 1, and the probes."""

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request

from api.caching import Document, tag_of
from api.drafts import Drafts
from api.problems import RESPONSES, ProblemError
from api.schemas import ArticleOut, Draft, Health, IndexOut, Item, Moment, Related, Status
from index.live import Live
from index.snapshot import Snapshot
from recommender import corpus
from recommender.article import parse_article
from recommender.policy import Rules
from recommender.related import related
from recommender.settings import Settings

MAX_LIMIT = 100

router = APIRouter(responses={503: RESPONSES[503]})
KNOWN: dict[int | str, dict[str, Any]] = {
    304: {"description": "The answer that If-None-Match names is still the right one."},
    404: RESPONSES[404],
}
probes = APIRouter(tags=["probes"])


class Wanted:
    """The parameters every related list takes."""

    def __init__(
        self,
        *,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Length of the list.")] = 8,
        min_score: Annotated[float, Query(ge=0, le=1, description="Leave out what scores below.")] = 0.0,
        exclude: Annotated[list[str], Query(default_factory=list, description="Ids or URLs to leave out.")],
        section: Annotated[list[str], Query(default_factory=list, description="Only these sections.")],
        language: Annotated[list[str], Query(default_factory=list, description="Only these languages.")],
        published_after: Annotated[Moment | None, Query(description="Nothing older; undated pass.")] = None,
        published_before: Annotated[Moment | None, Query(description="Nothing newer; undated pass.")] = None,
    ) -> None:
        self.limit = limit
        self.min_score = min_score + 0.0  # -0.0 is 0.0
        self.rules = Rules(
            exclude=tuple(exclude),
            section=frozenset(section),
            language=frozenset(value.lower() for value in language),
            published_after=published_after,
            published_before=published_before,
        )

    def canonical(self, snapshot: Snapshot) -> dict[str, Any]:
        """Return the parameters so that requests of one meaning have one form."""
        find, copies = snapshot.corpus.find, snapshot.corpus.copies
        excluded = {int(copies[row]) for row in map(find, self.rules.exclude) if row is not None}
        return {**vars(self), "rules": {**asdict(self.rules), "exclude": excluded}}


def live(request: Request) -> Live:
    """Return the holder of the snapshot in service."""
    found: Live = request.app.state.live
    return found


async def snapshot_now(request: Request) -> Snapshot:
    """Return the snapshot in service when the request came in; the request uses only this one."""
    found: Snapshot | None = getattr(request.state, "snapshot", None)
    return found or await live(request).caught_up()


Current = Annotated[Snapshot, Depends(snapshot_now)]
Params = Annotated[Wanted, Depends()]


@router.get("/v1/articles/{id:path}/related", responses={**KNOWN, 422: RESPONSES[422]}, tags=["related"])
def related_by_id(id: str, request: Request, snapshot: Current, wanted: Params) -> Related:  # noqa: A002 - public name
    """Return the related list of a known article."""
    return _answer(request, snapshot, snapshot.corpus.query(snapshot.corpus.row(id)), wanted)


@router.api_route("/v1/articles/{id:path}/related", methods=["PUT", "DELETE"], include_in_schema=False)
async def no_article() -> None:
    """Refuse: else this were an article whose id ends like a path."""
    raise HTTPException(405)


@router.get("/v1/related", responses={**KNOWN, 422: RESPONSES[422]}, tags=["related"])
def related_by_url(
    url: Annotated[str, Query(description="Address of a known article; compared in canonical form.")],
    request: Request,
    snapshot: Current,
    wanted: Params,
) -> Related:
    """Return the related list of the article at a URL."""
    return _answer(request, snapshot, snapshot.corpus.query(snapshot.corpus.row(url)), wanted)


@router.post("/v1/related", responses={status: RESPONSES[status] for status in (400, 413, 422, 429)}, tags=["related"])
def related_to_draft(draft: Draft, request: Request, snapshot: Current, wanted: Params) -> Related:
    """Return the related list of a text that is not published; nothing is stored."""
    drafts: Drafts = request.app.state.drafts
    record = parse_article({**draft.model_dump(mode="json", exclude_none=True), "id": "draft"})
    article = replace(record.article, id="")  # no article has this id, so none is taken for the draft
    query = snapshot.corpus.draft(article, drafts.encoder(snapshot.manifest.model))
    return _answer(request, snapshot, query, wanted)


@router.get("/v1/articles/{id:path}", responses=KNOWN, tags=["articles"])
def article(id: str, request: Request, snapshot: Current) -> ArticleOut:  # noqa: A002 - the parameter's public name
    """Return one article as the index knows it, by its id or a former id."""
    row = snapshot.corpus.row(id)
    card = snapshot.corpus.cards[row]
    request.state.document = Document(tag_of(snapshot.version, "article", row), card.published_at)
    return ArticleOut.of(card, snapshot.version)


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
async def readyz(request: Request, snapshot: Current) -> Health:
    """Say whether related lists can be served, from a snapshot and articles that are not too old."""
    config: Settings = request.app.state.config
    built, hours = snapshot.manifest.built_at, config.max_index_age_hours
    if _older(built, hours):
        text = f"the snapshot was built {built.isoformat(timespec='seconds')}, more than {hours:g} hours ago"
        raise ProblemError(503, "stale_index", text)
    newest, hours = snapshot.corpus.register.newest, config.max_article_age_hours
    if newest is not None and _older(newest, hours):
        text = f"the newest article is of {newest.isoformat(timespec='seconds')}, more than {hours:g} hours ago"
        raise ProblemError(503, "stale_articles", text)
    return Health(status="ok")


def _older(moment: datetime, hours: float) -> bool:
    """Say whether it is longer ago than so many hours; 0 hours are no limit."""
    return bool(hours) and datetime.now(UTC) - moment > timedelta(hours=hours)


def _answer(request: Request, snapshot: Snapshot, query: corpus.Query, wanted: Wanted) -> Related:
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
    thin = len(items) < wanted.limit
    tag = tag_of(snapshot.version, "related", query.row, wanted.canonical(snapshot))
    request.state.document = Document(tag, query.card.published_at, len(items), thin)
    return Related(
        id=None if query.row is None else query.card.id,
        status=Status.THIN if thin else Status.OK,
        index_version=snapshot.version,
        count=len(items),
        items=items,
    )
