"""Articles changed over HTTP: in every list when it is answered, in every process, and nothing lost."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from api.keys import KeyRing
from index.build import build
from recommender.catalog import Catalog
from recommender.encoder import Matrix
from recommender.errors import CatalogError, EncoderError
from tests.api.serving import ENCODER, served
from tests.api.test_app import check_problem
from tests.conftest import DEMO, records

TWIN = "2025-07-first-deep-ship"
OTHER = "2024-11-weathercock-case"
"""The news is half of the one and half of the other: no version of either."""
NEWS = {
    "title": "A second deep ship turns in the harbour",
    "teaser": "Four thousand people watched the first one; a few hundred came for the next.",
    "body": "\n\n".join(item.article.body[:800] for item in records(DEMO) if item.article.id in (TWIN, OTHER)),
    "published_at": "2025-07-20T08:00:00Z",
    "section": "business",
    "tags": ["harbour"],
}


@pytest.fixture
def store(demo_store: Path, tmp_path: Path) -> Path:
    return shutil.copytree(demo_store, tmp_path / "store")


@pytest.fixture
def key(store: Path) -> dict[str, str]:
    return {"Authorization": f"Bearer {KeyRing(store).new('test')}"}


@pytest.fixture
def client(store: Path) -> Iterator[TestClient]:
    with served(store, writes=True) as client:
        yield client


def listed(client: TestClient, identity: str, limit: int = 100) -> list[str]:
    return [item["id"] for item in client.get(f"/v1/articles/{identity}/related?limit={limit}").json()["items"]]


def test_an_article_is_in_its_own_list_and_its_neighbours_when_it_is_answered(
    client: TestClient, key: dict[str, str]
) -> None:
    before = client.get(f"/v1/articles/{TWIN}/related")
    answer = client.put("/v1/articles/second-ship", json=NEWS, headers=key)
    assert (answer.status_code, answer.json()) == (200, {"id": "second-ship", "status": "live"})
    assert listed(client, "second-ship")[0] == TWIN
    assert "second-ship" in listed(client, TWIN, 8)
    after = client.get(f"/v1/articles/{TWIN}/related", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200, "another list has another tag"
    card = client.get("/v1/articles/second-ship").json()
    assert (card["title"], card["section"], card["stub"]) == (NEWS["title"], "business", False)


def test_a_replaced_article_is_known_by_its_new_text_alone(client: TestClient, key: dict[str, str]) -> None:
    client.put("/v1/articles/second-ship", json=NEWS, headers=key)
    chess = {"title": "Chess final", "body": "She took the rook, and then the match."}
    client.put("/v1/articles/second-ship", json=chess, headers=key)
    assert client.get("/v1/articles/second-ship").json()["title"] == "Chess final"
    assert "second-ship" not in listed(client, TWIN, 8)


def test_a_removed_article_is_in_no_list(client: TestClient, key: dict[str, str]) -> None:
    ids = [item.article.id for item in records(DEMO)]
    gone = listed(client, TWIN, 1)[0]
    assert client.delete(f"/v1/articles/{gone}", headers=key).status_code == 204
    assert not any(gone in listed(client, identity) for identity in ids if identity != gone)
    check_problem(client.get(f"/v1/articles/{gone}/related"), 404, "article_not_found")
    check_problem(client.delete(f"/v1/articles/{gone}", headers=key), 404, "article_not_found")


def test_two_processes_answer_alike_at_once(store: Path, key: dict[str, str]) -> None:
    """The other one has not polled yet: it hears the bell."""
    with served(store, writes=True, poll_seconds=60) as one, served(store, writes=True, poll_seconds=60) as two:
        for other in (one, two):
            other.app.state.live._poll_seconds = 60  # type: ignore[attr-defined]
        listed(two, TWIN)  # kept in its cache
        one.put("/v1/articles/second-ship", json=NEWS, headers=key)
        assert "second-ship" in listed(two, TWIN, 8)
        two.delete("/v1/articles/second-ship", headers=key)
        assert "second-ship" not in listed(one, TWIN)


def test_the_next_build_folds_the_changes_in(client: TestClient, store: Path, key: dict[str, str]) -> None:
    client.put("/v1/articles/second-ship", json=NEWS, headers=key)
    version = client.get("/v1/index").json()["version"]
    with closing(Catalog.open(store)) as catalog:
        built = build(store, catalog, ENCODER)
    assert built.embedded_texts == 0, "they were embedded when they came"
    client.app.state.live.refresh()  # type: ignore[attr-defined]
    found = client.get("/v1/index").json()
    assert found["version"] == built.snapshot != version
    assert "second-ship" in listed(client, TWIN, 8)


def test_a_curated_list_comes_with_its_article(client: TestClient, key: dict[str, str]) -> None:
    client.put("/v1/articles/second-ship", json={**NEWS, "related": [TWIN]}, headers=key)
    lists = client.app.state.live.snapshot().lists  # type: ignore[attr-defined]
    assert lists["second-ship"] == (TWIN,)


def test_an_empty_list_takes_the_stored_one_away_and_none_leaves_it(client: TestClient, key: dict[str, str]) -> None:
    def stored() -> tuple[str, ...]:
        lists: dict[str, tuple[str, ...]] = client.app.state.live.snapshot().lists  # type: ignore[attr-defined]
        return lists.get("second-ship", ())

    for given, expected in (([TWIN], (TWIN,)), (None, (TWIN,)), ([], ())):
        more = {} if given is None else {"related": given}
        client.put("/v1/articles/second-ship", json={**NEWS, **more}, headers=key)
        assert stored() == expected


def test_a_body_is_never_lost_nor_what_comes_without_one(client: TestClient, key: dict[str, str]) -> None:
    """A title and a teaser do not replace a whole article in silence, nor vanish in silence."""
    bare = {"title": "Only a title", "section": "sport"}
    check_problem(client.put(f"/v1/articles/{TWIN}", json=bare, headers=key), 409, "body_missing")
    body = lines({"id": TWIN, **bare}, {"id": "bare", **bare}, {"id": TWIN, **NEWS})
    found = client.post("/v1/articles:bulk", content=body, headers=key).json()
    assert [line["status"] == "rejected" for line in found["lines"]] == [True, False, False]
    assert TWIN in found["lines"][0]["error"]
    assert client.put("/v1/articles/bare", json={**bare, "title": "Another"}, headers=key).status_code == 200
    assert client.get("/v1/articles/bare").json()["title"] == "Another"
    assert client.delete("/v1/articles/bare", headers=key).status_code == 204


def test_what_is_stored_and_cannot_be_followed_is_said_to_be_pending(
    client: TestClient, key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise CatalogError("the overrides of 'x' in the catalog cannot be read")

    gone = listed(client, TWIN, 8)[0]
    with monkeypatch.context() as broken:
        broken.setattr(Catalog, "changes", fail)
        answers = [
            client.put("/v1/articles/second-ship", json=NEWS, headers=key),
            client.delete(f"/v1/articles/{gone}", headers=key),
            client.put(f"/v1/articles/{TWIN}/overrides", json={"mode": "replace"}, headers=key),
        ]
        assert [answer.status_code for answer in answers] == [202, 202, 202]
        assert answers[0].json()["status"] == answers[1].json()["status"] == "pending"
        assert gone in listed(client, TWIN, 8)
    client.app.state.live.follow()  # type: ignore[attr-defined]
    assert listed(client, TWIN, 8) == []
    assert client.get(f"/v1/articles/{gone}").status_code == 404
    assert client.get("/v1/articles/second-ship").status_code == 200


def test_removing_what_is_not_there_changes_nothing(client: TestClient, key: dict[str, str]) -> None:
    client.put("/v1/articles/second-ship", json=NEWS, headers=key)
    tag = client.get(f"/v1/articles/{TWIN}/related").headers["etag"]
    check_problem(client.delete("/v1/articles/nowhere", headers=key), 404, "article_not_found")
    assert client.get(f"/v1/articles/{TWIN}/related", headers={"If-None-Match": tag}).status_code == 304


class Ill:
    """An encoder that fails."""

    name, revision, dim = ENCODER.name, ENCODER.revision, ENCODER.dim

    def encode(self, texts: Sequence[str]) -> Matrix:
        raise EncoderError("no memory left")


def test_what_cannot_be_embedded_is_kept_and_said_to_be_pending(store: Path, key: dict[str, str]) -> None:
    with served(store, encoder=Ill(), writes=True) as client:
        answer = client.put("/v1/articles/second-ship", json=NEWS, headers=key)
        assert (answer.status_code, answer.json()["status"]) == (202, "pending")
        assert "memory" not in answer.text
    with served(store, writes=True) as client:
        client.app.state.writer.embed_pending()  # type: ignore[attr-defined]
        assert "second-ship" in listed(client, TWIN, 8)


def lines(*items: Any) -> bytes:
    return b"\n".join(item if isinstance(item, bytes) else orjson.dumps(item) for item in items)


def test_every_line_of_a_bulk_request_has_its_own_result(client: TestClient, key: dict[str, str]) -> None:
    body = lines({"id": "one", **NEWS}, b"{", b"", {"id": "two"}, {"title": "No id"}, {"id": "three", "title": "Chess"})
    answer = client.post("/v1/articles:bulk", content=body, headers=key)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["stored"], found["rejected"]) == (2, 3)
    assert [(line["line"], line["id"]) for line in found["lines"]] == [
        (1, "one"),
        (2, None),
        (4, None),
        (5, None),
        (6, "three"),
    ]
    assert [line["status"] == "rejected" for line in found["lines"]] == [False, True, True, True, False]
    assert "not valid JSON" in found["lines"][1]["error"]
    assert "'two'" in found["lines"][2]["error"]
    client.app.state.writer.embed_pending()  # type: ignore[attr-defined]
    assert "one" in listed(client, TWIN, 8)
    assert client.get("/v1/articles/three").status_code == 200


def test_too_many_lines_are_refused_and_none_is_stored(client: TestClient, key: dict[str, str]) -> None:
    body = b"\n".join(b'{"id": "%d", "title": "T"}' % n for n in range(1_001))
    check_problem(client.post("/v1/articles:bulk", content=body, headers=key), 422, "too_many_lines")
    check_problem(client.get("/v1/articles/1"), 404, "article_not_found")


WRITES = [("PUT", "/v1/articles/x"), ("DELETE", f"/v1/articles/{TWIN}"), ("POST", "/v1/articles:bulk")]


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer rk_wrong"}, {"X-Api-Key": "rk_wrong"}])
def test_nobody_writes_without_a_key(client: TestClient, method: str, path: str, given: dict[str, str]) -> None:
    answer = client.request(method, path, json={"title": "T"}, headers=given)
    assert answer.status_code == 401
    assert client.get(f"/v1/articles/{TWIN}").status_code == 200
    assert client.get("/v1/articles/x").status_code == 404


@pytest.mark.parametrize(
    ("identity", "article"),
    [("x", {}), ("x", {"title": "T", "published_at": "soon"}), ("x", {"title": 7}), ("%00", {"title": "T"})],
)
def test_what_is_no_article_is_refused(
    client: TestClient, key: dict[str, str], identity: str, article: dict[str, Any]
) -> None:
    check_problem(client.put(f"/v1/articles/{identity}", json=article, headers=key), 422, "invalid_request")


def test_where_there_is_no_catalog_nothing_is_written(store: Path, key: dict[str, str]) -> None:
    with served(store) as client:
        for method, path in WRITES:
            check_problem(client.request(method, path, json={"title": "T"}, headers=key), 503, "read_only")


def test_a_catalog_that_fails_stores_nothing_and_says_so(
    client: TestClient, key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> int:
        raise CatalogError("sqlite:///secret/place is full")

    with monkeypatch.context() as broken:
        broken.setattr(Catalog, "put", fail)
        answer = client.put("/v1/articles/x", json=NEWS, headers=key)
    check_problem(answer, 503, "catalog_unavailable")
    assert "secret" not in answer.text
