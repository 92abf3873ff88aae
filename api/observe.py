"""The outermost layer: gives every request an id, counts and logs every answer, and answers where a layer fails."""

import asyncio
from collections.abc import Awaitable
from time import perf_counter, time

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.headers import ALWAYS, UNLESS_SAID
from api.logs import AccessLog, RequestIds, request_id
from api.metrics import Metrics
from api.problems import UNEXPECTED, problem
from api.protocol import host_fault

NO_ROUTE = "none"
FLUSH_SECONDS = 0.2
"""How long answers wait to be counted and logged: many at once take a third of the time."""
FLUSH_ANSWERS = 1_000
"""How many answers wait at most."""


class Observe:
    """Times every request, answers with its X-Request-ID, and writes a line about it if there is a ``log``.

    A request that does not name one host is refused here (see host_fault).
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, log: AccessLog | None) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log
        self._ids = RequestIds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; note its answer for ``metrics`` and ``log`` when it is out."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            self._flush()
            return
        started = perf_counter()
        given, hosts = None, []
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                given = value
            elif name == b"host":
                hosts.append(value)
        identity = self._ids.id_for(given)
        token = request_id.set(identity)
        status, length, begun = 500, 0, False

        def observed(message: Message) -> Awaitable[None]:
            nonlocal status, length, begun
            if message["type"] == "http.response.start":
                begun = True
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", identity.encode())]
            else:
                length += len(message.get("body", b""))
            return send(message)

        try:
            if fault := host_fault(hosts, scope["http_version"]):
                await _refusal(fault)(scope, receive, observed)
            else:
                await self._app(scope, receive, observed)
        except Exception:
            if not begun:  # a layer failed: what the routes raise was answered further in
                await _hardened(problem(500, *UNEXPECTED))(scope, receive, observed)
            raise  # the server logs it
        finally:
            request_id.reset(token)
            self._done(scope, status, perf_counter() - started, length, identity)

    def _done(self, scope: Scope, status: int, seconds: float, length: int, identity: str) -> None:
        """Note the answer, and see to it that it is counted and logged soon."""
        route = getattr(scope.get("route"), "path_format", NO_ROUTE)
        state = scope.get("state")
        noted = self._metrics.noted
        noted.append((route, status, seconds, state.get("document") if state else None))
        if self._log:
            self._log.waiting.append((time(), scope["method"], route, status, seconds * 1_000, length, identity))
        if len(noted) == 1:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)
        elif len(noted) >= FLUSH_ANSWERS:
            self._flush()

    def _flush(self) -> None:
        self._metrics.fold()
        if self._log:
            self._log.flush()


def _refusal(fault: str) -> Response:
    """Return the answer to a request with that fault in its Host, which also ends the connection.

    A proxy that takes another host for it may also see another end of the request: what follows is not read.
    """
    return _hardened(problem(400, "bad_host", fault, headers={"Connection": "close"}))


def _hardened(answer: Response) -> Response:
    """Return ``answer`` with the headers that a layer further in would have added."""
    answer.raw_headers.extend((*ALWAYS, *UNLESS_SAID))
    return answer
