"""Finished answers: the bytes that go out, in every coding, and the memory that keeps them."""

import gzip
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import brotli
from starlette.types import Message

from api.caching import Document, cache_control, coding, matches

Header = tuple[bytes, bytes]
Key = tuple[str, str]
"""Path and parameters."""

MIN_COMPRESSED = 500
"""Bytes of a body below which compressing it saves nothing: all of it fits in one packet."""
OVERHEAD = 2_000
"""Bytes an Answer takes beside its bodies and its key: headers, objects. Measured roughly, on the safe side."""

_REPLACED = {b"content-length", b"vary", b"cache-control"}
"""Headers of the app's answer in whose place a variant has its own."""


class Variant(NamedTuple):
    """An answer in one coding: its tag, its body, and the headers with it and without (304)."""

    tag: str
    body: bytes
    headers: tuple[Header, ...]
    unchanged: tuple[Header, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer: its variants by coding, "" being none, and what observe counts, ``route`` and ``document``.

    It was made at ``since`` and is right until ``until`` (UNIX time); a clock that says less than ``since`` was set
    back. It takes about ``size`` bytes.
    """

    variants: Mapping[str, Variant]
    route: object
    document: Document
    since: float
    until: float
    size: int


class LruBytes:
    """Answers of at most ``maxsize`` bytes together, ``currsize`` now; the least recently used go first.

    A look-up in cachetools' LRUCache takes four calls in Python, a tenth of the time of an answer.
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


def finished(said: Sequence[Message], document: Document, route: object, now: float, longest: int, key: Key) -> Answer:
    """Return the answer that the app gave in the messages ``said`` at ``now`` (UNIX time), in every coding.

    Clients may keep it for ``longest`` seconds at most; its ``key`` counts as memory.
    """
    body = b"".join(message.get("body", b"") for message in said[1:])
    inner = [(name, value) for name, value in said[0]["headers"] if name not in _REPLACED]
    control, until = cache_control(document, now, longest)
    bodies = {"": body}
    if len(body) >= MIN_COMPRESSED:
        bodies |= {"gzip": gzip.compress(body, 6, mtime=0), "br": brotli.compress(body, quality=5)}
    variants = {name: _variant(name, coded, document.tag, control, inner) for name, coded in bodies.items()}
    size = OVERHEAD + sum(map(len, bodies.values())) + 4 * sum(map(len, key))  # a character takes up to 4 bytes
    return Answer(variants, route, document, now, until, size)


def _variant(name: str, body: bytes, tag: str, control: str, inner: list[Header]) -> Variant:
    """Return the answer in the coding ``name``; each coding has its own strong tag (RFC 9110, 8.8.3.3)."""
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


def reply(answer: Answer, headers: list[Header]) -> tuple[int, tuple[Header, ...], bytes]:
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
