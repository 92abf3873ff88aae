"""Archives: read as the folder they hold; bombs, ways out of the folder and what is no archive of articles refused."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from recommender.sources import archives
from recommender.sources import read as read_sources
from tests.recommender.makers import split

FILES = {
    "b.jsonl": b'{"id":"b","title":"B"}',
    "sub/a.txt": b"Title\nOne.\nRelated Articles\n",
    "photo.jpg": b"\xff\xd8",
}


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


PACKERS = {"zip": zipped, "tar": tarred, "tar.gz": lambda files: gzip.compress(tarred(files))}


@pytest.mark.parametrize("kind", PACKERS)
def test_an_archive_is_read_as_its_folder(kind: str, tmp_path: Path) -> None:
    path, left = tmp_path / "export.bin", []
    path.write_bytes(PACKERS[kind](FILES))
    found = list(read_sources([path], told=lambda item: left.append(item.place)))
    assert [(item.article.id, item.place) for item in found] == [  # type: ignore[union-attr]
        ("b", f"{path}/b.jsonl:1"),
        ("a", f"{path}/sub/a.txt:1"),
    ]
    assert left == [f"{path}/photo.jpg"]


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("name", ["../out.jsonl", "/../../out.jsonl", "sub/../../out.jsonl", "..\\out.jsonl"])
def test_nothing_is_written_outside(kind: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "in" / "evil.zip"
    path.parent.mkdir()
    path.write_bytes(PACKERS[kind]({name: FILES["b.jsonl"]}))
    found, errors = split([path])
    assert found == []
    assert "leads out of its folder" in str(errors[0])
    assert sorted(tmp_path.rglob("*")) == [path.parent, path]


def test_links_and_devices_are_left_out(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind in (
            ("link.jsonl", tarfile.SYMTYPE),
            ("hard.jsonl", tarfile.LNKTYPE),
            ("p.txt", tarfile.FIFOTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        member = tarfile.TarInfo("b.jsonl")
        member.size = len(FILES["b.jsonl"])
        archive.addfile(member, io.BytesIO(FILES["b.jsonl"]))
    path = tmp_path / "a.tar"
    path.write_bytes(out.getvalue())
    found, errors = split([path])
    assert [item.article.id for item in found] == ["b"]
    assert errors == []


def damaged(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize("kind", PACKERS)
def test_a_damaged_archive_is_named(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    noise = {f"{n}.jsonl": orjson.dumps({"id": f"{n}", "title": f"{n * 7919}" * 40}) for n in range(50)}
    path.write_bytes(damaged(PACKERS[kind](noise)))
    _, errors = split([path])
    assert errors
    assert str(errors[-1]).startswith(f"{path}: the ")
    assert "damaged" in str(errors[-1])


@pytest.mark.parametrize("marker", ["[Content_Types].xml", "mimetype"])
def test_a_document_of_an_office_program_is_no_archive(marker: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(zipped({marker: b"", "xl/sheet.xml": b"<a/>"}))
    assert "save it as CSV or HTML" in str(split([path])[1][0])


def test_an_encrypted_archive_is_named(tmp_path: Path) -> None:
    raw = bytearray(zipped({"a.jsonl": FILES["b.jsonl"]}))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(sign) + at] |= 1
    path = tmp_path / "a.zip"
    path.write_bytes(raw)
    assert "damaged or encrypted" in str(split([path])[1][0])


@pytest.mark.parametrize("pack", [zipped, lambda files: gzip.compress(tarred(files))])
def test_a_bomb_is_stopped(
    pack: Callable[[dict[str, bytes]], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "RATIO_FROM", 1_000_000)
    monkeypatch.setattr("recommender.sources.opened.RATIO_FROM", 1_000_000)
    path = tmp_path / "a.zip"
    path.write_bytes(pack({f"{n}.jsonl": bytes(4_000_000) for n in range(5)}))
    found, errors = split([path])
    assert found == []
    assert "as no articles do" in str(errors[-1])


def test_an_archive_in_a_folder_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"x.jsonl": FILES["b.jsonl"]}))
    (tmp_path / "c.jsonl").write_bytes(b'{"id":"c","title":"C"}')
    found, errors = split([tmp_path])
    assert [item.article.id for item in found] == ["b", "c"]
    assert errors == []
