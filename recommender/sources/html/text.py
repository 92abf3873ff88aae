"""The text of one container of a page, read directly."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from recommender.sources.html.dom import line_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_UNREAD = (
    "script,style,template,noscript,nav,aside,footer,button,select,textarea,iframe,svg,menu,dialog,object,h1,"
    "figcaption,header,audio,video,canvas,[role=navigation],[role=complementary],[role=search],[role=contentinfo],[hidden]"
)
_BY_NAME = "form," + ",".join(
    f'[class*="{name}" i],[id*="{name}" i]'
    for name in (
        "share", "sharing", "social", "related", "recirc", "newsletter", "promo", "byline", "author", "breadcrumb",
        "comment", "caption", "pagination", "subscri", "signup", "tags", "toc", "meta", "advert", "read-more",
        "readmore", "see-also", "navigation", "pager", "credit", "sidebar", "menu", "copyright",
    )
)  # fmt: skip
_AT_MOST, _WITH_TEXT_LEFT, _TEXT = 0.5, 0.75, 250
"""Share of a container's text that something may hold and still be furniture by its name alone; and where so many
characters are left without it."""
_LOOKS = 20
"""How often a text may be looked through, so that time is linear however deep its elements lie."""
_SHORT = 20_000
_MAIN = ('[itemprop~="articleBody"]', "article", "main", '[role="main"]', "#content", "#main", ".content")
_LINKED = 0.8
_BLOCKS = "ul,ol,dl,p,div,section,table,center"
INLINE = frozenset(
    """
    a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q rp rt ruby s samp small span
    strike strong sub sup time tt u var wbr
    """.split()
)


def size(node: "LexborNode") -> int:
    """Return how many characters of text are in ``node``."""
    return len(line_of(node))


def link_share(node: "LexborNode") -> float:
    """Return how much of the text in ``node`` is that of links, 0 to 1."""
    whole = size(node)
    return min(1.0, sum(size(link) for link in node.css("a")) / whole) if whole else 0.0


def strip_furniture(node: "LexborNode") -> None:
    """Take out of ``node`` what is no text of an article: navigation, headers, what its name says is furniture."""
    for each in _outermost(node, _UNREAD):
        each.decompose()
    named = _outermost(node, _BY_NAME)
    whole = size(node) if named else 0
    looked_at = 0
    for each in named:
        found = size(each)
        looked_at += found
        if found <= whole * _AT_MOST or (found <= whole * _WITH_TEXT_LEFT and whole - found >= _TEXT):
            each.decompose()
        if looked_at > whole * _LOOKS:
            break


def text_of(node: "LexborNode") -> str:
    """Return the text in ``node``, paragraph by paragraph, blank lines between them."""
    lines: list[str] = []
    parts: list[str] = []
    block = node
    for each in node.traverse(include_text=True):
        if each.tag == "br":
            parts.append("\n")
        elif each.tag == "-text":
            above = each.parent
            while above is not None and above.tag in INLINE:
                above = above.parent
            if above is not None and above.mem_id != block.mem_id:
                lines += _lines(parts, block)
                parts, block = [], above
            parts.append(each.text_content or "")
    return "\n\n".join(lines + _lines(parts, block))


def _lines(parts: list[str], block: "LexborNode") -> list[str]:
    """The paragraphs of one block: one, if it is of code, else as its line breaks divide it."""
    if block.tag == "pre":
        return [text] if (text := "".join(parts).strip()) else []
    if parts.count("\n"):
        broken = "".join(" \n " if part == "\n" else " ".join(part.split("\n")) for part in parts).split("\n")
        return [line for each in broken if (line := " ".join(each.split()))]
    return [line] if (line := " ".join("".join(parts).split())) else []


def main_text(tree: "LexborHTMLParser") -> str:
    """Return the text of the page's main container without furniture and blocks of links. Changes ``tree``.

    For pages of a few sentences, where what finds text by its amount finds navigation.
    """
    body = tree.body
    if body is None:
        return ""
    node = next((found[0] for selector in _MAIN if len(found := body.css(selector)) == 1), body)
    strip_furniture(node)
    if size(node) <= _SHORT:
        for block in _outermost(node, _BLOCKS, lambda each: link_share(each) > _LINKED):
            block.decompose()
    return text_of(node)


def _outermost(
    node: "LexborNode", selector: str, wanted: "Callable[[LexborNode], bool] | None" = None
) -> "list[LexborNode]":
    """The nodes below ``node`` that fit, none inside another: what is inside is gone with it."""
    found, inside = [], set()
    for each in node.css(selector):
        if each.mem_id == node.mem_id:
            continue
        parent = each.parent
        while parent is not None and parent.mem_id not in inside and parent.mem_id != node.mem_id:
            parent = parent.parent
        if parent is not None and parent.mem_id in inside:
            continue
        if wanted is None or wanted(each):
            inside.add(each.mem_id)
            found.append(each)
    return found
