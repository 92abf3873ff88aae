"""The main text of a page: found by trafilatura, without what it is known to add."""

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from recommender.sources.html.layout_tables import without_layout_tables
from recommender.sources.html.text import main_text
from recommender.text.markup.plain_text import plain

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

SHORT = 250
"""Characters below which trafilatura takes whatever text is on a page, its navigation too."""
MAX_HTML, MAX_TAGS = 4 * 1024**2, 30_000
"""Characters and tags of a page up to which trafilatura looks for its text: its time grows with their square."""
_FIRST_LINES = 3
_WORDS = re.compile(r"\w+")


def found_by_trafilatura(html: str, unwanted: set[str]) -> str:
    """Return the main text of a page as paragraphs, blank lines between them, without lines that are ``unwanted``.

    Empty if none is found.
    """
    if len(html) > MAX_HTML or html.count("<") > MAX_TAGS:
        return ""
    with warnings.catch_warnings(action="ignore"):  # of what it could do besides, were more installed
        from trafilatura import extract  # here, because it loads a second of what nobody else needs

    with _quiet():
        try:
            found = extract(without_layout_tables(html), favor_precision=True, include_comments=False)
        except Exception:
            found = None
    return without_lines("\n\n".join(filter(None, map(_without_bars, (found or "").split("\n")))), unwanted)


def without_lines(text: str, unwanted: set[str]) -> str:
    """Return ``text`` without those of its paragraphs that are ``unwanted``, unless too little is left."""
    lines = text.split("\n\n") if unwanted else []
    kept = "\n\n".join(line for line in lines if " ".join(line.removeprefix("- ").split()) not in unwanted)
    return kept if len(kept) >= SHORT or 2 * len(kept) > len(text) else text


def is_unwanted(text: str, unwanted: set[str]) -> bool:
    """Say whether nearly all of ``text`` is ``unwanted``, so that ``without_lines`` left it as it is."""
    if not text or not unwanted:
        return False
    lines = text.split("\n\n")
    return 2 * sum(len(line) for line in lines if " ".join(line.removeprefix("- ").split()) in unwanted) > len(text)


def enough(found: str, tree: "LexborHTMLParser") -> str:
    """Return what trafilatura ``found`` if that is no navigation, else the text of the main container.

    Changes ``tree``, which is of the same page.
    """
    return found if len(found) >= SHORT else main_text(tree) or found


def without_titles(text: str, titles: list[str]) -> str:
    """Return ``text`` without the title of the page, where its first lines repeat it."""
    lines = text.split("\n\n")
    known = {key for title in titles if (key := _key(title))}
    kept = [line for line in lines[:_FIRST_LINES] if _key(line) not in known]
    return "\n\n".join(kept + lines[_FIRST_LINES:])


def as_field(text: str) -> str:
    """Return ``text`` in the form in which the input contract reads it as it stands, whatever is like markup in it."""
    if not any(mark in text for mark in "<&[{") or plain(text) == text:
        return text
    import html

    escaped = "".join(f"<p>{html.escape(line, quote=False)}</p>\n" for line in text.split("\n\n"))
    return max((text, escaped), key=lambda each: len(plain(each)))


def _without_bars(line: str) -> str:
    """A line of text; that of a table's row without what divides its cells."""
    line = line.strip()
    return " ".join(cell for each in line.split("|") if (cell := each.strip(" -"))) if line.startswith("|") else line


def _key(line: str) -> str:
    return " ".join(_WORDS.findall(line.casefold()))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without trafilatura's log of pages in which it finds nothing: who reads says that himself."""
    log = logging.getLogger("trafilatura")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)
