"""A stub and the article behind it are one, whichever arrives first; what points to either follows."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles import Article, Record, stub_from_teaser
from recommender.catalog import Catalog, Counts
from recommender.catalog.article_writer import Removal
from tests.conftest import SEED_PAGE, records
from tests.recommender.makers import MISSILES, contents, record, targets

FULL = Article(id="a", url="https://news.example/a", title="Harbour deepened", teasers=("One.", "Two."), body="First.")
TEASER = MISSILES[0]
BODY = "The first paragraph is about the weather.\n\nAnd the second one too."
ONE = [
    pytest.param(TEASER, Article(id="a", teasers=(TEASER,), body=BODY), id="the same teaser"),
    pytest.param(f"{TEASER[:-1].upper()}…", Article(id="a", teasers=("x", TEASER), body=BODY), id="the same words"),
    pytest.param(
        TEASER.replace("several", "seven"),
        Article(id="a", title="T", teasers=(TEASER,), body=BODY),
        id="one word changed",
    ),
    pytest.param(TEASER, Article(id="a", title=TEASER, body=BODY), id="the title"),
    pytest.param(TEASER, Article(id="a", body=f"{TEASER}\n\nMore."), id="the first paragraph"),
    pytest.param(TEASER, Article(id="a", url="https://news.example/v", title="Video", teasers=(TEASER,)), id="no body"),
]


def stub_record(text: str) -> Record:
    """A page whose related list tells of ``text`` alone."""
    stub = stub_from_teaser(text)
    return Record(Article(id=f"page of {stub.id}", title="A page.", body="Of its own."), "", (stub.id,), (stub,))


@pytest.mark.parametrize("stub_first", [True, False])
@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(("text", "full"), ONE)
def test_stub_and_article_are_one(text: str, full: Article, together: bool, stub_first: bool, catalog: Catalog) -> None:
    stub = stub_from_teaser(text)
    page = Record(Article(id="page", title="Page", body="A page."), "", (stub.id, "elsewhere"), (stub,))
    other = record("other", title="Other", body="Other.", related=["page", stub.id])
    puts = [page, other, Record(full, "")] if stub_first else [Record(full, ""), page, other]
    for batch in [puts] if together else [[put] for put in puts]:
        catalog.put(batch)
    found = {article.id: article for article in catalog.articles()}
    assert set(found) == {"a", "page", "other"}
    assert (found["a"].title, found["a"].body, found["a"].url) == (full.title, full.body, full.url)
    assert targets(catalog) == {"page": ("a", "elsewhere"), "other": ("page", "a")}
    assert catalog.aliases() == {stub.id: "a"}
    assert catalog.counts() == Counts(3, 0, 2)
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


def test_what_a_record_without_a_body_says_is_taken_and_what_it_does_not_say_stays(catalog: Catalog) -> None:
    day = datetime(2024, 3, 14, tzinfo=UTC)
    catalog.put(
        [record("a", title="Old", teasers=("One.",), body="Text.", section="port", tags=("x",), published_at=day)]
    )
    catalog.put([record("a", title="New", teasers=("Two.",), url="https://news.example/a", tags=("y",))])
    (found,) = catalog.articles()
    assert (found.title, found.body, found.url) == ("New", "Text.", "https://news.example/a")
    assert (found.section, found.tags, found.published_at) == ("port", ("y",), day)
    assert found.teasers == ("One.", "Two.")
    catalog.put([record("a", title="Newest", body="Another text.")])
    (found,) = catalog.articles()
    assert (found.title, found.teasers, found.section) == ("Newest", (), "")


BODYLESS = [
    pytest.param({"teasers": ("Watch the video.",)}, {"teasers": ("Watch the video.",)}, id="the same short teaser"),
    pytest.param({"teasers": (TEASER,)}, {"teasers": (TEASER,)}, id="the same teaser"),
    pytest.param({"teasers": (TEASER.replace("several", "seven"),)}, {"teasers": (TEASER,)}, id="nearly"),
    pytest.param({"teasers": (TEASER,)}, {"title": TEASER}, id="the other's title"),
    pytest.param({"teasers": (TEASER,)}, {"body": f"{TEASER}\n\nMore."}, id="the other's first paragraph"),
    pytest.param({"title": "Quiz of the day"}, {"title": "Quiz of the day"}, id="the same title"),
    pytest.param({"title": "Gallery", "url": "https://n.example/x"}, {"url": "https://n.example/x"}, id="address"),
    pytest.param({"title": "मिल में आग", "teasers": ("मिल में आग",)}, {"teasers": ("मेल में आग",)}, id="Hindi"),
    pytest.param({"title": "Column", "teasers": ("Daily column.",)}, {"teasers": ("Daily column.",)}, id="daily"),
    pytest.param({"teasers": ("stub-0123456789abcdef",)}, {"title": "stub-0123456789abcdef"}, id="looks like an id"),
    pytest.param({"title": "!!!"}, {"title": "???"}, id="no letters"),
]


@pytest.mark.parametrize("full_body", ["", BODY])
@pytest.mark.parametrize("bodyless_first", [True, False])
@pytest.mark.parametrize(("bodyless", "other"), BODYLESS)
def test_nothing_swallows_an_article(
    bodyless: dict[str, Any], other: dict[str, Any], bodyless_first: bool, full_body: str, catalog: Catalog
) -> None:
    video, feature = Article(id="video", **bodyless), Article(id="feature", **{"body": full_body, **other})
    for article in (video, feature) if bodyless_first else (feature, video):
        catalog.put([Record(article, "")])
    assert list(catalog.articles()) == [feature, video]
    assert (catalog.aliases(), catalog.counts()) == ({}, Counts(2, 0, 0))
    assert catalog.remove("video") == Removal("video", alias=False)
    assert list(catalog.articles()) == [feature]


def test_a_stub_knows_its_article_after_reopening(tmp_path: Path) -> None:
    stub, again = stub_from_teaser(TEASER), stub_from_teaser(f"{TEASER} …and more")
    for item in (stub_record(TEASER), record("a", title="T", teasers=(TEASER,), body=BODY)):
        with closing(Catalog.open(tmp_path)) as catalog:
            catalog.put([item])
    with closing(Catalog.open(tmp_path)) as catalog:
        catalog.put([stub_record(again.teasers[0]), stub_record(TEASER)])
        assert catalog.aliases() == {stub.id: "a", again.id: "a"}
        assert {article.id for article in catalog.articles() if article.is_stub} == set()


def test_a_stub_that_several_articles_fit_is_nobodys_and_named(catalog: Catalog) -> None:
    stub = stub_from_teaser(TEASER)
    catalog.put([stub_record(TEASER), record("a", teasers=(TEASER,), body=BODY)])
    assert catalog.aliases() == {stub.id: "a"}
    catalog.put([record("b", title=TEASER)])
    assert (catalog.aliases(), catalog.ambiguous_stubs()) == ({}, {stub.id: ("a", "b")})
    assert {article.id: article.is_stub for article in catalog.articles()}[stub.id] is True
    assert catalog.articles_of(["a"])["a"].teasers == (TEASER,)
    catalog.put([record("b", title="Another title by now")])
    assert (catalog.aliases(), catalog.ambiguous_stubs()) == ({stub.id: "a"}, {})
    catalog.put([record("b", title=TEASER)])
    catalog.remove("a")
    assert (catalog.aliases(), catalog.ambiguous_stubs()) == ({stub.id: "b"}, {})


def test_an_equal_text_takes_a_stub_from_a_nearly_equal_one(catalog: Catalog) -> None:
    stub = stub_from_teaser(TEASER)
    catalog.put([stub_record(TEASER), record("near", teasers=(TEASER.replace("several", "seven"),), body=BODY)])
    assert catalog.aliases() == {stub.id: "near"}
    catalog.put([record("equal", teasers=(TEASER,), body=BODY)])
    assert catalog.aliases() == {stub.id: "equal"}


def test_removing_an_alias_never_removes_the_article(catalog: Catalog) -> None:
    stub = stub_from_teaser(TEASER)
    catalog.put([stub_record(TEASER), record("a", title=TEASER, body=BODY)])
    assert catalog.articles_of(["a"])["a"].teasers == (TEASER,)
    assert catalog.remove(stub.id) == Removal("a", alias=True)
    assert catalog.aliases() == {}
    assert catalog.articles_of(["a"])["a"].teasers == ()
    assert catalog.remove(stub.id) is None
    catalog.put([stub_record(TEASER)])  # the page is read again
    assert catalog.aliases() == {stub.id: "a"}


def test_with_an_article_go_the_stubs_in_its_place(catalog: Catalog) -> None:
    catalog.put([stub_record(TEASER), record("a", title=TEASER, body=BODY)])
    assert catalog.remove("a") == Removal("a", alias=False)
    assert not any(TEASER in (*article.teasers, article.title) for article in catalog.articles())


def test_an_article_with_the_id_of_an_alias_takes_it_back(catalog: Catalog) -> None:
    stub = stub_from_teaser(TEASER)
    page = Record(Article(id="page", title="P", body="P."), "", (stub.id,), (stub,))
    catalog.put([page, record("a", title="T", teasers=(TEASER,), body=BODY)])
    assert targets(catalog) == {"page": ("a",)}
    catalog.put([record(stub.id, title="Mine", body="Another story.")])
    assert catalog.aliases() == {}
    assert targets(catalog) == {"page": (stub.id,)}
    assert [article.id for article in catalog.articles()] == ["a", "page", stub.id]


def test_the_article_behind_a_stub_may_come_under_its_id(catalog: Catalog) -> None:
    stub = stub_from_teaser(TEASER)
    catalog.put([stub_record(TEASER)])
    catalog.put([record(stub.id, title="Mine", body="The story.")])
    catalog.put([stub_record(TEASER)])
    (found,) = catalog.articles_of([stub.id]).values()
    assert (found.title, found.body, found.teasers, found.is_stub) == ("Mine", "The story.", (TEASER,), False)


def test_targets_are_resolved_by_id_then_alias_then_address(catalog: Catalog) -> None:
    stub = stub_from_teaser(TEASER)
    wanted = ["http://NEWS.example/a/", "a", stub.id, "self", "gone", "https://news.example/gone"]
    catalog.put([record("self", title="S", body="S.", related=wanted)])
    assert targets(catalog) == {"self": tuple(t for t in wanted if t != "self")}
    catalog.put([stub_record(TEASER), record("b", title="B", teasers=(TEASER,), body=BODY), Record(FULL, "")])
    assert targets(catalog)["self"] == ("a", "b", "gone", "https://news.example/gone")


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


STUBS = [stub_from_teaser(text) for text in MISSILES]
AMBIGUOUS = stub_from_teaser("Our picture of the day, from the harbour and its ships.")
STORIES = [
    Record(Article(id="page", title="Page", body="A page."), "", (STUBS[0].id, STUBS[1].id, "full-2"), (STUBS[0],)),
    Record(Article(id="side", title="Side", body="Aside."), "", tuple(s.id for s in STUBS), tuple(STUBS[1:])),
    Record(Article(id="more", title="More", body="Some more."), "", (AMBIGUOUS.id,), (AMBIGUOUS,)),
    *(record(f"full-{n}", title=f"Story {n}", teasers=(MISSILES[n],), body=f"Body {n}.") for n in range(3)),
    record("full-3", title="Story 3", body=f"{MISSILES[3]}\n\nMore.", related=["page", STUBS[1].id]),
    record("near-2", title="Story 2 b", teasers=(MISSILES[2].replace("the incident", "it"),)),
    *(record(f"picture-{n}", teasers=AMBIGUOUS.teasers) for n in range(2)),
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
    assert states[0][1] == {stub.id: f"full-{n}" for n, stub in enumerate(STUBS)}
    assert [article for article in states[0][0] if article.is_stub] == [AMBIGUOUS]


def test_what_was_learnt_beforehand_is_kept_up_to_date(tmp_path: Path) -> None:
    """A stub that another process stored after one had prepared itself is still found by its article."""
    with closing(Catalog.open(tmp_path)) as first, closing(Catalog.open(tmp_path)) as second:
        second.put([stub_record(MISSILES[0])])
        first.prepare()
        seq = first.seq()
        second.put([stub_record(MISSILES[1])])
        first.put([record(f"a{n}", title=f"A {n}", teasers=(MISSILES[n],), body=f"Body {n}.") for n in range(2)])
        assert first.aliases() == {STUBS[0].id: "a0", STUBS[1].id: "a1"}
        assert first.seq() == seq + 2
