"""How the index is: what is in it, how old it is, where it comes from, and what an operator should look at."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy.exc import SQLAlchemyError

from api.pages.rendering import ago, count
from api.schemas import IndexOut
from api.service import is_older
from index.live.live import Live
from index.live.watch import read_status
from index.store.snapshot import Snapshot
from recommender.catalog import Catalog
from recommender.catalog.source_log import count_held
from recommender.errors import without_password
from recommender.settings import Settings

MANY_CHANGES = 0.2
"""Share of the articles that changed since the build from which another build is due."""
MANY_MISSING = 0.05
"""Share of the articles that lack a date, a section or a language from which it is worth a word."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """One watched source: how many articles it holds, when it was read, and what became of that."""

    name: str
    articles: int
    read_at: str
    said: str
    well: bool


@dataclass(frozen=True, slots=True)
class Warned:
    """Something to look at: what is so, and what to do about it."""

    text: str
    advice: str
    serious: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """The state of an index."""

    index: IndexOut
    confirmed_at: datetime
    hidden: int
    sources: Sequence[SourceState]
    warnings: Sequence[Warned]


def health(live: Live, snapshot: Snapshot, config: Settings) -> Health:
    """Return the state of what ``live`` serves."""
    index = IndexOut.from_snapshot(snapshot, problem=live.problem is not None)
    sources = list(_sources(live))
    warnings = [
        *_of_service(live, index),
        *_of_age(live, index, config),
        *(_of_source(each) for each in sources if not each.well),
        *_of_content(snapshot, index),
        *_of_stubs(live.catalog),
    ]
    return Health(index, live.confirmed_at, snapshot.ahead, sources, warnings)


def _sources(live: Live) -> Iterator[SourceState]:
    held = _held(live.catalog)
    status = read_status(live.store)
    for name in sorted({*held, *status}):
        last: Mapping[str, object] = status.get(name, {})
        error = str(last.get("error") or "")
        said = f"failed: {error}" if error else f"{last['stored']} new or changed" if "stored" in last else ""
        number = held.get(name, last.get("articles"))
        yield SourceState(
            name, number if isinstance(number, int) else 0, str(last.get("read_at") or ""), said, not error
        )


def _held(catalog: Catalog | None) -> dict[str, int]:
    try:
        counts = count_held(catalog.engine) if catalog else {}
    except SQLAlchemyError:
        return {}
    return {without_password(source): number for source, number in counts.items()}


def _of_source(source: SourceState) -> Warned:
    return Warned(f"The source {source.name} {source.said}.", "Look at the log of related-index watch.", True)


def _of_service(live: Live, index: IndexOut) -> Iterator[Warned]:
    if live.lost:
        text = "The catalog is not the one that this index was built from."
        yield Warned(text, "Bring the right one back, or build again; until then nothing can be changed.", True)
    if live.problem is not None:
        text = "A newer snapshot was published but cannot be opened."
        yield Warned(text, "Run related-index check, and build again.", True)
    if live.behind and not live.lost:
        yield Warned("Changes are stored that cannot be read just now.", "Look at the server's log.", True)
    if live.catalog is None:
        text = "No catalog can be opened here: articles cannot be changed, and their texts are not shown."
        yield Warned(text, "Fine for a copy that only serves; else see RELATED_CATALOG_URL.")
    if index.pending:
        yield Warned(
            f"{count(index.pending, 'article')} wait to be embedded.", "They are tried again every 30 seconds."
        )
    if index.tail > MANY_CHANGES * max(1, index.articles):
        yield Warned(
            f"{count(index.tail, 'change')} since the last build.", "Run related-index build: it fits the models anew."
        )


def _of_age(live: Live, index: IndexOut, config: Settings) -> Iterator[Warned]:
    if is_older(live.confirmed_at, config.max_index_age_hours):
        yield Warned(f"The last build was {ago(live.confirmed_at)}.", "Run related-index build.", True)
    newest = index.newest_article
    if newest and is_older(newest, config.max_article_age_hours):
        yield Warned(f"The newest article was published {ago(newest)}.", "Does the source still deliver?", True)


def _of_content(snapshot: Snapshot, index: IndexOut) -> Iterator[Warned]:
    directory = snapshot.corpus.directory
    there = directory.visible
    total = int(there.sum())
    for missing, what, advice in (
        (np.isnan(directory.days), "no date", "Dates tell what is recent and what came before: see docs/content.md."),
        (directory.sections.numbers < 0, "no section", "Sections are evidence, and can be filtered by."),
        (directory.languages.numbers < 0, "no language", "Lists keep to the article's language where it is known."),
    ):
        number = int(np.count_nonzero(missing & there)) - (index.stubs if total > index.stubs else 0)
        if number > MANY_MISSING * max(1, total):
            yield Warned(f"{count(number, 'article has', 'articles have')} {what}.", advice)
    if not index.curated_lists:
        yield Warned("No curated list is known.", "Editors' lists are the best evidence: send them as related.")
    if index.model.name.startswith("hash"):
        yield Warned("The model is word hashing: no meaning, only words.", "Set RELATED_MODEL and build again.")


def _of_stubs(catalog: Catalog | None) -> Iterator[Warned]:
    several = catalog.ambiguous_stubs() if catalog else {}
    if several:
        text = f"{count(len(several), 'stub fits', 'stubs fit')} several articles."
        yield Warned(text, "Send the lists with ids or addresses instead of teasers.")
