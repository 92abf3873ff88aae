"""Sitemaps (sitemaps.org): the addresses of a site's pages, and the other sitemaps that an index names."""

import io
import re
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from recommender.articles.article import MAX_URL
from recommender.articles.dates import read_time
from recommender.articles.url import url_key_or_none
from recommender.errors import SourceError, shown
from recommender.sources.html.charset import decode

MAX_BYTES = 50 * 1024**2
"""Bytes of a sitemap, unpacked, and MAX_URLS: of the protocol."""
MAX_URLS = 50_000
MAX_SITEMAPS = 10_000
MAX_ALTERNATES = 60
GZIP = b"\x1f\x8b"
_URL_LINE = re.compile(r"https?://\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Location:
    """A page that a sitemap names: when it was last changed and when published, as written; empty if it does not say.

    ``alternates``: (language, address) of the same page in other languages. ``title``: of a news sitemap.
    """

    url: str
    lastmod: str = ""
    alternates: tuple[tuple[str, str], ...] = ()
    title: str = ""
    published_at: str = ""


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What a sitemap names: pages, each once, and other sitemaps. ``notes`` say what was not read of it."""

    locations: tuple[Location, ...] = ()
    children: tuple[Location, ...] = ()
    notes: tuple[str, ...] = ()


def read_sitemap(data: bytes, place: str, site_url: str = "") -> Sitemap:
    """Return what the sitemap ``data`` names: of XML, also damaged, or of lines of text, also packed by gzip.

    Addresses are resolved against ``place``, if that is one. Those on other hosts than ``site_url``, or else than
    ``place``, are left out. Raises SourceError if it is no sitemap, or a damaged gzip from its start.
    """
    notes: list[str] = []
    data = _unpacked(data, place, notes)
    found = _Found(place, site_url or place, notes)
    start = decode(data[:4096]).lstrip()
    if start.startswith("<"):
        _read_xml(data, found)
        if not found.is_sitemap:
            raise SourceError(f"it is no sitemap: it begins with {shown(start[:60])}", place)
    elif _URL_LINE.match(start):
        for line in filter(str.strip, decode(data).splitlines()):
            if not found.add(False, {"loc": line.strip()}):
                found.full()
                break
    else:
        raise SourceError(f"it is no sitemap: it begins with {shown(start[:60])}", place)
    return found.sitemap()


class _Found:
    """Collects what a sitemap names, within the limits."""

    def __init__(self, place: str, site_url: str, notes: list[str]) -> None:
        self.is_sitemap = False
        self._place = place
        self._host = _host(site_url)
        self._notes = notes
        self._pages: dict[str, Location] = {}
        self._children: dict[str, Location] = {}
        self._foreign = self._unread = 0

    def add(self, is_sitemap: bool, told: dict[str, Any]) -> bool:
        """Take one entry; say whether there is room for more."""
        url = self._address(told.get("loc", ""))
        if not url:
            self._unread += bool(told.get("loc"))
        elif self._host and _host(url) != self._host:
            self._foreign += 1
        else:
            links = ((language, self._address(href)) for language, href in told.get("links", ()))
            location = Location(
                url,
                _date(told.get("lastmod", "")),
                tuple((language, address) for language, address in links if address),
                told.get("title", ""),
                _date(told.get("publication_date", "")),
            )
            (self._children if is_sitemap else self._pages).setdefault(url, location)
        return len(self._pages) + len(self._children) < MAX_URLS

    def full(self) -> None:
        """Remember that there was more."""
        self._notes.append(f"the sitemap names more than {MAX_URLS:,} addresses: the others are not read")

    def damaged(self, why: str) -> None:
        """Remember that it could not be read to its end."""
        self._notes.append(f"the sitemap is damaged ({why}): what was read up to there is kept")

    def sitemap(self) -> Sitemap:
        """Return what was collected."""
        if self._foreign:
            self._notes.append(f"{self._foreign:,} addresses on other hosts are left out")
        if self._unread:
            self._notes.append(f"{self._unread:,} entries are no http(s) addresses and are left out")
        return Sitemap(tuple(self._pages.values()), tuple(self._children.values()), tuple(self._notes))

    def _address(self, text: str) -> str:
        try:
            url = urljoin(self._place, text) if _host(self._place) else text
        except ValueError:
            return ""
        return url if len(url) <= MAX_URL and url_key_or_none(url) else ""


def _read_xml(data: bytes, found: _Found) -> None:
    from lxml import etree  # type: ignore[import-untyped]

    told: dict[str, Any] = {}
    events = etree.iterparse(
        io.BytesIO(data), events=("start", "end"), recover=True, resolve_entities=False, no_network=True,
        load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        for event, node in events:
            name = _name(node)
            if event == "start":
                found.is_sitemap = found.is_sitemap or name in ("urlset", "sitemapindex")
                told = {} if name in ("url", "sitemap") else told
                continue
            if name in ("url", "sitemap"):
                if told.get("loc") and not found.add(name == "sitemap", told):
                    found.full()
                    return
                told = {}
            else:
                _take(node, name, told)
            if name not in ("urlset", "sitemapindex"):
                _forget(node)
    except etree.XMLSyntaxError as error:
        found.damaged(str(error.msg))
    if told.get("loc"):  # cut in an entry that says where already
        found.add(False, told)


def _take(node: Any, name: str, told: dict[str, Any]) -> None:  # noqa: ANN401 - lxml has no types
    parent = _name(node.getparent()) if node.getparent() is not None else ""
    text = (node.text or "").strip()
    if name in ("loc", "lastmod") and parent in ("url", "sitemap"):
        told.setdefault(name, text)
    elif name in ("title", "publication_date") and parent == "news":
        told.setdefault(name, text)
    elif name == "link" and node.get("hreflang") and node.get("href"):
        links = told.setdefault("links", [])
        if len(links) < MAX_ALTERNATES:
            links.append((node.get("hreflang").strip().lower(), node.get("href").strip()))


def _forget(node: Any) -> None:  # noqa: ANN401 - lxml has no types
    """Free what was read: the element's content, and the elements before it."""
    node.clear()
    parent = node.getparent()
    while parent is not None and node.getprevious() is not None:
        del parent[0]


def _name(node: Any) -> str:  # noqa: ANN401 - lxml has no types
    """The local name, whatever the namespace: sites spell it in several ways."""
    return str(node.tag).rpartition("}")[2].rpartition(":")[2].lower()


def _unpacked(data: bytes, place: str, notes: list[str]) -> bytes:
    if data[:2] == GZIP:
        unpacker = zlib.decompressobj(31)
        try:
            data = unpacker.decompress(data, MAX_BYTES + 1)
        except zlib.error as error:
            raise SourceError(f"the gzip stream is damaged ({error})", place) from None
        if len(data) <= MAX_BYTES and not unpacker.eof:
            notes.append("the gzip stream ends too early: what was read up to there is kept")
    if len(data) > MAX_BYTES:
        notes.append(f"the sitemap is larger than {MAX_BYTES:,} bytes: the rest is not read")
    return data[:MAX_BYTES]


def _date(text: str) -> str:
    moment, warning = read_time(text) if text else (None, None)
    return text if moment is not None and warning is None else ""


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").removeprefix("www.") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""
