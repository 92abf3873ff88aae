"""The seed page's whole way: bytes → catalog → index → HTTP, judged against its editor."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from index.build import build
from index.live.live import Live
from index.store.publish import open_current
from recommender.catalog import Catalog
from recommender.catalog.ingest import ingest
from recommender.corpus.encoder import Encoder
from tests.conftest import DEMO, SEED_PAGE, SEEDS

FURNITURE = ("Edit Content", "No More Articles", "Share the Article", "Sharing:")


def test_the_seed_is_one_article_eight_stubs_and_one_list(tmp_path: Path) -> None:
    catalog = Catalog.open(tmp_path)
    ingest(catalog, [SEED_PAGE])
    articles = list(catalog.articles())
    lists = catalog.curated_lists()
    catalog.close()
    full = [a for a in articles if not a.is_stub]
    stubs = {a.id: a for a in articles if a.is_stub}
    assert (len(full), len(stubs), len(lists)) == (1, 8, 1)
    assert len(full[0].paragraphs) == 13
    raw = SEED_PAGE.read_text(encoding="utf-8").split("Related Articles")[1].split("No More Articles")[0]
    assert [stubs[t].teasers[0] for t in lists[0].targets] == [line for line in raw.splitlines() if line.strip()]
    everything = " ".join(f"{a.title} {a.body} {' '.join(a.teasers)}" for a in articles)
    assert not [word for word in FURNITURE if word in everything]


@pytest.mark.model
@pytest.mark.parametrize(
    "sources",
    [
        pytest.param([SEED_PAGE, DEMO], id="seventy others"),
        pytest.param([SEEDS], id="the whole demo", marks=pytest.mark.slow),
    ],
)
def test_the_editors_eight_are_found_among_the_demo(
    sources: list[Path], tmp_path: Path, model_encoder: Encoder
) -> None:
    catalog = Catalog.open(tmp_path)
    ingest(catalog, sources)
    build(tmp_path, catalog, model_encoder)
    catalog.close()
    picked = open_current(tmp_path).lists["aras-2025"]
    with TestClient(create_app(Live(tmp_path))) as client:
        answer = client.get("/v1/articles/aras-2025/related?limit=8").json()
        draft = client.post("/v1/related?limit=4", json={"title": "Missile fired from Yemen at Israel"}).json()
    found = {item["id"] for item in answer["items"]}
    assert len(found & set(picked)) >= 7  # all but perhaps Operation Moses, which shares nothing with the article
    assert len({item["id"] for item in draft["items"]} & set(picked)) == 4
