"""What WordPress's REST API answered, saved: every form of dump, and every field's forms."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from recommender.errors import SourceError
from recommender.sources import json_objects
from recommender.sources.options import ReadOptions
from recommender.sources.wordpress import post as posts
from recommender.sources.wordpress import rest
from tests.recommender.sources.exported import Outcome, outcome, sample, source_of

INVALID_PAGE = {"code": "rest_post_invalid_page_number", "message": "Too far.", "data": {"status": 400}}


def post(number: int = 12, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "date": "2024-03-14T04:00:00",
        "date_gmt": "2024-03-14T09:00:00",
        "guid": {"rendered": f"https://a.example/?p={number}"},
        "slug": "ship",
        "status": "publish",
        "type": "post",
        "link": f"https://a.example/{number}/",
        "title": {"rendered": "The ship"},
        "content": {"rendered": "<p>Ropes.</p>", "protected": False},
        "excerpt": {"rendered": "<p>On ropes</p>", "protected": False},
    } | fields


def read(text: str | bytes, **options: object) -> Outcome:
    data = text if isinstance(text, bytes) else text.encode()
    return outcome(rest.read(source_of(data, "dump.json"), ReadOptions(**options)))  # type: ignore[arg-type]


def read_one(**fields: object) -> Outcome:
    return read(json.dumps(post(**fields)))


def ids(found: Outcome) -> list[str]:
    return [entry.fields["id"] for entry in found.entries]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(post()),
        json.dumps([post()], indent=2),
        json.dumps([[post()]]),
        "\ufeff" + json.dumps([post()]),
        "<br />\n<b>Notice</b>: Undefined index: x in <b>/srv/[x]/f.php</b> on line <b>5</b><br />\n"
        + json.dumps([post()]),
    ],
)
def test_forms_of_a_dump_with_one_post(text: str) -> None:
    assert rest.fits(source_of(text.encode()))
    article = read(text).article
    assert (article.id, article.url, article.title) == ("12", "https://a.example/12/", "The ship")
    assert (article.teasers, article.body) == (("On ropes",), "Ropes.")
    assert article.published_at == datetime(2024, 3, 14, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([post(n) for n in (12, 13, 14)]),
        json.dumps([[post(12), post(13)], [post(14)]]),
        json.dumps([post(12), post(13)]) + json.dumps([post(14)]),
        json.dumps([post(12), post(13)]) + "\n" + json.dumps([post(14)]) + "\n",
        "\n".join(json.dumps(post(n)) for n in (12, 13, 14)),
        "\r\n".join(json.dumps(post(n)) for n in (12, 13, 14)) + "\r\n\r\n",
        json.dumps([post(12), post(13), INVALID_PAGE, post(14)]),
        json.dumps([[post(12), post(13)], INVALID_PAGE, [post(14)]]),
    ],
)
def test_forms_of_a_dump_with_three_posts(text: str) -> None:
    found = read(text)
    assert ids(found) == ["12", "13", "14"]
    assert not found.errors
    assert not found.notes


def test_a_warning_before_the_json_is_said() -> None:
    assert read("<b>Notice</b> " + json.dumps([post()])).notes == [
        "what stands before the JSON is skipped: '<b>Notice</b>'"
    ]


def test_the_page_after_the_last_is_left_out() -> None:
    found = read(json.dumps([post(), INVALID_PAGE]))
    assert found.left_out == ["a page after the last one, which the API refused"]


def test_another_error_in_between_is_said() -> None:
    found = read(json.dumps([[post()], {"code": "internal_server_error", "message": "Oh"}]))
    assert found.notes == ["the site answered with an error in between (internal_server_error: Oh)"]


@pytest.mark.parametrize("code", ["rest_no_route", "rest_post_invalid_page_number"])
def test_nothing_but_an_error_is_no_empty_site(code: str) -> None:
    text = json.dumps({"code": code, "message": "No.", "data": {"status": 404}})
    assert rest.fits(source_of(text.encode()))
    with pytest.raises(SourceError, match=code):
        read(text)


def test_titles_with_entities_and_tags() -> None:
    assert read_one(title={"rendered": "Harbour &#038; <em>ship</em>"}).article.title == "Harbour & ship"


def test_what_is_protected_is_left_out() -> None:
    found = read_one(content={"rendered": "", "protected": True})
    assert (found.entries, found.left_out) == ([], ["a password-protected post"])


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("private", "a private post"),
        ("future", "a post that is scheduled"),
        ("draft", "a draft"),
        ("trash", "a post in the trash"),
    ],
)
def test_what_is_not_published_is_left_out(status: str, kind: str) -> None:
    found = read_one(status=status)
    assert (found.entries, found.left_out) == ([], [kind])


def test_other_types_are_left_out_unless_asked_for() -> None:
    assert read_one(type="page").left_out == ["a page; --post-type page reads it"]
    assert ids(read(json.dumps(post(type="page")), post_types=("page",))) == ["12"]


@pytest.mark.parametrize(
    ("utc", "local", "read_as", "notes"),
    [
        ("2024-03-14T09:00:00", "2024-03-14T04:00:00", datetime(2024, 3, 14, 9, tzinfo=UTC), ()),
        ("", "2024-03-14T04:00:00", datetime(2024, 3, 14, 4, tzinfo=UTC), (posts.LOCAL_DATE,)),
        (None, None, None, ()),
        ("0000-00-00T00:00:00", "-0001-11-30T00:00:00", None, ()),
    ],
)
def test_dates(utc: object, local: object, read_as: datetime | None, notes: tuple[str, ...]) -> None:
    found = read_one(date_gmt=utc, date=local)
    assert (found.article.published_at, found.entries[0].notes) == (read_as, notes)


def test_names_of_terms_are_those_that_are_embedded() -> None:
    terms = [
        [{"id": 1, "name": "Uncategorized", "slug": "uncategorized", "taxonomy": "category"}],
        [
            {"id": 3, "name": "Sea &amp; shore", "taxonomy": "category"},
            {"id": 4, "name": "Land", "taxonomy": "category"},
        ],
        [{"id": 7, "name": "rope", "taxonomy": "post_tag"}, {"code": "rest_term_invalid"}],
    ]
    media = [{"source_url": "https://a.example/ship.jpg"}]
    embedded = {"wp:term": terms, "wp:featuredmedia": media, "author": [{"name": "Ada"}]}
    found = read_one(categories=[1, 3, 4], tags=[7], _embedded=embedded)
    article = found.article
    assert (article.section, article.tags, article.image) == ("Sea & shore", ("rope",), "https://a.example/ship.jpg")
    assert (found.fields["author"], found.entries[0].notes) == ("Ada", ())


def test_numbers_of_terms_are_no_tags() -> None:
    found = read_one(categories=[3], tags=[7])
    assert (found.article.section, found.article.tags) == ("", ())
    assert found.entries[0].notes == (posts.NO_NAMES,)


@pytest.mark.parametrize(
    ("excerpt", "teaser"),
    [
        (
            '<p>Ropes are [&hellip;] <a class="more-link" href="#">Continue reading <span>The ship</span></a></p>',
            "Ropes are",
        ),
        ("<p>Ropes are [&hellip;]</p>\n", "Ropes are"),
        ("<p>Ropes are [&#8230;]</p>", "Ropes are"),
        ('<p>Ropes are&hellip; <a href="#">Read more</a></p>', "Ropes are"),
        ('<p>Ropes. <a href="#" class="x more-link">Weiterlesen</a></p>', "Ropes."),
        ('<p>Ropes, says <a href="#">Ada</a></p>', "Ropes, says Ada"),
        ("<p>Ropes [&hellip;] and sails</p>", "Ropes […] and sails"),
        ("<p>Ropes …</p>", "Ropes …"),
    ],
)
def test_excerpts(excerpt: str, teaser: str) -> None:
    assert read_one(excerpt={"rendered": excerpt}).article.teasers == (teaser,)


@pytest.mark.parametrize(
    ("fields", "related"),
    [
        ({"acf": {"related_posts": [15, 12]}}, ["15", "12"]),
        ({"acf": {"related": [{"ID": 15, "post_title": "Sea"}, {"ID": 16}]}}, ["15", "16"]),
        ({"meta": {"related_posts": "15,16"}}, ["15", "16"]),
        ({"related_posts": [{"id": 15, "url": "https://a.example/15/"}]}, ["15"]),
        ({"related": ["the-sea", "the-land"]}, ["the-sea", "the-land"]),
        ({"acf": {"related_posts": False}, "meta": []}, None),
        ({"acf": [], "jetpack-related-posts": [{"id": 15, "url": "https://a.example/15/"}]}, None),
    ],
)
def test_curated_lists(fields: dict[str, object], related: list[str] | None) -> None:
    assert read_one(**fields).fields.get("related") == related


def test_what_jetpack_computes_is_never_a_list() -> None:
    text = json.dumps(post(**{"jetpack-related-posts": [{"id": 15}]}))
    found = read(text, curated_key="jetpack-related-posts")
    assert "jetpack-related-posts" not in found.fields


def test_fields_that_the_map_names_are_kept_as_they_are() -> None:
    text = json.dumps(post(headline={"short": "Ship"}, noise="x"))
    found = read(text, fields={"title": "headline.short", "body": "content.rendered"})
    assert found.fields["headline"] == {"short": "Ship"}
    assert found.fields["content"]["rendered"] == "<p>Ropes.</p>"
    assert "noise" not in found.fields


def test_a_dump_that_is_cut_off_gives_what_was_whole() -> None:
    text = json.dumps([post(12), post(13), post(14)])
    found = read(text[: text.index('"id": 14') + 40])
    assert ids(found) == ["12", "13"]
    assert found.notes == ["the JSON breaks off after 2 objects (parse error: premature EOF): the rest is not read"]


def test_one_bad_line_harms_no_other() -> None:
    found = read("\n".join([json.dumps(post(12)), '{"id": 13,', json.dumps(post(14))]))
    assert ids(found) == ["12", "14"]
    assert [error.place for error in found.errors] == ["dump.json:2"]


def test_bytes_that_are_no_utf8_are_counted() -> None:
    found = read(json.dumps([post(title="caf@")]).encode().replace(b"@", b"\xe9"))
    assert found.article.title == "caf\ufffd"
    assert found.notes == ["1 characters are not valid UTF-8: they were replaced"]


def test_what_is_no_post_is_named() -> None:
    found = read(json.dumps([post(), {"id": 5, "name": "Ada"}, {"id": 3, "name": "Sea", "taxonomy": "category"}]))
    assert ids(found) == ["12"]
    assert found.left_out == ["a category or a tag"]
    assert "expected a post" in found.errors[0].message


@pytest.mark.parametrize("text", ["", "<html><body>Not found</body></html>", "[", "no"])
def test_no_json_is_said(text: str) -> None:
    assert not rest.fits(source_of(text.encode()))
    with pytest.raises(SourceError, match="JSON"):
        read(text)


@pytest.mark.parametrize("text", ["[" * 1000, '{"a":' * 1000, '[{"id":' + "[" * 1000])
def test_what_is_nested_too_deep_ends(text: str) -> None:
    with pytest.raises(SourceError):
        read("[[" + text)


def test_a_text_without_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_objects, "MAX_OBJECT", 300_000)
    text = json.dumps([post(12), post(13, title={"rendered": "x" * 1_000_000}), post(14)])
    with pytest.raises(SourceError, match=r"longer than the limit of 300,000 bytes|more than 300,000 characters"):
        read(text)


def test_an_object_of_too_many_values_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_objects, "MAX_VALUES", 1_000)
    with pytest.raises(SourceError, match="more than 1,000 values"):
        read(json.dumps([post(12, meta=[0] * 2_000)], indent=1))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": []}), False),
        (json.dumps([{"id": 1, "title": "T", "body": "B"}]), False),
        ("", False),
        (json.dumps([post()]), True),
    ],
)
def test_what_is_an_answer_of_the_api(text: str, fits: bool) -> None:
    assert rest.fits(source_of(text.encode())) is fits


@pytest.mark.parametrize("name", ["single-post.json", "single-post-with-html-in-title.json"])
def test_samples(name: str) -> None:
    found = sample(name, rest.read)
    article = found.article
    assert article.published_at == datetime(2019, 11, 7, 15, 36, 54, tzinfo=UTC)
    assert article.id == "12345"
    assert "<" not in article.title
    assert found.notes == []
