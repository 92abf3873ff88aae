"""Ingesting: every usable record stored, the others reported, a batch a transaction."""

from pathlib import Path

import pytest

from recommender import ingest as module
from recommender.catalog import Catalog, Counts
from recommender.errors import CatalogError, InputError
from recommender.ingest import Ingested, ingest
from tests.recommender.makers import lines


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Seven good records, three bad ones and a file of another kind."""
    good = [{"id": str(n), "title": f"Story {n}", "see": ["0"]} for n in range(6)]
    lines(tmp_path / "a.jsonl", [*good[:3], b"{", *good[3:], good[0]])
    (tmp_path / "b.txt").write_text("Title\nOne.\nRelated Articles\nA teaser.")
    (tmp_path / "c.jsonl").touch()
    (tmp_path / "photo.jpg").touch()
    return tmp_path


def test_what_is_good_is_stored_and_what_is_not_is_told(folder: Path, catalog: Catalog) -> None:
    told: list[InputError] = []
    ignored: list[Path] = []
    done = ingest(catalog, [folder], curated_key="see", on_rejected=told.append, on_ignored=ignored.append)
    assert done.stored == 7
    assert [error.place for error in done.rejected] == [
        f"{folder / 'a.jsonl'}:4",
        f"{folder / 'a.jsonl'}:8",
        str(folder / "c.jsonl"),
    ]
    assert tuple(told) == done.rejected
    assert ignored == [folder / "photo.jpg"]
    assert done.share_rejected == 0.3
    assert [article.id for article in catalog.articles() if article.title] == [*map(str, range(6)), "b"]
    assert catalog.counts() == Counts(1, 7, 6)


@pytest.mark.parametrize(("batch", "sizes"), [(1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (500, [7])])
def test_batches_are_committed_one_by_one(
    batch: int, sizes: list[int], folder: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", batch)
    seen: list[int] = []

    def stored(count: int) -> None:
        seen.append(count)
        assert sum(1 for article in catalog.articles() if article.title) == sum(seen)

    assert ingest(catalog, [folder], on_stored=stored).stored == 7
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
    assert (first.stored, len(first.rejected)) == (second.stored, len(second.rejected)) == (7, 3)
    assert (list(catalog.articles()), catalog.curated_lists()) == before


def test_a_catalog_that_fails_stops_it(folder: Path, catalog: Catalog) -> None:
    with catalog.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE articles")
    with pytest.raises(CatalogError, match="no such table: articles"):
        ingest(catalog, [folder])
