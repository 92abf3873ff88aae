"""From a source's own names to the contract's: explicit paths, and the usual names."""

import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest

from recommender.errors import SourceError
from recommender.sources.field_map import FieldMap
from recommender.sources.field_names import SYNONYMS
from recommender.sources.field_paths import MISSING, FieldPath, paths_in
from recommender.sources.options import CURATED_KEYS, ReadOptions
from tests.conftest import ROOT

CORPORA = ROOT.parent / "shared" / "corpora"
RECORD = {
    "title": {"rendered": "Harbour"},
    "tags": [{"name": "sea"}, {"name": "ships"}, {"slug": "x"}],
    "authors": [{"name": "Ada"}, {"name": "Bo"}],
    "meta.title": "With a dot",
    "meta": {"a.b": {"c": 1}, "none": None},
    "empty": [],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("title.rendered", "Harbour"),
        ("tags[*].name", ["sea", "ships"]),
        ("authors.0.name", "Ada"),
        ("authors[1].name", "Bo"),
        ("authors.2.name", MISSING),
        ("meta.title", "With a dot"),
        (r"meta\.title", "With a dot"),
        ("meta.a.b.c", 1),
        (r"meta.a\.b.c", 1),
        ("meta.none", None),
        ("meta.none.deeper", MISSING),
        ("empty[*].name", []),
        ("nothing", MISSING),
        ("title.rendered.more", MISSING),
    ],
)
def test_a_path_leads_to_a_value(path: str, value: object) -> None:
    found = FieldPath(path).of(RECORD)
    assert found is MISSING if value is MISSING else found == value


def test_the_paths_of_a_record_lead_back_to_its_values() -> None:
    assert dict(paths_in({"a": {"b": 1}, "c": [{"d": 2}], "e.f": [1, 2], "g": {}})) == {
        "a.b": 1,
        "c[*].d": 2,
        r"e\.f": [1, 2],
        "g": {},
    }


def test_what_is_mapped_is_taken_from_there_and_nowhere_else() -> None:
    fields = FieldMap({"body": "text_de.value", "title": "kopf"})
    record = {"id": "1", "kopf": "T", "title": "another", "text_de": {"value": "B", "format": "html"}, "content": "no"}
    assert fields.apply(record) == {
        "id": "1",
        "title": "T",
        "body": "B",
        "text_de": {"format": "html"},
        "content": "no",
    }
    assert fields.missing(record) == ()
    bare = {"id": "2", "title": "another", "content": "no"}
    assert fields.apply(bare) == {"id": "2", "content": "no"}
    assert fields.missing(bare) == ("body", "title")


def test_two_fields_may_change_places_or_come_from_one() -> None:
    assert FieldMap({"title": "teaser", "teaser": "title"}).apply({"title": "a", "teaser": "b"}) == {
        "title": "b",
        "teaser": "a",
    }
    assert FieldMap({"id": "slug", "title": "slug"}).apply({"slug": "x"}) == {"id": "x", "title": "x"}


@pytest.mark.parametrize("name", [(field, each) for field, names in SYNONYMS.items() for each in names], ids=str)
def test_every_usual_name_fills_its_field(name: tuple[str, str]) -> None:
    field, other = name
    value = {"published_at": "2024-03-14", "draft": True, "published": True}.get(field, "x")
    record: dict[str, Any] = {other: value} if field in ("id", "url") else {"id": "1", other: value}
    expected = {
        ("published_at" if other == "published" else field): value,
        **({} if field in ("id", "url") else {"id": "1"}),
    }
    assert FieldMap({}).apply(record) == expected


@pytest.mark.parametrize("key", ["contentHtml", "Content HTML", "CONTENT_HTML", "content-html", "BODY", "articleBody"])
def test_a_name_may_be_spelt_in_many_ways(key: str) -> None:
    assert FieldMap({}).apply({"id": "1", key: "text"}) == {"id": "1", "body": "text"}


