"""``/widget.js`` and lists as HTML over HTTP: headers, caches, and that who gives neither pays for neither."""

import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest
from fastapi.testclient import TestClient

from tests.api.serving import served
from tests.conftest import DEMO, ROOT, records

ARTICLE = "2025-07-first-deep-ship"
LIST, HTML = f"/v1/articles/{ARTICLE}/related", f"/v1/articles/{ARTICLE}/related.html"
SITE = "https://courier.example"


@pytest.fixture(scope="module")
def client(demo_store: Path) -> Iterator[TestClient]:
    with served(demo_store) as found:
        yield found


def test_the_file_is_kept_for_long_and_found_unchanged_afterwards(client: TestClient) -> None:
    script = (ROOT / "api" / "static" / "widget.js").read_bytes()
    tags = set()
    for coding, body in (
        ("identity", script),
        ("gzip", gzip.compress(script, 9, mtime=0)),
        ("br", brotli.compress(script)),
    ):
        asked = {"accept-encoding": coding}
        with client.stream("GET", "/widget.js", headers=asked) as answer:
            assert b"".join(answer.iter_raw()) == body
        headers = answer.headers
        assert headers["content-type"].startswith("text/javascript")
        assert headers.get("content-encoding", "identity") == coding
        assert headers["vary"] == "Accept-Encoding"
        assert "max-age=86400" in headers["cache-control"]
        assert headers["access-control-allow-origin"] == "*"
        assert headers["cross-origin-resource-policy"] == "cross-origin"
        again = client.get("/widget.js", headers={**asked, "if-none-match": headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", headers["etag"])
        tags.add(headers["etag"])
    assert len(tags) == 3
    assert client.head("/widget.js").status_code == 200


def test_everybody_may_load_the_file_whoever_may_call(demo_store: Path) -> None:
    with served(demo_store, cors_origins=SITE) as client:
        for origin, allowed in ((SITE, SITE), ("https://other.example", "*")):
            answer = client.get("/widget.js", headers={"origin": origin})
            assert answer.headers.get_list("access-control-allow-origin") == [allowed]
        assert (
            "access-control-allow-origin" not in client.get(HTML, headers={"origin": "https://other.example"}).headers
        )


def test_a_fragment_is_kept_as_its_list_is(client: TestClient) -> None:
    for more in ("", "?limit=3&mode=background", "?explain=true"):
        one, other = client.get(LIST + more), client.get(HTML + more)
        assert one.status_code == other.status_code == 200
        assert other.headers["content-type"] == "text/html; charset=utf-8"
        assert one.headers["cache-control"] == other.headers["cache-control"]
        assert one.headers["etag"] != other.headers["etag"]
        assert other.text.count("<li ") == one.json()["count"]
        assert other.text.count("related-articles__why") == (one.json()["count"] if "explain" in more else 0)
        same = client.get(HTML + more, headers={"if-none-match": other.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
    hits = client.app.state.metrics.hits  # type: ignore[attr-defined]
    client.get(HTML)
    assert client.app.state.metrics.hits == hits + 1  # type: ignore[attr-defined]


def test_a_fragment_by_address_is_that_of_the_article(client: TestClient) -> None:
    address = next(each.article.url for each in records(DEMO) if each.article.id == ARTICLE)
    assert client.get("/v1/related.html", params={"url": address}).content == client.get(HTML).content


def test_nothing_related_is_nothing_at_all(client: TestClient) -> None:
    answer = client.get(f"{HTML}?min_score=1")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/articles/nowhere/related.html", 404),
        ("GET", f"{HTML}?limit=0", 422),
        ("GET", "/v1/related.html", 422),
        ("PUT", HTML, 405),
        ("DELETE", HTML, 405),
        ("POST", "/widget.js", 405),
    ],
)
def test_what_is_wrong_is_said_as_elsewhere(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_server_loads_no_templates_before_the_first_fragment(demo_store: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from tests.api.serving import served
with served(Path({str(demo_store)!r}), pages="off") as client:
    client.get({LIST!r}), client.get("/widget.js")
    before = "jinja2" in sys.modules
    assert client.get({HTML!r}).text.startswith("<ul")
    print(before, "jinja2" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"
