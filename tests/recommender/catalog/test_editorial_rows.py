"""Overrides and site rules in the catalog: kept as given, numbered like every change, gone with their article."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import update

from recommender.catalog import Catalog
from recommender.catalog.tables import overrides
from recommender.editors import overrides as domain
from recommender.editors.documents import document_of, editorial_document, editorial_of, overrides_of
from recommender.editors.overrides import Block, Editorial, Fill, Overrides, Pin
from recommender.editors.rules import NeverBeside, SiteRules
from recommender.errors import CatalogError, RulesError, UnknownArticleError
from tests.recommender.makers import MISSILES, record, targets

SOON = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
FULL = Overrides((Pin("b", 3), Pin("https://news.example/é", 1, SOON)), (Block("c", SOON), Block("d")), Fill.REPLACE)
ONE = Overrides((Pin("b", 1),))
TEASER = MISSILES[0]
BODY = "The first paragraph is about the weather.\n\nAnd the second one too."


@pytest.fixture
def stored(catalog: Catalog) -> Catalog:
    catalog.put(
        [
            record("a", title="A", body="A."),
            record("b", title="B", body="B."),
            record("s", teasers=(TEASER,), is_stub=True),
        ]
    )
    return catalog


DOCUMENT = {
    "pin": [
        {"id": "b", "position": 3, "until": None},
        {"id": "https://news.example/é", "position": 1, "until": "2026-03-01T12:30:15.250000+00:00"},
    ],
    "block": [{"id": "c", "until": "2026-03-01T12:30:15.250000+00:00"}, {"id": "d", "until": None}],
    "mode": "replace",
}


def test_overrides_as_json_and_back() -> None:
    assert document_of(FULL) == DOCUMENT
    assert overrides_of(DOCUMENT) == FULL
    assert document_of(Overrides()) == {"pin": [], "block": [], "mode": "fill"}
    assert overrides_of(document_of(Overrides())) == Overrides()
    elsewhere = SOON.astimezone(timezone(timedelta(hours=2)))
    assert document_of(Overrides(blocks=(Block("x", elsewhere),)))["block"] == [
        {"id": "x", "until": "2026-03-01T12:30:15.250000+00:00"}
    ]


def test_an_editorial_as_json_has_one_order() -> None:
    document = editorial_document(Editorial(overrides={"b": ONE, "a": FULL}))
    assert document == {"rules": "", "overrides": {"a": DOCUMENT, "b": document_of(ONE)}}
    assert list(document["overrides"]) == ["a", "b"]
    assert editorial_of(document) == Editorial(overrides={"a": FULL, "b": ONE})


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "the document: Input should be an object, found None"),
        ({"pin": [], "block": []}, "expected {'pin': .*, 'mode': 'fill'}, found {'pin': .*, 'block': .*}"),
        ({**DOCUMENT, "more": 1}, "expected {'pin': .*, found {'pin': .*"),
        ({**DOCUMENT, "pin": {}}, "pin: Input should be a valid array, found {}"),
        ({**DOCUMENT, "pin": [{"id": "b", "position": True, "until": None}]}, "pin.0.position: .* integer, found True"),
        ({**DOCUMENT, "pin": [{"id": "b", "position": "3", "until": None}]}, "pin.0.position: .* integer, found '3'"),
        ({**DOCUMENT, "pin": [{"id": 7, "position": 1, "until": None}]}, "pin.0.id: .* string, found 7"),
        ({**DOCUMENT, "pin": [{"id": "b", "position": 1}]}, "expected {'pin': .*'until': None.*, found {'pin': "),
        ({**DOCUMENT, "block": [{"id": "b", "until": "soon"}]}, "block.0.until: .*'soon' is no date or time"),
        ({**DOCUMENT, "block": [{"id": "b", "until": 3}]}, "block.0.until: .* datetime, found 3"),
        ({**DOCUMENT, "block": [{"id": "b", "until": None, "more": 1}]}, "expected .*, found {.*"),
        ({**DOCUMENT, "mode": "other"}, "mode: Input should be 'fill' or 'replace', found 'other'"),
    ],
)
def test_what_was_never_written_is_refused(document: object, message: str, stored: Catalog) -> None:
    with pytest.raises(ValueError, match=message):
        overrides_of(document)
    stored.put_overrides("a", ONE)
    with stored.engine.begin() as connection:
        connection.execute(update(overrides).values(document=document))
    if document is None:
        return  # in JSON, and so no overrides
    with pytest.raises(CatalogError, match=f"the overrides of 'a' in the catalog cannot be read \\(.*{message}"):
        stored.overrides_of("a")
    for read in (stored.editorial, lambda: stored.changes(0)):
        with pytest.raises(CatalogError, match="the overrides of 'a' in the catalog cannot be read"):
            read()


def test_what_is_put_is_read_back_and_every_put_is_a_change(stored: Catalog) -> None:
    seq = stored.seq()
    stored.put_overrides("a", FULL)
    stored.put_overrides("b", ONE)
    assert stored.editorial().overrides == {"a": FULL, "b": ONE}
    assert (stored.overrides_of("a"), stored.overrides_of("s")) == (FULL, Overrides())
    assert stored.editorial() == Editorial(overrides={"a": FULL, "b": ONE})
    assert stored.seq() == seq + 2
    found = stored.changes(seq)
    assert (found.seq, found.articles, found.gone) == (seq + 2, (), frozenset())
    assert found.editorial == stored.editorial()
    stored.put_overrides("a", ONE)
    stored.put_overrides("b", Overrides())
    assert stored.editorial().overrides == {"a": ONE}
    assert stored.seq() == seq + 4


def test_overrides_are_kept_for_known_articles_only(stored: Catalog) -> None:
    seq = stored.seq()
    for call in (lambda: stored.put_overrides("nowhere", ONE), lambda: stored.overrides_of("nowhere")):
        with pytest.raises(UnknownArticleError, match="no article has the id 'nowhere'"):
            call()
    assert (stored.editorial().overrides, stored.seq()) == ({}, seq)


def test_they_go_with_their_article(stored: Catalog) -> None:
    stored.put_overrides("a", FULL)
    stored.put_overrides("b", ONE)
    stored.remove("a")
    assert stored.editorial().overrides == {"b": ONE}
    stored.put([record("a", title="A", body="A.")])
    assert stored.overrides_of("a") == Overrides()


def test_an_article_that_is_put_again_keeps_them(stored: Catalog) -> None:
    stored.put_overrides("a", FULL)
    stored.put([record("a", title="Another", body="Another.")])
    assert stored.overrides_of("a") == FULL


@pytest.mark.parametrize(("own", "expected"), [(None, FULL), (ONE, ONE)])
def test_those_of_a_stub_go_to_its_article(own: Overrides | None, expected: Overrides, stored: Catalog) -> None:
    stored.put_overrides("s", FULL)
    if own:
        stored.put_overrides("a", own)
    stored.put([record("a", title="A", teasers=(TEASER,), body=BODY)])
    assert stored.aliases() == {"s": "a"}
    assert stored.editorial().overrides == {"a": expected}
    assert stored.overrides_of("s") == expected
    stored.put_overrides("s", Overrides(blocks=(Block("b"),)))
    assert stored.editorial().overrides == {"a": Overrides(blocks=(Block("b"),))}


def test_a_stub_that_becomes_its_article_keeps_them(stored: Catalog) -> None:
    stored.put_overrides("s", FULL)
    stored.put([record("s", title="S", teasers=(TEASER,), body=BODY)])
    assert stored.editorial().overrides == {"s": FULL}


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A parser that takes comments, and the line ``never``."""

    def read(text: str) -> SiteRules:
        if "bad" in text:
            raise RulesError("line 1: what is 'bad'?")
        return SiteRules((NeverBeside(None, None, True, "because", SOON),) if "never" in text else ())

    monkeypatch.setattr(domain, "read_rules", read)
    domain._rules.cache_clear()
    yield
    domain._rules.cache_clear()


@pytest.mark.usefixtures("parsed")
def test_rules_are_kept_as_they_were_written(stored: Catalog) -> None:
    seq = stored.seq()
    assert (stored.rules(), stored.editorial()) == ("", Editorial())
    for text in ("# a comment: “é”\n", "never\n"):
        stored.put_rules(text)
        assert stored.rules() == text
        assert stored.editorial().text == text
    assert stored.editorial().rules.never_beside[0].reason == "because"
    assert editorial_of(editorial_document(stored.editorial())) == stored.editorial()
    assert stored.seq() == seq + 2
    with pytest.raises(RulesError, match="what is 'bad'"):
        stored.put_rules("bad")
    assert (stored.rules(), stored.seq()) == ("never\n", seq + 2)
    stored.put_rules("")
    assert (stored.rules(), stored.editorial()) == ("", Editorial())


def test_rules_that_cannot_be_read_any_more_are_named(stored: Catalog, parsed: None) -> None:
    stored.put_rules("# good once\n")
    domain._rules.cache_clear()
    with pytest.MonkeyPatch.context() as patch:

        def refuse(text: str) -> SiteRules:
            raise RulesError(f"{text!r} is nothing")

        patch.setattr(domain, "read_rules", refuse)
        for read in (stored.editorial, lambda: stored.changes(0)):
            with pytest.raises(CatalogError, match=r"^the site rules in the catalog cannot be read \('# good once"):
                read()
    assert stored.rules() == "# good once\n"


