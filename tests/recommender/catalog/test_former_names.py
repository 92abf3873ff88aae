"""Former ids and addresses that articles declare: what they lead to, and which of two articles keeps one."""

import random
from collections.abc import Iterator
from contextlib import closing
from itertools import permutations
from pathlib import Path

import pytest

from recommender.articles import Record, parse_article, url_key_or_none
from recommender.catalog import Catalog
from recommender.catalog.ingest import ingest
from recommender.editors.overrides import Overrides, Pin

SITE = "https://news.example"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with closing(Catalog.open(tmp_path)) as catalog:
        yield catalog


def record(identity: str, *aliases: str, **fields: object) -> Record:
    return parse_article({"id": identity, "title": f"T {identity}", "aliases": list(aliases), **fields})


def test_a_list_that_names_a_former_address_finds_the_article(catalog: Catalog) -> None:
    catalog.put([record("a", f"{SITE}/old/quay/", "quay-2019", url=f"{SITE}/quay/")])
    named = ["http://www.news.example/old/quay/index.html?utm_source=x", "quay-2019", f"{SITE}/old/quay", "z"]
    catalog.put([record("b", related=named)])
    assert [(each.article_id, each.targets) for each in catalog.curated_lists()] == [("b", ("a", "z"))]
    assert catalog.aliases() == {f"{SITE}/old/quay/": "a", "quay-2019": "a"}


def test_what_is_its_own_already_is_none(catalog: Catalog) -> None:
    catalog.put([record("a", "a", "http://www.news.example/a/", url=f"{SITE}/a")])
    assert (catalog.aliases(), catalog.clashes()) == ({}, [])
    assert [article.aliases for article in catalog.articles()] == [()]


def test_a_name_that_is_another_articles_own_loses_in_any_order_and_comes_back(tmp_path: Path) -> None:
    records = [
        record("b", "a", f"{SITE}/c", "free", f"{SITE}/shared"),
        record("a"),
        record("c", "http://news.example/shared/", url=f"{SITE}/c/"),
    ]
    for number, order in enumerate(permutations(records)):
        with closing(Catalog.open(tmp_path / str(number))) as catalog:
            for each in order:
                catalog.put([each])
            assert catalog.aliases() == {"free": "b", f"{SITE}/shared": "b"}
            said = [(clash.article_id, clash.name, clash.owner) for clash in catalog.clashes()]
            assert said == [
                ("b", "a", "a"),
                ("b", f"{SITE}/c", "c"),
                ("c", "http://news.example/shared/", "b"),
            ]
            catalog.remove("a")
            catalog.put([record("c")])
            assert catalog.aliases() == {"free": "b", f"{SITE}/shared": "b", "a": "b", f"{SITE}/c": "b"}
            assert catalog.clashes() == []


def test_it_is_said_at_the_end_of_an_ingest(catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id":"a","title":"A","aliases":["b"]}\n{"id":"b","title":"B","aliases":"old-b, older-b"}\n')
    told: list[str] = []
    done = ingest(catalog, [path], on_warning=told.append)
    assert told == ["a: its former id or address 'b' is that of 'b', to which it leads"]
    assert done.warnings == 1
    assert catalog.aliases() == {"old-b": "b", "older-b": "b"}


def test_what_editors_decide_may_name_a_former_address(catalog: Catalog) -> None:
    catalog.put([record("a", "/old/"), record("b")])
    decided = Overrides((Pin("b", 1),))
    catalog.put_overrides("/old/", decided)
    assert catalog.editorial().overrides == {"a": decided}


def test_one_that_is_declared_no_more_leads_nowhere(catalog: Catalog) -> None:
    catalog.put([record("a", "x", "y")])
    catalog.put([record("a", "y")])
    assert catalog.aliases() == {"y": "a"}
    catalog.remove("a")
    assert catalog.aliases() == {}


def test_one_can_be_taken_away_and_its_article_stays(catalog: Catalog) -> None:
    catalog.put([record("a", f"{SITE}/x", "y")])
    removal = catalog.remove("http://news.example/x/")
    assert removal is not None
    assert (removal.article_id, removal.alias) == ("a", True)
    assert catalog.aliases() == {"y": "a"}
    assert [article.aliases for article in catalog.articles()] == [("y",)]


def test_a_catalog_of_schema_6_learns_what_its_articles_declared(tmp_path: Path) -> None:
    with closing(Catalog.open(tmp_path)) as catalog:
        catalog.put([record("a", "x"), record("b"), record("c", "x", "y")])
        with catalog.engine.execution_options(writes=True).begin() as connection:
            connection.exec_driver_sql("DROP TABLE former_names")
            connection.exec_driver_sql("UPDATE meta SET value = '6' WHERE key = 'schema'")
    with closing(Catalog.open(tmp_path)) as catalog:
        assert catalog.upgraded is not None
        assert catalog.aliases() == {"x": "a", "y": "c"}


@pytest.mark.parametrize("seed", range(20))
def test_what_holds_is_what_plain_loops_say(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    names = [*"abcdef", *(f"{SITE}/{n}" for n in range(4)), *(f"http://www.news.example/{n}/" for n in range(4))]
    with closing(Catalog.open(tmp_path)) as catalog:
        stored: dict[str, Record] = {}
        for _ in range(25):
            identity = rng.choice("abcdef")
            if rng.random() < 0.2:
                catalog.remove(identity) if identity in stored else None
                stored.pop(identity, None)
            else:
                url = rng.choice([None, *names[6:]])
                stored[identity] = record(identity, *rng.sample(names, rng.randrange(4)), url=url)
                catalog.put([stored[identity]])
        keys = {url_key_or_none(each.article.url) for each in stored.values()}
        expected: dict[str, str] = {}
        for identity, each in sorted(stored.items()):
            for name in each.article.aliases:
                key = url_key_or_none(name)
                if name not in stored and (key is None or key not in keys):
                    expected.setdefault(key or name, identity)
        assert {url_key_or_none(name) or name: owner for name, owner in catalog.aliases().items()} == expected
