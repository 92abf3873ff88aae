"""A snapshot on disk: writing its files, and reading them back only after every one was verified."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import faiss
import numpy as np
import numpy.typing as npt
import orjson
import scipy.sparse as sp
from pydantic import TypeAdapter

from index.filesystem import FileSystem, Sink
from index.manifest import NAME, SCHEMA, IndexKind, Manifest, ModelEntry, digest, read_manifest, version_of
from index.neighbours import Neighbours, build_hnsw, index_kind, read_hnsw
from recommender.article import CuratedList
from recommender.corpus import VIEWS, Card, Corpus
from recommender.errors import SnapshotError
from recommender.fusion import Fusion
from recommender.lexical import LexicalModel
from recommender.ranker import Ranker

ARRAYS = {
    "views.npy": np.float32,
    "fused.npy": np.float32,
    "centre.npy": np.float32,
    "idf.npy": np.float32,
    "components.npy": np.float32,
    "tfidf_data.npy": np.float32,
    "tfidf_indices.npy": np.int32,
    "tfidf_indptr.npy": np.int64,
}
CARDS, LISTS, ALIASES, TERMS, HNSW = "cards.jsonl", "lists.json", "aliases.json", "terms.json", "neighbours.faiss"
TEXTS = (CARDS, LISTS, ALIASES, TERMS)

_CARD = TypeAdapter(Card)
_STRINGS = TypeAdapter(dict[str, tuple[str, ...]])
_ALIASES = TypeAdapter(dict[str, str])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One immutable build, open for queries. ``lists`` are the curated lists, by article id."""

    manifest: Manifest
    corpus: Corpus
    neighbours: Neighbours
    ranker: Ranker
    lists: Mapping[str, tuple[str, ...]]

    @property
    def version(self) -> str:
        """The version the snapshot is known by."""
        return self.manifest.version


@dataclass(frozen=True, slots=True)
class Contents:
    """What a snapshot is written from."""

    corpus: Corpus
    lists: tuple[CuratedList, ...]
    ranker: Ranker
    model: ModelEntry
    kind: IndexKind

    def open(self, built_at: datetime) -> Snapshot:
        """Return the same as a Snapshot in memory, without a disk: what an evaluation uses."""
        hnsw = build_hnsw(self.corpus.fused) if self.kind == "hnsw" else None
        lists = {item.article_id: item.targets for item in self.lists}
        manifest = _manifest(self, {}, built_at)
        return Snapshot(manifest, self.corpus, Neighbours(self.corpus.fused, hnsw), self.ranker, lists)


def contents(
    corpus: Corpus, lists: tuple[CuratedList, ...], ranker: Ranker, model: ModelEntry, kind: IndexKind | None = None
) -> Contents:
    """Return the contents of a snapshot; without a ``kind`` the corpus's size chooses the index."""
    return Contents(corpus, lists, ranker, model, index_kind(len(corpus), kind))


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


def open_snapshot(folder: Path) -> Snapshot:
    """Verify every file of the snapshot in ``folder`` against its manifest, and open it.

    Arrays are memory-mapped. Raises SnapshotError naming the file that is missing, damaged or odd.
    """
    manifest = read_manifest(folder)
    verify(folder, manifest)
    try:
        return _open(folder, manifest)
    except SnapshotError:
        raise
    except Exception as error:  # whatever it is: verified files that cannot be opened are no snapshot
        raise SnapshotError(f"{folder}: its files do not fit together ({error})") from error


def verify(folder: Path, manifest: Manifest) -> None:
    """Check that ``folder`` holds exactly the manifest's files. Raises SnapshotError naming the first that differs."""
    expected = {*ARRAYS, *TEXTS} | ({HNSW} if manifest.index == "hnsw" else set())
    if set(manifest.files) != expected:
        odd = ", ".join(sorted(set(manifest.files) ^ expected))
        raise SnapshotError(f"{folder / NAME}: unexpected or missing file entries: {odd}")
    for name, entry in manifest.files.items():
        if digest(folder / name) != entry:
            raise SnapshotError(f"{folder / name}: damaged (SHA-256 or size differs from the manifest's)")


def _manifest(source: Contents, files: dict[str, Any], built_at: datetime) -> Manifest:
    corpus = source.corpus
    stubs = sum(card.is_stub for card in corpus.cards)
    parts: dict[str, Any] = {
        "schema_version": SCHEMA,
        "version": "0" * 16,
        "built_at": built_at,
        "model": source.model.model_dump(),
        "articles": len(corpus) - stubs,
        "stubs": stubs,
        "curated_lists": len(source.lists),
        "newest_article": max((c.published_at for c in corpus.cards if c.published_at), default=None),
        "index": source.kind,
        "semantic_scale": corpus.fusion.semantic_scale,
        "lexical_scale": corpus.fusion.lexical_scale,
        "weights": source.ranker.named(),
        "bias": source.ranker.bias,
        "files": files,
    }
    draft = Manifest.model_validate(parts)
    return draft.model_copy(update={"version": version_of(draft.model_dump(mode="json"))})


