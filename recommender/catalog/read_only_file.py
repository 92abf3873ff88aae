"""A SQLite file that cannot be written here, opened to be read only.

SQLite reads a database in WAL mode together with its ``-wal`` file, which is there while anybody has it open to write;
what is committed there is seen. Where there is none, everything is in the file itself, which is read as one that does
not change (``immutable``); that it did not is checked when a transaction ends. So a connection is for one transaction.
See https://www.sqlite.org/wal.html#read_only_databases
"""

import os
import sqlite3
import time
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event

from recommender.errors import CatalogError

BUSY_SECONDS = 10.0
TRIES, PAUSE = 5, 0.02
"""Seconds between two tries."""


def sqlite_file(url: URL) -> Path | None:
    """Return the file of a SQLite database, None where it is in memory, or of another kind."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def is_read_only(url: URL) -> bool:
    """Say whether ``url`` is that of a SQLite file that is there and cannot be written: it, or its folder."""
    path = sqlite_file(url)
    return path is not None and path.is_file() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def open_still(url: URL) -> Engine:
    """Return an engine that reads the SQLite file at ``url``. Whoever writes gets SQLAlchemy's OperationalError."""
    path = Path(str(url.database)).absolute()
    engine = create_engine(url, creator=lambda: _Still.opened(path), poolclass=NullPool)
    event.listen(engine, "commit", _unchanged)
    return engine


class _Still(sqlite3.Connection):
    """A connection that only reads; ``stamp`` is that of the file if it is taken for one that does not change."""

    path: Path
    stamp: tuple[int, int, int] | None

    @classmethod
    def opened(cls, path: Path) -> "_Still":
        """Open the file; tried again, for a writer may make or remove its ``-wal`` file in this very moment."""
        for left in reversed(range(TRIES)):
            connection = cls._opened(path)
            try:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except sqlite3.OperationalError:
                connection.close()
                if not left:
                    raise
                time.sleep(PAUSE)
            else:
                return connection
        raise AssertionError("unreachable")

    @classmethod
    def _opened(cls, path: Path) -> "_Still":
        stamp = None if path.with_name(f"{path.name}-wal").exists() else _stamp(path)
        mode = "mode=ro" if stamp is None else "immutable=1"
        uri = f"{path.as_uri()}?{mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, factory=cls, check_same_thread=False)
        connection.path, connection.stamp = path, stamp
        return connection


def _unchanged(connection: Connection) -> None:
    still = connection.connection.driver_connection
    if isinstance(still, _Still) and still.stamp is not None and still.stamp != _stamp(still.path):
        raise CatalogError(f"the catalog {still.path} was changed while it was read; it is read again")


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino
