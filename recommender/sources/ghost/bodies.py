"""The text of a Ghost post → HTML, from each form that Ghost kept it in: HTML, Lexical, Mobiledoc, Markdown, text."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

MAX_NESTING = 60
MAX_TEXT = 8 * 1024**2
"""Characters of one form of the text; a longer one is handed on as it is, and refused where articles are checked."""
_NO_TEXT = ".kg-bookmark-card, .kg-signup-card, .kg-email-card, .kg-nft-card"
_UNTOLD = ("kg-bookmark", "kg-signup", "kg-email", "kg-nft")
_SKIPPED = frozenset(
    "bookmark embed button call-to-action email email-cta signup nft paywall horizontalrule hr".split()
)
"""Cards whose words are another page's, or a form's."""
_HTML_KEYS = ("html", "content", "caption", "calloutText", "productDescription", "subheader", "subheading")
_TEXT_KEYS = ("heading", "header", "productTitle", "code", "fileTitle")
_MARKDOWN_CARDS = ("markdown", "card-markdown")
_BLOCKS = {
    "paragraph": "p",
    "heading": "h2",
    "extended-heading": "h2",
    "quote": "blockquote",
    "extended-quote": "blockquote",
    "aside": "blockquote",
    "listitem": "li",
    "list": "ul",
    "tablerow": "p",
}
_INLINE = re.compile(r"[a-z][a-z0-9]{0,9}")


def body_of(post: Mapping[str, Any]) -> str:
    """Return the post's text as HTML, of the first of its forms that holds any; empty if none does."""
    written = post.get("html")
    if isinstance(written, str) and (text := _of_html(written)).strip():
        return text
    for key, read in (("lexical", _of_lexical), ("mobiledoc", _of_mobiledoc)):
        if (text := read(_document(post.get(key)))).strip():
            return text
    markdown = post.get("markdown")
    if isinstance(markdown, str) and markdown.strip():
        return _of_markdown(markdown)
    plaintext = post.get("plaintext")
    return html.escape(plaintext, quote=False) if isinstance(plaintext, str) else ""


def _of_html(text: str) -> str:
    """``text`` without the cards whose words are not the post's."""
    if len(text) > MAX_TEXT or not any(name in text for name in _UNTOLD):
        return text
    from selectolax.lexbor import LexborHTMLParser

    document = LexborHTMLParser(text)
    for card in document.css(_NO_TEXT):
        card.decompose()
    return (document.body.inner_html if document.body else None) or ""


def _of_markdown(text: str) -> str:
    from markdown_it import MarkdownIt

    return text if len(text) > MAX_TEXT else MarkdownIt("commonmark").render(text)


def _of_lexical(document: Mapping[str, Any]) -> str:
    root = document.get("root")
    return "".join(_lexical(root, MAX_NESTING)) if isinstance(root, Mapping) else ""


def _lexical(node: object, depth: int) -> Iterator[str]:
    if not isinstance(node, Mapping) or not depth:
        return
    kind, children = node.get("type"), node.get("children")
    if kind == "linebreak":
        yield "<br>"
    elif isinstance(node.get("text"), str) and not children:
        yield html.escape(node["text"], quote=False)
    elif isinstance(children, list):
        tag = _BLOCKS.get(kind) if isinstance(kind, str) else None
        yield f"<{tag}>" if tag else ""
        for child in children:
            yield from _lexical(child, depth - 1)
        yield f"</{tag}>" if tag else ""
    elif isinstance(kind, str):
        yield from _card(kind, node)


def _card(kind: str, payload: Mapping[str, Any]) -> Iterator[str]:
    """The text of one card, such as an image's caption."""
    if kind in _SKIPPED:
        return
    if kind in _MARKDOWN_CARDS:
        markdown = payload.get("markdown")
        yield _of_markdown(markdown) if isinstance(markdown, str) else ""
        return
    for key in _TEXT_KEYS:
        if isinstance(text := payload.get(key), str) and text.strip():
            yield f"<p>{html.escape(text, quote=False)}</p>"
    for key in _HTML_KEYS:
        if isinstance(text := payload.get(key), str) and text.strip():
            yield f"<div>{_of_html(text)}</div>"


def _of_mobiledoc(document: Mapping[str, Any]) -> str:
    sections = document.get("sections")
    return "".join(part for each in _items(sections) for part in _section(each, document))


def _section(section: object, document: Mapping[str, Any]) -> Iterator[str]:
    """The HTML of one section: 1 is text, 3 a list, 10 a card; an image (2) has no text."""
    match section:
        case [1, str(tag), list(markers), *_] if _INLINE.fullmatch(tag):
            yield f"<{tag}>{_markers(markers, document)}</{tag}>"
        case [3, _, list(entries), *_]:
            inner = "".join(f"<li>{_markers(_items(each), document)}</li>" for each in entries)
            yield f"<ul>{inner}</ul>"
        case [10, int(index), *_]:
            match _at(document.get("cards"), index):
                case [str(name), Mapping() as payload, *_]:
                    yield from _card(name, payload)


def _markers(markers: list[Any], document: Mapping[str, Any]) -> str:
    parts = []
    for marker in markers:
        match marker:
            case [0, _, _, str(text), *_]:
                parts.append(html.escape(text, quote=False))
            case [1, _, _, int(index), *_]:
                match _at(document.get("atoms"), index):
                    case ["soft-return", *_]:
                        parts.append("<br>")
                    case [_, str(text), *_]:
                        parts.append(html.escape(text, quote=False))
    return "".join(parts)


def _document(value: object) -> Mapping[str, Any]:
    """The document that a column holds as JSON, or as an object; an empty one if there is none."""
    if isinstance(value, str) and len(value) <= MAX_TEXT:
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return {}
    return value if isinstance(value, dict) else {}


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _at(value: object, index: int) -> object:
    items = _items(value)
    return items[index] if 0 <= index < len(items) else None
