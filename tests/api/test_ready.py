"""What the probes say while there is nothing good to serve, and when the news is old."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.keys import KeyRing
from index.store.publish import current_version, snapshots_folder
from recommender.errors import CatalogError
from tests.api.serving import ENCODER, served
from tests.api.test_app import check_problem
from tests.conftest import DEMO, build_store, records

LISTS = ("/v1/articles/x/related", "/v1/related?url=http://a.example/b", "/v1/articles/x", "/v1/index")
BAD_FIRST: dict[str, Callable[[Path], object]] = {
    "array": lambda store: (published(store) / "packed.npy").write_bytes(b""),
    "manifest": lambda store: (published(store) / "manifest.json").write_bytes(b"{}"),
    "folder": lambda store: shutil.rmtree(published(store)),
    "pointer": lambda store: (store / "CURRENT").write_bytes(b"\xff\x00"),
}


def published(store: Path) -> Path:
    return snapshots_folder(store) / current_version(store)


def newest(client: TestClient) -> datetime:
    found = client.app.state.live.snapshot().corpus.directory.newest(datetime.now(UTC))  # type: ignore[attr-defined]
    assert isinstance(found, datetime)
    return found


@pytest.mark.parametrize("damage", BAD_FIRST.values(), ids=BAD_FIRST)
def test_a_bad_first_snapshot_is_not_served_and_a_good_one_is(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    store = build_store(tmp_path, records(DEMO)[:20], ENCODER)
    damage(store)
    with served(store) as client:
        assert client.get("/healthz").status_code == 200
        for path in ("/readyz", *LISTS):
            answer = client.get(path)
            check_problem(answer, 503, "not_ready")
            assert answer.headers["retry-after"] == "5"
            assert str(tmp_path) not in answer.text
        check_problem(client.post("/v1/related", json={"title": "x"}), 503, "not_ready")
        build_store(store, records(DEMO)[:25], ENCODER)
        client.app.state.live.refresh()  # type: ignore[attr-defined]
        assert client.get("/readyz").status_code == 200
        assert client.get("/v1/index").json()["articles"] == 25


def test_an_article_put_before_the_first_snapshot_is_in_it(tmp_path: Path) -> None:
    key = {"Authorization": f"Bearer {KeyRing(tmp_path).new('test')}"}
    with served(tmp_path, writes=True) as client:
        answer = client.put("/v1/articles/early", json={"title": "Early news"}, headers=key)
        assert (answer.status_code, answer.json()["status"]) == (202, "pending")
        check_problem(client.get("/v1/articles/early"), 503, "not_ready")
        build_store(tmp_path, records(DEMO)[:20], ENCODER)
        client.app.state.live.refresh()  # type: ignore[attr-defined]
        assert client.get("/v1/articles/early").json()["title"] == "Early news"


def test_news_that_is_too_old_is_not_ready_until_there_is_newer(demo_store: Path, tmp_path: Path) -> None:
    store = shutil.copytree(demo_store, tmp_path / "store")
    key = {"Authorization": f"Bearer {KeyRing(store).new('test')}"}
    with served(store) as client:
        assert client.get("/readyz").status_code == 200  # off by default
        assert newest(client) == max(r.article.published_at for r in records(DEMO) if r.article.published_at)
        age = (datetime.now(UTC) - newest(client)) / timedelta(hours=1)
    with served(store, max_article_age_hours=age + 1) as client:
        assert client.get("/readyz").status_code == 200
    with served(store, max_article_age_hours=age - 1, writes=True) as client:
        check_problem(client.get("/readyz"), 503, "stale_articles")
        assert client.get("/healthz").status_code == 200
        assert client.get("/v1/index").status_code == 200  # old lists are better than none
        fresh = {"title": "News", "published_at": datetime.now(UTC).isoformat()}
        assert client.put("/v1/articles/fresh", json=fresh, headers=key).status_code == 200
        assert client.get("/readyz").status_code == 200  # a change counts like a build
        assert client.delete("/v1/articles/fresh", headers=key).status_code == 204
        check_problem(client.get("/readyz"), 503, "stale_articles")


@pytest.mark.parametrize("ahead", ["2999-01-01", "9999-12-31T23:59:59.999999Z"])
def test_what_is_dated_ahead_is_no_news(demo_store: Path, tmp_path: Path, ahead: str) -> None:
    """Nor does it break what tells the age of the news."""
    store = shutil.copytree(demo_store, tmp_path / "store")
    key = {"Authorization": f"Bearer {KeyRing(store).new('test')}"}
    with served(store, max_article_age_hours=1, writes=True) as client:
        before = client.get("/v1/index").json()["newest_article"]
        assert (
            client.put("/v1/articles/x", json={"title": "News", "published_at": ahead}, headers=key).status_code == 200
        )
        check_problem(client.get("/readyz"), 503, "stale_articles")
        assert client.get("/v1/index").json()["newest_article"] == before
        assert client.get("/metrics").status_code == 200
        assert client.get("/v1/articles/x", headers=key).json()["published_at"].startswith(ahead[:10])


def test_a_build_that_finds_nothing_new_keeps_the_index_fresh(demo_store: Path, tmp_path: Path) -> None:
    store = shutil.copytree(demo_store, tmp_path / "store")
    version = current_version(store)
    with served(store, max_index_age_hours=2) as client:
        live = client.app.state.live  # type: ignore[attr-defined]
        object.__setattr__(live.snapshot().manifest, "built_at", datetime.now(UTC) - timedelta(hours=3))
        os.utime(store / "CURRENT", (0, 0))
        live.refresh()
        check_problem(client.get("/readyz"), 503, "stale_index")
        build_store(store, [], ENCODER)
        assert current_version(store) == version
        live.refresh()
        assert client.get("/readyz").status_code == 200


def test_probes_and_kept_answers_wait_for_no_catalog(
    demo_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that takes long to fail: only the first request after a change, and the poll, ever ask it."""
    store = shutil.copytree(demo_store, tmp_path / "store")
    with served(store, writes=True) as client:
        live, asked = client.app.state.live, []  # type: ignore[attr-defined]
        live.stop()
        path = f"/v1/articles/{records(DEMO)[0].article.id}/related"
        assert client.get(path).status_code == 200

        def fail() -> int:
            asked.append(1)
            raise CatalogError("no answer after 30 s")

        monkeypatch.setattr(live.catalog, "seq", fail)
        live.notify()
        assert client.get("/readyz").status_code == 200
        assert asked == []
        assert {client.get(path).status_code for _ in range(20)} == {200}
        assert asked == [1]
        assert live.behind


def test_where_no_date_is_known_nothing_is_old(tmp_path: Path) -> None:
    key = {"Authorization": f"Bearer {KeyRing(tmp_path).new('test')}"}
    with served(tmp_path, writes=True) as client:
        for number in range(3):
            client.put(f"/v1/articles/{number}", json={"title": f"Undated {number}"}, headers=key)
    build_store(tmp_path, [], ENCODER)
    with served(tmp_path, max_article_age_hours=0.001) as client:
        assert client.get("/v1/index").json()["newest_article"] is None
        assert client.get("/readyz").status_code == 200
