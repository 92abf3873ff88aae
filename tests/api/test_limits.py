"""Bodies: what is too much; and an index that is too old."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.api.serving import Asgi, application, served
from tests.api.test_app import check_problem

LIMIT = 2 * 1024
DRAFT = b'{"title": "A ship aground off the harbour"}'
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def small(demo_store: Path) -> Iterator[TestClient]:
    with served(demo_store, max_body_kb=2) as client:
        yield client


def draft_of(size: int) -> bytes:
    return b'{"title": "harbour", "x": "' + b"y" * (size - 29) + b'"}'


def test_a_body_may_be_as_long_as_the_limit_and_no_longer(small: TestClient) -> None:
    assert len(draft_of(LIMIT)) == LIMIT
    assert small.post("/v1/related", content=draft_of(LIMIT), headers=JSON).status_code == 200
    check_problem(small.post("/v1/related", content=draft_of(LIMIT + 1), headers=JSON), 413, "body_too_large")


def test_a_body_without_a_length_is_counted_as_it_comes(small: TestClient) -> None:
    def chunks(size: int) -> Iterator[bytes]:
        body = draft_of(size)
        yield from (body[place : place + 100] for place in range(0, size, 100))

    assert small.post("/v1/related", content=chunks(LIMIT), headers=JSON).status_code == 200
    check_problem(small.post("/v1/related", content=chunks(LIMIT + 1), headers=JSON), 413, "body_too_large")


def test_no_more_is_read_than_the_limit(demo_store: Path) -> None:
    app = application(demo_store, max_body_kb=1)
    app.state.live.refresh()
    ask = Asgi(app)
    status, _, _ = asyncio.run(ask("POST", "/v1/related", JSON, (b"x" * 500,) * 1_000))
    assert (status, ask.read) == (413, 3)
    declared = {**JSON, "content-length": "500000"}
    status, _, _ = asyncio.run(ask("POST", "/v1/related", declared, (b"x" * 500,) * 1_000))
    assert (status, ask.read) == (413, 0)
    absurd = {**JSON, "content-length": "9" * 5_000}  # more digits than Python makes a number of
    status, _, _ = asyncio.run(ask("POST", "/v1/related", absurd, (b"x" * 500,) * 1_000))
    assert (status, ask.read) == (413, 3)


def test_an_index_that_is_too_old_is_not_ready(demo_store: Path, tmp_path: Path) -> None:
    with served(shutil.copytree(demo_store, tmp_path / "store"), max_index_age_hours=2) as client:
        assert client.get("/readyz").status_code == 200
        manifest = client.app.state.live.snapshot().manifest  # type: ignore[attr-defined]
        os.utime(client.app.state.live.store / "CURRENT", (0, 0))  # type: ignore[attr-defined]
        client.app.state.live.refresh()  # type: ignore[attr-defined]
        for hours, status in ((1.99, 200), (2.01, 503)):
            object.__setattr__(manifest, "built_at", datetime.now(UTC) - timedelta(hours=hours))
            assert client.get("/readyz").status_code == status
        check_problem(client.get("/readyz"), 503, "stale_index")
        assert client.get("/healthz").status_code == 200
        assert client.get("/v1/index").status_code == 200  # old lists are better than none
    with served(demo_store) as client:
        manifest = client.app.state.live.snapshot().manifest  # type: ignore[attr-defined]
        object.__setattr__(manifest, "built_at", datetime(2001, 1, 1, tzinfo=UTC))
        assert client.get("/readyz").status_code == 200  # off by default
