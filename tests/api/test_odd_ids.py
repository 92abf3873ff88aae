"""Ids as no newsroom would choose them, on every route that takes one; and one shape for whatever goes wrong."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import orjson
import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api.keys import KeyRing
from api.problems import Problem
from recommender import __version__
from tests.api.serving import served

TWIN = "2025-07-first-deep-ship"
NEWS = {"title": "A second deep ship turns in the harbour", "body": "It came with the tide."}
SECRET = "SELECT key FROM keys -- /srv/secret/place, sqlite 3.99.1"

ODD = {
    "nul": "%00",
    "nul inside": "a%00b",
    "slash": "a%2Fb",
    "slashes": "%2F%2F",
    "only slashes": "//",
    "dots": "%2E%2E",
    "path up": "..%2F..%2Fetc%2Fpasswd",
    "twice encoded": "%252e%252e%252f",
    "high surrogate": "%ED%A0%80",
    "low surrogate": "%ED%BF%BF",
    "both": "%ED%A0%BD%ED%B8%80",
    "no UTF-8": "%FF",
    "cut short": "%E2%82",
    "overlong": "%C0%AF",
    "bad escape": "%zz",
    "10 kB": "x" * 10_000,
    "10 kB of emoji": "%F0%9F%98%80" * 800,
    "just too long": "x" * 513,
    "just fits": "y" * 512,
    "right to left": "%E2%80%AEabc",
    "arabic": quote("سفينة-في-الميناء"),
    "emoji": "%F0%9F%98%80",
    "family": quote("👨‍👩‍👧‍👦"),
    "combining": quote("e" + "\u0301" * 50),
    "not a character": quote("\uffff"),
    "line break": "a%0Ab",
    "carriage return": "a%0D%0AX-Evil:%201",
    "tab": "a%09b",
    "space": "%20",
    "quote": "%22%27%3B--",
    "question": "a%3Fb=c",
    "hash": "a%23b",
    "reserved": "a/related",
    "reserved, encoded": "a%2Frelated",
    "reserved for overrides": "a/overrides",
    "reserved alone": "related",
    "empty": "",
    "bulk": ":bulk",
    "url": quote("https://courier.example/a?b=c#d", safe=""),
}
LATENT = ("get", "head", "put", "post", "patch", "delete", "options", "trace")


@pytest.fixture(scope="module")
def store(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(demo_store, tmp_path_factory.mktemp("odd") / "store")


@pytest.fixture(scope="module")
def key(store: Path) -> dict[str, str]:
    return {"Authorization": f"Bearer {KeyRing(store).new('test')}"}


@pytest.fixture(scope="module")
def client(store: Path) -> Iterator[TestClient]:
    with served(store, writes=True) as client:
        yield client


def assert_problem(answer: Any, *, bodiless: bool = False) -> None:
    """A failure has the one shape, whatever it is."""
    assert 400 <= answer.status_code < 600
    if bodiless:
        assert answer.content == b""
        return
    assert answer.headers["content-type"] == "application/problem+json"
    found = Problem.model_validate_json(answer.content)
    assert (found.status, found.request_id) == (answer.status_code, answer.headers["x-request-id"])
    assert list(answer.json()) == list(Problem.model_fields)
    assert len(found.detail) <= 300


@pytest.mark.parametrize("identity", ODD.values(), ids=ODD)
def test_odd_ids_are_answered_rightly_or_refused(client: TestClient, key: dict[str, str], identity: str) -> None:
    """Read, removed, written, read, removed: what is refused is 4xx; what is stored is found again under its id."""
    path, lists = f"/v1/articles/{identity}", f"/v1/articles/{identity}/related"
    decided = f"/v1/articles/{identity}/overrides"
    reads = [(method, target) for method in ("GET", "HEAD") for target in (path, lists, decided)]
    for method, target in (*reads, ("DELETE", path), ("DELETE", lists), ("PUT", lists), ("PUT", decided)):
        answer = client.request(method, target, json={} if method == "PUT" else None, headers=key)
        assert answer.status_code in (404, 405), (method, target, answer.text)
        assert_problem(answer, bodiless=method == "HEAD")
    by_url = client.get(f"/v1/related?url={identity}")
    assert by_url.status_code in (404, 422)
    assert_problem(by_url)
    excluded = client.get(f"/v1/articles/{TWIN}/related?exclude={identity}")
    assert (excluded.status_code, excluded.json()["count"]) == (200, 8)

    stored = client.put(path, json=NEWS, headers=key)
    if stored.status_code != 200:
        assert stored.status_code in (404, 405, 422), stored.text
        assert_problem(stored)
        assert client.get(path, headers=key).status_code in (404, 405)
        return
    found = stored.json()["id"]
    article, related = client.get(path), client.get(lists)
    assert (article.status_code, article.json()["id"]) == (200, found)
    assert (related.status_code, related.json()["id"]) == (200, found)
    assert found in [
        item["id"] for item in client.get(f"/v1/articles/{TWIN}/related?limit=100&min_score=0").json()["items"]
    ]
    assert client.delete(path, headers=key).status_code == 204
    assert client.get(path).status_code == 404


MORE = {
    "not NFC": "e%CC%81",
    "outer space": "%20a",
    "two spaces": "a%20%20b",
    "no-break space": "a%C2%A0b",
    "invisible": "a%E2%80%8Bb",
    "byte order mark": "%EF%BB%BFa",
    "one space": "a%20b",
    "number": "1000",
    "composed": "%C3%A9",
}


@pytest.mark.parametrize("identity", [*ODD.values(), *MORE.values()], ids=[*ODD, *MORE])
def test_an_id_is_refused_in_bulk_as_in_a_path(client: TestClient, key: dict[str, str], identity: str) -> None:
    """What is stored by the one can be asked for, replaced and removed by the other: an id is what was sent."""
    single = client.put(f"/v1/articles/{identity}", json=NEWS, headers=key)
    name = single.json()["id"] if single.status_code == 200 else unquote(identity)
    (line,) = client.post("/v1/articles:bulk", content=orjson.dumps({"id": name, **NEWS}), headers=key).json()["lines"]
    if single.status_code == 200:
        assert (line["id"], line["error"]) == (name, None)
        assert client.delete(f"/v1/articles/{identity}", headers=key).status_code == 204
    else:
        assert line["status"] == "rejected"
        if single.status_code == 422 and not name.endswith("/overrides"):  # which is another path
            assert single.json()["errors"][0]["message"] == f"body: {line['error']}"


def routes(client: TestClient) -> list[str]:
    """Every path of the application."""
    app: Any = client.app
    found = {route.path_format for route in app.routes if isinstance(route, APIRoute)}
    schema = set(app.openapi()["paths"])
    return sorted(found | schema | {"/openapi.json", "/docs", "/metrics", "/nowhere", "/"})


def test_every_route_and_method_fails_in_one_shape(client: TestClient, key: dict[str, str]) -> None:
    """With nothing that a route may need, and with a key but a body that no route takes."""
    failed = 0
    paths = routes(client)
    assert len(paths) >= 10
    for path in paths:
        target = path.replace("{id}", "nowhere")
        for method in LATENT:
            for headers, body in (({}, b""), (key, b"\xff{"), ({**key, "content-type": "application/json"}, b"[]")):
                answer = client.request(method.upper(), target, headers=headers, content=body)
                if answer.status_code >= 400:
                    failed += 1
                    assert answer.status_code < 500, (method, path, answer.text)
                    assert_problem(answer, bodiless=method == "head")
    print(f"\n{len(paths)} paths x {len(LATENT)} methods x 3 bodies: {failed} failures, all in one shape")  # noqa: T201
    assert failed > 200


FORCED = {
    "lists": ("api.related._answer", [("GET", f"/v1/articles/{TWIN}/related"), ("GET", "/v1/related?url=x")]),
    "drafts": ("index.live.served_encoder.ServedEncoder.encoder", [("POST", "/v1/related")]),
    "article": ("api.schemas.ArticleOut.from_card", [("GET", f"/v1/articles/{TWIN}")]),
    "index": ("api.schemas.IndexOut.from_snapshot", [("GET", "/v1/index")]),
    "put": ("index.live.writer.Writer.put", [("PUT", "/v1/articles/x"), ("POST", "/v1/articles:bulk")]),
    "delete": ("index.live.writer.Writer.remove", [("DELETE", f"/v1/articles/{TWIN}")]),
    "snapshot": (
        "index.live.live.Live.has_changes",
        [("GET", "/v1/index"), ("GET", f"/v1/articles/{TWIN}"), ("GET", f"/v1/articles/{TWIN}/related")],
    ),
    "probe": ("index.live.live.Live.snapshot", [("GET", "/readyz")]),
    "limits": ("api.limits.BodyLimit._declared", [("GET", "/v1/index"), ("PUT", "/v1/articles/x")]),
    "kept answers": ("api.response_cache.reply", [("GET", f"/v1/articles/{TWIN}")]),
    "head": ("api.headers.Head.__call__", [("GET", "/healthz"), ("GET", f"/v1/articles/{TWIN}/related")]),
    "keys": ("api.keys.KeyRing.owner", [("PUT", "/v1/articles/x"), ("DELETE", "/v1/articles/x")]),
    "metrics": ("api.metrics.Metrics.exposition", [("GET", "/metrics")]),
    "schema": ("fastapi.FastAPI.openapi", [("GET", "/openapi.json")]),
}


@pytest.mark.parametrize(("place", "requests"), FORCED.values(), ids=FORCED)
def test_a_forced_exception_leaks_nothing(
    store: Path, key: dict[str, str], monkeypatch: pytest.MonkeyPatch, place: str, requests: list[tuple[str, str]]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    headers = {**key, "content-type": "application/json"}
    with served(store, writes=True, strict=False) as client:
        monkeypatch.setattr(place, broken)
        for method, path in requests:
            body = b'{"id": "x", "title": "T"}' if method in ("PUT", "POST") else None
            sent = {} if method == "GET" else headers  # what is asked for with a key is not kept
            answer = client.request(method, path.replace("url=x", f"url={TWIN}"), headers=sent, content=body)
            assert answer.status_code == 500, (method, path, answer.text)
            assert_problem(answer)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.json()["code"] == "internal_error"
            told = answer.text + str(dict(answer.headers))
            for secret in ("SELECT", "secret", "sqlite", "3.99", "RuntimeError", "Traceback", str(store), __version__):
                assert secret not in told, (path, secret)
