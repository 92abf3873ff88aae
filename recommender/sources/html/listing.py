"""Whether a page is a list of articles (home, tag, archive) rather than one."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recommender.sources.html.cards import cards, is_inside
from recommender.sources.html.dom import attribute, line_of
from recommender.sources.html.json_ld import Structured

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_PARAGRAPHS = 3_000
ENOUGH, MUCH = 250, 1_000
"""Characters of own text from which a page is an article: if it shows no others, and even so."""
HEADED = 120
"""Characters below a heading from which they are more than what is said of a list."""
CARDS = 3
_AROUND = ["script", "style", "template", "noscript", "svg", "nav", "aside", "footer"]
_LIST_PATH = re.compile(
    r"(?:.*/)?(?:tags?|categor(?:y|ies)|topics?|authors?|archives?|search|sections?|series|schlagwort|kategorie)"
    r"(?:/[^/]+)?/?(?:index\.x?html?)?|/(?:index\.x?html?)?|.*/page/?\d+/?(?:index\.x?html?)?|/\d{4}/(?:\d{1,2}/){0,2}",
    re.IGNORECASE,
)
_LIST_CLASS = re.compile(
    r"(?:\A|\s)(?:archive|category|tag|home|blog|search|search-results|taxonomy|term-list|list)(?:\s|\Z)"
)
_ARTICLE_CLASS = re.compile(r"(?:\A|\s)(?:single|single-post|article-page)(?:\s|\Z)")
_MAIN = "main,[role=main],#content,#main,article"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows: the ``text`` of its own paragraphs, how many ``cards`` of other articles, how much is links.

    ``link_share``: of the main container's text, 0 to 1. ``is_headed``: below its one heading stands text, and none of
    the cards. ``is_short``: all of its text that is no link is less than ENOUGH.
    """

    text: str
    cards: int
    link_share: float
    is_headed: bool = False
    is_short: bool = False


def shown_by(tree: "LexborHTMLParser", address: str, base: str) -> Shown:
    """Return what the page at ``address`` shows. Changes ``tree``: takes out what stands around its main part.

    A card is what holds a heading that is a link to another page; what stands in one is no text of the page's own.
    """
    body = tree.body
    if body is None:
        return Shown("", 0, 0.0)
    body.strip_tags(_AROUND)
    count, holders = cards(body, address, base)
    parts = []
    for node in body.css("p,pre,blockquote,dd")[:MAX_PARAGRAPHS]:
        text = line_of(node)
        if text and not is_inside(node, holders) and _linked(node) < 0.5 * len(text):
            parts.append(text)
    named = body.css(_MAIN)
    main = next((each for each in named if each.mem_id not in holders and not is_inside(each, holders)), body)
    whole, linked = line_of(main), _linked(main)
    share = min(1.0, linked / len(whole)) if whole else 0.0
    if sum(map(len, parts)) >= ENOUGH:
        return Shown("\n".join(parts), count, share)
    # text without paragraphs, or a short one
    held = sum(len(line_of(each)) for each in holders.values())
    outside = sum(len(line_of(link)) for link in main.css("a") if not is_inside(link, holders))
    if (not count and share <= 0.5) or len(whole) - outside - held >= MUCH / 2:
        parts = [whole]
    headings = body.css("h1")
    all_of_it = len(line_of(body)) - _linked(body) - sum(len(line_of(each)) for each in headings)
    is_headed = len(headings) == 1 and _is_headed(headings[0], holders)
    return Shown("\n".join(parts), count, share, is_headed, all_of_it < ENOUGH)


def _is_headed(heading: "LexborNode", holders: "dict[int, LexborNode]") -> bool:
    """Whether what is around ``heading`` and holds text as well, of ``HEADED`` characters at least, holds no card."""
    own = len(line_of(heading))
    node = heading.parent
    while node is not None and node.tag not in ("html", "-document"):
        if len(line_of(node)) - _linked(node) - own >= HEADED:
            return not any(is_inside(each, {node.mem_id: node}) for each in holders.values())
        node = node.parent
    return False


def is_list(tree: "LexborHTMLParser", path: str, shown: Shown, data: Structured, kind: str) -> bool:
    """Say whether a page is a list of articles; ``kind`` is its ``og:type``.

    Lists are pages that show cards or links and have no text of their own, and those that say so: by JSON-LD, by the
    class of their body, by their address. A page that says it is an article is none.
    """
    classes = attribute(tree.body, "class").lower() if tree.body is not None else ""
    is_article = (bool(data.articles) and not data.is_list) or bool(_ARTICLE_CLASS.search(classes))
    if is_article and (len(data.articles) < CARDS or len(shown.text) >= ENOUGH):
        return False
    says_list = data.is_list or bool(_LIST_CLASS.search(classes))
    hinted = says_list or _LIST_PATH.fullmatch(path) is not None
    if len(shown.text) >= ENOUGH:
        few = says_list or (len(shown.text) < MUCH and kind != "article")
        return hinted and few and shown.cards >= CARDS
    if kind == "article" and not says_list:
        return False
    if shown.is_headed and not hinted and (kind != "website" or shown.cards < CARDS):
        return False
    if shown.cards >= CARDS or (shown.cards and hinted):
        return True
    return (hinted or kind == "website") and shown.link_share > 0.5


def _linked(node: "LexborNode") -> int:
    return sum(len(line_of(link)) for link in node.css("a"))
