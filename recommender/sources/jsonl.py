"""Reader of JSON lines, optionally gzipped: one article a line (README, "Articles as JSON lines")."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import orjson

from recommender.articles import Record, parse_article
from recommender.errors import ArticleError, SourceError
from recommender.sources.opened import open_regular
from recommender.sources.options import ReadOptions

MAX_LINE = 16 * 1024**2
"""Bytes; a longer line is rejected without being held in memory."""
MAX_SKIPPED = 1024**3
"""Bytes; a line that is longer still is read no further, and neither is what follows."""
MAX_FILE = 32 * 1024**3
"""Bytes of a file, as they are unpacked: ten million articles of 3 kB. No more is read."""
MAX_RATIO, RATIO_FROM = 200, 64 * 1024**2
"""A gzip that holds more than RATIO_FROM bytes and unpacks to more than MAX_RATIO times what was read of it is a bomb.

Articles come to 3 to 10 times; gzip can reach 1,032.
"""
MAX_BARREN = 100_000
"""Lines in a row without one article, blank ones among them, after which the rest is not read."""


def read(path: Path, options: ReadOptions) -> Iterator[Record | ArticleError]:
    """Yield a Record, or the ArticleError naming file and line, for each non-blank line of ``path``.

    Raises OSError if the file cannot be opened, SourceError if it is no regular file, its gzip stream is damaged, or
    one of the limits above ends the reading.
    """
    with open_regular(path) as raw, _unpacked(raw, path) as file:
        try:
            yield from _read(file, raw, path, options)
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise SourceError(f"the gzip stream is damaged ({error})", str(path)) from None


def _unpacked(raw: BinaryIO, path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if path.suffix.lower() == ".gz" else raw


def _read(file: BinaryIO, raw: BinaryIO, path: Path, options: ReadOptions) -> Iterator[Record | ArticleError]:
    barren = 0
    for number, line in _lines(file, raw, path):
        place = f"{path}:{number}"
        barren += 1
        if line is None:
            yield ArticleError(f"the line is longer than the limit of {MAX_LINE:,} bytes", place)
        elif line.strip():
            found = _parse_line(line, place, options)
            barren = barren if isinstance(found, ArticleError) else 0
            yield found
        if barren >= MAX_BARREN:
            raise SourceError(f"{barren:,} lines in a row hold no article: the rest is not read", place)


def _parse_line(line: bytes, place: str, options: ReadOptions) -> Record | ArticleError:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = line[error.start]
        return ArticleError(f"byte 0x{byte:02x} at column {error.start + 1} is not UTF-8", place)
    try:
        return parse_article(orjson.loads(line), place, curated_key=options.curated_key, site_url=options.site_url)
    except orjson.JSONDecodeError as error:
        return ArticleError(f"not valid JSON ({error})", place)
    except ArticleError as error:
        return error


def _lines(file: BinaryIO, raw: BinaryIO, path: Path) -> Iterator[tuple[int, bytes | None]]:
    """Yield (line number, line), or None in place of a line longer than MAX_LINE. Raises SourceError at a limit."""
    number = size = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        size += len(line)
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        length = len(line)
        while length > MAX_LINE and line and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE)
            length, size = length + len(line), size + len(line)
            _check(length, size, file, raw, f"{path}:{number}")
        _check(length, size, file, raw, f"{path}:{number}")
        yield number, line if length <= MAX_LINE else None


def _check(length: int, size: int, file: BinaryIO, raw: BinaryIO, place: str) -> None:
    if size <= RATIO_FROM:  # nearly every file ends before
        return
    if length > MAX_SKIPPED:
        raise SourceError(f"the line is longer than {MAX_SKIPPED:,} bytes: the rest is not read", place)
    if size > MAX_FILE:
        raise SourceError(f"the file holds more than {MAX_FILE:,} bytes: the rest is not read", place)
    if file is not raw and size > MAX_RATIO * raw.tell():
        ratio = f"more than {MAX_RATIO:,} times its size"
        raise SourceError(f"the gzip stream unpacks to {ratio}, as no articles do: the rest is not read", place)
