"""What separates the cells of a table written as text."""

import csv
import re

from recommender.sources.field_names import KNOWN, squeezed

SEPARATORS = (",", ";", "\t", "|")
_EXCEL = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_ROWS = 50
"""How many rows are looked at."""


def declared(line: str) -> str:
    """Return the separator that Excel's first line ``sep=;`` names, "" if ``line`` is another."""
    match = _EXCEL.fullmatch(line)
    return match[1] if match else ""


def separator_of(text: str) -> str:
    """Return the separator of the table that begins with ``text``, "" if none makes two columns and more.

    Each is tried. The best makes the most column names that are known here; then the most rows that have as many cells
    as the header; then the most columns.
    """
    rated = [(rating(text, separator), separator) for separator in SEPARATORS]
    best, separator = max(rated, key=lambda pair: pair[0])  # the first of those that are as good
    return separator if best[2] > 1 else ""


def rating(text: str, separator: str) -> tuple[int, float, int]:
    """Return how many names of columns are known, the share of rows that fit the header, the number of columns."""
    rows = rows_of(text, separator)
    if not rows:
        return 0, 0.0, 0
    header, *rest = rows
    known = sum(squeezed(name) in KNOWN for name in header)
    fit = sum(len(row) == len(header) for row in rest) / len(rest) if rest else 0.0
    return known if len(header) > 1 else 0, fit if len(header) > 1 else 0.0, len(header)


def rows_of(text: str, separator: str) -> list[list[str]]:
    """Return the first rows of ``text`` that are not empty; the last, which may be cut, only if it ends."""
    lines = text.splitlines(keepends=True)
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    found: list[list[str]] = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                found.append(row)
            if len(found) > _ROWS:
                break
    except csv.Error:
        pass
    is_cut = reader.line_num == len(lines) and not text.endswith(("\n", "\r"))
    return found[:-1] if is_cut and len(found) > 1 else found


def has_padding(header_line: str, separator: str) -> bool:
    """Say whether blanks follow the separators, which then do not belong to the cells."""
    return separator != "\t" and f"{separator} " in header_line
