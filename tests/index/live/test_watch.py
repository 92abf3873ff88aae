"""Watching a source: what changed is served, what is gone is removed, and nothing is lost to a source that fails."""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Event
from typing import NamedTuple

import orjson
import pytest

from index.build import build
from index.live import watch as module
from index.live.live import Live
from index.live.watch import Round, Watch, read_all, read_status
from index.live.writer import Writer
from recommender.catalog import Catalog
from recommender.catalog.source_log import SourceLog
from recommender.corpus.encoder import HashEncoder
from recommender.sources import ReadOptions, addresses
from recommender.sources.fetch import Fetcher
from tests.api.serving import served
from tests.recommender.makers import lines
from tests.recommender.sources.web import answer, web

TEN = [{"id": f"a{n}", "title": f"Ship {n} in the harbour", "related": ["a0"]} for n in range(10)]


class Newsroom(NamedTuple):
    file: Path
    live: Live
    watch: Callable[..., Watch]

    def write(self, articles: list[dict[str, object]]) -> None:
        lines(self.file, articles)

    def served(self) -> dict[str, str]:
        """Id → title of what every list may hold now."""
        directory = self.live.snapshot().corpus.directory
        return {card.id: card.title for row, card in enumerate(directory.cards) if directory.present[row]}


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    store, file, encoder = tmp_path / "store", tmp_path / "articles.jsonl", HashEncoder()
    lines(file, TEN)
    with closing(Catalog.open(store)) as catalog:
        first = tmp_path / "first.jsonl"
        lines(first, [{"id": "first", "title": "The first article"}])
        live = Live(store, catalog=catalog)
        writer, held = Writer(live, catalog, lambda _: encoder), SourceLog(catalog.engine)
        Watch(str(first), ReadOptions(), writer, held, Event()).round()
        build(store, catalog, encoder)
        live.refresh()

        def make(source: Path | str = file, options: ReadOptions = ReadOptions(), **how: bool) -> Watch:
            return Watch(str(source), options, writer, held, Event(), **how)

        yield Newsroom(file, live, make)


def told(done: Round) -> tuple[int, int, int, int]:
    return done.articles, done.stored, done.removed, done.absent


def test_what_is_new_or_changed_is_served_and_the_rest_is_not_touched(newsroom: Newsroom) -> None:
    each = newsroom.watch()
    assert told(each.round()) == (10, 10, 0, 0)
    assert newsroom.served() == {"first": "The first article"} | {str(a["id"]): str(a["title"]) for a in TEN}
    assert newsroom.live.snapshot().lists["a3"] == ("a0",)
    seq = newsroom.live.snapshot().seq
    assert told(each.round()) == (10, 0, 0, 0)
    assert newsroom.live.snapshot().seq == seq, "nothing was written"
    newsroom.write([*TEN[:4], {**TEN[4], "title": "Another title"}, *TEN[5:], {"id": "new", "title": "A new one"}])
    assert told(each.round()) == (11, 2, 0, 0)
    assert newsroom.served()["a4"] == "Another title"
    assert newsroom.served()["new"] == "A new one"


def test_a_changed_list_alone_is_a_change(newsroom: Newsroom) -> None:
    each = newsroom.watch()
    each.round()
    newsroom.write([{**TEN[0], "related": ["a7", "a8"]}, *TEN[1:]])
    assert told(each.round()) == (10, 1, 0, 0)
    assert newsroom.live.snapshot().lists["a0"] == ("a7", "a8")


def test_what_disappeared_is_removed(newsroom: Newsroom) -> None:
    each = newsroom.watch()
    each.round()
    newsroom.write(TEN[2:])
    assert told(each.round()) == (8, 0, 2, 2)
    assert newsroom.served().keys() == {"first"} | {f"a{n}" for n in range(2, 10)}, "what another source holds stays"
    assert told(each.round()) == (8, 0, 0, 0)
    newsroom.write(TEN)
    assert told(each.round()) == (10, 2, 0, 0)
    assert "a0" in newsroom.served()


def test_what_another_source_holds_too_is_not_removed(newsroom: Newsroom, tmp_path: Path) -> None:
    other = lines(tmp_path / "other.jsonl", [TEN[0]])
    each = newsroom.watch()
    each.round()
    newsroom.watch(other).round()
    newsroom.write(TEN[1:])
    assert told(each.round()) == (9, 0, 0, 1)
    assert "a0" in newsroom.served()


