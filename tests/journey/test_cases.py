"""Inputs as real sites have them, on which an earlier release failed (../shared/cases): each with the right value."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import orjson
import pytest
from fastapi.testclient import TestClient

from api.keys import KeyRing
from index.build import assemble, build
from index.export import export
from index.response import Related, answer
from index.store.snapshot import Snapshot
from recommender.catalog import Catalog, Counts
from recommender.catalog.ingest import Ingested, ingest
from recommender.corpus.encoder import HashEncoder
from recommender.corpus.views import whole_text
from recommender.ranking.request import Fallback, Mode, RelatedRequest
from recommender.text import clean, normalise
from tests.api.serving import served
from tests.conftest import ROOT

CASES = ROOT.parent / "shared" / "cases"
ENCODER = HashEncoder()


def case(path: str) -> Path:
    """A case beside the project; skips where it is absent."""
    found = CASES / path
    if not found.exists():
        pytest.skip(f"the case {path} is not beside the project")
    return found


@contextmanager
def ingested(*paths: Path) -> Iterator[tuple[Catalog, Ingested]]:
    with closing(Catalog.open("sqlite://")) as catalog:
        yield catalog, ingest(catalog, paths)


def snapshot_of(path: Path) -> Snapshot:
    with ingested(path) as (catalog, done):
        assert not done.rejected
        return assemble(catalog, ENCODER)[0].open(datetime.now(UTC))


def lists_of(snapshot: Snapshot, request: RelatedRequest = RelatedRequest()) -> dict[str, Related]:
    corpus = snapshot.corpus
    return {card.id: answer(snapshot, corpus.query(row), request) for row, card in enumerate(corpus.cards)}


def values_of(path: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_01_no_page_without_a_body_vanishes() -> None:
    path = case("01-bodyless-pages-vanish/in.jsonl")
    with ingested(path) as (catalog, done):
        assert (done.stored, catalog.counts(), catalog.aliases()) == (23, Counts(23, 0, 0), {})
        found = {article.id: (article.url, article.title) for article in catalog.articles()}
    assert found == {str(value["id"]): (value["url"], value["title"]) for value in values_of(path)}


def test_01_live(tmp_path: Path) -> None:
    path = case("01-bodyless-pages-vanish/in.jsonl")
    by_id = {str(value["id"]): value for value in values_of(path)}
    with closing(Catalog.open(tmp_path)) as catalog:
        ingest(catalog, [path])
        build(tmp_path, catalog, ENCODER)
    key = {"Authorization": f"Bearer {KeyRing(tmp_path).new('x')}"}
    with served(tmp_path, encoder=ENCODER, writes=True) as client:
        video, feature = by_id["video-0"], by_id["feature-1"]
        for identity, value in (("video-0", video), ("feature-1", feature), ("video-0", video)):
            assert client.put(f"/v1/articles/{identity}", json=value, headers=key).status_code == 200
        assert client.get("/v1/related", params={"url": str(video["url"])}).json()["id"] == "video-0"
        assert client.delete("/v1/articles/video-1", headers=key).status_code == 204
        assert client.get("/v1/articles/video-1").status_code == 404
        assert client.get("/v1/articles/feature-1").json()["title"] == feature["title"]


def test_06_markup_is_not_text() -> None:
    snapshot = snapshot_of(case("06-wordpress-raw-html/in.jsonl"))
    lists = lists_of(snapshot, RelatedRequest(limit=5))
    same = [item.id.split("-")[0] == name.split("-")[0] for name, found in lists.items() for item in found.items]
    assert all(found.count == 5 for found in lists.values())
    assert round(sum(same) / len(same), 2) >= 0.66
    assert not any(item.also for found in lists.values() for item in found.items)
    with ingested(case("06-wordpress-raw-html/in.jsonl")) as (catalog, _):
        text = "\n".join(map(whole_text, catalog.articles()))
    assert not re.search(r"wp:|<|>|\{|\[/?[a-z_]+|function|font-family|className", text)


def test_07_titles_are_plain_and_escaped_once(tmp_path: Path) -> None:
    snapshot = snapshot_of(case("07-html-entities/in.jsonl"))
    card = snapshot.corpus.cards[snapshot.corpus.row("5001")]
    assert (card.title, card.teasers) == ("Café & harbour: the mayor’s plan", ("The port wants “more” ships …",))
    export(snapshot, tmp_path, RelatedRequest(limit=18), lambda _: None)
    pages = [path.read_text() for path in (tmp_path / "related").glob("*.html")]
    shown = [page for page in pages if "the mayor" in page]
    assert shown
    assert all("Café &amp; harbour: the mayor’s plan" in page for page in shown)
    assert not any("&amp;amp;" in page or "&amp;#" in page for page in pages)


def test_08_nothing_before_its_time() -> None:
    snapshot = snapshot_of(case("08-future-and-draft/in.jsonl"))
    hidden = {"embargo", "draft"} & {card.id for card in snapshot.corpus.cards}
    assert hidden == {"embargo", "draft"}
    asked = [
        RelatedRequest(limit=20),
        RelatedRequest(limit=20, min_score=0.99, fallback=Fallback.LATEST),
        RelatedRequest(limit=20, mode=Mode.NEXT),
        RelatedRequest(limit=20, mode=Mode.BACKGROUND),
    ]
    for request in asked:
        named = {
            name for found in lists_of(snapshot, request).values() for i in found.items for name in (i.id, *i.also)
        }
        assert named
        assert not named & hidden
    assert snapshot.corpus.cards[snapshot.corpus.row("about")].published_at is None
    query = snapshot.corpus.query(snapshot.corpus.row("port-0"))
    assert "about" not in {item.id for item in answer(snapshot, query, asked[3]).items}


@pytest.fixture
def numbered(tmp_path: Path) -> Iterator[TestClient]:
    with closing(Catalog.open(tmp_path)) as catalog:
        assert ingest(catalog, [case("09-numeric-ids/in.jsonl")]).stored == 18
        build(tmp_path, catalog, ENCODER)
    key = KeyRing(tmp_path).new("x")
    with served(tmp_path, encoder=ENCODER, writes=True) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        yield client


@pytest.mark.parametrize("number", [int, float])
def test_09_numbers_are_ids(number: type, numbered: TestClient) -> None:
    batch = {"requests": [{"id": number(1000), "exclude": [number(1001)], "limit": 20}]}
    (found,) = numbered.post("/v1/related:batch", json=batch).json()["results"]
    assert found["id"] == "1000"
    assert "1001" not in {item["id"] for item in found["items"]}
    decided = {"pin": [{"id": number(1003), "position": 1}], "block": [{"id": number(1004)}]}
    assert numbered.put("/v1/articles/1000/overrides", json=decided).json()["pin"][0]["id"] == "1003"
    article = {"title": "T", "body": "Of ships.", "related": [number(1001)], "tags": [number(2024)]}
    put = numbered.put("/v1/articles/2000", json={**article, "translation_of": number(1000)})
    assert (put.status_code, put.json()["warnings"]) == (200, [])
    assert numbered.get("/v1/articles/2000").json()["tags"] == ["2024"]
    assert numbered.post("/v1/related", json={"title": "T", "tags": [number(2024)]}).status_code == 200
    line = orjson.dumps({"id": number(3000), "title": "T"})
    assert numbered.post("/v1/articles:bulk", content=line).json()["lines"][0]["id"] == "3000"


def test_11_characters() -> None:
    case("11-soft-hyphen-formfeed/strings.txt")
    assert normalise(clean("light\u00adhouse")) == "lighthouse"
    assert clean("end of page\x0cNext") == "end of page Next"
    assert clean("said\x97the") == "said the"


def test_21_news_words_are_no_stop_words() -> None:
    path = case("21-stopwords/fire.jsonl")
    groups = {str(value["id"]): re.sub(r"\d+$", "", str(value["id"])) for value in values_of(path)}
    lists = lists_of(snapshot_of(path), RelatedRequest(limit=5))
    first = [groups[item.id] == groups[name] for name, found in lists.items() for item in found.items]
    assert len(first) == 5 * 48
    assert all(first)


def test_30_every_sign_counts() -> None:
    with ingested(case("30-thai-stubs/p.txt"), case("30-thai-stubs/hi.jsonl")) as (catalog, done):
        assert not done.rejected
        assert catalog.aliases() == {}
        assert catalog.counts() == Counts(4, 2, 1)
        texts = [article.teasers for article in catalog.articles() if article.is_stub]
        assert all(a != b for a, b in combinations(texts, 2))
