"""Dates and times as archives write them."""

import re
from datetime import UTC, date, datetime

# ISO 8601 as archives really write it: an unpadded hour ("2011-11-28T8:32:24") is still unambiguous.
_LOOSE_TIME = re.compile(r"^(\d{4}-\d{2}-\d{2})[T ](\d:\d{2}.*)$")


def parse_time(value: str) -> datetime:
    """Parse an ISO 8601 date or time; without an offset it is taken as UTC. Raises ValueError."""
    text = value.strip()
    if loose := _LOOSE_TIME.match(text):
        text = f"{loose[1]}T0{loose[2]}"
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{value} lies outside the calendar") from None
