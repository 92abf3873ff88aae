"""Tables written as text: encodings, separators, rows that do not fit, lists and dates in cells."""

import io
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest

from recommender.errors import SourceError
from recommender.sources.items import Entry, LeftOut, Note
from recommender.sources.opened import from_stream
from recommender.sources.options import ReadOptions
from recommender.sources.tables import delimited
from tests.recommender.sources.source_items import entries, errors, items, records, source


def read(data: bytes | str, **options: Any) -> list[Any]:
    return items(delimited.read, data, **options)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_separator_is_found(separator: str, end: str) -> None:
    rows = [["id", "title", "body"], ["1", "T", "x"], ["2", "U", ""]]
    data = end.join(separator.join(row) for row in rows)
    assert entries(read(data)) == [{"id": "1", "title": "T", "body": "x"}, {"id": "2", "title": "U", "body": None}]
    assert delimited.fits(source(data))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("id;title;price\n1;A, b, c;1,5\n2;D, e, f;2,5\n", {"id": "1", "title": "A, b, c", "price": "1,5"}),
        ("sep=;\r\nid;title\r\n1;T\r\n", {"id": "1", "title": "T"}),
        ("SEP=|\nid|title,x\n1|T\n", {"id": "1", "title,x": "T"}),
        ('id,title\n1,"a; b; c"\n', {"id": "1", "title": "a; b; c"}),
        ("Kennung;Überschrift, kurz\n1;T\n", {"Kennung": "1", "Überschrift, kurz": "T"}),
        ('id, title, body\n1, "a, b", c\n', {"id": "1", "title": "a, b", "body": "c"}),
        ("\n\r\nid,title\n\n1,T\n", {"id": "1", "title": "T"}),
        (",id,title\n0,1,T\n", {"column 1": "0", "id": "1", "title": "T"}),
        ("id;title;;\n1;T;;\n", {"id": "1", "title": "T"}),
    ],
)
def test_tables_as_spreadsheets_write_them(data: str, expected: dict[str, str]) -> None:
    assert entries(read(data))[0] == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_the_encoding_is_found(encoding: str) -> None:
    data = "id;title\r\n1;Käse – „Brot“ €\r\n".encode(encoding)
    found = read(data)
    assert entries(found) == [{"id": "1", "title": "Käse – „Brot“ €"}]
    notes = [item for item in found if isinstance(item, Note)]
    assert notes == ([Note("the file is not UTF-8: it is read as Windows-1252", "f")] if encoding == "cp1252" else [])
    assert delimited.fits(source(data))


def test_a_legacy_byte_late_in_the_file_is_read_and_said() -> None:
    rows = b"".join(b"%d,plain\n" % n for n in range(9_000))
    *others, last = read(b"id,title\n" + rows + b"x,K\xe4se\n")
    assert last == Entry(
        {"id": "x", "title": "Käse"}, "f:9002", ("some bytes are not UTF-8: they are read as Windows-1252",)
    )
    assert len(others) == 9_000
    assert not any(item.notes for item in others)


def test_a_row_is_named_by_its_first_line() -> None:
    found = read('id,title\n1,"a\n\nb"\n\n2,c\n')
    assert [(item.fields["title"], item.place) for item in found] == [("a\n\nb", "f:2"), ("c", "f:6")]


def test_a_cell_may_be_longer_than_the_library_likes() -> None:
    body = "x" * 1_000_000
    assert entries(read(f"id,body\n1,{body}\n")) == [{"id": "1", "body": body}]


@pytest.mark.parametrize("identity", ["00123", "1E5", "1.0", "true", "2024-03-14"])
def test_an_id_stays_as_it_is(identity: str) -> None:
    (record,) = records(read(f"id,title\n{identity},T\n"))
    assert record.article.id == identity


def test_an_empty_cell_is_none() -> None:
    assert entries(read("id,title,body\n1,T,\n2, ,\n")) == [
        {"id": "1", "title": "T", "body": None},
        {"id": "2", "title": None, "body": None},
    ]


