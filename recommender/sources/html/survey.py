"""The first look at a page: what it says of itself and where it leads, before any text is extracted."""

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recommender.sources.html.addresses import address_of, resolved
from recommender.sources.html.boxes import boxes_of
from recommender.sources.html.dom import attribute, is_within, line_of
from recommender.sources.html.json_ld import structured
from recommender.sources.html.listing import is_list, shown_by
from recommender.sources.html.page import Page

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_ALTERNATES = 60
_REFRESH = re.compile(r"\s*(\d{0,6})(?:\.\d*)?\s*[;,]?\s*(?:url\s*=\s*)?(.*)", re.IGNORECASE | re.DOTALL)
_AT_ONCE = 10
"""Seconds after which a page that leads on is no mere redirect."""
_STUB = 400
_PARTS = re.compile(r"\s+[|–—·»:-]+\s+|\s*[|»]\s*")
_ERROR = re.compile(
    r"""
    (?:(?:oops|sorry|error|http|status|40[34])\W*)*
    (?:
      40[34] | not\ found | (?:the\ |this\ )?(?:page|file|article|document|content|url)\ 
        (?:not|(?:was|is)\ not|wasn.t|isn.t|can\ ?not\ be|could\ not\ be|can.t\ be|couldn.t\ be)\ found
      | page\ (?:does\ not|doesn.t)\ exist | (?:diese\ |die\ )?seite\ (?:wurde\ |konnte\ )?nicht\ gefunden(?:\ werden)?
      | page\ (?:non\ trouvée|introuvable) | página\ (?:no\ encontrada|não\ encontrada)
      | pagina\ (?:non\ trovata|niet\ gevonden) | страница\ не\ найдена
    )\W*
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ERROR_TEXT = 1_000
_STYLE = 'link[rel="stylesheet"][href]'


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of a page before its text is extracted. Addresses are absolute, of NOWHERE if not known better.

    ``title``: what its ``<title>`` says. ``canonical``, ``redirect``: empty if it names none. ``alternates``:
    (language, address), ``boxes``: the links of its related boxes. ``digest``: of title and own text; pages with one
    digest are copies, or an error page. ``length``: characters of its own text, about. ``is_short``: there is so little
    text that its amount does not say where the main part is.
    """

    address: str
    base: str
    title: str = ""
    description: str = ""
    canonical: str = ""
    redirect: str = ""
    noindex: bool = False
    error: bool = False
    is_list: bool = False
    alternates: tuple[tuple[str, str], ...] = ()
    boxes: tuple[tuple[str, ...], ...] = ()
    matched: bool = False
    digest: bytes = b""
    length: int = 0
    is_short: bool = False
    site: str = ""


def survey(tree: "LexborHTMLParser", page: Page, selector: str) -> Survey:
    """Return what ``tree`` of ``page`` tells, and the links that ``selector`` finds, if it is given."""
    address = address_of(page.path, page.url)
    base = base_of(tree, address)
    links = {rel: attribute(node, "href") for node in reversed(tree.css("link[rel][href]")) for rel in _rels(node)}
    boxes = boxes_of(tree, selector, base) if selector else ()
    matched = bool(selector) and tree.css_first(selector) is not None
    redirect = _redirect(tree, base)
    data = structured(tree)
    title, heading = _title(tree), line_of(tree.css_first("h1"))
    shown = shown_by(tree, address, base)  # changes the tree: last
    text = f"{title}\n{shown.text}"
    return Survey(
        address=address,
        base=base,
        title=title,
        description=meta(tree, "description"),
        canonical=resolved(links.get("canonical", ""), base),
        redirect=redirect if redirect != address and len(shown.text) < _STUB else "",
        noindex=_is_noindex(tree),
        error=len(shown.text) < _ERROR_TEXT and _says_error(title, heading),
        is_list=is_list(tree, page.path, shown, data, meta(tree, "og:type").lower()),
        alternates=_alternates(tree, base),
        boxes=boxes,
        matched=matched,
        digest=hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest(),
        length=len(shown.text),
        is_short=shown.is_short,
        site=meta(tree, "og:site_name") or next((attribute(each, "href") for each in tree.css(_STYLE)), ""),
    )


def base_of(tree: "LexborHTMLParser", address: str) -> str:
    """Return what the links of the page at ``address`` are relative to."""
    node = tree.css_first("base[href]")
    return (resolved(attribute(node, "href"), address) if node is not None else "") or address


def meta(tree: "LexborHTMLParser", name: str) -> str:
    """Return what the first ``<meta>`` of this name or property says; empty if none does."""
    for node in tree.css(f'meta[name="{name}" i],meta[property="{name}" i]'):
        if content := attribute(node, "content"):
            return content
    return ""


def _title(tree: "LexborHTMLParser") -> str:
    head = tree.head
    return line_of(head.css_first("title")) if head is not None else ""


def _rels(node: "LexborNode") -> list[str]:
    return attribute(node, "rel").lower().split()


def _says_error(*titles: str) -> bool:
    """Whether one of the parts between bars and dashes of a title says nothing but that a page was not found."""
    return any(_ERROR.fullmatch(part) for title in titles for part in _PARTS.split(title[:300]))


def _redirect(tree: "LexborHTMLParser", base: str) -> str:
    for node in tree.css('meta[http-equiv="refresh" i][content]'):
        match = _REFRESH.fullmatch(attribute(node, "content"))
        if match and match[2] and int(match[1] or 0) <= _AT_ONCE and not is_within(node, frozenset({"noscript"})):
            return resolved(match[2].strip().strip("'\""), base)
    return ""


def _is_noindex(tree: "LexborHTMLParser") -> bool:
    for node in tree.css('meta[name="robots" i],meta[name="googlebot" i]'):
        if {"noindex", "none"} & set(re.split(r"[\s,]+", attribute(node, "content").lower())):
            return True
    return False


def _alternates(tree: "LexborHTMLParser", base: str) -> tuple[tuple[str, str], ...]:
    found = []
    for node in tree.css('link[rel~="alternate" i][hreflang][href]')[:MAX_ALTERNATES]:
        if address := resolved(attribute(node, "href"), base):
            found.append((attribute(node, "hreflang").lower(), address))
    return tuple(found)
