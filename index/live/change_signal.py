"""The change signal: it announces a change of the catalog to every process that serves the same store.

It is eight bytes in a file that all these processes map into memory. A process that changes the catalog writes a new
token there; a serving process compares the token with the last one that it saw, which needs no system call, and reads
the changes before it answers. The token says that something changed, not what.
"""

import errno
import mmap
import os
from pathlib import Path

from recommender.errors import CatalogError

FILE = "changes.bell"
"""A former name of the signal; it stays, so that processes of different releases see each other's changes."""
SIZE = 8
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


class ChangeSignal:
    """The signal of one store; its file is made if there is none. Raises CatalogError if it cannot be mapped.

    Where this process cannot write to the store, ``writable`` is False. If no other process has made the file either,
    ``silent`` is True: the token never changes, and the signal is to be opened again later.
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
        """Announce a change to every process. Raises CatalogError if the store is read-only.

        The token is random, so that two processes that notify at the same moment do not undo each other.
        """
        if isinstance(self._bytes, bytes) or not self.writable:
            raise CatalogError(f"{self._path}: the store is read-only")
        self._bytes[:] = os.urandom(SIZE)

    def token(self) -> bytes:
        """Return the token, SIZE bytes; every ``notify``, in whatever process, makes another."""
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
        except (OSError, ValueError):  # ValueError: the file is still empty
            self.silent = True
            return bytes(SIZE)
