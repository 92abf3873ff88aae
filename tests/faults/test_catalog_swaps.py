"""The catalog's file is deleted, replaced, overwritten or cut under a server: reads go on, no write is acknowledged.

The swaps fail on a catalog without its guards: see test_without_the_guards_a_write_is_lost.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.keys import KeyRing
from index.build import build
from recommender.articles import Article, Record
from recommender.catalog import Catalog
from recommender.catalog.file_guard import FileGuard
from recommender.corpus.encoder import HashEncoder
from recommender.errors import CatalogError, CatalogLostError
from tests.api.serving import ENCODER, served
from tests.api.test_app import check_problem
from tests.conftest import DEMO, build_store, records

FILE = "catalog.sqlite"
ROUNDS = 20


def copy_of(store: Path) -> bytes:
    """The whole catalog as it is now, in one file, as a backup tool makes it."""
    with closing(sqlite3.connect(store / FILE)) as source, closing(sqlite3.connect(store / "copy")) as target:
        source.backup(target)
    content = (store / "copy").read_bytes()
    (store / "copy").unlink()
    return content


def replaced(store: Path, content: bytes) -> None:
    """Another file under the same name, without what belonged to the one before."""
    (store / "restored").write_bytes(content)
    for name in (f"{FILE}-wal", f"{FILE}-shm"):
        (store / name).unlink(missing_ok=True)
    (store / "restored").replace(store / FILE)


def another(store: Path) -> bytes:
    """A catalog of the same articles and changes, which is another one all the same."""
    folder = store / "another"
    with closing(Catalog.open(folder)) as catalog:
        catalog.put([Record(Article(id=f"other{n}", title=f"Other {n}"), "") for n in range(3)])
        for n in range(40):
            catalog.put([Record(Article(id="other0", title=f"Other {n}"), "")], live=True)
    content = copy_of(folder)
    shutil.rmtree(folder)
    return content


def written_since(store: Path, backup: bytes) -> None:
    """An older copy to which some command wrote more changes than the snapshot had seen."""
    replaced(store, backup)
    with closing(Catalog.open(store)) as catalog:
        for n in range(60):
            catalog.put([Record(Article(id="later", title=f"Later {n}"), "")], live=True)


SWAPS: dict[str, Callable[[Path, bytes], object]] = {
    "deleted": lambda store, _: [path.unlink() for path in store.glob(f"{FILE}*")],
    "folder moved": lambda store, _: (store / FILE).rename(store / "moved.sqlite"),
    "restored": replaced,
    "restored beside the old log": lambda store, backup: [
        (store / "restored").write_bytes(backup),
        (store / "restored").replace(store / FILE),
    ],
    "overwritten": lambda store, backup: (store / FILE).write_bytes(backup),
    "another": lambda store, _: replaced(store, another(store)),
    "cut": lambda store, _: os.truncate(store / FILE, (store / FILE).stat().st_size // 2),
    "emptied": lambda store, _: os.truncate(store / FILE, 0),
    "older, then written to": written_since,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that was built twice, with a backup from between."""
    store = build_store(tmp_path_factory.mktemp("swaps") / "store", records(DEMO)[:20], ENCODER)
    with closing(Catalog.open(store)) as catalog:
        catalog.put([Record(Article(id="first", title="First harbour news"), "")], live=True)
    (store / "backup").write_bytes(copy_of(store))
    with closing(Catalog.open(store)) as catalog:
        for n in range(5):
            catalog.put([Record(Article(id=f"second{n}", title="Second harbour news"), "")], live=True)
        build(store, catalog, ENCODER)
    return store


@pytest.fixture
def store(model: Path, tmp_path: Path) -> Path:
    return shutil.copytree(model, tmp_path / "store")


def write_all_ways(client: TestClient, key: dict[str, str]) -> list[int]:
    """Every kind of write; the statuses of those that answered as if it were done."""
    answers = [
        client.put("/v1/articles/second1", json={"title": "Second, again"}, headers=key),
        client.put("/v1/articles/new", json={"title": "New"}, headers=key),
        client.delete("/v1/articles/second2", headers=key),
        client.post("/v1/articles:bulk", content=b'{"id": "bulk", "title": "Bulk"}', headers=key),
        client.put("/v1/articles/second3/overrides", json={"block": [{"id": "second4"}]}, headers=key),
    ]
    for answer in answers:
        if answer.status_code == 503:
            check_problem(answer, 503, answer.json()["code"])
            assert answer.json()["code"] in ("catalog_lost", "catalog_unavailable", "read_only")
    return [answer.status_code for answer in answers if answer.status_code < 300]


