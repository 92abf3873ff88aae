"""A bell that every process of a store hears: eight bytes that all of them have mapped into memory.

Whoever changed the catalog rings it; whoever serves compares it with what he heard last, which costs no system
call, and reads the changes before he answers. A bell says that something changed, never what.
"""

import errno
import mmap
import os
from pathlib import Path

from recommender.errors import CatalogError

FILE = "changes.bell"
SIZE = 8
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


class Bell:
    """The bell of a store, made if there is none. Raises CatalogError if it cannot be.

    In a store that cannot be written here it is heard only (``writable`` is False), and not even that where nobody has
    made it yet (``silent``).
    """

    def __init__(self, store: Path) -> None:
        self._path = store / FILE
        self.writable, self.silent = True, False
        try:
            store.mkdir(parents=True, exist_ok=True)
            self._bytes: mmap.mmap | bytes = self._mapped()
        except OSError as error:
            if error.errno not in _READ_ONLY:
                raise CatalogError(f"{self._path}: cannot be mapped ({error.strerror})") from None
            self.writable = False
            self._bytes = self._heard()

    def ring(self) -> None:
        """Let everybody know. A random number: two that ring at once are still heard. Raises CatalogError."""
        if isinstance(self._bytes, bytes) or not self.writable:
            raise CatalogError(f"{self._path}: the store is read-only")
        self._bytes[:] = os.urandom(SIZE)

    def sound(self) -> bytes:
        """Return what is to be heard now; it differs after every ring."""
        return self._bytes[:]

    def _mapped(self) -> mmap.mmap:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if os.fstat(descriptor).st_size < SIZE:
                os.write(descriptor, bytes(SIZE))  # a file with a hole would be a trap where the disk is full
            return mmap.mmap(descriptor, SIZE)
        finally:
            os.close(descriptor)

    def _heard(self) -> mmap.mmap | bytes:
        try:
            descriptor = os.open(self._path, os.O_RDONLY)
            try:
                return mmap.mmap(descriptor, SIZE, access=mmap.ACCESS_READ)
            finally:
                os.close(descriptor)
        except (OSError, ValueError):  # the latter: it is shorter yet
            self.silent = True
            return bytes(SIZE)
