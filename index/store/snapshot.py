"""A snapshot on disk: writing its files, and reading them back only after every one was verified."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import faiss
import numpy as np
import orjson
from pydantic import TypeAdapter

from index.candidates.neighbours import IndexKind, Neighbours, build_hnsw, index_kind, read_hnsw
from index.store.arrays import ARRAYS, ArrayFiles, Terms, arrays_of
from index.store.filesystem import FileSystem, Sink
from index.store.manifest import NAME, SCHEMA, Manifest, ModelEntry, digest, read_manifest, version_of
from recommender.articles import CuratedList, UrlIndex
from recommender.articles.card import Card
from recommender.articles.directory import Directory
from recommender.boilerplate.boilerplate import Boilerplate
from recommender.catalog import Origin
from recommender.corpus.corpus import Corpus
from recommender.corpus.fusion import Fusion
from recommender.editors.documents import editorial_document, editorial_of
from recommender.editors.overrides import Editorial
from recommender.errors import RulesError, SnapshotError
from recommender.ranking.curated import CuratedLists
from recommender.ranking.pool import Candidates
from recommender.ranking.ranker import Ranker
from recommender.recommender import Recommender
from recommender.text.stop_words import LANGUAGES, lists_version

CARDS, LISTS, ALIASES, TERMS, HNSW = "cards.jsonl", "lists.json", "aliases.json", "terms.json", "neighbours.faiss"
EDITORIAL, BOILERPLATE = "editorial.json", "boilerplate.json"
TEXTS = (CARDS, LISTS, ALIASES, TERMS, EDITORIAL, BOILERPLATE)

_CARD = TypeAdapter(Card)
_STRINGS = TypeAdapter(dict[str, tuple[str, ...]])
_ALIASES = TypeAdapter(dict[str, str])
_BOILERPLATE = TypeAdapter(Boilerplate)


@dataclass(frozen=True, repr=False)
class Snapshot:
    """One immutable build, open for queries. ``lists`` are the curated lists by article id, ``curated`` by row.

    ``editorial`` is what editors decided. ``at`` drops what of it is over, and hides what is dated ahead: ``ahead``
    articles, which appear at their moment.

    With a tail of later changes behind it (index.live.tail), ``seq`` numbers the newest of them, and ``pending`` holds,
    by id, the articles that are stored but cannot be served yet as they are now, ``stale`` telling what is served in
    their place; ``tail_size`` counts changed articles.
    """

    manifest: Manifest
    corpus: Corpus
    neighbours: Candidates
    kind: IndexKind
    ranker: Ranker
    lists: Mapping[str, tuple[str, ...]]
    curated: CuratedLists
    editorial: Editorial = field(default_factory=Editorial)
    seq: int | None = None
    pending: Mapping[str, Card] = field(default_factory=dict)
    stale: str = ""
    tail_size: int = 0
    ahead: int = 0

    def __repr__(self) -> str:
        return f"Snapshot({self.version}, {len(self.corpus):,} articles)"

    @cached_property
    def recommender(self) -> Recommender:
        """What recommends from this snapshot."""
        return Recommender(self.corpus, self.neighbours, self.ranker, self.curated, self.editorial)

    def with_lists(self, lists: Mapping[str, tuple[str, ...]]) -> "Snapshot":
        """Return the snapshot as it would be if ``lists`` were the curated lists."""
        return replace(self, lists=lists, curated=CuratedLists.from_lists(self.corpus, lists))

    def waiting(self, identity: str) -> Card | None:
        """Return the article with this id or URL that is stored and not in the corpus yet, if there is one."""
        identity = self.corpus.directory.aliases.get(identity, identity)
        if identity in self.pending:
            return self.pending[identity]
        found = UrlIndex((card.url, name) for name, card in self.pending.items() if card.url).find(identity)
        return None if found is None else self.pending[found]

    def in_force_at(self, now: datetime) -> "Snapshot":
        """Return the snapshot as it is to be served at ``now``: itself, if nothing more is over or has its moment."""
        seen = self.seen_at(now)
        if self._next_end is None or now < self._next_end:
            return seen
        return replace(seen, editorial=self.editorial.in_force_at(now))

    def seen_at(self, now: datetime) -> "Snapshot":
        """Return the snapshot with the articles visible that are not dated ahead of ``now``: itself, if they are."""
        ahead = self.corpus.directory.count_ahead(now) if now < self._newest else 0
        return self if ahead == self.ahead else replace(self, corpus=self.corpus.as_of(now), ahead=ahead)

    @property
    def version(self) -> str:
        """The version the snapshot is known by; every change of its tail makes another, and whatever time changes."""
        over = f"~{self.editorial.expired}" if self.editorial.expired else ""
        over += f"+{self.ahead}" if self.ahead else ""
        if self.seq is None:
            return f"{self.manifest.version}{over}"
        waiting = f"-{self.stale}" if self.stale else ""
        return f"{self.manifest.version}.{self.seq}{waiting}{over}"

    @cached_property
    def _next_end(self) -> datetime | None:
        """Worked out once: it is asked for twice a second."""
        return self.editorial.next_end

    @cached_property
    def _newest(self) -> datetime:
        """From then on nothing is dated ahead."""
        dates = (card.published_at for card in self.corpus.cards)
        return max((date for date in dates if date), default=datetime.min.replace(tzinfo=UTC))


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

    def open(self, built_at: datetime) -> Snapshot:
        """Return the same as a Snapshot in memory, without a disk: what an evaluation uses."""
        hnsw = build_hnsw(self.corpus.fused) if self.kind == "hnsw" else None
        lists = {item.article_id: item.targets for item in self.lists}
        manifest = _manifest(self, {}, built_at)
        neighbours, curated = Neighbours(self.corpus.fused, hnsw), CuratedLists.from_lists(self.corpus, lists)
        editorial = self.editorial.with_current_ids(self.corpus.directory.aliases)
        snapshot = Snapshot(manifest, self.corpus, neighbours, self.kind, self.ranker, lists, curated, editorial)
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


def open_snapshot(folder: Path) -> Snapshot:
    """Verify every file of the snapshot in ``folder`` against its manifest, and open it.

    Arrays are memory-mapped. What is dated ahead of now is not visible (see Snapshot.at). Raises SnapshotError naming
    the file that is missing, damaged or odd.
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
    corpus, lexicon = source.corpus, source.corpus.lexicon
    for name, array in arrays_of(corpus).items():
        yield name, lambda sink, a=array: np.lib.format.write_array(cast(Any, sink), a, allow_pickle=False)  # type: ignore[misc]
    texts = {
        CARDS: b"".join(orjson.dumps(card, option=orjson.OPT_APPEND_NEWLINE) for card in corpus.cards),
        LISTS: orjson.dumps({item.article_id: item.targets for item in source.lists}),
        ALIASES: orjson.dumps(dict(corpus.directory.aliases)),
        TERMS: orjson.dumps(
            {
                "terms": lexicon.words.terms,
                "stop_words": lexicon.words.stop_words,
                "languages": lexicon.words.languages,
                "function_words": (lists_version(),),
                "names": lexicon.names.terms,
                "tags": lexicon.tags.terms,
            }
        ),
        EDITORIAL: orjson.dumps(editorial_document(source.editorial)),
        BOILERPLATE: orjson.dumps(corpus.boilerplate),
    }
    for name, data in texts.items():
        yield name, lambda sink, d=data: sink.write(d)  # type: ignore[misc]
    if source.kind == "hnsw":
        graph = faiss.serialize_index(build_hnsw(corpus.fused))
        yield HNSW, lambda sink: sink.write(graph.tobytes())


