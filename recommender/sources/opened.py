"""Opening what an operator named: only regular files and standard input, unpacked, within limits.

Other kinds of file may have no end, or never begin. What is packed is found by its first bytes, not by its name.
"""

import gzip
import io
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from recommender.errors import SourceError

HEAD = 64 * 1024
"""Bytes by which a format is found."""
MAX_FILE = 32 * 1024**3
"""Bytes of a file, as they are unpacked: ten million articles of 3 kB. No more is read."""
MAX_RATIO, RATIO_FROM = 200, 64 * 1024**2
"""A gzip that holds more than RATIO_FROM bytes and unpacks to more than MAX_RATIO times what was read of it is a bomb.

Articles come to 3 to 10 times; gzip can reach 1,032.
"""
GZIP = b"\x1f\x8b"
STDIN = "-"

_KINDS = {
    stat.S_IFIFO: "a named pipe (FIFO)",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is being read: its unpacked bytes, the first of them, and what it is called.

    ``place`` is what messages call it; ``name`` is its file name, without a suffix that says it is packed; ``url`` is
    where it was fetched from, and ``content_type`` what the server called it, both empty for a file.
    """

    place: str
    name: str
    file: BinaryIO
    head: bytes
    url: str = ""
    content_type: str = ""

    def read_all(self, limit: int) -> bytes:
        """Return what is left of the file. Raises SourceError if that is over ``limit`` bytes."""
        data = self.file.read(limit + 1)
        if len(data) > limit:
            raise SourceError(f"the file is larger than the limit of {limit:,} bytes", self.place)
        return data


@contextmanager
def opened(path: Path, place: str = "") -> Iterator[Opened]:
    """Open the regular file at ``path``, which messages call ``place``, or standard input for ``-``.

    Raises OSError if it cannot be opened, SourceError if it is no regular file. Reading raises SourceError where a
    gzip is damaged, or one of the limits above is passed.
    """
    place = place or str(path)
    if place == STDIN:
        yield from_stream(sys.stdin.buffer, STDIN)
        return
    with open_regular(path) as raw:
        yield from_stream(raw, place)


def from_stream(raw: BinaryIO, place: str, *, url: str = "", content_type: str = "") -> Opened:
    """Return ``raw`` as an opened file, unpacked if its first bytes say that it is a gzip."""
    name = PurePosixPath(place.replace("\\", "/")).name
    start = raw.read(len(GZIP))
    counted = _Counted(_Again(start, raw))
    if start == GZIP:
        packed = cast(BinaryIO, counted)
        unpacked = _Limited(gzip.GzipFile(fileobj=packed).read1, place, counted)
        name = name[:-3] if name.lower().endswith(".gz") else name
    else:
        unpacked = _Limited(counted.read, place, None)
    head = _read_some(unpacked, HEAD)
    file = cast(BinaryIO, io.BufferedReader(_Again(head, unpacked), HEAD))
    return Opened(place, name, file, head, url, content_type)


def open_regular(path: Path) -> BinaryIO:
    """Open the regular file at ``path``, or at the end of its symbolic links, to read bytes; it never blocks.

    Raises OSError if it cannot be opened, SourceError if it is a pipe, a socket, a device or a folder.
    """
    _check(os.stat(path).st_mode, path)  # first, for opening alone does something to some devices
    file = cast(BinaryIO, open(path, "rb", opener=_without_waiting))
    try:
        _check(os.fstat(file.fileno()).st_mode, path)  # it may have been replaced meanwhile
    except BaseException:
        file.close()
        raise
    return file


def read_regular(path: Path, limit: int) -> bytes:
    """Return what is in the regular file at ``path``. Raises OSError, SourceError, also if it has over ``limit`` bytes.

    See ``open_regular``.
    """
    with open_regular(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise SourceError(f"the file is larger than the limit of {limit:,} bytes", str(path))
    return data


class _Again(io.RawIOBase):
    """``first``, which was read already, and then what is left of ``rest``."""

    def __init__(self, first: bytes, rest: Any) -> None:  # noqa: ANN401 - whatever has ``read``
        self._first = memoryview(first)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        data = self._first[: len(buffer)] if self._first else self._rest.read(len(buffer))
        self._first = self._first[len(data) :]
        buffer[: len(data)] = data
        return len(data)


class _Counted(io.RawIOBase):
    """A file that knows how much of it was read."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        read = cast(int, self._raw.readinto(buffer))
        self.count += read
        return read


class _Limited(io.RawIOBase):
    """What ``read`` gives, until that is more than any articles have. ``packed``: what it comes out of."""

    def __init__(self, read: Callable[[int], bytes | None], place: str, packed: _Counted | None) -> None:
        self._read = read
        self._place = place
        self._packed = packed
        self._count = 0
        self._error: SourceError | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        if self._error:  # who looked for the format met it first
            raise self._error
        try:
            room = MAX_FILE - self._count
            data = self._read(min(len(buffer), room) or 1) or b""
            self._count += len(data)
            self._check()
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            self._error = SourceError(f"the gzip stream is damaged ({error})", self._place)
            raise self._error from None
        buffer[: len(data)] = data
        return len(data)

    def _check(self) -> None:
        if self._count > MAX_FILE:
            self._error = SourceError(f"the file holds more than {MAX_FILE:,} bytes: the rest is not read", self._place)
        elif self._packed and self._count > RATIO_FROM and self._count > MAX_RATIO * self._packed.count:
            ratio = f"more than {MAX_RATIO:,} times its size"
            told = f"the gzip stream unpacks to {ratio}, as no articles do: the rest is not read"
            self._error = SourceError(told, self._place)
        if self._error:
            raise self._error


def _read_some(file: io.RawIOBase, size: int) -> bytes:
    """Read ``size`` bytes, fewer only at the end of the file, or where it cannot be read on."""
    parts, left = [], size
    with suppress(SourceError):  # raised again by whoever reads on
        while left and (part := file.read(left)):
            parts.append(part)
            left -= len(part)
    return b"".join(parts)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe nobody writes to would be waited for


def _check(mode: int, path: Path) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "of an unknown kind")
        raise SourceError(f"it is {kind}, expected a regular file", str(path))
