import asyncio
import logging
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from index.build import build
from index.live.live import Live
from index.live.tail import Tail
from index.store.publish import open_current, snapshots_folder
from index.store.snapshot import Snapshot
from index.store.writing import Contents
from recommender.catalog import Catalog
from recommender.errors import NoSnapshotError, SnapshotError
from tests.index.samples import BUILT_AT, ENCODER, articles, contents_of, lists_of, publish_in


@pytest.fixture(scope="module")
def sources() -> list[Contents]:
    return [contents_of(articles(4, edition=n)) for n in range(3)]


def eventually(true: Callable[[], bool]) -> bool:
    """Wait for what another thread does; the limit only ends a wait that would never end."""
    until = time.monotonic() + 60
    while not true() and time.monotonic() < until:
        time.sleep(0.01)
    return true()


def test_before_the_first_snapshot(tmp_path: Path, sources: list[Contents]) -> None:
    live = Live(tmp_path)
    for _ in range(2):
        with pytest.raises(NoSnapshotError, match="nothing is published yet"):
            live.snapshot()
        live.refresh()
    assert isinstance(live.problem, NoSnapshotError)
    version = publish_in(tmp_path, sources[0])
    live.refresh()
    assert live.snapshot().version == version
    assert live.problem is None


def test_a_new_snapshot_takes_the_place_of_the_old_one(tmp_path: Path, sources: list[Contents]) -> None:
    live = Live(tmp_path)
    for source in sources:
        publish_in(tmp_path, source, keep=1)
        live.refresh()
        assert lists_of(live.snapshot()) == lists_of(source.open(BUILT_AT))


def test_nothing_is_opened_again_while_nothing_changes(tmp_path: Path, sources: list[Contents]) -> None:
    live = Live(tmp_path)
    publish_in(tmp_path, sources[0])
    live.refresh()
    snapshot = live.snapshot()
    live.refresh()
    assert live.snapshot() is snapshot


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "packed.npy").write_bytes(b""),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: shutil.rmtree(folder),
        lambda folder: (folder.parent.parent / "CURRENT").unlink(),
        lambda folder: (folder.parent.parent / "CURRENT").write_bytes(b"\xff"),
    ],
    ids=["array", "manifest", "folder", "no pointer", "bad pointer"],
)
def test_a_damaged_new_one_leaves_the_old_in_service(
    tmp_path: Path, sources: list[Contents], damage: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    live = Live(tmp_path)
    old = publish_in(tmp_path, sources[0])
    live.refresh()
    damage(snapshots_folder(tmp_path) / publish_in(tmp_path, sources[1]))
    with caplog.at_level(logging.WARNING):
        live.refresh()
        live.refresh()
    assert len(caplog.records) == 1, "the same problem is told once"
    assert live.snapshot().version == old
    assert isinstance(live.problem, SnapshotError)
    assert lists_of(live.snapshot()) == lists_of(sources[0].open(BUILT_AT))

    mended = publish_in(tmp_path, sources[1])
    live.refresh()
    assert live.snapshot().version == mended
    assert live.problem is None


def test_the_watching_thread_comes_and_goes(tmp_path: Path, sources: list[Contents]) -> None:
    before = threading.active_count()
    live = Live(tmp_path, poll_seconds=0.01)
    live.start()
    assert [t.name for t in threading.enumerate()].count("snapshot-watch") == 1
    for source in sources[:2]:
        version = publish_in(tmp_path, source)
        assert eventually(lambda wanted=version: live.problem is None and live.snapshot().version == wanted)  # type: ignore[misc]
    live.stop()
    assert threading.active_count() == before
    publish_in(tmp_path, sources[2])
    assert live.snapshot().version == version
    live.stop()  # twice is no error

    live.start()
    assert live.snapshot().version != version
    publish_in(tmp_path, sources[0])
    assert eventually(lambda: lists_of(live.snapshot()) == lists_of(sources[0].open(BUILT_AT)))
    live.stop()
    assert threading.active_count() == before


def test_a_damaged_snapshot_is_not_read_again_at_every_poll(
    tmp_path: Path, sources: list[Contents], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    polls: list[Live] = []
    follow = Live.follow

    def counting_polls(live: Live) -> None:
        polls.append(live)
        follow(live)

    def counting(store: Path) -> Snapshot:
        opened.append(store)
        return open_current(store)

    monkeypatch.setattr("index.live.opener.open_current", counting)
    monkeypatch.setattr(Live, "follow", counting_polls)  # what a poll does that opens nothing
    damaged = publish_in(tmp_path, sources[0])
    (snapshots_folder(tmp_path) / damaged / "packed.npy").write_bytes(b"")
    live = Live(tmp_path, poll_seconds=0.01)
    live.start()
    try:
        assert eventually(lambda: len(polls) > 10)
        assert len(opened) == 1
        version = publish_in(tmp_path, sources[1])
        assert eventually(lambda: live.problem is None and live.snapshot().version == version)
    finally:
        live.stop()


def test_who_asks_while_a_change_is_read_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The poll has heard of it and is reading: a request that comes then is not answered from before."""
    with closing(Catalog.open(tmp_path)) as catalog:
        catalog.put(articles(4))
        build(tmp_path, catalog, ENCODER)
        live, writer = Live(tmp_path, catalog=catalog), Live(tmp_path, catalog=catalog)
        live.refresh()
        reading, go_on = threading.Event(), threading.Event()
        read = Tail.now

        def slowly(tail: Tail) -> Snapshot:
            reading.set()
            assert go_on.wait(60)
            return read(tail)

        monkeypatch.setattr(Tail, "now", slowly)
        catalog.remove("a001")
        writer.notify()
        poll = threading.Thread(target=live.follow)
        poll.start()
        assert reading.wait(60)
        assert live.has_changes(), "not followed yet"

        async def asked() -> Snapshot:
            waiting = asyncio.create_task(live.caught_up())
            answered, _ = await asyncio.wait([waiting], timeout=0.2)
            assert not answered, "it waits as long as the change is read"
            go_on.set()
            return await waiting

        assert asyncio.run(asked()).corpus.find("a001") is None
        poll.join()
        assert not live.has_changes()
