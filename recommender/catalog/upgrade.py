"""Bringing a catalog of an earlier schema to the present one, in place and in one transaction.

Schema 1 had no log of changes, 2 no overrides, 3 another log. In 4 every record without a body was a stub: where its
teaser was like another article's it became an alias of that one, and its title and address were lost. Texts were stored
as they came, with their markup. 5 had no id. Up to 6 the former addresses of articles were kept aside, and led nowhere.
"""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Row, Table, delete, insert, inspect, select, text, update

from recommender.articles import Article, published_of, url_key_or_none
from recommender.batches import batched
from recommender.catalog.former_names import rows_of
from recommender.catalog.identity import ensure_id
from recommender.catalog.rows import FETCH, article_of, values_of
from recommender.catalog.tables import SCHEMA, aliases, articles, changed, former_names, meta, metadata
from recommender.errors import CatalogError
from recommender.text import plain, plain_line

OLDEST_YEAR = 1900
"""An earlier date is a CMS's way to say that there is none."""
_STUB = re.compile(r"stub-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What an upgrade did: ids ``restored`` as articles of a teaser alone, ids ``lost``, how many were ``cleaned``.

    The first two had been taken for teasers of others by an earlier release; a new ingest brings them back whole.
    ``copy`` is the file with the catalog as it was, empty where the database is no SQLite file.
    """

    restored: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    cleaned: int = 0
    copy: str = ""

    def __str__(self) -> str:
        said = [f"the catalog was brought to schema {SCHEMA}, which earlier releases cannot read"]
        if self.copy:
            said.append(f"as it was it is kept in {self.copy}")
        if self.restored:
            said.append(
                f"{len(self.restored):,} articles that had been taken for teasers of others are articles again, with"
                f" what the catalog still holds of them, their teasers ({_named(self.restored)})"
            )
        if self.lost:
            said.append(f"of {len(self.lost):,} more it holds only the ids ({_named(self.lost)})")
        if self.restored or self.lost:
            said.append("ingest them again for their titles and addresses")
        if self.cleaned:
            said.append(f"{self.cleaned:,} articles were freed of markup, or of dates that are none")
        return "; ".join(said)


def upgrade(engine: Engine) -> Upgrade:
    """Make what is missing, keep what is there; processes that start together come one after the other.

    A catalog of an earlier schema is copied first (see ``_copy``). Raises CatalogError if it cannot be.
    """
    with engine.execution_options(writes=True).begin() as connection:
        former = _schema(connection)
        if former == str(SCHEMA):
            return Upgrade()  # another process was first
        copy = _copy(engine, former) if former is not None else ""
        logged = _old_log(connection)
        old = _add_columns(connection)
        metadata.create_all(connection)
        if logged:
            connection.execute(insert(changed), logged)
        found = _articles_again(connection) if old else Upgrade()
        _declare_former_names(connection)
        connection.execute(delete(meta).where(meta.c.key == "schema"))
        facts = {"schema": str(SCHEMA)}
        if connection.scalar(select(meta.c.value).where(meta.c.key == "seq")) is None:
            facts["seq"] = "0"
        connection.execute(insert(meta), [{"key": key, "value": value} for key, value in facts.items()])
        ensure_id(connection)
        return replace(found, copy=copy)


def _copy(engine: Engine, schema: str) -> str:
    """Keep the SQLite file as it is, beside it as ``catalog.schemaN.sqlite``, and return where; none is replaced.

    Whoever upgrades holds the write lock, and has written nothing yet.
    """
    database = engine.url.database
    if engine.dialect.name != "sqlite" or not database or not Path(database).is_file():
        return ""
    place = Path(database)
    number = next(n for n in count(1) if not _copied(place, schema, n).exists())
    target = _copied(place, schema, number)
    new = target.with_name(f"{target.name}.new")
    try:
        new.unlink(missing_ok=True)
        with closing(sqlite3.connect(place)) as source, closing(sqlite3.connect(new)) as sink:
            source.backup(sink)
            sink.execute("PRAGMA journal_mode=DELETE")  # one file, whole in itself
        with new.open("rb+") as file:
            os.fsync(file.fileno())
        new.replace(target)
    except (OSError, sqlite3.Error) as error:
        new.unlink(missing_ok=True)
        raise CatalogError(
            f"the catalog {place} has schema {schema}, and cannot be copied to {target} before it is brought to"
            f" {SCHEMA} ({error}): nothing was changed; make room, or move it"
        ) from error
    return str(target)


def _copied(place: Path, schema: str, number: int) -> Path:
    return place.with_name(f"{place.stem}.schema{schema}{f'-{number}' if number > 1 else ''}{place.suffix}")


def _schema(connection: Connection) -> str | None:
    if not inspect(connection).has_table(meta.name):
        return None
    return connection.scalar(select(meta.c.value).where(meta.c.key == "schema"))


def _add_columns(connection: Connection) -> bool:
    """Give the table of articles its present columns; say whether it was there, in an earlier form."""
    inspector = inspect(connection)
    if not inspector.has_table(articles.name):
        return False
    if "url_key" in {column["name"] for column in inspector.get_columns(articles.name)}:
        return False
    connection.execute(text("ALTER TABLE articles RENAME COLUMN canonical_url TO url_key"))
    connection.execute(text("ALTER TABLE articles ADD COLUMN published BOOLEAN NOT NULL DEFAULT TRUE"))
    return True


def _articles_again(connection: Connection) -> Upgrade:
    """Restore what had become an alias, and read every article's fields as they would be read today."""
    restored, lost = [], []
    for name, teasers in _swallowed(connection):
        connection.execute(delete(aliases).where(aliases.c.alias == name))
        if any(teasers):
            address = name if url_key_or_none(name) else None
            article = Article(id=name, url=address, teasers=tuple(filter(None, teasers)))
            connection.execute(insert(articles).values(values_of(article)))
            restored.append(name)
        else:
            lost.append(name)
    cleaned = 0
    ids = connection.scalars(select(articles.c.id).order_by(articles.c.id)).all()
    for at in range(0, len(ids), FETCH // 4):
        some = ids[at : at + FETCH // 4]
        for row in connection.execute(select(articles).where(articles.c.id.in_(some))).all():
            before, now = article_of(row), _read_again(row)
            cleaned += replace(before, is_stub=now.is_stub, published=now.published) != now
            if values_of(now) != row._asdict():
                connection.execute(update(articles).where(articles.c.id == row.id).values(values_of(now)))
    return Upgrade(tuple(restored), tuple(lost), cleaned)


def _declare_former_names(connection: Connection) -> None:
    """Let lead to their articles what these were known by."""
    connection.execute(delete(former_names))
    ids = connection.scalars(select(articles.c.id)).all()
    for some in batched(ids, FETCH // 4):
        rows = connection.execute(select(articles).where(articles.c.id.in_(some))).all()
        if declared := [each for row in rows for each in rows_of(article_of(row))]:
            connection.execute(insert(former_names), declared)


def _swallowed(connection: Connection) -> Iterator[tuple[str, list[str]]]:
    """Yield (id, teasers) of what had an id of its own and became the alias of another article."""
    there = set(connection.scalars(select(articles.c.id)))
    taken = select(aliases).where(aliases.c.alias != aliases.c.article_id).order_by(aliases.c.alias)
    rows = connection.execute(taken).all()
    return ((row.alias, row.teasers) for row in rows if not _STUB.fullmatch(row.alias) and row.alias not in there)


def _read_again(row: Row[Any]) -> Article:
    article = article_of(row)
    moment = article.published_at if article.published_at and article.published_at.year >= OLDEST_YEAR else None
    published, _ = published_of(article.extra, moment is not None)
    title, teasers = plain_line(article.title), tuple(dict.fromkeys(filter(None, map(plain, article.teasers))))
    body = plain(article.body)
    if not (title or teasers or body):  # nothing but markup: what there was is better than nothing
        title, teasers, body = article.title, article.teasers, article.body
    return replace(
        article,
        title=title,
        teasers=teasers,
        body=body,
        published_at=moment,
        section=plain_line(article.section),
        tags=tuple(dict.fromkeys(filter(None, map(plain_line, article.tags)))),
        published=published,
        is_stub=bool(_STUB.fullmatch(article.id)) and not (article.url or article.title or article.body),
    )


def _old_log(connection: Connection) -> list[dict[str, Any]]:
    """Take away the log of schema 3, which only said whether an article was ``live``; return its rows as now."""
    inspector = inspect(connection)
    if not inspector.has_table(changed.name) or "live_seq" in {c["name"] for c in inspector.get_columns(changed.name)}:
        return []
    old = Table(changed.name, MetaData(), autoload_with=connection)
    rows = connection.execute(select(old.c.article_id, old.c.seq, old.c.live)).all()
    old.drop(connection)
    return [{"article_id": name, "seq": seq, "live_seq": seq if live else 0, "gone_seq": 0} for name, seq, live in rows]


def _named(ids: tuple[str, ...]) -> str:
    shown = ", ".join(ids[:5])
    return f"{shown}, …" if len(ids) > 5 else shown
