"""The summary of a reading: what articles have, and what was not understood, counted by kind."""

import pytest

from recommender.articles import parse_article
from recommender.errors import ArticleError
from recommender.sources.items import LeftOut, Note
from recommender.sources.summary import Kind, Summary, counted, kind_of


def test_what_articles_have_is_counted() -> None:
    summary = Summary()
    summary.add(
        parse_article({"id": "a", "title": "T", "body": "B", "published_at": "2024-05-01", "related": ["b", "c"]})
    )
    summary.add(parse_article({"id": "b", "title": "T", "section": "News", "related": []}))
    assert (summary.records, summary.links) == (2, 2)
    assert summary.had == {"title": 2, "body": 1, "date": 1, "section": 1, "curated list": 1}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "published_at is '3 hours ago', which is no date: left out",
            "published_at is 'Mi, 13', which is no date: left out",
        ),
        ("tags holds [1], which is no tag: left out", "tags holds [2, 'x'], which is no tag: left out"),
        ('id is "it\'s", expected', "id is 'a \\' b', expected"),
        ("title is 1,001 characters long, the limit is 1,000", "title is 12,000 characters long, the limit is 1,000"),
        ("body is {'a': {'b': 1}}, which is no text", "body is {}, which is no text"),
    ],
)
def test_messages_that_differ_in_values_are_of_one_kind(one: str, other: str) -> None:
    assert kind_of(one) == kind_of(other)


def test_messages_about_different_things_are_of_different_kinds() -> None:
    assert kind_of("tags is 1, which is no tag") != kind_of("section is 1, which is no tag")


def test_each_kind_is_told_by_its_first() -> None:
    summary = Summary()
    for place, value in (("f:1", "x"), ("f:9", "y")):
        summary.add(parse_article({"id": place, "title": "T", "published_at": value}, place))
    for place in ("f:2", "f:3", "f:4"):
        summary.reject(ArticleError("the record has neither", place))
    summary.tell(LeftOut("a draft", "a.md"))
    summary.tell(Note("the feed has no full texts", "feed"))
    assert summary.warnings == {
        "published_at is …, which is no date: left out": Kind(2, "f:1: published_at is 'x', which is no date: left out")
    }
    assert summary.rejected == {"the record has neither": Kind(3, "f:2: the record has neither")}
    assert summary.left_out == {"a draft": Kind(1, "a.md")}
    assert summary.notes == ["feed: the feed has no full texts"]
    assert counted(summary.rejected) == 3
