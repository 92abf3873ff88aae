"""Articles and the index as they are in service, and the probes."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request

from api.caching import Document, tag_of
from api.problems import KNOWN, RESPONSES, ProblemError
from api.schemas import ArticleOut, Health, IndexOut
from api.service import Current, live

router = APIRouter(responses={503: RESPONSES[503]})
probes = APIRouter(tags=["probes"])


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
    """Say whether related lists can be served, from a snapshot that is not too old."""
    hours: float = request.app.state.config.max_index_age_hours
    if hours and datetime.now(UTC) - snapshot.manifest.built_at > timedelta(hours=hours):
        built = snapshot.manifest.built_at.isoformat(timespec="seconds")
        raise ProblemError(503, "stale_index", f"the snapshot was built {built}, more than {hours:g} hours ago")
    return Health(status="ok")
