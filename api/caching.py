"""How long an answer may be reused, and how it is recognised: Cache-Control, ETag, If-None-Match, Accept-Encoding."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Self

import orjson

from index.response import Related, Status
from recommender import __version__
from recommender.ranking.hits import Source

MINUTE, HOUR, DAY, WEEK = 60, 3_600, 86_400, 604_800

AGES = (DAY, WEEK, 30 * DAY)
LIFETIMES = (15 * MINUTE, HOUR, DAY, WEEK)
UNDATED = HOUR
THIN = 5 * MINUTE
"""The longest that a thin list is kept: the next articles may well fill it up."""
EDITED = 5 * MINUTE
"""The longest that an edited list is kept: the editor wants to see what was changed."""
UNKNOWN = 30
"""The longest that "no such article", and the list of a pending one, are kept: it may be there any moment."""

CODINGS = ("br", "gzip")
"""What answers are compressed with, the better first."""

MAX_REMEMBERED = 200
"""Characters of a header Accept-Encoding above which it is read each time: no client can fill the memory."""

_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


@dataclass(frozen=True, slots=True)
class Document:
    """What a route says about an answer that may be kept: the opaque ``tag`` of its content, and the article's date.

    Of a list also its ``length``, and how many of its items are ``fillers``. It is ``thin`` if it is shorter without
    them than the request's limit, ``edited`` if a pin, block or rule concerns it, ``pending`` if its article is.
    """

    tag: str
    published_at: datetime | None
    length: int | None = None
    thin: bool = False
    fillers: int = 0
    edited: bool = False
    pending: bool = False

    @classmethod
    def of_list(cls, tag: str, published_at: datetime | None, found: Related, *, edited: bool = False) -> Self:
        """Return what is to be said of a related list."""
        fillers = sum(item.source is Source.FALLBACK for item in found.items)
        pending = found.status is Status.PENDING
        return cls(tag, published_at, found.count, found.status is not Status.OK, fillers, edited, pending)


def tag_of(version: str, *parts: Any) -> str:  # noqa: ANN401 - whatever JSON can hold, and sets
    """Return the opaque tag of what snapshot ``version`` answers to ``parts``.

    Equal parts give equal tags: sets and keys are put in order. The program's own version counts too, because
    another release may write the same list in other bytes.
    """
    what = orjson.dumps([__version__, parts], default=sorted, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
    return f"{version}-{blake2b(what, digest_size=8).hexdigest()}"


def lifetime(published_at: datetime | None, now: float) -> tuple[int, float]:
    """Return for how many seconds an answer about an article may be kept, and until when (UNIX time) that holds.

    By the article's age: 15 minutes on its first day, an hour in its first week, a day in its first 30 days,
    then a week; an hour where the date is unknown. What is related to a new story changes with every story
    after it; what is related to an old one hardly ever.
    """
    if published_at is None:
        return UNDATED, float("inf")
    born = published_at.timestamp()
    step = bisect_right(AGES, now - born)
    return LIFETIMES[step], born + AGES[step] if step < len(AGES) else float("inf")


def cache_control(document: Document, now: float, longest: int = WEEK) -> tuple[str, float]:
    """Return the Cache-Control of a document, and until when (UNIX time) it is the right one.

    ``longest`` is the most seconds that any answer may be kept.

    While a stale answer is renewed it may be shown for as long again, and for a week if the API is down
    (RFC 5861).
    """
    seconds, until = lifetime(document.published_at, now)
    if document.thin or document.length == 0:
        seconds = min(seconds, THIN)
    if document.edited:
        seconds = min(seconds, EDITED)
    if document.pending:
        seconds = min(seconds, UNKNOWN)
    seconds = min(seconds, longest)
    return f"public, max-age={seconds}, stale-while-revalidate={seconds}, stale-if-error={WEEK}", until


def matches(if_none_match: str, tag: str) -> bool:
    """Say whether a header If-None-Match names ``tag``: in a list, weak or not, or by ``*`` (RFC 9110, 13.1.2)."""
    return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)


def coding(accept_encoding: str) -> str:
    """Return which of CODINGS a header Accept-Encoding likes best, or "" for none (RFC 9110, 12.5.3)."""
    return _remembered(accept_encoding) if len(accept_encoding) <= MAX_REMEMBERED else _liked(accept_encoding)


def _liked(accept_encoding: str) -> str:
    weights = {}
    for part in accept_encoding.lower().split(","):
        name, *parameters = (word.strip() for word in part.split(";"))
        weights[name] = next((_weight(word[2:]) for word in parameters if word.startswith("q=")), 1.0)
    other = weights.get("*", 0.0)
    liked = {name: weights.get(name, other) for name in CODINGS} | {"": weights.get("identity", 0.0)}
    best = max(liked, key=lambda name: liked[name])
    return best if liked[best] > 0 else ""


_remembered = lru_cache(1_024)(_liked)


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
