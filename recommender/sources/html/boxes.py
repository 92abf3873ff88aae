"""A page's own related box: the links that ``related_selector`` finds, and taking the box out of the text."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from recommender.errors import SourceError, shown
from recommender.sources.html.addresses import resolved
from recommender.sources.html.dom import attribute, line_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_LINKS, MAX_MATCHES = 200, 5_000
"""Links of one box, and elements of one page that match, that are looked at."""
_HEADING = 60
_KEPT = frozenset({"html", "body", "main", "article"})
_LONG = 200
_LEADS = (
    r"read (?:more|also|next|this)|also read|see also|related(?: (?:articles?|stor(?:y|ies)|posts?|news|content))?"
    r"|more (?:on this(?: story| topic)?|from [^:]{2,30}|stories|news)"
    r"|must[ -]reads?|don'?t miss|recommended(?: reading)?"
    r"|you (?:may|might) (?:also )?like|further reading|watch(?: now| also)?|listen"
    r"|in case you missed it|also in [^:]{2,30}"
    r"|(?:à )?lire (?:aussi|également)|voir aussi|sur le même (?:sujet|thème)"
    r"|lesen sie (?:auch|mehr)|mehr zum thema|mehr dazu|siehe auch|auch interessant"
    r"|lea también|lee también|leer más|ver también|te puede interesar|leia (?:também|mais)|veja (?:também|mais)"
    r"|leggi anche|lees (?:ook|meer)|läs (?:också|mer)|les også|læs også|czytaj (?:też|także)|zobacz (?:też|także)"
    r"|читайте (?:также|еще|ещё)|также по теме"
)
_LEAD = re.compile(rf"[\W_]*(?:{_LEADS})\s*[:：>»|–—-]*\s*", re.IGNORECASE)
_BLOCKS = frozenset("p li div h2 h3 h4 h5 h6 blockquote figure section aside".split())


def check_selector(selector: str) -> None:
    """Raise SourceError if ``selector`` is no CSS selector that is understood here."""
    if not selector:
        return
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    try:
        LexborHTMLParser("<p></p>").css(selector)
    except (SelectolaxError, ValueError):
        told = f'{shown(selector)} is no CSS selector that can be read; expected one such as ".related a"'
        raise SourceError(told, "--related-selector") from None


def boxes_of(tree: "LexborHTMLParser", selector: str, base: str) -> tuple[tuple[str, ...], ...]:
    """Return the addresses that the page's boxes link to, best first, each once in a box.

    What matches is a box, or links of boxes: those that stand together are one. Addresses are absolute, resolved
    against ``base``; links to no page (mail, scripts, places on the same page) are left out.
    """
    groups: dict[int, dict[str, None]] = {}
    for node, links in _boxes(tree, selector):
        for link in links:
            if address := resolved(attribute(link, "href"), base):
                groups.setdefault(node.mem_id, {})[address] = None
    return tuple(tuple(addresses)[:MAX_LINKS] for addresses in groups.values())


def drop_boxes(tree: "LexborHTMLParser", selector: str) -> bool:
    """Take the boxes out of the page, with the text around their links; say whether there was any."""
    boxes = [_with_heading(box) for node, links in _boxes(tree, selector) for box in _droppable(node, links)]
    for box in outermost(boxes):
        box.decompose()
    return bool(boxes)


def drop_leads(tree: "LexborHTMLParser") -> bool:
    """Take out paragraphs that only lead to another article ("READ MORE: <a>…</a>"); say whether there was any."""
    if tree.body is None:
        return False
    found = {}
    for link in tree.body.css("a[href]"):
        block = link.parent
        while block is not None and block.tag not in _BLOCKS:
            block = block.parent
        if block is not None and block.mem_id not in found:
            found[block.mem_id] = block
    leads = [block for block in found.values() if _is_lead(block)]
    for block in outermost(leads):
        block.decompose()
    return bool(leads)


def _is_lead(block: "LexborNode") -> bool:
    text = block.text() or ""
    if len(text) > 20 * _LONG or not _LEAD.match(text[:_LONG]):
        return False
    text = " ".join(text.split())
    lead = _LEAD.match(text)
    if lead is None or len(text) > 2 * _LONG:
        return False
    linked = sum(len(" ".join((link.text() or "").split())) for link in block.css("a"))
    return linked >= 0.8 * len(text[lead.end() :]) and linked > 0


def _boxes(tree: "LexborHTMLParser", selector: str) -> "list[tuple[LexborNode, list[LexborNode]]]":
    """Each box with its links, in the order of the page; that of links is what holds several of those that match."""
    matched = [node for node in tree.css(selector)[:MAX_MATCHES] if node.tag not in ("html", "head")]
    addresses: dict[int, set[str]] = {}
    for node in matched:
        for above in _ancestors(node) if node.tag == "a" else ():
            addresses.setdefault(above.mem_id, set()).add(attribute(node, "href"))
    boxes: dict[int, tuple[LexborNode, list[LexborNode]]] = {}
    seen: set[int] = set()
    for node in matched:
        box = node
        if node.tag == "a":
            box = next(
                (each for each in _ancestors(node) if each.tag in _KEPT or len(addresses[each.mem_id]) > 1), node
            )
        links = [node] if node.tag == "a" else node.css("a[href]")
        new = [link for link in links if link.mem_id not in seen]
        seen.update(link.mem_id for link in new)
        boxes.setdefault(box.mem_id, (box, []))[1].extend(new)
    return list(boxes.values())


def _droppable(box: "LexborNode", links: "list[LexborNode]") -> "list[LexborNode]":
    """The box, or its links alone where it holds text of the article too."""
    return links if box.tag in _KEPT or _has_own_text(box) else [box]


def _with_heading(node: "LexborNode") -> "LexborNode":
    """What is around ``node`` and holds nothing more than a heading beside it."""
    own = len(line_of(node))
    while (above := node.parent) is not None and above.tag not in _KEPT and above.tag != "-document":
        if len(line_of(above)) > own + _HEADING:
            break
        node = above
    return node


def _ancestors(node: "LexborNode") -> "Iterator[LexborNode]":
    above = node.parent
    while above is not None and above.tag != "-document":
        yield above
        above = above.parent


def outermost(nodes: "list[LexborNode]") -> "list[LexborNode]":
    """Return each of ``nodes`` once, without those that lie in others of them: what is taken out takes them along."""
    by_id = {node.mem_id: node for node in nodes}
    return [node for node in by_id.values() if not any(each.mem_id in by_id for each in _ancestors(node))]


def _has_own_text(box: "LexborNode") -> bool:
    """Whether a long paragraph in it is no link's: then it is more than a box."""
    return any(
        len(each.text() or "") > _LONG and sum(len(link.text() or "") for link in each.css("a")) < _LONG
        for each in box.css("p")
    )
