"""Over HTTP, too: nothing swallows an article, and an alias is not its article."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.keys import KeyRing
from recommender.articles import Article, Record, stub_from_teaser
from tests.api.serving import ENCODER, served
from tests.conftest import DEMO, build_store, records

TEASER = "Watch the video of the dredger at work in the channel, and of the ships that wait for the tide."
STUB = stub_from_teaser(TEASER)
PAGE = Record(Article(id="page", title="A page", body="With a list of its own."), "", (STUB.id,), (STUB,))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    build_store(tmp_path, [*records(DEMO), PAGE], ENCODER)
    key = KeyRing(tmp_path).new("editor")
    with served(tmp_path, writes=True) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        yield client


@pytest.mark.parametrize("videos_first", [True, False])
def test_videos_with_one_teaser_stay_themselves(videos_first: bool, client: TestClient) -> None:
    videos = {
        f"video-{n}": {"title": f"Film {n}", "url": f"https://n.example/v/{n}", "teaser": TEASER} for n in range(3)
    }
    feature = {
        "feature": {"title": "The dredger", "url": "https://n.example/f", "teaser": TEASER, "body": "Long text."}
    }
    for identity, fields in ({**videos, **feature} if videos_first else {**feature, **videos}).items():
        assert client.put(f"/v1/articles/{identity}", json=fields).status_code == 200
    for identity, fields in {**videos, **feature}.items():
        for _ in range(2):
            found = client.get(f"/v1/articles/{identity}").json()
            assert (found["id"], found["title"], found["stub"]) == (identity, fields["title"], False)
            assert client.get("/v1/related", params={"url": fields["url"]}).json()["id"] == identity
            assert client.put(f"/v1/articles/{identity}", json=fields).status_code == 200
    assert client.get(f"/v1/articles/{STUB.id}").json()["stub"] is True  # four articles fit it: it is nobody's
    assert client.delete("/v1/articles/video-1").status_code == 204
    there = {name: client.get(f"/v1/articles/{name}").status_code for name in (*videos, "feature")}
    assert there == {"video-0": 200, "video-1": 404, "video-2": 200, "feature": 200}


def test_a_removed_alias_leaves_its_article(client: TestClient) -> None:
    body = {"title": "The dredger", "body": "Long text.", "teaser": TEASER}
    assert client.put("/v1/articles/full", json=body).status_code == 200
    assert client.get(f"/v1/articles/{STUB.id}").json()["id"] == "full"
    removed = client.delete(f"/v1/articles/{STUB.id}")
    assert (removed.status_code, removed.json()) == (
        200,
        {"id": STUB.id, "status": "alias_removed", "article_id": "full"},
    )
    assert client.get("/v1/articles/full").status_code == 200
    assert client.get(f"/v1/articles/{STUB.id}").status_code == 404
    assert client.delete(f"/v1/articles/{STUB.id}").status_code == 404
    assert client.delete("/v1/articles/full").status_code == 204
