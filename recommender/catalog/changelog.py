"""The transactions of a catalog. A write is one change: it has a number, and says which articles it touched."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, Integer, String, cast, delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from recommender.batches import batched
from recommender.catalog.database import reason_of
from recommender.catalog.file_guard import FileGuard
from recommender.catalog.identity import REMEDY, Origin, State, note_change, require_origin, state_of
from recommender.catalog.read_only_file import sqlite_file
from recommender.catalog.rows import NAMED
from recommender.catalog.tables import changed, meta
from recommender.errors import CatalogError, CatalogLostError


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

    def __init__(self, engine: Engine, *, was_open: bool = False, read_only: bool = False) -> None:
        self._engine = engine
        sqlite = engine.dialect.name == "sqlite"  # there every transaction sees one state
        self._steady = engine if sqlite else engine.execution_options(isolation_level="REPEATABLE READ")
        self._read_by: Connection | None = None
        file = sqlite_file(engine.url)
        self._guard = FileGuard(file) if file and not read_only else None
        self._known: State | None = None
        self._trusted: Origin | None = None
        self._damaged = False
        self._was_open = was_open

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
        if self._guard:
            self._guard.close()

    def trust(self, origin: Origin) -> None:
        """Take the catalog for the right one if it is that of ``origin``, and no older. Raises CatalogLostError."""
        if origin != self._trusted:
            self._known = None  # a build was made from it since: whatever it holds is in service
            if self._guard:
                self._engine.dispose()
                self._guard.forget()
        with self.transaction() as connection:
            require_origin(connection, origin)
        self._trusted = origin

    @contextmanager
    def change(self, live: bool) -> Iterator[Change]:
        """A transaction that is one change of the catalog; ``live``: what it touches is served before the next build.

        It begins with the database's write lock, so what it reads is what it changes.
        """
        with self._begun(self._engine.execution_options(writes=True)) as connection:
            change = Change(connection, _next_seq(connection), live)
            yield change
            _log(change)
        self._require_file()  # else it was written to a file that is not there any more
        self._known = State(self._known.id, max(change.seq, self._known.seq)) if self._known else None

    @contextmanager
    def note(self) -> Iterator[Connection]:
        """A transaction that writes something down without changing any article."""
        with self._begun(self._engine.execution_options(writes=True)) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let all reads within see the catalog as it is now, whatever is written meanwhile; for one thread."""
        if self._engine.dialect.name == "sqlite" and sqlite_file(self._engine.url) is None:
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
        """A transaction. Raises CatalogError where the database fails, CatalogLostError where it is another.

        But for a reader that is left after the catalog was closed.
        """
        self._require_file()
        known, left = self._known, False  # before it begins: what is committed meanwhile is not seen in it
        try:
            with engine.begin() as connection:
                self._require_known(state_of(connection), known)
                try:
                    yield connection
                except GeneratorExit:  # a reader that nobody reads on, ended by Python
                    left = True
                    raise
        except SQLAlchemyError as error:
            if left:
                return
            if isinstance(getattr(error, "orig", None), sqlite3.DatabaseError) and "malformed" in str(error):
                self._damaged = True
            raise CatalogError(f"the catalog {self._engine.url} failed ({reason_of(error)})") from error

    def _require_known(self, state: State, known: State | None) -> None:
        if known and (state.id != known.id or state.seq < known.seq):
            which = "an older" if state.id == known.id else "another"
            raise CatalogLostError(f"the catalog {self._engine.url} was replaced by {which} one; {REMEDY}")
        if self._known is None or self._known.seq < state.seq:
            self._known = state

    def require_sound(self) -> None:
        """Check an SQLite catalog whose last writer did not close it, so that a log lay beside it; others pass.

        Raises CatalogLostError if what the two make together is no sound database: they do not belong together.
        """
        if not self._was_open:
            return
        with self.transaction() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        self._damaged = found != "ok"
        self._require_file()

    def _require_file(self) -> None:
        """Look whether the file is still there, and the same; another is read from now on, if it is no older."""
        if self._damaged:
            raise CatalogLostError(f"the catalog {self._engine.url} is damaged; {REMEDY}")
        if self._guard and not self._guard.same():
            self._engine.dispose()  # its connections are to the file that was there
            self._guard.adopt(self._known.seq if self._known else 0)


def newest(connection: Connection) -> int:
    """Return the number of the newest change."""
    return int(connection.scalar(select(meta.c.value).where(meta.c.key == "seq")) or 0)


def newest_live(connection: Connection) -> int:
    """Return the number of the newest change of an article that is to be served before the next build."""
    return int(connection.scalar(select(func.max(changed.c.live_seq))) or 0)


def touched_since(connection: Connection, seq: int) -> set[str]:
    """Return the ids of the articles touched by the changes numbered above ``seq``."""
    return set(connection.scalars(select(changed.c.article_id).where(changed.c.seq > seq)))


def live_since(connection: Connection, seq: int) -> dict[str, int]:
    """Return the articles touched by changes above ``seq`` that are to be served: by id, their newest of any kind."""
    query = select(changed.c.article_id, changed.c.seq).where(changed.c.live_seq > seq)
    return {name: number for name, number in connection.execute(query)}


def removed_since(connection: Connection, seq: int) -> dict[str, int]:
    """Return the ids of the articles that were removed since, though they may be back, and by which change."""
    query = select(changed.c.article_id, changed.c.gone_seq).where(changed.c.gone_seq > seq)
    return {name: number for name, number in connection.execute(query)}


def _next_seq(connection: Connection) -> int:
    step = cast(cast(meta.c.value, Integer) + 1, String)
    connection.execute(update(meta).where(meta.c.key == "seq").values(value=step))
    seq = newest(connection)
    note_change(connection, seq)
    return seq


def waits(connection: Connection, article_id: str) -> bool:
    """Say whether the newest change of an article is one that is not served before the next build."""
    query = select(changed.c.seq > changed.c.live_seq).where(changed.c.article_id == article_id)
    return bool(connection.scalar(query))


def _log(change: Change) -> None:
    """Keep of each article the numbers of its newest changes only."""
    for some in batched(sorted(change.touched), NAMED):
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
