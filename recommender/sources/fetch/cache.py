"""What was fetched before, with what lets a server say that it has not changed."""

import gzip
import json
import zlib
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from recommender.files import replace_file

MAX_CACHE = 4 * 1024**3
"""Bytes of a cache on disk, packed: a million pages."""


@dataclass(frozen=True, slots=True)
class CachedPage:
    """One answer of a server; ``fetched_at``: seconds since 1970 when it was last given or confirmed."""

    url: str
    etag: str
    last_modified: str
    content_type: str
    data: bytes
    fetched_at: float


class PageCache(Protocol):
    """Where answers are kept from run to run."""

    def get(self, url: str) -> CachedPage | None:
        """Return what was kept of ``url``."""
        ...

    def put(self, url: str, etag: str, last_modified: str, content_type: str, data: bytes, fetched_at: float) -> None:
        """Keep an answer in place of what was kept of ``url``."""
        ...


class DiskPageCache:
    """Pages in a folder, one file each: a line of JSON, then the body, packed. Over ``max_bytes`` the oldest go.

    A file is replaced as a whole, and its body checked by its SHA-256: what is damaged counts as absent. What cannot
    be written is not kept, for a cache may always be empty.
    """

    def __init__(self, folder: Path, max_bytes: int = MAX_CACHE) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        folder.mkdir(parents=True, exist_ok=True)
        self._size = sum(size for _, size, _ in self._files())

    def get(self, url: str) -> CachedPage | None:
        """Return what was kept of ``url``, None if there is nothing, or nothing whole."""
        try:
            head, _, packed = self._path(url).read_bytes().partition(b"\n")
            kept = json.loads(head)
            data = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed, kept["length"] + 1)
            if kept["url"] != url or kept["sha256"] != sha256(data).hexdigest():
                return None
            etag, last_modified, content_type = (str(kept[key]) for key in ("etag", "last_modified", "content_type"))
            return CachedPage(url, etag, last_modified, content_type, data, float(kept["fetched_at"]))
        except (OSError, ValueError, KeyError, TypeError, zlib.error, OverflowError, RecursionError):
            return None

    def put(self, url: str, etag: str, last_modified: str, content_type: str, data: bytes, fetched_at: float) -> None:
        """Keep an answer in place of what was kept of ``url``."""
        head: dict[str, object] = {
            "url": url,
            "etag": etag,
            "last_modified": last_modified,
            "content_type": content_type,
        }
        head |= {"fetched_at": fetched_at, "length": len(data), "sha256": sha256(data).hexdigest()}
        content = json.dumps(head).encode() + b"\n" + gzip.compress(data, 6, mtime=0)
        path = self._path(url)
        with suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            before = path.stat().st_size if path.exists() else 0
            replace_file(path, content)
            self._size += len(content) - before
            if self._size > self._max_bytes:
                self._shrink()

    def _path(self, url: str) -> Path:
        digest = sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / digest[:2] / f"{digest}.page"

    def _files(self) -> list[tuple[float, int, Path]]:
        """When each was written, its size and path; what another run left half written goes."""
        found = []
        for path in self._folder.glob("??/*"):
            with suppress(OSError):
                told = path.stat()
                found.append((told.st_mtime, told.st_size, path))
        return found

    def _shrink(self) -> None:
        """Remove the oldest until a tenth is free again."""
        files = sorted(self._files())
        self._size = sum(size for _, size, _ in files)
        for _, size, path in files:
            if self._size <= self._max_bytes * 0.9:
                break
            with suppress(OSError):
                path.unlink()
                self._size -= size
