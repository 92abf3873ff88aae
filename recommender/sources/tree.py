"""A folder of files that belong together, as a site's generator reads or writes it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recommender.errors import SourceError

MAX_FILES = 2_000_000
UNREAD_FOLDERS = frozenset({"node_modules", "__pycache__", "__MACOSX"})
"""Besides those whose name begins with a dot."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The files below ``root``, in sorted order, as paths from there. ``place``: what messages call the root."""

    root: Path
    place: str
    files: tuple[Path, ...]

    def path(self, file: Path) -> Path:
        """Return where one of ``files`` is."""
        return self.root / file

    def place_of(self, file: Path) -> str:
        """Return what messages call one of ``files``."""
        return f"{self.place}/{file.as_posix()}"


def tree_of(root: Path, place: str = "") -> Tree:
    """Walk ``root``, without folders that are hidden or hold packages. Raises SourceError over MAX_FILES, OSError."""
    files = []
    for file in _walk(root):
        files.append(file.relative_to(root))
        if len(files) > MAX_FILES:
            raise SourceError(f"the folder holds more than {MAX_FILES:,} files", place or str(root))
    return Tree(root, place or str(root), tuple(sorted(files)))


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in UNREAD_FOLDERS]
        yield from (Path(folder, name) for name in names)
