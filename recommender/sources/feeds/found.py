"""What is found in a feed, whatever kind it is, and the rules that all kinds share."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from recommender.articles.article import MAX_ID
from recommender.articles.record import RESERVED, UNREADABLE
from recommender.articles.url import url_key_or_none
from recommender.text import clean

_SHORT_YEAR = re.compile(
    r"\s*(?:[A-Za-z]{3},\s*)?(\d{1,2} [A-Za-z]{3}) (\d\d) (\d\d:\d\d(?::\d\d)? *(?:[+-]\d{4}|[A-Z]{1,3}))\s*"
)


@dataclass(frozen=True, slots=True)
class Feed:
    """``entries``: fields by their names in the input contract, in the feed's order, empty ones not dropped yet.

    ``faults``: a sentence each. ``cut``: the file ends within the last entry. ``next_page``: where older entries are.
    """

    entries: Sequence[Mapping[str, Any]]
    faults: tuple[str, ...] = ()
    cut: bool = False
    next_page: str = ""


def address(value: object, base: str) -> str:
    """Return ``value`` as an http(s) address, resolved against ``base`` if it is relative; "" if it is none."""
    if not isinstance(value, str) or not value.strip():
        return ""
    try:
        url = urljoin(base, value.strip())
        return url if urlsplit(url).scheme in ("http", "https", "") else ""
    except ValueError:
        return ""


def identity(value: object, url: str) -> str:
    """Return what a feed calls an entry, "" where its address says the same, or where it can be no id.

    The address then stands for an id, in the one form of all its spellings.
    """
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > MAX_ID or clean(text) != text or "\n" in text or UNREADABLE in text:
        return ""
    if text.endswith(RESERVED):
        return ""
    key = url_key_or_none(text) if text.startswith(("http://", "https://")) else None
    return "" if key and key == url_key_or_none(url) else text


def date(value: object) -> object:
    """Return a date as it was written, with four digits where RFC 822 wrote two (RFC 2822, 4.3)."""
    if isinstance(value, str) and (short := _SHORT_YEAR.fullmatch(value)):
        year = int(short[2])
        return f"{short[1]} {2000 + year if year < 50 else 1900 + year} {short[3]}"
    return value
