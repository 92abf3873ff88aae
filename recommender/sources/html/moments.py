"""When a page's article was published, where the page says so; never guessed from its text."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from recommender.articles.dates import read_time
from recommender.sources.html.dom import attribute

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_KEYS = "datePublished", "uploadDate"
_META = (
    "article:published_time", "article:published", "og:published_time", "og:article:published_time", "datepublished",
    "publishdate", "publish_date", "publish-date", "publication_date", "publication-date", "pubdate", "published_time",
    "published-date", "date.published", "dc.date.issued", "dcterms.issued", "parsely-pub-date", "sailthru.date",
    "cxenseparse:recs:publishtime", "citation_publication_date",
)  # fmt: skip
_MARKED = (
    '[itemprop="datePublished"],time[pubdate],time.published,time.entry-date,time.dt-published,time.pubdate,'
    "abbr.published[title]"
)
_AROUND = frozenset({"nav", "aside", "footer"})
_CHANGED = re.compile(r"updated|modified", re.IGNORECASE)
_LONG, _LOOKED_AT = 80, 300
_NEAR = 3
_IN_PATH = re.compile(r"/((?:19|20)\d\d)[/-](\d{1,2})[/-](\d{1,2})(?=[/-]|\Z)", re.ASCII)


def published_at(
    tree: "LexborHTMLParser", head: Mapping[str, list[str]], nodes: Sequence[Mapping[str, Any]], address: str
) -> str:
    """Return the first of the page's dates that can be read, as it is written; empty if it has none.

    In order: JSON-LD (``nodes``: the article's, then those of the page), meta elements, a ``<time>`` above the text,
    a day in the ``address``.
    """
    return next((each for each in _dates(tree, head, nodes, address) if _is_date(each)), "")


def _dates(
    tree: "LexborHTMLParser", head: Mapping[str, list[str]], nodes: Sequence[Mapping[str, Any]], address: str
) -> Iterator[str]:
    for node in nodes:
        for key in _KEYS:
            value = node.get(key)
            value = value[0] if isinstance(value, list) and value else value
            if isinstance(value, Mapping):
                value = value.get("@value")
            if isinstance(value, str):
                yield value
    for name in _META:
        yield from head.get(name, ())
    yield from _times(tree)
    if found := _IN_PATH.search(urlsplit(address).path):
        yield f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}"


def _times(tree: "LexborHTMLParser") -> Iterator[str]:
    """Of elements that are marked as the date, then of those between the article's start and its first paragraph."""
    container = _container(tree)
    if container is None:
        return
    inside = {each.mem_id for each in container.css("article article, li article, aside, footer, nav")}
    marked = [each for each in container.css(_MARKED)[:_LOOKED_AT] if not _is_below(each, inside)]
    for node in [*marked, *_before_text(container, inside)]:
        told = f"{attribute(node, 'class')} {attribute(node, 'itemprop')}"
        if not _CHANGED.search(told) or "published" in told:
            yield attribute(node, "datetime") or attribute(node, "content") or attribute(node, "title")


def _container(tree: "LexborHTMLParser") -> "LexborNode | None":
    """The page's article; else what is around its one heading."""
    if tree.body is None:
        return None
    headings = tree.body.css("h1")
    if len(headings) == 1:
        node, found = headings[0], None
        while (above := node.parent) is not None and above.tag != "body":
            if above.tag in ("article", "main"):
                return above
            node = above
        node = headings[0]
        for _ in range(_NEAR):
            if node.parent is None or node.parent.tag == "html":
                break
            node = found = node.parent
        return found
    articles = tree.body.css("article")
    return articles[0] if len(articles) == 1 else None


def _before_text(container: "LexborNode", inside: set[int]) -> "Iterator[LexborNode]":
    for node in container.css("time[datetime], p")[:_LOOKED_AT]:
        if (node.tag == "p" and len(node.text() or "") <= _LONG) or _is_below(node, inside):
            continue
        if node.tag == "p":
            return
        yield node


def _is_below(node: "LexborNode", inside: set[int]) -> bool:
    above = node.parent
    while above is not None:
        if above.mem_id in inside or above.tag in _AROUND:
            return True
        above = above.parent
    return False


def _is_date(text: str) -> bool:
    moment, warning = read_time(text) if text else (None, None)
    return moment is not None and warning is None
