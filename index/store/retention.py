"""Which snapshots of a store stay. A build removes only what it can read; what it cannot may be another release's."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from index.store.filesystem import FileSystem
from index.store.manifest import Manifest, read_manifest
from recommender.errors import PublishError, SchemaError, SnapshotError


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A snapshot that this release cannot read: the name of its folder, and why in a few words."""

    version: str
    reason: str

    def __str__(self) -> str:
        return f"{self.version} ({self.reason})"


@dataclass(frozen=True, slots=True)
class Held:
    """The snapshots of a store: manifests of those that can be read, newest first, and the others by name."""

    readable: tuple[Manifest, ...]
    unreadable: tuple[Unreadable, ...]


def held(folder: Path) -> Held:
    """Return what the folder of snapshots holds. Manifests are read, their files are not verified."""
    readable, unreadable = [], []
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if place.name.startswith(".") or not place.is_dir():
            continue
        try:
            manifest = read_manifest(place)
        except SchemaError as error:
            unreadable.append(Unreadable(place.name, error.reason))
        except SnapshotError:
            unreadable.append(Unreadable(place.name, "its manifest is damaged or missing"))
        else:
            if manifest.version == place.name:
                readable.append(manifest)
            else:
                unreadable.append(Unreadable(place.name, f"it holds snapshot {manifest.version} instead"))
    readable.sort(key=lambda m: (m.built_at, m.version), reverse=True)
    return Held(tuple(readable), tuple(unreadable))


def retire(filesystem: FileSystem, folder: Path, current: str, keep: int) -> None:
    """Remove all snapshots that can be read but ``current`` and the ``keep - 1`` newest others; no other ones."""
    others = [m.version for m in held(folder).readable if m.version != current]
    for version in others[keep - 1 :]:
        filesystem.remove(folder / version)


def prunable(folder: Path, current: str | None, versions: Iterable[str] = ()) -> tuple[Unreadable, ...]:
    """Return the snapshots that cannot be read, or those of them named by ``versions``, but never ``current``.

    Raises PublishError naming a version that is none of them.
    """
    found = {item.version: item for item in held(folder).unreadable if item.version != current}
    for version in versions:
        if version == current:
            raise PublishError(f"{version} is in service: it is not removed")
        if version not in found:
            raise PublishError(f"{version} is no snapshot of {folder} that cannot be read; see: related-index list")
    return tuple(found[version] for version in dict.fromkeys(versions)) or (() if versions else tuple(found.values()))


def size_of(folder: Path) -> int:
    """Return how many bytes the files in ``folder`` take, at any depth."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir())
