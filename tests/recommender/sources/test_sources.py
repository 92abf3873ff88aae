"""From paths to records: folders, kinds of file, duplicates across files, files that cannot be read."""

import os
from pathlib import Path
from typing import Any

import pytest

from recommender.errors import SourceError
from recommender.sources import read
from recommender.sources.reading import files_of
from tests.recommender.makers import lines, split

GOOD = {"id": "good", "title": "A good one"}
PAGE = "Title\nOne.\nRelated Articles\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as found: two kinds of source, a subfolder, and what is none."""
    (tmp_path / "sub").mkdir()
    lines(tmp_path / "b.jsonl", [{"id": "b", "title": "B"}])
    lines(tmp_path / "sub" / "c.ndjson", [{"id": "c", "title": "C"}])
    (tmp_path / "a.txt").write_text(PAGE)
    (tmp_path / "notes.md").write_text("notes")
    (tmp_path / "sub" / "photo.jpg").write_bytes(b"\xff\xd8")
    (tmp_path / "Makefile").write_text("all:")
    return tmp_path


def test_a_folder_is_walked_in_order_and_other_files_are_mentioned(folder: Path) -> None:
    ignored: list[str] = []
    items = list(read([folder], told=lambda item: ignored.append(item.place)))
    assert [getattr(item, "article", item).id for item in items] == ["a", "b", "c"]  # type: ignore[union-attr]
    assert ignored == [f"{folder}/Makefile", f"{folder}/notes.md", f"{folder}/sub/photo.jpg"]
    assert files_of([folder]) == [folder / "a.txt", folder / "b.jsonl", folder / "sub" / "c.ndjson"]


def test_paths_are_read_in_the_order_named(folder: Path) -> None:
    found, errors = split([folder / "sub", folder / "b.jsonl", folder / "a.txt"])
    assert [item.article.id for item in found] == ["c", "b", "a"]
    assert not errors


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Makefile", "no reader for this kind of file; known: .parquet, .xml, "),
        ("missing.xyz", "no such file or folder"),
        ("missing", "no such file or folder"),
        ("missing.jsonl", "no such file or folder"),
        ("missing.jsonl.gz", "no such file or folder"),
        ("missing.txt", "no such file or folder"),
        ("loop.txt", "cannot be read ([Errno 40] Too many levels of symbolic links"),
        ("loop.jsonl", "cannot be read ([Errno 40] Too many levels of symbolic links"),
        ("empty.jsonl", "the file is empty: no article in it"),
        ("blank.jsonl", "the file is empty: no article in it"),
        ("empty.txt", "the file is empty: no article in it"),
    ],
)
def test_a_path_that_gives_nothing_is_named_and_the_rest_is_read(name: str, message: str, folder: Path) -> None:
    for loop in ("loop.txt", "loop.jsonl"):
        (folder / loop).symlink_to(folder / loop)
    (folder / "empty.jsonl").touch()
    (folder / "empty.txt").touch()
    (folder / "blank.jsonl").write_bytes(b"\n  \n\xc2\xa0\n"[:4])
    found, errors = split([folder / "b.jsonl", folder / name, folder / "a.txt"])
    assert [item.article.id for item in found] == ["b", "a"]
    assert [error.place for error in errors] == [str(folder / name)]
    assert message in errors[0].message


@pytest.mark.parametrize("name", ["b.jsonl", "a.txt"])
def test_a_file_one_may_not_read_is_named(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = os.open

    def guarded(path: Any, *args: Any) -> int:
        if str(path).endswith(f"/{name}"):
            raise PermissionError(13, "Permission denied", str(path))
        return genuine(path, *args)

    monkeypatch.setattr(os, "open", guarded)
    found, errors = split([folder])
    assert [item.article.id for item in found] == sorted({"a", "b", "c"} - {name[0]})
    assert [(type(error), error.place) for error in errors] == [(SourceError, str(folder / name))]
    assert "Permission denied" in errors[0].message


def test_an_id_seen_again_is_read_and_said(tmp_path: Path) -> None:
    first = lines(tmp_path / "a.jsonl", [GOOD, {"id": "other", "title": "T"}])
    second = lines(tmp_path / "b.jsonl", [{"id": "new", "title": "T"}, {**GOOD, "title": "Changed"}])
    (tmp_path / "good.txt").write_text(PAGE)
    found, errors = split([tmp_path])
    assert not errors
    again = "the id 'good' was seen at {} already: this later one is kept"
    assert [(item.article.id, item.article.title, item.warnings) for item in found] == [
        ("good", "A good one", ()),
        ("other", "T", ()),
        ("new", "T", ()),
        ("good", "Changed", (again.format(f"{first}:1"),)),
        ("good", "Title", (again.format(f"{second}:2"),)),
    ]


def test_one_bad_line_of_a_thousand_costs_one_article(tmp_path: Path) -> None:
    values: list[object] = [{"id": f"{n:04}", "title": f"Story {n}"} for n in range(1_000)]
    values[612] = b'{"id": "0612", "title": '
    path = lines(tmp_path / "a.jsonl", values)
    found, errors = split([path])
    assert [item.article.id for item in found] == [f"{n:04}" for n in range(1_000) if n != 612]
    assert [error.place for error in errors] == [f"{path}:613"]


def test_a_folder_named_like_a_file_is_walked(tmp_path: Path) -> None:
    odd = tmp_path / "odd.jsonl"
    odd.mkdir()
    lines(odd / "a.jsonl", [GOOD])
    assert [item.article.id for item in split([tmp_path])[0]] == ["good"]
    assert [item.article.id for item in split([odd])[0]] == ["good"]
