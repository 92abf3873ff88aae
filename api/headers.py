"""Headers that every answer carries, requests from other sites (CORS), and HEAD."""

from collections.abc import Awaitable

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem

CONTENT_POLICY = b"content-security-policy"
CACHE_CONTROL = b"cache-control"

ALWAYS = ((b"x-content-type-options", b"nosniff"),)
UNLESS_SAID = (
    (CONTENT_POLICY, b"default-src 'none'; frame-ancestors 'none'"),
    (CACHE_CONTROL, b"no-store"),
)
"""A page for people brings its own content policy; only what says so itself may be kept by caches.

``frame-ancestors`` says what X-Frame-Options said, and JSON refers to nothing: only pages have a Referrer-Policy.
"""

WEEK = 604_800


class SecurityHeaders:
    """Adds the headers ALWAYS to every answer, and those of UNLESS_SAID that it does not have already."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name for name, _ in message["headers"]}
                more = (header for header in UNLESS_SAID if header[0] not in said)
                message = {**message, "headers": [*message["headers"], *ALWAYS, *more]}
            await send(message)

        await self._app(scope, receive, hardened)


class Head:
    """Lets the app answer a HEAD as a GET, and leaves out the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on: anything but a HEAD without a step of its own, for every cached answer comes by here."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            return self._bodiless(scope, receive, send)
        return self._app(scope, receive, send)

    async def _bodiless(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def bodiless(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
            elif not message.get("more_body", False):
                await send({"type": "http.response.body", "body": b""})

        get = {**scope, "method": "GET"}
        try:
            await self._app(get, receive, bodiless)
        finally:
            scope["route"] = get.get("route")


class Cors(CORSMiddleware):
    """Starlette's CORS for reads and drafts, never with credentials; a refused preflight is a problem."""

    def __init__(self, app: ASGIApp, origins: str) -> None:
        super().__init__(
            app,
            allow_origins=[origin.strip() for origin in origins.split(",")],
            allow_methods=("GET", "HEAD", "POST"),
            allow_headers=("Content-Type", "If-None-Match", "X-Request-ID"),
            expose_headers=("ETag", "Retry-After", "X-Request-ID"),
            max_age=WEEK,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        """Return Starlette's answer, its errors in the one shape."""
        answer = super().preflight_response(request_headers)
        if answer.status_code != 200:
            kept = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
            answer = problem(answer.status_code, "cors_refused", bytes(answer.body).decode(), headers=kept)
        answer.raw_headers.extend((*ALWAYS, *UNLESS_SAID))  # this layer lies outside SecurityHeaders
        return answer
