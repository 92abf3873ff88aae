"""Ingesting: the records of some sources into the catalog, a batch a transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from recommender.articles import Record
from recommender.catalog import Catalog
from recommender.errors import InputError
from recommender.sources import ReadOptions, Rejected, read

BATCH = 500
"""Records in one transaction: what an interruption can cost at most (they are read again)."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What came of it: records stored, the error of each record or file that was not, and how many warnings there were.

    A warning says what of a record that was stored could not be read, or was read in another way than it was written.
    """

    stored: int
    rejected: tuple[InputError, ...]
    warnings: int = 0

    @property
    def share_rejected(self) -> float:
        """Rejected records among all, 0..1."""
        return len(self.rejected) / max(1, self.stored + len(self.rejected))


def ingest(
    catalog: Catalog,
    paths: Sequence[Path],
    *,
    options: ReadOptions = ReadOptions(),
    change: Callable[[Record], Record | None] = lambda record: record,
    on_stored: Callable[[int], None] = lambda _: None,
    on_rejected: Callable[[InputError], None] = lambda _: None,
    on_warning: Callable[[str], None] = lambda _: None,
    on_ignored: Callable[[Path], None] = lambda _: None,
) -> Ingested:
    """Store every usable record of ``paths`` in ``catalog``; report the others, stop for none.

    Each record passes through ``change`` first, which leaves it out by returning None; ``on_stored`` is called with
    the number of records that each committed batch held, ``on_warning`` with a place and what was found there.
    """
    batch: list[Record] = []
    rejected: list[InputError] = []
    stored = warnings = 0

    def commit() -> None:
        nonlocal stored
        if batch:
            catalog.put(batch)
            stored += len(batch)
            on_stored(len(batch))
            batch.clear()

    for item in read(paths, options=options, on_ignored=on_ignored):
        if isinstance(item, Rejected):
            rejected.append(item.error)
            on_rejected(item.error)
        elif changed := change(item):
            for warning in changed.warnings:
                warnings += 1
                on_warning(f"{changed.place}: {warning}")
            batch.append(changed)
            if len(batch) == BATCH:
                commit()
    commit()
    for stub_id, fitting in catalog.ambiguous_stubs().items():
        warnings += 1
        named = ", ".join(fitting[:3]) + (", …" if len(fitting) > 3 else "")
        on_warning(f"{stub_id}: {len(fitting):,} articles fit this teaser ({named}), so it stays a stub")
    return Ingested(stored, tuple(rejected), warnings)
