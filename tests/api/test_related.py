"""What the routes of related lists add to the lists themselves: batches, lifetimes, what is pending."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.keys import KeyRing
from tests.api.serving import served

SHIP = "2025-07-first-deep-ship"
TRAM = "2025-03-tram-vote"


@pytest.fixture(scope="module")
def client(demo_store: Path) -> Iterator[TestClient]:
    with served(demo_store) as found:
        yield found


def batch(client: TestClient, *requests: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    answer = client.post("/v1/related:batch", json={"requests": list(requests), **more})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return list(answer.json()["results"])


def test_a_batch_answers_what_the_single_requests_answer(client: TestClient) -> None:
    url = client.get(f"/v1/articles/{TRAM}").json()["url"]
    found = batch(
        client,
        {"id": SHIP, "limit": 3, "section": ["business"], "explain": True},
        {"url": url, "mode": "background", "diversity": 0.5},
    )
    assert found == [
        client.get(f"/v1/articles/{SHIP}/related?limit=3&section=business&explain=true").json(),
        client.get("/v1/related", params={"url": url, "mode": "background", "diversity": 0.5}).json(),
    ]


def test_one_that_fails_spoils_no_other(client: TestClient) -> None:
    found = batch(client, {"id": "nobody"}, {"id": SHIP, "limit": 2}, {"url": "https://nowhere.example/"})
    assert [each["status"] for each in found] == [404, "ok", 404]
    assert (found[0]["code"], found[0]["type"]) == ("article_not_found", "about:blank")
    assert "nobody" in found[0]["detail"]


def test_lists_of_one_page_share_nothing_if_asked(client: TestClient) -> None:
    requests = [{"id": SHIP, "min_score": 0}, {"id": SHIP, "min_score": 0}, {"id": TRAM, "min_score": 0}]
    plain, distinct = batch(client, *requests), batch(client, *requests, distinct=True)
    assert plain[0] == plain[1]
    listed = [[item["id"] for item in each["items"]] for each in distinct]
    assert all(len(each) == 8 for each in listed)
    assert len({name for each in listed for name in each}) == 24
    assert {SHIP, TRAM}.isdisjoint(name for each in listed for name in each)
    alone = client.get(f"/v1/articles/{SHIP}/related?min_score=0&exclude={TRAM}").json()["items"]
    assert listed[0] == [item["id"] for item in alone]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "body.requests"),
        ({"requests": []}, "body.requests"),
        ({"requests": [{"id": SHIP}] * 51}, "body.requests"),
        ({"requests": [{}]}, "body.requests.0"),
        ({"requests": [{"id": SHIP, "url": "https://a.example/"}]}, "body.requests.0"),
        ({"requests": [{"id": SHIP, "limit": "3"}]}, "body.requests.0"),
        ({"requests": [{"id": SHIP, "min_score": True}]}, "body.requests.0"),
        ({"requests": [{"id": SHIP, "mode": "older"}]}, "body.requests.0"),
        ({"requests": [{"id": SHIP, "limt": 3}]}, "body.requests.0"),
        ({"requests": [{"id": SHIP}], "distinct": "yes"}, "body.distinct"),
        ({"requests": [{"id": SHIP}], "extra": 1}, "body.extra"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused_and_named(body: dict[str, Any], where: str, client: TestClient) -> None:
    answer = client.post("/v1/related:batch", json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_request"
    assert any(fault["where"].startswith(where) for fault in answer.json()["errors"])


@pytest.mark.parametrize(
    "query", ["mode=older", "diversity=1.1", "diversity=-0.1", "fallback=random", "explain=perhaps"]
)
def test_a_parameter_that_does_not_fit_is_refused_and_named(query: str, client: TestClient) -> None:
    answer = client.get(f"/v1/articles/{SHIP}/related?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == f"query.{query.partition('=')[0]}"


def test_every_parameter_makes_another_tag(client: TestClient) -> None:
    queries = [
        "",
        "mode=background",
        "mode=next",
        "diversity=0.5",
        "fallback=latest",
        "fallback=section",
        "explain=true",
    ]
    tags = {client.get(f"/v1/articles/{SHIP}/related?{query}").headers["etag"] for query in queries}
    assert len(tags) == len(queries)


def test_what_an_editor_decided_about_is_kept_for_minutes(demo_store: Path, tmp_path: Path) -> None:
    store = shutil.copytree(demo_store, tmp_path / "store")
    key = {"Authorization": f"Bearer {KeyRing(store).new('desk')}"}
    path = f"/v1/articles/{SHIP}"
    with served(store, writes=True) as client:
        before = client.get(f"{path}/related?limit=2")
        assert "max-age=604800," in before.headers["cache-control"]
        pin = {"pin": [{"id": TRAM, "position": 1}]}
        assert client.put(f"{path}/overrides", json=pin, headers=key).status_code == 200
        after = client.get(f"{path}/related?limit=2", headers={"if-none-match": before.headers["etag"]})
        assert after.status_code == 200
        assert after.json()["items"][0]["id"] == TRAM
        assert "max-age=300," in after.headers["cache-control"]


def test_nothing_is_kept_longer_than_the_site_allows(demo_store: Path) -> None:
    with served(demo_store, max_age_minutes=2) as client:
        assert "max-age=120," in client.get(f"/v1/articles/{SHIP}/related").headers["cache-control"]


def test_what_follows_is_newer_and_what_explains_is_older(client: TestClient) -> None:
    day = client.get(f"/v1/articles/{TRAM}").json()["published_at"]
    older = client.get(f"/v1/articles/{TRAM}/related?mode=background").json()["items"]
    newer = client.get(f"/v1/articles/{TRAM}/related?mode=next").json()["items"]
    assert older
    assert newer
    assert all(item["published_at"] < day for item in older)
    assert all(item["published_at"] > day for item in newer)
