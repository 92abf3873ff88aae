"""Ingesting: the records of some sources into the catalog, a batch a transaction."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from recommender.articles import Record
from recommender.catalog import Catalog
from recommender.errors import InputError
from recommender.sources import LeftOut, Note, ReadOptions, Rejected, Source, read
from recommender.sources.summary import Summary, counted

BATCH = 500
"""Records in one transaction: what an interruption can cost at most (they are read again)."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What came of it: records stored, the error of each record or file that was not, and all of it counted by kind.

    A warning says what of a record that was stored could not be read, or was read in another way than it was written.
    """

    stored: int
    rejected: tuple[InputError, ...]
    summary: Summary = field(default_factory=Summary)

    @property
    def warnings(self) -> int:
        """How many warnings there were."""
        return counted(self.summary.warnings)

    @property
    def share_rejected(self) -> float:
        """Rejected records among all, 0..1."""
        return len(self.rejected) / max(1, self.stored + len(self.rejected))


def ingest(
    catalog: Catalog,
    sources: Sequence[Source],
    *,
    options: ReadOptions = ReadOptions(),
    change: Callable[[Record], Record | None] = lambda record: record,
    on_stored: Callable[[int], None] = lambda _: None,
    on_rejected: Callable[[InputError], None] = lambda _: None,
    on_warning: Callable[[str], None] = lambda _: None,
    on_told: Callable[[LeftOut | Note], None] = lambda _: None,
    progress: Callable[[str], None] = lambda _: None,
) -> Ingested:
    """Store every usable record of ``sources`` in ``catalog``; report the others, stop for none.

    Each record passes through ``change`` first, which leaves it out by returning None; ``on_stored`` is called with
    the number of records that each committed batch held, ``on_warning`` with a place and what was found there,
    ``on_told`` with what was left out on purpose and what is to be known of a whole source, ``progress`` with how far a
    site is fetched.
    """
    batch: list[Record] = []
    rejected: list[InputError] = []
    summary, stored = Summary(), 0

    def told(item: LeftOut | Note) -> None:
        summary.tell(item)
        on_told(item)

    def commit() -> None:
        nonlocal stored
        if batch:
            catalog.put(batch)
            stored += len(batch)
            on_stored(len(batch))
            batch.clear()

    for item in read(sources, options=options, told=told, progress=progress):
        if isinstance(item, Rejected):
            rejected.append(item.error)
            summary.reject(item.error)
            on_rejected(item.error)
        elif changed := change(item):
            summary.add(changed)
            for warning in changed.warnings:
                on_warning(f"{changed.place}: {warning}")
            batch.append(changed)
            if len(batch) == BATCH:
                commit()
    commit()
    for subject, said, kind in _unclear(catalog):
        summary.warn(f"{subject}: {said}", kind)
        on_warning(f"{subject}: {said}")
    return Ingested(stored, tuple(rejected), summary)


def _unclear(catalog: Catalog) -> Iterator[tuple[str, str, str]]:
    """Yield what several articles lay claim to: of what it is said, the sentence, and what it has of its kind."""
    for stub_id, fitting in catalog.ambiguous_stubs().items():
        named = ", ".join(fitting[:3]) + (", …" if len(fitting) > 3 else "")
        said = f"{len(fitting):,} articles fit this teaser ({named}), so it stays a stub"
        yield stub_id, said, "articles fit this teaser, so it stays a stub"
    for clash in catalog.clashes():
        said = f"its former id or address {clash.name!r} is that of {clash.owner!r}, to which it leads"
        yield clash.article_id, said, said
