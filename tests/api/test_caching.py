"""How long answers may be kept, how they are recognised, and in which coding they go out."""

import gzip
import itertools
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import brotli
import pytest
from fastapi.testclient import TestClient

from api.caching import Document, _remembered, cache_control, coding, lifetime, matches, tag_of
from recommender.articles import Article, Record
from tests.api.serving import ENCODER, IDENTITY, served
from tests.conftest import DEMO, build_store, records

BORN = datetime(2026, 3, 1, 12, tzinfo=UTC)
ARTICLE = "2025-07-first-deep-ship"
PATH = f"/v1/articles/{ARTICLE}/related"


@pytest.fixture(scope="module")
def client(demo_store: Path) -> TestClient:
    with served(demo_store) as found:
        yield found


@pytest.mark.parametrize(
    ("age", "seconds"),
    [
        (timedelta(days=-3), 900),  # scheduled
        (timedelta(0), 900),
        (timedelta(hours=23, minutes=59), 900),
        (timedelta(days=1), 3_600),
        (timedelta(days=6, hours=23), 3_600),
        (timedelta(days=7), 86_400),
        (timedelta(days=29, hours=23), 86_400),
        (timedelta(days=30), 604_800),
        (timedelta(days=10_000), 604_800),
    ],
)
def test_the_older_the_article_the_longer_it_is_kept(age: timedelta, seconds: int) -> None:
    now = (BORN + age).timestamp()
    found, until = lifetime(BORN, now)
    assert found == seconds
    assert until > now
    if until < float("inf"):
        assert lifetime(BORN, until - 1)[0] == seconds
        assert lifetime(BORN, until)[0] > seconds


def test_an_article_without_a_date_is_kept_an_hour() -> None:
    assert lifetime(None, 0) == (3_600, float("inf"))


@pytest.mark.parametrize(("length", "thin", "seconds"), [(8, False, 604_800), (5, True, 300), (0, True, 300)])
def test_thin_lists_are_kept_for_a_short_time(length: int, thin: bool, seconds: int) -> None:
    now = (BORN + timedelta(days=400)).timestamp()
    found, _ = cache_control(Document("t", BORN, length, thin), now)
    assert found == f"public, max-age={seconds}, stale-while-revalidate={seconds}, stale-if-error=604800"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ('"b",W/"a" ,"c"', True),
        ("*", True),
        (" * ", True),
        ('"b"', False),
        ("a", False),
        ('"aa"', False),
        ('"b,a"', False),
        ('"*"', False),
        ("", False),
        ('"a', False),
    ],
)
def test_if_none_match(header: str, expected: bool) -> None:
    assert matches(header, "a") is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5, gzip;q=0.9", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0", ""),
        ("gzip; q=0.0", ""),
        ("*", "br"),
        ("*;q=0", ""),
        ("br;q=0, *;q=0.1", "gzip"),
        ("identity", ""),
        ("identity, gzip;q=0.5", ""),
        ("GZIP", "gzip"),
        ("deflate", ""),
        ("gzip;q=nonsense", ""),
        ("gzipped", ""),
        ("", ""),
    ],
)
def test_accept_encoding(header: str, expected: str) -> None:
    assert coding(header) == expected


def test_no_client_fills_the_memory_with_headers() -> None:
    assert coding("x" * 10_000 + ", gzip") == "gzip"
    before = _remembered.cache_info()
    for n in range(10):
        coding(f"gzip, x{n}" + "y" * 10_000)
    assert _remembered.cache_info() == before


def test_tags_differ_with_version_and_parts_and_nothing_else() -> None:
    parts = [(), ("a",), ("b",), ("a", 1), ("a", {1, 2}), ("a", {"x": 1, "y": {3}})]
    tags = [tag_of(version, *part) for version in ("v1", "v2") for part in parts]
    assert len(set(tags)) == len(tags)
    assert tag_of("v", {"x": 1, "y": {2, 1}}) == tag_of("v", {"y": {1, 2}, "x": 1})


