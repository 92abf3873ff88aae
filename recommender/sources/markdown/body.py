"""The body of a page as text."""

import re
from dataclasses import dataclass

from recommender.sources.markdown.marks import without_marks
from recommender.sources.markdown.mdx import without_javascript
from recommender.sources.markdown.plain_blocks import blocks, joined, line_of
from recommender.sources.markdown.templates import without_template_tags

FILLED_IN_CODE = frozenset(("hugo", "jekyll", "hexo", "eleventy", "zola"))
"""Generators that fill templates in before they look for code."""

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}#[ \t]+(.+?)(?:[ \t]+#*)?[ \t]*")
_SETEXT = re.compile(r" {0,3}=+[ \t]*")
_ATTRIBUTES = re.compile(r"[ \t]*\{[:#.][^{}]*\}\Z")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How pages of one kind are written: ``mdx`` with JavaScript; ``generator``, whose templates are in them."""

    generator: str = ""
    mdx: bool = False
    html: bool = False


def body_of(text: str, title: str, dialect: Dialect) -> str:
    """Return the text of a page in the form of a record's ``body``, without a first heading that says ``title``."""
    if dialect.mdx:
        text = without_javascript(text)
    else:
        text = without_template_tags(text, also_in_code=dialect.generator in FILLED_IN_CODE)
    if dialect.html:
        return text
    found = blocks(without_marks(text), indented_code=not dialect.mdx)
    if found and found[0].kind == "h1" and _same(found[0].text, title):
        found = found[1:]
    return joined(found)


def first_heading(text: str) -> str:
    """Return the first heading of the first level as text with entities, "" if there is none."""
    fence, last = "", ""
    for line in text.split("\n"):
        if found := _FENCE.match(line):
            fence = "" if fence and found[1].startswith(fence) else fence or found[1]
        if fence:
            last = ""
        elif heading := _ATX.fullmatch(line):
            return _heading(heading[1])
        elif _SETEXT.fullmatch(line) and last.strip():
            return _heading(last.strip())
        else:
            last = line
    return ""


def _heading(text: str) -> str:
    return line_of(_ATTRIBUTES.sub("", text)[:2_000])


def _same(one: str, other: str) -> bool:
    return one.casefold().split() == other.casefold().split()
