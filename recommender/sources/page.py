"""Reader of an article page saved as text: title, paragraphs, "Related Articles", the editor's teasers.

The page's own furniture (buttons and share lines) is no text and is dropped. The article's id is the
file's name without its suffix; each teaser becomes a stub, and the list the article's curated list.
"""

import re
from collections.abc import Iterator
from pathlib import PurePath

from recommender.articles import MAX_BODY, Article, parse_article, stub_from_teaser
from recommender.errors import ArticleError, SourceError
from recommender.sources.items import Entry, Item
from recommender.sources.opened import Opened
from recommender.sources.options import ReadOptions
from recommender.text import clean

HEADING = re.compile(r"related articles:?", re.IGNORECASE)
FURNITURE = re.compile(r"(edit content|no more articles|share the article|sharing:.*)", re.IGNORECASE)
MAX_BYTES = 4 * MAX_BODY


def fits(source: Opened) -> bool:
    """Say whether ``source`` is called a text."""
    return source.name.lower().endswith(".txt")


def read(source: Opened, options: ReadOptions) -> Iterator[Item]:
    """Yield the page's one Entry, its stubs with it, or the ArticleError that says what is missing.

    Raises SourceError if it is too large or not UTF-8.
    """
    lines = [(n, line) for n, line in _lines(source) if line and not FURNITURE.fullmatch(line)]
    try:
        yield _parse_page(source, lines, options)
    except ArticleError as error:
        yield error


def _parse_page(source: Opened, lines: list[tuple[int, str]], options: ReadOptions) -> Entry:
    path = source.place
    if not lines:
        raise ArticleError("the file is empty: no article in it", path)
    headings = [i for i, (_, line) in enumerate(lines) if HEADING.fullmatch(line)]
    if not headings:
        raise ArticleError('no heading "Related Articles" found up to the end', f"{path}:{lines[-1][0]}")
    cut = headings[-1]
    if cut == 0:
        raise ArticleError('no title before the heading "Related Articles"', f"{path}:{lines[0][0]}")
    if cut == 1:
        raise ArticleError('no paragraph between the title and "Related Articles"', f"{path}:{lines[cut][0]}")
    title, paragraphs = lines[0][1], [line for _, line in lines[1:cut]]
    stubs: dict[str, Article] = {}
    for stub in (_stub(path, n, line) for n, line in lines[cut + 1 :]):
        stubs.setdefault(stub.id, stub)
    fields = {"id": PurePath(source.name).stem, "title": title, "body": "\n\n".join(paragraphs)}
    listed = {options.curated_key: list(stubs)}
    return Entry(fields | listed, f"{path}:{lines[0][0]}", stubs=tuple(stubs.values()))


def _stub(path: str, number: int, teaser: str) -> Article:
    stub = stub_from_teaser(teaser)
    parse_article({"id": stub.id, "teaser": teaser}, f"{path}:{number}")  # the same limits as everywhere
    return stub


def _lines(source: Opened) -> list[tuple[int, str]]:
    raw = source.read_all(MAX_BYTES)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise SourceError(message, f"{source.place}:{line}") from None
    return [(n, clean(line)) for n, line in enumerate(text.splitlines(), start=1)]
