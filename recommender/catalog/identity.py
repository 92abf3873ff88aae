"""Which catalog this is, and how far it has come: so that another one, or an older copy, is never taken for it.

A catalog has an id for life. A build leaves a random stamp at the change it was made from, and the snapshot names both:
a copy that was taken before that change does not have the stamp, whatever was written to it since.
"""

from secrets import token_hex
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from recommender.catalog.file_guard import application_id, user_version
from recommender.catalog.tables import meta
from recommender.errors import CatalogLostError

ID = "catalog_id"
STAMP = "stamp:"
KEPT = 1_000
"""Stamps that are kept, the newest: those of the snapshots that may still be served."""
REMEDY = "put the right one back, or build again from this one, which drops what it does not hold"


class Origin(NamedTuple):
    """What a snapshot was built from: the catalog's ``id``, its newest live change ``seq``, and the stamp there."""

    id: str
    seq: int
    stamp: str


class State(NamedTuple):
    """Which catalog a transaction saw: its id, and the number of its newest change."""

    id: str
    seq: int


def ensure_id(connection: Connection) -> None:
    """Give a catalog that has none its id; in SQLite, the file's header tells it, too."""
    if connection.scalar(select(meta.c.value).where(meta.c.key == ID)) is None:
        identity = token_hex(16)
        connection.execute(insert(meta).values(key=ID, value=identity))
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA application_id = {application_id(identity)}")


def note_change(connection: Connection, seq: int) -> None:
    """Let the header of an SQLite file tell its newest change."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA user_version = {user_version(seq)}")


def state_of(connection: Connection) -> State:
    """Return which catalog ``connection`` is of. Raises CatalogLostError where it is none."""
    rows = connection.execute(select(meta).where(meta.c.key.in_((ID, "seq"))))
    facts: dict[str, str] = {row.key: row.value for row in rows}
    if ID not in facts:
        raise CatalogLostError(f"the database is no catalog any more, it has no id; {REMEDY}")
    return State(facts[ID], int(facts.get("seq", 0)))


def stamped(connection: Connection, seq: int) -> Origin:
    """Return the origin of a snapshot that holds all live changes up to ``seq``; the same each time."""
    key, identity = f"{STAMP}{seq}", state_of(connection).id
    found = connection.scalar(select(meta.c.value).where(meta.c.key == key))
    if found is None:
        found = token_hex(8)
        stamps = connection.scalars(select(meta.c.key).where(meta.c.key.startswith(STAMP))).all()
        old = sorted(stamps, key=lambda each: int(each.removeprefix(STAMP)))[: -KEPT + 1]
        connection.execute(delete(meta).where(meta.c.key.in_(old)))
        connection.execute(insert(meta).values(key=key, value=found))
    return Origin(identity, seq, found)


def require_origin(connection: Connection, origin: Origin) -> None:
    """Raise CatalogLostError unless the catalog is the one of ``origin``, and no older than it."""
    here = state_of(connection)
    if here.id != origin.id:
        raise CatalogLostError(f"the catalog is another one than the snapshot was built from; {REMEDY}")
    if here.seq < origin.seq:
        raise CatalogLostError(
            f"the catalog is older than the snapshot: it has seen {here.seq:,} changes, the snapshot {origin.seq:,};"
            f" {REMEDY}"
        )
    if connection.scalar(select(meta.c.value).where(meta.c.key == f"{STAMP}{origin.seq}")) != origin.stamp:
        raise CatalogLostError(
            f"the catalog is a copy from before the snapshot was built, changed since: what the snapshot holds up to"
            f" change {origin.seq:,} is not all in it; {REMEDY}"
        )
