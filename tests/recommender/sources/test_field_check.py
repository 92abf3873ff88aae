"""What the first records say of a field map."""

from typing import Any

import pytest

from recommender.errors import SourceError
from recommender.sources.field_check import check_fields
from recommender.sources.field_map import FieldMap

LONG = "The harbour is open again. " * 20


def notes(records: list[dict[str, Any]], fields: dict[str, str] | None = None) -> list[str]:
    return [note.text for note in check_fields(records, FieldMap(fields or {}), "f.json")]


def test_a_path_that_no_record_has_stops_and_lists_those_there_are() -> None:
    records = [{"id": 1, "text": {"de": "x"}}, {"id": 2, "tags": [{"name": "a"}]}]
    with pytest.raises(SourceError) as caught:
        notes(records, {"body": "text.en", "title": "kopf"})
    assert str(caught.value) == (
        'f.json: none of 2 records has "text.en" (body) and "kopf" (title);'
        " there are: id (2), text.de (1), tags[*].name (1)"
    )


def test_a_path_that_one_record_has_is_enough() -> None:
    assert notes([{"id": 1, "kopf": "T"}, {"id": 2}], {"title": "kopf"}) == []
    assert notes([{"id": 1, "kopf": None}], {"title": "kopf"}) == []
    assert notes([], {"title": "kopf"}) == []


def test_a_long_text_that_nobody_reads_is_told_of() -> None:
    records: list[dict[str, Any]] = [
        {"id": n, "title": "T", "content_de": LONG, "legal": LONG[:400]} for n in range(95)
    ]
    records += [{"id": n, "title": "T", "body": "B"} for n in range(5)]
    assert notes(records) == ["no body in 95 of 100 records; `content_de` looks like it (--field body=content_de)"]


@pytest.mark.parametrize(
    ("record", "path"),
    [
        ({"fields": {"text": {"de": LONG}}}, "`fields.text.de` looks like it (--field body=fields.text.de)"),
        ({"blocks": [{"p": LONG[:200]}, {"p": LONG[:200]}]}, "looks like it (--field 'body=blocks[*].p')"),
        ({"a.b": LONG}, r"(--field 'body=a\.b')"),
    ],
)
def test_a_text_may_stand_deep_and_the_path_that_is_named_reads_it(record: dict[str, Any], path: str) -> None:
    (note,) = notes([{"id": 1, "title": "T", **record}])
    assert path in note
    said = note.partition("`")[2].partition("`")[0]
    assert FieldMap({"body": said}).apply({"id": 1, **record})["body"]


def test_nothing_is_said_where_there_is_nothing_to_say() -> None:
    assert notes([{"id": 1, "title": "T", "teaser": LONG}]) == []
    assert notes([{"id": 1, "body": "B", "legal": LONG}]) == []
    assert notes([{"id": 1, "content": LONG}]) == []


def test_of_html_and_text_it_is_said_which_was_taken() -> None:
    assert notes([{"id": 1, "content_text": "B", "content_html": "<p>B"}]) == [
        "the body is taken from `content_html`; `content_text` is not read (--field body=…)"
    ]
    assert notes([{"id": 1, "html": "<p>B", "text": "B"}], {"body": "text"}) == []
