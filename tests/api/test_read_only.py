"""A store that cannot be written here: it is served without a warning, follows what others change, and says so."""

import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from api.keys import KeyRing
from index.build import build
from index.live.change_signal import FILE, ChangeSignal
from index.live.live import Live
from index.live.writer import Writer
from index.store.publish import current_version
from recommender.articles import Article, Record
from recommender.catalog import Catalog
from recommender.errors import CatalogError
from tests.api.serving import ENCODER, served
from tests.conftest import DEMO, build_store, records


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return build_store(tmp_path / "store", records(DEMO), ENCODER)


@pytest.fixture
def seal(tmp_path: Path) -> Iterator[Callable[[Path], Path]]:
    """Give a folder where it can only be read: mounted so elsewhere, for nothing else holds root back, or chmod-ed."""
    mounted: list[Path] = []
    sealed: list[Path] = []

    def seal(store: Path) -> Path:
        place = tmp_path / "sealed"
        place.mkdir()
        mount = shutil.which("mount") or ""
        if os.geteuid():
            sealed.extend([store, *store.rglob("*")])
            for path in sealed:
                path.chmod(path.stat().st_mode & ~0o222)
            return store
        if subprocess.run([mount, "--bind", str(store), str(place)], capture_output=True).returncode:
            pytest.skip("nothing can be mounted here, and root may write everywhere")
        mounted.append(place)
        subprocess.run([mount, "-o", "remount,bind,ro", str(place)], check=True)
        return place

    yield seal
    for path in sealed:
        path.chmod(path.stat().st_mode | 0o200)
    for place in mounted:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60  # only ends a wait that would never end
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


NEWS = Article(id="news", title="Dredging again", body="The harbour is dredged again, says the Harbour Trust.")


def add(store: Path, article: Article) -> None:
    """Put an article as a server does that may write."""
    with closing(Catalog.open(store)) as catalog:
        live = Live(store, catalog=catalog)
        live.refresh()
        Writer(live, catalog, lambda _: ENCODER).put([Record(article, "")])


def test_it_is_served_and_follows(store: Path, seal: Callable[[Path], Path], caplog: pytest.LogCaptureFixture) -> None:
    key = KeyRing(store).new("desk")
    place = seal(store)
    if place == store:
        pytest.skip("the same folder cannot be written, so nobody changes it")
    first = current_version(store)
    with caplog.at_level(logging.INFO), served(place, writes=True) as client:
        assert client.get("/readyz").status_code == 200
        assert client.get("/v1/index").json()["version"] == first
        listed = client.get("/v1/articles/2025-07-first-deep-ship/related?explain=true").json()["items"]
        assert len(listed) > 3
        assert listed[0]["why"]["quote"]
        headers = {"Authorization": f"Bearer {key}"}
        for answer in (
            client.put("/v1/articles/x", json={"title": "T"}, headers=headers),
            client.delete("/v1/articles/x", headers=headers),
            client.put("/v1/articles/x/overrides", json={}, headers=headers),
            client.post("/v1/articles:bulk", content=b'{"id":"x","title":"T"}', headers=headers),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "read_only")
            assert answer.json()["detail"].startswith("the store is read-only")
        assert client.get("/v1/articles/news").status_code == 404
        add(store, NEWS)
        until(lambda: client.get("/v1/articles/news").status_code == 200)
        with closing(Catalog.open(store)) as catalog:  # it stays open: what it writes is in the -wal file alone
            catalog.put([Record(Article(id="more", title="More", body=NEWS.body), "")], live=True)
            assert (store / "catalog.sqlite-wal").exists()
            until(lambda: client.get("/v1/articles/more").status_code == 200)
            build(store, catalog, ENCODER)
            until(lambda: client.get("/v1/index").json()["snapshot"] != first)
        assert client.get("/v1/articles/more").status_code == 200
        assert not client.get("/v1/index").json()["problem"]
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    said = [record.getMessage() for record in caplog.records if "read-only" in record.getMessage()]
    assert len(said) == 1
    assert said[0].startswith(f"{place} is read-only here")


def test_what_rings_is_heard_at_once(store: Path, seal: Callable[[Path], Path]) -> None:
    ChangeSignal(store)
    place = seal(store)
    heard = ChangeSignal(place)
    assert (heard.writable, heard.silent) == (False, False)
    before = heard.token()
    with pytest.raises(CatalogError, match="read-only"):
        heard.notify()
    if place != store:
        ChangeSignal(store).notify()
        assert heard.token() != before


def test_a_bell_that_nobody_made_is_silent(store: Path, seal: Callable[[Path], Path]) -> None:
    (store / FILE).unlink(missing_ok=True)
    heard = ChangeSignal(seal(store))
    assert (heard.writable, heard.silent, heard.token()) == (False, True, bytes(8))


def test_the_catalog_is_read_and_not_written(store: Path, seal: Callable[[Path], Path]) -> None:
    with closing(Catalog.open(store)) as catalog:
        before = catalog.counts()
    with closing(Catalog.open(seal(store))) as catalog:
        assert catalog.read_only
        assert catalog.counts() == before
        with catalog.reading():
            assert catalog.counts() == before
        with pytest.raises(CatalogError, match="readonly"):
            catalog.put([Record(NEWS, "")])


def test_what_was_left_uncommitted_to_the_file_is_not_read_as_if_it_were_old(
    store: Path, seal: Callable[[Path], Path]
) -> None:
    """A ``-wal`` file without its index, as of a writer that was killed: read whole, or refused, never left out."""
    with closing(Catalog.open(store)) as catalog:
        catalog.put([Record(NEWS, "")])
        for name in ("catalog.sqlite", "catalog.sqlite-wal"):
            shutil.copy(store / name, store / f"copy-{name}")
    for name in ("catalog.sqlite", "catalog.sqlite-wal"):
        (store / f"copy-{name}").replace(store / name)
    (store / "catalog.sqlite-shm").unlink(missing_ok=True)
    try:
        with closing(Catalog.open(seal(store))) as catalog:
            assert "news" in catalog.articles_of(["news"])
    except CatalogError as error:
        assert "catalog.sqlite" in str(error)  # noqa: PT017


COMMANDS: dict[str, tuple[int, str]] = {
    "list": (0, ""),
    "check": (0, ""),
    "prune": (0, ""),
    "boilerplate": (0, ""),
    "build --model hash": (1, "ead-only"),
    "prune --yes": (1, "ead-only"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_work_or_say_why_not(command: str, store: Path, seal: Callable[[Path], Path]) -> None:
    status, message = COMMANDS[command]
    done = subprocess.run(
        [sys.executable, "-m", "index", *command.split(), "--store", str(seal(store))], capture_output=True, text=True
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert message in done.stderr or "Permission denied" in done.stderr


def test_an_older_catalog_is_left_as_it_is(store: Path, seal: Callable[[Path], Path]) -> None:
    with closing(Catalog.open(store)) as catalog, catalog.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = '4' WHERE key = 'schema'")
    with pytest.raises(CatalogError, match="has schema 4, .*read-only here: open it once where it can be written"):
        Catalog.open(seal(store))


def test_a_file_that_changes_while_it_is_read_is_read_again(store: Path, seal: Callable[[Path], Path]) -> None:
    place = seal(store)
    if place == store:
        pytest.skip("the same folder cannot be written, so nobody changes it")
    with closing(Catalog.open(place)) as catalog:
        with pytest.raises(CatalogError, match="was changed while it was read"), catalog.reading():
            with closing(Catalog.open(store)) as other:
                other.put([Record(NEWS, "")])
        assert "news" in catalog.articles_of(["news"])