def test_a_row_that_does_not_fit_is_named_and_the_others_are_read() -> None:
    found = read("id,title\n1,a,b\n2\n3,c\n,\n")
    assert errors(found) == ["f:2: the row has 3 cells, the header 2", "f:3: the row has 1 cell, the header 2"]
    assert entries(found) == [{"id": "3", "title": "c"}]


@pytest.mark.parametrize(
    ("data", "read_ids", "error"),
    [
        ('1,a\n2,"open\n3,c\n4,d\n', ["1", "3", "4"], "f:3: a quote in this row is closed nowhere up to the end"),
        ('1,a\n2,"open\n3,c\n4,"d\ne"\n', ["1", "3", "4"], "f:3: the row has quotes that do not fit"),
    ],
)
def test_a_quote_that_is_not_closed_costs_its_own_row(data: str, read_ids: list[str], error: str) -> None:
    found = read("id,title\n" + data)
    assert [fields["id"] for fields in entries(found)] == read_ids
    (said,) = errors(found)
    assert said.startswith(error)


def test_quotes_within_one_line_are_taken_as_they_stand() -> None:
    assert entries(read('id,title\n1,"a" b\n2,The "old" quay\n')) == [
        {"id": "1", "title": "a b"},
        {"id": "2", "title": 'The "old" quay'},
    ]


def test_many_quotes_that_do_not_fit_end_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_MAX_AGAIN", 1_000)
    with pytest.raises(SourceError, match="too many quotes do not fit: the rest is not read"):
        read("id,title\n" + '1,"x""\n' * 400)


def test_two_columns_of_one_name_stop() -> None:
    with pytest.raises(SourceError) as caught:
        read("id,title,body,title\n1,a,b,c\n")
    assert str(caught.value) == "f:1: several columns have one name: 'title'; the columns are id, title, body, title"


@pytest.mark.parametrize(
    "data",
    [
        "1,https://a.example/b,Title\n2,https://a.example/c,Other\n",
        "a-1;Harbour;2024-03-14\nb-2;Quay;2024-03-15\n",
        "a-1;" + "long text " * 30 + "\n",
        "17\tA title\n18\tB title\n",
    ],
)
def test_a_table_without_names_of_columns_stops(data: str) -> None:
    with pytest.raises(SourceError, match="the first row holds no names of columns but data"):
        read(data)


def test_a_text_without_columns_stops() -> None:
    with pytest.raises(SourceError, match="nothing separates names in the first line, 'Just a text'"):
        read("Just a text\nof two lines\n")
    assert read("") == read("\n\n") == []


def test_names_of_columns_that_come_again_are_left_out() -> None:
    found = read("id,title\n1,a\nid,title\n2,b\n")
    assert found[1] == LeftOut("the names of the columns once more", "f:3")
    assert [fields["id"] for fields in entries(found)] == ["1", "2"]


def test_an_unknown_name_is_known_if_it_is_mapped() -> None:
    assert entries(read("nr,2024\n1,x\n", fields={"id": "nr", "title": "2024"})) == [{"nr": "1", "2024": "x"}]


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("a|b c|d", ("a", "b c", "d")),
        ("a;b", ("a", "b")),
        ('"a,b"', ("a", "b")),
        ('"[""a"",""b, c""]"', ("a", "b, c")),
        ("\"['a', 'b']\"", ("a", "b")),
        ("[1]", ("1",)),
        ("[]", ()),
        ("[x", ("[x",)),
    ],
)
def test_tags_in_a_cell(cell: str, tags: tuple[str, ...]) -> None:
    (record,) = records(read(f"id,title,tags\n1,T,{cell}\n"))
    assert record.article.tags == tags