def until(done: Callable[[], bool]) -> None:
    """Wait for what the server notices by itself; a test's own patience ends it."""
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def can_be_opened(store: Path) -> bool:
    """As the server does: without a catalog it serves what is built, and says that nothing can be written."""
    try:
        Catalog.open(store).close()
    except CatalogError:
        return False
    return True


def swap_under_a_server(store: Path, swap: Callable[[Path, bytes], object]) -> None:
    key = {"Authorization": f"Bearer {KeyRing(store).new('test')}"}
    backup = (store / "backup").read_bytes()
    with served(store, writes=True) as client:
        assert client.get("/readyz").status_code == 200
        assert client.put("/v1/articles/acknowledged", json={"title": "Known"}, headers=key).status_code == 200
        listed = client.get("/v1/articles/second0/related").json()["items"]
        swap(store, backup)
        assert write_all_ways(client, key) == []
        until(lambda: client.get("/readyz").status_code == 503)
        check_problem(client.get("/readyz"), 503, "catalog_lost")
        assert str(store) not in client.get("/readyz").text
        assert client.get("/healthz").status_code == 200
        assert client.get("/v1/articles/second0/related").json()["items"] == listed
        assert client.get("/v1/articles/acknowledged").status_code == 200
        assert write_all_ways(client, key) == []
        client.app.state.live.catalog.close()  # type: ignore[attr-defined]
    with served(store, writes=can_be_opened(store)) as client:  # and so after a restart
        assert client.get("/v1/articles/second0/related").status_code == 200
        assert write_all_ways(client, key) == []
        if client.app.state.writer:  # type: ignore[attr-defined]
            check_problem(client.get("/readyz"), 503, "catalog_lost")


@pytest.mark.parametrize("swap", SWAPS.values(), ids=SWAPS)
def test_no_write_is_acknowledged_after_a_swap(store: Path, swap: Callable[[Path, bytes], object]) -> None:
    swap_under_a_server(store, swap)


@pytest.mark.slow
@pytest.mark.parametrize("swap", SWAPS.values(), ids=SWAPS)
def test_no_write_is_acknowledged_after_a_swap_many_times(
    model: Path, tmp_path: Path, swap: Callable[[Path, bytes], object]
) -> None:
    for number in range(ROUNDS):
        swap_under_a_server(shutil.copytree(model, tmp_path / str(number)), swap)


