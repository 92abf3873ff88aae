"""Whether an article is for readers: every system's words for it, and what none of them knows."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.articles import parse_article, published_of

HIDDEN: list[dict[str, Any]] = [
    *({"status": word} for word in ("draft", "Draft", " DRAFT ", "auto-draft", "auto_draft", "Auto Draft")),
    *(
        {"status": word}
        for word in ("private", "pending", "pending review", "review", "in review", "in-review", "InReview")
    ),
    *(
        {"status": word}
        for word in ("unpublished", "un-published", "trash", "trashed", "deleted", "removed", "withdrawn")
    ),
    *({"status": word} for word in ("rejected", "spam", "inherit", "hidden", "unlisted", "inactive", "disabled")),
    *({"status": word} for word in ("internal", "expired", "offline", "sent", "on hold", "future", "scheduled")),
    *({"status": value} for value in (["draft"], {"name": "Draft"}, {"value": "draft"}, [{"value": False}], False)),
    *({"draft": value} for value in (True, "true", "True", " YES ", "yes", 1, 1.0, "1", "on", [True])),
    *({"published": value} for value in (False, "false", "no", 0, "0", 0.0, "off", [{"value": False}])),
    *({"visibility": word} for word in ("private", "Hidden", "password", "protected", "internal", "unlisted", "draft")),
    {"status": "publish", "draft": True},
    {"status": "draft", "published": True},
    {"status": "published", "visibility": "private"},
    {"status": "weird", "published": False},
]
SHOWN: list[dict[str, Any]] = [
    {},
    *({"status": word} for word in ("publish", "Published", "PUBLIC", "live", "active", "online", "final", "approved")),
    *(
        {"status": word}
        for word in ("released", "visible", "archived", "members", "paid", "tiers", "", "  ", None, True)
    ),
    *({"draft": value} for value in (False, "false", "no", 0, "0", "", None, [], float("nan"))),
    *({"published": value} for value in (True, "true", "yes", 1, "1", "", None, "2024-03-14", 1710406800, {})),
    *({"visibility": word} for word in ("public", "members", "paid", "tiers", "visible", "", None)),
    {"status": "publish", "draft": False, "published": True, "visibility": "public"},
]
UNKNOWN: list[tuple[dict[str, Any], str]] = [
    ({"status": "entwurf"}, "status is 'entwurf', which is not known here: taken as published"),
    ({"status": 0}, "status is 0, which is not known here: taken as published"),
    ({"status": 1}, "status is 1, which is not known here: taken as published"),
    ({"status": ["draft", "live"]}, "status is ['draft', 'live'], which is not known here: taken as published"),
    ({"status": {"state": "draft"}}, "status is {'state': 'draft'}, which is not known here: taken as published"),
    ({"visibility": "friends"}, "visibility is 'friends', which is not known here: taken as published"),
    ({"visibility": 3}, "visibility is 3, which is not known here: taken as published"),
    ({"draft": "maybe"}, "draft is 'maybe', which is not known here: taken as published"),
    ({"draft": 2}, "draft is 2, which is not known here: taken as published"),
    ({"published": "perhaps"}, "published is 'perhaps', which is neither yes nor no: taken as published"),
    ({"published": -1}, "published is -1, which is neither yes nor no: taken as published"),
]


@pytest.mark.parametrize("fields", HIDDEN, ids=repr)
def test_what_is_kept_from_readers(fields: dict[str, Any]) -> None:
    assert published_of(fields, dated=False) == (False, None)


@pytest.mark.parametrize("fields", SHOWN, ids=repr)
@pytest.mark.parametrize("dated", [False, True])
def test_what_readers_may_see(fields: dict[str, Any], dated: bool) -> None:
    assert published_of(fields, dated) == (True, None)


@pytest.mark.parametrize(("fields", "warning"), UNKNOWN, ids=repr)
def test_what_is_not_understood_is_published_and_said(fields: dict[str, Any], warning: str) -> None:
    assert published_of(fields, dated=True) == (True, warning)


def test_several_that_are_not_understood_are_all_named() -> None:
    published, warning = published_of({"status": "x", "draft": "w", "published": "z"}, dated=False)
    assert published
    assert [warning.count(word) for word in ("status is 'x'", "draft is 'w'", "published is 'z'")] == [1, 1, 1]  # type: ignore[union-attr]


@pytest.mark.parametrize("word", ["future", "Scheduled", "embargoed", "queued"])
def test_what_is_scheduled_waits_for_its_date_and_without_one_for_ever(word: str) -> None:
    for date, published in (
        ("2099-01-01", True),
        ("2020-01-01", True),
        (None, False),
        ("soon", False),
        ("0000-00-00", False),
    ):
        record = parse_article({"id": "a", "title": "T", "status": word, "published_at": date})
        assert record.article.published is published
        assert record.article.extra == {"status": word}
        assert len(record.warnings) == (date == "soon")


def test_a_record_keeps_what_it_says_and_is_published_or_not() -> None:
    found = parse_article({"id": "a", "title": "T", "draft": True, "visibility": "public"})
    assert not found.article.published
    assert found.article.extra == {"draft": True, "visibility": "public"}
    found = parse_article({"id": "a", "title": "T", "status": "entwurf", "byline": "x"})
    assert (found.article.published, found.warnings) == (True, (UNKNOWN[0][1],))
    assert found.article.extra == {"status": "entwurf", "byline": "x"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["draft", "live", "yes"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["value", "name", "x"]), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["status", "draft", "visibility", "published"]), VALUES), st.booleans())
def test_whatever_is_given_is_answered(fields: dict[str, Any], dated: bool) -> None:
    published, warning = published_of(fields, dated)
    assert published or warning is None