def _open(folder: Path, manifest: Manifest) -> Snapshot:
    arrays = ArrayFiles.open(folder)
    count, dim = manifest.articles + manifest.stubs, manifest.model.dim
    terms = _terms(folder / TERMS)
    arrays.check(count, dim, terms)
    cards = tuple(_CARD.validate_json(line, strict=True) for line in (folder / CARDS).read_bytes().splitlines())
    ids = [card.id for card in cards]
    if len(cards) != count or any(a >= b for a, b in pairwise(ids)):
        raise SnapshotError(f"{folder / CARDS}: expected {count:,} cards with distinct ids in order")
    corpus = Corpus(
        Directory.from_cards(cards, _ALIASES.validate_json((folder / ALIASES).read_bytes())),
        arrays.quantized(),
        arrays.terms(),
        arrays.fingerprints(),
        arrays["fused.npy"],
        arrays.lexicon(terms),
        Fusion(arrays["centre.npy"], manifest.semantic_scale, manifest.lexical_scale),
        _BOILERPLATE.validate_json((folder / BOILERPLATE).read_bytes(), strict=True),
    )
    hnsw = read_hnsw(folder / HNSW, corpus.fused.shape) if manifest.index == "hnsw" else None
    lists = _STRINGS.validate_json((folder / LISTS).read_bytes())
    entry = manifest.ranker
    ranker = Ranker.from_weights(entry.weights, entry.bias, entry.origin, bias_alone=entry.bias_alone)
    neighbours, curated = Neighbours(corpus.fused, hnsw), CuratedLists.from_lists(corpus, lists)
    editorial = _editorial(folder / EDITORIAL).with_current_ids(corpus.directory.aliases)
    return Snapshot(manifest, corpus, neighbours, manifest.index, ranker, lists, curated, editorial)


def _terms(path: Path) -> Terms:
    terms = _STRINGS.validate_json(path.read_bytes())
    if terms["function_words"] != (lists_version(),):
        raise SnapshotError(f"{path}: built with other stop words; build again")
    if not set(terms["languages"]).issubset(LANGUAGES):
        raise SnapshotError(f"{path}: languages are {terms['languages']}, expected some of {LANGUAGES}")
    return terms


def _editorial(path: Path) -> Editorial:
    try:
        return editorial_of(orjson.loads(path.read_bytes()))
    except (ValueError, RulesError) as error:
        raise SnapshotError(f"{path}: cannot be read as what editors decided ({error})") from error
