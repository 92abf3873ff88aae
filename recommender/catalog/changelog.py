"""The transactions of a catalog. A write is one change: it has a number, and says which articles it touched."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, Integer, String, cast, delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from recommender.catalog.rows import batched
from recommender.catalog.tables import changed, meta
from recommender.errors import CatalogError


@dataclass(frozen=True, slots=True)
class Change:
    """One change under way: its connection, its number, and the ids of the articles it ``touched`` so far.

    Those that somebody ``removed`` are among them: the texts they had may be served no more, even if they come back.
    ``live``: what it touches is served before the next build.
    """

    connection: Connection
    seq: int
    live: bool
    touched: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)


class Changelog:
    """Begins every transaction of the database behind ``engine``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        sqlite = engine.dialect.name == "sqlite"  # there every transaction sees one state
        self._steady = engine if sqlite else engine.execution_options(isolation_level="REPEATABLE READ")
        self._read_by: Connection | None = None

    @contextmanager
    def change(self, live: bool) -> Iterator[Change]:
        """A transaction that is one change of the catalog; ``live``: what it touches is served before the next build.

        Its first statement takes the database's write lock, so what it reads is what it changes.
        """
        with self._begun(self._engine) as connection:
            change = Change(connection, _next_seq(connection), live)
            yield change
            _log(change)

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
        """A transaction that reads one state of the database, or that of ``reading``. Raises CatalogError."""
        if self._read_by is not None:
            yield self._read_by
            return
        with self._begun(self._steady) as connection:
            yield connection

    @contextmanager
    def _begun(self, engine: Engine) -> Iterator[Connection]:
        """A transaction. Raises CatalogError where the database fails, but for a reader left after it was closed."""
        left = False
        try:
            with engine.begin() as connection:
                try:
                    yield connection
                except GeneratorExit:  # a reader that nobody reads on, ended by Python
                    left = True
                    raise
        except SQLAlchemyError as error:
            if left:
                return
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise CatalogError(f"the catalog {self._engine.url} failed ({reason})") from error


def newest(connection: Connection) -> int:
    """Return the number of the newest change."""
    return int(connection.scalar(select(meta.c.value).where(meta.c.key == "seq")) or 0)


def newest_live(connection: Connection) -> int:
    """Return the number of the newest change of an article that is to be served before the next build."""
    return int(connection.scalar(select(func.max(changed.c.live_seq))) or 0)


def touched_since(connection: Connection, seq: int, *, live: bool = False) -> set[str]:
    """Return the ids of the articles touched by the changes numbered above ``seq``; ``live``: by those to be served."""
    number = changed.c.live_seq if live else changed.c.seq
    return set(connection.scalars(select(changed.c.article_id).where(number > seq)))


def removed_since(connection: Connection, seq: int) -> dict[str, int]:
    """Return the ids of the articles that were removed since, though they may be back, and by which change."""
    query = select(changed.c.article_id, changed.c.gone_seq).where(changed.c.gone_seq > seq)
    return {name: number for name, number in connection.execute(query)}


def _next_seq(connection: Connection) -> int:
    step = cast(cast(meta.c.value, Integer) + 1, String)
    connection.execute(update(meta).where(meta.c.key == "seq").values(value=step))
    return newest(connection)


def waits(connection: Connection, article_id: str) -> bool:
    """Say whether the newest change of an article is one that is not served before the next build."""
    query = select(changed.c.seq > changed.c.live_seq).where(changed.c.article_id == article_id)
    return bool(connection.scalar(query))


def _log(change: Change) -> None:
    """Keep of each article the numbers of its newest changes only."""
    for some in batched(sorted(change.touched)):
        before = changed.c.article_id.in_(some)
        earlier = {row.article_id: row for row in change.connection.execute(select(changed).where(before))}
        change.connection.execute(delete(changed).where(before))
        rows = [
            {
                "article_id": name,
                "seq": change.seq,
                "live_seq": change.seq if change.live else earlier[name].live_seq if name in earlier else 0,
                "gone_seq": change.seq if name in change.removed else earlier[name].gone_seq if name in earlier else 0,
            }
            for name in some
        ]
        change.connection.execute(insert(changed), rows)
