"""The catalog: what is put can be read, a stub becomes its article, and a write happens whole or not at all."""

import gc
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from recommender.articles import Article, CuratedList, Record
from recommender.catalog import Catalog, Counts
from recommender.catalog.tables import SCHEMA
from recommender.errors import CatalogError
from tests.conftest import DEMO, SEED_PAGE, records
from tests.recommender.makers import MISSILES, contents, record, targets

FULL = Article(
    id="a",
    url="https://news.example/a",
    title="Harbour deepened",
    teasers=("One.", "Two."),
    body="First.\n\nSecond ’…‘ \U0001f6a2.",
    published_at=datetime(2024, 2, 29, 4, 7, 8, 250_000, tzinfo=UTC),
    section="sea",
    tags=("port", "ships"),
    language="en",
    image="https://news.example/a.jpg",
    extra={"byline": {"name": "Ada"}, "n": [1, 2.5, None, True]},
)


@pytest.mark.parametrize(
    "article", [FULL, Article(id="t", title="T"), Article(id="s", teasers=("T",)), Article(id="é/ b", body="B")]
)
def test_what_is_put_is_read_back(article: Article, catalog: Catalog) -> None:
    catalog.put([Record(article, "here")])
    assert list(catalog.articles()) == [article]


def test_articles_come_in_the_order_of_ids(catalog: Catalog) -> None:
    catalog.put([record(i, title=i) for i in ("b", "a", "Z", "é", "10", "9")])
    assert [article.id for article in catalog.articles()] == ["10", "9", "Z", "a", "b", "é"]


def test_the_same_id_means_update(catalog: Catalog) -> None:
    catalog.put([Record(FULL, "", ("x", "y"))])
    changed = Article(id="a", title="New title", body="New body.")
    catalog.put([Record(changed, "")])
    assert list(catalog.articles()) == [changed]
    assert targets(catalog) == {"a": ("x", "y")}
    catalog.put([Record(changed, "", ("z",))])
    assert targets(catalog) == {"a": ("z",)}
    assert catalog.counts() == Counts(1, 0, 1)


def test_a_store_is_a_folder_and_lasts(tmp_path: Path) -> None:
    with closing(Catalog.open(tmp_path / "new" / "store")) as catalog:
        catalog.put([Record(FULL, "", ("b",))])
    assert (tmp_path / "new" / "store" / "catalog.sqlite").is_file()
    with closing(Catalog.open(tmp_path / "new" / "store")) as catalog:
        assert list(catalog.articles()) == [FULL]
        assert catalog.curated_lists() == [CuratedList("a", ("b",))]


@pytest.mark.parametrize("name", ["with space", "a%20b", "what?", "50% #1", "é", "a&b=c;d"])
def test_a_store_may_have_any_name(name: str, tmp_path: Path) -> None:
    with closing(Catalog.open(tmp_path / name)) as catalog:
        catalog.put([Record(FULL, "")])
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / "catalog.sqlite").is_file()


def test_the_seeds_are_counted(catalog: Catalog) -> None:
    catalog.put(records(SEED_PAGE, DEMO))
    full = [r for r in records(DEMO) if r.article.body]
    lists = [r for r in records(DEMO) if r.related]
    stubs = len(records(DEMO)) - len(full) + 8
    assert catalog.counts() == Counts(len(full) + 1, stubs, len(lists) + 1)


TEASER = MISSILES[0]
BODY = "The first paragraph is about the weather.\n\nAnd the second one too."


@pytest.mark.parametrize("paths", [[SEED_PAGE], [SEED_PAGE, DEMO]])
def test_ingesting_again_changes_nothing(paths: list[Path], catalog: Catalog) -> None:
    catalog.put(records(*paths))
    before = contents(catalog)
    catalog.put(records(*paths))
    assert contents(catalog) == before
    catalog.put(records(*reversed(paths)))
    assert contents(catalog) == before


class Interrupted(Sequence[Record]):
    """Records after whose last one Ctrl-C is pressed."""

    def __init__(self, items: Sequence[Record]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items) + 1

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __iter__(self) -> Iterator[Record]:
        yield from self._items
        raise KeyboardInterrupt


STUB = record("s", teasers=(TEASER,), is_stub=True)
ARTICLE = record("a", title="T", teasers=(TEASER,), body=BODY, related=["s"])


@pytest.mark.parametrize(
    ("batch", "error"),
    [
        ([ARTICLE, record("b", title=None)], CatalogError),
        ([ARTICLE, record("b", title="T", extra={"x": object()})], CatalogError),
        ([ARTICLE, record("b", url="no address", title="T")], Exception),
        (Interrupted([ARTICLE]), KeyboardInterrupt),
    ],
)
def test_a_write_that_fails_leaves_nothing_behind(
    batch: Sequence[Record], error: type[BaseException], catalog: Catalog
) -> None:
    catalog.put([STUB])
    before = contents(catalog)
    with pytest.raises(error):
        catalog.put(batch)
    assert contents(catalog) == before
    catalog.put([ARTICLE])
    assert catalog.aliases() == {"s": "a"}
    assert catalog.counts() == Counts(1, 0, 1)


def test_an_error_of_the_database_is_named(catalog: Catalog) -> None:
    with pytest.raises(
        CatalogError, match=r"^the catalog sqlite:// failed \(NOT NULL constraint failed: articles.title"
    ):
        catalog.put([record("b", title=None)])


def schema_of(path: Path, value: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE meta SET value = ? WHERE key = 'schema'", [value])


def test_another_schema_is_refused(tmp_path: Path) -> None:
    Catalog.open(tmp_path).close()
    schema_of(tmp_path / "catalog.sqlite", str(SCHEMA + 1))
    with pytest.raises(CatalogError, match=f"has schema {SCHEMA + 1}, this version reads {SCHEMA}"):
        Catalog.open(tmp_path)
    schema_of(tmp_path / "catalog.sqlite", str(SCHEMA))
    Catalog.open(tmp_path).close()


def test_what_is_no_catalog_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"no database at all " * 100)
    (tmp_path / "file").touch()
    (tmp_path / "folder" / "catalog.sqlite").mkdir(parents=True)
    for place, message in [
        (tmp_path, "cannot be opened (file is not a database)"),
        (tmp_path / "file", "is no folder and cannot be made one"),
        (tmp_path / "folder", "cannot be opened (unable to open database file)"),
        (f"sqlite:///{tmp_path}/missing/catalog.sqlite", "cannot be opened (unable to open database file)"),
        ("neither path nor URL", "cannot be opened (Could not parse SQLAlchemy URL"),
        ("nosuchdialect://host/x", "cannot be opened (Can't load plugin"),
    ]:
        with pytest.raises(CatalogError) as caught:
            Catalog.open(place)
        assert message in str(caught.value)
        assert str(place) in str(caught.value)


@pytest.mark.parametrize("url", ["nosuchdialect://user:se:c@ret@host/x", "no dialect://user:se:c@ret@host"])
def test_an_error_shows_no_password(url: str) -> None:
    with pytest.raises(CatalogError) as caught:
        Catalog.open(url)
    assert "://user:***@host" in str(caught.value)
    assert "ret" not in str(caught.value)


def test_a_reader_left_in_the_middle_says_nothing_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a build is interrupted: the catalog is closed before Python ends what read from it."""
    dropped: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", dropped.append)
    catalog = Catalog.open("sqlite://")
    catalog.put(records(DEMO))
    reader = catalog.articles()
    next(reader)
    catalog.close()
    del reader
    gc.collect()
    assert dropped == []
