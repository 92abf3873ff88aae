"""Reader of WordPress exports (WXR, "WordPress eXtended RSS"): Tools → Export, or ``wp export``."""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from recommender.errors import ArticleError
from recommender.sources.items import Entry, Item, LeftOut
from recommender.sources.opened import Opened
from recommender.sources.options import ReadOptions
from recommender.sources.wordpress.blocks import Blocks
from recommender.sources.wordpress.images import THUMBNAIL, Images
from recommender.sources.wordpress.left_out import of_status, of_type
from recommender.sources.wordpress.related import related_of
from recommender.sources.wordpress.wxr_items import RawItem, WxrItems
from recommender.sources.wordpress.wxr_xml import Elements

LOCAL_DATE = "its date is the site's local time, taken as UTC: the export has none in UTC"
_EXPORT = re.compile(rb"<rss\b[^<>]{0,5000}?wordpress\.org/export/|<wp:wxr_version>")
_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_NO_DATE = re.compile(r"[-0:.\s]*|.*-0001.*", re.DOTALL)
_CANONICAL = ("_yoast_wpseo_canonical", "rank_math_canonical_url")
_NO_SECTION = "uncategorized"
_MAX_AUTHORS = 100_000
_LONGEST_PIECE = 10_000


def fits(source: Opened) -> bool:
    """Say whether ``source`` is an export of WordPress; a feed of WordPress is none."""
    head = source.head
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.replace(b"\x00", b"")
    return bool(_EXPORT.search(head)) and not _PAGE.match(head.removeprefix(b"\xef\xbb\xbf"))


def read(source: Opened, options: ReadOptions) -> Iterator[Item]:
    """Yield an Entry for each published post, and a LeftOut for whatever else the export holds.

    Posts are of the types in ``options.post_types``; their ids are WordPress's numbers, so that lists find them in
    whichever part of a split export they are. Posts whose reusable blocks or featured image come later in the file are
    yielded last.

    Raises SourceError if it is no export, or declares a document type or entities.
    """
    found = WxrItems(source)
    reader = _Reader(found.header, source.place, options)
    for item in found.items():
        if isinstance(item, RawItem):
            for each in reader.read(item):
                yield from reader.images.filled(each) if isinstance(each, Entry) else (each,)
        else:
            yield item
    for entry in reader.blocks.rest():
        yield from reader.images.filled(entry)
    yield from reader.images.rest()


