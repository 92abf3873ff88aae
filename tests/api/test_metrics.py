"""The numbers at /metrics, against counting by hand; labels that no client can choose."""

import asyncio
import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from api.cli import app as commands
from api.metrics import WORKERS
from index.build import build
from index.store.publish import open_current
from recommender.articles import Article, Record
from recommender.catalog import Catalog
from tests.api.serving import ENCODER, Asgi, application, served
from tests.conftest import DEMO, ROOT, build_store, records

IDS = [record.article.id for record in records(DEMO)]


@pytest.fixture
def client(demo_store: Path) -> Iterator[TestClient]:
    with served(demo_store) as found:
        yield found


def numbers(client: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample, by name and labels, as Prometheus would read it."""
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def labelled(name: str, **labels: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    return name, tuple(sorted(labels.items()))


def test_requests_are_counted_by_route_and_class_of_status(client: TestClient) -> None:
    asked = [
        ("/v1/articles/{id}/related", [f"/v1/articles/{i}/related" for i in IDS[:5]] * 2, "2xx"),
        ("/v1/articles/{id}/related", ["/v1/articles/nowhere/related"] * 3, "4xx"),
        ("/v1/articles/{id}", [f"/v1/articles/{IDS[0]}"] * 4, "2xx"),
        ("/v1/index", ["/v1/index"], "2xx"),
        ("none", ["/v9/x", "/etc/passwd"], "4xx"),
    ]
    for _, paths, _ in asked:
        for path in paths:
            client.get(path)
    found = numbers(client)
    for route, paths, status in asked:
        assert found[labelled("related_request_seconds_count", route=route, status=status)] == len(paths)
        assert found[labelled("related_request_seconds_sum", route=route, status=status)] > 0
    assert found[labelled("related_cached_answers_total", result="miss")] == 6 + 3
    assert found[labelled("related_cached_answers_total", result="hit")] == 5 + 3


def test_a_304_is_counted_as_what_it_is(client: TestClient) -> None:
    path = f"/v1/articles/{IDS[0]}/related"
    tag = client.get(path).headers["etag"]
    client.get(path, headers={"if-none-match": tag})
    assert (
        numbers(client)[labelled("related_request_seconds_count", route="/v1/articles/{id}/related", status="3xx")] == 1
    )


def test_lengths_of_lists_and_the_thin_among_them(client: TestClient) -> None:
    lengths: Counter[tuple[str, int]] = Counter()
    for limit in (1, 3, 8, 100):
        for _ in range(3):
            body = client.get(f"/v1/articles/{IDS[0]}/related?limit={limit}").json()
            lengths[body["status"], body["count"]] += 1
    lengths["ok", client.post("/v1/related?limit=2", json={"title": "ship aground"}).json()["count"]] += 1
    found = numbers(client)
    for status in ("ok", "thin"):
        mine = {length: n for (s, length), n in lengths.items() if s == status}
        assert found[labelled("related_list_length_count", status=status)] == sum(mine.values()) > 0
        assert found[labelled("related_list_length_sum", status=status)] == sum(k * n for k, n in mine.items())
        for bound in (2, 8, 50):
            expected = sum(n for length, n in mine.items() if length <= bound)
            assert found[labelled("related_list_length_bucket", status=status, le=f"{bound:.1f}")] == expected


def test_no_client_can_make_a_label(client: TestClient) -> None:
    def series() -> set[tuple[str, tuple[tuple[str, str], ...]]]:
        return {key for key in numbers(client) if not key[0].startswith(("process_", "python_"))}

    client.get("/v1/articles/x/related")
    client.get("/x")
    client.request("PUT", "/v1/index")
    numbers(client)
    before = series()
    for n in range(50):
        client.get(f"/v1/articles/{n}/related?limit={n}&x={n}", headers={"x-request-id": f"id-{n}", "accept": f"{n}"})
        client.get(f"/{n}")
        client.request("PATCH" if n % 2 else "TRACE", "/v1/index")
    assert series() == before


def test_facts_about_the_snapshot(client: TestClient, demo_store: Path) -> None:
    before = datetime.now(UTC)
    found, manifest = numbers(client), open_current(demo_store).manifest
    after = datetime.now(UTC)
    assert found[labelled("related_snapshot_info", version=manifest.version, model="hash")] == 1
    assert found[labelled("related_snapshot_in_service")] == 1
    assert found[labelled("related_snapshot_articles")] == len(IDS)
    newest = max(r.article.published_at for r in records(DEMO) if r.article.published_at)
    for name, since in (("newest_article", newest), ("snapshot", manifest.built_at)):
        age = found[labelled(f"related_{name}_age_seconds")]
        assert (before - since).total_seconds() <= age <= (after - since).total_seconds()


def test_without_a_snapshot_and_with_one_that_cannot_be_opened(tmp_path: Path) -> None:
    with served(tmp_path) as client:
        found = numbers(client)
        assert found[labelled("related_snapshot_in_service")] == 0
        assert found[labelled("related_snapshot_failures_total")] == 0  # nothing published is no failure
        assert labelled("related_snapshot_articles") not in found
        build_store(tmp_path, records(DEMO)[:10], ENCODER)
        live = client.app.state.live  # type: ignore[attr-defined]
        live.refresh()
        (tmp_path / "CURRENT").write_text("0" * 16 + "\n")
        live.refresh()
        found = numbers(client)
        assert found[labelled("related_snapshot_in_service")] == 1
        assert found[labelled("related_snapshot_failures_total")] >= 1
        with closing(Catalog.open(tmp_path)) as catalog:
            catalog.put(records(DEMO)[10:20])
            build(tmp_path, catalog, ENCODER)
        live.refresh()
        assert numbers(client)[labelled("related_snapshot_articles")] == 20


def test_it_can_be_switched_off(demo_store: Path) -> None:
    with served(demo_store, metrics=False) as client:
        assert client.get("/metrics").status_code == 404


CHILD = """
import sys
from pathlib import Path
from tests.api.serving import served
with served(Path(sys.argv[1])) as client:
    for _ in range(int(sys.argv[2])):
        client.get("/healthz")
    print(client.get("/metrics").text)
"""


def test_worker_processes_add_up_their_numbers(demo_store: Path, tmp_path: Path) -> None:
    """What `related-api --workers` sets: each process counts into one folder, any of them tells the sum."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    for times in ("3", "4"):
        command = [sys.executable, "-c", CHILD, str(demo_store), times]
        said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    (count,) = (
        line for line in said.splitlines() if line.startswith("related_request_seconds_count") and "healthz" in line
    )
    assert float(count.split()[-1]) == 7
    assert "related_snapshot_in_service 1.0" in said


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_it_is_told_while_every_thread_is_busy(demo_store: Path, path: str) -> None:
    app = application(demo_store)
    app.state.live.refresh()

    async def story() -> int:
        threads, release = anyio.to_thread.current_default_thread_limiter(), threading.Event()
        threads.total_tokens = 1
        busy = asyncio.create_task(anyio.to_thread.run_sync(release.wait))
        await asyncio.sleep(0.01)
        try:
            return (await asyncio.wait_for(Asgi(app)("GET", path), 60))[0]  # else it waits for ever
        finally:
            release.set()
            await busy

    assert asyncio.run(story()) == 200


def test_the_workers_folder_is_gone_when_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[tuple[Path, bool]] = []

    def run(*_: object, **__: object) -> None:
        folder = Path(os.environ[WORKERS])
        seen.append((folder, folder.is_dir()))

    monkeypatch.setenv(WORKERS, "")  # restores both at the end
    monkeypatch.delenv(WORKERS)
    monkeypatch.setenv("RELATED_STORE", "")
    monkeypatch.setattr("api.cli.run_server", run)
    assert CliRunner().invoke(commands, ["--store", str(tmp_path), "--workers", "2"]).exit_code == 0
    ((folder, was_there),) = seen
    assert was_there
    assert not folder.exists()


def test_the_tail_and_fillers_are_counted(demo_store: Path, tmp_path: Path) -> None:
    store = shutil.copytree(demo_store, tmp_path / "store")
    with served(store, writes=True) as client:
        writer = client.app.state.writer  # type: ignore[attr-defined]
        assert numbers(client)[labelled("related_tail_articles")] == 0
        writer.put([Record(Article("new", title="A ship", body="A ship in the harbour."), "")])
        writer.remove("2025-01-chess-quillan")
        client.get("/v1/articles/2025-08-sky-notes/related?limit=9&min_score=1&fallback=latest")
        found = numbers(client)
        assert found[labelled("related_tail_articles")] == 2
        assert found[labelled("related_pending_articles")] == 0
        assert found[labelled("related_fallback_items_total")] == 9
        index = client.get("/v1/index").json()
        assert (index["tail"], index["pending"]) == (2, 0)
