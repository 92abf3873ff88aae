"""Three states of one tiny newspaper, a store in which the first is published, and servers of a bigger one."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.keys import KeyRing
from index.store.manifest import IndexKind
from index.store.publish import locked, open_current, publish
from recommender.corpus.encoder import HashEncoder
from tests.conftest import DEMO, build_store, records
from tests.faults.publishing import Counting, Edition
from tests.faults.servers import Nursery
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


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where the servers of these tests come from."""
    with Nursery() as found:
        yield found


@pytest.fixture(scope="session")
def newspaper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo newspaper in a store, built with the hash encoder as a server makes it. Nobody changes it."""
    return build_store(tmp_path_factory.mktemp("newspaper") / "store", records(DEMO), HashEncoder())


@pytest.fixture
def store(newspaper: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(newspaper, tmp_path / "store")


@pytest.fixture
def key(store: Path) -> dict[str, str]:
    """The header that lets its bearer write there."""
    return {"Authorization": f"Bearer {KeyRing(store).new('test')}"}
