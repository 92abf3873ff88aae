"""Simulated power loss after any prefix of a publish's events: what was not fsynced may be lost or damaged.

kill -9 leaves the page cache alone; this does not. The model is a strict reading of POSIX: a file's content
is safe once the file was fsynced, an entry of a folder (a new name, a rename, a removal) once the folder
was, and the changes of one folder reach the disk in their order.
"""

import random
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import pytest

from index.store.filesystem import FileSystem, Sink
from index.store.publish import publish
from tests.faults.publishing import WRONG, Edition, Publisher, assert_mended, violation


class PowerCut(BaseException):
    """The machine stops here."""


@dataclass(slots=True)
class Change:
    """A change of a folder's entries that is not durable yet; ``before`` is a copy of what ``path`` was."""

    kind: str
    path: Path
    source: Path | None = None
    before: Path | None = None


class Disk(FileSystem):
    """Does everything at once, as the page cache does, and knows what of it would survive a power cut."""

    def __init__(self, last: int, attic: Path) -> None:
        self.left = last
        self.attic = attic
        self.story_ids = 0
        self.dirty: list[Path] = []
        self.changes: list[Change] = []

    def event(self, operation: str, path: Path) -> None:
        self.left -= 1
        if self.left == 0:
            raise PowerCut

    def mkdir(self, path: Path) -> None:
        new = not path.exists()
        super().mkdir(path)
        if new:
            self.changes.append(Change("mkdir", path))

    def write(self, path: Path, fill: Callable[[Sink], object]) -> None:
        self.dirty.append(path)
        self.changes.append(Change("create", path))
        super().write(path, fill)
        self.dirty.remove(path)

    def sync_folder(self, path: Path) -> None:
        super().sync_folder(path)
        self.changes = [change for change in self.changes if change.path.parent != path]

    def replace(self, source: Path, target: Path) -> None:
        before = self._copy(target)
        super().replace(source, target)
        self._moved(source, target)
        self.changes.append(Change("rename", target, source, before))

    def remove(self, path: Path) -> None:
        before = self._copy(path)
        super().remove(path)
        if before:
            self.changes.append(Change("remove", path, None, before))

    def cut(self, rng: random.Random) -> None:
        """Lose some of what is not durable."""
        kept = {
            folder: rng.randint(0, sum(change.path.parent == folder for change in self.changes))
            for folder in sorted({change.path.parent for change in self.changes})
        }
        order = {id(c): [o for o in self.changes if o.path.parent == c.path.parent].index(c) for c in self.changes}
        lost = [change for change in self.changes if order[id(change)] >= kept[change.path.parent]]
        for change in reversed(lost):
            self._undo(change)
        for path in self.dirty:
            if path.is_file():
                rng.choice([delete, empty, cut, zero, flip, lambda _path, _rng: None])(path, rng)

    def _undo(self, change: Change) -> None:
        if change.kind in ("mkdir", "create"):
            remove(change.path)
        elif change.kind == "rename" and change.source and change.path.exists():
            change.path.rename(change.source)
            self._moved(change.path, change.source)
        if change.before:
            remove(change.path)
            (shutil.copytree if change.before.is_dir() else shutil.copy)(change.before, change.path)

    def _moved(self, source: Path, target: Path) -> None:
        def present(path: Path) -> Path:
            return target / path.relative_to(source) if path.is_relative_to(source) else path

        self.dirty = [present(path) for path in self.dirty]
        for change in self.changes:
            if change.path != source:  # its own entry is the rename's business
                change.path = present(change.path)

    def _copy(self, path: Path) -> Path | None:
        if not path.exists():
            return None
        self.story_ids += 1
        copy = self.attic / str(self.story_ids)
        return Path((shutil.copytree if path.is_dir() else shutil.copy)(path, copy))


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def delete(path: Path, _rng: random.Random) -> None:
    path.unlink()


def empty(path: Path, _rng: random.Random) -> None:
    path.write_bytes(b"")


def cut(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(len(data) + 1)])


def zero(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    start = rng.randrange(len(data) + 1)
    path.write_bytes(data[:start] + bytes(len(data) - start))


def flip(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


class Hasty(Disk):
    """Wrong: does not fsync what it writes."""

    def write(self, path: Path, fill: Callable[[Sink], object]) -> None:
        super().write(path, fill)
        self.dirty.append(path)


class Forgetful(Disk):
    """Wrong: does not fsync folders."""

    def sync_folder(self, path: Path) -> None:
        self.event("fsync", path)


def lose_power(
    store: Path,
    edition: Edition,
    allowed: Collection[Edition | None],
    seed: int,
    events: int,
    publisher: Publisher = publish,
    kind: type[Disk] = Disk,
    last: int | None = None,
) -> str | None:
    """Cut the power at a random one of ``events`` (or at ``last``) of a publish and return the violation found then."""
    rng = random.Random(seed)
    attic = store.with_name("attic")
    shutil.rmtree(attic, ignore_errors=True)
    attic.mkdir()
    disk = kind(rng.randint(1, events + 3) if last is None else last, attic)
    try:
        publisher(store, edition.source, keep=1, filesystem=disk)
    except PowerCut:
        disk.cut(rng)
        return violation(store, allowed)
    disk.cut(rng)
    return violation(store, [edition])  # what was reported as published stays published


def test_what_was_not_synced_is_not_served(
    fresh_store: Callable[[], Path], events: int, old: Edition, new: Edition, later: Edition
) -> None:
    for seed in range(60):
        store = fresh_store()
        assert lose_power(store, new, [old, new], seed, events) is None, f"seed {seed}"
        if seed % 4 == 0:
            (store / "build.lock").touch()
            assert_mended(store, later)


def test_the_last_events_one_by_one(fresh_store: Callable[[], Path], events: int, old: Edition, new: Edition) -> None:
    """Where the pointer changes and the old snapshot goes."""
    for last in range(events - 12, events + 3):
        for seed in range(3):
            found = lose_power(fresh_store(), new, [old, new], seed, events, last=last)
            assert found is None, f"event {last}, seed {seed}"


@pytest.mark.slow
def test_what_was_not_synced_is_not_served_many_times(
    fresh_store: Callable[[], Path], tmp_path: Path, events: int, old: Edition, new: Edition, later: Edition
) -> None:
    for seed in range(1_000, 2_000):
        store = fresh_store()
        assert lose_power(store, new, [old, new], seed, events) is None, f"seed {seed}"
        (store / "build.lock").touch()
        assert_mended(store, later)
    for seed in range(2_000, 2_500):
        store = tmp_path / "first"
        shutil.rmtree(store, ignore_errors=True)
        store.mkdir()
        assert lose_power(store, new, [None, new], seed, events) is None, f"first, seed {seed}"
    print("\n1,500 power cuts, 0 bad snapshots served")  # noqa: T201


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_publisher_is_found_out(
    fresh_store: Callable[[], Path], events: int, old: Edition, new: Edition, wrong: Publisher
) -> None:
    """The checks above are able to fail."""
    assert any(lose_power(fresh_store(), new, [old, new], seed, events, publisher=wrong) for seed in range(120))


@pytest.mark.parametrize("wrong", [Hasty, Forgetful])
def test_a_disk_that_is_not_synced_is_found_out(
    fresh_store: Callable[[], Path], events: int, old: Edition, new: Edition, wrong: type[Disk]
) -> None:
    """The checks above are able to fail."""
    assert any(lose_power(fresh_store(), new, [old, new], seed, events, kind=wrong) for seed in range(120))
