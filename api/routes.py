"""Articles and the index as they are in service, and the probes."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request

from api.caching import Document, tag_of
from api.embargo import require_shown
from api.problems import CATALOG_LOST, KNOWN, RESPONSES, ProblemError
from api.schemas import ArticleOut, Health, IndexOut
from api.service import Current, is_older, live
from recommender.settings import Settings

router = APIRouter(responses={503: RESPONSES[503]})
probes = APIRouter(tags=["probes"])


@router.get("/v1/articles/{id:path}", responses=KNOWN, tags=["articles"])
def article(id: str, request: Request, snapshot: Current) -> ArticleOut:  # noqa: A002 - the parameter's public name
    """Return one article as the index knows it, or as it waits to be read, by its id or a former id."""
    row = snapshot.corpus.find(id)
    waiting = snapshot.waiting(id) if row is None else None
    card = waiting or snapshot.corpus.cards[snapshot.corpus.row(id)]
    if require_shown(request, snapshot, row, card, id):
        tag = tag_of(snapshot.version, "article", card.id)
        request.state.document = Document(tag, card.published_at, pending=waiting is not None)
    return ArticleOut.from_card(card, snapshot.version)


@router.get("/v1/index", tags=["index"])
def index_in_service(request: Request, snapshot: Current) -> IndexOut:
    """Return what is in service: version, model, counts."""
    return IndexOut.from_snapshot(snapshot, problem=live(request).problem is not None)


# The probes never wait for a thread: they answer while every thread is busy with drafts.
@probes.get("/healthz")
async def healthz() -> Health:
    """Say that the process is alive."""
    return Health(status="ok")


@probes.get("/readyz", responses={503: RESPONSES[503]})
async def readyz(request: Request) -> Health:
    """Say whether related lists can be served, from a snapshot and articles that are not too old, and be changed."""
    config: Settings = request.app.state.config
    snapshot = live(request).snapshot()  # as it is: a probe waits for no catalog
    if live(request).lost:
        raise ProblemError(503, "catalog_lost", CATALOG_LOST)
    built, hours = live(request).confirmed_at, config.max_index_age_hours
    if is_older(built, hours):
        text = f"the last build was {built.isoformat(timespec='seconds')}, more than {hours:g} hours ago"
        raise ProblemError(503, "stale_index", text)
    newest, hours = snapshot.corpus.directory.newest(datetime.now(UTC)), config.max_article_age_hours
    if newest is not None and is_older(newest, hours):
        text = f"the newest article is of {newest.isoformat(timespec='seconds')}, more than {hours:g} hours ago"
        raise ProblemError(503, "stale_articles", text)
    return Health(status="ok")
