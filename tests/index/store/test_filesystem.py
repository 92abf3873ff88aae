import os
from pathlib import Path

import pytest

from index.store.filesystem import FileSystem, Sink


class Told(FileSystem):
    """Remembers every event, and whether its file was there already when it was announced."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, bool]] = []

    def event(self, operation: str, path: Path) -> None:
        self.events.append((operation, path.name, path.exists()))


@pytest.fixture
def told() -> Told:
    return Told()


def test_every_step_of_a_write_is_announced_before_it_happens(tmp_path: Path, told: Told) -> None:
    def fill(sink: Sink) -> None:
        assert sink.write(b"abc") == 3
        assert sink.write(memoryview(b"defg")) == 4

    told.write(tmp_path / "file", fill)
    assert told.events == [
        ("create", "file", False),
        ("write", "file", True),
        ("write", "file", True),
        ("fsync", "file", True),
    ]
    assert (tmp_path / "file").read_bytes() == b"abcdefg"


def test_a_file_is_never_written_over(tmp_path: Path, told: Told) -> None:
    (tmp_path / "file").write_bytes(b"known")
    with pytest.raises(FileExistsError):
        told.write(tmp_path / "file", lambda sink: sink.write(b"new"))
    assert (tmp_path / "file").read_bytes() == b"known"


def test_folders_renames_and_removals(tmp_path: Path, told: Told) -> None:
    told.mkdir(tmp_path / "a" / "b")
    told.mkdir(tmp_path / "a" / "b")
    (tmp_path / "a" / "b" / "file").write_bytes(b"x")
    told.sync_folder(tmp_path / "a")
    told.replace(tmp_path / "a", tmp_path / "c")
    told.remove(tmp_path / "c")
    told.remove(tmp_path / "c")
    assert told.events == [
        ("mkdir", "b", False),
        ("mkdir", "b", True),
        ("fsync", "a", True),
        ("rename", "c", False),
        ("remove", "c", True),
        ("remove", "c", False),
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_removal_does_not_follow_a_link(tmp_path: Path, told: Told) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"somebody's own")
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    told.remove(tmp_path / "link")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


def test_no_descriptor_is_left_open(tmp_path: Path, told: Told) -> None:
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else pytest.skip("no /proc")
    for number in range(20):
        told.write(tmp_path / str(number), lambda sink: sink.write(b"x"))
        told.sync_folder(tmp_path)
        with pytest.raises(FileNotFoundError):
            told.sync_folder(tmp_path / "none")
    assert len(os.listdir("/proc/self/fd")) == before
