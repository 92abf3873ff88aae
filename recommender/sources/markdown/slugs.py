"""Names as generators make them parts of addresses."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

DATED = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})[-_](?=.)")
"""The date in front of a file's name."""
_DAY = re.compile(r"\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(\d{1,2}):(\d\d)(?::(\d\d))?)?")
_NOT_WORD = re.compile(r"[\W_]+")
_UNSAFE = re.compile(r"[^\w\-.~+/@]+")
_MONTHS = "january february march april may june july august september october november december".split()
_PLACE = re.compile(r":([a-z_]+)(?:\[[^\[\]]*\])?|\{([a-z]+)\}")


@dataclass(frozen=True, slots=True)
class Day:
    """A date as it is written, on the author's calendar."""

    year: int
    month: int
    day: int
    hour: str = "00"
    minute: str = "00"
    second: str = "00"


def day_of(text: str) -> Day | None:
    """Return the day with which ``text`` begins, None if there is none on the calendar."""
    found = _DAY.match(text)
    if not found or not (1 <= int(found[2]) <= 12 and 1 <= int(found[3]) <= 31 and int(found[1])):
        return None
    clock = [part.zfill(2) if part else "00" for part in found.groups()[3:]]
    return Day(int(found[1]), int(found[2]), int(found[3]), *clock)


def slug_of(text: str) -> str:
    """Return ``text`` in lower case with a hyphen for all that is neither letter nor digit (Jekyll's ``:slug``)."""
    return _NOT_WORD.sub("-", unicodedata.normalize("NFC", text).lower()).strip("-")


def path_slug(text: str, *, lower: bool = True) -> str:
    """Return a path as Hugo writes it: hyphens for spaces, without signs, in lower case."""
    text = re.sub(r"\s+", "-", text.strip())
    text = _UNSAFE.sub("", text.replace("#", ""))
    return text.lower() if lower else text


def undated(name: str) -> str:
    """Return a file's name without the date in front of it."""
    return DATED.sub("", name, count=1) if DATED.match(name) else name


def of_day(day: Day | None) -> dict[str, str]:
    """Return what a pattern of addresses calls the parts of a date."""
    if day is None:
        return {}
    month = _MONTHS[day.month - 1]
    return {
        "year": f"{day.year:04}",
        "short_year": f"{day.year % 100:02}",
        "y": f"{day.year:04}",
        "month": f"{day.month:02}",
        "i_month": str(day.month),
        "monthname": month,
        "long_month": month.capitalize(),
        "short_month": month[:3].capitalize(),
        "day": f"{day.day:02}",
        "i_day": str(day.day),
        "hour": day.hour,
        "minute": day.minute,
        "second": day.second,
        "date": f"{day.year:04}/{day.month:02}/{day.day:02}",
    }


def filled(pattern: str, values: Mapping[str, str]) -> str | None:
    """Return the address that ``pattern`` makes of ``values`` (":year/:title/", "{date}/{slug}"); None if one lacks."""
    missing: list[str] = []
    value: Callable[[re.Match[str]], str] = lambda found: _value(found, values, missing)  # noqa: E731
    path = _PLACE.sub(value, pattern)
    return None if missing else re.sub(r"/{2,}", "/", path if path.startswith("/") else f"/{path}")


def _value(found: re.Match[str], values: Mapping[str, str], missing: list[str]) -> str:
    name = found[1] or found[2]
    if name in values:
        return values[name]
    missing.append(name)
    return ""
