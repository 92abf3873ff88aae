"""Overrides over HTTP: kept as given, in force when answered, refused where they do not fit, shown to nobody else."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.keys import KeyRing
from index.build import build
from recommender.articles import Article, Record
from recommender.catalog import Catalog
from recommender.editors.overrides import Block, Fill, Overrides, Pin
from tests.api.serving import ENCODER, Asgi, application, served
from tests.api.test_app import check_problem
from tests.conftest import DEMO, records

FULL = [record.article for record in records(DEMO) if record.article.body]
A, B, C, D = (article.id for article in FULL[:4])
PATH = f"/v1/articles/{A}/overrides"
LATER = datetime(2099, 12, 31, 23, 0, tzinfo=UTC)
EMPTY: dict[str, Any] = {"pin": [], "block": [], "mode": "fill"}


@pytest.fixture
def store(demo_store: Path, tmp_path: Path) -> Path:
    return shutil.copytree(demo_store, tmp_path / "store")


@pytest.fixture
def key(store: Path) -> dict[str, str]:
    return {"Authorization": f"Bearer {KeyRing(store).new('editor')}"}


@pytest.fixture
def client(store: Path) -> Iterator[TestClient]:
    with served(store, writes=True) as client:
        yield client


def pins(*items: tuple[str, int], until: str | None = None) -> dict[str, Any]:
    return {"pin": [{"id": name, "position": position, "until": until} for name, position in items]}


def in_force(client: TestClient) -> dict[str, Overrides]:
    return dict(client.app.state.live.snapshot().editorial.overrides)  # type: ignore[attr-defined]


def test_what_is_put_is_answered_kept_and_in_force(client: TestClient, key: dict[str, str]) -> None:
    assert client.get(PATH, headers=key).json() == EMPTY
    body = {
        "pin": [{"id": B, "position": 3}, {"id": FULL[2].url, "position": 1, "until": "2100-01-01T00:00:00+01:00"}],
        "block": [{"id": D, "until": "2099-12-31T23:00"}],
        "mode": "replace",
    }
    answer = client.put(PATH, json=body, headers=key)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "pin": [
            {"id": B, "position": 3, "until": None},
            {"id": FULL[2].url, "position": 1, "until": "2099-12-31T23:00:00Z"},
        ],
        "block": [{"id": D, "until": "2099-12-31T23:00:00Z"}],
        "mode": "replace",
    }
    decided = Overrides((Pin(B, 3), Pin(str(FULL[2].url), 1, LATER)), (Block(D, LATER),), Fill.REPLACE)
    assert in_force(client) == {A: decided}
    found = client.get(PATH, headers=key)
    assert found.json() == answer.json()
    assert client.put(PATH, json=found.json(), headers=key).json() == found.json(), "what is read can be put"
    assert in_force(client) == {A: decided}


def test_a_later_put_takes_the_place_of_the_earlier_and_an_empty_one_undoes_all(
    client: TestClient, key: dict[str, str]
) -> None:
    version = client.get("/v1/articles/" + A).json()["index_version"]
    client.put(PATH, json=pins((B, 1)), headers=key)
    assert client.get("/v1/articles/" + A).json()["index_version"] != version
    client.put(PATH, json={"block": [{"id": C}]}, headers=key)
    assert in_force(client) == {A: Overrides(blocks=(Block(C),))}
    assert client.put(PATH, json={}, headers=key).json() == EMPTY
    assert in_force(client) == {}
    assert client.get("/v1/articles/" + A).json()["index_version"] == version


def test_a_list_may_be_wanted_empty(client: TestClient, key: dict[str, str]) -> None:
    answer = client.put(PATH, json={"mode": "replace"}, headers=key)
    assert (answer.status_code, answer.json()) == (200, {**EMPTY, "mode": "replace"})
    assert in_force(client) == {A: Overrides(mode=Fill.REPLACE)}


def test_the_other_process_knows_at_once(store: Path, key: dict[str, str]) -> None:
    with served(store, writes=True) as one, served(store, writes=True) as two:
        for each in (one, two):
            each.app.state.live._poll_seconds = 60  # type: ignore[attr-defined]
        one.put(PATH, json=pins((B, 1)), headers=key)
        assert two.get(f"/v1/articles/{A}").json()["index_version"] == in_force_version(one)
        assert in_force(two) == {A: Overrides((Pin(B, 1),))}
        assert two.get(PATH, headers=key).json()["pin"] == [{"id": B, "position": 1, "until": None}]


def in_force_version(client: TestClient) -> str:
    version: str = client.app.state.live.snapshot().version  # type: ignore[attr-defined]
    return version


def test_a_former_id_leads_to_the_article(store: Path, key: dict[str, str]) -> None:
    teaser = "Quite another ship has been seen off the harbour's mouth, and nobody knows where it came from."
    with closing(Catalog.open(store)) as catalog:
        catalog.put([Record(Article(id="old", teasers=(teaser,), is_stub=True), "made")])
        catalog.put([Record(Article(id="new", title="A ship", teasers=(teaser,), body="It was seen."), "made")])
        build(store, catalog, ENCODER)
    with served(store, writes=True) as client:
        client.put("/v1/articles/old/overrides", json=pins((B, 1)), headers=key)
        assert in_force(client) == {"new": Overrides((Pin(B, 1),))}
        assert client.get("/v1/articles/new/overrides", headers=key).json()["pin"][0]["id"] == B
        answer = client.put("/v1/articles/new/overrides", json=pins(("old", 1)), headers=key)
        check_problem(answer, 422, "invalid_request")
        assert faults(answer) == [("body.pin.0.id", "'old' is the article itself")]


def test_an_article_with_slashes_has_overrides_too(client: TestClient, key: dict[str, str]) -> None:
    client.put("/v1/articles/news/2025/1", json={"title": "Slashes", "body": "In the name."}, headers=key)
    for path in ("/v1/articles/news/2025/1/overrides", "/v1/articles/news%2F2025%2F1/overrides"):
        assert client.put(path, json=pins((B, 1)), headers=key).status_code == 200
        assert in_force(client) == {"news/2025/1": Overrides((Pin(B, 1),))}


def test_what_is_over_is_shown_no_more(client: TestClient, store: Path, key: dict[str, str]) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    with closing(Catalog.open(store)) as catalog:
        catalog.put_overrides(A, Overrides((Pin(B, 1, past), Pin(C, 2)), (Block(D, past),)))
    assert client.get(PATH, headers=key).json() == {**EMPTY, "pin": [{"id": C, "position": 2, "until": None}]}


def faults(answer: Any) -> list[tuple[str, str]]:
    return [(fault["where"], fault["message"]) for fault in answer.json()["errors"]]


URL = str(FULL[1].url)
REFUSED: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    (pins((B, 1), (B, 2)), [("body.pin.1.id", f"{B!r} is pinned already, as {B!r}")]),
    (pins((B, 1), (URL, 2)), [("body.pin.1.id", f"{URL!r} is pinned already, as {B!r}")]),
    (pins((B, 1), (C, 1)), [("body.pin.1.position", f"position 1 is {B!r}'s already")]),
    (
        {**pins((B, 1), (C, 2)), "block": [{"id": D}, {"id": URL}]},
        [("body.block.1.id", f"{URL!r} is pinned, too, as {B!r}")],
    ),
    (pins((A, 1)), [("body.pin.0.id", f"{A!r} is the article itself")]),
    (pins((str(FULL[0].url), 1)), [("body.pin.0.id", f"{FULL[0].url!r} is the article itself")]),
    (pins((B, 1), ("nowhere", 2)), [("body.pin.1.id", "no article has the id or URL 'nowhere'")]),
    ({"block": [{"id": "nowhere"}]}, [("body.block.0.id", "no article has the id or URL 'nowhere'")]),
    (pins((B, 1), until="2020-01-01"), [("body.pin.0.until", "2020-01-01T00:00:00+00:00 is over already")]),
    (
        {"block": [{"id": B, "until": "2020-01-01T01:00:00+01:00"}]},
        [("body.block.0.until", "2020-01-01T00:00:00+00:00 is over already")],
    ),
    (
        {**pins((A, 1), ("nowhere", 1)), "block": [{"id": "x"}]},
        [
            ("body.pin.0.id", f"{A!r} is the article itself"),
            ("body.pin.1.position", f"position 1 is {A!r}'s already"),
            ("body.pin.1.id", "no article has the id or URL 'nowhere'"),
            ("body.block.0.id", "no article has the id or URL 'x'"),
        ],
    ),
    (pins((B, 0)), [("body.pin.0.position", "Input should be greater than or equal to 1")]),
    (pins((B, 101)), [("body.pin.0.position", "Input should be less than or equal to 100")]),
    (pins(("", 1)), [("body.pin.0.id", "String should have at least 1 character")]),
    (pins((B, 1), until="soon"), [("body.pin.0.until", "Input should be a date or a time in ISO 8601")]),
    ({"pin": [{"id": B}]}, [("body.pin.0.position", "Field required")]),
    ({"mode": "other"}, [("body.mode", "Input should be 'fill' or 'replace'")]),
    ({"pins": []}, [("body.pins", "Extra inputs are not permitted")]),
    ({"block": [{"id": B, "position": 1}]}, [("body.block.0.position", "Extra inputs are not permitted")]),
    (
        pins(*((B, 1) for _ in range(101))),
        [("body.pin", "List should have at most 100 items after validation, not 101")],
    ),
    (
        {"block": [{"id": B}] * 101},
        [("body.block", "List should have at most 100 items after validation, not 101")],
    ),
]


@pytest.mark.parametrize(("body", "expected"), REFUSED)
def test_what_does_not_fit_is_named_and_not_stored(
    client: TestClient, key: dict[str, str], body: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    answer = client.put(PATH, json=body, headers=key)
    check_problem(answer, 422, "invalid_request")
    assert faults(answer) == expected
    assert answer.json()["detail"] == "; ".join(f"{where}: {text}" for where, text in expected)[:300]
    assert client.get(PATH, headers=key).json() == EMPTY
    assert in_force(client) == {}


def test_a_hundred_of_each_fit(client: TestClient, key: dict[str, str]) -> None:
    names = [record.article.id for record in records(DEMO)][1:]
    body = {**pins((names[0], 100)), "block": [{"id": names[1 + n % (len(names) - 1)]} for n in range(100)]}
    assert client.put(PATH, json=body, headers=key).status_code == 200


def test_an_unknown_article_has_none(client: TestClient, key: dict[str, str]) -> None:
    for method, body in (("GET", None), ("PUT", pins((B, 1))), ("PUT", pins(("nowhere", 1)))):
        answer = client.request(method, "/v1/articles/nowhere/overrides", json=body, headers=key)
        check_problem(answer, 404, "article_not_found")
        assert answer.json()["detail"] == "no article has the id 'nowhere'"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer rk_wrong"}])
def test_nobody_sees_or_decides_without_a_key(
    client: TestClient, key: dict[str, str], method: str, given: dict[str, str]
) -> None:
    client.put(PATH, json=pins((B, 1)), headers=key)
    for _ in range(2):
        assert client.get(PATH, headers=key).status_code == 200
        answer = client.request(method, PATH, json=None if method != "PUT" else {"pin": "nonsense"}, headers=given)
        assert answer.status_code == 401
        assert B not in answer.text
    check_problem(client.get(PATH, headers=given), 401, "key_refused" if given else "key_required")
    assert in_force(client) == {A: Overrides((Pin(B, 1),))}


def test_it_is_never_kept(client: TestClient, key: dict[str, str]) -> None:
    for _ in range(2):
        answer = client.get(PATH, headers=key)
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
    registry = client.app.state.metrics.registry  # type: ignore[attr-defined]
    for result in ("hit", "miss", "shared"):
        assert registry.get_sample_value("related_cached_answers_total", {"result": result}) == 0


def test_a_request_without_a_key_shares_no_flight(store: Path, key: dict[str, str]) -> None:
    """Equal requests at the same time are answered once elsewhere; here each shows its own key."""
    app = application(store, writes=True)
    app.state.live.start()
    asgi = Asgi(app)

    async def both() -> list[int]:
        answers = await asyncio.gather(*(asgi("GET", PATH, headers) for headers in (key, {}, key, {})))
        return [status for status, _, _ in answers]

    try:
        assert asyncio.run(both()) == [200, 401, 200, 401]
    finally:
        app.state.live.stop()


@pytest.mark.parametrize("method", ["DELETE", "POST", "PATCH"])
def test_other_methods_are_405(client: TestClient, key: dict[str, str], method: str) -> None:
    client.put(PATH, json=pins((B, 1)), headers=key)
    for headers in (key, {}):
        answer = client.request(method, PATH, headers=headers)
        check_problem(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == "GET, HEAD, PUT"
    assert client.get(f"/v1/articles/{A}").status_code == 200
    assert in_force(client) == {A: Overrides((Pin(B, 1),))}


def test_no_article_is_called_like_the_path(client: TestClient, key: dict[str, str]) -> None:
    line = b'{"id": "x/overrides", "title": "T"}'
    (found,) = client.post("/v1/articles:bulk", content=line, headers=key).json()["lines"]
    assert found["status"] == "rejected"
    assert 'ends in "/overrides", which the HTTP paths reserve' in found["error"]


def test_where_there_is_no_catalog_there_are_none(store: Path, key: dict[str, str]) -> None:
    with served(store) as client:
        for method in ("GET", "PUT"):
            check_problem(client.request(method, PATH, json={}, headers=key), 503, "read_only")


def test_before_the_first_build_nothing_is_decided(tmp_path: Path) -> None:
    with closing(Catalog.open(tmp_path)) as catalog:
        catalog.put(records(DEMO)[:3])
    key = {"Authorization": f"Bearer {KeyRing(tmp_path).new('editor')}"}
    with served(tmp_path, writes=True) as client:
        check_problem(client.put(PATH, json=pins((B, 1)), headers=key), 503, "not_ready")
        assert client.get(PATH, headers=key).json() == EMPTY
