"""The hot path: finished answers about published articles, kept in memory as bytes.

An answer to a GET of an article or of its related list follows from the snapshot, the path and the parameters
alone. So it is made once, by the routes, and then sent again without routing, validation or serialisation. The
first answer goes out the same way as all later ones: from the Answer.
"""

import asyncio
import gzip
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

import brotli
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.caching import WEEK, Document, cache_control, coding, matches
from api.metrics import Metrics
from api.requests import RelatedByUrlParams
from index.live.live import Live
from index.store.snapshot import Snapshot
from recommender.errors import SnapshotError

Header = tuple[bytes, bytes]
Key = tuple[str, str]
"""Path and parameters."""

NAMES = frozenset(RelatedByUrlParams.model_fields)
"""Of parameters; any others change no answer, and keep none of their own."""
DOCUMENTS = ("/v1/articles/", "/v1/related")
"""What paths of documents begin with."""
UNKEPT = "/overrides"
"""What paths of others end with: they need a key, and are never kept."""
MIN_COMPRESSED = 500
"""Bytes of a body below which compressing it saves nothing: all of it fits in one packet."""
MAX_REMEMBERED = 512
"""Bytes of a query above which its spelling is worked out each time."""
MAX_KEY = 4_096
"""Characters of path and parameters above which an answer is not kept."""
OVERHEAD = 2_000
"""Bytes an Answer takes beside its bodies and its key: headers, objects. Measured roughly, on the safe side."""

_INNER = {b"accept-encoding", b"if-none-match"}
_OUTER = {b"content-length", b"vary", b"cache-control"}


