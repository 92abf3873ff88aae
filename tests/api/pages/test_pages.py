"""The pages without a browser: who may see them, what they say where something is missing, what they cost."""

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.cli import _who_sees_pages
from api.keys import KeyRing, secret_in
from api.pages.comparison import nearest_by_embedding
from api.pages.pictures import SECTIONS, picture
from api.pages.rendering import HEADERS, address, ago, image
from index.live.live import Live
from index.live.watch import Round, note_status
from recommender.articles import parse_article
from recommender.catalog import Catalog
from recommender.catalog.source_log import SourceLog
from recommender.ranking.request import RelatedRequest
from tests.api.serving import ENCODER, application, served
from tests.conftest import DEMO, ROOT, SEED_PAGE, build_store, records

ARTICLE = "2025-07-first-deep-ship"
PAGES = ["/", "/?q=harbour", f"/pages/article?id={ARTICLE}", "/pages/draft", "/pages/health"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newspaper, a draft and an article dated ahead of now."""
    later = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    hidden = [
        parse_article({"id": "a-draft", "title": "Secret of the harbour", "body": "Nobody knows.", "status": "draft"}),
        parse_article({"id": "ahead", "title": "Tomorrow's harbour", "body": "It is not yet.", "published_at": later}),
    ]
    return build_store(tmp_path_factory.mktemp("pages"), [*records(SEED_PAGE, DEMO), *hidden], ENCODER)


@pytest.fixture(scope="module")
def client(store: Path) -> Iterator[TestClient]:
    with TestClient(application(store, writes=True, pages="open", site_name="The Tessle Courier")) as found:
        yield found


@pytest.mark.parametrize("path", PAGES)
def test_they_are_off_unless_switched_on(store: Path, path: str) -> None:
    with served(store) as client:
        assert client.get(path).status_code == 404
        assert client.get("/docs").status_code == 200


def test_a_server_without_pages_loads_nothing_of_them() -> None:
    code = (
        "import sys, api.app; from tests.api.serving import served; from pathlib import Path\n"
        "from tests.conftest import *\n"
        "from tests.api.serving import ENCODER; import tempfile\n"
        "store = build_store(Path(tempfile.mkdtemp()), records(DEMO)[:20], ENCODER)\n"
        "with served(store) as client:\n"
        "    client.get('/v1/index'); client.get('/openapi.json'); client.get('/')\n"
        "    print([name for name in sys.modules if name.startswith(('api.pages', 'recommender.explain.links'))])\n"
        "    client.get('/docs'); print('api.pages.reference' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\nTrue\n"


@pytest.mark.parametrize("path", [*PAGES, "/pages/article?id=nowhere", "/docs"])
def test_each_page_is_under_the_strict_policy_and_holds_no_script_or_style_of_its_own(
    client: TestClient, path: str
) -> None:
    answer = client.get(path)
    assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert " style=" not in answer.text
    assert "<style" not in answer.text
    assert answer.text.count("<script") == answer.text.count('<script type="module" src="/assets/')


def basic(password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"anybody:{password}".encode()).decode()}


@pytest.mark.parametrize("path", PAGES)
def test_behind_a_key_a_browser_is_asked_for_it(store: Path, path: str) -> None:
    with served(store, pages="key") as client:
        ring = KeyRing(store)
        secret = ring.new(f"reader of {path}")
        for headers in ({}, basic("wrong"), basic(""), {"authorization": "Basic %%%"}, {"authorization": "Basic"}):
            refused = client.get(path, headers=headers)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"].startswith("Basic ")
            assert "harbour" not in refused.text.lower()
        for headers in (basic(secret), {"authorization": f"Bearer {secret}"}):
            assert client.get(path, headers=headers).status_code == 200
        ring.revoke(f"reader of {path}")
        assert client.get(path, headers=basic(secret)).status_code == 401
        assert client.get(f"/v1/articles/{ARTICLE}/related").status_code == 200


def test_what_a_browser_sends_by_itself_writes_nothing(store: Path) -> None:
    secret = KeyRing(store).new("writer")
    with TestClient(application(store, writes=True, pages="key")) as client:
        answer = client.put("/v1/articles/new", json={"title": "A title"}, headers=basic(secret))
        assert (answer.status_code, answer.json()["code"]) == (401, "key_required")


def test_the_key_in_a_header() -> None:
    assert secret_in("Bearer  rk_x ") == "rk_x"
    assert secret_in("bearer rk_x") == "rk_x"
    assert secret_in(basic("a:b")["authorization"]) == "a:b"
    for other in ("", "Basic", "Basic ÿ", "Basic " + base64.b64encode(b"\xff:x").decode(), "Digest x", "rk_x"):
        assert secret_in(other) is None
    assert secret_in("Basic " + base64.b64encode(b"no colon").decode()) is None


def test_drafts_and_what_is_dated_ahead_are_for_who_has_a_key(store: Path, client: TestClient) -> None:
    key = basic(KeyRing(store).new("editor"))
    for name in ("a-draft", "ahead"):
        path = f"/pages/article?id={name}"
        assert client.get(path).status_code == (404 if name == "a-draft" else 401)
        assert "It is not yet" not in client.get(path).text
        assert client.get(path, headers=key).status_code == 200
    for path in ("/", "/?q=secret", "/?q=a-draft", "/?q=tomorrow", "/?q=ahead"):
        assert "Secret of" not in client.get(path).text
        assert "Tomorrow&#39;s" not in client.get(path).text


def test_what_is_not_there_is_said_in_a_page(client: TestClient, tmp_path: Path) -> None:
    assert "There is no such article" in client.get("/pages/article?id=nowhere").text
    assert client.get("/pages/article").status_code == 404
    with served(tmp_path, pages="open") as empty:
        answer = empty.get("/")
        assert answer.status_code == 503
        assert "There is no index" in answer.text
        assert empty.get("/docs").status_code == 200


def test_values_that_do_not_fit_are_named_and_not_used(client: TestClient) -> None:
    answer = client.get(f"/pages/article?id={ARTICLE}&limit=99&mode=sideways&min_score=x&published_after=soon")
    assert answer.status_code == 200
    assert answer.text.count('class="wrong"') == 4
    plain = client.get(f"/pages/article?id={ARTICLE}&limit=&mode=").text
    assert 'class="wrong"' not in plain
    assert plain.split('id="results"')[1].count('<li class="row') == 8


def test_a_draft_is_bounded_and_stored_nowhere(client: TestClient, store: Path) -> None:
    before = client.get("/v1/index").json()
    answer = client.post("/pages/draft", data={"title": "x", "body": "word " * 12_001})
    assert answer.status_code == 422
    assert "60000" in answer.text or "60,000" in answer.text
    assert client.post("/pages/draft", data={"body": "The harbour is dredged again."}).status_code == 200
    assert client.post("/pages/draft", content=b"\xff%ff=%zz&body=%c3%28harbour").status_code == 200
    assert client.get("/v1/index").json() == before
    assert Catalog.open(store).articles_of(["draft", ""]) == {}


def test_pages_cost_what_the_lists_in_them_cost(store: Path) -> None:
    with served(store, pages="open", cost_per_minute=20) as client:
        answers = [client.get(f"/pages/article?id={ARTICLE}") for _ in range(12)]
        assert [answer.status_code for answer in answers].count(429) >= 6
        assert answers[-1].headers["retry-after"]
        assert client.get("/").status_code == 200


def test_without_a_catalog_the_list_is_there_and_the_text_is_not(store: Path) -> None:
    with served(store, pages="open") as client:
        answer = client.get(f"/pages/article?id={ARTICLE}")
        assert "The text is not at hand" in answer.text
        assert answer.text.count('<li class="row') == 8
        assert "No catalog can be opened here" in client.get("/pages/health").text


def test_index_health_names_sources_and_what_failed(tmp_path: Path) -> None:
    store = build_store(tmp_path, records(DEMO)[:9], ENCODER)
    catalog = Catalog.open(store)
    SourceLog(catalog.engine).note("https://paper.org/feed", {"a": "0" * 64, "b": "1" * 64})
    done = Round(articles=7, stored=3, removed=0, absent=0, rejected=0, kept="", error="", seconds=0.1)
    note_status(store, "https://name:secret@paper.org/other", replace(done, error="it timed out"))
    note_status(store, "https://paper.org/feed", done)
    with TestClient(application(store, writes=True, pages="open", max_article_age_hours=1.0)) as client:
        page = client.get("/pages/health").text
    rows = re.findall(
        r"<tr><th scope=.row.><code>(.*?)</code></th><td class=.n.>(.*?)</td><td>(.*?)</td><td>(.*?)</td>", page
    )
    assert [(name, articles, said) for name, articles, _, said in rows] == [
        ("https://name:***@paper.org/other", "7", "failed: it timed out"),
        ("https://paper.org/feed", "2", "3 new or changed"),
    ]
    assert "secret" not in page
    assert page.count('<li class="serious">') == 2  # that source, and the newest article's age


@pytest.mark.parametrize(
    ("host", "setting"),
    [("127.0.0.1", "open"), ("127.9.9.9", "open"), ("::1", "open"), ("localhost", "open"), ("0.0.0.0", "key")]
    + [(host, "key") for host in ("::", "10.0.0.1", "paper.org", "", "localhost.paper.org")],
)
def test_the_command_opens_pages_to_its_own_machine_alone(host: str, setting: str) -> None:
    assert _who_sees_pages(host) == setting


def test_the_plain_column_is_the_nearest_by_the_semantic_half_alone(store: Path) -> None:
    live = Live(store)
    live.refresh()
    snapshot = live.snapshot()
    corpus, query = snapshot.corpus, snapshot.corpus.query(snapshot.corpus.row(ARTICLE))
    half = len(corpus.fusion.centre)
    vectors = np.asarray(corpus.fused[:, :half], dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=1)
    cosines = vectors @ vectors[query.row] / np.where(lengths > 0, lengths, 1) / lengths[query.row]
    allowed = snapshot.recommender.eligible(query)
    order = sorted(np.flatnonzero(allowed).tolist(), key=lambda row: (-round(cosines[row], 6), row))
    found = nearest_by_embedding(snapshot, query, RelatedRequest(limit=6))
    assert [row for row, _ in found] == order[:6]
    assert [cosine for _, cosine in found] == pytest.approx(cosines[order[:6]].tolist(), abs=1e-5)
    assert query.row not in order


def test_links_and_images_lead_only_where_they_may() -> None:
    for bad in (
        None,
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://x.org/",
        "https://paper.example/",
    ):
        assert address(bad) is None
        assert image(bad) is None
    assert address("http://paper.org/a") == "http://paper.org/a"
    assert image("http://paper.org/a.png") is None
    assert image("https://paper.org/a.png") == "https://paper.org/a.png"
    assert address("https://name:secret@paper.org/") in (None, "https://paper.org/")


def test_an_image_of_the_site_is_asked_for_without_a_referrer(tmp_path: Path) -> None:
    article = {
        "id": "a",
        "title": "A",
        "body": "b",
        "image": "https://paper.org/a.png?x=1&y=2",
        "url": "https://paper.org/a",
    }
    store = build_store(tmp_path, [parse_article(article)], ENCODER)
    with served(store, pages="open") as client:
        page = client.get("/").text
        assert 'src="https://paper.org/a.png?x=1&amp;y=2" alt=""' in page
        assert 'referrerpolicy="no-referrer"' in page
        assert 'href="https://paper.org/a" rel="noopener noreferrer"' in client.get("/pages/article?id=a").text


def test_drawings_are_the_same_every_time_and_hold_nothing_of_the_text() -> None:
    for section in ("", "business", "sport", "<b>&", "Zubehör", *SECTIONS):
        drawn = picture(section, "x<y")
        assert drawn == picture(section, "x<y")
        assert drawn.startswith('<svg class="picture p')
        assert "x<y" not in drawn
        assert "<b>" not in drawn
    assert len({picture("sport", str(number)) for number in range(50)}) > 40


def test_assets_are_kept_by_browsers_under_an_address_that_changes_with_them(client: TestClient) -> None:
    found = client.get("/").text.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = client.get(found)
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert client.get(found.split("?")[0]).headers["cache-control"] == "no-cache"
    for other in ("x", "../routes.py", "..%2froutes.py", "pages.css/x", ""):
        assert client.get(f"/assets/{other}").status_code == 404


def test_how_long_ago() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    said = [ago(now - timedelta(seconds=each), now) for each in (5, 60, 7_200, 86_400, 9e6)]
    assert said == ["just now", "1 minute ago", "2 hours ago", "1 day ago", "104 days ago"]


def test_under_a_path_of_a_proxy_every_address_has_it(store: Path) -> None:
    app = application(store, pages="open")
    with TestClient(app, root_path="/related") as client:
        for path in (*PAGES, "/docs"):
            page = client.get(path).text
            for part in page.split(' href="')[1:] + page.split(' action="')[1:]:
                target = part.split('"')[0]
                assert target.startswith(("/related/", "#", "data:", "https://")), (path, target)
