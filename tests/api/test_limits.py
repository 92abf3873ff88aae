"""Bodies and drafts: what is too much, for whom, and until when; and an index that is too old."""

import asyncio
import os
import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.limits import Buckets, client_of
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


def test_a_bucket_against_counting_by_hand() -> None:
    """Over random arrivals: never more than the bucket plus what flowed in, and refused only if there was none."""
    rng = random.Random(3)
    moment = [0.0]
    buckets = Buckets(30, clock=lambda: moment[0])
    level = 30.0
    for _ in range(2_000):
        step = rng.expovariate(1)
        moment[0] += step
        level = min(30.0, level + step / 2)
        wait = buckets.wait("a")
        if level >= 1:
            assert wait == 0
            level -= 1
        else:
            assert wait == pytest.approx((1 - level) * 2)


def test_waiting_as_long_as_told_is_enough() -> None:
    moment = [0.0]
    buckets = Buckets(7, clock=lambda: moment[0])
    for _ in range(50):
        wait = buckets.wait("a")
        if wait:
            moment[0] += wait * 0.99
            assert buckets.wait("a") > 0
            moment[0] += wait * 0.01 + 1e-9
            assert buckets.wait("a") == 0


def test_clients_are_independent_and_few_are_remembered() -> None:
    buckets = Buckets(1, clock=lambda: 0.0, clients=100)
    assert [buckets.wait(str(n)) for n in range(100)] == [0] * 100
    assert all(buckets.wait(str(n)) > 0 for n in range(100))
    assert [buckets.wait(f"x{n}") for n in range(5_000)] == [0] * 5_000
    assert len(buckets) == 100


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("unix", "unix", True),
        ("a" * 100, "a" * 5_000, True),
    ],
)
def test_who_is_one_client(one: str, other: str, same: bool) -> None:
    assert (client_of(one) == client_of(other)) is same


def post(client: TestClient, **headers: str) -> Any:
    return client.post("/v1/related", content=DRAFT, headers={**JSON, **headers})


def test_too_many_drafts(demo_store: Path) -> None:
    with served(demo_store, drafts_per_minute=3) as client:
        assert [post(client).status_code for _ in range(3)] == [200] * 3
        refused = post(client)
        check_problem(refused, 429, "too_many_drafts")
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert client.get("/v1/index").status_code == 200  # reads are free
        forged = post(client, **{"x-forwarded-for": "203.0.113.9"})
        assert forged.status_code == 429  # no proxy is trusted


def test_behind_a_trusted_proxy_clients_are_told_apart(demo_store: Path) -> None:
    options = {"drafts_per_minute": 2, "trusted_proxies": "192.0.2.0/24"}
    app = application(demo_store, **options)
    app.state.live.refresh()
    ask = Asgi(app)  # its client is 192.0.2.1

    def statuses(forwarded: str) -> list[int]:
        return [
            asyncio.run(ask("POST", "/v1/related", {**JSON, "x-forwarded-for": forwarded}, (DRAFT,)))[0]
            for _ in range(3)
        ]

    assert statuses("203.0.113.1") == [200, 200, 429]
    assert statuses("203.0.113.2") == [200, 200, 429]
    assert statuses("198.51.100.7, 203.0.113.2") == [429] * 3  # what a client wrote itself is not believed


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
