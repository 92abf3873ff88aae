"""A bell that every process of a store hears: eight bytes that all of them have mapped into memory.

Whoever changed the catalog rings it; whoever serves compares it with what he heard last, which costs no system
call, and reads the changes before he answers. A bell says that something changed, never what.
"""

import mmap
import os
from pathlib import Path

from recommender.errors import CatalogError

FILE = "changes.bell"
SIZE = 8


class Bell:
    """The bell of a store, made if there is none. Raises CatalogError if it cannot be."""

    def __init__(self, store: Path) -> None:
        path = store / FILE
        try:
            store.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                if os.fstat(descriptor).st_size < SIZE:
                    os.write(descriptor, bytes(SIZE))  # a file with a hole would be a trap where the disk is full
                self._bytes = mmap.mmap(descriptor, SIZE)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise CatalogError(f"{path}: cannot be mapped ({error.strerror})") from None

    def ring(self) -> None:
        """Let everybody know. A random number: two that ring at once are still heard."""
        self._bytes[:] = os.urandom(SIZE)

    def sound(self) -> bytes:
        """Return what is to be heard now; it differs after every ring."""
        return self._bytes[:]
