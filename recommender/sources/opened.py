"""Opening a file that an operator named: only a regular one, for others may have no end, or never begin."""

import os
import stat
from pathlib import Path
from typing import BinaryIO, cast

from recommender.errors import SourceError

_KINDS = {
    stat.S_IFIFO: "a named pipe (FIFO)",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


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


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe nobody writes to would be waited for


def _check(mode: int, path: Path) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "of an unknown kind")
        raise SourceError(f"it is {kind}, expected a regular file", str(path))
