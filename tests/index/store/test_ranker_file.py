"""A store's own ranker: put there whole or not at all, read by the next build, recorded in its manifest."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from index.build import build
from index.store.filesystem import FileSystem
from index.store.manifest import SCHEMA
from index.store.publish import current_version, open_current, published
from index.store.ranker_file import NAME, forget_ranker, read_ranker, write_ranker
from recommender.catalog import Catalog
from recommender.errors import NoSnapshotError, RankerError, SnapshotError
from recommender.ranking.ranker import Ranker, default_ranker
from tests.index.samples import BUILT_AT, ENCODER, CountingEncoder, articles, contents_of, lists_of

OWN = Ranker.from_weights(
    {"tfidf": (0.25, 0.5), "listed_by_neighbours": (2.0, 0.0)}, -3.5, "the courier's own lists", bias_alone=-3.0
)
OTHER = Ranker.from_weights({"closeness": (1.0, 0.125)}, -2.0, "dates alone")


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Catalog]:
    with closing(Catalog.open(tmp_path)) as catalog:
        catalog.put(articles(9))
        yield catalog


def served(store: Path) -> Ranker | None:
    """The ranker of the snapshot in service."""
    try:
        return open_current(store).ranker
    except NoSnapshotError:
        return None


def assert_ranker(found: Ranker | None, expected: Ranker) -> None:
    assert found is not None
    assert found.to_json() == expected.to_json()


def test_it_reads_as_it_was_written(tmp_path: Path) -> None:
    assert read_ranker(tmp_path) is None
    assert write_ranker(tmp_path, OWN) == tmp_path / NAME
    assert_ranker(read_ranker(tmp_path), OWN)
    write_ranker(tmp_path, OTHER)
    assert_ranker(read_ranker(tmp_path), OTHER)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_it_can_be_forgotten(tmp_path: Path) -> None:
    assert forget_ranker(tmp_path) is False
    write_ranker(tmp_path, OWN)
    assert forget_ranker(tmp_path) is True
    assert read_ranker(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


class Failing(FileSystem):
    """Raises at the event of that number."""

    def __init__(self, first: int) -> None:
        self.left = first

    def event(self, operation: str, path: Path) -> None:
        self.left -= 1
        if self.left == 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))


@pytest.mark.parametrize("before", [None, OTHER], ids=["first", "another"])
def test_a_write_that_fails_leaves_the_old_one_whole(tmp_path: Path, before: Ranker | None) -> None:
    renamed = failed = 0
    while True:
        forget_ranker(tmp_path)
        if before:
            write_ranker(tmp_path, before)
        try:
            write_ranker(tmp_path, OWN, Failing(failed + 1))
        except OSError:
            failed += 1
        else:
            break
        found = read_ranker(tmp_path)
        allowed = [ranker.to_json() if ranker else None for ranker in (before, OWN)]
        assert (found.to_json() if found else None) in allowed
        renamed += found is not None and found.to_json() == OWN.to_json()
    assert failed >= 5
    assert renamed == 1, "it takes its place at the rename, and only the folder's fsync comes after"
    assert_ranker(read_ranker(tmp_path), OWN)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_build_serves_the_stores_own_ranker_and_records_it(tmp_path: Path, stored: Catalog) -> None:
    first = build(tmp_path, stored, ENCODER)
    assert_ranker(served(tmp_path), default_ranker())
    assert open_current(tmp_path).manifest.ranker.origin == default_ranker().origin

    write_ranker(tmp_path, OWN)
    second = build(tmp_path, stored, CountingEncoder())
    assert second.changed
    assert second.embedded_texts == 0
    assert second.snapshot != first.snapshot
    assert_ranker(served(tmp_path), OWN)
    manifest = orjson.loads((tmp_path / "snapshots" / second.snapshot / "manifest.json").read_bytes())
    weights = {name: [0.0, 0.0] for name in default_ranker().named()}
    assert manifest["ranker"] == {
        "origin": "the courier's own lists",
        "bias": -3.5,
        "bias_alone": -3.0,
        "weights": {**weights, "tfidf": [0.25, 0.5], "listed_by_neighbours": [2.0, 0.0]},
    }
    assert lists_of(open_current(tmp_path)) != lists_of(contents_of(articles(9)).open(BUILT_AT))

    assert build(tmp_path, stored, ENCODER).changed is False
    forget_ranker(tmp_path)
    assert build(tmp_path, stored, ENCODER).snapshot == first.snapshot
    assert lists_of(open_current(tmp_path)) == lists_of(contents_of(articles(9)).open(BUILT_AT))


def test_the_ranker_in_service_is_the_snapshots_until_the_next_build(tmp_path: Path, stored: Catalog) -> None:
    build(tmp_path, stored, ENCODER)
    write_ranker(tmp_path, OWN)
    assert_ranker(served(tmp_path), default_ranker())


def _folder(path: Path) -> None:
    path.mkdir()


def _written(raw: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(raw)


DAMAGED: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (_written(b""), "no ranker of this project"),
    "cut": (_written(OWN.to_json()[:100]), "no ranker of this project"),
    "no object": (_written(b"[]"), "no ranker of this project"),
    "newer": (_written(OWN.to_json().replace(b'"format": 1', b'"format": 2')), "format 2, this version reads 1"),
    "unknown": (_written(OWN.to_json().replace(b'"tags"', b'"charm"')), "unknown signals: charm"),
    "folder": (_folder, "cannot be read"),
}


@pytest.mark.parametrize("damage", DAMAGED)
@pytest.mark.parametrize("published_before", [False, True])
def test_a_damaged_one_is_named_and_nothing_is_published(
    tmp_path: Path, stored: Catalog, damage: str, published_before: bool
) -> None:
    before = build(tmp_path, stored, ENCODER).snapshot if published_before else None
    stored.put(articles(9, edition=1))
    spoil, said = DAMAGED[damage]
    spoil(tmp_path / NAME)
    encoder = CountingEncoder()
    for force in (False, True):
        with pytest.raises(RankerError, match=f"^{tmp_path / NAME}: .*{said}"):
            build(tmp_path, stored, encoder, force=force)
    assert encoder.texts == [], "it is read before any work is done"
    assert [manifest.version for manifest in published(tmp_path)] == ([before] if before else [])
    if before:
        assert current_version(tmp_path) == before
    else:
        assert served(tmp_path) is None


def test_a_snapshot_of_the_earlier_schema_is_told_and_replaced_by_a_build(tmp_path: Path, stored: Catalog) -> None:
    version = build(tmp_path, stored, ENCODER).snapshot
    path = tmp_path / "snapshots" / version / "manifest.json"
    manifest = {**orjson.loads(path.read_bytes()), "schema_version": 1, "bias": -5.4, "weights": {"tfidf": 0.4}}
    del manifest["ranker"]
    path.write_bytes(orjson.dumps(manifest))
    with pytest.raises(SnapshotError, match=f"schema 1 is too old, this version reads {SCHEMA}: build again$"):
        open_current(tmp_path)
    encoder = CountingEncoder()
    assert build(tmp_path, stored, encoder).snapshot == version
    assert encoder.texts == []
    assert lists_of(open_current(tmp_path)) == lists_of(contents_of(articles(9)).open(BUILT_AT))
