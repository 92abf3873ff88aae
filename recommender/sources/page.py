"""Reader of an article page saved as text: title, paragraphs, "Related Articles", the editor's teasers.

The page's own furniture (buttons and share lines) is no text and is dropped. The article's id is the
file's name without its suffix; each teaser becomes a stub, and the list the article's curated list.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from recommender.articles import MAX_BODY, Article, Record, parse_article, stub_from_teaser
from recommender.errors import ArticleError, SourceError
from recommender.sources.opened import read_regular
from recommender.sources.options import ReadOptions
from recommender.text import clean

HEADING = re.compile(r"related articles:?", re.IGNORECASE)
FURNITURE = re.compile(r"(edit content|no more articles|share the article|sharing:.*)", re.IGNORECASE)
MAX_BYTES = 4 * MAX_BODY


def read(path: Path, options: ReadOptions) -> Iterator[Record | ArticleError]:
    """Yield the page's one Record, its stubs with it, or the ArticleError that says what is missing.

    Raises OSError if the file cannot be opened, SourceError if it is too large or not UTF-8.
    """
    lines = [(n, line) for n, line in _lines(path) if line and not FURNITURE.fullmatch(line)]
    try:
        yield _parse_page(path, lines)
    except ArticleError as error:
        yield error


def _parse_page(path: Path, lines: list[tuple[int, str]]) -> Record:
    if not lines:
        raise ArticleError("the file is empty: no article in it", str(path))
    headings = [i for i, (_, line) in enumerate(lines) if HEADING.fullmatch(line)]
    if not headings:
        raise ArticleError('no heading "Related Articles" found up to the end', f"{path}:{lines[-1][0]}")
    cut = headings[-1]
    if cut == 0:
        raise ArticleError('no title before the heading "Related Articles"', f"{path}:{lines[0][0]}")
    if cut == 1:
        raise ArticleError('no paragraph between the title and "Related Articles"', f"{path}:{lines[cut][0]}")
    title, paragraphs = lines[0][1], [line for _, line in lines[1:cut]]
    raw = {"id": path.stem, "title": title, "body": "\n\n".join(paragraphs)}
    record = parse_article(raw, f"{path}:{lines[0][0]}")
    stubs: dict[str, Article] = {}
    for stub in (_stub(path, n, line) for n, line in lines[cut + 1 :]):
        stubs.setdefault(stub.id, stub)
    return Record(record.article, record.place, tuple(stubs), tuple(stubs.values()))


def _stub(path: Path, number: int, teaser: str) -> Article:
    stub = stub_from_teaser(teaser)
    parse_article({"id": stub.id, "teaser": teaser}, f"{path}:{number}")  # the same limits as everywhere
    return stub


def _lines(path: Path) -> list[tuple[int, str]]:
    raw = read_regular(path, MAX_BYTES)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise SourceError(message, f"{path}:{line}") from None
    return [(n, clean(line)) for n, line in enumerate(text.splitlines(), start=1)]
