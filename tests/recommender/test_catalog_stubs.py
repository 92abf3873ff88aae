"""A stub and the article behind it are one, whichever arrives first; what points to either follows."""

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles import Article, Record
from recommender.catalog import Catalog, Counts
from tests.conftest import SEED_PAGE, records
from tests.recommender.makers import MISSILES, contents, record, targets

FULL = Article(id="a", url="https://news.example/a", title="Harbour deepened", teasers=("One.", "Two."), body="First.")
TEASER = MISSILES[0]
BODY = "The first paragraph is about the weather.\n\nAnd the second one too."
ONE = [
    pytest.param(Article(id="a", teasers=(TEASER,)), Article(id="a", title="T", body=BODY), id="same id"),
    pytest.param(
        Article(id="a", url="https://news.example/a", teasers=(TEASER,)),
        Article(id="a", url="https://news.example/a", teasers=(TEASER,), body=BODY),
        id="same everything",
    ),
    pytest.param(
        Article(id="s", url="http://News.example/a/?utm_source=feed", teasers=(TEASER,)),
        Article(id="a", url="https://news.example/a", title="T", body=BODY),
        id="same address",
    ),
    pytest.param(
        Article(id="s", teasers=(TEASER,)), Article(id="a", teasers=(TEASER,), body=BODY), id="the same teaser"
    ),
    pytest.param(
        Article(id="s", teasers=(f"{TEASER[:-1].upper()}…",)),
        Article(id="a", teasers=("x", TEASER), body=BODY),
        id="the same words",
    ),
    pytest.param(
        Article(id="s", teasers=(TEASER.replace("several", "seven"),)),
        Article(id="a", title="T", teasers=(TEASER,), body=BODY),
        id="one word changed",
    ),
    pytest.param(Article(id="s", teasers=(TEASER,)), Article(id="a", title=TEASER, body=BODY), id="the title"),
    pytest.param(
        Article(id="s", teasers=(TEASER,)), Article(id="a", body=f"{TEASER}\n\nMore."), id="the first paragraph"
    ),
]


@pytest.mark.parametrize("stub_first", [True, False])
@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(("stub", "full"), ONE)
def test_stub_and_article_are_one(
    stub: Article, full: Article, together: bool, stub_first: bool, catalog: Catalog
) -> None:
    page = Record(Article(id="page", title="Page", body="A page."), "", (stub.id, "elsewhere"), (stub,))
    other = record("other", title="Other", body="Other.", related=["page", stub.id])
    puts = [page, other, Record(full, "")] if stub_first else [Record(full, ""), page, other]
    for batch in [puts] if together else [[put] for put in puts]:
        catalog.put(batch)
    found = {article.id: article for article in catalog.articles()}
    assert set(found) == {"a", "page", "other"}
    assert (found["a"].title, found["a"].body, found["a"].url) == (full.title, full.body, full.url)
    assert targets(catalog) == {"page": ("a", "elsewhere"), "other": ("page", "a")}
    assert catalog.aliases() == ({} if stub.id == "a" else {stub.id: "a"})
    assert catalog.counts() == Counts(3, 0, 2)
    if stub.id != "a":
        assert found["a"].teasers == tuple(dict.fromkeys((*full.teasers, *stub.teasers)))
    before = contents(catalog)
    for batch in [puts] if together else [[put] for put in puts]:
        catalog.put(batch)
    assert contents(catalog) == before


def test_a_teaser_never_overwrites_a_body(catalog: Catalog) -> None:
    catalog.put([Record(FULL, "")])
    catalog.put([record("a", title="", teasers=("Three.", "One."))])
    (found,) = catalog.articles()
    assert (found.body, found.title, found.teasers) == (FULL.body, FULL.title, ("One.", "Two.", "Three."))


def test_a_stub_knows_its_article_after_reopening(tmp_path: Path) -> None:
    for item in (record("s", teasers=(TEASER,)), record("a", title="T", teasers=(TEASER,), body=BODY)):
        with closing(Catalog.open(tmp_path)) as catalog:
            catalog.put([item])
    with closing(Catalog.open(tmp_path)) as catalog:
        catalog.put([record("s2", teasers=(TEASER.upper(),)), record("s", teasers=("Quite another text.",))])
        assert catalog.aliases() == {"s": "a", "s2": "a"}
        assert [article.id for article in catalog.articles()] == ["a"]


