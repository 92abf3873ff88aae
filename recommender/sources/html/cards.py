"""The cards of other articles that a page shows: what holds a heading that is a link to another page."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from recommender.sources.html.addresses import resolved
from recommender.sources.html.dom import attribute, line_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

MAX_CARDS = 500
GROUP = 3
"""Cards side by side that are a box of them."""
_LEVELS = 12
_TEASER = 300
"""Characters that a card of a box holds on average, at most: what is longer may be a part of an article."""
_WHOLE = 0.8
_HEADINGS = "h1,h2,h3,h4"
_LINES = "p,h2,h3,h4,h5,li,div,span,figcaption,time,td"


def cards(body: "LexborNode", address: str, base: str) -> "tuple[int, dict[int, LexborNode]]":
    """Return how many headings lead to other pages than ``address``, and the elements that hold one each, by id."""
    count = 0
    holders: dict[int, LexborNode] = {}
    for heading in body.css(_HEADINGS)[:MAX_CARDS]:
        link = heading.css_first("a[href]") or _link_around(heading)
        target = resolved(attribute(link, "href"), base) if link is not None else ""
        if link is None or target.partition("?")[0] in ("", address.partition("?")[0]):
            continue
        if 2 * len(line_of(link)) < len(line_of(heading)):
            continue
        count += 1
        if holder := _holder(heading):
            holders[holder.mem_id] = holder
    return count, holders


def is_inside(node: "LexborNode", holders: "dict[int, LexborNode]") -> bool:
    """Say whether ``node`` lies in one of ``holders``."""
    above = node.parent
    while holders and above is not None:
        if above.mem_id in holders:
            return True
        above = above.parent
    return False


def lines_in_boxes(body: "LexborNode", address: str, base: str) -> set[str]:
    """Return the lines of text in boxes of cards."""
    lines = (line_of(node) for card in cards_in_boxes(body, address, base) for node in card.css(_LINES))
    return {line for line in lines if line}


def cards_in_boxes(body: "LexborNode", address: str, base: str) -> "list[LexborNode]":
    """Return the cards that stand in boxes: several side by side, short, of the same site, and nothing else."""
    _, holders = cards(body, address, base)
    by_parent: dict[int, list[LexborNode]] = {}
    for holder in holders.values():
        if holder.parent is not None and _leads_to(holder, base):
            by_parent.setdefault(holder.parent.mem_id, []).append(holder)
    found: list[LexborNode] = []
    for group in by_parent.values():
        parent = group[0].parent
        length = sum(len(line_of(each)) for each in group)
        if parent is None or len(group) < GROUP or length > _TEASER * len(group):
            continue
        if length >= _WHOLE * len(line_of(parent)):
            found += group
    return found


def _leads_to(holder: "LexborNode", base: str) -> bool:
    """Whether the card leads to a page of the same host."""
    link = holder.css_first("a[href]")
    target = resolved(attribute(link, "href"), base) if link is not None else ""
    try:
        return urlsplit(target).netloc == urlsplit(base).netloc
    except ValueError:
        return False


def _link_around(heading: "LexborNode") -> "LexborNode | None":
    parent = heading.parent
    for _ in range(2):
        if parent is not None and parent.tag == "a":
            return parent
        parent = parent.parent if parent is not None else None
    return None


def _holder(heading: "LexborNode") -> "LexborNode | None":
    """The outermost element around a heading, up to an article or an item of a list, that holds no other heading."""
    node, found = heading, None
    for _ in range(_LEVELS):
        above = node.parent
        if above is None or above.tag in ("body", "main") or len(above.css(_HEADINGS)) > 1:
            break
        node = found = above
        if above.tag in ("article", "li"):
            break
    return found
