"""Stores that several modules of these tests serve; none of them changes one."""

from pathlib import Path

import pytest

from tests.api.serving import ENCODER
from tests.conftest import DEMO, build_store, records


@pytest.fixture(scope="session")
def demo_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo newspaper, built with the hash encoder."""
    return build_store(tmp_path_factory.mktemp("demo"), records(DEMO), ENCODER)