SAME = [
    {"limit": ["8"]},
    {},
    {"limit": ["08"]},
    {"limit": ["3", "8"]},
    {"min_score": ["0.0035"]},  # what .01 comes to among 70 articles
    {"min_score": ["0.00350"]},
    {"min_score": ["35e-4"], "limit": ["8"]},
    {"mode": ["similar"], "diversity": ["-0"]},
    {"exclude": ["nowhere"]},
    {"unknown": ["x"]},
]


@pytest.mark.parametrize("params", SAME, ids=range(len(SAME)))
def test_requests_that_mean_the_same_share_a_tag(client: TestClient, params: dict[str, list[str]]) -> None:
    plain = client.get(PATH, headers=IDENTITY)
    other = client.get(f"{PATH}?{urlencode(params, doseq=True)}", headers=IDENTITY)
    assert (other.headers["etag"], other.content) == (plain.headers["etag"], plain.content)


def test_order_and_spelling_do_not_matter(client: TestClient) -> None:
    excluded = {r.article.id: r.article.url for r in records(DEMO)[:2]}
    (first, url), (second, _) = excluded.items()
    pairs = [
        ("section", "sport"),
        ("section", "courts"),
        ("exclude", first),
        ("exclude", second),
        ("published_after", "2024-01-01T00:00:00Z"),
        ("limit", "5"),
    ]
    spelt = [
        ("exclude", f"{url}?utm_source=x"),
        ("exclude", second),
        ("section", "courts"),
        ("published_after", "2024-01-01T02:00:00+02:00"),
        ("section", "sport"),
        ("section", "sport"),
        ("limit", "5"),
    ]
    rng = random.Random(1)
    answers = [client.get(f"{PATH}?{urlencode(pairs)}")]
    for _ in range(20):
        rng.shuffle(spelt)
        answers.append(client.get(f"{PATH}?{urlencode(spelt)}"))
    assert {(a.status_code, a.headers["etag"], a.content) for a in answers} == {
        (200, answers[0].headers["etag"], answers[0].content)
    }


def test_every_other_meaning_has_another_tag(client: TestClient) -> None:
    """Over the product of parameter values: equal tags exactly where the values are equal."""
    values = {
        "limit": ["4", "8"],
        "min_score": ["0", "0.1"],
        "section": ["", "sport", "courts"],
        "language": ["", "en"],
        "published_after": ["", "2024-01-01", "2025-01-01"],
        "exclude": ["", "2024-09-parking-levy-explained"],
    }
    tags: dict[str, tuple[str, ...]] = {}
    for chosen in itertools.product(*values.values()):
        params = {name: value for name, value in zip(values, chosen, strict=True) if value}
        tag = client.get(PATH, params=params).headers["etag"]
        assert tags.setdefault(tag, chosen) == chosen
    assert len(tags) == 2 * 2 * 3 * 2 * 3 * 2
    assert client.get("/v1/articles/2024-09-parking-levy-explained/related").headers["etag"] not in tags


def test_by_id_and_by_url_share_a_tag(client: TestClient) -> None:
    url = next(r.article.url for r in records(DEMO) if r.article.id == ARTICLE)
    answer = client.get(f"/v1/related?url={quote(str(url), safe='')}")
    assert answer.headers["etag"] == client.get(PATH).headers["etag"]


