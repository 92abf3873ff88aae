import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.index.samples import EDITORIAL, articles, contents_of, folder_in_memory, written


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """As pytest's own, but in memory: hundreds of stores are written, and fsync costs nothing there."""
    with folder_in_memory() as folder:
        yield folder


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an undamaged HNSW snapshot: every kind of file. Not to be written in."""
    source = replace(contents_of(articles(12), kind="hnsw"), editorial=EDITORIAL)
    return written(tmp_path_factory.mktemp("whole"), source)


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(whole, tmp_path / "snapshot"))
