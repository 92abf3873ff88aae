"""What the tests of a disturbed publish share: what may be found in a store, and publishers that do it wrong."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from index.store.filesystem import FileSystem
from index.store.manifest import Manifest
from index.store.publish import CURRENT, current_version, open_current, snapshots_folder
from index.store.retention import held
from index.store.writing import Contents, write_snapshot
from recommender.errors import NoSnapshotError, SnapshotError
from tests.index.samples import Lists, lists_of, publish_in


@dataclass(frozen=True, slots=True)
class Edition:
    """One state of a tiny newspaper: what its snapshot is written from, its version and its related lists."""

    source: Contents
    version: str
    lists: Lists


class Counting(FileSystem):
    """A disk that counts the events of what is done undisturbed."""

    events = 0

    def event(self, operation: str, path: Path) -> None:
        """Count one more."""
        self.events += 1


class Publisher(Protocol):
    """``index.store.publish.publish``, or one that does it wrong."""

    def __call__(self, store: Path, source: Contents, *, keep: int, filesystem: FileSystem) -> Manifest:
        """Publish ``source`` in ``store``."""


def violation(store: Path, allowed: Collection[Edition | None]) -> str | None:
    """Say what is wrong with what ``store`` serves: it has to be one of ``allowed`` (None: nothing), whole."""
    try:
        snapshot = open_current(store)
    except NoSnapshotError:
        return None if None in allowed else "nothing is published any more"
    except SnapshotError as error:
        return f"no snapshot can be opened: {error}"
    found = next((edition for edition in allowed if edition and edition.version == snapshot.version), None)
    if found is None:
        return f"{snapshot.version} is neither the old nor the new snapshot"
    return None if lists_of(snapshot) == found.lists else f"{found.version} answers as another one"


def assert_mended(store: Path, edition: Edition, unreadable: str = "") -> None:
    """The next publish, undisturbed, has to succeed and leave nothing but its own snapshot and the lock.

    ``unreadable``: a snapshot without a readable manifest, which may be another release's: only ``prune`` deletes it.
    """
    assert publish_in(store, edition.source, keep=1) == edition.version
    assert violation(store, [edition]) is None
    assert sorted(path.name for path in store.iterdir()) == [CURRENT, "build.lock", "snapshots"]
    folder = snapshots_folder(store)
    kept = {each.version for each in held(folder).unreadable}
    assert kept <= {unreadable}
    assert {path.name for path in folder.iterdir()} == {edition.version, *kept}


def _now() -> datetime:
    return datetime.now(UTC)


def in_place(store: Path, source: Contents, *, keep: int, filesystem: FileSystem) -> Manifest:
    """Wrong: the files in service are replaced one by one, without a temporary folder."""
    folder = snapshots_folder(store) / current_version(store)
    for path in sorted(folder.iterdir()):
        filesystem.remove(path)
    return write_snapshot(filesystem, folder, source, _now())


def pointer_first(store: Path, source: Contents, *, keep: int, filesystem: FileSystem) -> Manifest:
    """Wrong: CURRENT names the new snapshot before it is in its place."""
    folder = snapshots_folder(store)
    filesystem.mkdir(folder / ".new-1")
    manifest = write_snapshot(filesystem, folder / ".new-1", source, _now())
    filesystem.write(store / "CURRENT.new-1", lambda sink: sink.write(manifest.version.encode()))
    filesystem.replace(store / "CURRENT.new-1", store / CURRENT)
    filesystem.replace(folder / ".new-1", folder / manifest.version)
    return manifest


def pointer_in_place(store: Path, source: Contents, *, keep: int, filesystem: FileSystem) -> Manifest:
    """Wrong: CURRENT is removed and written anew rather than replaced by a rename."""
    folder = snapshots_folder(store)
    filesystem.mkdir(folder / ".new-1")
    manifest = write_snapshot(filesystem, folder / ".new-1", source, _now())
    filesystem.replace(folder / ".new-1", folder / manifest.version)
    filesystem.remove(store / CURRENT)
    filesystem.write(store / CURRENT, lambda sink: sink.write(manifest.version.encode()))
    return manifest


def retire_first(store: Path, source: Contents, *, keep: int, filesystem: FileSystem) -> Manifest:
    """Wrong: the old snapshot is removed before CURRENT names the new one."""
    folder = snapshots_folder(store)
    filesystem.mkdir(folder / ".new-1")
    manifest = write_snapshot(filesystem, folder / ".new-1", source, _now())
    filesystem.replace(folder / ".new-1", folder / manifest.version)
    filesystem.remove(folder / current_version(store))
    filesystem.write(store / "CURRENT.new-1", lambda sink: sink.write(manifest.version.encode()))
    filesystem.replace(store / "CURRENT.new-1", store / CURRENT)
    return manifest


WRONG: tuple[Publisher, ...] = (in_place, pointer_first, pointer_in_place, retire_first)
