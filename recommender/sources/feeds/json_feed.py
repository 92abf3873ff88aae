"""JSON Feed 1 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from recommender.errors import SourceError
from recommender.sources.feeds.found import Feed, address, date, identity

_VERSION = re.compile(r"\"version\"\s*:\s*\"https?:\\?/\\?/(?:www\.)?jsonfeed\.org\\?/version\\?/", re.IGNORECASE)
_OWN = frozenset(
    "id url external_url title content_html content_text summary image banner_image date_published date_modified "
    "author authors tags language attachments".split()
)


def fits(head: str) -> bool:
    """Say whether a document that begins with ``head`` calls itself a JSON Feed."""
    return _VERSION.search(head) is not None


def feed_of(text: str, place: str, base: str) -> Feed:
    """Return the feed in ``text``. Raises SourceError if it is none."""
    try:
        found = orjson.loads(text.lstrip("\ufeff").encode("utf-8", "replace"))
    except orjson.JSONDecodeError as error:
        raise SourceError(f"not a feed: it cannot be read as JSON ({error})", place) from None
    items = found.get("items") if isinstance(found, dict) else None
    if not isinstance(items, list):
        raise SourceError('not a feed: it has no list of "items"', place)
    base = address(found.get("feed_url"), base) or address(found.get("home_page_url"), base) or base
    entries = [_fields(item, found, base) if isinstance(item, dict) else {} for item in items]
    return Feed(entries, next_page=address(found.get("next_url"), base))


def _fields(item: Mapping[str, Any], feed: Mapping[str, Any], base: str) -> dict[str, Any]:
    url = address(item.get("url"), base)
    published, changed = date(item.get("date_published")), date(item.get("date_modified"))
    authors = item.get("authors") or ([item["author"]] if item.get("author") else [])
    given = {
        "id": _identity(item.get("id"), url),
        "url": url or address(item.get("id"), "") if _is_url(item.get("id")) else url,
        "title": item.get("title"),
        "teaser": item.get("summary"),
        "body": item.get("content_html") or item.get("content_text"),
        "published_at": published or changed,
        "dated_by": "updated" if changed and not published else None,
        "updated_at": changed,
        "tags": item.get("tags"),
        "language": item.get("language") or feed.get("language"),
        "image": address(item.get("image") or item.get("banner_image"), base),
        "external_url": item.get("external_url"),
        "author": ", ".join(_names(authors)),
    }
    more = {key: value for key, value in item.items() if key not in _OWN and key not in given}
    return more | {key: value for key, value in given.items() if value not in (None, "", [])}


def _identity(value: object, url: str) -> object:
    """An id as the input contract takes one; a number stays one, as the specification asks of readers."""
    return identity(value, url) if isinstance(value, str) else value if type(value) in (int, float) else None


def _is_url(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _names(authors: object) -> list[str]:
    people = authors if isinstance(authors, list) else []
    return [name for person in people if isinstance(person, dict) and isinstance(name := person.get("name"), str)]
