"""Text as sites store it, with markup in it → plain text: HTML, shortcodes, templates and entities."""

import html
import re
from html.entities import html5

from recommender.text.characters import clean
from recommender.text.markup.evidence import html_tags, is_whole
from recommender.text.markup.flow import text_of
from recommender.text.markup.shortcodes import without_shortcodes
from recommender.text.markup.templates import without_templates

ROUNDS = 3
"""How often entities are decoded: systems that each escape what the one before has escaped are rarely more."""

_SUSPECT = re.compile(r"[<&]|\[/?[a-z]|\{[{%#]")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ESCAPED_START = re.compile(r"\s*&(?:amp;)*+(?:lt|#0*60|#[xX]0*3[cC]);")
_CDATA = re.compile(r"\s*<!\[CDATA\[(.*)\]\]>\s*", re.DOTALL)


def plain(text: str) -> str:
    """Return the text a reader of ``text`` sees, whatever markup it holds, as ``clean`` leaves it.

    HTML (also escaped as a whole), WordPress shortcodes, Hugo and Liquid templates go, and with them what is not shown:
    scripts, styles, comments, form controls, hidden elements. Entities are decoded, those that end in ";" only. Blocks
    become paragraphs. A text that holds no markup stays as it is, with any "<" and "&" in it. Time is linear.
    """
    if not any(mark in text for mark in "<&[{") or not _SUSPECT.search(text):
        return clean(text)
    text = without_templates(text.replace("\r\n", "\n").replace("\r", "\n"))
    if wrapped := _CDATA.fullmatch(text):
        text = wrapped[1]
    text = without_shortcodes(_without_tags(text))
    for _ in range(ROUNDS):
        text = _decoded(text)
    return clean(text)


def plain_line(text: str) -> str:
    """Return ``plain(text)`` as one line, for titles."""
    return " ".join(plain(text).split())


def _without_tags(text: str) -> str:
    """Return ``text`` without HTML; HTML that was escaped as a whole is HTML."""
    if found := html_tags(text):
        return text_of(text, found)
    if not _ESCAPED_START.match(text):
        return text
    decoded = text
    for _ in range(ROUNDS):
        decoded = _decoded(decoded)
        if decoded.lstrip().startswith("<"):
            found = html_tags(decoded)
            return text_of(decoded, found) if is_whole(decoded, found) else text
    return text


def _decoded(text: str) -> str:
    """Return ``text`` with the entities of HTML that end in ";" decoded, once."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(entity: re.Match[str]) -> str:
    name = entity[0][1:]
    return html.unescape(entity[0]) if name[0] == "#" or name in html5 else entity[0]
