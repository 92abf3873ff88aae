import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from multiprocessing.queues import Queue
from pathlib import Path

import pytest

from index.store.filesystem import FileSystem
from index.store.publish import (
    confirmed_at,
    current_version,
    locked,
    open_current,
    publish,
    published,
    snapshots_folder,
)
from index.store.writing import Contents
from recommender.errors import LockedError, NoSnapshotError, PublishError, SnapshotError
from tests.index.samples import BUILT_AT, articles, contents_of, lists_of, publish_in


@pytest.fixture(scope="module")
def sources() -> list[Contents]:
    """Five editions of a tiny newspaper, no two alike."""
    return [contents_of(articles(5, changed=range(n))) for n in range(5)]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def test_current_names_the_new_snapshot(tmp_path: Path, sources: list[Contents]) -> None:
    for source in sources[:2]:
        version = publish_in(tmp_path, source)
        assert (tmp_path / "CURRENT").read_text() == f"{version}\n"
        assert current_version(tmp_path) == version
        snapshot = open_current(tmp_path)
        assert snapshot.version == version
        assert lists_of(snapshot) == lists_of(source.open(BUILT_AT))
    assert names(tmp_path) == ["CURRENT", "build.lock", "snapshots"]
    assert len(names(snapshots_folder(tmp_path))) == 2


def test_publishing_the_same_again_touches_nothing(tmp_path: Path, sources: list[Contents]) -> None:
    version = publish_in(tmp_path, sources[0])
    files, pointer = list((snapshots_folder(tmp_path) / version).iterdir()), tmp_path / "CURRENT"
    before, inode, confirmed = [state(path) for path in files], pointer.stat().st_ino, confirmed_at(tmp_path)
    assert publish_in(tmp_path, sources[0]) == version
    assert [state(path) for path in files] == before
    assert (pointer.stat().st_ino, pointer.read_text()) == (inode, f"{version}\n")
    assert confirmed_at(tmp_path) > confirmed
    assert names(snapshots_folder(tmp_path)) == [version]


@pytest.mark.parametrize("keep", [1, 2, 3, 10])
def test_the_last_ones_are_kept(tmp_path: Path, sources: list[Contents], keep: int) -> None:
    versions = [publish_in(tmp_path, source, keep) for source in sources]
    assert names(snapshots_folder(tmp_path)) == sorted(versions[-keep:])
    assert [manifest.version for manifest in published(tmp_path)] == versions[-keep:][::-1]
    assert current_version(tmp_path) == versions[-1]


def test_going_back_to_a_kept_snapshot(tmp_path: Path, sources: list[Contents]) -> None:
    first, second = (publish_in(tmp_path, source) for source in sources[:2])
    inode = state(snapshots_folder(tmp_path) / first)[0]
    assert publish_in(tmp_path, sources[0], keep=1) == first
    assert current_version(tmp_path) == first
    assert state(snapshots_folder(tmp_path) / first)[0] == inode
    assert names(snapshots_folder(tmp_path)) == [first] != [second]


def test_leftovers_are_removed(tmp_path: Path, sources: list[Contents]) -> None:
    folder = snapshots_folder(tmp_path)
    first = publish_in(tmp_path, sources[0])
    (folder / ".new-123" / "deep").mkdir(parents=True)
    (folder / ".new-123" / "deep" / "packed.npy").write_bytes(b"half")
    (folder / ".new-damaged-0123456789abcdef").mkdir()
    (folder / ".new-file").write_bytes(b"")
    (folder / f".new-{os.getpid()}").mkdir()
    (folder / f".new-{os.getpid()}" / "packed.npy").write_bytes(b"of a process with the same number")
    (tmp_path / "CURRENT.new-77").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("somebody's own")
    second = publish_in(tmp_path, sources[1])
    assert names(folder) == sorted([first, second])
    assert names(tmp_path) == ["CURRENT", "build.lock", "notes.txt", "snapshots"]


@pytest.mark.parametrize("damaged", ["packed.npy", "cards.jsonl", "manifest.json"])
def test_a_damaged_snapshot_is_replaced_by_the_same_one_whole(
    tmp_path: Path, sources: list[Contents], damaged: str
) -> None:
    version = publish_in(tmp_path, sources[0])
    path = snapshots_folder(tmp_path) / version / damaged
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SnapshotError, match=damaged):
        open_current(tmp_path)
    assert publish_in(tmp_path, sources[0]) == version
    assert lists_of(open_current(tmp_path)) == lists_of(sources[0].open(BUILT_AT))
    assert names(snapshots_folder(tmp_path)) == [version]


def test_a_folder_that_holds_another_snapshot_is_replaced(tmp_path: Path, sources: list[Contents]) -> None:
    first, second = (publish_in(tmp_path, source) for source in sources[:2])
    shutil.rmtree(snapshots_folder(tmp_path) / second)
    shutil.copytree(snapshots_folder(tmp_path) / first, snapshots_folder(tmp_path) / second)
    with pytest.raises(SnapshotError, match=f"{second}: holds snapshot {first} instead"):
        open_current(tmp_path)
    assert publish_in(tmp_path, sources[1]) == second
    assert lists_of(open_current(tmp_path)) == lists_of(sources[1].open(BUILT_AT))
    assert names(snapshots_folder(tmp_path)) == sorted([first, second])


