"""One page in Markdown: recognised, decoded and taken apart."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from recommender.articles.article import MAX_BODY, MAX_MARKS
from recommender.errors import ArticleError
from recommender.sources.items import Entry, Item, LeftOut
from recommender.sources.markdown.body import Dialect, body_of, first_heading
from recommender.sources.markdown.front_matter import FrontMatter, Page, front_matter_of, taken_apart
from recommender.sources.markdown.page_fields import (
    aliases_of,
    canonical_of,
    date_of,
    image_of,
    own_fields,
    section_of,
    tags_of,
    teasers_of,
    title_of,
    title_of_file,
)
from recommender.sources.markdown.pages import SUFFIXES, Where, unread_by_front_matter
from recommender.sources.markdown.sites import Site
from recommender.sources.markdown.targets import Targets, curated_items, leave_out_list, resolved
from recommender.sources.opened import Opened
from recommender.sources.options import ReadOptions
from recommender.text import clean

MAX_FILE = 2 * MAX_BODY
"""Bytes of one page."""
NOT_UTF_8 = "the file is not UTF-8: read as Windows-1252"
_FRONT = re.compile(
    r"(?:---[ \t]*\n(?:[ \t]*#[^\n]*\n|[ \t]*\n)*[\"'\w][\w \"'-]*:|\+\+\+[ \t]*\n(?:[^\n=]*\n)*?[\w\"'. -]+=)"
)
_OTHER_TYPES = ("html", "xml", "json", "csv")


def fits(source: Opened) -> bool:
    """Say whether the file begins with front matter, or is called Markdown and holds text."""
    if b"\0" in source.head:
        return False
    text = source.head.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    has_suffix = PurePosixPath(source.name.lower()).suffix in SUFFIXES
    if has_suffix or "markdown" in source.content_type.lower():
        return not text.lstrip().startswith(("<?xml", "<!DOCTYPE", "<!doctype"))
    if any(kind in source.content_type.lower() for kind in _OTHER_TYPES) or not _FRONT.match(text):
        return False
    return re.search(r"^(?:---|\.\.\.|\+\+\+)[ \t]*$", text[4:], re.MULTILINE) is not None and not re.search(
        r"^\s*<!doctype|^\s*<html", text, re.MULTILINE | re.IGNORECASE
    )


def has_front_matter(head: bytes) -> bool:
    """Say whether a file that begins with ``head`` begins with front matter."""
    text = head.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    return _FRONT.match(text) is not None or text.startswith("{")


def read(source: Opened, options: ReadOptions) -> Iterator[Item]:
    """Yield the page's Entry, LeftOut where it is a draft, or the ArticleError naming the line. Raises SourceError."""
    data = source.read_all(MAX_FILE)
    file = PurePosixPath(source.name if source.name not in ("", "-") else "page.md")
    try:
        text, note = decoded(data, source.place)
        matter, page = front_matter_of(taken_apart(text), source.place)
    except ArticleError as error:
        yield error
        return
    if kind := unread_by_front_matter(Site(), matter):
        yield LeftOut(kind, source.place)
        return
    path = file.with_suffix("") if file.suffix.lower() in SUFFIXES else file
    identity = clean(matter.text("id", "slug") or str(path))
    entry = entry_of(Site(), Where(path), file, matter, page, identity, None, f"{source.place}:{page.body_line}", note)
    fields = dict(entry.fields)
    if source.url:
        fields.setdefault("url", source.url)
    key, items = curated_items(matter, options)
    leave_out_list(fields, key or options.curated_key)
    if items:
        fields[options.curated_key] = resolved(items, Targets(), file, "", "").names
    yield Entry(fields, entry.place, entry.notes)


def decoded(data: bytes, place: str) -> tuple[str, tuple[str, ...]]:
    """Return the text of a page, with Unix line ends, and what is to be noted. Raises ArticleError if it is no text."""
    text, notes = _decoded(data, place)
    if (marks := text.count("[") + text.count("<")) > MAX_MARKS:
        said = f'the page holds {marks:,} of "<" and "[", which begin markup; the limit is {MAX_MARKS:,}'
        raise ArticleError(said, place)
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


def _decoded(data: bytes, place: str) -> tuple[str, tuple[str, ...]]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace").removeprefix("\ufeff"), ()
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise ArticleError("the file holds a byte 0x00: it is no text", f"{place}:{line}")
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), (NOT_UTF_8,)


def entry_of(
    site: Site,
    where: Where,
    file: PurePosixPath,
    matter: FrontMatter,
    page: Page,
    identity: str,
    address: str | None,
    place: str,
    notes: tuple[str, ...],
) -> Entry:
    """Return the page as an entry, without its curated list. ``address``: from the site's root, None if not known."""
    fields = own_fields(matter)
    title = title_of(matter)
    if not title:
        title = first_heading(page.body)
        if not title:
            title = title_of_file(where.path)
            notes = (*notes, f"the page has no title: it is called {title!r} after its file")
    suffix = file.suffix.lower()
    dialect = Dialect(
        "jekyll" if site.generator == "_posts" else site.generator,
        mdx=suffix == ".mdx" or (site.generator == "docusaurus" and suffix == ".md"),
        html=suffix in (".html", ".htm"),
    )
    body = body_of(page.body, title, dialect) or matter.text("body", "content")
    given = {
        "id": identity,
        "url": site.url(address) if address else matter.text("url") if "://" in matter.text("url") else "",
        "title": title,
        "teasers": teasers_of(matter),
        "body": body,
        "published_at": date_of(site, matter, where.path),
        "section": section_of(site, matter, where, where.path),
        "tags": tags_of(site, matter),
        "language": matter.text("lang", "language", "locale") or where.language or site.language,
        "image": image_of(matter, site, address),
        "canonical_url": canonical_of(matter),
        "translation_of": matter.text("translation_of", "translationof"),
        "aliases": aliases_of(matter, address),
    }
    fields.update({key: value for key, value in given.items() if value not in (None, "", [])})
    return Entry(fields, place, notes)
