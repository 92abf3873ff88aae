"""The demo newspaper keeps the shape that its README promises."""

import re

from recommender.articles import Record
from tests.conftest import DEMO, NEWSPAPER, SEEDS, records

FIRST = 70
"""Articles that were there before the others, and stand in ``tests/data`` too."""


def test_size_and_lists() -> None:
    items = records(NEWSPAPER)
    ids = {record.article.id for record in items}
    lists = [record.related for record in items if record.related]
    assert len(items) == len(ids) == 239
    assert len(lists) == 157
    assert all(3 <= len(set(targets)) == len(targets) <= 6 and set(targets) <= ids for targets in lists)
    assert not [record.article.id for record in items if record.article.id in record.related]
    assert {record.article.section for record in items} == {
        *("local", "sport", "courts", "opinion", "environment", "business", "culture", "education", "politics")
    }


def test_the_readme_counts_right() -> None:
    items = records(NEWSPAPER)
    readme = (SEEDS / "README.md").read_text(encoding="utf-8")
    stated = re.search(r"(\d+) articles of \*The Tessle Courier\*, (\d+) of them with a curated list", readme)
    assert stated
    assert [int(number) for number in stated.groups()] == [len(items), sum(bool(r.related) for r in items)]


def test_the_tests_own_part_is_the_first_of_it() -> None:
    lines = NEWSPAPER.read_bytes().splitlines(keepends=True)
    assert DEMO.read_bytes() == b"".join(lines[:FIRST])


def test_every_article_is_whole() -> None:
    items = records(NEWSPAPER)
    for record in items:
        article = record.article
        assert 35 <= len(article.body.split()) <= 750, article.id
        assert len(article.teasers) <= 2, article.id
        assert article.title
        assert article.published_at
        assert article.url
        assert ".example/" in article.url
    for record in items[:FIRST]:
        article = record.article
        assert 150 <= len(article.body.split()) <= 500, article.id
        assert 1 <= len(article.teasers) <= 2, article.id
        assert article.tags


def test_some_have_no_teaser_or_no_tags() -> None:
    """As in real life; most have."""
    items = [record.article for record in records(NEWSPAPER)]
    assert 0.04 < sum(not article.teasers for article in items) / len(items) < 0.15
    assert 0.02 < sum(not article.tags for article in items) / len(items) < 0.1


def test_lists_point_back_in_time_nearly_always() -> None:
    for items in (records(NEWSPAPER), records(NEWSPAPER)[FIRST:], records(DEMO)):
        assert sum(older(items)) / len(older(items)) > 0.9


def older(items: list[Record]) -> list[bool]:
    """For every entry of the lists of ``items``: whether it is no newer than the article whose list it stands in."""
    dates = {record.article.id: record.article.published_at for record in records(NEWSPAPER)}
    pairs = [(dates[record.article.id], dates[target]) for record in items for target in record.related]
    found = [a >= b for a, b in pairs if a and b]
    assert len(found) == len(pairs)
    return found
