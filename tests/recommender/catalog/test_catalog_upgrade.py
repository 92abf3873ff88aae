"""A catalog of schema 4 is brought to the present one: what it swallowed comes back, nothing is lost, all is said."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recommender.articles import Article, stub_from_teaser
from recommender.catalog import Catalog, Counts
from recommender.catalog.tables import SCHEMA
from recommender.catalog.upgrade import Upgrade
from recommender.editors.overrides import Overrides, Pin
from recommender.errors import CatalogError
from tests.recommender.makers import record, targets

SCHEMA_4 = """
CREATE TABLE articles (
    id VARCHAR NOT NULL PRIMARY KEY, url VARCHAR, canonical_url VARCHAR, title TEXT NOT NULL, teasers JSON NOT NULL,
    body TEXT NOT NULL, published_at VARCHAR, section VARCHAR NOT NULL, tags JSON NOT NULL, language VARCHAR NOT NULL,
    image VARCHAR, extra JSON NOT NULL, is_stub BOOLEAN NOT NULL
);
CREATE INDEX ix_articles_canonical_url ON articles (canonical_url);
CREATE INDEX ix_articles_is_stub ON articles (is_stub);
CREATE TABLE vectors (
    model VARCHAR NOT NULL, text_sha256 VARCHAR(64) NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (model, text_sha256)
);
CREATE TABLE changed (
    article_id VARCHAR NOT NULL PRIMARY KEY, seq INTEGER NOT NULL, live_seq INTEGER NOT NULL, gone_seq INTEGER NOT NULL
);
CREATE TABLE meta ("key" VARCHAR NOT NULL PRIMARY KEY, value VARCHAR NOT NULL);
CREATE TABLE curated (
    article_id VARCHAR NOT NULL REFERENCES articles (id) ON DELETE CASCADE, position INTEGER NOT NULL,
    target VARCHAR NOT NULL, PRIMARY KEY (article_id, position)
);
CREATE TABLE aliases (
    alias VARCHAR NOT NULL PRIMARY KEY, article_id VARCHAR NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    teasers JSON NOT NULL
);
CREATE TABLE overrides (
    article_id VARCHAR NOT NULL PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE, document JSON NOT NULL
);
INSERT INTO meta VALUES ('schema', '4'), ('seq', '7'), ('rules', 'ignore_tags: [video]');
"""
TEASER = "Watch the video of the dredger in the channel."
FREE, TAKEN = stub_from_teaser("A stub that is nobody's yet."), stub_from_teaser("The ship came in at last.")


def insert(place: sqlite3.Connection, identity: str, *, stub: bool, **fields: object) -> None:
    values = {
        "url": None,
        "canonical_url": None,
        "title": "",
        "teasers": [],
        "body": "",
        "published_at": None,
        "section": "",
        "tags": [],
        "language": "",
        "image": None,
        "extra": {},
        **fields,
    }
    row = [json.dumps(v) if isinstance(v, list | dict) else v for v in values.values()]
    place.execute(f"INSERT INTO articles VALUES ({', '.join('?' * (len(row) + 2))})", [identity, *row, stub])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """What an earlier release left behind after videos without a body had come."""
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as place, place:
        place.executescript(SCHEMA_4)
        insert(
            place,
            "feature",
            stub=False,
            url="http://www.news.example//feature/index.html",
            canonical_url="https://www.news.example//feature/index.html",
            title="Caf&#233; &amp; harbour",
            teasers=[TEASER],
            body="<!-- wp:paragraph -->\n<p\n class='x'>The dredger&#8217;s work.</p>\n<!-- /wp:paragraph -->",
        )
        insert(place, "gallery", stub=True, url="https://news.example/gallery", title="Gallery", teasers=["Pictures."])
        insert(place, "draft", stub=False, title="Secret", body="Not yet.", extra={"status": "draft", "x": 1})
        insert(place, "about", stub=False, title="About", body="Us.", published_at="0001-01-01T00:00:00+00:00")
        insert(place, FREE.id, stub=True, teasers=list(FREE.teasers))
        aliases = [
            ("video-1", [TEASER]),
            ("https://news.example/2", [TEASER]),
            ("video-3", []),
            (TAKEN.id, TAKEN.teasers),
        ]
        for alias, teasers in [*aliases, ("feature", ["An older teaser."])]:
            place.execute("INSERT INTO aliases VALUES (?, 'feature', ?)", [alias, json.dumps(teasers)])
        for position, target in enumerate(["video-1", TAKEN.id, "http://news.example/feature", "gone"], start=1):
            place.execute("INSERT INTO curated VALUES ('gallery', ?, ?)", [position, target])
        document = {"pin": [{"id": "gallery", "position": 1, "until": None}], "block": [], "mode": "fill"}
        place.execute("INSERT INTO overrides VALUES ('feature', ?)", [json.dumps(document)])
        place.execute("INSERT INTO vectors VALUES ('hash', 'abc', x'00')")
        place.execute("INSERT INTO changed VALUES ('gallery', 7, 7, 0)")
    return tmp_path


def test_nothing_is_lost_and_it_is_said(store: Path) -> None:
    with closing(Catalog.open(store)) as catalog:
        kept = str(store / "catalog.schema4.sqlite")
        assert catalog.upgraded == Upgrade(("https://news.example/2", "video-1"), ("video-3",), 2, kept)
        found = {article.id: article for article in catalog.articles()}
        assert set(found) == {"feature", "gallery", "draft", "about", FREE.id, "video-1", "https://news.example/2"}
        assert found["video-1"] == Article(id="video-1", teasers=(TEASER,))
        assert found["https://news.example/2"].url == "https://news.example/2"
        assert found["gallery"] == Article(
            id="gallery", url="https://news.example/gallery", title="Gallery", teasers=("Pictures.",)
        )
        assert found[FREE.id] == FREE
        feature = found["feature"]
        assert (feature.title, feature.body) == ("Café & harbour", "The dredger’s work.")
        assert feature.teasers == (TEASER, "An older teaser.", *TAKEN.teasers)
        assert (found["draft"].published, dict(found["draft"].extra)) == (False, {"status": "draft", "x": 1})
        assert found["about"].published_at is None
        assert catalog.counts() == Counts(6, 1, 1)
        assert catalog.aliases() == {TAKEN.id: "feature"}
        assert targets(catalog) == {"gallery": ("video-1", "feature", "gone")}
        assert catalog.editorial().overrides == {"feature": Overrides((Pin("gallery", 1),))}
        assert (catalog.rules(), catalog.seq(), catalog.stamp().seq) == ("ignore_tags: [video]", 7, 7)
        with catalog.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM vectors").scalar() == 1


def test_what_is_said(store: Path) -> None:
    with closing(Catalog.open(store)) as catalog:
        assert str(catalog.upgraded) == (
            f"the catalog was brought to schema {SCHEMA}, which earlier releases cannot read; as it was it is kept in"
            f" {store / 'catalog.schema4.sqlite'}; 2 articles that had been taken for teasers of others are"
            " articles again, with what the catalog still holds of them, their teasers (https://news.example/2,"
            " video-1); of 1 more it holds only the ids (video-3); ingest them again for their titles and addresses; 2"
            " articles were freed of markup, or of dates that are none"
        )


def test_it_happens_once_and_a_new_ingest_brings_them_back_whole(store: Path) -> None:
    Catalog.open(store).close()
    with closing(Catalog.open(store)) as catalog:
        assert catalog.upgraded is None
        again = record("video-1", url="https://news.example/1", title="The dredger", teasers=(TEASER,))
        catalog.put([again, record("video-3", title="The third")])
        assert catalog.articles_of(["video-1", "video-3"])["video-1"] == again.article
        assert catalog.counts() == Counts(7, 1, 1)
        assert catalog.seq() == 8


def test_a_new_catalog_is_no_upgrade(tmp_path: Path) -> None:
    with closing(Catalog.open(tmp_path)) as catalog:
        assert catalog.upgraded is None
        day = datetime(2024, 3, 14, tzinfo=UTC)
        catalog.put([record("a", title="T", published_at=day, published=False)])
        assert catalog.articles_of(["a"])["a"] == Article(id="a", title="T", published_at=day, published=False)


@pytest.mark.parametrize("old", ["1", "2", "3"])
def test_older_ones_are_read_too(old: str, store: Path) -> None:
    with closing(sqlite3.connect(store / "catalog.sqlite")) as place, place:
        place.execute("UPDATE meta SET value = ? WHERE key = 'schema'", [old])
        place.execute("DROP TABLE changed")
        if old == "3":
            place.execute("CREATE TABLE changed (article_id VARCHAR PRIMARY KEY, seq INTEGER, live BOOLEAN)")
            place.execute("INSERT INTO changed VALUES ('gallery', 7, 1), ('draft', 6, 0)")
        if old == "1":
            place.execute("DROP TABLE overrides")
            place.execute("DELETE FROM meta WHERE key = 'seq'")
    with closing(Catalog.open(store)) as catalog:
        assert catalog.counts() == Counts(6, 1, 1)
        assert (catalog.seq(), catalog.stamp().seq) == {"1": (0, 0), "2": (7, 0), "3": (7, 7)}[old]
        with catalog.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT value FROM meta WHERE key = 'schema'").scalar() == str(SCHEMA)


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as place:
        return list(place.iterdump())


def test_the_catalog_as_it_was_is_kept(store: Path) -> None:
    """An earlier release goes on with the copy; so does whoever upgrades twice."""
    before = dump(store / "catalog.sqlite")
    assert any("'schema','4'" in line for line in before)
    for name in ("catalog.schema4.sqlite", "catalog.schema4-2.sqlite"):
        with closing(Catalog.open(store)) as catalog:
            assert catalog.upgraded
            assert catalog.upgraded.copy == str(store / name)
        with closing(Catalog.open(store)) as catalog:
            assert catalog.upgraded is None
        assert dump(store / name) == before
        for part in store.glob("catalog.sqlite*"):
            part.unlink()
        shutil.copy(store / name, store / "catalog.sqlite")
    assert sorted(path.name for path in store.iterdir()) == [
        "catalog.schema4-2.sqlite",
        "catalog.schema4.sqlite",
        "catalog.sqlite",
    ]


def test_what_cannot_be_copied_is_not_upgraded(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dump(store / "catalog.sqlite")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as now:
        now.setattr("os.fsync", full)
        with pytest.raises(CatalogError, match=r"has schema 4, and cannot be copied to .*No space left.*nothing was"):
            Catalog.open(store)
    assert dump(store / "catalog.sqlite") == before
    assert not list(store.glob("*schema4*"))
    with closing(Catalog.open(store)) as catalog:
        assert catalog.upgraded


def test_a_catalog_of_a_later_release_says_what_to_do(store: Path) -> None:
    Catalog.open(store).close()
    with closing(sqlite3.connect(store / "catalog.sqlite")) as place, place:
        place.execute("UPDATE meta SET value = ? WHERE key = 'schema'", [str(SCHEMA + 1)])
    before = dump(store / "catalog.sqlite")
    with pytest.raises(CatalogError, match=rf"has schema {SCHEMA + 1}, this version reads {SCHEMA}: it was written by"):
        Catalog.open(store)
    assert dump(store / "catalog.sqlite") == before