def _files(source: Contents) -> Iterator[tuple[str, Callable[[Sink], object]]]:
    corpus, model = source.corpus, source.corpus.model
    arrays = {
        "views.npy": corpus.views,
        "fused.npy": corpus.fused,
        "centre.npy": corpus.fusion.centre,
        "idf.npy": model.idf,
        "components.npy": model.components,
        "tfidf_data.npy": corpus.lexical.data,
        "tfidf_indices.npy": corpus.lexical.indices,
        "tfidf_indptr.npy": corpus.lexical.indptr,
    }
    for name, array in arrays.items():
        typed = np.ascontiguousarray(array, dtype=ARRAYS[name])
        yield name, lambda sink, a=typed: np.lib.format.write_array(cast(Any, sink), a, allow_pickle=False)  # type: ignore[misc]
    texts = {
        CARDS: b"".join(orjson.dumps(card, option=orjson.OPT_APPEND_NEWLINE) for card in corpus.cards),
        LISTS: orjson.dumps({item.article_id: item.targets for item in source.lists}),
        ALIASES: orjson.dumps(dict(corpus.aliases)),
        TERMS: orjson.dumps({"terms": model.terms, "stop_words": model.stop_words}),
    }
    for name, data in texts.items():
        yield name, lambda sink, d=data: sink.write(d)  # type: ignore[misc]
    if source.kind == "hnsw":
        graph = faiss.serialize_index(build_hnsw(corpus.fused))
        yield HNSW, lambda sink: sink.write(graph.tobytes())


def _open(folder: Path, manifest: Manifest) -> Snapshot:
    arrays = {name: _array(folder / name, dtype) for name, dtype in ARRAYS.items()}
    count, dim = manifest.articles + manifest.stubs, manifest.model.dim
    terms = _STRINGS.validate_json((folder / TERMS).read_bytes())
    vocabulary = len(terms["terms"])
    fused, components = arrays["fused.npy"], arrays["components.npy"]
    _shape(folder, "views.npy", arrays, (count, len(VIEWS), dim))
    _shape(folder, "centre.npy", arrays, (dim,))
    _shape(folder, "idf.npy", arrays, (vocabulary,))
    _shape(folder, "components.npy", arrays, (vocabulary, components.shape[-1]))
    _shape(folder, "fused.npy", arrays, (count, dim + components.shape[-1]))
    _shape(folder, "tfidf_indptr.npy", arrays, (count + 1,))
    cards = tuple(_CARD.validate_json(line, strict=True) for line in (folder / CARDS).read_bytes().splitlines())
    ids = [card.id for card in cards]
    if len(cards) != count or any(a >= b for a, b in pairwise(ids)):
        raise SnapshotError(f"{folder / CARDS}: expected {count:,} cards with distinct ids in order")
    lexical = sp.csr_matrix(
        (arrays["tfidf_data.npy"], arrays["tfidf_indices.npy"], arrays["tfidf_indptr.npy"]), (count, vocabulary)
    )
    lexical.check_format(full_check=True)
    model = LexicalModel(terms["terms"], terms["stop_words"], arrays["idf.npy"], components)
    fusion = Fusion(arrays["centre.npy"], manifest.semantic_scale, manifest.lexical_scale)
    corpus = Corpus(
        cards,
        _ALIASES.validate_json((folder / ALIASES).read_bytes()),
        arrays["views.npy"],
        lexical,
        fused,
        model,
        fusion,
    )
    hnsw = read_hnsw(folder / HNSW, (count, fused.shape[1])) if manifest.index == "hnsw" else None
    lists = _STRINGS.validate_json((folder / LISTS).read_bytes())
    return Snapshot(manifest, corpus, Neighbours(fused, hnsw), Ranker.of(manifest.weights, manifest.bias), lists)


def _array(path: Path, dtype: type) -> npt.NDArray[Any]:
    try:
        array: npt.NDArray[Any] = np.lib.format.open_memmap(path, mode="r")  # unlike np.load: .npy or nothing
    except Exception as error:  # NumPy parses the header as Python, and fails in as many ways
        raise SnapshotError(f"{path}: no array ({error})") from error
    if array.dtype != dtype:
        raise SnapshotError(f"{path}: holds {array.dtype}, expected {np.dtype(dtype)}")
    if not np.isfinite(array).all():
        raise SnapshotError(f"{path}: a number in it is not finite")
    return array


def _shape(folder: Path, name: str, arrays: Mapping[str, npt.NDArray[Any]], expected: tuple[int, ...]) -> None:
    if arrays[name].shape != expected:
        raise SnapshotError(f"{folder / name}: has shape {arrays[name].shape}, expected {expected}")
