"""Reader of JSON lines: one article a line (docs/content.md, "Articles as JSON lines")."""

import re
from collections.abc import Iterator

import orjson

from recommender.errors import ArticleError, SourceError
from recommender.sources.items import Entry, Item
from recommender.sources.opened import Opened
from recommender.sources.options import ReadOptions

MAX_LINE = 16 * 1024**2
"""Bytes; a longer line is rejected without being held in memory."""
MAX_SKIPPED = 1024**3
"""Bytes; a line that is longer still is read no further, and neither is what follows."""
MAX_BARREN = 100_000
"""Lines in a row without one article, blank ones among them, after which the rest is not read."""
SUFFIXES = (".jsonl", ".ndjson")
_BOM = b"\xef\xbb\xbf"
_NEXT_OBJECT = re.compile(rb"\}[ \t\r]*\n\s*\{")


def is_named(source: Opened) -> bool:
    """Say whether ``source`` is called JSON lines: then it is meant to be, whatever it holds."""
    return source.name.lower().endswith(SUFFIXES)


def fits(source: Opened) -> bool:
    """Say whether ``source`` is called JSON lines, or begins with a whole object on a line."""
    if is_named(source):
        return True
    head = source.head.removeprefix(_BOM).lstrip()
    if not head.startswith(b"{"):
        return False
    first, _, rest = head.partition(b"\n")
    if not _is_object(first):
        return bool(len(first) == len(head) and _NEXT_OBJECT.search(head))
    return rest.lstrip()[:1] in (b"{", b"")


def read(source: Opened, options: ReadOptions) -> Iterator[Item]:
    """Yield an Entry, or the ArticleError naming file and line, for each non-blank line of ``source``.

    Raises SourceError where one of the limits above ends the reading.
    """
    barren = 0
    for number, line in _lines(source):
        place = f"{source.place}:{number}"
        barren += 1
        if line is None:
            yield ArticleError(f"the line is longer than the limit of {MAX_LINE:,} bytes", place)
        elif line.strip():
            found = _parse_line(line, place)
            barren = barren if isinstance(found, ArticleError) else 0
            yield found
        if barren >= MAX_BARREN:
            raise SourceError(f"{barren:,} lines in a row hold no article: the rest is not read", place)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _parse_line(line: bytes, place: str) -> Entry | ArticleError:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = line[error.start]
        return ArticleError(f"byte 0x{byte:02x} at column {error.start + 1} is not UTF-8", place)
    try:
        return Entry(orjson.loads(line), place)
    except orjson.JSONDecodeError as error:
        return ArticleError(f"not valid JSON ({error})", place)


def _lines(source: Opened) -> Iterator[tuple[int, bytes | None]]:
    """Yield (line number, line), or None in place of a line longer than MAX_LINE. Raises SourceError at a limit."""
    number, file = 0, source.file
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(_BOM)
        length = len(line)
        while length > MAX_LINE and line and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE)
            length += len(line)
            if length > MAX_SKIPPED:
                told = f"the line is longer than {MAX_SKIPPED:,} bytes: the rest is not read"
                raise SourceError(told, f"{source.place}:{number}")
        yield number, line if length <= MAX_LINE else None
