"""Publishing: a store sees the old snapshot or the new one, never a mix, whatever happens in between.

Lock → temporary folder → every file fsynced → reopened and verified with the reader's own code →
renamed → ``CURRENT`` replaced atomically → old snapshots removed (see retention). The recipe is Lucene's commit:
a new generation beside the old one, made current by one atomic rename.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from index.store.filesystem import FileSystem
from index.store.manifest import NAME, Manifest
from index.store.reading import open_snapshot
from index.store.retention import held, retire
from index.store.snapshot import Snapshot
from index.store.writing import Contents, write_snapshot
from recommender.errors import LockedError, NoSnapshotError, PublishError, SnapshotError

CURRENT = "CURRENT"
TEMPORARY = ".new-"
ATTEMPTS = 5


def snapshots_folder(store: Path) -> Path:
    """Return the folder of ``store`` that holds one folder a snapshot."""
    return store / "snapshots"


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """Hold the store's lock, for a build or an ingest; a dead holder's lock is free at once. Raises LockedError."""
    store.mkdir(parents=True, exist_ok=True)
    lock = FileLock(store / "build.lock", timeout=0)
    try:
        with lock:
            yield
    except Timeout:
        raise LockedError(f"{store}: another build or ingest is running; wait for it, or stop it first") from None


def publish(store: Path, source: Contents, *, keep: int, filesystem: FileSystem | None = None) -> Manifest:
    """Write ``source`` as a snapshot, verify it, make it current, and keep the last ``keep`` of those that can be read.

    The caller holds the lock (see ``locked``). Returns the manifest of what is current now; if it has the
    version that was current before, nothing was changed but ``confirmed_at``. Raises PublishError naming the path
    that failed, and what is in service then: the snapshot before or, where only the tidying up failed, the new one.
    """
    fs = filesystem or FileSystem()
    folder = snapshots_folder(store)
    try:
        fs.mkdir(folder)
        _clean(fs, folder)
        temporary = folder / f"{TEMPORARY}{os.getpid()}"
        fs.mkdir(temporary)
        manifest = write_snapshot(fs, temporary, source, datetime.now(UTC))
        open_snapshot(temporary)
        manifest = _settle(fs, folder, temporary, manifest)
        if _current_name(store) != manifest.version:
            _point(fs, store, manifest.version)
        else:
            fs.touch(store / CURRENT)  # see confirmed_at
        retire(fs, folder, manifest.version, keep)
        _clean(fs, folder)
    except OSError as error:
        where = error.filename or folder
        in_service = _current_name(store) or "nothing yet"
        raise PublishError(f"{where}: {error.strerror or error}; in service is {in_service}") from error
    return manifest


def current_version(store: Path) -> str:
    """Return the version that ``CURRENT`` names. Raises NoSnapshotError, or SnapshotError if it names none."""
    name = _current_name(store)
    if name is None:
        raise NoSnapshotError(f"{store}: nothing is published yet; run: related-index build --store {store}")
    if not name or not name.isalnum():
        raise SnapshotError(f"{store / CURRENT}: names no snapshot")
    return name


def confirmed_at(store: Path) -> datetime:
    """Return when a build last ended well, also one that found nothing to change. Raises SnapshotError."""
    try:
        return datetime.fromtimestamp((store / CURRENT).stat().st_mtime, UTC)
    except OSError as error:
        raise SnapshotError(f"{store / CURRENT}: cannot be read ({error})") from error


def version_or_none(store: Path) -> str | None:
    """Return the version that ``CURRENT`` names, or None where it names none."""
    try:
        return current_version(store)
    except SnapshotError:
        return None


def open_current(store: Path) -> Snapshot:
    """Open the current snapshot. Raises SnapshotError (NoSnapshotError if there is none)."""
    for attempt in range(ATTEMPTS):
        version = current_version(store)
        try:
            return _open_published(snapshots_folder(store) / version)
        except SnapshotError:
            # A publish may have retired it between the two reads; then CURRENT names another by now.
            if attempt == ATTEMPTS - 1 or current_version(store) == version:
                raise
    raise AssertionError("unreachable")


def published(store: Path) -> list[Manifest]:
    """Return the manifests of all readable snapshots in ``store``, newest first."""
    return [*held(snapshots_folder(store)).readable]


def _settle(fs: FileSystem, folder: Path, temporary: Path, manifest: Manifest) -> Manifest:
    """Move the new snapshot to its place, unless the same one stands there undamaged."""
    target = folder / manifest.version
    if target.exists():
        try:
            known = _open_published(target).manifest
        except SnapshotError:
            fs.replace(target, folder / f"{TEMPORARY}damaged-{manifest.version}")
        else:
            fs.remove(temporary)
            return known if known.catalog == manifest.catalog else _renamed_origin(fs, target, known, manifest)
    fs.replace(temporary, target)
    fs.sync_folder(folder)
    return manifest


def _renamed_origin(fs: FileSystem, target: Path, known: Manifest, manifest: Manifest) -> Manifest:
    """Let the published snapshot say which catalog the same content was built from this time."""
    renamed = known.model_copy(update={"catalog": manifest.catalog})
    written = target / f"{TEMPORARY}{NAME}"
    fs.remove(written)
    fs.write(written, lambda sink: sink.write(renamed.to_bytes()))
    fs.replace(written, target / NAME)
    fs.sync_folder(target)
    return renamed


def _point(fs: FileSystem, store: Path, version: str) -> None:
    pointer = store / f"{CURRENT}{TEMPORARY}{os.getpid()}"
    fs.remove(pointer)
    fs.write(pointer, lambda sink: sink.write(version.encode() + b"\n"))
    fs.replace(pointer, store / CURRENT)
    fs.sync_folder(store)


def _clean(fs: FileSystem, folder: Path) -> None:
    """Remove what a publish leaves on its way; the lock says that none is running."""
    for leftover in sorted(folder.glob(f"{TEMPORARY}*")):
        fs.remove(leftover)
    for leftover in sorted(folder.parent.glob(f"{CURRENT}{TEMPORARY}*")):
        fs.remove(leftover)


def _open_published(folder: Path) -> Snapshot:
    snapshot = open_snapshot(folder)
    if snapshot.manifest.version != folder.name:
        raise SnapshotError(f"{folder}: holds snapshot {snapshot.manifest.version} instead")
    return snapshot


def _current_name(store: Path) -> str | None:
    try:
        return (store / CURRENT).read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SnapshotError(f"{store / CURRENT}: cannot be read ({error})") from error
