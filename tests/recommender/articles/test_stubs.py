"""Which article a stub announces."""

import pytest

from recommender.articles import Article, stub_from_teaser
from recommender.catalog.stub_matcher import StubMatcher, TextIndex
from tests.recommender.makers import MISSILES

TEASER = MISSILES[0]
NEAR = TEASER.replace("several towns", "seven towns")


@pytest.mark.parametrize(
    ("known", "wanted", "equal", "near"),
    [
        ({"a": [TEASER]}, TEASER, {"a"}, {"a"}),
        ({"a": [TEASER]}, f" {TEASER.upper()}!! ", {"a"}, {"a"}),
        ({"a": [TEASER]}, NEAR, set(), {"a"}),
        ({"a": [TEASER]}, MISSILES[1], set(), set()),
        ({"a": [TEASER], "b": [NEAR]}, NEAR, {"b"}, {"a", "b"}),
        ({"b": [TEASER], "a": [TEASER]}, TEASER, {"a", "b"}, {"a", "b"}),
        ({"b": ["x", TEASER]}, TEASER, {"b"}, {"b"}),
        ({"a": ["!!!", ""]}, "???", set(), set()),
        ({}, TEASER, set(), set()),
        # in a short text every letter counts, in scripts of syllables most of all
        ({"a": ["ลูกเสือขาว"]}, "ลูกเสื้อขาว", set(), set()),
        ({"a": ["मिल में आग"]}, "मेल में आग", set(), set()),
        ({"a": ["Storm in the harbour"]}, "Storm on the harbour", set(), set()),
        # another number is another piece
        ({"a": [f"{TEASER} Part 12 of our diary."]}, f"{TEASER} Part 13 of our diary.", set(), set()),
        ({"a": [f"In 2019 {TEASER}"]}, f"In 2020 {TEASER}", set(), set()),
        ({"a": [f"In 2019 {TEASER}"]}, f"In 2019 {NEAR}", set(), {"a"}),
    ],
)
def test_texts_are_found_by_equal_and_nearly_equal_text(
    known: dict[str, list[str]], wanted: str, equal: set[str], near: set[str]
) -> None:
    index = TextIndex()
    for identity, texts in known.items():
        index.add(identity, texts)
    assert index.equal([wanted]) == equal
    assert index.near([wanted]) == near


def test_a_forgotten_text_is_not_found_and_a_shared_one_stays() -> None:
    index = TextIndex()
    index.add("a", [TEASER, TEASER, "another"])
    index.add("b", [TEASER])
    index.remove("a")
    assert index.near([TEASER]) == {"b"}
    assert index.near(["another"]) == set()
    index.remove("a")
    index.remove("b")
    assert index.near([TEASER]) == set()


def matcher_of(*known: Article) -> StubMatcher:
    found = StubMatcher()
    for article in known:
        found.add(article)
    return found


def test_the_four_missile_teasers_are_four() -> None:
    stubs = [stub_from_teaser(text) for text in MISSILES]
    full = [Article(id=f"full-{n}", title="T", teasers=(text,), body="B") for n, text in enumerate(MISSILES)]
    matcher = matcher_of(*stubs, *full)
    for stub, article in zip(stubs, full, strict=True):
        assert matcher.articles_of(stub.id) == [article.id]
        assert matcher.stubs_near(article.id) == {stub.id}


@pytest.mark.parametrize(
    ("text", "article"),
    [
        (TEASER, {"teasers": ("x", TEASER)}),
        (NEAR, {"teasers": (TEASER,)}),
        (TEASER, {"title": NEAR}),
        (TEASER, {"body": f"{NEAR}\n\nMore."}),
        (TEASER, {"title": TEASER, "body": ""}),
    ],
)
def test_both_ask_the_same(text: str, article: dict[str, str]) -> None:
    stub = stub_from_teaser(text)
    full = Article(id="full", **{"body": "Body.", **article})  # type: ignore[arg-type]
    other = Article(id="other", title="Other", teasers=(MISSILES[1],), body="Other.")
    matcher = matcher_of(stub, full, other)
    assert matcher.articles_of(stub.id) == ["full"]
    assert matcher.stubs_near("full") == {stub.id}
    assert matcher.stubs_near("other") == set()


def test_an_equal_text_counts_before_a_nearly_equal_one_and_several_are_all_named() -> None:
    stub = stub_from_teaser(TEASER)
    matcher = matcher_of(stub, Article(id="near", teasers=(NEAR,)))
    assert matcher.articles_of(stub.id) == ["near"]
    matcher.add(Article(id="b", teasers=(TEASER,)))
    assert matcher.articles_of(stub.id) == ["b"]
    matcher.add(Article(id="a", title=TEASER))
    assert matcher.articles_of(stub.id) == ["a", "b"]


def test_a_later_paragraph_is_nobodys_teaser() -> None:
    stub = stub_from_teaser(TEASER)
    assert matcher_of(stub, Article(id="full", title="T", body=f"First.\n\n{TEASER}")).articles_of(stub.id) == []


def test_what_is_known_of_an_id_is_replaced() -> None:
    stub = stub_from_teaser(TEASER)
    matcher = matcher_of(stub, Article(id="a", title=TEASER, body="B"))
    assert matcher.articles_of(stub.id) == ["a"]
    matcher.add(Article(id="a", title="Another", body="B"))
    assert matcher.articles_of(stub.id) == []
    assert (matcher.is_stub("a"), matcher.is_stub(stub.id)) == (False, True)
    matcher.forget(stub.id)
    assert matcher.is_stub(stub.id) is None
    assert matcher.stubs_near("a") == set()
