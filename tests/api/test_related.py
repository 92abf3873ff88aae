"""What the routes of related lists add to the lists themselves: batches, lifetimes, what is pending."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.keys import KeyRing
from recommender.articles import Record
from tests.api.serving import ENCODER, served
from tests.conftest import DEMO, build_store, records

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
        ({"requests": [{"id": SHIP, "exclude": [str(n) for n in range(501)]}]}, "body.requests.0.exclude"),
        ({"requests": [{"id": SHIP, "limit": 51}] * 10}, "body"),
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


@pytest.mark.parametrize(
    "asked",
    [
        {"id": SHIP, "exclude": [1] * 100_000},
        {"id": SHIP, "section": [None] * 100_000},
        {"id": SHIP, **{f"unknown-{n}": n for n in range(20_000)}},
    ],
    ids=["exclude", "section", "names"],
)
def test_a_bad_request_gets_a_short_answer(asked: dict[str, Any], client: TestClient) -> None:
    """However much is wrong with it: else who sends half a megabyte would be sent forty."""
    answer = client.post("/v1/related:batch", json={"requests": [asked] * 4})
    assert answer.status_code == 422
    assert 1 <= len(answer.json()["errors"]) <= 20
    assert len(answer.content) < 10_000


def test_a_list_of_many_small_faults_names_the_first_of_them(client: TestClient) -> None:
    answer = client.post("/v1/related:batch", json={"requests": [{"id": SHIP, "limit": 0}] * 50})
    assert [fault["where"] for fault in answer.json()["errors"]] == [f"body.requests.{n}.limit" for n in range(20)]


def test_as_many_as_may_be_left_out_are_left_out(client: TestClient) -> None:
    listed = [item["id"] for item in client.get(f"/v1/articles/{SHIP}/related?limit=60&min_score=0").json()["items"]]
    left_out = [*listed[:20], *(f"unknown-{n}" for n in range(480))]
    params = {"limit": 60, "min_score": 0, "exclude": left_out}
    found = client.get(f"/v1/articles/{SHIP}/related", params=params).json()["items"]
    assert set(listed[:20]).isdisjoint(item["id"] for item in found)
    assert client.get(f"/v1/articles/{SHIP}/related", params={"exclude": [*left_out, "x"]}).status_code == 422


def test_what_stands_under_an_item_of_one_list_is_in_no_other(tmp_path: Path) -> None:
    """An early and a late version: the page has the story once, whichever it is called by."""
    story = "2024-11-oxley-ferry-flood"
    with served(build_store(tmp_path, records(DEMO), ENCODER)) as client:
        asked = [{"id": name, "limit": 70, "min_score": 0} for name in (SHIP, TRAM)]
        first, second = batch(client, *asked, distinct=True)
        assert any(story in (item["id"], *item["also"]) for item in first["items"])
        seen = {name for item in first["items"] for name in (item["id"], *item["also"])}
        assert seen.isdisjoint(name for item in second["items"] for name in (item["id"], *item["also"]))


def test_reasons_follow_from_the_version_alone(demo_store: Path, tmp_path: Path) -> None:
    """What was only ingested is in the catalog, and not in the answers yet: nor in what they quote."""
    store = shutil.copytree(demo_store, tmp_path / "store")
    with served(store, writes=True, cache_mb=0) as client:
        before = client.get(f"/v1/articles/{SHIP}/related?explain=true")
        quoted = [item["id"] for item in before.json()["items"] if item["why"]["quote"]]
        assert quoted
        articles = {item.article.id: item.article for item in records(DEMO)}
        other = replace(articles[quoted[0]], body=articles[SHIP].body)  # every sentence of it could be quoted
        client.app.state.live.catalog.put([Record(other, "made")])  # type: ignore[attr-defined]
        after = client.get(f"/v1/articles/{SHIP}/related?explain=true")
        assert after.json()["index_version"] == before.json()["index_version"]
        (item,) = [item for item in after.json()["items"] if item["id"] == quoted[0]]
        assert item["why"]["quote"] is None


def test_the_index_says_which_version_answers_name(demo_store: Path, tmp_path: Path) -> None:
    store = shutil.copytree(demo_store, tmp_path / "store")
    key = {"Authorization": f"Bearer {KeyRing(store).new('desk')}"}
    with served(store, writes=True) as client:
        built = client.get("/v1/index").json()
        assert (
            built["version"] == built["snapshot"] == client.get(f"/v1/articles/{SHIP}/related").json()["index_version"]
        )
        client.put("/v1/articles/new", json={"title": "A new ship"}, headers=key)
        changed = client.get("/v1/index").json()
        assert changed["version"] == client.get(f"/v1/articles/{SHIP}/related").json()["index_version"]
        assert changed["version"] != changed["snapshot"] == built["snapshot"]
