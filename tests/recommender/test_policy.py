"""Who may stand in a list: never the article itself or a copy, and what the caller leaves out."""

from datetime import UTC, datetime, timedelta

import pytest

from recommender.article import Article
from recommender.policy import Rules, allowed
from tests.recommender.makers import ENCODER, corpus_of

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

CORPUS = corpus_of(
    [
        Article(id="q", url="https://news.example/q", title="Ships", body="Late.", section="sea", language="en"),
        Article(id="text", title="SHIPS", body="Late", section="sea", language="en"),
        Article(id="url", url="http://News.example/q/?utm_source=x", title="Updated", body="Later."),
        Article(id="a", url="https://news.example/a", title="A", body="A.", published_at=NOON, section="sea"),
        Article(id="a2", url="http://news.example/a/", title="Again", body="A again.", published_at=NOON - HOUR),
        Article(id="b", title="B", body="B.", published_at=NOON + HOUR, section="land", language="en"),
        Article(id="c", title="C", teasers=("C.",), section="Sea", language="en-gb"),
        Article(id="d", title="D", body="D.", published_at=NOON - HOUR, section="land", language="de"),
    ],
    aliases={"former": "b", "me": "q"},
)
OTHERS = {"a", "a2", "b", "c", "d"}


def allowed_ids(query: str | Article, rules: Rules = Rules()) -> set[str]:
    known = isinstance(query, str)
    asked = CORPUS.query(CORPUS.row(query)) if known else CORPUS.draft(query, ENCODER)  # type: ignore[arg-type]
    mask = allowed(asked, CORPUS, rules)
    return {card.id for card, may in zip(CORPUS.cards, mask, strict=True) if may}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("q", OTHERS),
        ("me", OTHERS),
        ("text", OTHERS),
        ("url", OTHERS),
        ("a", {"q", "text", "url", "b", "c", "d"}),
        ("b", {"q", "text", "url", "a", "a2", "c", "d"}),
        (Article(id="new", title="Ships", body="late!"), OTHERS),
        (Article(id="new", url="https://news.example/q#top", title="Rewritten", body="Now."), OTHERS),
        (Article(id="q", title="Rewritten", body="Now."), OTHERS),
        (Article(id="me", title="Rewritten", body="Now."), OTHERS),
        (Article(id="new", title="Rewritten", body="Now."), OTHERS | {"q", "text", "url"}),
    ],
)
def test_never_the_article_itself_nor_a_copy(query: str | Article, ids: set[str]) -> None:
    assert allowed_ids(query) == ids


@pytest.mark.parametrize(
    ("rules", "ids"),
    [
        (Rules(), OTHERS),
        (Rules(exclude=["b"]), {"a", "a2", "c", "d"}),
        (Rules(exclude=["former"]), {"a", "a2", "c", "d"}),
        (Rules(exclude=["https://NEWS.example/a/?fbclid=1"]), {"b", "c", "d"}),
        (Rules(exclude=["a"]), {"b", "c", "d"}),
        (Rules(exclude=["unknown", "", "B"]), OTHERS),
        (Rules(exclude=list("abcd")), set()),
        (Rules(section=["sea"]), {"a"}),
        (Rules(section={"sea", "Sea"}), {"a", "c"}),
        (Rules(section=["air"]), set()),
        (Rules(section=[""]), {"a2"}),
        (Rules(language=["en"]), {"b"}),
        (Rules(language=["en", "de"]), {"b", "d"}),
        (Rules(language=[""]), {"a", "a2"}),
        (Rules(published_after=NOON), {"a", "b", "c"}),
        (Rules(published_after=NOON + timedelta(microseconds=1)), {"b", "c"}),
        (Rules(published_before=NOON), {"a", "a2", "c", "d"}),
        (Rules(published_before=NOON - timedelta(microseconds=1)), {"a2", "c", "d"}),
        (Rules(published_after=NOON, published_before=NOON), {"a", "c"}),
        (Rules(published_after=NOON + HOUR, published_before=NOON - HOUR), {"c"}),
        (Rules(published_after=datetime(1970, 1, 1, tzinfo=UTC)), OTHERS),
        (Rules(section=["land"], language=["de"], published_before=NOON), {"d"}),
        (Rules(section=["land"], exclude=["d"]), {"b"}),
    ],
)
def test_rules(rules: Rules, ids: set[str]) -> None:
    assert allowed_ids("q", rules) == ids