@pytest.mark.parametrize(
    ("own", "expected"), [(None, {"a": ("x", "y")}), (("z",), {"a": ("z",)}), ((), {})], ids=["none", "own", "empty"]
)
def test_the_list_of_a_stub_goes_to_its_article(
    own: tuple[str, ...] | None, expected: dict[str, tuple[str, ...]], catalog: Catalog
) -> None:
    catalog.put([record("s", teasers=(TEASER,), related=["x", "y"])])
    catalog.put([record("a", title="T", teasers=(TEASER,), body=BODY, related=own)])
    assert targets(catalog) == expected
    catalog.put([record("s", teasers=(TEASER,), related=["late"])])
    assert targets(catalog) == {"a": ("late",)}


def test_an_article_with_the_id_of_an_alias_takes_it_back(catalog: Catalog) -> None:
    page = record("page", title="P", body="P.", related=["s"])
    catalog.put([page, record("s", teasers=(TEASER,)), record("a", title="T", teasers=(TEASER,), body=BODY)])
    assert targets(catalog) == {"page": ("a",)}
    catalog.put([record("s", title="Mine", body="Another story.")])
    assert catalog.aliases() == {}
    assert targets(catalog) == {"page": ("s",)}
    assert [article.id for article in catalog.articles()] == ["a", "page", "s"]


def test_targets_are_resolved_by_id_then_alias_then_address(catalog: Catalog) -> None:
    wanted = ["http://NEWS.example/a/", "a", "s", "self", "gone", "https://news.example/gone"]
    catalog.put([record("self", title="S", body="S.", related=wanted)])
    assert targets(catalog) == {"self": tuple(t for t in wanted if t != "self")}
    catalog.put(
        [record("s", teasers=(TEASER,)), record("b", title="B", teasers=(TEASER,), body=BODY), Record(FULL, "")]
    )
    assert targets(catalog) == {"self": ("a", "b", "gone", "https://news.example/gone")}


def test_an_address_that_moved_on_is_forgotten(catalog: Catalog) -> None:
    catalog.put([record("a", url="https://news.example/1", title="A", body=BODY)])
    catalog.put([record("a", url="https://news.example/2", title="A", body=BODY)])
    catalog.put([record("s", url="https://news.example/1", teasers=(TEASER,))])
    assert [article.id for article in catalog.articles()] == ["a", "s"]


def test_similar_teasers_stay_four_stubs(catalog: Catalog) -> None:
    catalog.put(records(SEED_PAGE))
    (seed,) = records(SEED_PAGE)
    yemen = [stub for stub in seed.stubs if "launched from Yemen" in stub.teasers[0]]
    assert len(yemen) == 4
    for n, stub in enumerate(yemen):
        catalog.put([record(f"full-{n}", title=f"Story {n}", teasers=stub.teasers, body=f"Body {n}.")])
    assert catalog.aliases() == {stub.id: f"full-{n}" for n, stub in enumerate(yemen)}
    assert catalog.counts() == Counts(5, 4, 1)
    present = catalog.aliases()
    assert targets(catalog) == {"aras-2025": tuple(present.get(stub.id, stub.id) for stub in seed.stubs)}


STORIES = [
    Record(Article(id="page", title="Page", body="A page."), "", ("s0", "s1", "s3", "full-2")),
    *(record(f"s{n}", teasers=(text,)) for n, text in enumerate(MISSILES)),
    *(record(f"full-{n}", title=f"Story {n}", teasers=(MISSILES[n],), body=f"Body {n}.") for n in range(3)),
    record("full-3", title="Story 3", body=f"{MISSILES[3]}\n\nMore.", related=["page", "s1"]),
]


@settings(max_examples=25)
@given(order=st.permutations(STORIES), cut=st.integers(0, len(STORIES)))
def test_the_order_of_arrival_does_not_matter(order: list[Record], cut: int) -> None:
    states = []
    for batches in ([STORIES], [order[:cut], order[cut:]]):
        with closing(Catalog.open("sqlite://")) as catalog:
            for batch in batches:
                catalog.put(batch)
            states.append((list(catalog.articles()), catalog.aliases(), catalog.curated_lists()))
    assert states[1] == states[0]
    assert states[0][1] == {f"s{n}": f"full-{n}" for n in range(4)}


def test_what_was_learnt_beforehand_is_kept_up_to_date(tmp_path: Path) -> None:
    """A stub that another process stored after one had prepared itself is still found by its article."""
    with closing(Catalog.open(tmp_path)) as first, closing(Catalog.open(tmp_path)) as second:
        second.put([record("s0", teasers=(MISSILES[0],))])
        first.prepare()
        seq = first.seq()
        second.put([record("s1", teasers=(MISSILES[1],))])
        first.put([record(f"a{n}", title=f"A {n}", teasers=(MISSILES[n],), body=f"Body {n}.") for n in range(2)])
        assert first.aliases() == {"s0": "a0", "s1": "a1"}
        assert first.seq() == seq + 2
