"""Where the values of a JSON text begin and end, found in one pass, so that one bad value costs no other.

A parser stops for good at the first fault. This finds the extent of a value by its quotes and brackets alone; whoever
parses it meets the fault, and the reading goes on behind it.
"""

import re
from typing import Any, NoReturn

from recommender.errors import SourceError

CHUNK = 256 * 1024
MAX_SKIPPED = 1024**3
"""Bytes of one value that is not kept; a longer one is read no further, and neither is what follows."""
_SPACE = re.compile(rb"[ \t\r\n]*")
_BRACKET = re.compile(rb'["{}\[\]]')
_BEHIND_SCALAR = re.compile(rb'[\s,:"{}\[\]]')
_IN_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
"""Up to the quote at its end, or what there is of it, less a backslash whose character is still to come."""
_QUOTE = ord('"')


class CutError(Exception):
    """The text ends within a value."""


class Scanner:
    """Reads ``file`` (whatever has ``read``) value by value. At most one value and a chunk are held in memory."""

    def __init__(self, file: Any, place: str) -> None:  # noqa: ANN401
        self._file = file
        self._place = place
        self._buffer = bytearray()
        self._at = 0
        self._dropped = 0
        if self._fill(3) and self._buffer.startswith(b"\xef\xbb\xbf"):
            self._at = 3

    def peek(self) -> str:
        """Return the next character that is no space, "" at the end of the text."""
        while True:
            match = _SPACE.match(self._buffer, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._buffer):
                return chr(self._buffer[self._at])
            self._drop(self._at)
            if not self._more():
                return ""

    def skip(self, characters: str) -> str:
        """Pass over the next character if it is one of ``characters``, and return it, else ""."""
        found = self.peek()
        if not found or found not in characters:
            return ""
        self._at += 1
        return found

    def value(self, limit: int) -> bytes | None:
        """Return the next value as it stands there, which stays the next; None if it has more than ``limit`` bytes.

        Raises CutError if the text ends within it.
        """
        self.peek()
        self._drop(self._at)
        end = self._end(limit)
        if end is None or end - self._at > limit:
            return None
        with memoryview(self._buffer) as buffer:
            return bytes(buffer[self._at : end])

    def advance(self, length: int) -> None:
        """Pass over ``length`` bytes, those of what ``value`` returned."""
        self._at += length

    def pass_over(self) -> None:
        """Pass over the next value, however long it is. Raises CutError, SourceError over MAX_SKIPPED bytes."""
        self.peek()
        self._drop(self._at)
        end = self._end(None)
        self._at = self._at if end is None else end

    def fail(self, expected: str) -> NoReturn:
        """Raise the SourceError that says that ``expected`` does not come next; CutError if nothing does."""
        found = self.peek()
        if not found:
            raise CutError
        offset = self._dropped + self._at
        raise SourceError(
            f"{found!r} at byte {offset:,} where {expected} was expected: the rest is not read", self._place
        )

    def _end(self, limit: int | None) -> int | None:
        """Where the value ends that begins at ``_at``; without a ``limit`` what was looked at is dropped."""
        start, depth, at = self._dropped + self._at, 0, self._at
        while True:
            if limit is None:
                at = self._drop(at)
            first = self._byte(at)
            if first == _QUOTE:
                after = self._string_end(at, start, limit)
            elif first in b"{}[]":
                depth += 1 if first in b"{[" else -1
                after = at + 1
            else:
                after = self._scalar_end(at, start, limit)
            if after is None:
                return None
            if depth <= 0:
                return max(after, self._at + 1)
            next_at = self._find(_BRACKET, after, start, limit)
            if next_at is None:
                return None
            at = next_at

    def _find(self, wanted: re.Pattern[bytes], at: int, start: int, limit: int | None) -> int | None:
        """Where ``wanted`` comes next, from ``at`` on; None over the limit."""
        while not (match := wanted.search(self._buffer, at)):
            at = len(self._buffer)
            if limit is None:
                at = self._drop(at)
            if self._is_over(at, start, limit):
                return None
            if not self._more():
                raise CutError
        return None if self._is_over(match.start(), start, limit) else match.start()

    def _scalar_end(self, at: int, start: int, limit: int | None) -> int | None:
        try:
            return self._find(_BEHIND_SCALAR, at, start, limit)
        except CutError:  # a number may end with the text
            return len(self._buffer)

    def _string_end(self, at: int, start: int, limit: int | None) -> int | None:
        """Where the string ends whose quote is at ``at``. What was looked at once is not looked at again."""
        at += 1
        while True:
            match = _IN_STRING.match(self._buffer, at)
            at = match.end() if match else at
            if self._is_over(at, start, limit):
                return None
            if self._buffer[at : at + 1] == b'"':
                return at + 1
            if limit is None:
                at = self._drop(at)
            if not self._more():
                raise CutError

    def _is_over(self, at: int, start: int, limit: int | None) -> bool:
        length = self._dropped + at - start
        if limit is None and length > MAX_SKIPPED:
            raise SourceError(f"one value is longer than {MAX_SKIPPED:,} bytes: the rest is not read", self._place)
        return limit is not None and length > limit

    def _byte(self, at: int) -> int:
        while at >= len(self._buffer):
            if not self._more():
                raise CutError
        return self._buffer[at]

    def _fill(self, count: int) -> bool:
        while len(self._buffer) < count and self._more():
            pass
        return len(self._buffer) >= count

    def _more(self) -> bool:
        chunk = self._file.read(CHUNK)
        self._buffer += chunk
        return bool(chunk)

    def _drop(self, before: int) -> int:
        """Forget what stands before ``before``, if it is much, and return where that is now."""
        if before < CHUNK:
            return before
        del self._buffer[:before]
        self._dropped += before
        self._at = 0
        return 0
