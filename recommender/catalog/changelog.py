"""The transactions of a catalog. A write is one change: it has a number, and says which articles it touched."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, Integer, String, cast, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from recommender.catalog.rows import batched
from recommender.catalog.tables import changed, meta
from recommender.errors import CatalogError


@dataclass(frozen=True, slots=True)
class Change:
    """One change under way: its connection, its number, and the ids of the articles it ``touched`` so far."""

    connection: Connection
    seq: int
    touched: set[str] = field(default_factory=set)


class Changelog:
    """Begins every transaction of the database behind ``engine``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._read_by: Connection | None = None

    @contextmanager
    def change(self, live: bool) -> Iterator[Change]:
        """A transaction that is one change of the catalog; ``live``: what it touches is served before the next build.

        Its first statement takes the database's write lock, so what it reads is what it changes.
        """
        with self.transaction() as connection:
            change = Change(connection, _next_seq(connection))
            yield change
            _log(change, live)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let all reads within see the catalog as it is now, whatever is written meanwhile; for one thread."""
        if self._engine.url.get_backend_name() == "sqlite" and self._engine.url.database in (None, "", ":memory:"):
            yield  # one connection, in one process: nobody writes meanwhile
            return
        with self.transaction() as connection:
            self._read_by = connection
            try:
                yield
            finally:
                self._read_by = None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction, or that of ``reading``. Raises CatalogError where the database fails."""
        if self._read_by is not None:
            yield self._read_by
            return
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise CatalogError(f"the catalog {self._engine.url} failed ({reason})") from error


def newest(connection: Connection) -> int:
    """Return the number of the newest change."""
    return int(connection.scalar(select(meta.c.value).where(meta.c.key == "seq")) or 0)


def touched_since(connection: Connection, seq: int, *, live: bool = False) -> set[str]:
    """Return the ids of the articles touched by the changes numbered above ``seq``; ``live``: by those to be served."""
    query = select(changed.c.article_id).where(changed.c.seq > seq)
    return set(connection.scalars(query.where(changed.c.live) if live else query))


def _next_seq(connection: Connection) -> int:
    step = cast(cast(meta.c.value, Integer) + 1, String)
    connection.execute(update(meta).where(meta.c.key == "seq").values(value=step))
    return newest(connection)


def _log(change: Change, live: bool) -> None:
    """Keep of each article its newest change only; one that was to be served still is."""
    for some in batched(sorted(change.touched)):
        before = changed.c.article_id.in_(some)
        earlier = set(change.connection.scalars(select(changed.c.article_id).where(before, changed.c.live)))
        change.connection.execute(delete(changed).where(before))
        rows = [{"article_id": name, "seq": change.seq, "live": live or name in earlier} for name in some]
        change.connection.execute(insert(changed), rows)
