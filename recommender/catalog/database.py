"""How the catalog's database is opened: SQLite in WAL mode, or any SQLAlchemy URL.

A SQLite file that cannot be written here is opened read-only (recommender.catalog.read_only_file).
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from recommender.catalog.read_only_file import is_read_only, open_still, sqlite_file
from recommender.catalog.tables import SCHEMA, meta
from recommender.catalog.upgrade import Upgrade, upgrade
from recommender.errors import CatalogError, without_password

UPGRADED = (None, "1", "2", "3", "4", "5", "6")
"""Schemas that are brought to the present one on opening."""


def open_engine(url: str | URL, on_upgrade: Callable[[Upgrade], None] = lambda _: None) -> Engine:
    """Open the database at ``url``, create what is missing, and check its schema number.

    ``on_upgrade`` is told what became of a catalog of an earlier schema. Raises CatalogError if the database cannot be
    opened or belongs to another schema.
    """
    try:
        # Uncommon column types never come up: JSON is stored as text in SQLite and as json in PostgreSQL.
        still = is_read_only(make_url(url))
        engine = open_still(make_url(url)) if still else create_engine(make_url(url))
        if engine.dialect.name == "sqlite" and not still:
            event.listen(engine, "connect", _sqlite_pragmas)
            event.listen(engine, "begin", _sqlite_begin)
        found = _schema(engine)
        if found in UPGRADED and still:
            raise CatalogError(
                f"the catalog {_shown(url)} has schema {found}, this version reads {SCHEMA}, and it is read-only here:"
                " open it once where it can be written"
            )
        if found in UPGRADED:
            done = upgrade(engine)
            if found is not None:
                on_upgrade(done)
            found = None
    except (SQLAlchemyError, ImportError) as error:  # the latter: no driver for this kind of database
        raise CatalogError(f"the catalog {_shown(url)} cannot be opened ({reason_of(error)})") from error
    if found is not None and found != str(SCHEMA):
        engine.dispose()
        raise CatalogError(
            f"the catalog {_shown(url)} has schema {found}, this version reads {SCHEMA}: it was written by another"
            " release; use that one, or restore the copy that it kept when it changed the catalog"
            f" (SQLite: catalog.schema{SCHEMA}.sqlite beside it)"
        )
    return engine


def has_log(url: str | URL) -> bool:
    """Say whether a log lies beside the SQLite database at ``url``: it is open, or its last writer did not close it."""
    try:
        path = sqlite_file(make_url(url))
        return path is not None and path.with_name(f"{path.name}-wal").stat().st_size > 0
    except (OSError, SQLAlchemyError):
        return False


def _schema(engine: Engine) -> str | None:
    """The schema number of the database, None if it holds no catalog yet."""
    if not inspect(engine).has_table(meta.name):
        return None
    with engine.connect() as connection:
        return connection.scalar(select(meta.c.value).where(meta.c.key == "schema"))


def _sqlite_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401 - a raw DB-API connection
    connection.isolation_level = None  # the driver would begin at the first write only, and reads would not be one
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    """Begin; where ``writes`` is said, with the write lock: what was only read so far could not be changed safely."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _shown(url: str | URL) -> str:
    return without_password(str(url))


def reason_of(error: Exception) -> str:
    """Return what a database says of its error, in one line."""
    return str(getattr(error, "orig", None) or error).splitlines()[0]
