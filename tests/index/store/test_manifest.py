import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from index.store.filesystem import FileSystem
from index.store.manifest import MAX_BYTES, NAME, SCHEMA, digest, read_manifest, version_of
from index.store.reading import open_snapshot
from index.store.writing import write_snapshot
from recommender.errors import SnapshotError
from tests.index.samples import BUILT_AT, articles, contents_of, reseal

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_snapshot(FileSystem(), tmp_path, contents_of(articles(5)), BUILT_AT)
    return tmp_path


def test_it_reads_as_it_was_written(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert (folder / NAME).read_bytes() == manifest.to_bytes()
    assert manifest.schema_version == SCHEMA
    assert manifest.built_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert (manifest.model.name, manifest.model.revision, manifest.model.dim) == ("hash", "blake2b-64", 64)
    assert (manifest.articles, manifest.stubs, manifest.curated_lists, manifest.index) == (5, 0, 3, "exact")
    for name, entry in manifest.files.items():
        data = (folder / name).read_bytes()
        assert (entry.size, entry.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_the_version_is_a_digest_of_all_but_itself_and_the_time() -> None:
    parts: dict[str, object] = {"version": "x", "built_at": "y", "b": 2, "a": [1.5, None]}
    expected = hashlib.sha256(b'{"a":[1.5,null],"b":2}').hexdigest()[:16]
    assert version_of(parts) == expected
    assert version_of({**parts, "version": "z", "built_at": "later"}) == expected
    assert version_of({**parts, "b": 3}) != expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(articles=m["articles"] + 1), r"packed_ends\.npy: has shape \(6,\), expected \(7,\)"),
        (lambda m: m.update(articles=0, stubs=0), r"packed_ends\.npy: has shape \(6,\), expected \(1,\)"),
        (lambda m: m.update(articles=2**63 - 1), r"has shape"),
        (lambda m: m.update(articles=2**63), r"has shape"),
        (lambda m: m.update(articles=2**64 - 1), r"has shape"),
        (lambda m: m.update(articles=-1), r"articles: .*greater than or equal to 0"),
        (lambda m: m.update(articles=1.5), r"articles: .*integer"),
        (lambda m: m["model"].update(dim=63), r"packed\.npy: has shape \(\d+, 64\), expected \(\d+, 63\)"),
        (lambda m: m["model"].update(dim=0), r"model.dim: "),
        (lambda m: m["model"].update(dim=2**63), r"model.dim: "),
        (lambda m: m.update(index="hnsw"), r"unexpected or missing file entries: neighbours.faiss"),
        (lambda m: m.update(index="flat"), r"index: "),
        (lambda m: m.update(semantic_scale=0), r"semantic_scale: "),
        (lambda m: m.update(lexical_scale=-1.0), r"lexical_scale: "),
        (lambda m: m["ranker"].update(bias="1e999"), r"ranker.bias: .*finite"),
        (lambda m: m["ranker"].update(bias_alone="-1e999"), r"ranker.bias_alone: .*finite"),
        (lambda m: m["ranker"].update(weights={"charm": [1.0, 0.0]}), r"unknown signals: charm"),
        (lambda m: m["ranker"].update(weights={"tfidf": [1.0]}), r"ranker.weights.tfidf.1: "),
        (lambda m: m["ranker"].update(weights={"tfidf": [1.0, 2.0, 3.0]}), r"ranker.weights.tfidf: "),
        (lambda m: m["ranker"].update(weights={"tfidf": 1.0}), r"ranker.weights.tfidf: "),
        (lambda m: m["ranker"].update(weights=[1.0]), r"ranker.weights: "),
        (lambda m: m["ranker"].pop("origin"), r"ranker.origin: Field required"),
        (lambda m: m["ranker"].update(charm=1), r"ranker.charm: "),
        (lambda m: m.pop("ranker"), r"ranker: Field required"),
        (lambda m: m.update(schema_version=0), rf"schema 0 is too old, this version reads {SCHEMA}: build again"),
        (lambda m: m.update(schema_version=1), rf"schema 1 is too old, this version reads {SCHEMA}: build again"),
        (lambda m: m.update(schema_version="2.5"), r"schema_version: "),
        (
            lambda m: m.update(schema_version=SCHEMA + 1),
            rf"schema {SCHEMA + 1} is too new, this version reads {SCHEMA}",
        ),
        (lambda m: m.update(built_at="yesterday"), r"built_at: "),
        (lambda m: m.update(surprise=1), r"surprise: "),
        (lambda m: m.pop("stubs"), r"stubs: Field required"),
        (lambda m: m.pop("version"), r"version: Field required"),
        (lambda m: m["files"].update({"../x": m["files"]["idf.npy"]}), r"file entries: \.\./x"),
        (lambda m: m["files"].update({"/etc/passwd": m["files"]["idf.npy"]}), r"file entries: /etc/passwd"),
        (lambda m: m["files"].pop("idf.npy"), r"file entries: idf.npy"),
        (lambda m: m["files"]["idf.npy"].update(size=m["files"]["idf.npy"]["size"] + 1), r"idf.npy: damaged"),
        (lambda m: m["files"]["idf.npy"].update(size=-1), r"files.idf.npy.size: "),
        (lambda m: m["files"]["idf.npy"].update(sha256="0" * 64), r"idf.npy: damaged"),
        (lambda m: m["files"]["idf.npy"].update(sha256="0" * 63), r"files.idf.npy.sha256: "),
        (lambda m: m.update(files={}), r"unexpected or missing file entries: aliases.json, "),
    ],
)
def test_a_lie_is_named(folder: Path, change: Change, message: str) -> None:
    reseal(folder, change)
    with pytest.raises(SnapshotError, match=message):
        open_snapshot(folder)


