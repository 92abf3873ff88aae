"""Replacing a file: as it was, or as it is now, and nothing beside it."""

import os
import stat
from pathlib import Path

import pytest

from recommender.files import replace_file


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for content in (b"one", b"", b"x" * 100_000):
        replace_file(path, content, 0o640)
        assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["chmod", "replace"])
@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt()])
def test_what_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: BaseException
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"before")

    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        with pytest.raises(type(error)):
            replace_file(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_whoever_has_it_open_reads_on(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"before")
    with path.open("rb") as file:
        replace_file(path, b"after")
        assert file.read() == b"before"