@pytest.mark.parametrize(
    "record",
    [
        {"id": "1", "title": "T", "body": "B", "content": "other", "headline": "other", "published_at": "2024"},
        {"id": "1", "title": "T", "categories": [3, 5], "featured_image": 17},  # numbers of what is written elsewhere
        {"id": "1", "title": "T", "published": True},
        {"id": "1", "title": "T", "published": "no"},
        {"url": "https://a.example/b", "title": "T", "guid": "g", "slug": "b"},  # it keeps the id that it has
        {"id": "1", "teasers": ["t"], "summary": "s"},
        {"id": "1", "tags": [], "keywords": ["k"]},  # an empty list says that there are none
        {"id": "1", "title": "T", "summary": "", "lang": None, "content": {"blocks": []}},
        {"id": "1", "related": ["2"], "Related": ["3"]},
    ],
)
def test_what_the_record_says_itself_stays(record: dict[str, Any]) -> None:
    assert FieldMap({}).apply(record) == record


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"guid": "g", "link": "https://a.example/b"}, {"id": "g", "url": "https://a.example/b"}),
        ({"slug": "b", "link": "https://a.example/b"}, {"slug": "b", "url": "https://a.example/b"}),
        ({"slug": "b", "title": "T"}, {"id": "b", "title": "T"}),
        ({"_id": {"$oid": "65f"}, "title": "T"}, {"id": "65f", "title": "T"}),
        ({"id": "1", "body": None, "content": "B"}, {"id": "1", "body": "B"}),
        ({"id": "1", "body": " ", "content": {"rendered": "<p>B"}}, {"id": "1", "body": {"rendered": "<p>B"}}),
        (
            {"id": "1", "excerpt": {"rendered": " "}, "dek": "D"},
            {"id": "1", "excerpt": {"rendered": " "}, "teaser": "D"},
        ),
        ({"id": "1", "published": "2024-03-14"}, {"id": "1", "published_at": "2024-03-14"}),
        (
            {"id": "1", "date": "2024-03-14T23:00", "date_gmt": "2024-03-15T04:00"},
            {"id": "1", "date": "2024-03-14T23:00", "published_at": "2024-03-15T04:00"},
        ),
        (
            {"id": "1", "post_date_gmt": "0000-00-00 00:00:00", "post_date": "2024-03-14 09:00:00"},
            {"id": "1", "post_date_gmt": "0000-00-00 00:00:00", "published_at": "2024-03-14 09:00:00"},
        ),
        ({"ID": 7, "Title": "T", "Published At": "2024"}, {"id": 7, "title": "T", "published_at": "2024"}),
    ],
)
def test_what_is_absent_is_filled(record: dict[str, Any], expected: dict[str, Any]) -> None:
    assert FieldMap({}).apply(record) == expected


@pytest.mark.parametrize("key", [*CURATED_KEYS[1:], "Related Posts", "SEE_ALSO", "related-articles"])
@pytest.mark.parametrize("value", [["b", 7], [{"id": "b"}], "b, c", [{"url": "https://a.example/b"}]])
def test_a_curated_list_has_many_names(key: str, value: object) -> None:
    assert FieldMap({}).apply({"id": "1", key: value}) == {"id": "1", "related": value}
    assert FieldMap({}, "more").apply({"id": "1", key: value}) == {"id": "1", key: value}


@pytest.mark.parametrize("value", [True, 3, "3", "yes", [], [{"name": "x"}], {"count": 3}, None, [None]])
def test_a_switch_or_a_number_is_no_curated_list(value: object) -> None:
    record = {"id": "1", "recommended": value}
    assert FieldMap({}).apply(record) == record


def test_the_curated_list_may_be_called_as_the_options_say() -> None:
    options = ReadOptions(curated_key="see_also", fields={"related": "more.posts[*].id"})
    assert FieldMap.of(options).apply({"id": "1", "more": {"posts": [{"id": 2}, {"id": 3}]}})["see_also"] == [2, 3]
    assert FieldMap({}, "topics").apply({"id": "1", "topics": ["2"]}) == {"id": "1", "topics": ["2"]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("14/03/2024", "2024-03-14T00:00:00+00:00"),
        ("2024-03-14", "2024-03-14"),
        ("yesterday", "yesterday"),
        (None, None),
    ],
)
def test_a_date_format_is_used_where_it_fits(value: object, expected: object) -> None:
    assert FieldMap({}, date_format="%d/%m/%Y").apply({"id": "1", "date": value, "published_at": None}) == (
        {"id": "1", "published_at": expected} if value else {"id": "1", "date": None, "published_at": None}
    )


@pytest.mark.parametrize(
    ("fields", "message"), [({"boddy": "x"}, "'boddy' is no field"), ({"body": ""}, "'' is no path to a field")]
)
def test_a_map_that_cannot_be_meant_is_refused(fields: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        FieldMap(fields)


@pytest.mark.parametrize("path", sorted(CORPORA.glob("*.jsonl.gz")) or [None], ids=str)
def test_no_record_of_the_corpora_changes(path: Path | None) -> None:
    if path is None:
        pytest.skip("the corpora are not here")
    fields = FieldMap({})
    with gzip.open(path) as file:
        changed = [number for number, line in enumerate(file) if fields.apply(orjson.loads(line)) != orjson.loads(line)]
    assert changed == []
