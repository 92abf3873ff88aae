"""Dates as people and programs write them beside ISO 8601: ``Thu, 14 Mar 2024 09:00:00 GMT``, ``March 14th, 2024``.

Read is only what can be read in one way: the month by its English name, or the year first, and every year in four
digits.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

_ZONES = {"z": 0, "ut": 0, "utc": 0, "gmt": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6}
_ZONES |= {"pst": -8, "pdt": -7, "wet": 0, "west": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3}
"""Hours from UTC: those of RFC 2822 and Europe's. Others (BST, IST) are the names of several."""
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()

_CLOCK = (
    r"(?:(?<=\d)[T:])?(?<![\d+-])(?:(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[ap])\.?m\b\.?)?|(?P<full>\d\d?)\s*(?P<full_half>[ap])\.?m\b\.?)"
)
_ZONE = (
    r"(?:\s*(?<![a-z])(?P<zone>" + "|".join(_ZONES) + r")(?![a-z]))?"
    r"(?:\s*(?P<offset>[+-]\d\d?(?::?\d\d)?)(?!\d)(?:\s+(?:(?-i:[A-Z]{2,5})\b|[+-]\d\d\b))?)?"
    r"(?:\s*\([^()]*\)|\[[^\[\]]*\])?(?: m=[+-][\d.]+)?"
)
_TIME = re.compile(_CLOCK + _ZONE, re.ASCII | re.IGNORECASE)
_ZONE_ALONE = re.compile(r"(?<=\d)(?: ?(?P<zone>z|utc|gmt)|(?P<offset>[+-]\d\d:\d\d))\Z", re.ASCII | re.IGNORECASE)
_WEEKDAY = re.compile(
    r"\b(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?\b\.?", re.ASCII | re.IGNORECASE
)
_FILLER = re.compile(r",|\b(?:at|of|on|the)\b", re.ASCII | re.IGNORECASE)
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY, _YEAR = r"(?P<day>\d\d?)(?:st|nd|rd|th)?", r"(?P<year>\d{4})"
_DATES = [
    re.compile(r"[\s./-]*".join(parts), re.ASCII | re.IGNORECASE)
    for parts in (
        (_DAY, _MONTH, _YEAR),
        (_MONTH, rf"(?<![a-z]){_DAY}(?!\d)", rf"(?<!\d){_YEAR}"),
        (_YEAR, _MONTH, _DAY),
        (_MONTH, _YEAR),
        (_YEAR, _MONTH),
    )
]
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})(?P<between>[-/.])(?P<month>\d\d?)(?P=between)(?P<day>\d\d?)", re.ASCII)


def written_time(text: str) -> datetime:
    """Return the moment that ``text`` (in single spaces) names, in UTC; without a zone it is taken as UTC.

    A month alone is its first day. Raises ValueError if it can be read in no way, or in several.
    """
    clock = _TIME.search(text)
    if clock:
        date = f"{text[: clock.start()]} {text[clock.end() :]}"
    else:
        clock = _ZONE_ALONE.search(text)
        date = text[: clock.start()] if clock else text
    day = _day(" ".join(_FILLER.sub(" ", _WEEKDAY.sub(" ", date)).split()))
    return day if clock is None else _at(day, clock)


def _day(text: str) -> datetime:
    for pattern in (_YEAR_FIRST, *_DATES):
        if found := pattern.fullmatch(text):
            parts = found.groupdict()
            name = parts["month"].lower()
            month = int(name) if name.isdecimal() else _MONTHS.index(name[:3]) + 1
            return datetime(int(parts["year"]), month, int(parts.get("day") or 1), tzinfo=UTC)
    raise ValueError(f"{text!r} is no date")


def _at(day: datetime, clock: re.Match[str]) -> datetime:
    parts = {"full": None, "half": None, "hour": None, **clock.groupdict()}
    half = (parts["half"] or parts.get("full_half") or "").lower()
    hour = int(parts["hour"] or parts["full"] or 0)
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(f"{clock[0]!r} is no time")
        hour = hour % 12 + (12 if half == "p" else 0)
    minute, second = int(parts.get("minute") or 0), int(parts.get("second") or 0)
    fraction = int((parts.get("fraction") or "")[:6].ljust(6, "0"))
    local = day.replace(hour=hour, minute=minute, second=second, microsecond=fraction, tzinfo=_zone(clock))
    try:
        return local.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{clock[0]!r} lies outside the calendar") from None


def _zone(clock: re.Match[str]) -> timezone:
    """The zone that is named, by its offset, its name or both. Raises ValueError if they contradict each other."""
    name, offset = (clock["zone"] or "").lower(), clock["offset"]
    hours = timedelta(hours=_ZONES.get(name, 0))
    if not offset:
        return timezone(hours)
    digits = offset[1:].replace(":", "")
    minutes = int(digits) * 60 if len(digits) <= 2 else int(digits[:-2]) * 60 + int(digits[-2:])
    shift = timedelta(minutes=-minutes if offset[0] == "-" else minutes)
    if hours and hours != shift:
        raise ValueError(f"{clock[0]!r} names two zones")
    return timezone(shift)
