"""One shape for every error: RFC 9457 ``application/problem+json``, never an exception's own text."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from itertools import islice
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.caching import UNKNOWN
from api.logs import request_id
from recommender.errors import (
    ArticleError,
    CatalogError,
    CatalogLostError,
    EncoderError,
    SnapshotError,
    UnknownArticleError,
)

log = logging.getLogger(__name__)

MAX_DETAIL = 300
MAX_FAULTS = 20
"""Faults of one request that the answer lists: more help nobody, and would make it long."""
UNEXPECTED = "internal_error", "the request could not be answered; the error was logged"
"""Code and detail of what nobody foresaw."""


class Fault(BaseModel):
    """One thing that is wrong with a request: the parameter or field, and what was expected."""

    where: str = Field(examples=["query.limit"])
    message: str = Field(examples=["Input should be less than or equal to 100"])


class Problem(BaseModel):
    """An error, as RFC 9457 shapes it. ``code`` is stable; ``title`` and ``detail`` are for people.

    ``request_id`` is that of the answer's X-Request-ID, and of the log lines about it.
    """

    type: str = Field(default="about:blank", examples=["about:blank"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    code: str = Field(examples=["article_not_found"])
    detail: str = Field(examples=["no article has the id or URL 'nowhere'"])
    errors: list[Fault] = Field(default_factory=list)
    request_id: str | None = Field(default=None, examples=["4f6c1c7d0fce4d1db4a4d6b1f3a5f0f7"])


class ProblemError(HTTPException):
    """An error of HTTP itself: its status, its code, and what is said about it. Fit for a client to read."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)
        self.code = code

    def response(self) -> JSONResponse:
        """Return the answer that says so."""
        return problem(self.status_code, self.code, self.detail, headers=self.headers)


def problem(
    status: int, code: str, detail: str, errors: list[Fault] | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return the response for one error."""
    body = described(status, code, detail, errors)
    return JSONResponse(body.model_dump(), status, headers, media_type="application/problem+json")


def described(status: int, code: str, detail: str, errors: list[Fault] | None = None) -> Problem:
    """Return one error as RFC 9457 shapes it."""
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail[:MAX_DETAIL],
        errors=errors or [],
        request_id=request_id.get(),
    )


def not_found(error: UnknownArticleError) -> Problem:
    """Return the problem of an article that is not there."""
    return described(404, "article_not_found", str(error))


def install(app: FastAPI) -> None:
    """Let every error of ``app`` leave as a problem."""
    app.add_exception_handler(UnknownArticleError, _unknown)
    app.add_exception_handler(ArticleError, _unfit)
    app.add_exception_handler(SnapshotError, _not_ready)
    app.add_exception_handler(EncoderError, _no_encoder)
    app.add_exception_handler(CatalogError, _no_catalog)
    app.add_exception_handler(CatalogLostError, _lost_catalog)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {"application/problem+json": {}}, "description": text}
    for status, text in {
        400: "The body is not UTF-8.",
        401: "A key is needed; the one given is not known, or was revoked.",
        404: "No such article.",
        409: "The article is stored with a body, and what was sent has none.",
        413: "The body is too long.",
        422: "A parameter or the body does not fit.",
        429: "Too many drafts; Retry-After says when to try again.",
        503: "Nothing is published yet, or the snapshot cannot be opened, or it is too old.",
    }.items()
}
KNOWN: dict[int | str, dict[str, Any]] = {
    304: {"description": "The answer that If-None-Match names is still the right one."},
    404: RESPONSES[404],
}


def _unknown(_: Request, error: Exception) -> JSONResponse:
    return problem(404, "article_not_found", str(error), headers={"Cache-Control": f"public, max-age={UNKNOWN}"})


def _unfit(_: Request, error: Exception) -> JSONResponse:
    fault = Fault(where="body", message=str(error)[:MAX_DETAIL])
    return problem(422, "invalid_request", "the article does not fit", [fault])


def _not_ready(_: Request, error: Exception) -> JSONResponse:
    log.warning("not ready: %s", error)
    return problem(503, "not_ready", "no snapshot is in service yet", headers={"Retry-After": "5"})


def _no_encoder(_: Request, error: Exception) -> JSONResponse:
    log.error("no encoder: %s", error)
    return problem(503, "encoder_unavailable", "the embedding model that drafts need is not available here")


CATALOG_LOST = (
    "the catalog was deleted, damaged, or replaced by another or an older one: nothing is written until the right one"
    " is back, or an index is built from this one; lists are served as they were"
)


def _lost_catalog(_: Request, error: Exception) -> JSONResponse:
    log.error("the catalog is lost: %s", error)
    return problem(503, "catalog_lost", CATALOG_LOST)


def _no_catalog(_: Request, error: Exception) -> JSONResponse:
    log.error("the catalog failed: %s", error)
    return problem(
        503, "catalog_unavailable", "the catalog cannot be reached; nothing was changed", headers={"Retry-After": "5"}
    )


def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = [
        Fault(where=".".join(map(str, fault["loc"])), message=str(fault["msg"])[:MAX_DETAIL])
        for fault in islice(error.errors(), MAX_FAULTS)
    ]
    return problem(422, "invalid_request", "; ".join(f"{f.where}: {f.message}" for f in faults), faults)


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error, ProblemError):
        return error.response()
    if error.status_code == 405:
        error.headers = {"Allow": _allowed(request, error)}
    phrase = HTTPStatus(error.status_code).phrase
    code = phrase.lower().replace(" ", "_")
    return problem(error.status_code, code, phrase, headers=error.headers)


def _allowed(request: Request, error: HTTPException) -> str:
    """Every method of the path, in order: routes that share a path each name only their own."""
    methods = {method.strip() for method in (error.headers or {}).get("Allow", "").split(",")} - {""}
    path = getattr(request.scope.get("route"), "path_format", "")
    methods |= {method.upper() for method in request.app.openapi()["paths"].get(path, ())}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def _unexpected(_: Request, error: Exception) -> JSONResponse:
    log.error("unexpected error", exc_info=error)
    return problem(500, *UNEXPECTED)
