"""What only PostgreSQL needs as a source: its driver, one statement at a time, values that Python has no type for."""

import importlib.util
from typing import TYPE_CHECKING, Any

from recommender.errors import SourceError, shown

if TYPE_CHECKING:
    from psycopg import Connection
    from sqlalchemy import URL

NAMES = ("postgresql", "postgres")
"""What URLs call it; the second is not SQLAlchemy's, and what hosting companies write."""
DEFAULTS = {"connect_timeout": "15", "application_name": "related-index"}
"""Parameters of a connection where the URL does not say them; the first in seconds."""


class Unreadable:
    """Stands for a value that Python cannot hold, such as the date ``infinity``."""


def with_driver(url: "URL", place: str) -> "URL":
    """Return ``url`` with the one driver that is used here. Raises SourceError if it is not installed, or not meant."""
    named = url.drivername.partition("+")[2]
    if named not in ("", "psycopg"):
        raise SourceError(f"the driver is {shown(named)}, expected postgresql+psycopg://", place)
    if importlib.util.find_spec("psycopg") is None:
        raise SourceError("reading PostgreSQL needs psycopg: pip install 'related-articles[postgres]'", place)
    missing = {name: value for name, value in DEFAULTS.items() if name not in url.query}
    return url.set(drivername="postgresql+psycopg").update_query_dict(missing)


def check_statement(connection: "Connection", query: str, place: str) -> None:
    """Let the server parse ``query`` without running it. Raises SourceError unless it is one statement that it knows.

    Several in one text could end the transaction that may only read, and begin another.
    """
    found = connection.pgconn.prepare(b"", query.encode())
    if message := found.error_message.decode("utf-8", "replace").strip():
        raise SourceError(f"the database refuses the query ({' '.join(message.split())[:500]})", place)


def read_all_values(connection: "Connection") -> None:
    """Let a value that Python has no room for be Unreadable, where the driver would give up all rows after it."""
    from psycopg.types import datetime, json

    loaders = {
        "timestamptz": datetime.TimestamptzLoader,
        "timestamp": datetime.TimestampLoader,
        "date": datetime.DateLoader,
        "time": datetime.TimeLoader,
        "timetz": datetime.TimetzLoader,
        "interval": datetime.IntervalLoader,
        "json": json.JsonLoader,
        "jsonb": json.JsonbLoader,
    }
    for name, loader in loaders.items():
        connection.adapters.register_loader(name, _forgiving(loader))


def _forgiving(loader: type[Any]) -> type[Any]:
    from psycopg import DataError

    class Forgiving(loader):  # type: ignore[misc]
        def load(self, data: bytes) -> object:
            try:
                return super().load(data)
            except (DataError, ValueError, OverflowError, RecursionError):
                return Unreadable()

    return Forgiving
