"""Articles and their edge: canonical URLs, times, limits, and errors that name what is wrong."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.articles import Article, Record, parse_article, parse_time, stub_from_teaser, url_key
from recommender.errors import ArticleError


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://news.example/a/b", "https://news.example/a/b"),
        ("http://NEWS.example/a/b/", "https://news.example/a/b"),
        ("  HTTPS://user:secret@news.example:443/a#top ", "https://news.example/a"),
        ("http://news.example:80/", "https://news.example"),
        ("http://news.example:8080/a", "https://news.example:8080/a"),
        ("https://news.example/a?b=2&a=1&utm_source=x&fbclid=y", "https://news.example/a?a=1&b=2"),
        ("https://news.example/a?utmost=1", "https://news.example/a?utmost=1"),
        ("https://news.example/a?empty", "https://news.example/a?empty="),
        ("https://news.example/caf%C3%A9", "https://news.example/caf%C3%A9"),
        ("https://news.example/café", "https://news.example/caf%C3%A9"),
        ("https://news.example/%7Eme", "https://news.example/~me"),
        ("https://news.example/100%25", "https://news.example/100%25"),
        ("https://news.example/Case", "https://news.example/Case"),
        ("http://[2001:DB8::1]:8000/x", "https://[2001:db8::1]:8000/x"),
    ],
)
def test_canonical_url(url: str, canonical: str) -> None:
    assert url_key(url) == canonical
    assert url_key(canonical) == canonical


@pytest.mark.parametrize(
    "url",
    [
        "",
        "news.example/a",
        "/a/b",
        "ftp://news.example/a",
        "mailto:a@news.example",
        "javascript:alert(1)",
        "https://",
        "https:///a",
        "http://news.example:port/",
        "http://news.example:99999/",
        "http://[::1/",
        "https://news.example/\ud800",
        "https://news.example/?q=\udfff",
    ],
)
def test_what_is_no_absolute_web_address_is_named(url: str) -> None:
    with pytest.raises(ArticleError) as caught:
        url_key(url)
    assert repr(url) in str(caught.value)


@given(st.one_of(st.text(st.characters()), st.from_regex(r"https?://[a-zA-Z.:\[\]@%/?&=#é]{1,30}")))
def test_canonical_url_is_total_and_idempotent(url: str) -> None:
    try:
        canonical = url_key(url)
    except ArticleError:
        return
    assert url_key(canonical) == canonical


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2024-02-29T06:07:08", datetime(2024, 2, 29, 6, 7, 8, tzinfo=UTC)),
        ("2024-02-29T06:07:08Z", datetime(2024, 2, 29, 6, 7, 8, tzinfo=UTC)),
        ("2024-02-29T06:07:08.25+02:00", datetime(2024, 2, 29, 4, 7, 8, 250_000, tzinfo=UTC)),
        ("2024-01-01T00:30:00+05:30", datetime(2023, 12, 31, 19, tzinfo=UTC)),
        ("2011-11-28T8:32:24", datetime(2011, 11, 28, 8, 32, 24, tzinfo=UTC)),
        ("2011-11-28 8:32:24-05:00", datetime(2011, 11, 28, 13, 32, 24, tzinfo=UTC)),
        (" 2024-02-29 ", datetime(2024, 2, 29, tzinfo=UTC)),
        ("0099-01-01", datetime(99, 1, 1, tzinfo=UTC)),
    ],
)
def test_parse_time(text: str, expected: datetime) -> None:
    assert parse_time(text) == expected
    assert parse_time(text).utcoffset() == expected.utcoffset()


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2023-02-29", "2024-13-01", "2024-1-1", "28/11/2011", "2024-01-01T25:00", "1709186828", "\ud800"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_time(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_a_time_that_leaves_the_calendar_in_utc_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="outside the calendar"):
        parse_time(text)


def test_every_field_arrives() -> None:
    raw = {
        "id": " a1 ",
        "url": "http://News.example/a?utm_source=x",
        "title": "Two\nlines",
        "teaser": "First.",
        "teasers": ["Second.", "First.", ""],
        "body": "One.\r\n\r\n\r\nTwo.",
        "published_at": "2024-02-29T6:07:08+02:00",
        "section": "sea",
        "tags": ["port", "ships", "port"],
        "language": "EN-gb",
        "image": "/i.jpg",
        "related": ["b", 7, "a1", "b"],
        "byline": {"name": "Ada"},
    }
    article = Article(
        id="a1",
        url="http://News.example/a?utm_source=x",
        title="Two lines",
        teasers=("First.", "Second."),
        body="One.\n\nTwo.",
        published_at=datetime(2024, 2, 29, 4, 7, 8, tzinfo=UTC),
        section="sea",
        tags=("port", "ships"),
        language="en-gb",
        image="/i.jpg",
        extra={"byline": {"name": "Ada"}},
    )
    assert parse_article(raw, "here:1") == Record(article, "here:1", ("b", "7"))
    assert article.paragraphs == ["One.", "Two."]
    assert not article.is_stub


@pytest.mark.parametrize("raw", [{"title": "T"}, {"teaser": "T"}, {"teasers": ["T"]}, {"body": "T"}])
def test_an_id_and_one_text_are_enough(raw: dict[str, object]) -> None:
    found = parse_article({"id": 12, **raw, "published_at": "", "tags": None, "related": None}).article
    assert found.id == "12"
    assert (found.title or found.body or found.teasers[0]) == "T"
    assert found.is_stub is (raw != {"body": "T"})
    assert (found.url, found.published_at, found.tags, found.extra) == (None, None, (), {})


def test_an_url_can_stand_in_for_the_id() -> None:
    found = parse_article({"url": "http://News.example/a/?utm_source=x", "title": "T"}).article
    assert (found.id, found.url) == ("https://news.example/a", "http://News.example/a/?utm_source=x")


def test_the_curated_list_may_have_another_key_and_then_related_is_kept_aside() -> None:
    found = parse_article({"id": "a", "title": "T", "see_also": ["b", "a", 3], "related": "x"}, curated_key="see_also")
    assert found.related == ("b", "3")
    assert found.article.extra == {"related": "x"}
    assert parse_article({"id": "a", "title": "T", "see_also": ["b"]}).article.extra == {"see_also": ["b"]}


def test_hidden_characters_are_removed_from_every_field() -> None:
    raw = {"id": "a\x00\u200b", "title": "\ufeffT\u202ei", "tags": ["x\x07", "\x00"], "section": "s\u00a0t"}
    found = parse_article(raw).article
    assert (found.id, found.title, found.tags, found.section) == ("a", "Ti", ("x",), "s t")


def test_nesting_is_limited() -> None:
    deep: object = "x"
    for _ in range(49):
        deep = [deep]
    assert parse_article({"id": "a", "title": "T", "deep": deep}).article.extra == {"deep": deep}
    with pytest.raises(ArticleError, match=r"^here: the record is nested more than 50 levels deep$"):
        parse_article({"id": "a", "title": "T", "deep": [[deep]]}, "here")


def test_an_error_shows_a_long_value_in_part_only() -> None:
    with pytest.raises(ArticleError) as caught:
        parse_article({"id": "a", "title": "T", "published_at": "x" * 5_000})
    assert "'xxx" in str(caught.value)
    assert len(str(caught.value)) < 200


def test_a_teaser_without_an_id_gets_one_from_its_words() -> None:
    one = stub_from_teaser("Ships, late: again!")
    assert one == Article(id=one.id, teasers=("Ships, late: again!",))
    assert one.id == stub_from_teaser("SHIPS late — again").id
    assert one.id != stub_from_teaser("Ships early again").id
    assert one.is_stub
