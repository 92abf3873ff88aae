"""The change signal: how a process that changes the catalog tells all that serve the same store, at once.

Eight bytes in a file that every process maps into memory. Who changes the catalog writes a new token into them; who
serves compares the token with the one seen last, which costs no system call, and reads the changes before answering.
The token says that something changed, not what.
"""

import errno
import mmap
import os
from pathlib import Path

from recommender.errors import CatalogError

FILE = "changes.bell"
SIZE = 8
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


class ChangeSignal:
    """The signal of one store; its file is made if there is none. Raises CatalogError if it cannot be mapped.

    In a store that cannot be written here it can only be read (``writable`` is False), and not even that where no
    process has made the file yet (``silent`` is True).
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
            self._bytes = self._mapped_to_read()

    def notify(self) -> None:
        """Tell every process that something changed. Raises CatalogError if the store is read-only.

        The token is random, so that two processes that notify at the same moment do not undo each other.
        """
        if isinstance(self._bytes, bytes) or not self.writable:
            raise CatalogError(f"{self._path}: the store is read-only")
        self._bytes[:] = os.urandom(SIZE)

    def token(self) -> bytes:
        """Return the token, SIZE bytes, which is another one after every ``notify``."""
        return self._bytes[:]

    def _mapped(self) -> mmap.mmap:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if os.fstat(descriptor).st_size < SIZE:
                os.write(descriptor, bytes(SIZE))  # a file with a hole would be a trap where the disk is full
            return mmap.mmap(descriptor, SIZE)
        finally:
            os.close(descriptor)

    def _mapped_to_read(self) -> mmap.mmap | bytes:
        try:
            descriptor = os.open(self._path, os.O_RDONLY)
            try:
                return mmap.mmap(descriptor, SIZE, access=mmap.ACCESS_READ)
            finally:
                os.close(descriptor)
        except (OSError, ValueError):  # the latter: it is shorter yet
            self.silent = True
            return bytes(SIZE)