@pytest.mark.parametrize(
    ("cell", "related"),
    [
        ("2|3", ("2", "3")),
        ("2;3", ("2", "3")),
        ('"2, 3"', ("2", "3")),
        ("https://a.example/2|https://a.example/3", ("https://a.example/2", "https://a.example/3")),
        ('"[2, ""3""]"', ("2", "3")),
        ("", None),
    ],
)
@pytest.mark.parametrize("options", [{"curated_key": "see_also"}, {"fields": {"related": "see_also"}}])
def test_a_curated_list_in_a_cell(cell: str, related: tuple[str, ...] | None, options: dict[str, Any]) -> None:
    (record,) = records(read(f"id,title,see_also\n1,T,{cell}\n", **options), **options)
    assert record.related == related


@pytest.mark.parametrize(
    ("cell", "date_format", "expected"),
    [
        ("1710403200", "", datetime(2024, 3, 14, 8, tzinfo=UTC)),
        ("1710403200000", "", datetime(2024, 3, 14, 8, tzinfo=UTC)),
        ("2024-03-14 09:30", "", datetime(2024, 3, 14, 9, 30, tzinfo=UTC)),
        ("14/03/2024", "", None),
        ("14/03/2024", "%d/%m/%Y", datetime(2024, 3, 14, tzinfo=UTC)),
        ("03/04/2024", "%d/%m/%Y", datetime(2024, 4, 3, tzinfo=UTC)),
        ("14.3.24 9:30 +0100", "%d.%m.%y %H:%M %z", datetime(2024, 3, 14, 8, 30, tzinfo=UTC)),
        ("2024-03-14", "%d/%m/%Y", datetime(2024, 3, 14, tzinfo=UTC)),
        ("14/14/2024", "%d/%m/%Y", None),
    ],
)
def test_dates_in_a_cell(cell: str, date_format: str, expected: datetime | None) -> None:
    (record,) = records(read(f"id,title,Date\n1,T,{cell}\n"), date_format=date_format)
    assert record.article.published_at == expected
    assert bool(record.warnings) == (expected is None)


def test_a_nul_is_read() -> None:
    (record,) = records(read("id,title\n1,a\x00b\n"))
    assert record.article.title == "ab"


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        ("id,title\n1,T\n", "x", True),
        ("Nummer;Kopf\n1;T\n", "x", False),
        ("Nummer;Kopf\n1;T\n", "x.CSV", True),
        ("id,title\n1,T,2\n2\n3,x\n", "x.csv", False),
        ("id,title\n" + '1,"T, u"\n' * 20_000, "x", True),
        ("Dear reader, a title\nand, some, more, text\n", "x.txt", False),
        ('{"id":1,"title":2}\n{"id":1,"title":2}\n', "x.csv", False),
        ("<rss>,id,title\n1,2,3\n", "x.csv", False),
        ("---\ntitle: a, id\n---\n", "x.md", False),
        ("", "x.csv", False),
    ],
)
def test_a_table_is_known_by_how_it_begins(data: str, name: str, expected: bool) -> None:
    assert delimited.fits(source(data, name)) is expected


def test_a_row_without_end_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.sources.tables.lines.MAX_ROW", 10_000)
    data = b"id,title\n" + b"x" * 5_000_000 + b'\n2,b\n3,"' + b"y\n" * 100_000 + b'"\n'
    tracemalloc.start()
    opened = from_stream(io.BytesIO(data), "f")
    first = [next(found) for found in [delimited.read(opened, ReadOptions())] for _ in range(3)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "f:2: the row is longer than the limit" in errors(first)[0]
    assert entries(first) == [{"id": "2", "title": "b"}]
    assert "f:4: the row is longer than the limit" in errors(first)[1]
    assert peak < 1_500_000


def test_rows_without_an_article_end_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "MAX_BARREN", 5)
    with pytest.raises(SourceError, match="5 rows in a row hold no article: the rest is not read"):
        read("id,title\n1,a\n" + "\n" * 10 + "2,b\n")
