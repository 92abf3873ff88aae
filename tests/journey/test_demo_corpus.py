"""The demo newspaper keeps the shape that its README promises."""

from tests.conftest import DEMO, records


def test_size_and_lists() -> None:
    items = records(DEMO)
    ids = {record.article.id for record in items}
    lists = [record.related for record in items if record.related]
    assert len(items) == 70
    assert len(lists) == 43
    assert all(3 <= len(targets) <= 6 and set(targets) <= ids for targets in lists)
    assert {record.article.section for record in items} >= {"local", "sport", "courts", "opinion", "environment"}


def test_every_article_is_whole() -> None:
    for record in records(DEMO):
        article = record.article
        assert 150 <= len(article.body.split()) <= 500, article.id
        assert 1 <= len(article.teasers) <= 2, article.id
        assert article.title
        assert article.published_at
        assert article.tags
        assert article.url
        assert ".example/" in article.url


def test_lists_point_back_in_time_nearly_always() -> None:
    items = {record.article.id: record for record in records(DEMO)}
    pairs = [(items[r.article.id].article, items[t].article) for r in items.values() for t in r.related]
    older = [a.published_at >= b.published_at for a, b in pairs if a.published_at and b.published_at]
    assert len(older) == len(pairs)
    assert sum(older) / len(older) > 0.9
