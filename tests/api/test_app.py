"""The HTTP contract: answers against brute force, and every failure in one shape."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from index.build import build
from index.store.publish import open_current
from index.store.snapshot import Snapshot
from recommender.articles import Article, Record, parse_article
from recommender.catalog import Catalog
from recommender.corpus.encoder import Encoder, HashEncoder
from recommender.settings import Settings
from tests.api.serving import served
from tests.conftest import DEMO, OPTECH, SEED_PAGE, build_store, records
from tests.reference import assert_same, related_rows

BOUND = Settings().min_score


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, hash_encoder: Encoder) -> Path:
    return build_store(tmp_path_factory.mktemp("store"), records(SEED_PAGE, DEMO, OPTECH), hash_encoder)


@pytest.fixture(scope="module")
def snapshot(store: Path) -> Snapshot:
    return open_current(store)


@pytest.fixture(scope="module")
def client(store: Path) -> Iterator[TestClient]:
    with served(store) as found:
        yield found


def test_every_list_equals_brute_force(client: TestClient, snapshot: Snapshot) -> None:
    off = []
    for row, card in enumerate(snapshot.corpus.cards):
        answer = client.get(f"/v1/articles/{card.id}/related", params={"limit": 10}).json()
        found = [(snapshot.corpus.row(item["id"]), item["score"]) for item in answer["items"]]
        expected = [(other, score) for other, score in related_rows(snapshot, row) if score >= BOUND]
        off += assert_same(found, expected, 10)
        assert answer["id"] == card.id
        assert answer["index_version"] == snapshot.version
    assert len(off) > 2_000
    assert np.mean(np.array(off) > 1e-5) < 0.02


def test_items_carry_what_a_page_shows(client: TestClient) -> None:
    answer = client.get("/v1/articles/2025-07-first-deep-ship/related?limit=3").json()
    assert (answer["status"], answer["count"]) == ("ok", 3)
    by_id = {record.article.id: record.article for record in records(DEMO)}
    for position, item in enumerate(answer["items"], start=1):
        article = by_id[item["id"]]
        assert item["position"] == position
        assert item["source"] == "ranked"
        assert (item["url"], item["title"], item["teaser"]) == (article.url, article.title, article.teasers[0])
        assert (item["section"], item["image"]) == (article.section, article.image)
        assert item["published_at"] == article.published_at.isoformat().replace("+00:00", "Z")  # type: ignore[union-attr]


def test_a_stub_is_recommended_by_its_teaser(client: TestClient) -> None:
    items = client.get("/v1/articles/aras-2025/related?limit=8").json()["items"]
    stubs = [item for item in items if item["id"].startswith("stub-")]
    assert len(stubs) >= 6
    assert all(stub["title"] is None and stub["teaser"] for stub in stubs)


def test_by_url_is_the_same_list_as_by_id(client: TestClient) -> None:
    by_id = client.get("/v1/articles/2025-07-first-deep-ship/related").json()
    url = "http://TessleCourier.example:80/business/../business/2025-07-first-deep-ship/?utm_source=mail#top"
    url = url.replace("/business/..", "")
    for record in records(DEMO):
        if record.article.id == by_id["id"]:
            section = record.article.url.split("/")[3]  # type: ignore[union-attr]
            url = url.replace("business", section)
    assert client.get("/v1/related", params={"url": url}).json() == by_id


def test_ids_with_slashes_can_be_asked_plain_and_encoded(tmp_path: Path, hash_encoder: Encoder) -> None:
    items = [Record(Article(id=f"news/2024/{i}", title=f"harbour dredging number {i}", body="x"), "") for i in range(4)]
    with served(build_store(tmp_path, items, hash_encoder)) as client:
        plain = client.get("/v1/articles/news/2024/1/related")
        encoded = client.get("/v1/articles/news%2F2024%2F1/related")
        assert plain.status_code == encoded.status_code == 200
        assert plain.json() == encoded.json()
        assert client.get("/v1/articles/news/2024/1").json()["id"] == "news/2024/1"


@pytest.mark.parametrize(
    ("params", "keep"),
    [
        ({"section": "sport"}, lambda a: a.section == "sport"),
        ({"section": ["sport", "courts"]}, lambda a: a.section in ("sport", "courts")),
        ({"published_before": "2024-08-31T00:00:00Z"}, lambda a: a.published_at.isoformat() <= "2024-08-31"),
        ({"published_after": "2025-06-01"}, lambda a: a.published_at.isoformat() >= "2025-06-01"),
        ({"language": "EN"}, lambda a: a.language == "en"),
    ],
)
def test_filters_apply_before_the_cut(params: dict[str, Any], keep: Any, tmp_path: Path, hash_encoder: Encoder) -> None:
    demo = records(DEMO)
    with served(build_store(tmp_path, demo, hash_encoder)) as client:
        answer = client.get(
            "/v1/articles/2024-11-weathercock-case/related", params={"limit": 100, "min_score": 0, **params}
        ).json()
    wanted = {r.article.id for r in demo if keep(r.article) and r.article.id != "2024-11-weathercock-case"}
    assert {name for item in answer["items"] for name in (item["id"], *item["also"])} == wanted
    assert answer["status"] == "thin"


def test_exclude_takes_ids_and_urls_and_is_refilled(client: TestClient) -> None:
    path = "/v1/articles/2025-07-first-deep-ship/related"
    plain = [item for item in client.get(path, params={"limit": 6}).json()["items"]]
    out = {"exclude": [plain[0]["id"], plain[2]["url"]], "limit": 4}
    rest = [item["id"] for item in client.get(path, params=out).json()["items"]]
    assert len(rest) == 4
    assert not {plain[0]["id"], plain[2]["id"]} & set(rest)


def test_min_score_shortens_the_list_and_says_so(client: TestClient) -> None:
    path = "/v1/articles/2025-07-first-deep-ship/related"
    scores = [item["score"] for item in client.get(path, params={"limit": 10}).json()["items"]]
    answer = client.get(path, params={"limit": 10, "min_score": scores[3]}).json()
    assert [item["score"] for item in answer["items"]] == [s for s in scores if s >= scores[3]]
    assert answer["status"] == "thin"


def test_a_draft_gets_the_list_of_its_published_twin_and_is_not_stored(client: TestClient) -> None:
    record = next(r for r in records(DEMO) if r.article.id == "2024-09-parking-levy-explained")
    article = record.article
    body = {
        "title": article.title,
        "teasers": list(article.teasers),
        "body": article.body,
        "published_at": article.published_at.isoformat(),  # type: ignore[union-attr]
        "section": article.section,
        "tags": list(article.tags),
    }
    draft = client.post("/v1/related", json=body).json()
    known = client.get(f"/v1/articles/{article.id}/related").json()
    assert draft["id"] is None
    assert [item["id"] for item in draft["items"]] == [item["id"] for item in known["items"]]
    assert np.allclose([i["score"] for i in draft["items"]], [i["score"] for i in known["items"]], atol=1e-4)
    assert client.get("/v1/articles/draft").status_code == 404


def test_a_teaser_alone_is_a_draft(client: TestClient) -> None:
    answer = client.post(
        "/v1/related?limit=3", json={"teaser": "Dredging of the Swatch at Tesslemouth harbour may begin."}
    )
    assert answer.status_code == 200
    assert "harbour" in str(answer.json()["items"][0]).lower()


def test_a_former_id_leads_to_the_article(tmp_path: Path, hash_encoder: Encoder) -> None:
    page = records(SEED_PAGE)
    teaser = page[0].stubs[0].teasers[0]
    full = Record(Article(id="intercept", title="Missile intercepted", teasers=(teaser,), body="Sirens sounded."), "")
    with served(build_store(tmp_path, [*page, full], hash_encoder)) as client:
        found = client.get(f"/v1/articles/{page[0].stubs[0].id}").json()
    assert (found["id"], found["stub"]) == ("intercept", False)


def test_index_says_what_is_in_service(client: TestClient, snapshot: Snapshot) -> None:
    found = client.get("/v1/index").json()
    assert found["version"] == snapshot.version
    assert (found["articles"], found["stubs"]) == (1 + 70 + 157, 8)
    assert found["model"] == {"name": "hash", "revision": "blake2b-64", "dim": 64}
    assert found["newest_article"] == "2025-09-20T22:50:00Z"
    assert found["problem"] is False


def test_probes(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}


def test_without_a_snapshot_alive_but_not_ready_and_recovers(tmp_path: Path, hash_encoder: Encoder) -> None:
    with served(tmp_path) as client:
        assert client.get("/healthz").status_code == 200
        for path in ("/readyz", "/v1/index", "/v1/articles/x/related", "/v1/articles/x", "/v1/related?url=http://a/b"):
            answer = client.get(path)
            check_problem(answer, 503, "not_ready")
            assert answer.headers["retry-after"] == "5"
        check_problem(client.post("/v1/related", json={"title": "x"}), 503, "not_ready")
        build_store(tmp_path, records(SEED_PAGE), hash_encoder)
        client.app.state.live.refresh()  # type: ignore[attr-defined]
        assert client.get("/readyz").status_code == 200


def test_a_new_snapshot_is_picked_up_by_itself(tmp_path: Path, hash_encoder: Encoder) -> None:
    build_store(tmp_path, records(DEMO)[:20], hash_encoder)
    with served(tmp_path) as client:
        first = client.get("/v1/index").json()["version"]
        build_store(tmp_path, records(DEMO)[:40], hash_encoder)
        until = time.monotonic() + 60  # only ends a wait that would never end
        while (found := client.get("/v1/index").json())["version"] == first and time.monotonic() < until:
            time.sleep(0.01)
        assert found["articles"] == 40


ODD_IDS = ["nowhere", "%00", "..%2F..%2Fetc%2Fpasswd", "%ED%A0%80", "x" * 10_000, "%E2%80%AEabc", "%F0%9F%98%80", "%FF"]


@pytest.mark.parametrize("identity", ODD_IDS, ids=range(len(ODD_IDS)))
@pytest.mark.parametrize("path", ["/v1/articles/{}", "/v1/articles/{}/related", "/v1/related?url={}"])
def test_unknown_and_odd_ids_are_404(client: TestClient, path: str, identity: str) -> None:
    check_problem(client.get(path.format(identity)), 404, "article_not_found")


BAD_PARAMS = [
    "limit=0",
    "limit=101",
    "limit=x",
    "limit=1e3",
    "min_score=-1",
    "min_score=nan",
    "min_score=inf",
    "published_after=yesterday",
    "published_before=99999-01-01",
]


@pytest.mark.parametrize("params", BAD_PARAMS)
def test_bad_parameters_are_named(client: TestClient, params: str) -> None:
    answer = client.get(f"/v1/articles/aras-2025/related?{params}")
    check_problem(answer, 422, "invalid_request")
    assert answer.json()["errors"][0]["where"] == f"query.{params.split('=')[0]}"


BAD_BODIES = [
    b"",
    b"not json",
    b"[]",
    b"{}",
    b'{"title": "' + b"x" * 1_001 + b'"}',
    b'{"title": "\\ud800"}',
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_bad_drafts_are_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/related", content=body, headers={"content-type": "application/json"})
    check_problem(answer, 422, "invalid_request")
    assert answer.json()["errors"]


def test_a_body_that_is_not_utf8_is_a_bad_request(client: TestClient) -> None:
    answer = client.post("/v1/related", content=b"\xff", headers={"content-type": "application/json"})
    check_problem(answer, 400, "bad_request")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/v1/articles/x/related", "/v1/index", "/healthz"])
def test_other_methods_are_405(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, path)
    check_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"


def test_unknown_routes_are_404(client: TestClient) -> None:
    check_problem(client.get("/v2/anything"), 404, "not_found")


def test_an_unexpected_error_leaks_nothing(store: Path, hash_encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret: /etc/passwd")

    monkeypatch.setattr("recommender.recommender.Recommender.related", broken)
    with served(store, strict=False) as client:
        answer = client.get("/v1/articles/aras-2025/related")
    check_problem(answer, 500, "internal_error")
    assert "secret" not in answer.text
    assert "passwd" not in answer.text


def test_drafts_need_the_snapshots_own_model(store: Path) -> None:
    with served(store, encoder=HashEncoder(dim=32)) as client:
        check_problem(client.post("/v1/related", json={"title": "x"}), 503, "encoder_unavailable")


def test_a_vanished_corpus_leaves_the_list_in_service(tmp_path: Path, hash_encoder: Encoder) -> None:
    store = build_store(tmp_path, records(DEMO)[:20], hash_encoder)
    with served(store) as client:
        before = client.get("/v1/index").json()
        (store / "CURRENT").write_text("0" * 16 + "\n")
        client.app.state.live.refresh()  # type: ignore[attr-defined]
        assert client.get("/readyz").status_code == 200
        assert client.get("/v1/index").json() == {**before, "problem": True}
        catalog = Catalog.open(store)
        catalog.put(records(DEMO)[20:30])
        build(store, catalog, hash_encoder)
        catalog.close()
        client.app.state.live.refresh()  # type: ignore[attr-defined]
        after = client.get("/v1/index").json()
        assert (after["problem"], after["articles"]) == (False, 30)


def check_problem(answer: Any, status: int, code: str) -> None:
    """One shape for every error (RFC 9457)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert list(body) == ["type", "title", "status", "code", "detail", "errors", "request_id"]
    assert body["request_id"] == answer.headers["x-request-id"]
    assert (body["status"], body["code"], body["type"]) == (status, code, "about:blank")
    assert len(body["detail"]) <= 300


def test_a_former_address_leads_to_the_article_and_stands_in_lists(tmp_path: Path, hash_encoder: Encoder) -> None:
    """Declared in the site's own files, asked for over HTTP, named in another article's list."""
    site = "https://news.example"
    made = [
        {"id": "quay", "url": f"{site}/quay/", "title": "The quay", "body": "Ships.", "aliases": [f"{site}/2019/quay"]},
        {
            "id": "crane",
            "url": f"{site}/crane/",
            "title": "A crane",
            "body": "Iron.",
            "related": [f"{site}/2019/quay/"],
        },
    ]
    with served(build_store(tmp_path, [parse_article(each) for each in made], hash_encoder)) as client:
        found = client.get("/v1/related", params={"url": "http://www.news.example/2019/quay/?utm_source=x"}).json()
        assert found["id"] == "quay"
        assert client.get(f"/v1/articles/{site}/2019/quay").json()["id"] == "quay"
        asked = client.get("/v1/articles/crane/related", params={"explain": "true"}).json()
        assert [item["id"] for item in asked["items"]] == ["quay"]
