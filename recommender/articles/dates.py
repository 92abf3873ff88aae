"""Dates and times as archives write them."""

import math
import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from recommender.articles.written_dates import written_time
from recommender.errors import shown
from recommender.text import clean

FIRST_YEAR, LAST_YEAR = 1900, 2100
"""No article is older; a number between them is a year."""
_LONGEST = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICKS = (10**11, 10**6), (10**14, 10**3), (10**17, 1), (10**20, 0)
"""Below which number it counts seconds, ms, µs or ns since 1970, and how many µs each is: 1973 to beyond 5000."""
_FIRST_TICK = 10**8
_SPELT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}

# ISO 8601 as archives really write it: an unpadded hour ("2011-11-28T8:32:24") is still unambiguous.
_LOOSE_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d:\d{2}.*)", re.ASCII)
_ISO = re.compile(r"(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4}-?W\d{2}(?:-?\d)?)(?:[Tt ].+)?", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_NUMBER = re.compile(r"-?[1-9]\d*(?:\.\d+)?", re.ASCII)
# What systems write for "none": zeros in any order, year 1 (Go, .NET) and what PHP makes of year 0.
_NONE = re.compile(r"[-0:./ ]*(?:T[0:.]*)?(?:Z|UTC|GMT)?|-?(?:0001-01-01|0001-11-30)(?!\d).*", re.ASCII)


def parse_time(value: str) -> datetime:
    """Parse an ISO 8601 date or time; without an offset it is taken as UTC. Raises ValueError."""
    text = value.strip()
    if loose := _LOOSE_TIME.fullmatch(text):
        text = f"{loose[1]}T0{loose[2]}"
    if not _ISO.fullmatch(text):  # the standard library takes any character between date and time, a digit as well
        raise ValueError(f"{value!r} is no date or time in ISO 8601")
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{value} lies outside the calendar") from None


def parse_span(value: str) -> tuple[datetime, datetime]:
    """Return the first and the last microsecond of the day (``2024-02-11``) or month (``2024-02``) that is named.

    Both are the same where ``value`` is a time in ISO 8601. Raises ValueError.
    """
    text = value.strip()
    if found := _MONTH.fullmatch(text):
        start = datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC)
        days = monthrange(start.year, start.month)[1]
    else:
        start = parse_time(text)
        days = 0 if re.search(r"[Tt ]", text) else 1
    return start, start + timedelta(days=days - 1, seconds=86_399, microseconds=999_999) if days else start


def read_time(value: object, field: str = "published_at") -> tuple[datetime | None, str | None]:
    """Return the moment that ``value`` of a record's ``field`` means, in UTC, and None; else None and a warning.

    Read are ISO 8601, seconds, ms, µs or ns since 1970, a year or a month, what ``written_time`` reads, and MongoDB's
    ``{"$date": …}``. No warning where ``value`` is a system's spelling of none, such as ``0000-00-00``.
    """
    if _is_none(plain := _unwrapped(value)):
        return None, None
    try:
        moment = _moment(plain)
    except (ValueError, OverflowError):
        return None, f"{field} is {shown(value)}, which is no date: left out"
    if moment.year < FIRST_YEAR:
        return None, f"{field} is {shown(value)}, which lies before {FIRST_YEAR}: left out"
    return moment, None


def _unwrapped(value: object) -> object:
    for key in ("$date", "$numberLong"):
        if isinstance(value, Mapping) and key in value:
            value = value[key]
    if not isinstance(value, str) or len(value) > _LONGEST:
        return value
    return " ".join(clean(value).replace("\u2212", "-").split())


def _is_none(value: object) -> bool:
    if isinstance(value, str):
        return _NONE.fullmatch(value) is not None
    return value is None or value == 0 or value != value  # pandas' NaN is no date, either


def _moment(value: object) -> datetime:
    if isinstance(value, str):
        return _of_text(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_number(value)
    if isinstance(value, datetime):  # as YAML reads it
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise ValueError(f"{value!r} is no date")


def _of_text(text: str) -> datetime:
    if len(text) > _LONGEST:
        raise ValueError("too long for a date")
    if _NUMBER.fullmatch(text):
        return _of_number(float(text) if "." in text else int(text))
    if _MONTH.fullmatch(text):
        return parse_span(text)[0]
    try:
        return parse_time(text)
    except ValueError:
        return written_time(text)


def _of_number(value: float) -> datetime:
    """Return the moment of a year, of digits that spell a date (20240314), or of a count since 1970, by its size."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is no date")
    whole = value == int(value)
    if whole and FIRST_YEAR <= value <= LAST_YEAR:
        return datetime(int(value), 1, 1, tzinfo=UTC)
    spelt = _spelt(str(int(value))) if whole else None
    if spelt:
        return spelt
    for limit, microseconds in _TICKS:
        if _FIRST_TICK <= value < limit:
            if microseconds:
                return _EPOCH + timedelta(microseconds=value * microseconds)
            return _EPOCH + timedelta(microseconds=int(value) // 1000)
    raise ValueError(f"{value} is no date")


def _spelt(digits: str) -> datetime | None:
    """Return the date that 8 or 14 digits spell, None if they spell none.

    Raises ValueError for 12 digits, which may be milliseconds as well.
    """
    if len(digits) not in _SPELT or not FIRST_YEAR <= int(digits[:4]) <= LAST_YEAR:
        return None
    try:
        moment = datetime.strptime(digits, _SPELT[len(digits)]).replace(tzinfo=UTC)
    except ValueError:
        return None
    if len(digits) == 12:
        raise ValueError(f"{digits} is a date, or milliseconds of 1976")
    return moment
