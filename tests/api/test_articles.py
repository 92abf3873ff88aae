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
from recommender.corpus.encoder import Matrix
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
    assert (answer.status_code, answer.json()) == (
        200,
        {"id": "second-ship", "status": "live", "warnings": []},
    )
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
    """The other one has not polled yet: it is told at once."""
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


def test_of_two_lines_on_one_article_the_later_wins_and_says_so(client: TestClient, key: dict[str, str]) -> None:
    body = lines({"id": 7, "title": "One"}, {"id": "8", "title": "Two"}, {"id": 7.0, "title": "Three"}, {"id": "7"})
    found = client.post(
        "/v1/articles:bulk", content=body + b"\n" + lines({"id": "7", "title": "Four"}), headers=key
    ).json()
    assert (found["stored"], found["rejected"]) == (4, 1)
    assert [(line["line"], line["id"], line["warnings"]) for line in found["lines"]] == [
        (1, "7", []),
        (2, "8", []),
        (3, "7", ["line 1 has the id '7', too: this one takes its place"]),
        (4, None, []),
        (5, "7", ["line 3 has the id '7', too: this one takes its place"]),
    ]
    client.app.state.writer.embed_pending()  # type: ignore[attr-defined]
    assert client.get("/v1/articles/7").json()["title"] == "Four"


def test_what_was_left_out_is_said_of_each_article(client: TestClient, key: dict[str, str]) -> None:
    odd = {
        "title": "T",
        "published_at": "3 hours ago",
        "image": "/i.jpg",
        "tags": ["harbour", {}, [1]],
        "section": True,
    }
    expected = [
        "published_at is '3 hours ago', which is no date: left out",
        "section is True, which is no text of at most 1,000 characters: left out",
        "tags holds [1], which is no tag: left out",
        "image is '/i.jpg', which is relative, and --site-url does not say to what: left out",
    ]
    assert client.put("/v1/articles/x", json=odd, headers=key).json() == {
        "id": "x",
        "status": "live",
        "warnings": expected,
    }
    (line,) = client.post("/v1/articles:bulk", content=lines({"id": "y", **odd}), headers=key).json()["lines"]
    assert (line["id"], line["error"], line["warnings"]) == ("y", None, expected)
    client.app.state.writer.embed_pending()  # type: ignore[attr-defined]
    for name in ("x", "y"):
        card = client.get(f"/v1/articles/{name}").json()
        assert (card["published_at"], card["image"], card["tags"], card["section"]) == (None, None, ["harbour"], None)


SHAPES: list[tuple[str, Any, Any]] = [
    ("title", {"rendered": "A title"}, "A title"),
    ("title", 1984, "1984"),
    ("published_at", "Thu, 14 Mar 2024 09:00:00 GMT", "2024-03-14T09:00:00Z"),
    ("published_at", 1710406800000, "2024-03-14T09:00:00Z"),
    ("published_at", 1710406800.0, "2024-03-14T09:00:00Z"),
    ("published_at", {"$date": "2024-03-14T09:00:00Z"}, "2024-03-14T09:00:00Z"),
    ("published_at", "0000-00-00 00:00:00", None),
    ("section", [{"name": "Sea"}], "Sea"),
    ("section", 7, "7"),
    ("tags", "harbour, ships", ["harbour", "ships"]),
    ("tags", [2024, 2024.0, {"name": "ships"}], ["2024", "ships"]),
    ("language", ["EN_gb"], "en-gb"),
    ("image", {"url": "https://cdn.example/i.jpg"}, "https://cdn.example/i.jpg"),
    ("image", False, None),
    ("url", "https://me:secret@courier.example/x", "https://courier.example/x"),
]


@pytest.mark.parametrize(("field", "value", "expected"), SHAPES)
def test_a_put_reads_what_json_lines_may_hold(
    client: TestClient, key: dict[str, str], field: str, value: Any, expected: Any
) -> None:
    for path, sent in (("put", {}), ("bulk", {"id": "bulk"})):
        article = {"title": "T", "body": "B", **sent, field: value}
        if sent:
            answer = client.post("/v1/articles:bulk", content=lines(article), headers=key)
            client.app.state.writer.embed_pending()  # type: ignore[attr-defined]
        else:
            answer = client.put("/v1/articles/put", json=article, headers=key)
        assert answer.status_code == 200, answer.text
        assert client.get(f"/v1/articles/{path}").json()[field] == expected


