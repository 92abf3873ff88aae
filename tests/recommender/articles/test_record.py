"""Records: each field in the shapes that real systems give it, what is left out and said, and what is refused."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.articles import (
    MAX_MARKS,
    MAX_RELATED,
    MAX_TAGS,
    MAX_TEASERS,
    MAX_TITLE,
    MAX_URL,
    Article,
    Record,
    parse_article,
)
from recommender.errors import ArticleError

GOOD = {"id": "a", "title": "T"}
SITE = "https://paper.example/"
NAN = float("nan")
NO_URL = f"which is no http(s) address of at most {MAX_URL:,} characters: left out"
RELATIVE = "which is relative, and --site-url does not say to what: left out"


def read(site_url: str = "", **fields: Any) -> Record:
    return parse_article({**GOOD, **fields}, site_url=site_url)


def test_every_field_arrives() -> None:
    raw = {
        "id": "a1",
        "url": "http://News.example/a?utm_source=x",
        "title": "Two\nlines",
        "teaser": "First.",
        "teasers": ["Second.", "First.", ""],
        "body": "One.\r\n\r\n\r\nTwo.",
        "published_at": "2024-02-29T6:07:08+02:00",
        "section": "sea",
        "tags": ["port", "ships", "port"],
        "language": "EN-gb",
        "image": "https://news.example/i.jpg",
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
        image="https://news.example/i.jpg",
        extra={"byline": {"name": "Ada"}},
    )
    assert parse_article(raw, "here:1") == Record(article, "here:1", ("b", "7"))
    assert article.paragraphs == ["One.", "Two."]


@pytest.mark.parametrize("raw", [{"title": "T"}, {"teaser": "T"}, {"teasers": ["T"]}, {"body": "T"}])
def test_an_id_and_one_text_are_enough(raw: dict[str, object]) -> None:
    record = parse_article({"id": 12, **raw, "published_at": "", "tags": None, "related": None})
    found = record.article
    assert found.id == "12"
    assert (found.title or found.body or found.teasers[0]) == "T"
    assert (found.url, found.published_at, found.tags, found.extra, found.is_stub) == (None, None, (), {}, False)
    assert (record.related, record.warnings) == (None, ())


@pytest.mark.parametrize(
    ("given_id", "expected"),
    [
        (1000, "1000"),
        (1000.0, "1000"),
        (0, "0"),
        (-7, "-7"),
        (2**63, "9223372036854775808"),
        ("007", "007"),
        ("1E5", "1E5"),
    ],
)
def test_a_number_is_the_id_that_is_written_like_it(given_id: object, expected: str) -> None:
    assert read(id=given_id).article.id == expected
    assert read(tags=[given_id], related=[given_id], translation_of=given_id).article.tags == (expected,)
    assert read(related=[given_id]).related == (expected,)
    assert read(related=given_id).related == (expected,)
    assert read(translation_of=given_id).article.translation_of == expected


@pytest.mark.parametrize("wrong", [True, False, 1000.5, 1e300, 2.0**53, float("inf"), ["x"], [], {"id": 3}, {}])
def test_what_is_no_id_is_refused_by_its_value(wrong: object) -> None:
    with pytest.raises(ArticleError) as caught:
        read(id=wrong, url="https://news.example/a")
    assert caught.value.message == f"id is {wrong!r}, expected a string or a whole number"


@pytest.mark.parametrize("missing", [None, "", NAN])
def test_without_an_id_the_address_stands_in_for_it(missing: object) -> None:
    found = read(id=missing, url="http://News.example/a/?utm_source=x").article
    assert (found.id, found.url) == ("https://news.example/a", "http://News.example/a/?utm_source=x")
    with pytest.raises(ArticleError, match='the record has neither "id" nor "url"'):
        read(id=missing)


CHANGED = [
    *(
        " a",
        "a ",
        "a  b",
        "a\tb",
        "a\u00a0b",
        " ",
        "\u200b",
        "\ufeffa",
        "a\x00",
        "a\x7f",
        "e\u0301",
        "a\u202eb",
        "\u2060",
    ),
    *("a\rb", "\ud800", "\u212b", "a\ufffd"),
]


@pytest.mark.parametrize("identity", CHANGED, ids=ascii)
def test_an_id_that_cleaning_would_change_is_refused_by_name(identity: str) -> None:
    with pytest.raises(ArticleError) as caught:
        read(id=identity)
    assert repr(identity) in caught.value.message
    assert "not NFC in UTF-8, or holds control, invisible or surplus characters" in caught.value.message


@pytest.mark.parametrize(
    ("identity", "why"), [("a\nb", "a line break"), ("x/related", "reserve"), ("x/overrides", "reserve")]
)
def test_an_id_that_no_path_leads_to_is_refused(identity: str, why: str) -> None:
    for fields in ({"id": identity}, {"id": None, "url": identity}):
        with pytest.raises(ArticleError, match=why):
            read(**fields)


TEXTS: list[tuple[object, str]] = [
    ("A text", "A text"),
    (1984, "1984"),
    (1984.0, "1984"),
    (3.5, "3.5"),
    (0, "0"),
    ({"rendered": "A text"}, "A text"),
    ({"rendered": "A text", "protected": False}, "A text"),
    ({"value": "<x", "format": "basic_html", "processed": "A text"}, "A text"),
    (["A text"], "A text"),
    (["", None, "A text", False], "A text"),
    ([{"rendered": "A text"}], "A text"),
    (("A text",), "A text"),
]


@pytest.mark.parametrize("field", ["title", "teaser", "teasers", "body"])
@pytest.mark.parametrize(("value", "text"), TEXTS, ids=repr)
def test_a_text_comes_in_many_shapes(field: str, value: object, text: str) -> None:
    record = parse_article({"id": "a", field: value})
    found = record.article
    assert "".join((found.title, *found.teasers, found.body)) == text
    assert record.warnings == ()


def test_a_list_of_texts_is_one_of_paragraphs_lines_or_teasers() -> None:
    several = ["One.", 2, None, {"rendered": "Three."}]
    found = parse_article({"id": "a", "title": several, "body": several, "teaser": several, "teasers": several}).article
    assert (found.title, found.body) == ("One. 2 Three.", "One.\n\n2\n\nThree.")
    assert found.teasers == ("One.\n\n2\n\nThree.", "One.", "2", "Three.")


@pytest.mark.parametrize("field", ["title", "teaser", "teasers", "body"])
@pytest.mark.parametrize("none", [None, False, "", "  \n", [], {}, [None, ""], NAN, {"rendered": ""}], ids=repr)
def test_no_text_is_none_without_a_word(field: str, none: object) -> None:
    record = parse_article({"id": "a", "title": "T", "body": "B", field: none})
    assert record.warnings == ()
    assert record.article == parse_article({"id": "a", "title": "T", "body": "B"} | {field: None}).article


@pytest.mark.parametrize("field", ["teaser", "teasers", "body"])
@pytest.mark.parametrize("wrong", [True, {"html": "T"}, {"rendered": ["T"]}, {"0": "T"}, float("inf"), {"rendered": 7}])
def test_what_is_no_text_is_left_out_and_said(field: str, wrong: object) -> None:
    assert read(**{field: wrong}).warnings == (f"{field} is {wrong!r}, which is no text: left out",)
    assert read(**{field: wrong}).article == Article(id="a", title="T")
    with pytest.raises(ArticleError, match="article 'a' has no text: title, teaser and body are all missing"):
        parse_article({"id": "a", field: wrong})


def test_what_is_no_text_in_a_list_is_left_out_and_the_rest_stays() -> None:
    record = parse_article({"id": "a", "body": ["One.", ["two"], True, "Three.", {"x": 1}]})
    assert record.article.body == "One.\n\nThree."
    assert record.warnings == ("body holds ['two'] and 2 more, which is no text: left out",)


@pytest.mark.parametrize(
    ("field", "limit"), [("title", 1_000), ("teaser", 50_000), ("teasers", 50_000), ("body", 2_000_000)]
)
def test_a_text_over_its_limit_is_refused_after_cleaning(field: str, limit: int) -> None:
    assert read(**{field: f"  {'x' * limit}\u200b \n"})
    with pytest.raises(
        ArticleError, match=rf"^here: {field} is {limit + 1:,} characters long, the limit is {limit:,}$"
    ):
        parse_article({**GOOD, field: "x" * (limit + 1)}, "here")


TAGS: list[tuple[object, tuple[str, ...]]] = [
    ("port", ("port",)),
    ("port, ships ,, port", ("port", "ships")),
    ("port;ships", ("port", "ships")),
    ("Ada, Lovelace; Pliny, the Elder", ("Ada, Lovelace", "Pliny, the Elder")),
    ("port | ships|", ("port", "ships")),
    ("port\nships, sea", ("port", "ships", "sea")),
    ("a;b|c;d", ("a;b", "c;d")),
    ("R&amp;D, Q&#38;A", ("R&D", "Q&A")),
    (", ;", (",",)),
    (2024, ("2024",)),
    (2024.0, ("2024",)),
    (["Ada, Lovelace", 7, 7.0, 1.5], ("Ada, Lovelace", "7", "1.5")),
    (
        [{"name": "Port"}, {"id": 3, "title": "Ships"}, {"label": "Sea"}, {"slug": "quay"}],
        ("Port", "Ships", "Sea", "quay"),
    ),
    ([{"name": "", "slug": "quay"}, {"name": {"rendered": "Port"}}, {"name": 12}], ("quay", "Port", "12")),
    ({"name": "Port", "slug": "port"}, ("Port",)),
    (["", None, False, "port", {}, []], ("port",)),
    (("port", "ships"), ("port", "ships")),
    (None, ()),
    (False, ()),
    ("", ()),
    ([], ()),
    ([NAN], ()),
]


@pytest.mark.parametrize(("value", "tags"), TAGS, ids=repr)
def test_tags_come_in_many_shapes(value: object, tags: tuple[str, ...]) -> None:
    assert (read(tags=value).article.tags, read(tags=value).warnings) == (tags, ())


@pytest.mark.parametrize("wrong", [True, {"x": 1}, {"0": "port"}, float("inf")])
def test_what_is_no_tag_is_left_out_and_said(wrong: object) -> None:
    assert read(tags=wrong).warnings == (f"tags is {wrong!r}, which is no tag: left out",)
    record = read(tags=["port", wrong, ["nested"], "ships"])
    assert record.article.tags == ("port", "ships")
    assert record.warnings == (f"tags holds {wrong!r} and 1 more, which is no tag: left out",)


SECTIONS: list[tuple[object, str]] = [
    ("sea", "sea"),
    ("sea\n and  land", "sea and land"),
    (3, "3"),
    (3.0, "3"),
    (["", "sea", "land"], "sea"),
    ([7, "sea"], "sea"),
    ([7, 8], "7"),
    ([{"id": 3, "name": "Sea"}, "land"], "Sea"),
    ({"name": "Sea", "slug": "sea"}, "Sea"),
    ({"title": {"rendered": "Sea"}}, "Sea"),
    ([[], None, "sea"], "sea"),
    *((none, "") for none in (None, False, "", [], {}, [None, ""], NAN)),
]


@pytest.mark.parametrize(("value", "section"), SECTIONS, ids=repr)
def test_a_section_comes_in_many_shapes(value: object, section: str) -> None:
    assert (read(section=value).article.section, read(section=value).warnings) == (section, ())


@pytest.mark.parametrize(
    "wrong", [True, {"x": 1}, [["sea"]], "x" * (MAX_TITLE + 1)], ids=lambda value: repr(value)[:20]
)
def test_what_is_no_section_is_left_out_and_said(wrong: object) -> None:
    record = read(section=wrong)
    assert record.article.section == ""
    assert len(record.warnings) == 1
    assert record.warnings[0].startswith("section is ")
    assert record.warnings[0].endswith("which is no text of at most 1,000 characters: left out")


@pytest.mark.parametrize(
    ("value", "language", "warned"),
    [
        ("EN_gb", "en-gb", False),
        (["de", "en"], "de", False),
        ([None, "", "de"], "de", False),
        (None, "", False),
        (False, "", False),
        ([], "", False),
        ([None], "", False),
        ("x" * 35, "x" * 35, False),
        ("x" * 36, "", True),
        (7, "", True),
        (True, "", True),
        ({"code": "en"}, "", True),
        ([7], "", True),
    ],
)
def test_a_language_comes_in_many_shapes(value: object, language: str, warned: bool) -> None:
    record = read(language=value)
    assert record.article.language == language
    shown = value[0] if isinstance(value, list) and value else value
    assert record.warnings == ((f"language is {shown!r}, which is no language tag: left out",) if warned else ())


IMAGE = "https://cdn.example/i.jpg"


@pytest.mark.parametrize(
    ("value", "site_url", "image"),
    [
        (IMAGE, "", IMAGE),
        ({"url": IMAGE, "width": 3}, "", IMAGE),
        ({"src": IMAGE}, "", IMAGE),
        ({"href": IMAGE}, SITE, IMAGE),
        ([{"url": IMAGE}, "x"], "", IMAGE),
        ([None, "", IMAGE], "", IMAGE),
        ("//cdn.example/i.jpg", "", IMAGE),
        ("/i.jpg", SITE, "https://paper.example/i.jpg"),
        ({"url": "img/i.jpg"}, SITE, "https://paper.example/img/i.jpg"),
        *(
            (none, site, None)
            for none in (None, False, "", [], {}, 0, NAN, {"url": None}, [None])
            for site in ("", SITE)
        ),
    ],
)
def test_an_image_comes_in_many_shapes(value: object, site_url: str, image: str | None) -> None:
    assert (read(site_url, image=value).article.image, read(site_url, image=value).warnings) == (image, ())


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("/i.jpg", RELATIVE),
        ({"url": "i.jpg"}, RELATIVE),
        ("data:image/png;base64,AAAA", NO_URL),
        ("ftp://cdn.example/i.jpg", NO_URL),
        ("javascript:alert(1)", NO_URL),
        (413, NO_URL),
        (True, NO_URL),
        ({"id": 3}, NO_URL),
        ({"url": ["x"]}, NO_URL),
        ("https://cdn.example/" + "x" * MAX_URL, NO_URL),
        ("https:///i.jpg", NO_URL),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_image_is_left_out_and_said(value: object, why: str) -> None:
    record = read(image=value)
    assert record.article.image is None
    assert len(record.warnings) == 1
    assert record.warnings[0].startswith("image is ")
    assert record.warnings[0].endswith(f", {why}")


def test_an_image_with_credentials_is_left_out_and_they_are_not_told() -> None:
    record = read(image="https://me:secret@cdn.example/i.jpg")
    assert record.article.image is None
    assert record.warnings == ("image is an address with credentials: left out",)


@pytest.mark.parametrize(
    ("url", "resolved"),
    [
        ("/a/b", "https://paper.example/a/b"),
        ("a/b.html", "https://paper.example/a/b.html"),
        ("?p=12", "https://paper.example/?p=12"),
        ("//host.example/x", "https://host.example/x"),
        ("https://other.example/x", "https://other.example/x"),
    ],
)
def test_a_relative_address_is_resolved_against_the_site(url: str, resolved: str) -> None:
    record = read(SITE, url=url)
    assert (record.article.id, record.article.url, record.warnings) == ("a", resolved, ())
    assert read(SITE, id=None, url=url).article.url == resolved
    assert read(SITE, id=None, url=url).article.id == resolved.replace(".example/?", ".example?")


@pytest.mark.parametrize("url", ["/a/b", "a/b.html", "?p=12", "news.example/x", "#x", " /a "])
def test_a_relative_address_without_a_site_is_left_out_and_may_be_the_id(url: str) -> None:
    for identity, expected in (("a", "a"), (None, url.strip()), ("", url.strip())):
        record = read(id=identity, url=url)
        assert (record.article.id, record.article.url) == (expected, None)
        assert record.warnings == (f"url is {url!r}, {RELATIVE}",)


WRONG_URLS = [
    "mailto:a@b.example",
    "ftp://a.example/x",
    "https://a:b/",
    "https:///x",
    "news.example:80/x",
    True,
    7,
    ["x"],
]


@pytest.mark.parametrize("url", [*WRONG_URLS, "https://news.example/" + "x" * MAX_URL], ids=lambda url: repr(url)[:30])
@pytest.mark.parametrize("site_url", ["", SITE])
def test_what_is_no_address_is_left_out_where_there_is_an_id_and_else_refused(url: object, site_url: str) -> None:
    record = read(site_url, url=url)
    assert (record.article.id, record.article.url) == ("a", None)
    assert len(record.warnings) == 1
    assert record.warnings[0].startswith("url is ")
    assert record.warnings[0].endswith(f", {NO_URL}")
    with pytest.raises(ArticleError, match=r"^url "):
        read(site_url, id=None, url=url)


def test_credentials_are_dropped_from_the_address() -> None:
    record = read(url="https://me:secret@news.example/a")
    assert record.article.url == "https://news.example/a"
    assert record.warnings == ("url is an address with credentials: they are left out",)


RELATED: list[tuple[object, tuple[str, ...] | None]] = [
    (["b", "c"], ("b", "c")),
    (["c", "b", "c", "a"], ("c", "b")),
    ([1001, 1002.0, "1003"], ("1001", "1002", "1003")),
    ([{"id": 7}, {"url": "https://n.example/x"}, {"id": None, "url": "/y"}], ("7", "https://n.example/x", "/y")),
    ([{"title": "B", "id": "b", "url": "/b"}], ("b",)),
    ("b", ("b",)),
    ("b, c ,,d", ("b", "c", "d")),
    ("12,15,18", ("12", "15", "18")),
    ("b\nc", ("b", "c")),
    ("https://n.example/x,1, https://n.example/y", ("https://n.example/x,1", "https://n.example/y")),
    ("https://n.example/x,https://n.example/y", ("https://n.example/x", "https://n.example/y")),
    (1001, ("1001",)),
    ({"id": "b"}, ("b",)),
    ([" b\u200b "], ("b",)),
    ([None, "", "b", [], {}], ("b",)),
    ([], ()),
    (["a"], ()),
    *((none, None) for none in (None, "", " ", False, {}, [None], ["", None], [{}], ",", NAN)),
]


@pytest.mark.parametrize(("value", "related"), RELATED, ids=repr)
@pytest.mark.parametrize("key", ["related", "see_also"])
def test_a_curated_list_comes_in_many_shapes(key: str, value: object, related: tuple[str, ...] | None) -> None:
    record = parse_article({**GOOD, key: value}, curated_key=key)
    assert (record.related, record.warnings, record.article.extra) == (related, (), {})


@pytest.mark.parametrize("wrong", [True, 1.5, {"slug": "b"}, {"id": True}, {"id": {"x": 1}}, {"url": []}, ["b"]])
def test_what_names_no_article_is_left_out_and_said(wrong: object) -> None:
    assert read(related=["b", wrong, "c"]).related == ("b", "c")
    assert read(related=["b", wrong]).warnings == (f"related holds {wrong!r}, which is no id or URL: left out",)
    assert read(related=[wrong]).related is None
    if not isinstance(wrong, list):
        record = read(related=wrong, translation_of=wrong)
        assert (record.related, record.article.translation_of) == (None, None)
        assert [warning.partition(", which")[0] for warning in record.warnings] == [
            f"{name} is {wrong!r}" for name in ("translation_of", "related")
        ]


def test_relative_addresses_in_a_list_are_resolved_where_they_can_be_nothing_else() -> None:
    named = ["/b", "//n.example/c", "d/e", {"url": "f/g"}, {"id": "/h"}, "https://n.example/i"]
    assert read(SITE, related=named).related == (
        *("https://paper.example/b", "https://n.example/c", "d/e", "https://paper.example/f/g", "/h"),
        "https://n.example/i",
    )
    assert read(related=named).related == ("/b", "//n.example/c", "d/e", "f/g", "/h", "https://n.example/i")


def test_the_curated_list_may_have_another_key_and_then_related_is_kept_aside() -> None:
    found = parse_article({**GOOD, "see_also": ["b", "a", 3], "related": "x"}, curated_key="see_also")
    assert found.related == ("b", "3")
    assert found.article.extra == {"related": "x"}
    assert parse_article({**GOOD, "see_also": ["b"]}).article.extra == {"see_also": ["b"]}


@pytest.mark.parametrize(
    ("field", "limit"), [("tags", MAX_TAGS), ("teasers", MAX_TEASERS), ("related", MAX_RELATED)], ids=str
)
def test_a_list_over_its_limit_is_cut_and_said(field: str, limit: int) -> None:
    for more in (0, 1):
        record = read(**{field: ["", *(f"n{number}" for number in range(limit + more)), "n0"]})
        found = record.related if field == "related" else getattr(record.article, field)
        assert found == tuple(f"n{number}" for number in range(limit))
        said = f"{field} has {limit + 1:,} entries, the limit is {limit:,}: the others are left out"
        assert record.warnings == ((said,) if more else ())


def test_an_entry_over_its_limit_is_left_out_and_said() -> None:
    record = read(tags=["port", "x" * (MAX_TITLE + 1), "y" * MAX_TITLE], related=["b", "x" * (MAX_URL + 1)])
    assert record.article.tags == ("port", "y" * MAX_TITLE)
    assert record.related == ("b",)
    assert [warning[:13] for warning in record.warnings] == ["tags holds 'x", "related holds"]
    assert [warning[-44:] for warning in record.warnings] == [
        "..., which is over 1,000 characters long: left out"[-44:],
        "..., which is over 2,048 characters long: left out"[-44:],
    ]


@pytest.mark.parametrize(
    "value", ["x.html", "mailto:a@b.example", 7, True, ["https://n.example/"], {"url": "x"}, "https://"]
)
def test_an_original_that_is_no_address_is_left_out_and_said(value: object) -> None:
    record = read(canonical_url=value, byline="x")
    assert record.article.canonical_url is None
    assert record.article.extra == {"canonical_url": None, "byline": "x"}
    assert len(record.warnings) == 1
    assert record.warnings[0].startswith(f"canonical_url is {value!r}, which is ")


def test_an_original_is_kept_as_an_absolute_address() -> None:
    assert read(SITE, canonical_url="/x").article.canonical_url == "https://paper.example/x"
    assert read(canonical_url="https://n.example/X?a=1").article.canonical_url == "https://n.example/X?a=1"
    for none in (None, "", False, []):
        assert read(canonical_url=none, translation_of=none).article.extra == {
            "canonical_url": None,
            "translation_of": None,
        }
        assert read(canonical_url=none, translation_of=none).warnings == ()


def test_a_date_that_cannot_be_read_costs_the_date_alone() -> None:
    record = read(published_at="3 hours ago")
    assert record.article == Article(id="a", title="T")
    assert record.warnings == ("published_at is '3 hours ago', which is no date: left out",)
    assert read(published_at=1710406800).article.published_at == datetime(2024, 3, 14, 9, tzinfo=UTC)
    assert read(published_at="0000-00-00 00:00:00") == read()


def test_a_warning_shows_a_long_value_in_part_only() -> None:
    record = read(
        published_at="x" * 5_000, url="mailto:" + "x" * 5_000, tags=[["x" * 5_000]], section={"y": "x" * 5_000}
    )
    assert len(record.warnings) == 4
    assert max(map(len, record.warnings)) < 200
    with pytest.raises(ArticleError) as caught:
        read(id="x" * 5_000 + " ")
    assert len(str(caught.value)) < 200


def test_hidden_characters_are_removed_from_every_other_field() -> None:
    raw = {
        "id": "a",
        "title": "\ufeffT\u202ei",
        "tags": ["x\x07", "\x00"],
        "section": "s\u00a0t",
        "related": ["b\u200b"],
    }
    found = parse_article(raw)
    assert (found.article.title, found.article.tags, found.article.section) == ("Ti", ("x",), "s t")
    assert found.related == ("b",)


def test_nesting_is_limited() -> None:
    deep: object = "x"
    for _ in range(49):
        deep = [deep]
    assert read(deep=deep).article.extra == {"deep": deep}
    with pytest.raises(ArticleError, match=r"^here: the record is nested more than 50 levels deep$"):
        parse_article({**GOOD, "deep": [[deep]]}, "here")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["/a", "2024", "a,b;c"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["rendered", "name", "id", "url", "$date", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)
SIDE = "url teaser teasers body published_at section tags language image related canonical_url translation_of".split()


@given(st.dictionaries(st.sampled_from([*SIDE, "status", "draft", "byline"]), JSON), st.sampled_from(["", SITE]))
def test_no_article_is_lost_for_a_side_field(fields: dict[str, Any], site_url: str) -> None:
    record = parse_article({**fields, **GOOD}, site_url=site_url)
    found = record.article
    assert (found.id, found.title) == ("a", "T")
    assert all(isinstance(text, str) and text for text in (*found.teasers, *found.tags, *(record.related or ("x",))))
    for address in (found.url, found.image, found.canonical_url):
        assert address is None or address.startswith(("http://", "https://"))
    assert {key: fields[key] for key in ("status", "draft", "byline") if key in fields}.items() <= found.extra.items()
    assert all(any(warning.startswith(f"{key} ") for key in fields) for warning in record.warnings)


@given(st.one_of(JSON, st.dictionaries(st.sampled_from([*SIDE, "id", "title"]), JSON)), st.sampled_from(["", SITE]))
def test_whatever_is_read_is_an_article_or_named(value: object, site_url: str) -> None:
    place = ""
    try:
        found = parse_article(value, "here", site_url=site_url).article
    except ArticleError as error:
        place = error.place
    assert place == "here" or (found.id and (found.title or found.teasers or found.body))


@pytest.mark.parametrize(
    ("field", "given"),
    [("body", "<p>"), ("teaser", "[a]"), ("teasers", "<p>"), ("title", "<b>[i]"), ("section", "<i>"), ("tags", "[a]")],
)
def test_a_text_with_more_beginnings_of_markup_than_any_page_is_refused(field: str, given: str) -> None:
    fields = {"id": "a", "title": "Quay", "body": "The quay."}
    many = given * (MAX_MARKS // len(re.findall(r"[<\[]", given)) + 1)
    with pytest.raises(ArticleError, match=rf'{field} holds 200,00[12] of "<" and "\[".*the limit is 200,000'):
        parse_article(fields | {field: many})
    with pytest.raises(ArticleError, match=f"{field} holds 200,00[12] of"):
        parse_article(fields | {field: [many]})
    with pytest.raises(ArticleError, match=f"{field} holds 200,00[12] of"):
        parse_article(fields | {field: {"value": many}})
