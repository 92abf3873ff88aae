"""Six kinds of damage and two of mischief, on every file of a snapshot: named, and never served."""

import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from index.store.manifest import NAME
from index.store.reading import open_snapshot
from recommender.errors import SnapshotError
from tests.index.samples import FILES, lists_of


def truncate(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(len(data))])


def flip(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def zero(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    start = rng.choice([i for i, byte in enumerate(data) if byte])
    data[start : start + 512] = bytes(len(data[start : start + 512]))
    path.write_bytes(data)


def empty(path: Path, _rng: random.Random) -> None:
    path.write_bytes(b"")


def delete(path: Path, _rng: random.Random) -> None:
    path.unlink()


def append(path: Path, rng: random.Random) -> None:
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.randrange(1, 50)))


def link(path: Path, _rng: random.Random) -> None:
    path.rename(path.parent.with_name(path.name))
    path.symlink_to(path.parent.with_name(path.name))


def fold(path: Path, _rng: random.Random) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = (truncate, flip, zero, empty, delete, append, link, fold)
Damage = Callable[[Path, random.Random], None]


@pytest.mark.parametrize("name", [*FILES, NAME])
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named_and_never_served(folder: Path, name: str, damage: Damage) -> None:
    damage(folder / name, random.Random(name))
    with pytest.raises(SnapshotError, match=name):
        open_snapshot(folder)


def count_served(folder: Path, whole: Path, rounds: int) -> tuple[int, int]:
    """Damage each file ``rounds`` times; return how many damages there were, and how many bad answers were served."""
    good = open_snapshot(whole)
    expected = (good.manifest.model_copy(update={"built_at": None}), lists_of(good))
    tried = served = 0
    for name in (*FILES, NAME):
        for number in range(rounds):
            rng = random.Random(f"{name}/{number}")
            rng.choice(DAMAGES[:6])(folder / name, rng)
            tried += 1
            with suppress(SnapshotError):
                found = open_snapshot(folder)
                served += (found.manifest.model_copy(update={"built_at": None}), lists_of(found)) != expected
            shutil.rmtree(folder)
            shutil.copytree(whole, folder)
    return tried, served


def test_no_damaged_snapshot_is_served(folder: Path, whole: Path) -> None:
    assert count_served(folder, whole, rounds=3) == (3 * (len(FILES) + 1), 0)


@pytest.mark.slow
def test_no_damaged_snapshot_is_served_many_rounds(folder: Path, whole: Path) -> None:
    tried, served = count_served(folder, whole, rounds=150)
    print(f"\n{tried:,} damages, {served} served")  # noqa: T201 - each check prints the count it really ran
    assert (tried, served) == (150 * (len(FILES) + 1), 0)


def test_without_verification_damage_would_be_served(
    folder: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check above is able to fail: it does, for a reader that trusts its files."""
    monkeypatch.setattr("index.store.reading.verify", lambda _folder, _manifest: None)
    tried, served = count_served(folder, whole, rounds=6)
    assert tried == 6 * (len(FILES) + 1)
    assert served >= 5
