"""Where an evaluation's articles come from: source files, built in memory, or a store as it is served."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.task.lines import Warn, silent
from eval.task.only import Only
from eval.task.task import AsOf, Task, make_task
from index.build import Bar, assemble, no_bar
from index.store.publish import open_current
from index.store.snapshot import Snapshot
from recommender.articles import Article, Record
from recommender.catalog import Catalog
from recommender.catalog.database import open_engine
from recommender.catalog.ingest import ingest
from recommender.catalog.vector_cache import VectorCache
from recommender.corpus.encoder import Encoder
from recommender.editors.overrides import Editorial
from recommender.errors import EvaluationError
from recommender.sources import ReadOptions
from recommender.sources.reading import files_of
from recommender.text import clean

Ids = Sequence[str]


@dataclass(frozen=True, slots=True)
class Sources:
    """Files and folders of articles, how they are read, and the folder ``cache`` that keeps their vectors.

    ``curated_key`` is the key of the curated list in JSON lines. With ``blank_anchors`` the link texts that gave a list
    away are taken out of the bodies (see ``without_anchors``); ``only`` (``KEY=VALUE,VALUE``) leaves out the articles
    whose key has none of the values.
    """

    paths: Sequence[Path]
    cache: Path
    curated_key: str = "related"
    blank_anchors: bool = False
    only: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """Where progress and warnings go: ``bar`` shows how much is embedded, ``warn`` is given each warning as text."""

    bar: Bar = no_bar
    warn: Warn = silent


@dataclass(frozen=True, slots=True)
class Inputs:
    """A task, the vector cache of its texts, and where both came from: the provenance of a report."""

    task: Task
    vectors: VectorCache
    about: dict[str, Any]


@dataclass(frozen=True, slots=True)
class InMemory:
    """A snapshot that was never on disk, its articles by row, their vectors, and how many records were rejected."""

    snapshot: Snapshot
    articles: list[Article]
    vectors: VectorCache
    rejected: int


def require_files(paths: Iterable[Path], why: str = "") -> None:
    """Raise EvaluationError naming the first of ``paths`` that is no file, and ``why`` it is needed."""
    for path in paths:
        if not path.is_file():
            raise EvaluationError(f"{path}: no such corpus{why}")


def from_sources(
    sources: Sources,
    encoder: Encoder,
    as_of: AsOf,
    feedback: Feedback = Feedback(),
    on_read: Callable[[Ids, Ids], None] = lambda _ids, _queries: None,
) -> Inputs:
    """Build an index of ``sources`` in memory and return the task of its curated lists.

    Before anything is embedded ``on_read`` is given the articles' ids and the ids of those with a curated list. Raises
    EvaluationError if there is no curated list to compare with, or ``only`` fits no article.
    """

    def check(catalog: Catalog) -> None:
        ids = [article.id for article in catalog.articles()]
        lists = [each.article_id for each in catalog.curated_lists()]
        if ids and not lists:
            raise EvaluationError(
                f"no article in {_named(sources.paths)} has a curated list under the key {sources.curated_key!r}"
            )
        if ids:
            on_read(ids, lists)

    memory = in_memory(sources, encoder, feedback, check)
    about = {
        "sources": _digests(files_of(sources.paths)),
        "curated_key": sources.curated_key,
        "blank_anchors": sources.blank_anchors,
        "only": sources.only,
        "rejected": memory.rejected,
    }
    return Inputs(make_task(memory.snapshot, memory.articles, memory.snapshot.lists, as_of), memory.vectors, about)


def in_memory(
    sources: Sources,
    encoder: Encoder,
    feedback: Feedback = Feedback(),
    on_read: Callable[[Catalog], None] = lambda _: None,
) -> InMemory:
    """Build a snapshot of ``sources`` in memory; their vectors are kept, so that the next run embeds nothing.

    ``on_read`` is given the catalog before anything is embedded. A record that is rejected is warned of. Raises
    EvaluationError if ``only`` fits no article.
    """
    chosen = Only(sources.only)
    sources.cache.mkdir(parents=True, exist_ok=True)
    vectors = VectorCache(open_engine(f"sqlite:///{sources.cache / 'vectors.sqlite'}"), encoder)
    with closing(Catalog.open("sqlite://")) as catalog:

        def change(record: Record) -> Record | None:
            if not chosen.fits(record.article):
                return None
            return without_anchors(record) if sources.blank_anchors else record

        ingested = ingest(
            catalog,
            sources.paths,
            options=ReadOptions(sources.curated_key),
            change=change,
            on_rejected=lambda error: feedback.warn(str(error)),
        )
        chosen.check(feedback.warn)
        on_read(catalog)
        source, _, _ = assemble(catalog, encoder, vectors=vectors, bar=feedback.bar)
        articles = list(catalog.articles())
    return InMemory(source.open(datetime.now(UTC)), articles, vectors, len(ingested.rejected))


def without_anchors(record: Record) -> Record:
    """Return ``record`` with the first occurrence of each of its link texts taken out of the body.

    They stand under the key ``anchors``: target id → link text (or several). Where a list was made from the
    links in a text, the words of a link describe its target, and may flatter every system that reads them.
    """
    body = record.article.body
    anchors = record.article.extra.get("anchors")
    for texts in anchors.values() if isinstance(anchors, Mapping) else ():
        for text in [texts] if isinstance(texts, str) else texts:
            body = body.replace(clean(str(text)), "", 1)
    return replace(record, article=replace(record.article, body=clean(body)))


def from_store(store: Path, catalog: Catalog, encoder: Encoder, as_of: AsOf) -> Inputs:
    """Return the task of the curated lists in the snapshot that ``store`` serves.

    The baselines need the articles' texts, which the catalog holds. Raises EvaluationError if it no
    longer holds what the snapshot was built from.
    """
    snapshot = open_current(store)
    by_id: dict[str, Article] = {article.id: article for article in catalog.articles()}
    cards = snapshot.corpus.cards
    if changed := [c.id for c in cards if c.id not in by_id or snapshot.corpus.card(by_id[c.id]) != c]:
        raise EvaluationError(f"article {changed[0]!r} changed after the snapshot was built; build again first")
    model = snapshot.manifest.model
    if (model.name, model.revision) != (encoder.name, encoder.revision):
        raise EvaluationError(
            f"the snapshot was built with {model.name}@{model.revision}, the model given is"
            f" {encoder.name}@{encoder.revision}"
        )
    if not snapshot.lists:
        raise EvaluationError(f"{store}: the snapshot holds no curated list to compare with")
    editorial = catalog.editorial().with_current_ids(snapshot.corpus.directory.aliases).in_force_at(datetime.now(UTC))
    snapshot = replace(snapshot, editorial=editorial)
    articles = [by_id[card.id] for card in snapshot.corpus.cards]
    task = make_task(snapshot, articles, snapshot.lists, as_of)
    about = {"store_snapshot": snapshot.manifest.version} | _decided(editorial)
    return Inputs(task, VectorCache(catalog.engine, encoder), about)


def _decided(editorial: Editorial) -> dict[str, Any]:
    """Return, under ``decided``, a sentence on which editors' decisions hold for scored lists; empty without any."""
    rules = len(editorial.rules.never_beside) + len(editorial.rules.ignore_tags)
    blocks = sum(len(each.blocks) for each in editorial.overrides.values())
    pins = sum(len(each.pins) for each in editorial.overrides.values())
    if not (rules or blocks or pins):
        return {}
    told = (
        f"Scored lists are made with the editors' rules ({rules:,}) and blocks ({blocks:,}) but without their pins"
        f" ({pins:,}): a pin is itself the editor's answer."
    )
    return {"decided": told}


def _named(paths: Sequence[Path]) -> str:
    return ", ".join(map(str, paths))


def _digests(paths: Sequence[Path]) -> dict[str, str]:
    names = [path.name for path in paths]
    return {p.name if names.count(p.name) == 1 else str(p): _sha256(p) for p in paths}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