@pytest.mark.parametrize("key", ["articles", "stubs", "curated_lists", "ranker", "newest_article", "model"])
def test_content_of_another_version_is_refused(folder: Path, key: str) -> None:
    data = orjson.loads((folder / NAME).read_bytes())
    ranker = {**data["ranker"], "weights": {}}
    others = {"model": {**data["model"], "revision": "x"}, "newest_article": None, "ranker": ranker}
    data[key] = others[key] if key in others else data[key] + 1
    (folder / NAME).write_bytes(orjson.dumps(data))
    with pytest.raises(SnapshotError, match=f"its content is not that of version {data['version']}"):
        read_manifest(folder)


@pytest.mark.parametrize("version", ["", "abc", "../../../../etc1", "F" * 16, "0" * 17, None, 7])
def test_a_version_that_is_none_is_refused(folder: Path, version: object) -> None:
    data = orjson.loads((folder / NAME).read_bytes())
    (folder / NAME).write_bytes(orjson.dumps({**data, "version": version}))
    with pytest.raises(SnapshotError, match="version: "):
        read_manifest(folder)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 100,
        b"\xff\xfe",
        b"not JSON",
        b"[]",
        b"3",
        b"null",
        b"{}",
        b"[" * 100_000,
        b'{"schema_version": NaN}',
        b'{"schema_version": 1e999}',
        b'{"schema_version": 1%b}' % (b"0" * 30),
        b'{"schema_version": "\\ud800"}',
    ],
)
def test_what_is_no_manifest_is_refused(folder: Path, raw: bytes) -> None:
    (folder / NAME).write_bytes(raw)
    with pytest.raises(SnapshotError, match=NAME):
        read_manifest(folder)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"1e999", b"-1e999", b"1" + b"0" * 30, b"%d" % 2**64])
@pytest.mark.parametrize("key", [b"articles", b"stubs", b"curated_lists", b"bias", b"semantic_scale"])
def test_a_number_out_of_range_is_refused(folder: Path, key: bytes, number: bytes) -> None:
    lines = (folder / NAME).read_bytes().splitlines()
    forged = [b'"%b": %b,' % (key, number) if line.strip().startswith(b'"%b":' % key) else line for line in lines]
    assert forged != lines
    (folder / NAME).write_bytes(b"\n".join(forged))
    with pytest.raises(SnapshotError, match=NAME):
        read_manifest(folder)


def test_a_huge_manifest_is_refused_unread(folder: Path) -> None:
    with (folder / NAME).open("ab") as file:
        file.truncate(50 * MAX_BYTES)
    with pytest.raises(SnapshotError, match="larger than 1,048,576 bytes"):
        read_manifest(folder)


@pytest.mark.parametrize("forge", ["link", "folder", "pipe", "missing"])
def test_only_a_regular_file_is_a_manifest(folder: Path, forge: str) -> None:
    path = folder / NAME
    elsewhere = path.rename(folder / "elsewhere.json")
    if forge == "link":
        path.symlink_to(elsewhere)
    elif forge == "folder":
        path.mkdir()
    elif forge == "pipe":
        os.mkfifo(path)
    with pytest.raises(SnapshotError, match=NAME):
        read_manifest(folder)


def test_a_digest_is_of_regular_files_only(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_bytes(b"abc")
    link.symlink_to(file)
    assert (digest(file).sha256, digest(file).size) == (hashlib.sha256(b"abc").hexdigest(), 3)
    for path in (link, tmp_path, tmp_path / "none"):
        with pytest.raises(SnapshotError, match="missing, or not a regular file"):
            digest(path)
