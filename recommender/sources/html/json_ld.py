"""What a page says of itself in JSON-LD, however its template wrote it."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

MAX_BLOCK = 2 * 1024**2
"""Characters of a block."""
MAX_NODES = 1_000
_WRAPPING = re.compile(r"(?://|/\*)?[ \t]{0,20}(?:<!\[CDATA\[|\]\]>|<!--|-->)[ \t]{0,20}(?:\*/)?")
_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+")|,(?=\s*[}\]])', re.DOTALL)
_ARTICLE = re.compile(
    r"(?:\w*Article|\w*BlogPosting|SocialMediaPosting|Report|VideoObject|Recipe|Review|PodcastEpisode)"
)
_LIST = frozenset({"CollectionPage", "SearchResultsPage", "ItemList", "Blog", "ProfilePage"})
_PAGE = frozenset({"WebPage", "ItemPage", "AboutPage", "FAQPage", "QAPage"})
_INSIDE = ("@graph", "mainEntity", "mainEntityOfPage")


@dataclass(frozen=True, slots=True)
class Structured:
    """The nodes of a page that describe its article, a page, or a list, in the order in which they stand."""

    articles: tuple[Mapping[str, Any], ...] = ()
    pages: tuple[Mapping[str, Any], ...] = ()
    is_list: bool = False


def structured(tree: "LexborHTMLParser") -> Structured:
    """Return what the page's blocks of JSON-LD say; what cannot be read in them is left out."""
    articles, pages, kinds = [], [], set()
    for node in _nodes(tree):
        types = _types(node)
        kinds.update(types)
        if any(_ARTICLE.fullmatch(each) for each in types):
            articles.append(node)
        elif types & _PAGE:
            pages.append(node)
    return Structured(tuple(articles), tuple(pages), bool(kinds & _LIST))


def parse_block(text: str) -> object:
    """Return what one block holds; None if it is no JSON, even with comments, CDATA and trailing commas taken out."""
    text = text.strip()
    if not text or len(text) > MAX_BLOCK:
        return None
    bare = _WRAPPING.sub("", text) if text[0] not in "{[" else text
    for attempt in _attempts(text, bare):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _attempts(text: str, bare: str) -> Iterator[str]:
    """What may be the JSON in a block, likeliest first; made only when it is asked for, since most need no mending."""
    yield bare
    yield _repaired(_WRAPPING.sub("", text))
    yield _repaired(html.unescape(bare))


def _repaired(text: str) -> str:
    return _TRAILING_COMMA.sub(lambda match: match[1] or "", text).strip().rstrip(";")


def _nodes(tree: "LexborHTMLParser") -> Iterator[Mapping[str, Any]]:
    """The nodes that stand for themselves, not those that others mention, such as the articles of a list."""
    waiting: list[object] = []
    for script in tree.css('script[type*="ld+json" i]'):
        waiting.append(parse_block(script.text() or ""))
    count = 0
    while waiting and count < MAX_NODES:
        node = waiting.pop(0)
        count += 1
        if isinstance(node, list):
            waiting[:0] = node[:MAX_NODES]
        elif isinstance(node, dict):
            yield node
            waiting[:0] = [node[key] for key in _INSIDE if isinstance(node.get(key), dict | list)]


def _types(node: Mapping[str, Any]) -> set[str]:
    value = node.get("@type")
    values = value if isinstance(value, list) else [value]
    return {each.rpartition("/")[2].rpartition(":")[2] for each in values if isinstance(each, str)}
