"""Reading a snapshot: it is opened only after every one of its files was verified against the manifest."""

from datetime import UTC, datetime
from pathlib import Path

from index.candidates.neighbours import Neighbours, read_hnsw
from index.store.arrays import ARRAYS, ArrayFiles
from index.store.manifest import HNSW, NAME, Manifest, RankerEntry, digest, read_manifest
from index.store.snapshot import Snapshot
from index.store.texts import (
    TEXTS,
    read_aliases,
    read_boilerplate,
    read_cards,
    read_editorial,
    read_lists,
    read_terms,
)
from recommender.articles.directory import Directory
from recommender.corpus.corpus import Corpus
from recommender.corpus.fusion import Fusion
from recommender.errors import SnapshotError
from recommender.ranking.curated import CuratedLists
from recommender.ranking.ranker import Ranker


def open_snapshot(folder: Path) -> Snapshot:
    """Verify every file of the snapshot in ``folder`` against its manifest, and open it.

    Arrays are memory-mapped. Articles dated ahead of now are hidden (see Snapshot.seen_at). Raises SnapshotError
    naming the file that is missing, damaged or odd.
    """
    manifest = read_manifest(folder)
    verify(folder, manifest)
    try:
        return _open(folder, manifest).seen_at(datetime.now(UTC))
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


def _open(folder: Path, manifest: Manifest) -> Snapshot:
    corpus = _corpus(folder, manifest)
    hnsw = read_hnsw(folder / HNSW, corpus.fused.shape) if manifest.index == "hnsw" else None
    lists = read_lists(folder)
    return Snapshot(
        manifest=manifest,
        corpus=corpus,
        neighbours=Neighbours(corpus.fused, hnsw),
        kind=manifest.index,
        ranker=_ranker(manifest.ranker),
        lists=lists,
        curated=CuratedLists.from_lists(corpus, lists),
        editorial=read_editorial(folder).with_current_ids(corpus.directory.aliases),
    )


def _corpus(folder: Path, manifest: Manifest) -> Corpus:
    count, arrays, terms = manifest.articles + manifest.stubs, ArrayFiles.open(folder), read_terms(folder)
    arrays.check(count, manifest.model.dim, terms)
    return Corpus(
        Directory.from_cards(read_cards(folder, count), read_aliases(folder)),
        arrays.quantized(),
        arrays.terms(),
        arrays.fingerprints(),
        arrays["fused.npy"],
        arrays.lexicon(terms),
        Fusion(arrays["centre.npy"], manifest.semantic_scale, manifest.lexical_scale),
        read_boilerplate(folder),
    )


def _ranker(entry: RankerEntry) -> Ranker:
    return Ranker.from_weights(entry.weights, entry.bias, entry.origin, bias_alone=entry.bias_alone)
