"""Reading text files from elsewhere line by line; errors name file and line."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from recommender.errors import EvaluationError, shown

GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
OTHER_BOMS = (b"\xff\xfe", b"\xfe\xff")

Warn = Callable[[str], None]


def silent(_message: str) -> None:
    """Ignore a warning."""


def read_lines(path: Path, what: str, warn: Warn = silent) -> Iterator[tuple[str, str]]:
    """Yield ``FILE:LINE`` and the line, without white space around it, for each that is not blank.

    gzip is unpacked, a byte order mark left out with a warning. Raises EvaluationError naming the file, as ``what`` it
    was to be read, or the line that is not UTF-8.
    """
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw.startswith(GZIP) else raw
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise EvaluationError(f"{path}: cannot be read as {what} ({reason})") from None
    if raw.startswith(OTHER_BOMS):
        raise EvaluationError(f"{path}:1: is UTF-16, expected UTF-8; save it as UTF-8")
    if raw.startswith(BOM):
        warn(f"{path}:1: begins with a byte order mark, which is left out")
        raw = raw.removeprefix(BOM)
    for number, line in enumerate(raw.split(b"\n"), start=1):
        place = f"{path}:{number}"
        try:
            text = line.decode().strip()
        except UnicodeDecodeError as error:
            bad = f"byte 0x{line[error.start]:02x} at column {error.start + 1}"
            raise EvaluationError(f"{place}: {bad} is not UTF-8; save the file as UTF-8") from None
        if "\0" in text:
            raise EvaluationError(f"{place}: holds a zero byte; save the file as UTF-8 text")
        if text:
            yield place, text


def fields(place: str, line: str, names: str) -> list[str]:
    """Return the columns of ``line``, as many as ``names`` has words. Raises EvaluationError with what was found."""
    found, expected = line.split(), names.split()
    if len(found) != len(expected):
        column_s = "column" if len(found) == 1 else "columns"
        raise EvaluationError(
            f"{place}: {len(found)} {column_s}, expected {len(expected)} with white space between them, `{names}`;"
            f" found {shown(line)}"
        )
    return found


def some(names: list[str]) -> str:
    """Return the first three of ``names`` as a message shows them, and whether there are more."""
    return ", ".join(map(shown, names[:3])) + (", …" if len(names) > 3 else "")
