"""The layer that keeps finished answers about published articles in memory, as bytes.

An answer to a GET of an article or of its related list follows from the snapshot, the path and the parameters
alone. So the routes make it once, and it is sent again without routing, validation or serialisation. The first
answer goes out in the same way as all later ones: from the Answer.
"""

import asyncio
import time
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.caching import WEEK, Document
from api.kept_answers import Answer, Key, LruBytes, finished, reply
from api.metrics import Metrics
from api.requests import RelatedByUrlParams
from index.live.live import Live
from index.store.snapshot import Snapshot
from recommender.errors import SnapshotError

NAMES = frozenset(RelatedByUrlParams.model_fields)
"""Names of the parameters that count: any others change no answer, and are ignored."""
DOCUMENTS = ("/v1/articles/", "/v1/related")
"""What paths of documents begin with."""
UNKEPT = "/overrides"
"""What paths of answers end with that need a key, and are never kept."""
MAX_REMEMBERED = 512
"""Bytes of a query above which its canonical form is computed each time."""
MAX_KEY = 4_096
"""Characters of path and parameters above which an answer is not kept."""

_ANSWERED_HERE = {b"accept-encoding", b"if-none-match"}
"""Headers of a request that the app does not see: it answers whole, and uncompressed."""


class ResponseCache:
    """Keeps answers of at most ``max_bytes``, the least recently used go first; none outlives its snapshot.

    ``longest`` is the most seconds that clients may keep one.

    Of equal requests at the same time one is computed, the others wait for its answer. Equal snapshots have equal
    versions, so only the version is remembered: an old snapshot's memory is free as soon as nobody computes with it.
    """

    def __init__(
        self,
        app: ASGIApp,
        live: Live,
        metrics: Metrics,
        max_bytes: int,
        longest: int = WEEK,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._live = live
        self._metrics = metrics
        self._longest = longest
        self._clock = clock
        self._version = ""
        self._kept = LruBytes(max_bytes)
        self._computing: dict[tuple[str, Key], asyncio.Future[Answer | None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET of a document; leave everything else to the app."""
        path = scope.get("path", "")
        if scope["type"] != "http" or scope["method"] != "GET" or not path.startswith(DOCUMENTS):
            await self._app(scope, receive, send)
            return
        try:
            live = self._live  # a snapshot is taken once: the request uses only this one
            snapshot = await live.caught_up() if live.has_changes() else live.snapshot()
        except SnapshotError:
            await self._app(scope, receive, send)
            return
        if snapshot.version != self._version:
            self._version = snapshot.version
            self._kept.clear()
        query = scope["query_string"]
        key = path, parameters(query) if query else ""
        answer = self._kept.get(key)
        if answer is not None and answer.since <= self._clock() < answer.until:
            self._metrics.hits += 1
        elif path.endswith(UNKEPT):
            await self._app(scope, receive, send)
            return
        else:
            answer = await self._shared(key, snapshot, scope, receive, send)
        if answer is not None:
            scope["route"] = answer.route
            scope.setdefault("state", {})["document"] = answer.document
            status, headers, body = reply(answer, scope["headers"])
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    async def _shared(self, key: Key, snapshot: Snapshot, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        """Return the answer, computed by an equal request if one is under way; None where an error was sent instead."""
        first = self._computing.get((snapshot.version, key))
        if first is None:
            self._metrics.cache["miss"].inc()
            return await self._first(key, snapshot, scope, receive, send)
        answer = await asyncio.shield(first)
        if answer is None:  # the other one failed; an error is each request's own
            self._metrics.cache["miss"].inc()
            return await self._computed(key, snapshot, scope, receive, send)
        self._metrics.cache["shared"].inc()
        return answer

    async def _first(self, key: Key, snapshot: Snapshot, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        """Return the answer, and let equal requests that come meanwhile share it; None as in ``_computed``."""
        place, answer = (snapshot.version, key), None
        future = self._computing[place] = asyncio.get_running_loop().create_future()
        try:
            answer = await self._computed(key, snapshot, scope, receive, send)
        finally:  # also where the client gives up: who waits is not left waiting
            del self._computing[place]
            future.set_result(answer)
        return answer

    async def _computed(
        self, key: Key, snapshot: Snapshot, scope: Scope, receive: Receive, send: Send
    ) -> Answer | None:
        """Return the document that the app answers with, and keep it; anything else it says is sent: then None."""
        inner = _without_conditions(scope, snapshot)
        said: list[Message] = []

        async def listen(message: Message) -> None:
            said.append(message)

        document: Document | None = None
        try:
            await self._app(inner, receive, listen)
            if said and said[0]["status"] == 200:
                document = inner["state"].get("document")
        finally:
            scope["route"] = inner.get("route")
            if document is None:
                for message in said:
                    await send(message)
        if document is None:
            return None
        answer = finished(said, document, inner.get("route"), self._clock(), self._longest, key)
        self._keep(key, answer, snapshot.version)
        return answer

    def _keep(self, key: Key, answer: Answer, version: str) -> None:
        """Keep ``answer`` if there is room for it, and its snapshot ``version`` is still in service."""
        if version == self._version and answer.size <= self._kept.maxsize and sum(map(len, key)) <= MAX_KEY:
            self._kept.put(key, answer)


def _without_conditions(scope: Scope, snapshot: Snapshot) -> Scope:
    """Return the request as the app gets it: answered whole, from ``snapshot``, with a state of its own."""
    headers = [header for header in scope["headers"] if header[0] not in _ANSWERED_HERE]
    return {**scope, "headers": headers, "state": {**scope.get("state", {}), "snapshot": snapshot}}


def parameters(query: bytes) -> str:
    """Return the canonical form of a query: parameters that count, by name; those of one name stay in their order."""
    return _parameters(query) if len(query) <= MAX_REMEMBERED else _canonical(query)


def _canonical(query: bytes) -> str:
    pairs = (pair for pair in parse_qsl(query.decode("latin-1"), keep_blank_values=True) if pair[0] in NAMES)
    return urlencode(sorted(pairs, key=lambda pair: pair[0]))


_parameters = lru_cache(4_096)(_canonical)