def test_a_damaged_old_snapshot_is_kept(tmp_path: Path, sources: list[Contents]) -> None:
    first, second = (publish_in(tmp_path, source) for source in sources[:2])
    (snapshots_folder(tmp_path) / first / "manifest.json").unlink()
    assert [manifest.version for manifest in published(tmp_path)] == [second]
    third = publish_in(tmp_path, sources[2], keep=1)
    assert names(snapshots_folder(tmp_path)) == sorted([first, third])


@pytest.mark.parametrize("content", [b"", b"\n", b"../../x\n", b"\xff\xfe", b"0123456789abcdef\n", b"x" * 10_000])
def test_a_damaged_pointer_is_refused_and_mended(tmp_path: Path, sources: list[Contents], content: bytes) -> None:
    version = publish_in(tmp_path, sources[0])
    (tmp_path / "CURRENT").write_bytes(content)
    with pytest.raises(SnapshotError):
        open_current(tmp_path)
    assert publish_in(tmp_path, sources[0]) == version
    assert open_current(tmp_path).version == version


def test_nothing_published_yet(tmp_path: Path) -> None:
    for ask in (current_version, open_current):
        with pytest.raises(NoSnapshotError, match=f"{tmp_path}: nothing is published yet"):
            ask(tmp_path)
    assert published(tmp_path) == []


def test_a_reader_outlives_the_removal_of_its_snapshot(tmp_path: Path, sources: list[Contents]) -> None:
    publish_in(tmp_path, sources[0])
    snapshot = open_current(tmp_path)
    before = lists_of(snapshot)
    publish_in(tmp_path, sources[1], keep=1)
    assert not (snapshots_folder(tmp_path) / snapshot.version).exists()
    assert lists_of(snapshot) == before


def test_a_snapshot_retired_between_two_reads_is_not_missed(
    tmp_path: Path, sources: list[Contents], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish_in(tmp_path, sources[0])
    opened: list[str] = []
    really_open = open_current.__globals__["open_snapshot"]

    def slow_open(folder: Path) -> object:
        opened.append(folder.name)
        if len(opened) == 1:
            with monkeypatch.context() as undisturbed:
                undisturbed.setattr("index.store.publish.open_snapshot", really_open)
                publish_in(tmp_path, sources[1], keep=1)
        return really_open(folder)

    monkeypatch.setattr("index.store.publish.open_snapshot", slow_open)
    snapshot = open_current(tmp_path)
    assert opened == [first, snapshot.version]
    assert lists_of(snapshot) == lists_of(sources[1].open(BUILT_AT))


class Full(FileSystem):
    """A disk that is full from the first file on."""

    def event(self, operation: str, path: Path) -> None:
        if operation == "create":
            raise OSError(28, os.strerror(28), str(path))


def test_an_error_names_the_path_and_leaves_the_old_in_service(tmp_path: Path, sources: list[Contents]) -> None:
    first = publish_in(tmp_path, sources[0])
    with (
        pytest.raises(PublishError, match=r"snapshots/\.new-\d+/packed\.npy: No space left on device"),
        locked(tmp_path),
    ):
        publish(tmp_path, sources[1], keep=3, filesystem=Full())
    assert open_current(tmp_path).version == first


def test_a_snapshot_that_cannot_be_read_back_is_not_published(tmp_path: Path, sources: list[Contents]) -> None:
    class Rotten(FileSystem):
        """A disk that changes what was written, once the manifest is complete."""

        def sync_folder(self, path: Path) -> None:
            if (path / "manifest.json").exists():
                file = path / "idf.npy"
                file.write_bytes(file.read_bytes()[:-4] + b"\0\0\0\0")
            super().sync_folder(path)

    first = publish_in(tmp_path, sources[0])
    with pytest.raises(SnapshotError, match=r"idf\.npy: damaged"), locked(tmp_path):
        publish(tmp_path, sources[1], keep=3, filesystem=Rotten())
    assert open_current(tmp_path).version == first
    assert publish_in(tmp_path, sources[1]) == open_current(tmp_path).version


def test_only_one_build_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one is refused without waiting for the first, which goes on holding the lock."""
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    with locked(tmp_path):
        with pytest.raises(LockedError, match=f"{tmp_path}: another build or ingest is running"), locked(tmp_path):
            pytest.fail("two builds hold the lock")
        assert waits == []
    with locked(tmp_path):
        pass


HOLD = """
import sys
from pathlib import Path
from index.store.publish import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_killed_holder_sets_the_lock_free(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockedError), locked(tmp_path):
            pytest.fail("two processes hold the lock")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with locked(tmp_path):
            pass


def build_often(store: Path, start: threading.Barrier, answers: Queue, editions: range) -> None:
    for edition in editions:
        source = contents_of(articles(3, edition=edition))
        start.wait()
        try:
            with locked(store):
                publish(store, source, keep=3)
                time.sleep(0.1)
            answers.put((edition % 1_000, "published"))
        except LockedError:
            answers.put((edition % 1_000, "locked"))
        start.wait()


@pytest.mark.slow
def test_two_builds_at_once_fifty_times(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, answers = context.Barrier(2, timeout=60), context.Queue()
    both = [
        context.Process(target=build_often, args=(tmp_path, start, answers, range(first, first + 50)))
        for first in (0, 1_000)
    ]
    for process in both:
        process.start()
    said = sorted(answers.get(timeout=60) for _ in range(100))
    for process in both:
        process.join()
        process.close()
    answers.close()
    assert said == [(number, answer) for number in range(50) for answer in ("locked", "published")]
    assert len(open_current(tmp_path).corpus) == 3
    assert len(names(snapshots_folder(tmp_path))) == 3
