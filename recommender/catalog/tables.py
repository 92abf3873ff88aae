"""The catalog's tables and how its database is opened: SQLite in WAL mode, or any SQLAlchemy URL."""

import re
from typing import Any

from sqlalchemy import (
    JSON,
    URL,
    Boolean,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    delete,
    event,
    insert,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from recommender.errors import CatalogError

SCHEMA = 4
UPGRADED = (None, "1", "2", "3")
"""Schemas that are brought to this one on opening: 1 had no log of changes, 2 no overrides, 3 another log."""

_PASSWORD = re.compile(r"(//[^:@/]*:).*@")

metadata = MetaData()

articles = Table(
    "articles",
    metadata,
    Column("id", String, primary_key=True),
    Column("url", String),
    Column("canonical_url", String, index=True),
    Column("title", Text, nullable=False),
    Column("teasers", JSON, nullable=False),
    Column("body", Text, nullable=False),
    Column("published_at", String),
    Column("section", String, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("language", String, nullable=False),
    Column("image", String),
    Column("extra", JSON, nullable=False),
    Column("is_stub", Boolean, nullable=False, index=True),
)

# A target stays as the editor gave it (id, URL or stub id) and is resolved on reading, so that a list
# follows when the article behind a stub arrives.
curated = Table(
    "curated",
    metadata,
    Column("article_id", String, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("target", String, nullable=False),
)

# The stubs that an article replaced (its former ids, or its own), with the teasers they were known by.
aliases = Table(
    "aliases",
    metadata,
    Column("alias", String, primary_key=True),
    Column("article_id", String, ForeignKey("articles.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("teasers", JSON, nullable=False),
)

# What editors decided about the list of an article, as recommender.editors.documents writes it. Pinned and blocked
# articles stay as they were given, like the targets of a list.
overrides = Table(
    "overrides",
    metadata,
    Column("article_id", String, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("document", JSON, nullable=False),
)

vectors = Table(
    "vectors",
    metadata,
    Column("model", String, primary_key=True),
    Column("text_sha256", String(64), primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)

# Which articles changed; gone ones too. ``seq`` numbers the newest change of each, ``live_seq`` the newest that is to
# be served before the next build, ``gone_seq`` the newest that removed it; 0: none.
changed = Table(
    "changed",
    metadata,
    Column("article_id", String, primary_key=True),
    Column("seq", Integer, nullable=False, index=True),
    Column("live_seq", Integer, nullable=False, index=True),
    Column("gone_seq", Integer, nullable=False),
)

# Key → value: "schema", "seq" (the number of the newest change), "rules" (the site's, as they were written).
meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))


def open_engine(url: str | URL) -> Engine:
    """Open the database at ``url``, create what is missing, and check its schema number.

    Raises CatalogError if it cannot be opened or belongs to another schema.
    """
    try:
        # Uncommon column types never come up: JSON is stored as text in SQLite and as json in PostgreSQL.
        engine = create_engine(make_url(url))
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _sqlite_pragmas)
            event.listen(engine, "begin", _sqlite_begin)
        found = _schema(engine)
        if found in UPGRADED:
            _upgrade(engine)
            found = None
    except (SQLAlchemyError, ImportError) as error:  # the latter: no driver for this kind of database
        raise CatalogError(f"the catalog {_shown(url)} cannot be opened ({_reason(error)})") from error
    if found is not None and found != str(SCHEMA):
        engine.dispose()
        raise CatalogError(f"the catalog {_shown(url)} has schema {found}, this version reads {SCHEMA}")
    return engine


def _upgrade(engine: Engine) -> None:
    """Make what is missing, and leave what is there; processes that start together come one after the other."""
    with engine.execution_options(writes=True).begin() as connection:
        logged = _old_log(connection)
        metadata.create_all(connection)
        if logged:
            connection.execute(insert(changed), logged)
        connection.execute(delete(meta).where(meta.c.key == "schema"))
        facts = {"schema": str(SCHEMA)}
        if connection.scalar(select(meta.c.value).where(meta.c.key == "seq")) is None:
            facts["seq"] = "0"
        connection.execute(insert(meta), [{"key": key, "value": value} for key, value in facts.items()])


def _old_log(connection: Connection) -> list[dict[str, Any]]:
    """Take away the log of schema 3, which only said whether an article was ``live``; return its rows as now."""
    inspector = inspect(connection)
    if not inspector.has_table(changed.name) or "live_seq" in {c["name"] for c in inspector.get_columns(changed.name)}:
        return []
    old = Table(changed.name, MetaData(), autoload_with=connection)
    rows = connection.execute(select(old.c.article_id, old.c.seq, old.c.live)).all()
    old.drop(connection)
    return [{"article_id": name, "seq": seq, "live_seq": seq if live else 0, "gone_seq": 0} for name, seq, live in rows]


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
    return _PASSWORD.sub(r"\1***@", str(url))


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
