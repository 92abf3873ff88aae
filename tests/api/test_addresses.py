"""Whatever is stored as an address: what is answered, and exported, is http(s) without credentials."""

from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from index.export import export
from index.store.publish import open_current
from recommender.catalog import Catalog
from recommender.ranking.request import RelatedRequest
from tests.api.serving import ENCODER, served
from tests.conftest import DEMO, build_store, records

ODD = [
    "javascript:alert(1)",
    "https://user:s3cr3t@a.example/1",
    "data:text/html,x",
    "//user:s3cr3t@a.example/2",
    "ftp://s3cr3t@a.example/3",
    "/s3cr3t/4",
    "https://good.example\\@s3cr3t.example/5",
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose catalog holds what no release of today would take in."""
    place = tmp_path_factory.mktemp("odd")
    catalog = Catalog.open(place)
    catalog.put(records(DEMO))
    ids = [article.id for article in catalog.articles() if not article.is_stub]
    with catalog.engine.begin() as connection:
        change = text("UPDATE articles SET url = :url, image = :url WHERE id = :id")
        for number, identity in enumerate(ids):
            connection.execute(change, {"url": ODD[number % len(ODD)], "id": identity})
    catalog.close()
    return build_store(place, [], ENCODER)


def addresses(found: object) -> list[str]:
    """Every url and image in an answer, at any depth."""
    if isinstance(found, list):
        return [each for item in found for each in addresses(item)]
    if not isinstance(found, dict):
        return []
    own = [str(found[key]) for key in ("url", "image") if found.get(key)]
    return own + [each for item in found.values() for each in addresses(item)]


def test_what_is_answered(store: Path, tmp_path: Path) -> None:
    ids = [card.id for card in open_current(store).corpus.cards]
    seen: list[str] = []
    with served(store, writes=True) as client:
        for identity in ids:
            for path in ("", "/related?limit=16&explain=true&fallback=latest"):
                answer = client.get(f"/v1/articles/{identity}{path}")
                assert answer.status_code == 200
                assert "s3cr3t" not in answer.text
                seen += addresses(answer.json())
        body = next(article.body for article in Catalog.open(store).articles() if article.body)
        draft = client.post("/v1/related", json={"title": "T", "body": body})
        assert draft.json()["covered"]
        seen += addresses(draft.json())
    export(open_current(store), tmp_path, RelatedRequest(limit=20), lambda _: None)
    for path in (tmp_path / "related").iterdir():
        assert b"s3cr3t" not in path.read_bytes()
        assert b"javascript" not in path.read_bytes()
        if path.suffix == ".json":
            seen += addresses(orjson.loads(path.read_bytes()))
    assert len(seen) > 100
    assert set(seen) == {"https://a.example/1", "https://a.example/2"}


def test_such_an_article_can_be_stored_again(store: Path) -> None:
    catalog = Catalog.open(store)
    stored = next(article for article in catalog.articles() if article.body and not article.is_stub)
    catalog.put([record for record in records(DEMO) if record.article.id == stored.id])
    catalog.close()
