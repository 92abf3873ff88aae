"""A page as a tree, within limits: what is parsed here cannot take minutes or all memory."""

import re
from typing import TYPE_CHECKING

from recommender.errors import ArticleError

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_PAGE = 16 * 1024**2
"""Bytes of a page."""
MAX_DEPTH = 500
"""Elements inside one another: the parser's time grows with the square of it."""
MAX_NODES = 2_000_000
"""Elements that a parser may have to make, formatting that is opened again in every paragraph included."""
_SUSPECT = 300
_OPEN_AT_EACH_END = 20
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<(/?)([a-zA-Z][a-zA-Z0-9-]*)", re.DOTALL)
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_UNCOUNTED = frozenset(
    """
    area base br col embed hr img input link meta param source track wbr p li td th tr tbody thead tfoot dt dd option
    body html head path rect circle use line polygon
    """.split()
)
"""Void elements, and those that the next of their kind closes."""


def parse(text: str) -> "LexborHTMLParser":
    """Return the tree of a page. Raises ArticleError where it is nested too deeply to be one."""
    from selectolax.lexbor import LexborHTMLParser

    tags, ends = text.count("<"), text.count("</")
    if tags - 2 * ends > _SUSPECT or tags > MAX_NODES:
        _check(text)
    return LexborHTMLParser(text)


def attribute(node: "LexborNode", name: str) -> str:
    """Return what an attribute of ``node`` says, without outer spaces; empty if it says nothing."""
    value = node.attributes.get(name)
    return value.strip() if value else ""


def line_of(node: "LexborNode | None") -> str:
    """Return the text in ``node`` as one line."""
    return " ".join((node.text() or "").split()) if node is not None else ""


def is_within(node: "LexborNode", tags: frozenset[str]) -> bool:
    """Say whether ``node`` lies in an element of one of these ``tags``."""
    parent = node.parent
    while parent is not None:
        if parent.tag in tags:
            return True
        parent = parent.parent
    return False


def _check(text: str) -> None:
    """Follow the tags as they stand; ends that come before their starts do not make up for others."""
    depth = deepest = formatting = nodes = 0
    for match in _TAG.finditer(text):
        name = (match[2] or "").lower()
        if not name:
            continue
        nodes += 1 + (max(0, formatting - _OPEN_AT_EACH_END) if not match[1] else 0)
        if name not in _UNCOUNTED:
            depth = max(0, depth - 1) if match[1] else depth + 1
            deepest = max(deepest, depth)
        if name in _FORMATTING:
            formatting = max(0, formatting - 1) if match[1] else formatting + 1
        if deepest > MAX_DEPTH:
            raise ArticleError(f"the page nests more than {MAX_DEPTH:,} elements in one another")
        if nodes > MAX_NODES:
            raise ArticleError(f"the page makes more than {MAX_NODES:,} elements")
