"""Archives (zip, tar) unpacked into a folder of their own, so that what is in them is read as a folder is."""

import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from typing import BinaryIO, cast

from recommender.errors import SourceError
from recommender.sources.opened import MAX_FILE, MAX_RATIO, RATIO_FROM, Opened
from recommender.sources.tree import MAX_FILES, Tree, tree_of

_ZIP = b"PK\x03\x04"
_TAR, _TAR_AT = b"ustar", 257
_OFFICE = ("[Content_Types].xml", "mimetype")
_PART = 1024**2


def fits(source: Opened) -> bool:
    """Say whether ``source`` begins as a zip or a tar does."""
    return source.head.startswith(_ZIP) or source.head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR


@contextmanager
def unpacked(source: Opened) -> Iterator[Tree]:
    """Unpack ``source`` into a temporary folder, for the time of the context; links and devices in it are left out.

    Raises SourceError if it is damaged, is no archive of articles, or unpacks to more than articles do.
    """
    with tempfile.TemporaryDirectory(prefix="related-") as name:
        folder = Path(name)
        try:
            if source.head.startswith(_ZIP):
                _unzip(source, folder)
            else:
                _untar(source, folder)
        except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise SourceError(f"the archive is damaged or encrypted ({error})", source.place) from None
        yield tree_of(folder, source.place)


def _unzip(source: Opened, folder: Path) -> None:
    with tempfile.TemporaryFile() as whole:  # its table of contents is at its end
        copyfileobj(source.file, whole, _PART)
        size = whole.tell()
        with zipfile.ZipFile(cast(BinaryIO, whole)) as archive:
            members = [member for member in archive.infolist() if _is_plain(member)]
            if any(member.filename in _OFFICE for member in members):
                raise SourceError(
                    "it is a document of an office program or a book; save it as CSV or HTML", source.place
                )
            room = _Room(source.place, size)
            for member in members:
                with archive.open(member) as file:
                    room.store(file, folder, member.filename)


def _untar(source: Opened, folder: Path) -> None:
    room = _Room(source.place, None)
    ending = _Ending(source.file)
    with tarfile.open(fileobj=cast(BinaryIO, ending), mode="r|") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isreg() else None
            if file:
                room.store(file, folder, member.name)
    if any(ending.last):
        raise SourceError("the archive is damaged (it ends too early): not all that it held is there", source.place)


class _Ending:
    """A file that remembers its last block: a tar that is whole ends in one of zeros."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.last = b""

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.last = (self.last + data)[-tarfile.BLOCKSIZE :]
        return data


def _is_plain(member: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(member.external_attr >> 16)
    return not member.is_dir() and kind in (0, stat.S_IFREG)


class _Room:
    """What may still be unpacked of an archive of ``size`` bytes (None: what it is read from is bounded already)."""

    def __init__(self, place: str, size: int | None) -> None:
        self._place = place
        self._most = MAX_FILE if size is None else max(RATIO_FROM, min(MAX_FILE, MAX_RATIO * size))
        self._bytes = self._files = 0

    def store(self, file: object, folder: Path, name: str) -> None:
        """Write ``file`` into ``folder`` as ``name``. Raises SourceError where that leads out of it, or is too much."""
        parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", ".")]
        if not parts or ".." in parts or "\0" in name or ":" in parts[0]:
            raise SourceError(f"the archive holds {name!r}, which leads out of its folder", self._place)
        self._files += 1
        if self._files > MAX_FILES:
            raise SourceError(f"the archive holds more than {MAX_FILES:,} files", self._place)
        target = folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as out:
            while part := cast(BinaryIO, file).read(_PART):
                self._bytes += len(part)
                if self._bytes > self._most:
                    raise SourceError(
                        f"the archive unpacks to more than {self._most:,} bytes, as no articles do", self._place
                    )
                out.write(part)
