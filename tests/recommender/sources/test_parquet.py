"""Parquet: what its types become, and what a damaged file does."""

import builtins
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest

from recommender.errors import SourceError
from recommender.sources.items import Entry, Note
from recommender.sources.tables import parquet
from tests.recommender.sources.source_items import entries, errors, items, records, source

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def written(columns: dict[str, Any], **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def read(data: bytes, **options: Any) -> list[Any]:
    return items(parquet.read, data, **options)


NINE = dt.datetime(2024, 3, 14, 9, 0, 0, 250_000)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (["00123", "1E5", None], ["00123", "1E5", None]),
        ([1, None, 2**53 + 1], [1, None, 2**53 + 1]),
        (pa.array([1.0, float("nan"), None]), [1.0, None, None]),
        ([["a", "b"], [], None], [["a", "b"], [], None]),
        (
            [{"rendered": "x", "n": [1]}, None, {"rendered": None, "n": None}],
            [{"rendered": "x", "n": [1]}, None, {"rendered": None, "n": None}],
        ),
        (pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int64())), [{"k": 1}, [], None]),
        (pa.array([NINE, None, None], pa.timestamp("us")), ["2024-03-14T09:00:00.250000+00:00", None, None]),
        (
            pa.array([1710406800250000001, None, None], pa.timestamp("ns")),
            ["2024-03-14T09:00:00.250000+00:00", None, None],
        ),
        (
            pa.array([NINE, None, None], pa.timestamp("us", "America/New_York")),
            ["2024-03-14T09:00:00.250000+00:00", None, None],
        ),
        ([dt.date(2024, 3, 14), None, dt.date(1900, 1, 1)], ["2024-03-14", None, "1900-01-01"]),
        (pa.array([Decimal("12.00"), Decimal("12.50"), None]), [12, 12.5, None]),
        ([b"K\xc3\xa4se", b"\xff", None], ["Käse", None, None]),
        (pa.array(["a", "a", None]).dictionary_encode(), ["a", "a", None]),
        ([True, False, None], [True, False, None]),
    ],
    ids=range(14),
)
def test_every_type_becomes_what_json_has(array: Any, expected: list[Any]) -> None:
    found = read(written({"id": ["1", "2", "3"], "value": array}))
    assert [fields["value"] for fields in entries(found)] == expected
    assert [item.place for item in found if isinstance(item, Entry)] == ["f: row 1", "f: row 2", "f: row 3"]


def test_times_without_a_zone_are_said_to_be_taken_as_utc() -> None:
    found = read(written({"id": ["1"], "title": ["T"], "date": pa.array([NINE], pa.timestamp("ms"))}))
    assert found[0] == Note("the times of date have no zone: they are taken as UTC", "f")
    (record,) = records(found)
    assert record.article.published_at == NINE.replace(tzinfo=dt.UTC)


def test_a_list_column_is_the_curated_list_and_the_tags() -> None:
    (record,) = records(read(written({"id": ["1"], "title": ["T"], "tags": [["a"]], "related": [["2", "3"]]})))
    assert (record.article.tags, record.related) == (("a",), ("2", "3"))


def test_all_row_groups_are_read() -> None:
    data = written({"id": [str(n) for n in range(1_000)]}, row_group_size=77)
    assert [fields["id"] for fields in entries(read(data))] == [str(n) for n in range(1_000)]


def test_two_columns_of_one_name_stop() -> None:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["id", "id"]), file)
    with pytest.raises(SourceError, match="several columns have one name: 'id'; the columns are id, id"):
        read(file.getvalue())


def test_a_text_that_is_not_utf8_costs_its_row() -> None:
    bad = pa.StringArray.from_buffers(2, pa.array([0, 1, 3], pa.int32()).buffers()[1], pa.py_buffer(b"a\xff\xfe"))
    found = read(written({"id": bad}))
    assert entries(found) == [{"id": "a"}]
    (error,) = errors(found)
    assert error.startswith("f: row 2: the row cannot be read")


@pytest.mark.parametrize("end", [4, 12, 200, -1, -20])
def test_a_damaged_file_stops(end: int) -> None:
    data = written({"id": ["1", "2"], "title": ["T", "U"]})[:end]
    assert parquet.fits(source(data))
    with pytest.raises(SourceError, match="the Parquet file is damaged behind row 0"):
        read(data)


def test_without_pyarrow_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SourceError, match=r"pip install 'related-articles\[parquet\]'"):
        read(b"PAR1")
