"""What one client may take: the length of a body, and drafts a minute."""

import math
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

from cachetools import LRUCache
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import ProblemError

CLIENTS = 10_000
"""So many clients are remembered; the one not seen for longest is forgotten first."""
DRAFTS = "/v1/related"
MAX_NAME = 100
MAX_DIGITS = 20
"""Of a Content-Length; a body that declares a longer one is counted as it comes."""


class BodyLimit:
    """Refuses a body of more than ``max_bytes``: at once if its length is declared, else as soon as it is longer.

    Starlette's own limit answers in plain text; here it is a problem like any other.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count what it reads."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._declared(scope) > self._max_bytes:
            await self._too_large().response()(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_bytes:
                raise self._too_large()
            return message

        await self._app(scope, counted, send)

    def _too_large(self) -> ProblemError:
        return ProblemError(413, "body_too_large", f"the body is longer than {self._max_bytes:,} bytes")

    @staticmethod
    def _declared(scope: Scope) -> int:
        found = [value for name, value in scope["headers"] if name == b"content-length"]
        return max((int(value) for value in found if value.isdigit() and len(value) <= MAX_DIGITS), default=0)


class Buckets:
    """A token bucket a client: it holds ``per_minute`` tokens, and fills up at that rate."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic, clients: int = CLIENTS) -> None:
        self._size = per_minute
        self._clock = clock
        self._levels: LRUCache[str, tuple[float, float]] = LRUCache(clients)

    def wait(self, client: str) -> float:
        """Take a token of ``client`` and return 0; if there is none, the seconds until there is one."""
        now = self._clock()
        level, seen = self._levels.get(client, (float(self._size), now))
        level = min(self._size, level + (now - seen) * self._size / 60)
        taken = level >= 1
        self._levels[client] = level - taken, now
        return 0.0 if taken else (1 - level) * 60 / self._size

    def __len__(self) -> int:
        return len(self._levels)


class DraftLimit:
    """Refuses more than ``per_minute`` drafts of one client with 429 and Retry-After, before their bodies are read."""

    def __init__(self, app: ASGIApp, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._per_minute = per_minute
        self._buckets = Buckets(per_minute, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless it is one draft too many."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(DRAFTS):
            client = scope.get("client")
            wait = self._buckets.wait(client_of(client[0]) if client else "")
            if wait > 0:
                retry = {"Retry-After": str(math.ceil(wait))}
                refused = ProblemError(429, "too_many_drafts", f"more than {self._per_minute} drafts a minute", retry)
                await refused.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)


def client_of(address: str) -> str:
    """Return who is behind an address: an IPv6 client has a whole /64 of them."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:MAX_NAME]
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or ip_network((int(found), 64), strict=False))
