"""Databases: rows of a query, without a way to write, or to read a password in a message."""

import datetime as dt
import sqlite3
import tracemalloc
from contextlib import closing
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from recommender.errors import SourceError
from recommender.sources.items import Entry
from recommender.sources.options import ReadOptions
from recommender.sources.tables.columns import plain_value
from recommender.sources.tables.database import read_database
from tests.recommender.sources.source_items import entries, records


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "news room.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE posts (id TEXT, title TEXT, tags TEXT, related TEXT, date TEXT, body BLOB)")
        rows = [
            ("00123", "T 100% :x", '["a","b"]', "1E5|7", "2024-03-14 09:00:00", b"B\xc3\xb6rse"),
            ("1E5", "U", "a;b", None, None, None),
        ]
        connection.executemany("INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.execute("CREATE TABLE tags (name TEXT)")
        connection.execute("CREATE VIEW latest AS SELECT id FROM posts")
        connection.commit()
    return path


def read(path: Path, query: str, **options: Any) -> list[Any]:
    return list(read_database(f"sqlite:///{path}", ReadOptions(query=query, **options)))


def test_rows_become_articles(path: Path) -> None:
    found = read(path, "SELECT * FROM posts WHERE title LIKE 'T 100% :x'; ")
    assert [item.place for item in found] == [f"sqlite:///{path}: row 1"]
    (record,) = records(found)
    assert (record.article.id, record.article.title, record.article.body) == ("00123", "T 100% :x", "Börse")
    assert (record.article.tags, record.related) == (("a", "b"), ("1E5", "7"))
    assert record.article.published_at == dt.datetime(2024, 3, 14, 9, tzinfo=dt.UTC)


def test_null_is_none_and_a_column_may_be_named_by_the_query(path: Path) -> None:
    found = read(
        path, "WITH p AS (SELECT * FROM posts) SELECT id, title AS \"meta.title\", body FROM p WHERE id = '1E5'"
    )
    assert entries(found) == [{"id": "1E5", "meta.title": "U", "body": None}]


def test_bytes_that_are_no_text_are_none_and_it_is_said(path: Path) -> None:
    found = read(path, "SELECT 'a' AS id, 'T' AS title, x'ff00' AS body UNION ALL SELECT 'b', 'U', NULL")
    assert [(item.fields["body"], item.notes) for item in found] == [
        (None, ("body holds a value that is no text: left out",)),
        (None, ()),
    ]


@pytest.mark.parametrize("query", ["", "  \n"])
def test_without_a_query_the_tables_are_listed(path: Path, query: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(path, query)
    assert caught.value.message == (
        "what to read? --query says it; the tables are posts (id, title, tags, related, date, body), tags (name),"
        " latest (id)"
    )


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM posts",
        "DELETE FROM posts RETURNING *",
        "INSERT INTO posts (id) VALUES ('x') RETURNING id",
        "WITH x AS (SELECT 1) DELETE FROM posts RETURNING *",
        "WITH x AS (SELECT 'y') INSERT INTO posts (id) SELECT * FROM x",
        "SELECT 1; DELETE FROM posts",
        "/* SELECT */ DROP TABLE posts",
        "-- SELECT\nUPDATE posts SET id = 'x'",
        "PRAGMA journal_mode = DELETE",
        "ATTACH '{folder}/new.sqlite' AS other",
        "VACUUM INTO '{folder}/new.sqlite'",
        "SELECT load_extension('x')",
        "SELECT nothing FROM nowhere",
        "SELECT",
    ],
)
def test_nothing_but_one_select_is_run(path: Path, query: str) -> None:
    before = path.read_bytes()
    with pytest.raises(SourceError) as caught:
        read(path, query.format(folder=path.parent))
    assert caught.value.place == f"sqlite:///{path}"
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("query", ["SELECT id, title, id FROM posts", "SELECT a.id, b.id FROM posts a, posts b"])
def test_two_columns_of_one_name_stop(path: Path, query: str) -> None:
    with pytest.raises(SourceError, match="several columns have one name: 'id'"):
        read(path, query)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite:////no/such/file.sqlite", "no such file: /no/such/file.sqlite"),
        ("sqlite://", "no such file"),
        ("no url", "Could not parse"),
        ("nodialect://a:hunter22@h/d", "Can't load plugin"),
    ],
)
def test_what_cannot_be_opened_stops(url: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        list(read_database(url, ReadOptions(query="SELECT 1")))


def test_a_file_that_is_no_database_stops(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(SourceError, match="file is not a database"):
        read(path, "SELECT * FROM posts")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ada:hunt%40er22@127.0.0.1:1/d", "postgresql://ada:***@127.0.0.1:1/d"),
        ("postgresql+nodriver://ada:hunt@er22@127.0.0.1/d", "postgresql+nodriver://ada:***@127.0.0.1/d"),
        (
            "mysql+nodriver://127.0.0.1/d?user=ada&password=hunter22",
            "mysql+nodriver://127.0.0.1/d?user=ada&password=***",
        ),
    ],
)
def test_no_message_holds_a_password(url: str, shown: str) -> None:
    with pytest.raises(SourceError) as caught:
        list(read_database(url, ReadOptions(query="SELECT 1")))
    assert caught.value.place == shown
    assert "er22" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_driver_may_not_tell_the_password_either(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    def failing(*_: object, **__: object) -> None:
        raise OSError("login as ada with hunt@er22 (hunt%40er22) failed: postgresql://ada:hunt%40er22@h/d")

    monkeypatch.setattr("sqlalchemy.create_engine", failing)
    with pytest.raises(SourceError) as caught:
        list(read_database("postgresql://ada:hunt%40er22@h/d", ReadOptions(query="SELECT 1")))
    assert "er22" not in str(caught.value)


def test_a_large_result_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "large.sqlite"
    sqlite3.connect(path).close()
    query = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
        " SELECT i AS id, printf('%.*c', 10000, 'x') AS body FROM n"
    )
    tracemalloc.start()
    count = sum(isinstance(item, Entry) for item in read_database(f"sqlite:///{path}", ReadOptions(query=query)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 5_000  # 50 MB
    assert peak < 25e6


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (dt.datetime(2024, 3, 14, 23, 30, tzinfo=dt.timezone(dt.timedelta(hours=-5))), "2024-03-14T23:30:00-05:00"),
        (dt.datetime(2024, 3, 14, 23, 30), "2024-03-14T23:30:00+00:00"),
        (dt.date(2024, 3, 14), "2024-03-14"),
        (dt.timedelta(hours=1), "1:00:00"),
        (Decimal("3"), 3),
        (Decimal("3.5"), 3.5),
        (Decimal("NaN"), None),
        (Decimal("1e9999"), None),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (memoryview(b"x"), "x"),
        (b"\xff", None),
        (["a", Decimal("1")], ["a", 1]),
        ({"a": [UUID(int=0)]}, {"a": ["00000000-0000-0000-0000-000000000000"]}),
        (IPv4Address("192.0.2.1"), "192.0.2.1"),
        (object(), None),
    ],
)
def test_values_of_drivers_become_what_json_has(value: object, expected: object) -> None:
    assert plain_value(value) == expected
