"""What a request costs, who has to pay for it, and what is too dear for one."""

import asyncio
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.costs import Budgets, client_of, cost_of_batch, cost_of_draft, cost_of_list
from api.keys import KeyRing
from api.problems import ProblemError
from api.requests import MAX_BATCH_EXCLUDED, MAX_EXPLAINED, Batch, RelatedParams
from recommender.ranking.request import Fallback
from tests.api.serving import Asgi, application, served
from tests.api.test_app import check_problem

DRAFT = b'{"title": "A ship aground off the harbour"}'
JSON = {"content-type": "application/json"}
SHIP = "2025-07-first-deep-ship"


@pytest.mark.parametrize(
    ("asked", "cost"),
    [
        (RelatedParams(), 1.0),
        (RelatedParams(limit=100), 2.84),
        (RelatedParams(diversity=0.5), 1.4),
        (RelatedParams(explain=True), 5.6),
        (RelatedParams(exclude=["a"] * 500), 4.0),
        (RelatedParams(fallback=Fallback.LATEST), 1.5),
    ],
)
def test_the_cost_of_a_list(asked: RelatedParams, cost: float) -> None:
    assert cost_of_list(asked) == pytest.approx(cost)
    assert cost_of_draft(asked, 10_000) == pytest.approx(cost + 2.3)


def test_nothing_that_is_let_through_costs_more_than_is_promised() -> None:
    """15 plain lists for one list, of a draft or not; 60 for a batch."""
    everything = {"diversity": 1.0, "fallback": Fallback.LATEST, "exclude": ["a"] * 500}
    assert (
        max(
            cost_of_list(RelatedParams(limit=100, **everything)),
            cost_of_list(RelatedParams(limit=MAX_EXPLAINED, explain=True, **everything)),
        )
        < 15
    )
    assert cost_of_list(RelatedParams(limit=MAX_EXPLAINED, explain=True, **everything)) < 15
    requests = [{"id": "x", "limit": 10, "diversity": 0.5} for _ in range(40)]
    assert cost_of_batch(Batch.model_validate({"requests": requests})) < 60
    with pytest.raises(ProblemError, match="these lists cost as much as 8[0-9] plain ones, one batch may cost 60"):
        cost_of_batch(
            Batch.model_validate({"requests": [{**each, "fallback": "latest"} for each in requests * 2][:50]})
        )


def test_what_is_too_much_for_one_request_is_said(demo_store: Path) -> None:
    with served(demo_store) as client:
        long = client.get(f"/v1/articles/{SHIP}/related?explain=true&limit={MAX_EXPLAINED + 1}")
        check_problem(long, 422, "invalid_request")
        assert f"with explain, limit is at most {MAX_EXPLAINED}" in long.json()["detail"]
        assert client.get(f"/v1/articles/{SHIP}/related?explain=true&limit={MAX_EXPLAINED}").status_code == 200
        for requests, message in (
            ([{"id": SHIP, "limit": 3, "explain": True}] * 6, f"to explain add up to 18, at most {MAX_EXPLAINED}"),
            ([{"id": SHIP, "exclude": ["x"] * 401}] * 5, f"names 2005 articles in all, at most {MAX_BATCH_EXCLUDED}"),
            ([{"id": SHIP, "limit": 100}] * 6, "the limits add up to 600, at most 500"),
        ):
            refused = client.post("/v1/related:batch", json={"requests": requests})
            check_problem(refused, 422, "invalid_request")
            assert message in refused.json()["detail"]
        dear = {"id": SHIP, "limit": 10, "diversity": 0.5, "fallback": "latest"}
        check_problem(client.post("/v1/related:batch", json={"requests": [dear] * 50}), 422, "batch_too_dear")
        assert client.post("/v1/related:batch", json={"requests": [dear] * 30}).status_code == 200


def test_only_what_is_dear_is_counted_and_only_of_who_has_no_key(demo_store: Path, tmp_path: Path) -> None:
    store = shutil.copytree(demo_store, tmp_path / "store")
    key = {"Authorization": f"Bearer {KeyRing(store).new('test')}"}
    path, batch = f"/v1/articles/{SHIP}/related", {"requests": [{"id": SHIP}] * 10}
    with served(store, cost_per_minute=10, cache_mb=0) as client:
        assert {client.get(f"{path}?limit=50").status_code for _ in range(30)} == {200}
        assert client.get(f"{path}?explain=true&limit=16").status_code == 200
        refused = client.get(f"{path}?explain=true&limit=16")
        check_problem(refused, 429, "budget_spent")
        assert "this costs as much as 9 plain lists, of which a client without a key has 10 a minute" in refused.text
        assert 40 <= int(refused.headers["retry-after"]) <= 62
        check_problem(client.post("/v1/related:batch", json=batch), 429, "budget_spent")
        assert client.get(path).status_code == 200
        for _ in range(5):
            assert client.get(f"{path}?explain=true&limit=16", headers=key).status_code == 200
            assert client.post("/v1/related:batch", json=batch, headers=key).status_code == 200
            assert client.post("/v1/related", content=DRAFT, headers={**JSON, **key}).status_code == 200
        wrong = {"Authorization": "Bearer rk_nobodys"}
        check_problem(client.post("/v1/related:batch", json=batch, headers=wrong), 429, "budget_spent")
    with served(store, cost_per_minute=0, cache_mb=0) as client:
        assert {client.post("/v1/related:batch", json=batch).status_code for _ in range(12)} == {200}


def test_what_costs_more_than_a_bucket_takes_a_full_one_and_leaves_a_debt() -> None:
    moment = [0.0]
    budgets = Budgets(60, clock=lambda: moment[0])
    assert budgets.wait("a", 90) == 0
    assert budgets.wait("a", 1) == pytest.approx(31)
    moment[0] += 31
    assert budgets.wait("a", 1, take=False) == 0
    assert budgets.wait("a", 1) == 0
    assert budgets.wait("a", 1) > 0


def test_a_bucket_against_counting_by_hand() -> None:
    """Over random arrivals: never more than the bucket plus what flowed in, and refused only if there was none."""
    rng = random.Random(3)
    moment = [0.0]
    buckets = Budgets(30, clock=lambda: moment[0])
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
    buckets = Budgets(7, clock=lambda: moment[0])
    for _ in range(50):
        wait = buckets.wait("a")
        if wait:
            moment[0] += wait * 0.99
            assert buckets.wait("a") > 0
            moment[0] += wait * 0.01 + 1e-9
            assert buckets.wait("a") == 0


def test_clients_are_independent_and_few_are_remembered() -> None:
    buckets = Budgets(1, clock=lambda: 0.0, clients=100)
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
    with served(demo_store, cost_per_minute=9) as client:
        assert [post(client).status_code for _ in range(3)] == [200] * 3
        refused = post(client)
        check_problem(refused, 429, "budget_spent")
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert client.get("/v1/index").status_code == 200  # reads are free
        forged = post(client, **{"x-forwarded-for": "203.0.113.9"})
        assert forged.status_code == 429  # no proxy is trusted


def test_behind_a_trusted_proxy_clients_are_told_apart(demo_store: Path) -> None:
    options = {"cost_per_minute": 6, "trusted_proxies": "192.0.2.0/24"}
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
