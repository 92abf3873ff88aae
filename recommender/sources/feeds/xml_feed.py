"""RSS 0.9 to 2.0 and Atom, read by feedparser."""

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from recommender.articles.url import url_key_or_none
from recommender.errors import SourceError
from recommender.sources.feeds.found import Feed, address, date, identity
from recommender.sources.feeds.text import root, without_doctype
from recommender.sources.feeds.well_formed import checked

_EXPORT = "wordpress.org/export/"
_ATOM = re.compile(r"w3\.org/2005/atom|purl\.org/atom", re.IGNORECASE)
_RSS_IN_RDF = re.compile(r"purl\.org/rss/1\.0|netscape\.com/rdf/simple/0\.9|purl\.org/net/rss1", re.IGNORECASE)
_FULL_TEXTS = ("yandex_full-text", "turbo_content", "fulltext", "full-text")
"""Where feeds keep a text beside ``content:encoded`` and Atom's ``content``."""
MAX_OTHER = 10_000
"""Characters of a field of the feed's own that is kept."""
_KNOWN = frozenset(
    "id link title summary content published updated created expired author tags language image href source "
    "comments publisher rights subtitle".split()
)


def fits(element: str, head: str) -> bool:
    """Say whether a document whose root is ``element`` is a feed."""
    name = element.rpartition(":")[2]
    if name == "rss":
        return _EXPORT not in head
    return (name == "feed" and bool(_ATOM.search(head))) or (name == "RDF" and bool(_RSS_IN_RDF.search(head)))


def feed_of(text: str, place: str, base: str, curated_key: str) -> Feed:
    """Return the feed in ``text``; relative addresses start from ``base``. Raises SourceError if it is none."""
    import feedparser  # type: ignore[import-untyped]

    element = root(text)
    if element.rpartition(":")[2] not in ("rss", "feed", "RDF"):
        what = f"it begins with <{element}>" if element else "it is no XML"
        raise SourceError(f"not a feed: {what}", place)
    document = checked(without_doctype(text), place)
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": base}
    found = feedparser.parse(
        io.BytesIO(document.xml),  # never bytes or text: those it would try to open as a file's name
        response_headers=headers,
        sanitize_html=False,  # all texts become plain text anyway
        resolve_relative_uris=False,
    )
    if not (found.version or found.entries):
        raise SourceError(f"not a feed: <{element}> holds none", place)
    site = address(dict.get(found.feed, "link"), base) or base
    entries = [_fields(entry, found, site, curated_key) for entry in found.entries]
    return Feed(entries, _faults(document.fault, document.cut), document.cut, _next_page(found.feed, site))


def _faults(fault: str, cut: bool) -> tuple[str, ...]:
    if not fault:
        return ()
    if cut or "no element found" in fault or "unclosed" in fault:
        return (f"the feed is cut off ({fault}): its entries up to there are read",)
    return (f"the feed is not well-formed ({fault}): it was read as far as that goes",)


def _next_page(feed: Mapping[str, Any], base: str) -> str:
    links = dict.get(feed, "links", [])  # type: ignore[call-overload]
    return next((address(link.get("href"), base) for link in links if link.get("rel") == "next"), "")


def _fields(entry: Any, found: Any, site: str, curated_key: str) -> dict[str, Any]:  # noqa: ANN401 - of feedparser
    """One entry by the names of the input contract; feedparser's own keys are read past its translations of keys."""
    raw = dict(entry.items())
    link, guid = address(raw.get("link"), site), raw.get("id")
    url = address(raw.get("feedburner_origlink"), site) or link or (_permalink(guid) if _is_atom(found) else "")
    published = date(raw.get("published") or raw.get("created"))
    changed = date(raw.get("updated"))
    contents = _contents(raw)
    body = max((each for each in contents), key=len, default="")
    given = {
        "id": identity(guid, url),
        "url": url,
        "aliases": [link] if link and link != url else None,
        "title": raw.get("title"),
        "teaser": _teaser(raw, body),
        "body": body,
        "published_at": published or changed,
        "dated_by": "updated" if changed and not published and _is_atom(found) else None,
        "updated_at": changed,
        "tags": _tags(raw),
        "language": _language(raw, found.feed),
        "image": next(_images(raw, site), ""),
        "author": raw.get("author"),
        curated_key: _related(raw, url, site),
    }
    own = {key: value for key, value in raw.items() if _is_own(key, value)}
    return own | {key: value for key, value in given.items() if value}


def _is_own(key: str, value: object) -> bool:
    """Whether it is a field that only this site has, such as its own list of related articles."""
    return key not in _KNOWN and key not in _FULL_TEXTS and isinstance(value, str) and 0 < len(value) <= MAX_OTHER


def _is_atom(found: Any) -> bool:  # noqa: ANN401 - of feedparser
    return str(found.version).startswith("atom")


def _permalink(guid: object) -> str:
    return guid if isinstance(guid, str) and guid.startswith(("http://", "https://")) else ""


def _contents(raw: Mapping[str, Any]) -> list[str]:
    """The article's texts, of which several may be one in several types."""
    given = [each for each in raw.get("content", []) if not str(each.get("type", "")).startswith(_BINARY)]
    texts = [each.get("value", "") for each in given] + [raw.get(key, "") for key in _FULL_TEXTS]
    return [text for text in texts if isinstance(text, str) and text.strip()]


_BINARY = ("image/", "audio/", "video/", "application/octet")


def _teaser(raw: Mapping[str, Any], body: str) -> str:
    """The summary, unless it is the body: feedparser copies a content that has no summary beside it."""
    summary = str(raw.get("summary") or "")
    copied = {str(each.get("value", "")).strip() for each in raw.get("content", [])} | {body.strip()}
    return "" if summary.strip() in copied else summary


def _tags(raw: Mapping[str, Any]) -> list[str]:
    labels = (each.get("label") or each.get("term") for each in raw.get("tags", []))
    return [label.strip(" /") for label in labels if isinstance(label, str) and label.strip(" /")]


def _language(raw: Mapping[str, Any], feed: Any) -> str:  # noqa: ANN401 - of feedparser
    details = [*raw.get("content", []), raw.get("summary_detail") or {}, raw.get("title_detail") or {}]
    given = [raw.get("language"), *(each.get("language") for each in details), dict.get(feed, "language")]
    return next((each for each in given if isinstance(each, str) and each.strip()), "")


def _images(raw: Mapping[str, Any], base: str) -> Iterator[str]:
    """Addresses of the entry's pictures, the largest first in most feeds."""
    for media in raw.get("media_content", []):
        if media.get("medium") == "image" or str(media.get("type", "")).startswith("image/"):
            yield from filter(None, [address(media.get("url"), base)])
    for link in raw.get("links", []):
        if link.get("rel") == "enclosure" and str(link.get("type", "")).startswith("image/"):
            yield from filter(None, [address(link.get("href"), base)])
    for thumbnail in raw.get("media_thumbnail", []):
        yield from filter(None, [address(thumbnail.get("url"), base)])
    image = raw.get("image")
    if isinstance(image, dict):
        yield from filter(None, [address(image.get("href"), base)])


def _related(raw: Mapping[str, Any], url: str, base: str) -> list[str]:
    """Atom's links of the relation "related" to articles of the same site, in their order: its editors' list."""
    links = [address(link.get("href"), base) for link in raw.get("links", []) if link.get("rel") == "related"]
    host = _host(url)
    return [link for link in dict.fromkeys(links) if link and host and _host(link) == host]


def _host(url: str) -> str:
    key = url_key_or_none(url) or ""
    return key.split("/")[2] if key.startswith("https://") else ""