def test_more_than_a_fifth_is_removed_only_by_force(newsroom: Newsroom) -> None:
    newsroom.watch().round()
    newsroom.write(TEN[3:])
    done = newsroom.watch().round()
    assert told(done) == (7, 0, 0, 3)
    assert "more than 20% of the 10 it held" in done.kept
    assert len(newsroom.served()) == 11
    assert told(newsroom.watch(force=True).round()) == (7, 0, 3, 3)
    assert len(newsroom.served()) == 8


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def half(file: Path) -> None:
    raw = file.read_bytes()
    file.write_bytes(raw[: len(raw) // 2])


def error_page(file: Path) -> None:
    file.write_bytes(b"<!doctype html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>")


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize("spoil", [Path.unlink, emptied, half, error_page, a_pipe])
def test_a_source_that_fails_takes_nothing_away(
    newsroom: Newsroom, spoil: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    each = newsroom.watch()
    each.round()
    before, raw = newsroom.served(), newsroom.file.read_bytes()
    spoil(newsroom.file)
    done = each.round()
    assert done.removed == 0
    assert done.error or done.rejected or done.kept
    assert newsroom.served() == before
    newsroom.file.unlink(missing_ok=True)
    newsroom.file.write_bytes(raw)
    assert told(each.round()) == (10, 0, 0, 0), "and it is read again"


def drip(body: bytes) -> Callable[[dict[str, str]], Iterator[bytes]]:
    """An answer that never stops and is never whole within a deadline: a byte every twentieth of a second."""

    def pieces(_: dict[str, str]) -> Iterator[bytes]:
        yield f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        for at in range(len(body)):
            time.sleep(0.05)
            yield body[at : at + 1]

    return pieces


def test_a_slow_source_takes_nothing_away_and_metrics_say_so(
    newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(addresses, "Fetcher", partial(Fetcher, timeout=0.5))
    caplog.set_level(logging.INFO, "index.live.watch")
    whole, store = newsroom.file.read_bytes(), tmp_path / "store"
    with web() as site:
        url, stop = site.url("/articles.jsonl"), Event()
        site.paths["/articles.jsonl"] = answer(whole)
        each = newsroom.watch(url, ReadOptions(allow_hosts=(site.host,), delay=0))
        assert read_all([each], store, stop)
        before = newsroom.served()
        caplog.clear()
        site.paths["/articles.jsonl"] = drip(whole)
        started = time.monotonic()
        assert not read_all([each], store, stop)
        assert time.monotonic() - started < 10, "the server would have gone on for half a minute"
    assert newsroom.served() == before
    assert [record.levelname for record in caplog.records if url in record.getMessage()] == ["WARNING"]
    status = read_status(store)[url]
    assert "ReadTimeout" in str(status["error"])
    assert status["removed"] == 0
    with served(store) as client:
        told = client.get("/metrics").text
    assert f'related_source_ok{{source="{url}"}} 0.0' in told


def test_an_entry_that_cannot_be_read_is_not_taken_for_gone(newsroom: Newsroom) -> None:
    each = newsroom.watch()
    each.round()
    lines(newsroom.file, [b'{"id": "a0", "title":', *TEN[1:]])
    done = each.round()
    assert told(done) == (9, 0, 0, 1)
    assert "among those that were rejected" in done.kept
    assert "a0" in newsroom.served()


def test_what_became_of_it_is_written_down(newsroom: Newsroom, tmp_path: Path) -> None:
    store, stop = tmp_path / "store", Event()
    assert read_all([newsroom.watch()], store, stop)
    first = read_status(store)[str(newsroom.file)]
    assert (first["articles"], first["stored"], first["error"]) == (10, 10, "")
    assert first["read_at"] == first["succeeded_at"]
    newsroom.file.unlink()
    assert not read_all([newsroom.watch()], store, stop)
    last = read_status(store)[str(newsroom.file)]
    assert "no such file or folder" in str(last["error"])
    assert last["succeeded_at"] == first["succeeded_at"]
    assert [path.name for path in store.iterdir() if path.name.startswith(".sources")] == []


def test_a_reading_that_is_stopped_removes_nothing(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    newsroom.watch().round()
    monkeypatch.setattr(module, "BATCH", 1)
    newsroom.write([{**article, "title": "New"} for article in TEN[1:]])
    each = newsroom.watch()
    each._stop.set()
    done = each.round()
    assert (done.error, done.removed) == ("interrupted", 0)
    assert len(newsroom.served()) == 11
    assert told(newsroom.watch().round()) == (9, 9, 1, 1)


def test_the_file_of_what_became_of_them_may_be_anything(tmp_path: Path) -> None:
    for raw in (b"", b"[]", b"{", orjson.dumps("x")):
        (tmp_path / module.STATUS).write_bytes(raw)
        assert read_status(tmp_path) == {}
