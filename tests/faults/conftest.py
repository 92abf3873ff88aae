"""Three states of one tiny newspaper, and a store in which the first is published."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.manifest import IndexKind
from index.publish import locked, open_current, publish
from recommender.encoder import HashEncoder
from tests.faults.publishing import Counting, Edition
from tests.index.samples import articles, contents_of, folder_in_memory, lists_of, publish_in


def edition(number: int, count: int, kind: IndexKind, scratch: Path) -> Edition:
    source = contents_of(articles(count, edition=number), HashEncoder(dim=16), kind)
    version = publish_in(scratch, source)
    return Edition(source, version, lists_of(open_current(scratch)))


@pytest.fixture(scope="session")
def old(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    return edition(0, 3, "exact", tmp_path_factory.mktemp("old"))


@pytest.fixture(scope="session")
def new(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    return edition(1, 4, "hnsw", tmp_path_factory.mktemp("new"))


@pytest.fixture(scope="session")
def later(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    return edition(2, 3, "exact", tmp_path_factory.mktemp("later"))


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """As pytest's own, but in memory: thousands of files are written, and fsync costs nothing there."""
    with folder_in_memory() as folder:
        yield folder


@pytest.fixture
def fresh_store(tmp_path: Path, old: Edition) -> Callable[[], Path]:
    """Give a new copy of a store in which ``old`` is published, always at the same path."""
    publish_in(tmp_path / "model", old.source)

    def copy() -> Path:
        shutil.rmtree(tmp_path / "store", ignore_errors=True)
        return Path(shutil.copytree(tmp_path / "model", tmp_path / "store"))

    return copy


@pytest.fixture
def events(fresh_store: Callable[[], Path], new: Edition) -> int:
    """How many events there are in an undisturbed publish of ``new`` in the place of ``old``."""
    disk, store = Counting(), fresh_store()
    with locked(store):
        publish(store, new.source, keep=1, filesystem=disk)
    return disk.events
