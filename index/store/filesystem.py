"""The file-system calls of a publish, in one small object, so that tests can fail any of them."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class FileSystem:
    """Durable file operations. Every one announces itself through ``event`` before it happens."""

    def event(self, operation: str, path: Path) -> None:
        """Do nothing; a fault-injecting subclass raises, records or dies here."""

    def mkdir(self, path: Path) -> None:
        """Create ``path`` and its parents."""
        self.event("mkdir", path)
        path.mkdir(parents=True, exist_ok=True)

    def write(self, path: Path, fill: Callable[["Sink"], object]) -> None:
        """Create ``path``, let ``fill`` write it, and fsync it before it is closed."""
        self.event("create", path)
        with path.open("xb") as file:
            fill(Sink(self, path, file))
            file.flush()
            self.event("fsync", path)
            os.fsync(file.fileno())

    def sync_folder(self, path: Path) -> None:
        """Make the folder's entries durable."""
        self.event("fsync", path)
        with _opened(path) as descriptor:
            os.fsync(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """Rename ``source`` to ``target`` atomically."""
        self.event("rename", target)
        source.replace(target)

    def touch(self, path: Path) -> None:
        """Set when ``path`` was last written to now."""
        self.event("touch", path)
        os.utime(path)

    def remove(self, path: Path) -> None:
        """Remove a file or folder, if it is there."""
        self.event("remove", path)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


class Sink:
    """The writable end of a file in the making."""

    def __init__(self, filesystem: FileSystem, path: Path, file: BinaryIO) -> None:
        self._filesystem = filesystem
        self._path = path
        self._file = file

    def write(self, data: bytes | memoryview) -> int:
        """Write ``data``; return its length."""
        self._filesystem.event("write", self._path)
        return self._file.write(data)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