def test_without_the_guards_a_write_is_lost(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above can fail: SQLite alone takes the write, and it is gone."""
    monkeypatch.setattr(FileGuard, "same", lambda _: True)
    with closing(Catalog.open(store)) as catalog:
        catalog.put([Record(Article(id="known", title="Known"), "")], live=True)
        SWAPS["restored beside the old log"](store, (store / "backup").read_bytes())
        catalog.put([Record(Article(id="lost", title="Lost"), "")], live=True)
    for path in store.glob(f"{FILE}-*"):
        path.unlink()
    with closing(Catalog.open(store)) as catalog:
        assert "lost" not in {article.id for article in catalog.articles()}


@pytest.mark.parametrize("way", ["moved back", "copied back"])
def test_when_the_right_catalog_is_back_writes_go_on(store: Path, way: str) -> None:
    key = {"Authorization": f"Bearer {KeyRing(store).new('test')}"}
    with served(store, writes=True) as client:
        assert client.put("/v1/articles/known", json={"title": "Known"}, headers=key).status_code == 200
        content = copy_of(store)
        for path in store.glob(f"{FILE}*"):
            path.rename(path.with_name(f"away-{path.name}"))
        assert write_all_ways(client, key) == []
        until(lambda: client.get("/readyz").status_code == 503)
        if way == "moved back":
            for path in store.glob("away-*"):
                path.rename(path.with_name(path.name.removeprefix("away-")))
        else:
            replaced(store, content)
        until(lambda: client.get("/readyz").status_code == 200)
        assert client.put("/v1/articles/known", json={"title": "Known again"}, headers=key).status_code == 200
        assert client.get("/v1/articles/known").json()["title"] == "Known again"
    with closing(Catalog.open(store)) as catalog:
        assert next(article.title for article in catalog.articles() if article.id == "known") == "Known again"


def test_a_copy_older_than_what_was_acknowledged_stays_refused_though_newer_than_the_snapshot(store: Path) -> None:
    key = {"Authorization": f"Bearer {KeyRing(store).new('test')}"}
    with served(store, writes=True) as client:
        assert client.put("/v1/articles/one", json={"title": "One"}, headers=key).status_code == 200
        content = copy_of(store)
        assert client.put("/v1/articles/two", json={"title": "Two"}, headers=key).status_code == 200
        replaced(store, content)
        until(lambda: client.get("/readyz").status_code == 503)
        time.sleep(0.2)  # some polls later
        check_problem(client.get("/readyz"), 503, "catalog_lost")
        assert write_all_ways(client, key) == []
        assert client.get("/v1/articles/two").status_code == 200


def test_a_build_from_what_was_restored_makes_it_the_right_one(store: Path) -> None:
    key = {"Authorization": f"Bearer {KeyRing(store).new('test')}"}
    with served(store, writes=True) as client:
        replaced(store, (store / "backup").read_bytes())
        until(lambda: client.get("/readyz").status_code == 503)
        with closing(Catalog.open(store)) as catalog:
            build(store, catalog, ENCODER, force=True)
        until(lambda: client.get("/readyz").status_code == 200)
        assert client.put("/v1/articles/new", json={"title": "New"}, headers=key).status_code == 200
        assert client.get("/v1/articles/second1").status_code == 404
        assert client.get("/v1/articles/new").status_code == 200


def test_a_build_of_the_same_content_from_another_catalog_is_trusted(tmp_path: Path) -> None:
    """Nothing changes for readers: the version is the same. Only where it comes from is written anew."""
    store, twin = (build_store(tmp_path / name, records(DEMO)[:20], ENCODER) for name in ("store", "twin"))
    with served(store, writes=True) as client:
        version = client.get("/v1/index").json()["version"]
        replaced(store, copy_of(twin))
        until(lambda: client.get("/readyz").status_code == 503)
        with closing(Catalog.open(store)) as catalog:
            assert not build(store, catalog, ENCODER).changed
        until(lambda: client.get("/readyz").status_code == 200)
        assert client.get("/v1/index").json()["version"] == version


def test_a_catalog_shrunk_by_vacuum_is_the_same_one(store: Path) -> None:
    with closing(Catalog.open(store)) as catalog:
        catalog.put([Record(Article(id="long", title="Long", body="word " * 200_000), "")], live=True)
        catalog.remove("long")
        with closing(sqlite3.connect(store / FILE)) as shell:
            shell.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            catalog.seq()
            size = (store / FILE).stat().st_size
            shell.execute("VACUUM")
            shell.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert (store / FILE).stat().st_size < size
        catalog.put([Record(Article(id="after", title="After"), "")], live=True)
        assert "after" in catalog.articles_of(["after"])


def test_what_is_no_catalog_any_more_is_said_by_name(tmp_path: Path) -> None:
    with closing(Catalog.open(tmp_path)) as catalog:
        catalog.put([Record(Article(id="a", title="A"), "")])
        for path in tmp_path.glob(f"{FILE}*"):
            path.unlink()
        with pytest.raises(CatalogLostError, match=rf"{FILE} is gone \(No such file or directory\); put it back"):
            catalog.put([Record(Article(id="b", title="B"), "")])
        with pytest.raises(CatalogError):
            catalog.seq()
        assert not list(tmp_path.glob(f"{FILE}*")), "nothing is made in its place"


def test_two_builds_of_nothing_new_have_one_origin(tmp_path: Path) -> None:
    with closing(Catalog.open(tmp_path)) as catalog:
        catalog.put([Record(Article(id="a", title="A harbour"), "")], live=True)
        first = catalog.stamp()
        assert catalog.stamp() == first
        built = [build(tmp_path, catalog, HashEncoder(dim=16)) for _ in range(2)]
        assert (built[0].snapshot, built[1].changed) == (built[1].snapshot, False)
        catalog.put([Record(Article(id="b", title="B harbour"), "")], live=True)
        assert catalog.stamp() != first
        catalog.trust(first)


TAKE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    connection.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    print(error)
"""


def test_looking_at_the_file_never_drops_a_lock(tmp_path: Path) -> None:
    """Who closes a file loses all locks that the process has on it: two would write at once, and the file be torn."""
    with closing(Catalog.open(tmp_path)) as one:
        one.put([Record(Article(id="a", title="A"), "")], live=True)
        origin = one.stamp()
        with one.engine.execution_options(writes=True).begin():
            with closing(Catalog.open(tmp_path)) as other:
                other.seq()
            one.trust(origin)
            child = [sys.executable, "-c", TAKE, str(tmp_path / FILE)]
            assert subprocess.run(child, capture_output=True, text=True, check=True).stdout == "database is locked\n"
