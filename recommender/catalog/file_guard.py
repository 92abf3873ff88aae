"""Whether the file under an open SQLite catalog is still the one that was opened.

SQLite itself goes on writing to a file that was deleted, replaced by another or overwritten in place, and what it wrote
there is gone with the process. So before and after each write the place is looked at: the same file (device and inode),
no shorter than it was, its header that of the same catalog and of no earlier change than before. "How To Corrupt An
SQLite Database File" (sqlite.org) lists what may happen to one.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from recommender.errors import CatalogLostError

MAGIC = b"SQLite format 3\x00"
_HEADER = 100
_PAGE_SIZE, _PAGES, _USER_VERSION, _APPLICATION_ID = slice(16, 18), slice(28, 32), slice(60, 64), slice(68, 72)
_LARGEST = 2**31 - 1
REMEDY = "put it back as it was, or restore a backup and build again, then restart"


@dataclass(frozen=True, slots=True)
class _Seen:
    """The file as it was seen last: which it is, its length in bytes, and what its header says.

    ``whole``: there is a header; ``stated`` the length it gives, in bytes; ``application`` and ``change`` see below.
    """

    file: tuple[int, int]
    size: int
    whole: bool
    stated: int
    application: bytes
    change: int


class _Files:
    """The files that are open to be looked at, each once in a process however many guards look at it.

    Closing one drops the locks that SQLite holds on that file anywhere in the process (POSIX advisory locks are per
    process, not per descriptor): so a file is closed only with the last guard, and never while SQLite has it open.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[int, int], tuple[int, int]] = {}
        self._lock = Lock()

    def take(self, path: Path) -> tuple[tuple[int, int], int]:
        """Open the file at ``path``, or count one more who looks; return which it is, and its descriptor."""
        with self._lock:
            found = path.stat()
            key = found.st_dev, found.st_ino
            file, users = self._open.get(key, (-1, 0))
            if not users:
                file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                own = os.fstat(file)
                key = own.st_dev, own.st_ino
            self._open[key] = file, users + 1
            return key, file

    def drop(self, key: tuple[int, int]) -> None:
        """Count one less, and close the file with the last."""
        with self._lock:
            file, users = self._open.pop(key)
            if users > 1:
                self._open[key] = file, users - 1
            else:
                os.close(file)


_FILES = _Files()


class FileGuard:
    """Watches the database file at ``path``, which must exist."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._taken: dict[tuple[int, int], int] = {}
        self._seen: _Seen | None = None

    def close(self) -> None:
        """Let go of the files; only when SQLite has closed them, too."""
        while self._taken:
            _FILES.drop(self._taken.popitem()[0])

    def same(self) -> bool:
        """Say whether the file at the path is the one that was seen before.

        Raises CatalogLostError if there is none, or if it is that file in an earlier or a damaged state.
        """
        now, before = self._look(), self._seen
        if before is None:
            self._seen = now
            return True
        if now.file != before.file:
            return False
        if not now.whole or (now.size < before.size and now.size < now.stated):
            raise CatalogLostError(f"the catalog {self._path} is damaged: it has {now.size:,} bytes; {REMEDY}")
        if _another(now, before) or now.change < before.change:
            raise CatalogLostError(f"the catalog {self._path} was overwritten with another or an older one; {REMEDY}")
        self._seen = now
        return True

    def forget(self) -> None:
        """Take whatever file is at the path next time for the right one."""
        self._seen = None

    def adopt(self, change: int) -> None:
        """Take another file at the path for the right one, if by itself it is that catalog after this ``change``.

        By itself: a log that lies beside it may be that of the file before. Raises CatalogLostError if it is another
        catalog, or an older one.
        """
        now, before = self._look(), self._seen
        if before and (_another(now, before) or now.change < user_version(change)):
            raise CatalogLostError(f"the catalog {self._path} was replaced by another or an older one; {REMEDY}")
        self._seen = now

    def _look(self) -> _Seen:
        try:
            found = self._path.stat()
            key = found.st_dev, found.st_ino
            if key not in self._taken:
                key, file = _FILES.take(self._path)
                self._taken[key] = file
            own = os.fstat(self._taken[key])
            header = os.pread(self._taken[key], _HEADER, 0)
        except OSError as error:
            raise CatalogLostError(f"the catalog {self._path} is gone ({error.strerror}); {REMEDY}") from error
        return _Seen(
            key,
            own.st_size,
            len(header) == _HEADER and header.startswith(MAGIC),
            int.from_bytes(header[_PAGE_SIZE]) * int.from_bytes(header[_PAGES]),
            header[_APPLICATION_ID],
            int.from_bytes(header[_USER_VERSION]),
        )


def _another(now: _Seen, before: _Seen) -> bool:
    """Whether the headers are of two catalogs; that of a new one says nothing until SQLite has moved its log there."""
    return any(before.application) and now.application != before.application


def application_id(catalog_id: str) -> int:
    """Return the number that marks the file of the catalog with this id: SQLite's ``application_id``, 31 bits."""
    return int(catalog_id[:8], 16) & _LARGEST


def user_version(seq: int) -> int:
    """Return the number under which a file's header keeps the newest change: SQLite's ``user_version``, 31 bits."""
    return min(seq, _LARGEST)
