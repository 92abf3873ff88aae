"""The physical lines of a table written as text, each with its number, so that a row can be named and read again."""

import io
import re
from collections import deque
from collections.abc import Iterator

from recommender.errors import SourceError
from recommender.sources.encodings import LEGACY

MAX_ROW = 16 * 1024**2
"""Characters of one row; a longer one is rejected without being held in memory."""
MAX_SKIPPED = 1024**3
"""Characters of one line; a line that is longer still is read no further, and neither is what follows."""
_UNREADABLE = re.compile("[\udc80-\udcff]")


class TooLongError(Exception):
    """A row is longer than MAX_ROW."""


class Lines:
    """Iterates over the lines of ``text`` for one row after another, as a csv.reader asks for them.

    ``row`` are the lines that the row took, ``number`` that of its first. Raises TooLongError, SourceError.
    """

    def __init__(self, text: io.TextIOBase, place: str) -> None:
        self.row: list[str] = []
        self.number = 1
        self.ended_within = False
        self._text = text
        self._place = place
        self._again: deque[str] = deque()
        self._read = 0
        self._length = 0

    def begin(self) -> None:
        """Begin the next row."""
        self.number += len(self.row)
        self.row = []
        self._length = 0
        self.ended_within = False

    def read_again(self) -> int:
        """Give the lines of this row but the first once more, to the next rows; return their characters."""
        self._again.extendleft(reversed(self.row[1:]))
        del self.row[1:]
        return self._length - len(self.row[0])

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._next()
        if not line:
            self.ended_within = bool(self.row)
            raise StopIteration
        self.row.append(line)
        self._length += len(line)
        if self._length > MAX_ROW:
            raise TooLongError
        return line

    def _next(self) -> str:
        line = self._text.readline(MAX_ROW + 1)
        length = len(line)
        while length > MAX_ROW and line and not line.endswith(("\n", "\r")):  # its rest is not held
            rest = self._text.readline(MAX_ROW)
            length += len(rest)
            if not rest or rest.endswith(("\n", "\r")):
                break
            if length > MAX_SKIPPED:
                told = f"the line is longer than {MAX_SKIPPED:,} characters: the rest is not read"
                raise SourceError(told, self._place)
        return line


def legacy_text(text: str) -> str:
    """Return ``text`` with the bytes that are no UTF-8, which surrogates stand for, read as LEGACY."""
    return _UNREADABLE.sub(lambda found: bytes([ord(found[0]) - 0xDC00]).decode(LEGACY, "replace"), text)


def is_legacy(text: str) -> bool:
    """Say whether ``text`` holds bytes that are no UTF-8."""
    return _UNREADABLE.search(text) is not None
