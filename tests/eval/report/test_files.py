"""Files are written whole or not at all, and what cannot be written is said before the work."""

import os
from pathlib import Path

import pytest

from eval.report.files import check_file, check_folder, write_whole
from recommender.errors import EvaluationError


def test_files_and_their_folders_are_made(tmp_path: Path) -> None:
    files = {tmp_path / "a" / "x": b"1", tmp_path / "b" / "c" / "y": b"2"}
    write_whole(files)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == files


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_what_stops_before_the_end_leaves_the_old_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException], at: int
) -> None:
    files = {tmp_path / name: b"new" for name in "abc"}
    for path in files:
        path.write_bytes(b"old")
    write, calls = Path.write_bytes, list[Path]()

    def half(path: Path, data: bytes) -> int:
        calls.append(path)
        write(path, data[:1])
        if len(calls) == at:
            raise stop
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(stop):
        write_whole(files)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == dict.fromkeys(files, b"old")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    check_folder("--out", tmp_path)
    check_folder("--out", tmp_path / "new" / "er")
    check_file("--out", tmp_path / "new" / "file")
    check_file("--out", tmp_path / "file")
    with pytest.raises(EvaluationError, match=f"^--out {tmp_path}/file is no folder$"):
        check_folder("--out", tmp_path / "file")
    with pytest.raises(EvaluationError, match=f"cannot be made: {tmp_path}/file is a file; name another folder$"):
        check_folder("--out", tmp_path / "file" / "x" / "y")
    with pytest.raises(EvaluationError, match=f"^--out {tmp_path} is a folder; name a file$"):
        check_file("--out", tmp_path)
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)  # the tests may run as one who may do anything
    with pytest.raises(EvaluationError, match=f"cannot be written: no permission in {tmp_path}; name another folder$"):
        check_folder("--out", tmp_path / "x")
