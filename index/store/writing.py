"""Writing a snapshot: from what a build made, every file into a folder, the manifest last."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import faiss
import numpy as np

from index.candidates.neighbours import IndexKind, Neighbours, build_hnsw, index_kind
from index.store.arrays import arrays_of
from index.store.filesystem import FileSystem, Sink
from index.store.manifest import HNSW, NAME, SCHEMA, Manifest, ModelEntry, digest, version_of
from index.store.snapshot import Snapshot
from index.store.texts import Lists, texts_of
from recommender.articles import CuratedList
from recommender.catalog import Origin
from recommender.corpus.corpus import Corpus
from recommender.editors.overrides import Editorial
from recommender.ranking.curated import CuratedLists
from recommender.ranking.ranker import Ranker


@dataclass(frozen=True, slots=True)
class Contents:
    """What a snapshot is written from."""

    corpus: Corpus
    lists: tuple[CuratedList, ...]
    ranker: Ranker
    model: ModelEntry
    kind: IndexKind
    seq: int = 0
    editorial: Editorial = field(default_factory=Editorial)
    origin: Origin | None = None

    @property
    def lists_by_id(self) -> Lists:
        """The curated lists by article id."""
        return {item.article_id: item.targets for item in self.lists}

    def open(self, built_at: datetime) -> Snapshot:
        """Return the snapshot that would be read back, made in memory without a disk: what an evaluation uses."""
        hnsw = build_hnsw(self.corpus.fused) if self.kind == "hnsw" else None
        lists = self.lists_by_id
        snapshot = Snapshot(
            manifest=_manifest(self, {}, built_at),
            corpus=self.corpus,
            neighbours=Neighbours(self.corpus.fused, hnsw),
            kind=self.kind,
            ranker=self.ranker,
            lists=lists,
            curated=CuratedLists.from_lists(self.corpus, lists),
            editorial=self.editorial.with_current_ids(self.corpus.directory.aliases),
        )
        return snapshot.seen_at(built_at)


def contents(
    corpus: Corpus,
    lists: tuple[CuratedList, ...],
    ranker: Ranker,
    model: ModelEntry,
    kind: IndexKind | None = None,
    *,
    seq: int = 0,
    editorial: Editorial | None = None,
    origin: Origin | None = None,
) -> Contents:
    """Return the contents of a snapshot; without a ``kind`` the corpus's size chooses the index."""
    return Contents(corpus, lists, ranker, model, index_kind(len(corpus), kind), seq, editorial or Editorial(), origin)


def write_snapshot(filesystem: FileSystem, folder: Path, source: Contents, built_at: datetime) -> Manifest:
    """Write every file of the snapshot into the empty ``folder``, each fsynced, the manifest last."""
    files = {}
    for name, fill in _files(source):
        filesystem.write(folder / name, fill)
        files[name] = digest(folder / name)
    manifest = _manifest(source, {name: entry.model_dump() for name, entry in files.items()}, built_at)
    filesystem.write(folder / NAME, lambda sink: sink.write(manifest.to_bytes()))
    filesystem.sync_folder(folder)
    return manifest


def _manifest(source: Contents, files: dict[str, Any], built_at: datetime) -> Manifest:
    corpus = source.corpus
    stubs = sum(card.is_stub for card in corpus.cards)
    parts: dict[str, Any] = {
        "schema_version": SCHEMA,
        "version": "0" * 16,
        "built_at": built_at,
        "seq": source.seq,
        "catalog": source.origin and source.origin._asdict(),
        "model": source.model.model_dump(),
        "articles": len(corpus) - stubs,
        "stubs": stubs,
        "curated_lists": len(source.lists),
        "newest_article": max((c.published_at for c in corpus.cards if c.published_at), default=None),
        "index": source.kind,
        "semantic_scale": corpus.fusion.semantic_scale,
        "lexical_scale": corpus.fusion.lexical_scale,
        "ranker": {
            "origin": source.ranker.origin,
            "bias": source.ranker.bias,
            "bias_alone": source.ranker.bias_alone,
            "weights": source.ranker.named(),
        },
        "files": files,
    }
    draft = Manifest.model_validate(parts)
    return draft.model_copy(update={"version": version_of(draft.model_dump(mode="json"))})


def _files(source: Contents) -> Iterator[tuple[str, Callable[[Sink], object]]]:
    """Yield the name of every file but the manifest, and what writes it."""
    corpus = source.corpus
    for name, array in arrays_of(corpus).items():
        yield name, lambda sink, a=array: np.lib.format.write_array(cast(Any, sink), a, allow_pickle=False)  # type: ignore[misc]
    for name, data in texts_of(corpus, source.lists_by_id, source.editorial).items():
        yield name, lambda sink, d=data: sink.write(d)  # type: ignore[misc]
    if source.kind == "hnsw":
        graph = faiss.serialize_index(build_hnsw(corpus.fused))
        yield HNSW, lambda sink: sink.write(graph.tobytes())
