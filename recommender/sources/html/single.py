"""The reader of one page of HTML."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from recommender.errors import SourceError
from recommender.sources.html.charset import decode
from recommender.sources.html.dom import MAX_PAGE
from recommender.sources.html.page import Page
from recommender.sources.html.pages import read_pages
from recommender.sources.items import Item
from recommender.sources.opened import STDIN, Opened
from recommender.sources.options import ReadOptions

_START = re.compile(
    r"(?:\s|<\?xml\b[^>]{0,200}\?>|<!--.{0,20000}?-->)*<(?:!doctype\s+html\b|html[\s>]|head[\s>]|body[\s>])",
    re.IGNORECASE | re.DOTALL,
)
_FRAGMENT = re.compile(r"\s*<(?:!--|meta|title|link|main|article|section|div|h1|p)\b", re.IGNORECASE)
_SUFFIXES = (".html", ".htm", ".xhtml")


def fits(source: Opened) -> bool:
    """Say whether ``source`` is a page of HTML: by its start; for a fragment also by its name or content type."""
    start = decode(source.head[:65_536], source.content_type).lstrip("\ufeff")
    if _START.match(start):
        return True
    named = source.name.lower().endswith(_SUFFIXES) or "html" in source.content_type.lower()
    return named and _FRAGMENT.match(start) is not None


def read(source: Opened, options: ReadOptions) -> Iterator[Item]:
    """Yield the page's Entry, or why it is none, and Notes. Raises SourceError if it is too large to be a page."""
    data = source.read_all(MAX_PAGE)
    if not data.strip():
        raise SourceError("the file is empty", source.place)
    page = Page(source.place, _path(source), source.url, lambda: data, source.content_type)
    yield from read_pages([page], options, source.place)


def _path(source: Opened) -> str:
    """The path of the page's address, or its file's name."""
    if source.url:
        try:
            return urlsplit(source.url).path or "/"
        except ValueError:
            pass
    return "/page.html" if source.place == STDIN else f"/{source.name}"
