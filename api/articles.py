"""Live changes over HTTP: an article stored, replaced or removed, alone or many at once. All need a key."""

from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from api.keys import require_key
from api.problems import MAX_DETAIL, RESPONSES, ProblemError
from api.requests import ArticleFields
from index.live.writer import Writer
from recommender.articles import Record, parse_article
from recommender.errors import ArticleError

MAX_LINES = 1_000
"""Articles in one bulk request."""
BOM = b"\xef\xbb\xbf"
NDJSON = "application/x-ndjson"
BODY_MISSING = "article {!r} is stored with a body, and this has none: send it whole, or remove it first"

router = APIRouter(
    tags=["changes"],
    dependencies=[Depends(require_key)],
    responses={status: RESPONSES[status] for status in (401, 503)},
)


class ArticleIn(ArticleFields):
    """An article as it is to be stored: as a line of the JSON lines that ``related-index`` reads, without the id."""

    image: Any = Field(
        None, description="Its address; also an object with a `url`, or several of which the first counts."
    )
    related: Any = Field(
        None,
        description="Ids or URLs that an editor picked, in order; left out: as it was. An empty list takes it away.",
        examples=[["timber-ships", 1001]],
    )


class Stored(BaseModel):
    """What became of an article. ``live``: it is in every list now. ``pending``: stored, and soon will be.

    ``warnings`` say what of it was left out, or read in another way than it was written.
    """

    id: str = Field(examples=["harbour-plan"])
    status: Literal["live", "pending"]
    warnings: list[str] = Field(
        default_factory=list, examples=[["published_at is '3 hours ago', which is no date: left out"]]
    )


class Unlinked(BaseModel):
    """An alias was removed, the id under which a page's related list told of an article; the article stays."""

    id: str
    status: Literal["alias_removed"] = "alias_removed"
    article_id: str


class Line(BaseModel):
    """What became of one line of a bulk request: stored, perhaps with warnings, or what is wrong with it."""

    line: int = Field(ge=1)
    id: str | None = None
    status: Literal["live", "pending", "rejected"]
    error: str | None = None
    warnings: list[str] = Field(default_factory=list)


class Bulk(BaseModel):
    """What became of a bulk request: every line that holds an article is stored, whatever is wrong with others."""

    stored: int = Field(ge=0)
    rejected: int = Field(ge=0)
    lines: list[Line]


def writer(request: Request) -> Writer:
    """Return the process's writer. Raises a problem where nothing can be written."""
    found: Writer | None = request.app.state.writer
    if found is None:
        catalog = request.app.state.live.catalog
        why = "the store is read-only" if catalog else "this server has no catalog"
        raise ProblemError(503, "read_only", f"{why}: articles cannot be changed here")
    return found


async def raw(request: Request) -> bytes:
    """Return the body as it came, whatever it calls itself."""
    return await request.body()


def site_url(request: Request) -> str:
    """Return the address of the site, against which relative ones are resolved; empty if it is not known."""
    return str(request.app.state.config.site_url)


Writing = Annotated[Writer, Depends(writer)]
Site = Annotated[str, Depends(site_url)]


@router.put(
    "/v1/articles/{id:path}",
    responses={202: {"model": Stored}, **{status: RESPONSES[status] for status in (400, 404, 409, 413, 422)}},
)
def put_article(
    id: str,  # noqa: A002 - the parameter's public name
    article: ArticleIn,
    response: Response,
    store: Writing,
    site: Site,
) -> Stored:
    """Store an article, new or in place of the one with this id; answered when it is in every list.

    Answers 202 where it is stored, but cannot be embedded at the moment: it is tried again.
    """
    record = parse_article({**article.model_dump(exclude_none=True), "id": id}, "body", site_url=site)
    if store.without_text([record]):
        raise ProblemError(409, "body_missing", BODY_MISSING.format(id))
    waiting = store.put([record])
    response.status_code = 202 if waiting else 200
    return Stored(id=id, status="pending" if waiting else "live", warnings=[*record.warnings])


@router.delete(
    "/v1/articles/{id:path}",
    status_code=204,
    responses={200: {"model": Unlinked}, 202: {"model": Stored | Unlinked}, 404: RESPONSES[404]},
    response_model=None,
)
def delete_article(id: str, store: Writing) -> Response:  # noqa: A002 - the parameter's public name
    """Remove an article by its id; it is in no list any more when this is answered with 204.

    An alias never removes its article: where one is named, it alone is taken away, with the teaser that it brought, and
    the answer (200) says from which article. Answers 202 where that is done for good, but the change cannot be followed
    at the moment: it is tried again.
    """
    removed = store.remove(id)
    if removed is None:
        raise ProblemError(404, "article_not_found", f"no article has the id {id!r}")
    removal, followed = removed
    if removal.alias:
        said = Unlinked(id=id, article_id=removal.article_id)
        return Response(said.model_dump_json(), 200 if followed else 202, media_type="application/json")
    if not followed:
        return Response(Stored(id=id, status="pending").model_dump_json(), 202, media_type="application/json")
    return Response(status_code=204)


@router.post(
    "/v1/articles:bulk",
    responses={status: RESPONSES[status] for status in (413, 422)},
    openapi_extra={"requestBody": {"required": True, "content": {NDJSON: {"schema": {"type": "string"}}}}},
)
def bulk(body: Annotated[bytes, Depends(raw)], store: Writing, site: Site) -> Bulk:
    """Store the articles of some JSON lines; each line has its own result. They are embedded soon after.

    Of two lines with one id both are stored, the later in place of the earlier, and its result says so.
    """
    lines = [(number, line) for number, line in enumerate(body.removeprefix(BOM).split(b"\n"), 1) if line.strip()]
    if len(lines) > MAX_LINES:
        raise ProblemError(422, "too_many_lines", f"{len(lines):,} lines, at most {MAX_LINES:,} are taken at once")
    read = [(number, _read(line, site)) for number, line in lines]
    bare = store.without_text([each for _, each in read if isinstance(each, Record)])
    results, records, line_of = [], [], dict[str, int]()
    for number, each in read:
        if isinstance(each, Record) and not each.article.body and each.article.id in bare:
            each = BODY_MISSING.format(each.article.id)
        if isinstance(each, str):
            results.append(Line(line=number, status="rejected", error=each[:MAX_DETAIL]))
            continue
        identity, warnings = each.article.id, [*each.warnings]
        if identity in line_of:
            warnings.append(f"line {line_of[identity]} has the id {identity!r}, too: this one takes its place")
        line_of[identity] = number
        records.append(each)
        results.append(Line(line=number, id=identity, status="live", warnings=warnings))
    waiting = store.put(records, wait=False) if records else set()
    for result in results:
        if result.id in waiting:
            result.status = "pending"
    return Bulk(stored=len(records), rejected=len(results) - len(records), lines=results)


def _read(line: bytes, site: str) -> Record | str:
    try:
        return parse_article(orjson.loads(line), site_url=site)
    except orjson.JSONDecodeError as error:
        return f"not valid JSON ({error})"
    except ArticleError as error:
        return str(error)
