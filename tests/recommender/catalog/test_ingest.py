"""Ingesting: every usable record stored, the others reported, a batch a transaction."""

from pathlib import Path

import pytest

from recommender.catalog import Catalog, Counts
from recommender.catalog import ingest as module
from recommender.catalog.ingest import Ingested, ingest
from recommender.errors import CatalogError, InputError
from recommender.sources import ReadOptions
from tests.recommender.makers import lines


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight good records, the last with an id seen before, two bad ones and a file of another kind."""
    good = [{"id": str(n), "title": f"Story {n}", "see": ["0"]} for n in range(6)]
    lines(tmp_path / "a.jsonl", [*good[:3], b"{", *good[3:], {**good[0], "title": "Told again"}])
    (tmp_path / "b.txt").write_text("Title\nOne.\nRelated Articles\nA teaser.")
    (tmp_path / "c.jsonl").touch()
    (tmp_path / "photo.jpg").touch()
    return tmp_path


def test_what_is_good_is_stored_and_what_is_not_is_told(folder: Path, catalog: Catalog) -> None:
    told: list[InputError] = []
    ignored: list[str] = []
    warned: list[str] = []
    done = ingest(
        catalog,
        [folder],
        options=ReadOptions("see"),
        on_rejected=told.append,
        on_warning=warned.append,
        on_told=lambda item: ignored.append(item.place),
    )
    assert (done.stored, done.warnings) == (8, 1)
    assert [error.place for error in done.rejected] == [f"{folder / 'a.jsonl'}:4", str(folder / "c.jsonl")]
    seen = f"the id '0' was seen at {folder / 'a.jsonl'}:1 already: this later one is kept"
    assert warned == [f"{folder / 'a.jsonl'}:8: {seen}"]
    assert catalog.articles_of(["0"])["0"].title == "Told again"
    assert tuple(told) == done.rejected
    assert ignored == [str(folder / "photo.jpg")]
    assert done.share_rejected == 0.2
    assert [article.id for article in catalog.articles() if article.title] == [*map(str, range(6)), "b"]
    assert catalog.counts() == Counts(7, 1, 6)


@pytest.mark.parametrize(("batch", "sizes"), [(1, [1] * 8), (3, [3, 3, 2]), (8, [8]), (500, [8])])
def test_batches_are_committed_one_by_one(
    batch: int, sizes: list[int], folder: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", batch)
    seen: list[int] = []

    def stored(count: int) -> None:
        seen.append(count)
        titles = {article.id: article.title for article in catalog.articles() if article.title}
        assert len(titles) == min(sum(seen), 6) + (sum(seen) == 8)  # the seventh is the first again, the eighth is b
        assert (titles["0"] == "Told again") == (sum(seen) >= 7)

    assert ingest(catalog, [folder], on_stored=stored).stored == 8
    assert seen == sizes


def test_a_batch_that_fails_leaves_the_earlier_ones(
    folder: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 3)
    genuine = catalog.put

    def put(items: list[object]) -> None:
        genuine([*items, None] if items[0].article.id == "3" else items)  # type: ignore[attr-defined,list-item]

    monkeypatch.setattr(catalog, "put", put)
    with pytest.raises(AttributeError):
        ingest(catalog, [folder])
    assert [article.id for article in catalog.articles()] == ["0", "1", "2"]


def test_nothing_at_all() -> None:
    assert Ingested(0, ()).share_rejected == 0
    assert Ingested(0, (InputError("bad"),)).share_rejected == 1


def test_ingesting_twice_stores_the_same(folder: Path, catalog: Catalog) -> None:
    first = ingest(catalog, [folder])
    before = list(catalog.articles()), catalog.curated_lists()
    second = ingest(catalog, [folder])
    assert (first.stored, len(first.rejected)) == (second.stored, len(second.rejected)) == (8, 2)
    assert (list(catalog.articles()), catalog.curated_lists()) == before


def test_a_catalog_that_fails_stops_it(folder: Path, catalog: Catalog) -> None:
    with catalog.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE articles")
    with pytest.raises(CatalogError, match="no such table: articles"):
        ingest(catalog, [folder])