def test_the_keys_of_a_status_are_stored_with_the_article(client: TestClient, key: dict[str, str]) -> None:
    said = {"status": "draft", "draft": True, "visibility": "private", "published": False}
    assert client.put("/v1/articles/x", json={"title": "T", **said}, headers=key).status_code == 200
    (article,) = client.app.state.live.catalog.articles_of(["x"]).values()  # type: ignore[attr-defined]
    assert not article.published
    assert article.extra == said
    client.put("/v1/articles/x", json={"title": "T", "status": "publish", "body": "B"}, headers=key)
    (article,) = client.app.state.live.catalog.articles_of(["x"]).values()  # type: ignore[attr-defined]
    assert article.published


def test_numbers_are_ids_wherever_one_is_taken(client: TestClient, key: dict[str, str]) -> None:
    """Content systems number their articles, and pandas makes floats of the numbers."""
    for number in (1000, 1001, 1003):
        article = {**NEWS, "title": f"Ship {number}", "body": f"{number} {NEWS['body']}", "tags": [2024, 7.0]}
        assert client.put(f"/v1/articles/{number}", json=article, headers=key).status_code == 200
    answer = client.put(
        "/v1/articles/2",
        json={"title": "T", "related": [1001, 1003.0], "translation_of": 1000, "tags": [2024]},
        headers=key,
    )
    assert answer.json() == {"id": "2", "status": "live", "warnings": []}
    lists = client.app.state.live.snapshot().lists  # type: ignore[attr-defined]
    assert lists["2"] == ("1001", "1003")
    (article,) = client.app.state.live.catalog.articles_of(["2"]).values()  # type: ignore[attr-defined]
    assert (article.translation_of, article.tags) == ("1000", ("2024",))
    for number in (1000, 1000.0):
        batch = {"requests": [{"id": number, "exclude": [1001, 1003.0], "limit": 100, "min_score": 0, "section": [7]}]}
        (found,) = client.post("/v1/related:batch", json=batch).json()["results"]
        assert found["id"] == "1000"
        assert not {"1001", "1003"} & {item["id"] for item in found["items"]}
    decided = {"pin": [{"id": 1003, "position": 1}], "block": [{"id": 1001.0}]}
    answer = client.put("/v1/articles/1000/overrides", json=decided, headers=key)
    assert answer.status_code == 200, answer.text
    assert [answer.json()["pin"][0]["id"], answer.json()["block"][0]["id"]] == ["1003", "1001"]
    assert (
        client.post("/v1/related", json={"title": "A ship", "tags": [2024, 7.0], "translation_of": 1000}).status_code
        == 200
    )


@pytest.mark.parametrize(
    ("value", "shown"), [(True, "True"), (1000.5, "1000.5"), (None, "None"), ([1], "[1]"), ({}, "{}")]
)
def test_what_is_no_id_is_refused_by_its_value(client: TestClient, key: dict[str, str], value: Any, shown: str) -> None:
    fault = f"{shown} is no id, expected a string or a whole number"
    for path, body, where in (
        ("/v1/related:batch", {"requests": [{"id": value}]}, "requests.0.id"),
        ("/v1/related:batch", {"requests": [{"id": TWIN, "exclude": [TWIN, value]}]}, "requests.0.exclude.1"),
        (f"/v1/articles/{TWIN}/overrides", {"pin": [{"id": value, "position": 1}]}, "pin.0.id"),
        (f"/v1/articles/{TWIN}/overrides", {"block": [{"id": value}]}, "block.0.id"),
    ):
        answer = client.request("PUT" if "overrides" in path else "POST", path, json=body, headers=key)
        check_problem(answer, 422, "invalid_request")
        assert answer.json()["errors"] == [{"where": f"body.{where}", "message": fault}]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2024-11-20", {"first"}),
        ("2024-11-21", {"first", "morning", "evening"}),
        ("2024-11-21T12:00", {"first", "morning"}),
        ("2024-11", {"first", "morning", "evening"}),
        ("2024-10", set()),
    ],
)
def test_a_date_or_a_month_that_bounds_a_list_is_in_it(
    client: TestClient, key: dict[str, str], given: str, expected: set[str]
) -> None:
    dates = {"first": "2024-11-01", "morning": "2024-11-21T08:00:00Z", "evening": "2024-11-21T23:59:59Z"}
    for number, (name, moment) in enumerate(dates.items()):
        chess = {"title": f"Chess {number}", "body": f"She took the rook {number} times.", "published_at": moment}
        assert client.put(f"/v1/articles/{name}", json=chess, headers=key).status_code == 200
    asked = {"limit": 100, "min_score": 0, "published_after": "2024-11" if given != "2024-10" else given}
    listing = client.get(f"/v1/articles/{TWIN}/related", params={**asked, "published_before": given})
    assert {item["id"] for item in listing.json()["items"]} & dates.keys() == expected
    batch = {"requests": [{"id": TWIN, **asked, "published_before": given}]}
    (found,) = client.post("/v1/related:batch", json=batch).json()["results"]
    assert {item["id"] for item in found["items"]} & dates.keys() == expected


