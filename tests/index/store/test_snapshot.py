import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from index.store.filesystem import FileSystem
from index.store.manifest import NAME, IndexKind
from index.store.reading import open_snapshot
from index.store.snapshot import Snapshot
from index.store.writing import Contents, write_snapshot
from recommender.articles import CuratedList
from recommender.editors.overrides import Block, Editorial, Fill, Overrides, Pin
from recommender.ranking.ranker import default_ranker
from tests.index.samples import BUILT_AT, EDITORIAL, articles, contents_of, lists_of, written

KINDS: tuple[IndexKind, ...] = ("exact", "hnsw")


@pytest.fixture(scope="module", params=KINDS)
def source(request: pytest.FixtureRequest) -> Contents:
    return contents_of(articles(12), kind=request.param)


def test_what_is_read_answers_as_what_was_written(source: Contents, tmp_path: Path) -> None:
    manifest = write_snapshot(FileSystem(), tmp_path, source, BUILT_AT)
    memory, disk = source.open(BUILT_AT), open_snapshot(tmp_path)
    assert lists_of(disk) == lists_of(memory)
    assert any(len(found) > 5 for found in lists_of(disk).values())
    assert disk.manifest == manifest
    assert disk.kind == source.kind
    assert disk.lists == memory.lists == {item.article_id: item.targets for item in source.lists}
    assert disk.corpus.cards == source.corpus.cards
    assert disk.corpus.directory.aliases == source.corpus.directory.aliases
    assert disk.corpus.lexicon.words.terms == source.corpus.lexicon.words.terms
    assert disk.corpus.lexicon.words.stop_words == source.corpus.lexicon.words.stop_words
    assert disk.corpus.lexicon.names.terms == source.corpus.lexicon.names.terms
    assert disk.corpus.lexicon.tags.terms == source.corpus.lexicon.tags.terms
    assert disk.ranker.to_json() == source.ranker.to_json() == default_ranker().to_json()
    np.testing.assert_array_equal(disk.curated.lists.toarray(), memory.curated.lists.toarray())
    assert disk.curated.lists.nnz == 11  # six lists of two; the last one's last target, a012, is unknown


def test_what_editors_decided_comes_along_and_makes_another_version(source: Contents, tmp_path: Path) -> None:
    plain = open_snapshot(written(tmp_path / "plain", source))
    decided = open_snapshot(written(tmp_path / "decided", replace(source, editorial=EDITORIAL)))
    assert plain.editorial == Editorial()
    assert decided.editorial == EDITORIAL == replace(source, editorial=EDITORIAL).open(BUILT_AT).editorial
    assert decided.version != plain.version
    assert lists_of(decided) == lists_of(plain)
    backwards = Editorial(overrides=dict(reversed(list(EDITORIAL.overrides.items()))))
    assert open_snapshot(written(tmp_path / "again", replace(source, editorial=backwards))).version == decided.version


def test_a_snapshot_at_a_time_holds_what_is_in_force_then(source: Contents) -> None:
    whole = replace(source, editorial=EDITORIAL).open(BUILT_AT)
    assert whole.in_force_at(BUILT_AT - timedelta(seconds=1)) is whole
    first, last = whole.in_force_at(BUILT_AT), whole.in_force_at(BUILT_AT + timedelta(days=1))
    assert first.editorial.overrides["a001"] == Overrides((Pin("https://courier.example/4", 1),), (Block("a005"),))
    assert first.editorial.overrides["a004"] == EDITORIAL.overrides["a004"]
    assert last.editorial.overrides["a004"] == Overrides(mode=Fill.REPLACE)
    assert [s.version for s in (whole, first, last)] == [whole.manifest.version + end for end in ("", "~1", "~2")]
    assert first.in_force_at(BUILT_AT + timedelta(days=1)).version == last.version
    assert last.in_force_at(BUILT_AT + timedelta(days=9)) is last
    assert replace(first, seq=7, stale="0a1b2c3d").version == f"{whole.manifest.version}.7-0a1b2c3d~1"


def test_a_real_corpus_survives_the_round_trip(optech: Snapshot, tmp_path: Path) -> None:
    lists = tuple(CuratedList(identity, targets) for identity, targets in optech.lists.items())
    source = Contents(optech.corpus, lists, optech.ranker, optech.manifest.model, "exact")
    assert lists_of(open_snapshot(written(tmp_path, source))) == lists_of(optech)


def test_the_manifest_counts_what_is_there(source: Contents, tmp_path: Path) -> None:
    manifest = open_snapshot(written(tmp_path, source)).manifest
    items = articles(12)
    assert manifest.articles == len(items) == 12
    assert manifest.stubs == 0
    assert manifest.curated_lists == 6
    assert manifest.newest_article == max(i.article.published_at for i in items if i.article.published_at)
    assert manifest.built_at == BUILT_AT
    assert set(manifest.files) == {path.name for path in tmp_path.iterdir()} - {NAME}
    assert {name: entry.size for name, entry in manifest.files.items()} == {
        name: (tmp_path / name).stat().st_size for name in manifest.files
    }


def test_the_same_input_gives_the_same_bytes_and_version(source: Contents, tmp_path: Path) -> None:
    one = written(tmp_path / "one", source)
    again = replace(contents_of(articles(12), kind=source.kind), origin=source.origin)  # of another catalog's, the rest
    two = written(tmp_path / "two", again)
    assert {p.name: p.read_bytes() for p in one.iterdir()} == {p.name: p.read_bytes() for p in two.iterdir()}


def test_the_time_of_the_build_does_not_make_a_version_but_the_content_does(source: Contents, tmp_path: Path) -> None:
    folders = [tmp_path / str(i) for i in range(3)]
    for folder in folders:
        folder.mkdir()
    other = contents_of(articles(12, changed=[3]), kind=source.kind)
    first = write_snapshot(FileSystem(), folders[0], source, BUILT_AT)
    later = write_snapshot(FileSystem(), folders[1], source, BUILT_AT + timedelta(days=1))
    changed = write_snapshot(FileSystem(), folders[2], other, BUILT_AT)
    assert first.version == later.version != changed.version
    assert (first.built_at, later.built_at) == (BUILT_AT, BUILT_AT + timedelta(days=1))


def test_an_old_reader_of_the_arrays_keeps_them_after_the_folder_is_gone(folder: Path) -> None:
    snapshot = open_snapshot(folder)
    before = lists_of(snapshot)
    shutil.rmtree(folder)
    assert lists_of(snapshot) == before