@pytest.mark.parametrize("path", [PATH, f"/v1/articles/{ARTICLE}", f"{PATH}?limit=3"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("accept", ["identity", "gzip", "br"])
def test_who_has_it_already_gets_304(client: TestClient, path: str, method: str, accept: str) -> None:
    headers = {"accept-encoding": accept}
    full = client.request(method, path, headers=headers)
    tag = full.headers["etag"]
    assert tag.startswith('"')  # strong
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = client.request(method, path, headers={**headers, "if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        for name in ("etag", "cache-control", "vary", "x-content-type-options", "content-security-policy"):
            assert again.headers[name] == full.headers[name]
        assert "content-type" not in again.headers
    assert client.request(method, path, headers={**headers, "if-none-match": '"x"'}).status_code == 200


@pytest.mark.parametrize("path", [PATH, f"/v1/articles/{ARTICLE}", "/v1/index", "/healthz", "/docs"])
def test_head_is_get_without_a_body(client: TestClient, path: str) -> None:
    get, head = client.get(path, headers=IDENTITY), client.head(path, headers=IDENTITY)
    assert (head.status_code, head.content) == (200, b"")
    drop = {"x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in drop} == {
        k: v for k, v in get.headers.items() if k not in drop
    }


def test_head_of_what_is_not_there_is_404(client: TestClient) -> None:
    answer = client.head("/v1/articles/nowhere/related")
    assert (answer.status_code, answer.content) == (404, b"")


def test_each_coding_has_its_own_tag_and_the_same_document(client: TestClient) -> None:
    plain = client.get(PATH, headers=IDENTITY)
    decode = {"identity": bytes, "gzip": gzip.decompress, "br": brotli.decompress}
    tags = set()
    for accept, decoded in decode.items():
        with client.stream("GET", PATH, headers={"accept-encoding": accept}) as answer:
            raw = b"".join(answer.iter_raw())
        assert decoded(raw) == plain.content
        assert answer.headers.get("content-encoding", "identity") == accept
        assert int(answer.headers["content-length"]) == len(raw)
        assert answer.headers["vary"] == "Accept-Encoding"
        tags.add(answer.headers["etag"])
    assert len(tags) == 3


def test_small_documents_are_not_compressed(tmp_path: Path) -> None:
    items = [Record(Article(id=i, title=f"harbour {i}", body="x"), "") for i in "ab"]
    with served(build_store(tmp_path, items, ENCODER)) as client:
        answer = client.get("/v1/articles/a", headers={"accept-encoding": "gzip, br"})
    assert len(answer.content) < 500
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"


def test_lifetimes_over_http_follow_the_article_asked_for(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    ages = {"new": 0.1, "days": 3, "weeks": 20, "old": 200}
    items = [
        Record(Article(id=name, title="harbour dredging works", body=name, published_at=now - timedelta(days=age)), "")
        for name, age in ages.items()
    ]
    with served(build_store(tmp_path, items, ENCODER)) as client:
        found = {
            name: client.get(f"/v1/articles/{name}/related?limit=3&min_score=0").headers["cache-control"].split(", ")[1]
            for name in ages
        }
        thin = client.get("/v1/articles/old/related?limit=50")
        card = client.get("/v1/articles/old").headers["cache-control"]
    assert found == {"new": "max-age=900", "days": "max-age=3600", "weeks": "max-age=86400", "old": "max-age=604800"}
    assert thin.json()["status"] == "thin"
    assert "max-age=300," in thin.headers["cache-control"]
    assert "max-age=604800," in card


ERRORS = [
    ("GET", "/v1/articles/nowhere/related", "public, max-age=30"),
    ("GET", "/v1/articles/nowhere", "public, max-age=30"),
    ("GET", "/v1/related?url=http://a.example/b", "public, max-age=30"),
    ("GET", "/v2/nothing", "no-store"),
    ("GET", f"{PATH}?limit=0", "no-store"),
    ("PUT", PATH, "no-store"),
    ("POST", "/v1/related", "no-store"),
]


@pytest.mark.parametrize(("method", "path", "expected"), ERRORS)
def test_errors_are_not_kept_but_for_a_short_404(client: TestClient, method: str, path: str, expected: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code >= 400
    assert answer.headers["cache-control"] == expected
    assert "etag" not in answer.headers


def test_drafts_probes_and_the_index_are_never_kept(client: TestClient) -> None:
    draft = client.post("/v1/related", json={"title": "A ship aground"})
    assert draft.status_code == 200
    for answer in (draft, *map(client.get, ("/healthz", "/readyz", "/v1/index", "/metrics"))):
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
