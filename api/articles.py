"""Live changes over HTTP: an article stored, replaced or removed, alone or many at once. All need a key."""

from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from api.asked import Draft
from api.keys import require_key
from api.problems import MAX_DETAIL, RESPONSES, ProblemError
from index.writer import Writer
from recommender.articles import Record, parse_article
from recommender.errors import ArticleError

MAX_LINES = 1_000
"""Articles in one bulk request."""
UNREADABLE = "\ufffd"
"""What stands in a path for bytes that are no UTF-8: two different ids may become one."""
NDJSON = "application/x-ndjson"
BODY_MISSING = "article {!r} is stored with a body, and this has none: send it whole, or remove it first"

router = APIRouter(
    tags=["changes"],
    dependencies=[Depends(require_key)],
    responses={status: RESPONSES[status] for status in (401, 503)},
)


class ArticleIn(Draft):
    """An article as it is to be stored: as a line of the JSON lines that ``related-index`` reads, without the id."""

    image: str | None = None
    related: list[str] | None = Field(
        None, description="Ids or URLs that an editor picked, in order; left out: as it was.", max_length=100
    )


class Stored(BaseModel):
    """What became of an article. ``live``: it is in every list now. ``pending``: stored, and soon will be."""

    id: str = Field(examples=["harbour-plan"])
    status: Literal["live", "pending"]


class Line(BaseModel):
    """What became of one line of a bulk request: stored, or what is wrong with it."""

    line: int = Field(ge=1)
    id: str | None = None
    status: Literal["live", "pending", "rejected"]
    error: str | None = None


class Bulk(BaseModel):
    """What became of a bulk request: every line that holds an article is stored, whatever is wrong with others."""

    stored: int = Field(ge=0)
    rejected: int = Field(ge=0)
    lines: list[Line]


def writer(request: Request) -> Writer:
    """Return the process's writer. Raises a problem where nothing can be written."""
    found: Writer | None = request.app.state.writer
    if found is None:
        raise ProblemError(503, "read_only", "this server has no catalog: articles cannot be changed here")
    return found


async def raw(request: Request) -> bytes:
    """Return the body as it came, whatever it calls itself."""
    return await request.body()


Writing = Annotated[Writer, Depends(writer)]


@router.put(
    "/v1/articles/{id:path}",
    responses={202: {"model": Stored}, **{status: RESPONSES[status] for status in (400, 404, 409, 413, 422)}},
)
def put_article(id: str, article: ArticleIn, response: Response, store: Writing) -> Stored:  # noqa: A002 - public name
    """Store an article, new or in place of the one with this id; answered when it is in every list.

    Answers 202 where it is stored, but cannot be embedded at the moment: it is tried again.
    """
    fields = article.model_dump(mode="json", exclude_none=True)
    record = parse_article({**fields, "id": id}, "body")
    if record.article.id != id or UNREADABLE in id:  # else it were stored under an id that this path does not find
        raise ArticleError("the id in the path is not NFC in UTF-8, or holds control, invisible or surplus characters")
    if store.without_text([record]):
        raise ProblemError(409, "body_missing", BODY_MISSING.format(id))
    waiting = store.put([record])
    response.status_code = 202 if waiting else 200
    return Stored(id=record.article.id, status="pending" if waiting else "live")


@router.delete(
    "/v1/articles/{id:path}",
    status_code=204,
    responses={202: {"model": Stored}, 404: RESPONSES[404]},
    response_model=None,
)
def delete_article(id: str, store: Writing) -> Response:  # noqa: A002 - the parameter's public name
    """Remove an article, by its id or a former id; it is in no list any more when this is answered with 204.

    Answers 202 where it is removed for good, but the change cannot be followed at the moment: it is tried again.
    """
    followed = store.remove(id)
    if followed is None:
        raise ProblemError(404, "article_not_found", f"no article has the id {id!r}")
    if not followed:
        return Response(Stored(id=id, status="pending").model_dump_json(), 202, media_type="application/json")
    return Response(status_code=204)


@router.post(
    "/v1/articles:bulk",
    responses={status: RESPONSES[status] for status in (413, 422)},
    openapi_extra={"requestBody": {"required": True, "content": {NDJSON: {"schema": {"type": "string"}}}}},
)
def bulk(body: Annotated[bytes, Depends(raw)], store: Writing) -> Bulk:
    """Store the articles of some JSON lines; each line has its own result. They are embedded soon after."""
    lines = [(number, line) for number, line in enumerate(body.split(b"\n"), start=1) if line.strip()]
    if len(lines) > MAX_LINES:
        raise ProblemError(422, "too_many_lines", f"{len(lines):,} lines, at most {MAX_LINES:,} are taken at once")
    read = [(number, _read(line)) for number, line in lines]
    bare = store.without_text([each for _, each in read if isinstance(each, Record)])
    results, records = [], []
    for number, each in read:
        if isinstance(each, Record) and each.article.is_stub and each.article.id in bare:
            each = BODY_MISSING.format(each.article.id)
        if isinstance(each, Record):
            records.append(each)
            results.append(Line(line=number, id=each.article.id, status="live"))
        else:
            results.append(Line(line=number, status="rejected", error=each[:MAX_DETAIL]))
    waiting = store.put(records, wait=False) if records else set()
    for result in results:
        if result.id in waiting:
            result.status = "pending"
    return Bulk(stored=len(records), rejected=len(results) - len(records), lines=results)


def _read(line: bytes) -> Record | str:
    try:
        return parse_article(orjson.loads(line), "")
    except orjson.JSONDecodeError as error:
        return f"not valid JSON ({error})"
    except ArticleError as error:
        return str(error)