def test_what_expires_is_counted_once_however_often_one_looks() -> None:
    def day(number: int) -> datetime:
        return datetime(2026, 3, number, tzinfo=UTC)

    pins = (Pin("b", 1, day(1)), Pin("c", 2, day(3)), Pin("d", 3))
    replaced = Overrides(mode=Fill.REPLACE)
    whole = Editorial(overrides={"a": Overrides(pins, (Block("e", day(3)),)), "z": replaced})
    assert whole.next_end == day(1)
    assert whole.in_force_at(day(1) - timedelta(microseconds=1)) is whole
    first = whole.in_force_at(day(1))
    assert (first.expired, first.next_end) == (1, day(3))
    assert first.overrides == {"a": Overrides(pins[1:], (Block("e", day(3)),)), "z": replaced}
    assert first.in_force_at(day(2)) is first
    last = whole.in_force_at(day(4))
    assert (
        last == first.in_force_at(day(4)) == Editorial(overrides={"a": Overrides(pins[2:]), "z": replaced}, expired=3)
    )
    assert last.next_end is None


def test_the_end_of_a_rule_is_an_end() -> None:
    rules = SiteRules((NeverBeside(None, None, True, "because", SOON),))
    whole = Editorial(rules, {"a": Overrides((Pin("b", 1, SOON + timedelta(days=1)), Pin("d", 3)))}, text="never")
    assert whole.next_end == SOON
    first, last = whole.in_force_at(SOON), whole.in_force_at(SOON + timedelta(days=2))
    assert first == Editorial(SiteRules(), whole.overrides, 1, "never")
    assert last == Editorial(SiteRules(), {"a": Overrides((Pin("d", 3),))}, 2, "never")
    assert first.in_force_at(SOON + timedelta(days=2)) == last
    assert last.next_end is None


def older(store: Path, schema: int) -> Path:
    """Make the catalog in ``store`` one of an earlier schema."""
    path = store / "catalog.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        if schema < 3:
            database.execute("DROP TABLE overrides")
        database.execute("CREATE TABLE log AS SELECT article_id, seq, live_seq > 0 AS live FROM changed")
        database.execute("DROP TABLE changed")
        database.execute("CREATE TABLE changed (article_id VARCHAR PRIMARY KEY, seq INTEGER, live BOOLEAN)")
        database.execute("CREATE INDEX ix_changed_seq ON changed (seq)")
        database.execute("INSERT INTO changed SELECT * FROM log")
        database.execute("DROP TABLE log")
        database.execute("UPDATE meta SET value = ? WHERE key = 'schema'", [str(schema)])
        if schema == 1:
            database.execute("DROP TABLE changed")
            database.execute("DELETE FROM meta WHERE key = 'seq'")
    return path


@pytest.mark.parametrize("schema", [1, 2, 3])
def test_an_earlier_catalog_is_upgraded_with_all_it_holds(schema: int, tmp_path: Path) -> None:
    with closing(Catalog.open(tmp_path)) as catalog:
        catalog.put([record("a", title="A", body="A.", related=["b"]), record("b", title="B", body="B.")])
        catalog.put([record("b", title="B2", body="B.")], live=True)
        before, seq = list(catalog.articles()), catalog.seq()
    older(tmp_path, schema)
    for _ in range(2):
        with closing(Catalog.open(tmp_path)) as catalog:
            assert list(catalog.articles()) == before
            assert targets(catalog) == {"a": ("b",)}
            assert (catalog.editorial().overrides, catalog.rules()) == ({}, "")
            assert catalog.seq() == (seq if schema > 1 else 0)
            live = {article.id for article in catalog.changes(0).articles}
            assert live == ({"b"} if schema > 1 else set())
    with closing(Catalog.open(tmp_path)) as catalog:
        catalog.put_overrides("a", FULL)
        assert catalog.overrides_of("a") == FULL
        assert catalog.seq() == (seq + 1 if schema > 1 else 1)


def test_many_that_upgrade_at_once_are_none_the_worse(tmp_path: Path) -> None:
    with closing(Catalog.open(tmp_path)) as catalog:
        catalog.put([record("a", title="A", body="A.")])
    for _ in range(5):
        older(tmp_path, 2)
        together, seqs = threading.Barrier(6), []

        def opened(together: threading.Barrier = together, seqs: list[int] = seqs) -> None:
            together.wait()
            with closing(Catalog.open(tmp_path)) as found:
                seqs.append(found.seq())

        threads = [threading.Thread(target=opened) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seqs == [1] * 6
