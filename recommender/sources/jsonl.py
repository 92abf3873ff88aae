"""Reader of JSON lines, optionally gzipped: one article a line (README, "Articles as JSON lines")."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import orjson

from recommender.articles import Record, parse_article
from recommender.errors import ArticleError, SourceError
from recommender.sources.options import ReadOptions

MAX_LINE = 16 * 1024 * 1024
"""Bytes; a longer line is rejected without being held in memory."""


def read(path: Path, options: ReadOptions) -> Iterator[Record | ArticleError]:
    """Yield a Record, or the ArticleError naming file and line, for each non-blank line of ``path``.

    Raises OSError if the file cannot be opened, SourceError if its gzip stream is damaged.
    """
    with cast(BinaryIO, gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")) as file:
        try:
            for number, line in _lines(file):
                place = f"{path}:{number}"
                if line is None:
                    yield ArticleError(f"the line is longer than the limit of {MAX_LINE:,} bytes", place)
                elif line.strip():
                    yield _parse_line(line, place, options)
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise SourceError(f"the gzip stream is damaged ({error})", str(path)) from None


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


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Yield (line number, line), or None in place of a line longer than MAX_LINE."""
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if len(line) > MAX_LINE:
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE)
            yield number, None
        else:
            yield number, line
