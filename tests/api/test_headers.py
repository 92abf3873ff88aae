"""Headers of every answer, calls from other sites, and compression of what is not kept."""

import gzip
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from recommender.settings import Settings
from tests.api.serving import served
from tests.conftest import DEMO, records

ARTICLE = records(DEMO)[0].article.id
PATH = f"/v1/articles/{ARTICLE}/related"
STRICT = "default-src 'none'; frame-ancestors 'none'"
SITE, OTHER = "https://courier.example", "https://evil.example"

ROUTES = [
    ("GET", PATH),
    ("GET", f"/v1/articles/{ARTICLE}"),
    ("HEAD", PATH),
    ("GET", "/v1/articles/nowhere/related"),
    ("GET", f"{PATH}?limit=x"),
    ("POST", "/v1/related"),
    ("PUT", PATH),
    ("OPTIONS", PATH),
    ("GET", "/v1/index"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/nothing"),
]


@pytest.fixture(scope="module")
def client(demo_store: Path) -> Iterator[TestClient]:
    with served(demo_store) as found:
        yield found


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_answer_is_hardened(client: TestClient, method: str, path: str) -> None:
    for _ in range(2):  # made anew, then from memory
        headers = client.request(method, path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert (headers["content-security-policy"] == STRICT) is (path != "/docs")
        assert "server" not in headers
        assert headers["cache-control"]
        names = [name for name, _ in headers.raw]
        assert len(names) == len(set(names))


def test_an_unexpected_error_is_hardened_too(demo_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.recommender.Recommender.related", lambda *_, **__: 1 / 0)
    with served(demo_store, strict=False, cors_origins=SITE) as client:
        answer = client.get(PATH, headers={"x-request-id": "my-id", "origin": SITE})
    assert (answer.status_code, answer.json()["request_id"]) == (500, "my-id")
    assert answer.headers["content-security-policy"] == STRICT
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"] == "my-id"
    assert answer.headers["access-control-allow-origin"] == SITE


def test_the_docs_run_files_of_this_server_and_nothing_else(client: TestClient) -> None:
    answer = client.get("/docs")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
    assert re.findall(r"<script\b[^>]*>(.*?)</script>", answer.text, re.DOTALL) == [""]
    sources = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert len(sources) > 20
    assert all(source.startswith(("/", "#", "data:,")) for source in sources)
    for source in sources:
        assert client.get(source).status_code == 200 if source.startswith("/") else True
    assert client.get("/openapi.json").json()["openapi"].startswith("3.")


def test_the_docs_have_every_operation_with_an_example_that_is_answered(client: TestClient) -> None:
    page = unescape(client.get("/docs").text)
    paths = client.get("/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for method in methods:
            assert re.search(rf">{method.upper()}</span> <code>{re.escape(path)}</code></h2>", page), (method, path)
    buttons = re.findall(r'data-method="(\w+)" data-path="([^"]+)" data-body="(.*?)">', page)
    assert len(buttons) >= 8
    for method, path, body in buttons:
        headers = {"content-type": "application/json"} if body else {}
        assert client.request(method, path, content=body, headers=headers).status_code == 200, (method, path)


def test_the_docs_can_be_switched_off(demo_store: Path) -> None:
    with served(demo_store, docs=False) as client:
        assert [client.get(path).status_code for path in ("/docs", "/openapi.json", "/redoc")] == [404] * 3
        assert client.get(PATH).status_code == 200


@pytest.mark.parametrize("path", ["/metrics", "/openapi.json", "/docs"])
def test_long_answers_are_compressed(client: TestClient, path: str) -> None:
    with client.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert len(gzip.decompress(raw)) > 500


def cors(answer: Any) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize("path", [PATH, "/v1/articles/nowhere/related", "/v1/index"])
@pytest.mark.parametrize(
    ("setting", "origin", "allowed"),
    [
        ("", SITE, None),
        (SITE, SITE, SITE),
        (SITE, OTHER, None),
        (SITE, f"{SITE}.evil.example", None),
        (SITE, "http://courier.example", None),
        (SITE, "null", None),
        (f"{SITE}, https://b.example", "https://b.example", "https://b.example"),
        ("*", OTHER, "*"),
    ],
)
def test_who_may_read_from_another_site(
    demo_store: Path, path: str, setting: str, origin: str, allowed: str | None
) -> None:
    with served(demo_store, cors_origins=setting) as client:
        client.get(path)  # kept without, asked for with an Origin
        answer = client.get(path, headers={"origin": origin})
        plain = client.get(path)
    assert answer.headers.get("access-control-allow-origin") == allowed
    assert "access-control-allow-credentials" not in answer.headers
    assert "access-control-allow-origin" not in plain.headers
    varies = [found.headers.get("vary", "").lower().split(", ") for found in (answer, plain)]
    assert all(("origin" in names) is (setting not in ("", "*")) for names in varies) or setting == "*"


def test_preflight(demo_store: Path) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    with served(demo_store, cors_origins=SITE) as client:
        good = client.options("/v1/related", headers={"origin": SITE, **asked})
        bad = client.options("/v1/related", headers={"origin": OTHER, **asked})
        write = client.options(PATH, headers={"origin": SITE, "access-control-request-method": "PUT"})
    assert good.status_code == 200
    assert cors(good)["access-control-allow-origin"] == SITE
    for answer, word in ((bad, "origin"), (write, "method")):
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.json()["code"], word in answer.json()["detail"]) == ("cors_refused", True)
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "access-control-allow-origin" not in bad.headers
    for answer in (good, bad, write):
        assert answer.headers["content-security-policy"] == STRICT
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "origin" in answer.headers["vary"].lower()


@pytest.mark.parametrize("value", ["", "*", SITE, "http://localhost:3000", f"{SITE},https://b.example:8443"])
def test_origins_that_fit(value: str) -> None:
    assert Settings(cors_origins=value).cors_origins == value


@pytest.mark.parametrize("value", ["courier.example", f"{SITE}/", f"{SITE},*", "https://*.example", "ftp://a", " "])
def test_origins_that_do_not_fit(value: str) -> None:
    with pytest.raises(ValueError, match="cors_origins"):
        Settings(cors_origins=value)
