"""Which articles each watched source held when it was read last, so that the next reading knows what is new or gone.

The table is made where it is first needed and is no part of the catalog's schema: releases that know nothing of it read
the catalog as before.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import Column, Engine, MetaData, String, Table, delete, func, insert, inspect, select

from recommender.articles import Record
from recommender.batches import batched
from recommender.catalog.rows import NAMED
from recommender.text import sha256

held = Table(
    "source_articles",
    MetaData(),
    Column("source", String, primary_key=True),
    Column("article_id", String, primary_key=True),
    Column("digest", String(64), nullable=False),
)


class SourceLog:
    """The log of the sources whose articles are in the catalog behind ``engine``. Raises SQLAlchemyError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        held.create(engine, checkfirst=True)

    def digests(self, source: str) -> dict[str, str]:
        """Return id → digest of every article that ``source`` held."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(held.c.article_id, held.c.digest).where(held.c.source == source))
            return {row.article_id: row.digest for row in rows}

    def elsewhere(self, source: str, ids: Collection[str]) -> set[str]:
        """Return those of ``ids`` that another source held, too."""
        found: set[str] = set()
        with self._engine.connect() as connection:
            for some in batched(ids, NAMED):
                others = (held.c.source != source) & held.c.article_id.in_(some)
                found.update(connection.scalars(select(held.c.article_id).where(others)))
        return found

    def note(self, source: str, digests: Mapping[str, str], gone: Collection[str] = ()) -> None:
        """Remember that ``source`` holds articles with these ``digests``, and those ``gone`` no more."""
        with self._engine.execution_options(writes=True).begin() as connection:
            for some in batched({*digests, *gone}, NAMED):
                connection.execute(delete(held).where((held.c.source == source) & held.c.article_id.in_(some)))
            for rows in batched(digests.items(), NAMED):
                values = [{"source": source, "article_id": name, "digest": digest} for name, digest in rows]
                connection.execute(insert(held), values)


def count_held(engine: Engine) -> dict[str, int]:
    """Return how many articles each source held when it was read last, by its name. Raises SQLAlchemyError."""
    if not inspect(engine).has_table(held.name):
        return {}
    with engine.connect() as connection:
        rows = connection.execute(select(held.c.source, func.count()).group_by(held.c.source).order_by(held.c.source))
        return {source: count for source, count in rows}


def digest_of(record: Record) -> str:
    """Return a digest of all that is stored of ``record``."""
    return sha256(repr((record.article, record.related, record.stubs)))