class _Reader:
    """Turns the items of one export into what is yielded of them."""

    def __init__(self, header: str, place: str, options: ReadOptions) -> None:
        self.blocks = Blocks()
        self.images = Images()
        self._elements = Elements(header)
        self._place = place
        self._options = options
        self._authors: dict[str, str] = {}
        self._language = ""
        self._read_header(header)

    def read(self, item: RawItem) -> Iterator[Item]:
        """Yield what becomes of ``item``."""
        place = f"{self._place}:{item.line}"
        try:
            children, fault = self._elements.children(item.xml)
            values = {name: self._elements.text(element) for name, element in reversed(children)}
            if "wp:status" not in values:  # lost behind an open tag, say: nobody knows whether it is published
                raise ArticleError(f"its status cannot be read{f': its XML is ill-formed ({fault})' if fault else ''}")
            left_out = self._left_out(values, place)
        except ArticleError as error:
            yield ArticleError(error.message, place)
            return
        body = values.get("content:encoded", "")
        if values.get("wp:post_type") == "wp_block":
            self.blocks.learn(values.get("wp:post_id", "").strip(), body)
        elif values.get("wp:post_type") == "attachment":
            address = values.get("wp:attachment_url", "").strip() or values.get("guid", "").strip()
            self.images.learn(values.get("wp:post_id", "").strip(), address)
        if left_out:
            yield left_out
            return
        notes = [f"its XML is ill-formed ({fault}): some of it may be lost"] if fault else []
        fields = self._fields(values, children, notes)
        if not (fields.get("id") or fields.get("url")):
            yield ArticleError("the item has neither wp:post_id nor link", place)
        else:
            yield from self.blocks.filled(Entry(fields, place, tuple(notes)))

    def _left_out(self, values: Mapping[str, str], place: str) -> LeftOut | None:
        password = values.get("wp:post_password", "").strip()
        kind = (
            of_type(values.get("wp:post_type", ""), self._options.post_types)
            or of_status(values.get("wp:status", ""))
            or (of_status("protected") if password else "")
        )
        return LeftOut(kind, place) if kind else None

    def _fields(self, values: Mapping[str, str], children: list[tuple[str, Any]], notes: list[str]) -> dict[str, Any]:
        meta = self._meta(children)
        terms = _Terms(children)
        url = values.get("link", "").strip()
        guid = values.get("guid", "").strip()
        slug = values.get("wp:post_name", "").strip()
        guid = guid if guid.startswith(("http://", "https://")) else ""
        creator = values.get("dc:creator", "").strip()
        fields = {
            "id": values.get("wp:post_id", "").strip(),
            "url": url or guid,
            "title": values.get("title", ""),
            "teaser": values.get("excerpt:encoded", ""),
            "body": values.get("content:encoded", ""),
            "published_at": _date(values, notes),
            "section": terms.section,
            "tags": terms.tags,
            "language": terms.language or self._language,
            "author": self._authors.get(creator, creator),
            "canonical_url": next((meta[key] for key in _CANONICAL if meta.get(key)), ""),
            "aliases": [alias for alias in (slug, guid, *_old_addresses(url, slug, meta)) if alias and alias != url],
            "meta": self._mapped_meta(meta),
            THUMBNAIL: str(meta.get(THUMBNAIL, "")).strip(),
            self._options.curated_key: related_of(meta, self._options.curated_key),
        }
        fields |= {
            path: values[path] for path in self._options.fields.values() if path in values and path not in fields
        }
        return {key: value for key, value in fields.items() if value}

    def _meta(self, children: list[tuple[str, Any]]) -> dict[str, Any]:
        """Post meta; the texts of a key that comes several times are one list."""
        meta: dict[str, Any] = {}
        for name, element in children:
            if name != "wp:postmeta":
                continue
            pair = {key: self._elements.text(value) for key, value in self._elements.named(element)}
            key, value = pair.get("wp:meta_key", "").strip(), pair.get("wp:meta_value", "")
            if key not in meta:
                meta[key] = value
            elif isinstance(meta[key], list):
                meta[key].append(value)
            else:
                meta[key] = [meta[key], value]
        return meta

    def _mapped_meta(self, meta: Mapping[str, Any]) -> dict[str, Any]:
        """The post meta that the field map asks for (``body=meta.story``); all of it would be more than the text."""
        wanted = (path.removeprefix("meta.") for path in self._options.fields.values() if path.startswith("meta."))
        return {key: meta[key] for key in wanted if key in meta}

    def _read_header(self, header: str) -> None:
        language = next(_pieces(header, "language"), "")
        self._language = re.sub(r"<!\[CDATA\[|\]\]>|<[^<>]*>", "", language).strip()
        for piece in itertools.islice(_pieces(header, "wp:author"), _MAX_AUTHORS):
            self._read_author(piece)

    def _read_author(self, piece: str) -> None:
        try:
            children, _ = self._elements.children(piece)
        except ArticleError:
            return
        values = {name: self._elements.text(element) for name, element in children}
        login, name = values.get("wp:author_login", "").strip(), values.get("wp:author_display_name", "").strip()
        if login and name:
            self._authors[login] = name


class _Terms:
    """Categories and tags of one item, and the language that Polylang says."""

    def __init__(self, children: list[tuple[str, Any]]) -> None:
        self.section, self.language = "", ""
        self.tags: list[str] = []
        for name, element in children:
            text = (element.text or "").strip()
            if name != "category" or not text:
                continue
            domain, slug = element.get("domain", ""), element.get("nicename", "")
            if domain in ("tag", "post_tag"):
                self.tags.append(text)
            elif domain == "language":
                self.language = slug
            elif domain in ("", "category") and _NO_SECTION not in (slug, text.lower()):
                self.section = self.section or text
        self.tags = list(dict.fromkeys(self.tags))


def _old_addresses(url: str, slug: str, meta: Mapping[str, Any]) -> Iterator[str]:
    """What the post was called before, and where it was then, if its address holds its name."""
    old = meta.get("_wp_old_slug", "")
    before, name, after = url.rpartition(f"/{slug}")
    for each in dict.fromkeys([old] if isinstance(old, str) else old):
        if each := each.strip():
            yield each
            if slug and name and after in ("", "/"):
                yield f"{before}/{each}{after}"


def _pieces(header: str, name: str) -> Iterator[str]:
    """Each element of this name, none over _LONGEST_PIECE characters."""
    at = 0
    while (start := header.find(f"<{name}>", at)) >= 0 and (end := header.find(f"</{name}>", start)) >= 0:
        at = end + len(name) + 3
        if at - start <= _LONGEST_PIECE:
            yield header[start:at]


def _date(values: Mapping[str, str], notes: list[str]) -> str:
    """The date in UTC; else the site's local one, with a note; else none."""
    utc, local = values.get("wp:post_date_gmt", "").strip(), values.get("wp:post_date", "").strip()
    if not _NO_DATE.fullmatch(utc):
        return utc
    if not _NO_DATE.fullmatch(local):
        notes.append(LOCAL_DATE)
        return local
    feed = values.get("pubDate", "").strip()
    return "" if _NO_DATE.fullmatch(feed) else feed
