"""Reader of databases: the rows of one query, by any SQLAlchemy URL. Nothing is ever written there."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, unquote

from recommender.errors import SourceError, shown, without_password
from recommender.sources.items import Entry, Item, Note
from recommender.sources.options import ReadOptions
from recommender.sources.tables import postgres
from recommender.sources.tables.columns import Columns, plain_value

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import URL, Connection, Engine

_BATCH = 100
"""Rows that are fetched at a time."""
_LISTED = 50
_SECRETS = ("password", "passwd", "pwd", "sslpassword", "token")
"""Parameters of a URL that hold one."""
_COMMENT = re.compile(r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/|\()*", re.DOTALL)
_READS = ("select", "with", "values", "table")
_READ_ONLY = {
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}
_DENIED = (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
"""What would make a file although no table may be written."""


def read_database(url: str, options: ReadOptions) -> Iterator[Item]:
    """Yield an Entry for each row of ``options.query`` in the database at ``url``; the place counts rows from 1.

    The rows are streamed in a transaction that may only read and is always rolled back; SQLite is opened to read only.
    Times without a zone are taken as UTC, and a Note says so; what is no text nor anything that JSON has (bytes that
    are no UTF-8, the date ``infinity``) is none, and the entry's notes say so. Raises SourceError if there is no query
    (it lists the tables), it is not one SELECT, the database refuses it or cannot be opened, its driver is missing, or
    two columns have one name. No message holds a password.
    """
    from sqlalchemy.exc import SQLAlchemyError

    problems = (SQLAlchemyError, sqlite3.Error, ImportError, OSError, ValueError, TypeError, OverflowError)
    place, secrets = _shown(url)
    try:
        with _connected(url, place) as connection:
            if not options.query.strip():
                raise SourceError(f"what to read? --query says it; {_tables(connection)}", place)
            _check(options.query, place)
            if connection.dialect.name == "postgresql":
                driver = cast("psycopg.Connection", connection.connection.driver_connection)
                postgres.check_statement(driver, options.query, place)
                postgres.read_all_values(driver)
            yield from _rows(connection, options, place)
    except problems as error:
        raise SourceError(f"the database cannot be read ({_reason(error, secrets)})", place) from None


def _rows(connection: "Connection", options: ReadOptions, place: str) -> Iterator[Item]:
    streamed = connection.execution_options(yield_per=_BATCH, no_parameters=True, sqlite_raw_colnames=True)
    with streamed.exec_driver_sql(options.query.strip().rstrip(";")) as result:
        if not result.returns_rows:
            raise SourceError("the query returns no rows, expected a SELECT", place)
        names = list(result.keys())
        columns = Columns(names, options, place)
        said = False
        for number, row in enumerate(result, start=1):
            if not said and (naive := [name for name, value in zip(names, row, strict=True) if _is_naive(value)]):
                said = True
                yield Note(f"the times of {', '.join(naive)} have no zone: they are taken as UTC", place)
            cells = [plain_value(value) for value in row]
            lost = [name for name, was, cell in zip(names, row, cells, strict=True) if cell is None and _is_lost(was)]
            notes = tuple(f"{name} holds a value that is no text: left out" for name in lost)
            yield Entry(columns.fields(cells), f"{place}: row {number:,}", notes)


@contextmanager
def _connected(url: str, place: str) -> Iterator["Connection"]:
    """A connection that cannot write, and whose transaction is rolled back."""
    from sqlalchemy import make_url

    engine = _engine(make_url(url), place)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execution_options(postgresql_readonly=True)  # said again at the start of each transaction
            if command := _READ_ONLY.get(engine.dialect.name):
                connection.exec_driver_sql(command)
                connection.commit()  # it holds for the transactions to come
            yield connection
            connection.rollback()
    finally:
        engine.dispose()


def _engine(url: "URL", place: str) -> "Engine":
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    if url.get_backend_name() in postgres.NAMES:
        url = postgres.with_driver(url, place)
    if url.get_backend_name() != "sqlite":
        return create_engine(url, poolclass=NullPool)
    return create_engine("sqlite://", creator=lambda: _sqlite(url.database or ""), poolclass=NullPool)


def _sqlite(path: str) -> sqlite3.Connection:
    """Open the SQLite file at ``path`` to read only; whatever is no reading is refused."""
    name = unquote(path.removeprefix("file:").partition("?")[0]) if path.startswith("file:") else path
    if not Path(name).is_file():
        raise FileNotFoundError(f"no such file: {name or 'the URL names none'}")
    connection = sqlite3.connect(f"file:{quote(str(Path(name).absolute()))}?mode=ro", uri=True)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.execute("PRAGMA query_only=ON")
    connection.set_authorizer(_authorized)
    return connection


def _authorized(action: int, *_: object) -> int:
    return sqlite3.SQLITE_DENY if action in _DENIED else sqlite3.SQLITE_OK


def _check(query: str, place: str) -> None:
    """Raise SourceError where ``query`` clearly is another statement; what is hidden in it the database refuses."""
    match = _COMMENT.match(query)
    words = re.findall(r"[a-z]+", query[match.end() if match else 0 :][:20].lower())
    if words[:1] and words[0] not in _READS:
        raise SourceError(f"the query is {shown(query.strip())}, expected one SELECT", place)


def _tables(connection: "Connection") -> str:
    from sqlalchemy import inspect

    inspector = inspect(connection)
    names = [*inspector.get_table_names(), *inspector.get_view_names()]
    if not names:
        return "there is no table in it"
    listed = ", ".join(
        f"{name} ({', '.join(str(column['name']) for column in inspector.get_columns(name)[:_LISTED])})"
        for name in names[:_LISTED]
    )
    return f"the tables are {listed}"


def _is_naive(value: object) -> bool:
    return isinstance(value, datetime) and value.tzinfo is None


def _is_lost(value: object) -> bool:
    """Say whether ``value``, which became None, was something."""
    return not (value is None or isinstance(value, float | Decimal))


def _shown(url: str) -> tuple[str, tuple[str, ...]]:
    """Return ``url`` as messages may show it, and what they may not hold."""
    secrets = [found[1] for found in [re.search(r"//[^/]*?:(.*)@", url)] if found]
    secrets += re.findall(rf"[?&](?:{'|'.join(_SECRETS)})=([^&]+)", url, re.IGNORECASE)
    masked = without_password(url)
    masked = re.sub(rf"([?&](?:{'|'.join(_SECRETS)})=)[^&]+", r"\1***", masked, flags=re.IGNORECASE)
    both = {secret for found in secrets for secret in (found, unquote(found)) if secret}
    return masked, tuple(sorted(both, key=len, reverse=True))


def _reason(error: Exception, secrets: tuple[str, ...]) -> str:
    """What the database says, in one line, without secrets."""
    text = str(getattr(error, "orig", None) or error)
    for secret in secrets:
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)" if len(secret) < 4 else re.escape(secret), "***", text)
    return " ".join(without_password(text).split())[:500]