@pytest.mark.parametrize(
    "given", ["2024-13", "2024", "soon", "", "1710406800", "March 2024", "2024-02-30", 1710406800, True]
)
def test_a_bound_that_is_no_iso_date_is_refused(client: TestClient, given: Any) -> None:
    for name in ("published_after", "published_before"):
        if isinstance(given, str):
            answer = client.get(f"/v1/articles/{TWIN}/related", params={name: given})
            check_problem(answer, 422, "invalid_request")
        check_problem(
            client.post("/v1/related:batch", json={"requests": [{"id": TWIN, name: given}]}), 422, "invalid_request"
        )


def test_a_draft_is_read_like_an_article_and_has_its_own_bound(client: TestClient) -> None:
    odd = {
        "title": {"rendered": "A ship"},
        "published_at": "3 hours ago",
        "tags": "a, b",
        "url": "/x",
        "status": "draft",
    }
    assert client.post("/v1/related", json=odd).status_code == 200
    for body in ("x " * 30_000, ["x " * 15_000, "y " * 15_000], {"rendered": "x " * 30_000}):
        assert client.post("/v1/related", json={"title": "T", "body": body}).status_code == 200
    for body in ("x" * 60_001, ["x" * 30_000, "y" * 30_001], {"rendered": "x" * 60_001}):
        answer = client.post("/v1/related", json={"title": "T", "body": body})
        check_problem(answer, 422, "invalid_request")
        assert "60001 characters, a draft's body has at most 60000" in answer.json()["errors"][0]["message"]


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
    [("x", {}), ("x", {"title": True}), ("x", {"title": "", "section": "s"}), ("x", []), ("%00", {"title": "T"})],
)
def test_what_is_no_article_is_refused(
    client: TestClient, key: dict[str, str], identity: str, article: dict[str, Any]
) -> None:
    check_problem(client.put(f"/v1/articles/{identity}", json=article, headers=key), 422, "invalid_request")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (rb'{"title": "T", "section": "\ud800"}', 422),
        (rb'{"title": "T", "section": {"name": "S", "\udfff": 1}}', 422),
        (rb'{"title": "T", "status": ["\ud83d"]}', 422),
        (rb'{"title": "T", "status": "\ud83d\ude00"}', 200),
        (b'{"title": "T", "status": NaN, "draft": [Infinity]}', 200),
        (b'{"title": "T", "status": %s, "tags": [%s]}' % (b"9" * 100, b"9" * 400), 200),
        (b'{"title": %s}' % (b"9" * 4_000), 422),
        (b'{"title": %s}' % (b"9" * 5_000), 400),
        (b'{"title": "T", "tags": %s%s}' % (b"[" * 60, b"]" * 60), 422),
        (b'{"title": "T", "tags": %s%s}' % (b"[" * 9_000, b"]" * 9_000), 400),
    ],
)
def test_whatever_json_can_spell_is_stored_or_refused(
    client: TestClient, key: dict[str, str], body: bytes, status: int
) -> None:
    headers = {**key, "content-type": "application/json"}
    for method, path in (("PUT", "/v1/articles/x"), ("POST", "/v1/related")):
        assert client.request(method, path, content=body, headers=headers).status_code == status
    assert client.get("/v1/articles/x").status_code == (200 if status == 200 else 404)


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
