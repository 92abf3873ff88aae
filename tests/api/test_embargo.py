"""Strangers learn nothing of what is not published yet; holders of a key may ask for it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.keys import KeyRing
from recommender.articles import Article, Record
from tests.api.serving import ENCODER, served
from tests.conftest import DEMO, build_store, records

SOON = datetime.now(UTC) + timedelta(days=3)
TEXT = "The channel at Tesslemouth will be dug two metres deeper, the harbour trust decided in secret on Monday."
HIDDEN = [
    Record(
        Article(id="draft", url="https://tesslecourier.example/draft", title="A draft", body=TEXT, published=False), ""
    ),
    Record(
        Article(id="ahead", url="https://tesslecourier.example/ahead", title="Ahead", body=TEXT, published_at=SOON), ""
    ),
]
OUT = "2025-07-first-deep-ship"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_store(tmp_path_factory.mktemp("hidden"), [*records(DEMO), *HIDDEN], ENCODER)


@pytest.fixture(scope="module")
def key(store: Path) -> dict[str, str]:
    return {"Authorization": f"Bearer {KeyRing(store).new('editor')}"}


@pytest.fixture
def client(store: Path) -> Iterator[TestClient]:
    with served(store, writes=True) as client:
        yield client


def ask(client: TestClient, path: str, **options: Any) -> tuple[int, str]:
    answer = client.get(path, **options)
    return answer.status_code, answer.headers.get("cache-control", "")


@pytest.mark.parametrize(
    ("path", "stranger"),
    [
        ("/v1/articles/draft", 404),
        ("/v1/articles/draft/related", 404),
        ("/v1/articles/draft/related?explain=true", 404),
        ("/v1/related?url=https://tesslecourier.example/draft", 404),
        ("/v1/articles/ahead", 404),
        ("/v1/articles/https://tesslecourier.example/ahead", 404),
        ("/v1/articles/ahead/related", 200),
        ("/v1/related?url=https://tesslecourier.example/ahead", 200),
        ("/v1/articles/ahead/related?explain=true", 401),
    ],
)
def test_who_may_ask(path: str, stranger: int, client: TestClient, key: dict[str, str]) -> None:
    for _ in range(2):  # an answer for one is never kept for the other
        assert ask(client, path)[0] == stranger
        assert ask(client, path, headers=key) in [(200, "no-store"), (200, ask(client, path)[1])]
        assert ask(client, path, headers={"Authorization": "Bearer rk_wrong"})[0] == stranger
    if stranger != 200:
        assert ask(client, path, headers=key) == (200, "no-store")


def test_a_stranger_is_told_the_same_as_of_what_is_not_there(client: TestClient) -> None:
    told, nothing = (client.get(f"/v1/articles/{name}").json() for name in ("draft", "nothing"))
    for each in (told, nothing):
        each.pop("request_id")
    assert told == {**nothing, "detail": nothing["detail"].replace("nothing", "draft")}


def test_a_batch(client: TestClient, key: dict[str, str]) -> None:
    asked = [{"id": "draft"}, {"id": "ahead"}, {"id": "ahead", "explain": True}, {"id": OUT}]
    body = {"requests": asked}
    found = client.post("/v1/related:batch", json=body).json()["results"]
    assert [each.get("code", each["status"]) for each in found] == ["article_not_found", "ok", "key_required", "ok"]
    found = client.post("/v1/related:batch", json=body, headers=key).json()["results"]
    assert [each["status"] for each in found] == ["ok"] * 4


def test_no_list_and_no_draft_names_them(client: TestClient) -> None:
    for path in (
        f"/v1/articles/{OUT}/related?limit=100&min_score=0",
        f"/v1/articles/{OUT}/related?mode=next&limit=100",
    ):
        text = client.get(path).text
        assert '"draft"' not in text
        assert '"ahead"' not in text
    text = client.post("/v1/related?limit=100", json={"title": "Ahead", "body": TEXT}).text
    assert '"draft"' not in text
    assert '"ahead"' not in text


def test_a_put_with_a_status(client: TestClient, key: dict[str, str]) -> None:
    sent = {"title": "Dredging", "body": f"{TEXT} Another sentence makes it another story, says Ilse Karne."}
    for status, seen in (("draft", False), ("publish", True), ("private", False)):
        assert client.put("/v1/articles/mine", json={**sent, "status": status}, headers=key).status_code == 200
        assert client.get("/v1/articles/mine").status_code == (200 if seen else 404)
        named = client.get(f"/v1/articles/{OUT}/related?limit=100&min_score=0").text
        assert ('"mine"' in named) is seen
    assert client.delete("/v1/articles/mine", headers=key).status_code == 204
