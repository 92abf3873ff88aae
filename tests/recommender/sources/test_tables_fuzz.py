"""Whatever bytes come in, readers of tables and of JSON documents give items or a SourceError, in bounded memory."""

import io
import json
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.errors import ArticleError, SourceError
from recommender.sources import json_documents
from recommender.sources.field_check import check_fields
from recommender.sources.field_map import FieldMap
from recommender.sources.items import Entry, LeftOut, Note
from recommender.sources.options import ReadOptions
from recommender.sources.tables import delimited, parquet
from tests.recommender.sources.source_items import Reader, source

MAX_MEMORY = 30e6

ARTICLES = [
    {"id": 1, "title": 'Harbour "plan"', "body": "a\nb;c,d|e", "tags": ["x", "y"], "related": [2], "none": None},
    {"id": "00123", "title": "Käse", "body": "", "meta": {"a.b": [{"c": 1.5}]}},
]
DOCUMENTS = [
    json.dumps(ARTICLES).encode(),
    json.dumps({"meta": {"n": 2}, "data": {"posts": ARTICLES}}, indent=1).encode(),
    json.dumps([{"page": 1, "posts": ARTICLES}, ARTICLES, {"code": "x", "message": "y"}], ensure_ascii=False).encode(),
    json.dumps(ARTICLES).encode("utf-16"),
    b"\n".join(json.dumps(article, indent=2).encode() for article in ARTICLES),
]
TABLES = [
    b'id,title,body,tags\n00123,"a\nb, c",x,"[""a""]"\n2,"say ""no""",,\n',
    "\ufeffsep=;\r\nid;title;date\r\n1;Käse;14/03/2024\r\n".encode(),
    "id\ttitle\trelated\n1\tT\t2|3\n".encode("utf-16"),
    "id|title\r1|Käse\r".encode("cp1252"),
]
PIECES = st.one_of(
    st.binary(max_size=4),
    st.sampled_from(
        [b'"', b"\\", b"[", b"]", b"{", b"}", b",", b":", b"\n", b"\r", b"\x00", b"NaN", b"1e999", b";;;", b'""']
    ),
    st.sampled_from([b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b'"\\ud800"', b"9" * 5_000, b"x" * 200_000]),
    st.sampled_from([b"[" * 3_000, b'{"a":' * 3_000]),
)
BLOWS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), PIECES), max_size=5)
OPTIONS = st.sampled_from(
    [
        {},
        {"path": "data.posts"},
        {"path": "*.posts[0].meta"},
        {"fields": {"id": "title", "related": "meta.a.b[*].c"}},
        {"date_format": "%d/%m/%Y", "curated_key": "tags"},
    ]
)


def damaged(data: bytes, blows: list[tuple[float, int, bytes]]) -> bytes:
    for where, removed, piece in blows:
        at = int(where * len(data))
        data = data[:at] + piece + data[at + removed :]
    return data


def inputs(samples: list[bytes]) -> st.SearchStrategy[bytes]:
    return st.one_of(st.builds(damaged, st.sampled_from(samples), BLOWS), st.binary(max_size=300))


def check(reader: Reader, fits: Any, data: bytes, options: dict[str, Any]) -> None:
    chosen = ReadOptions(**options)
    assert fits(source(data)) in (True, False)
    found: list[Any] = []
    tracemalloc.start()
    try:
        found.extend(reader(source(data), chosen))
    except SourceError as error:
        found.append(error)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < MAX_MEMORY
    assert all(isinstance(item, Entry | LeftOut | Note | ArticleError | SourceError) for item in found)
    assert all(item.place.startswith("f") for item in found)
    records = [item.fields for item in found if isinstance(item, Entry)]
    json.dumps(records)  # only what can be stored
    fields = FieldMap.of(chosen)
    for record in records:
        fields.apply(record)
    with suppress(SourceError):  # a path that no record has
        check_fields(records, fields, "f")


FAST = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LONG = settings(max_examples=20_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FAST
@given(data=inputs(DOCUMENTS), options=OPTIONS)
def test_no_bytes_break_the_reader_of_json_documents(data: bytes, options: dict[str, Any]) -> None:
    check(json_documents.read, json_documents.fits, data, options)


@FAST
@given(data=inputs(TABLES), options=OPTIONS)
def test_no_bytes_break_the_reader_of_tables(data: bytes, options: dict[str, Any]) -> None:
    check(delimited.read, delimited.fits, data, options)


@pytest.mark.slow
@LONG
@given(data=inputs(DOCUMENTS), options=OPTIONS)
def test_no_bytes_break_the_reader_of_json_documents_at_length(data: bytes, options: dict[str, Any]) -> None:
    check(json_documents.read, json_documents.fits, data, options)


@pytest.mark.slow
@LONG
@given(data=inputs(TABLES), options=OPTIONS)
def test_no_bytes_break_the_reader_of_tables_at_length(data: bytes, options: dict[str, Any]) -> None:
    check(delimited.read, delimited.fits, data, options)


def parquet_files() -> Iterator[bytes]:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table({"id": ["1", "2"], "tags": [["a"], None], "date": pa.array([1, None], pa.timestamp("ns"))})
    for compression in ("snappy", "gzip", "none"):
        file = io.BytesIO()
        pq.write_table(table, file, compression=compression)
        yield file.getvalue()


SMALL = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 4), st.binary(max_size=4)), max_size=3)


@FAST
@given(file=st.integers(0, 2), blows=SMALL)
def test_no_bytes_break_the_reader_of_parquet(file: int, blows: list[tuple[float, int, bytes]]) -> None:
    check(parquet.read, parquet.fits, damaged(list(parquet_files())[file], blows), {})


@pytest.mark.slow
@LONG
@given(file=st.integers(0, 2), blows=SMALL)
def test_no_bytes_break_the_reader_of_parquet_at_length(file: int, blows: list[tuple[float, int, bytes]]) -> None:
    check(parquet.read, parquet.fits, damaged(list(parquet_files())[file], blows), {})
