"""Reader of tables written as text: CSV, TSV, Excel's with semicolons, with bars between the cells."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypedDict, cast

from recommender.articles.dates import read_time
from recommender.errors import ArticleError, SourceError, shown
from recommender.sources.encodings import LEGACY, encoding_of
from recommender.sources.field_names import KNOWN, squeezed
from recommender.sources.items import Entry, Item, LeftOut, Note
from recommender.sources.jsonl import MAX_BARREN
from recommender.sources.opened import HEAD, Opened
from recommender.sources.options import ReadOptions
from recommender.sources.tables.columns import Columns
from recommender.sources.tables.lines import MAX_ROW, Lines, TooLongError, is_legacy, legacy_text
from recommender.sources.tables.separators import declared, has_padding, rating, separator_of

_NAMES = (".csv", ".tsv", ".tab")
_MOSTLY = 0.8
"""The share of rows that have as many cells as the header, in a file that surely is a table."""
_LONGEST_NAME = 200
_MAX_AGAIN = 16 * MAX_ROW
"""How many characters are read again behind quotes that do not fit."""
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*", re.ASCII)


class _Form(TypedDict):
    delimiter: str
    skipinitialspace: bool


def fits(source: Opened) -> bool:
    """Say whether ``source`` is a table: two names of columns that are known here, or called so, and rows that fit."""
    text = _start(source)
    if not text.strip() or text.lstrip()[0] in "{[<":
        return False
    separator, text = _separated(text)
    if not separator:
        return False
    known, fit, _ = rating(text, separator)
    is_called_so = source.name.lower().endswith(_NAMES) or "csv" in source.content_type.lower()
    return fit >= _MOSTLY and (known >= 2 or is_called_so)


def read(source: Opened, options: ReadOptions) -> Iterator[Item]:
    """Yield an Entry for each row, its columns as text, at the row's first line; empty cells are None.

    A row that has more or fewer cells than the header is an ArticleError. Quotes that do not fit cost
    no row but their own. Raises SourceError where there is no header, or two columns have one name.
    """
    csv.field_size_limit(MAX_ROW)  # the standard library's own is shorter than many bodies
    encoding = encoding_of(source.head)
    if encoding == LEGACY:
        yield Note("the file is not UTF-8: it is read as Windows-1252", source.place)
    with _as_text(source, encoding) as text:
        yield from _read(Lines(text, source.place), source, options)


def _read(lines: Lines, source: Opened, options: ReadOptions) -> Iterator[Item]:
    columns: Columns | None = None
    barren = 0
    for row in _rows(lines, source):
        place = f"{source.place}:{lines.number}"
        barren += 1
        if isinstance(row, ArticleError):
            yield row
        elif not any(cell.strip() for cell in row) or (columns is None and declared(lines.row[0])):
            pass
        elif columns is None:
            _check_header(row, options, place)
            columns = Columns(row, options, place)
            header = row
        elif row == header:
            yield LeftOut("the names of the columns once more", place)
        elif len(row) != len(header):
            yield ArticleError(f"the row has {_cells(row)}, the header {len(header):,}", place)
        else:
            barren = 0
            yield _entry(columns, row, place)
        if barren >= MAX_BARREN:
            raise SourceError(f"{barren:,} rows in a row hold no article: the rest is not read", place)


def _rows(lines: Lines, source: Opened) -> Iterator[list[str] | ArticleError]:
    """Yield the cells of each row, or what is wrong with it; ``lines`` knows where it begins."""
    form = _form(source)
    reader = csv.reader(lines, **form, strict=True)
    again = 0
    while True:
        lines.begin()
        error = ""
        try:
            row = next(reader)
        except StopIteration:
            return
        except TooLongError:
            error = f"the row is longer than the limit of {MAX_ROW:,} characters, or a quote in it is not closed"
        except csv.Error as problem:
            error = f"the row has quotes that do not fit ({problem})"
            if len(lines.row) == 1 and not lines.ended_within:
                with suppress(csv.Error):  # what does not spread to other lines is taken as it stands
                    row, error = next(csv.reader(lines.row, **form)), ""
        if lines.ended_within:
            error = "a quote in this row is closed nowhere up to the end of the file"
        if not error:
            yield row
            continue
        yield ArticleError(error, f"{source.place}:{lines.number}")
        again += lines.read_again()
        if again > _MAX_AGAIN:
            raise SourceError("too many quotes do not fit: the rest is not read", source.place)


def _form(source: Opened) -> "_Form":
    """How the cells are separated. Raises SourceError where there is only one column."""
    separator, text = _separated(_start(source))
    header = _first_line(text)
    if not separator and text.strip():
        told = f"no columns: nothing separates names in the first line, {shown(header.strip())}"
        raise SourceError(told, source.place)
    return {"delimiter": separator or ",", "skipinitialspace": has_padding(header, separator)}


def _separated(text: str) -> tuple[str, str]:
    """Return what separates the columns of ``text``, and the text without a first line that only says so."""
    text = text.lstrip("\r\n")
    first = _first_line(text)
    separator = declared(first)
    return (separator, text[len(first) :]) if separator else (separator_of(text), text)


def _first_line(text: str) -> str:
    return next(iter(text.splitlines(keepends=True)), "")


def _check_header(row: Sequence[str], options: ReadOptions, place: str) -> None:
    """Raise SourceError where the first row is one of articles."""
    mapped = {squeezed(name) for name in (*options.fields.values(), options.curated_key)}
    known = sum(squeezed(cell.strip()) in KNOWN | mapped for cell in row)
    if known < 2 and any(map(_is_data, row)):
        raise SourceError(
            f"the first row holds no names of columns but data, {shown(list(row))}: put a row such as"
            " id,url,title,body,published_at before it",
            place,
        )


def _is_data(cell: str) -> bool:
    text = cell.strip()
    return bool(
        len(text) > _LONGEST_NAME
        or _NUMBER.fullmatch(text)
        or text.startswith(("http://", "https://"))
        or read_time(text)[0] is not None
    )


def _entry(columns: Columns, row: Sequence[str], place: str) -> Entry:
    if not any(map(is_legacy, row)):
        return Entry(columns.fields(row), place)
    note = "some bytes are not UTF-8: they are read as Windows-1252"
    return Entry(columns.fields([legacy_text(cell) for cell in row]), place, (note,))


def _cells(row: Sequence[str]) -> str:
    return "1 cell" if len(row) == 1 else f"{len(row):,} cells"


def _start(source: Opened) -> str:
    """The beginning of the text, with a line break at the end of the file."""
    encoding = encoding_of(source.head)
    return source.head.decode(encoding, "replace") + ("\n" if len(source.head) < HEAD else "")


@contextmanager
def _as_text(source: Opened, encoding: str) -> Iterator[io.TextIOBase]:
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    text = io.TextIOWrapper(cast(io.BufferedReader, source.file), encoding, errors, newline="")
    try:
        yield text
    finally:
        with suppress(ValueError):
            text.detach()  # whoever opened the file closes it
