"""Tiny corpora and stores for the tests of the index: quick to build, with lists, dates and a stub."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from index.build import assemble
from index.store.arrays import ARRAYS
from index.store.filesystem import FileSystem
from index.store.manifest import HNSW, NAME, IndexKind, digest, version_of
from index.store.publish import locked, publish
from index.store.snapshot import Snapshot
from index.store.texts import TEXTS
from index.store.writing import Contents, write_snapshot
from recommender.articles import Article, Record
from recommender.catalog import Catalog
from recommender.corpus.encoder import Encoder, HashEncoder, Matrix
from recommender.editors.overrides import Block, Editorial, Fill, Overrides, Pin
from recommender.ranking.request import RelatedRequest
from tests.query_path import related

WORDS = [f"{a}{b}" for a in "bdfgklmnprst" for b in ("alo", "eni", "iru", "oda", "umi")]
MEMORY = Path("/dev/shm")
NAMES = ("Ena Morling", "Tove Brask", "Ilse Karne")
BUILT_AT = datetime(2026, 1, 1, tzinfo=UTC)
ENCODER = HashEncoder(dim=64)
EDITORIAL = Editorial(
    overrides={
        "a001": Overrides((Pin("a003", 2, BUILT_AT), Pin("https://courier.example/4", 1)), (Block("a005"),)),
        "a004": Overrides(blocks=(Block("a006", BUILT_AT + timedelta(days=1)),), mode=Fill.REPLACE),
    }
)
FILES = (*ARRAYS, *TEXTS, HNSW)

Lists = dict[str, list[tuple[str, float]]]


def article(number: int, *, edition: int = 0, words: int = 30) -> Record:
    """Article ``number`` of a made-up newspaper; another ``edition`` has another text, every third one is a stub."""
    rng = random.Random(f"{number}/{edition}")
    text = [rng.choice(WORDS) for _ in range(words)]
    made = Article(
        id=f"a{number:03}",
        url=f"https://courier.example/{number}",
        title=" ".join(text[:4]),
        teasers=(
            f"{' '.join(text[4:10])}, says {NAMES[number % 3]}{f' to {NAMES[number % 2]}' if number % 4 else ''}",
        ),
        body="" if number % 3 == 2 else ". ".join(" ".join(text[i : i + 5]) for i in range(10, words, 5)),
        published_at=datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=rng.randrange(300)) if number % 4 else None,
        section=rng.choice(["sea", "land"]),
        tags=tuple(text[:2]),
        language="en",
    )
    return Record(made, f"made:{number}", (f"a{number + 1:03}", f"a{number + 2:03}") if number % 2 == 0 else ())


def articles(count: int, *, edition: int = 0, changed: Sequence[int] = ()) -> list[Record]:
    """The first ``count`` articles; those ``changed`` are of the next edition."""
    return [article(n, edition=edition + (n in changed)) for n in range(count)]


def contents_of(items: Sequence[Record], encoder: Encoder = ENCODER, kind: IndexKind | None = None) -> Contents:
    """Build what a snapshot of ``items`` is written from."""
    with closing(Catalog.open("sqlite://")) as catalog:
        catalog.put(items)
        return assemble(catalog, encoder, kind=kind)[0]


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """Give a temporary folder in memory, or on disk where there is no such thing."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder).resolve()


def written(folder: Path, source: Contents) -> Path:
    """Write ``source`` as a snapshot into ``folder`` and return it."""
    folder.mkdir(exist_ok=True)
    write_snapshot(FileSystem(), folder, source, BUILT_AT)
    return folder


def publish_in(store: Path, source: Contents, keep: int = 3) -> str:
    """Publish ``source`` in ``store``, undisturbed; return its version."""
    with locked(store):
        return publish(store, source, keep=keep).version


def lists_of(snapshot: Snapshot, limit: int = 10) -> Lists:
    """Return every article's related list: ids and scores, best first."""
    return {
        card.id: [
            (snapshot.corpus.cards[hit.row].id, hit.score)
            for hit in related(
                snapshot.corpus.query(row),
                snapshot.corpus,
                snapshot.neighbours,
                snapshot.ranker,
                snapshot.curated,
                RelatedRequest(limit=limit),
            )
        ]
        for row, card in enumerate(snapshot.corpus.cards)
    }


def reseal(folder: Path, change: Callable[[dict[str, Any]], object] = lambda _: None) -> None:
    """Make the manifest in ``folder`` fit its files again, after ``change``: what only a forger would do."""
    path = folder / NAME
    manifest = orjson.loads(path.read_bytes())
    for name in manifest["files"]:
        manifest["files"][name] = digest(folder / name).model_dump()
    change(manifest)
    if "version" in manifest:
        manifest["version"] = version_of(manifest)
    path.write_bytes(orjson.dumps(manifest))


class CountingEncoder:
    """The hash encoder, remembering every text it was given."""

    def __init__(self, inner: HashEncoder = ENCODER) -> None:
        self.name, self.revision, self.dim = inner.name, inner.revision, inner.dim
        self.inner = inner
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return what the hash encoder returns."""
        self.texts += texts
        return self.inner.encode(texts)
