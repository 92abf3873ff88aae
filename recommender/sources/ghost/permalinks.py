"""Addresses of Ghost's posts, by the pattern that the site says: its settings, its routes file, or the operator."""

import re
from collections.abc import Mapping
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from recommender.articles.dates import read_time

PLAIN = "/:slug/"
_TOKEN = re.compile(r":([a-z_]+)|\{([a-z_]+)\}")


def address_of(pattern: str, values: Mapping[str, str], published_at: object, zone: str = "") -> str:
    """Return what ``pattern`` makes of a post, such as ``/:year/:month/:slug/`` or ``/{primary_tag}/{slug}/``.

    ``values``: ``slug``, ``id``, ``primary_tag``, ``primary_author``, ``author``; years, months and days are those of
    ``published_at`` in the time zone ``zone`` of the site, as Ghost has it. Empty where the pattern asks for what the
    post does not have; a post without tag is Ghost's ``all``.
    """
    known = {**values, "primary_tag": values.get("primary_tag") or "all", **_date(published_at, zone)}
    tokens = [first or second for first, second in _TOKEN.findall(pattern)]
    if not tokens or not all(known.get(token) for token in tokens):
        return ""
    made = _TOKEN.sub(lambda found: known[found[1] or found[2]], pattern)
    return f"/{made.strip('/')}/"


def _date(published_at: object, zone: str) -> dict[str, str]:
    moment, _ = read_time(published_at)
    try:
        local = moment.astimezone(_zone(zone)) if moment else None
    except OverflowError:  # the first and the last day that Python has
        return {}
    return {"year": f"{local.year:04}", "month": f"{local:%m}", "day": f"{local:%d}"} if local else {}


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, LookupError):
        return UTC