class Variant(NamedTuple):
    """An answer in one coding: its tag, its body, and the headers with it and without (304)."""

    tag: str
    body: bytes
    headers: tuple[Header, ...]
    unchanged: tuple[Header, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer, good from ``since`` until ``until`` (UNIX time): by coding, "" being none.

    It takes ``size`` bytes, roughly. It was made at ``since``: a clock that says less was set back.
    """

    variants: Mapping[str, Variant]
    route: object
    document: Document
    since: float
    until: float
    size: int


class LruBytes:
    """Answers of at most ``maxsize`` bytes together, ``currsize`` now; the one not asked for longest goes first.

    cachetools' LRUCache, which it stands for, takes four calls in Python for a look-up: a tenth of an answer.
    """

    def __init__(self, maxsize: int) -> None:
        self.maxsize = maxsize
        self.currsize = 0
        self._answers: OrderedDict[Key, Answer] = OrderedDict()

    def get(self, key: Key) -> Answer | None:
        """Return the answer, if it is there."""
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    def put(self, key: Key, answer: Answer) -> None:
        """Keep an answer that is no larger than all may be together."""
        before = self._answers.pop(key, None)
        self._answers[key] = answer
        self.currsize += answer.size - (before.size if before else 0)
        while self.currsize > self.maxsize:
            self.currsize -= self._answers.popitem(last=False)[1].size

    def clear(self) -> None:
        """Keep nothing."""
        self._answers.clear()
        self.currsize = 0

    def __len__(self) -> int:
        return len(self._answers)


class ResponseCache:
    """The layer that keeps answers: at most ``max_bytes`` of them, the least used go first, none outlives its snapshot.

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
        self._flights: dict[tuple[str, Key], asyncio.Future[Answer | None]] = {}

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
            answer = await self._made(key, snapshot, scope, receive, send)
        if answer is not None:
            scope["route"] = answer.route
            scope.setdefault("state", {})["document"] = answer.document
            status, headers, body = _said(answer, scope["headers"])
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    async def _made(self, key: Key, snapshot: Snapshot, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        """Return the answer, from an equal request in flight if there is one; None where an error was sent instead."""
        flight = snapshot.version, key
        first = self._flights.get(flight)
        if first is not None and (answer := await asyncio.shield(first)) is not None:
            self._metrics.cache["shared"].inc()
            return answer
        self._metrics.cache["miss"].inc()
        if first is not None:  # it failed; an error is each request's own
            return await self._computed(key, snapshot, scope, receive, send)
        future = self._flights[flight] = asyncio.get_running_loop().create_future()
        answer = None
        try:
            answer = await self._computed(key, snapshot, scope, receive, send)
        finally:
            del self._flights[flight]
            future.set_result(answer)
        return answer

    async def _computed(
        self, key: Key, snapshot: Snapshot, scope: Scope, receive: Receive, send: Send
    ) -> Answer | None:
        """Let the app answer; keep and return what it says, or pass on its error and return None."""
        state = {**scope.get("state", {}), "snapshot": snapshot}
        headers = [header for header in scope["headers"] if header[0] not in _INNER]
        inner = {**scope, "headers": headers, "state": state}
        said: list[Message] = []

        async def listen(message: Message) -> None:
            said.append(message)

        document: Document | None = None
        try:
            await self._app(inner, receive, listen)
            if said and said[0]["status"] == 200:
                document = state.get("document")
        finally:
            scope["route"] = inner.get("route")
            if document is None:
                for message in said:
                    await send(message)
        if document is None:
            return None
        answer = _finished(said, document, inner.get("route"), self._clock(), self._longest, key)
        fits = answer.size <= self._kept.maxsize and sum(map(len, key)) <= MAX_KEY
        if fits and snapshot.version == self._version:
            self._kept.put(key, answer)
        return answer


def parameters(query: bytes) -> str:
    """Return the parameters that count, by name, in one spelling; those of one name stay in their order."""
    return _parameters(query) if len(query) <= MAX_REMEMBERED else _spelt(query)


def _spelt(query: bytes) -> str:
    pairs = (pair for pair in parse_qsl(query.decode("latin-1"), keep_blank_values=True) if pair[0] in NAMES)
    return urlencode(sorted(pairs, key=lambda pair: pair[0]))


_parameters = lru_cache(4_096)(_spelt)


def _finished(said: list[Message], document: Document, route: object, now: float, longest: int, key: Key) -> Answer:
    """Return the answer that the app gave, in every coding."""
    body = b"".join(message.get("body", b"") for message in said[1:])
    inner = [(name, value) for name, value in said[0]["headers"] if name not in _OUTER]
    control, until = cache_control(document, now, longest)
    bodies = {"": body}
    if len(body) >= MIN_COMPRESSED:
        bodies |= {"gzip": gzip.compress(body, 6, mtime=0), "br": brotli.compress(body, quality=5)}
    variants = {name: _variant(name, coded, document.tag, control, inner) for name, coded in bodies.items()}
    size = OVERHEAD + sum(map(len, bodies.values())) + 4 * sum(map(len, key))  # a character takes up to 4 bytes
    return Answer(variants, route, document, now, until, size)


def _variant(name: str, body: bytes, tag: str, control: str, inner: list[Header]) -> Variant:
    """A strong tag says "the same bytes", so each coding has its own (RFC 9110, 8.8.3.3)."""
    tag = f"{tag}-{name}" if name else tag
    content = [header for header in inner if header[0] == b"content-type"]
    content.append((b"content-length", str(len(body)).encode()))
    if name:
        content.append((b"content-encoding", name.encode()))
    always = (
        (b"etag", f'"{tag}"'.encode()),
        (b"cache-control", control.encode()),
        (b"vary", b"Accept-Encoding"),
        *(header for header in inner if header[0] != b"content-type"),
    )
    return Variant(tag, body, (*content, *always), always)


def _said(answer: Answer, headers: list[Header]) -> tuple[int, tuple[Header, ...], bytes]:
    """Return the status, the headers and the body of an answer to a request with ``headers``."""
    accepted = known = b""
    for name, value in headers:
        if name == b"accept-encoding":
            accepted = accepted + b"," + value if accepted else value
        elif name == b"if-none-match":
            known = known + b"," + value if known else value
    variant = answer.variants[""]
    if accepted:
        variant = answer.variants.get(coding(accepted.decode("latin-1")), variant)
    if known and matches(known.decode("latin-1"), variant.tag):
        return 304, variant.unchanged, b""
    return 200, variant.headers, variant.body
