"""Ingesting: the records of some sources into the catalog, a batch a transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from recommender.articles import Record
from recommender.catalog import Catalog
from recommender.errors import InputError
from recommender.sources import Rejected, read

BATCH = 500
"""Records in one transaction: what an interruption can cost at most (they are read again)."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What came of it: records stored, and the error of each record or file that was not."""

    stored: int
    rejected: tuple[InputError, ...]

    @property
    def share_rejected(self) -> float:
        """Rejected records among all, 0..1."""
        return len(self.rejected) / max(1, self.stored + len(self.rejected))


def ingest(
    catalog: Catalog,
    paths: Sequence[Path],
    *,
    curated_key: str = "related",
    change: Callable[[Record], Record | None] = lambda record: record,
    on_stored: Callable[[int], None] = lambda _: None,
    on_rejected: Callable[[InputError], None] = lambda _: None,
    on_ignored: Callable[[Path], None] = lambda _: None,
) -> Ingested:
    """Store every usable record of ``paths`` in ``catalog``; report the others, stop for none.

    Each record passes through ``change`` first, which leaves it out by returning None; ``on_stored`` is called with
    the number of records that each committed batch held.
    """
    batch: list[Record] = []
    rejected: list[InputError] = []
    stored = 0

    def commit() -> None:
        nonlocal stored
        if batch:
            catalog.put(batch)
            stored += len(batch)
            on_stored(len(batch))
            batch.clear()

    for item in read(paths, curated_key=curated_key, on_ignored=on_ignored):
        if isinstance(item, Rejected):
            rejected.append(item.error)
            on_rejected(item.error)
        elif changed := change(item):
            batch.append(changed)
            if len(batch) == BATCH:
                commit()
    commit()
    return Ingested(stored, tuple(rejected))
