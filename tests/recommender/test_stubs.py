"""Which stub and which article are one."""

import pytest

from recommender.articles import Article
from recommender.catalog.stubs import StubMatcher, TextIndex
from tests.recommender.makers import MISSILES

TEASER = MISSILES[0]
NEAR = TEASER.replace("several towns", "seven towns")


@pytest.mark.parametrize(
    ("known", "wanted", "found"),
    [
        ({"a": [TEASER]}, TEASER, ["a"]),
        ({"a": [TEASER]}, f" {TEASER.upper()}!! ", ["a"]),
        ({"a": [TEASER]}, NEAR, ["a"]),
        ({"a": [TEASER]}, MISSILES[1], []),
        ({"a": [TEASER], "b": [NEAR]}, NEAR, ["b"]),
        ({"b": [TEASER], "a": [TEASER]}, TEASER, ["a", "b"]),
        ({"b": ["x", TEASER]}, TEASER, ["b"]),
        ({"a": ["!!!", ""]}, "???", []),
        ({}, TEASER, []),
    ],
)
def test_texts_are_found_by_equal_and_nearly_equal_text(
    known: dict[str, list[str]], wanted: str, found: list[str]
) -> None:
    index = TextIndex()
    for identity, texts in known.items():
        index.add(identity, texts)
    assert index.find([wanted]) == found


def test_the_nearest_text_comes_first() -> None:
    index = TextIndex()
    nearer, farther = TEASER.replace("several", "seven"), TEASER.replace("several towns", "a town")
    index.add("a", [farther])
    index.add("b", [nearer])
    assert index.find([TEASER]) == ["b", "a"]
    assert index.find(["nothing like it", TEASER]) == ["b", "a"]


def test_a_forgotten_text_is_not_found_and_a_shared_one_stays() -> None:
    index = TextIndex()
    index.add("a", [TEASER, TEASER, "another"])
    index.add("b", [TEASER])
    index.remove("a")
    assert index.find([TEASER]) == ["b"]
    assert index.find(["another"]) == []
    index.remove("a")
    index.remove("b")
    assert index.find([TEASER]) == []


def test_the_four_missile_teasers_are_four() -> None:
    matcher = StubMatcher(Article(id=str(n), teasers=(text,)) for n, text in enumerate(MISSILES))
    for n, text in enumerate(MISSILES):
        assert matcher.stubs_of(Article(id="full", title="T", teasers=(text,), body="B")) == [str(n)]


URL = "https://news.example/a"


@pytest.mark.parametrize(
    ("stub", "article"),
    [
        (Article(id="s", url=f"http://News.example/a/?utm_source={TEASER[:3]}", teasers=("t",)), {"url": URL}),
        (Article(id="s", teasers=(TEASER,)), {"teasers": ("x", TEASER)}),
        (Article(id="s", teasers=("x", NEAR)), {"teasers": (TEASER,)}),
        (Article(id="s", teasers=(TEASER,)), {"title": NEAR}),
        (Article(id="s", teasers=(TEASER,)), {"body": f"{NEAR}\n\nMore."}),
    ],
)
def test_both_ask_the_same(stub: Article, article: dict[str, str]) -> None:
    full = Article(id="full", **{"body": "Body.", **article})  # type: ignore[arg-type]
    other = Article(id="other", url=f"{URL}/b", title="Other", teasers=(MISSILES[1],), body="Other.")
    assert StubMatcher([stub, other]).stubs_of(full) == ["s"]
    assert StubMatcher([full, other]).article_of(stub) == "full"
    assert StubMatcher([other]).article_of(stub) is None


def test_an_article_is_not_its_own_stub() -> None:
    matcher = StubMatcher([Article(id="a", url=URL, teasers=(TEASER,)), Article(id="s", teasers=(NEAR,))])
    assert matcher.stubs_of(Article(id="a", url=URL, teasers=(TEASER,), body="B")) == []
    assert matcher.stubs_of(Article(id="a", url=URL, teasers=(NEAR,), body="B")) == ["s"]


def test_a_later_paragraph_is_nobodys_teaser() -> None:
    full = Article(id="full", title="T", body=f"First.\n\n{TEASER}")
    assert StubMatcher([full]).article_of(Article(id="s", teasers=(TEASER,))) is None


def test_what_is_known_of_an_id_is_replaced() -> None:
    stub = Article(id="s", url=URL, teasers=(TEASER,))
    matcher = StubMatcher([Article(id="a", url=URL, title=TEASER, body="B")])
    assert matcher.article_of(stub) == "a"
    matcher.add(Article(id="a", url=f"{URL}/moved", title="Another", body="B"))
    assert matcher.article_of(stub) is None
    assert matcher.is_stub("a") is False
    matcher.add(stub)
    assert matcher.is_stub("s") is True
    matcher.forget("s")
    assert matcher.is_stub("s") is None
    assert matcher.stubs_of(Article(id="b", url=URL, title=TEASER, body="B")) == []
