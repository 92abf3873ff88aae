"""What a page says of its article: by JSON-LD first, then by its meta elements, then by what is seen on it."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from recommender.sources.html.addresses import resolved
from recommender.sources.html.dom import attribute, line_of
from recommender.sources.html.json_ld import Structured, structured
from recommender.sources.html.moments import published_at

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

MAX_VALUES = 200
_SEPARATED = re.compile(r"\s+[|–—·•»:-]\s+|\s*[|»]\s*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Head:
    """All ``<meta>`` elements of a page: what each name or property (in lower case) says, in order."""

    values: Mapping[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, tree: "LexborHTMLParser") -> "Head":
        """Return what the page's ``<meta>`` elements say."""
        values: dict[str, list[str]] = {}
        for node in tree.css("meta[content]"):
            attributes = node.attributes
            name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or ""
            content = (attributes.get("content") or "").strip()
            if name and content:
                values.setdefault(name.strip().lower(), []).append(content)
        return cls(values)

    def first(self, *names: str) -> str:
        """Return what the first of these names that is there says; empty if none is."""
        return next((self.values[name][0] for name in names if name in self.values), "")


def metadata(tree: "LexborHTMLParser", address: str, base: str, site_suffix: str = "") -> dict[str, Any]:
    """Return the fields of the page at ``address`` that are not its text, those that it has, under contract names.

    ``site_suffix``: what ends the titles of most pages of the site. Beside the fields: ``titles``, all ways in which
    the page spells its title.
    """
    head, data = Head.of(tree), structured(tree)
    node = _article(data, address, head)
    title, titles = _title(tree, head, node, site_suffix)
    fields = {
        "title": title,
        "teaser": _text(node.get("description")) or head.first("og:description", "description", "twitter:description"),
        "published_at": published_at(tree, head.values, [node, *data.pages], address),
        "section": _text(node.get("articleSection")) or head.first("article:section", "section"),
        "tags": _tags(tree, head, node),
        "language": _language(tree, head, node),
        "image": _image(head, node, base),
    }
    return {key: value for key, value in fields.items() if value} | {"titles": titles}


def without_suffix(title: str, suffix: str) -> str:
    """Return a page's title without the site's name at its end, if that is not all of it."""
    return title.removesuffix(suffix).strip() or title if suffix else title


def suffix_of(title: str) -> str:
    """Return the end of a title from its last separator on ("… | The Harbour News"); empty if it has none."""
    last = None
    for last in _SEPARATED.finditer(title):  # noqa: B007 - the last one is wanted
        pass
    return title[last.start() :] if last and last.start() else ""


def _article(data: Structured, address: str, head: Head) -> Mapping[str, Any]:
    """The node of the page's own article: of several the one with its address, or its title, else the first."""
    if len(data.articles) > 1:
        title = _key(head.first("og:title"))
        for node in data.articles:
            named = [node.get("url"), node.get("@id"), node.get("mainEntityOfPage")]
            named += [each.get("@id") for each in named if isinstance(each, Mapping)]
            if any(isinstance(each, str) and each.partition("#")[0] == address for each in named):
                return node
        for node in data.articles:
            if title and _key(_text(node.get("headline"))) == title:
                return node
    return data.articles[0] if data.articles else {}


def _title(tree: "LexborHTMLParser", head: Head, node: Mapping[str, Any], suffix: str) -> tuple[str, list[str]]:
    headings = [text for each in tree.css("h1")[:5] if (text := line_of(each))]
    page = line_of(tree.head.css_first("title")) if tree.head is not None else ""
    open_graph, headline = (
        head.first("og:title", "twitter:title"),
        _text(node.get("headline")) or _text(node.get("name")),
    )
    name = head.first("og:site_name", "application-name")
    found = [_without_site(each, suffix, name) for each in (open_graph, headline, *headings[:1], page) if each]
    titles = [*dict.fromkeys([*found, *headings, open_graph, page])]
    title = found[0] if found else ""
    for heading in headings:  # "Harbour plan – The Gazette" over the heading "Harbour plan"
        if title != heading and title.startswith(heading) and _SEPARATED.match(title, len(heading)):
            title = heading
    return title, titles


def _without_site(title: str, suffix: str, name: str) -> str:
    bare = without_suffix(title, suffix)
    end = suffix_of(bare)
    return bare.removesuffix(end) if end and name and _key(end) == _key(name) else bare


def _tags(tree: "LexborHTMLParser", head: Head, node: Mapping[str, Any]) -> list[str]:
    keywords = node.get("keywords")
    if isinstance(keywords, str):
        found = keywords.split(",")
    else:
        found = [_text(each) for each in (keywords if isinstance(keywords, list) else [])[:MAX_VALUES]]
        found = found[0].split(",") if len(found) == 1 else found
    found = found or head.values.get("article:tag", []) or head.first("news_keywords", "parsely-tags").split(",")
    if not any(each.strip() for each in found):
        found = [line_of(each) for each in tree.css('a[rel~="tag" i]')[:MAX_VALUES]]
    return [*dict.fromkeys(tag for each in found[:MAX_VALUES] if (tag := each.strip().lstrip("#")))]


def _language(tree: "LexborHTMLParser", head: Head, node: Mapping[str, Any]) -> str:
    said = [attribute(each, "lang") or attribute(each, "xml:lang") for each in tree.css("html")[:1]]
    said += [_text(node.get("inLanguage")), head.first("og:locale"), head.first("content-language", "language")]
    return next((each.replace("_", "-") for each in said if _LANGUAGE.fullmatch(each)), "")


def _image(head: Head, node: Mapping[str, Any], base: str) -> str:
    for each in (_images(node.get("image")), _images(node.get("thumbnailUrl"))):
        if address := next(each, ""):
            return resolved(address, base)
    return resolved(head.first("og:image", "og:image:url", "og:image:secure_url", "twitter:image"), base)


def _images(value: object) -> Iterator[str]:
    for each in value[:MAX_VALUES] if isinstance(value, list) else [value]:
        if isinstance(each, Mapping):
            each = each.get("url") or each.get("contentUrl")
        if isinstance(each, str) and each.strip():
            yield each


def _text(value: object) -> str:
    """A text of JSON-LD, where many templates leave entities encoded."""
    if isinstance(value, list):
        value = next((each for each in value if isinstance(each, str | Mapping)), None)
    if isinstance(value, Mapping):
        value = value.get("@value") or value.get("name")
    return " ".join(html.unescape(value).split()) if isinstance(value, str) else ""


def _key(text: str) -> str:
    return "".join(re.findall(r"\w+", text.casefold()))
