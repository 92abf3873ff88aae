"""The arrays of a snapshot: every one written, read back to the same numbers, and as good as the corpus they were."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import orjson
import pytest

from index.store.arrays import ARRAYS, SPARSE, ArrayFiles, arrays_of
from index.store.reading import open_snapshot
from index.store.snapshot import Snapshot
from index.store.writing import Contents
from recommender.articles import Article, Record
from recommender.corpus.corpus import Corpus
from recommender.corpus.lexicon import Lexicon
from recommender.corpus.terms import TermRows
from recommender.errors import SnapshotError
from tests.index.samples import ENCODER, article, articles, contents_of, written

BARE = [Record(Article(id=f"a{n}", title=f"ship {n}"), "") for n in range(3)]
"""Stubs without bodies, names or tags: no passages, and two empty vocabularies."""
WORDLESS = [Record(Article(id=f"a{n}", title="the", body="and", language="en"), "") for n in range(3)]


def contents_again(found: Snapshot) -> Contents:
    return Contents(found.corpus, (), found.ranker, found.manifest.model, "exact")


def same_terms(a: TermRows, b: TermRows) -> None:
    for name in SPARSE:
        left, right = getattr(a, name), getattr(b, name)
        assert left.shape == right.shape
        assert left.dtype == right.dtype == np.float32
        assert left.has_canonical_format
        assert right.has_canonical_format
        np.testing.assert_array_equal(left.toarray(), right.toarray(), err_msg=name)


def same_corpus(found: Corpus, expected: Corpus) -> None:
    """Equal to the last bit, in everything that is not derived."""
    assert (found.cards, found.directory.aliases) == (expected.cards, expected.directory.aliases)
    np.testing.assert_array_equal(found.fused, expected.fused)
    for name in ("codes", "scales", "ends"):
        a, b = getattr(found.quantized, name), getattr(expected.quantized, name)
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    same_terms(found.terms, expected.terms)
    told, again = found.fingerprints, expected.fingerprints
    assert told.rarity.count == again.rarity.count == len(expected)
    pairs = [(getattr(told, name), getattr(again, name)) for name in ("words", "ends")]
    for a, b in (
        *pairs,
        *((getattr(told.rarity, name), getattr(again.rarity, name)) for name in ("shared", "holders")),
    ):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    words, others = found.lexicon.words, expected.lexicon.words
    assert (words.terms, words.stop_words) == (others.terms, others.stop_words)
    np.testing.assert_array_equal(words.idf, others.idf)
    np.testing.assert_array_equal(words.components, others.components)
    for kind in ("names", "tags"):
        model, other = getattr(found.lexicon, kind), getattr(expected.lexicon, kind)
        assert model.terms == other.terms
        np.testing.assert_array_equal(model.idf, other.idf)
    np.testing.assert_array_equal(found.fusion.centre, expected.fusion.centre)
    assert found.fusion.semantic_scale == expected.fusion.semantic_scale
    assert found.fusion.lexical_scale == expected.fusion.lexical_scale


@pytest.mark.parametrize("items", [articles(12), articles(1), BARE, WORDLESS], ids=["some", "one", "bare", "wordless"])
def test_a_corpus_comes_back_to_the_last_bit(items: Sequence[Record], tmp_path: Path) -> None:
    source = contents_of(items)
    same_corpus(open_snapshot(written(tmp_path, source)).corpus, source.corpus)


def test_a_real_corpus_comes_back_to_the_last_bit(optech: Snapshot, tmp_path: Path) -> None:
    same_corpus(open_snapshot(written(tmp_path, contents_again(optech))).corpus, optech.corpus)
    assert all(getattr(optech.corpus.terms, name).nnz > 100 for name in SPARSE)


def test_the_sample_fills_every_array(whole: Path) -> None:
    """Else a file that is lost or mixed up with another one would not be noticed."""
    arrays = {name: np.load(whole / name) for name in ARRAYS}
    assert {name for name, array in arrays.items() if array.size < 3} == set()
    assert [name for name, array in arrays.items() if not array.any()] == []
    assert len({array.tobytes() for array in arrays.values()}) == len(ARRAYS)


def test_the_files_are_those_of_the_folder_and_hold_what_they_say(whole: Path) -> None:
    assert {path.name for path in whole.glob("*.npy")} == set(ARRAYS)
    assert tuple(field.name for field in fields(TermRows)) == SPARSE
    for name, kind in ARRAYS.items():
        assert np.load(whole / name).dtype == kind


def test_arrays_are_written_in_their_type_and_in_one_piece() -> None:
    corpus = contents_of(articles(5)).corpus
    found = arrays_of(corpus)
    assert set(found) == set(ARRAYS)
    for name, array in found.items():
        assert array.dtype == ARRAYS[name]
        assert array.flags.c_contiguous
    np.testing.assert_array_equal(found["packed.npy"], corpus.quantized.codes)
    np.testing.assert_array_equal(found["short_indices.npy"], corpus.terms.short.indices)


def test_what_is_large_is_mapped_and_not_read(whole: Path) -> None:
    corpus = open_snapshot(whole).corpus
    told = corpus.fingerprints.words
    for array in (corpus.fused, corpus.quantized.codes, corpus.terms.whole.data, corpus.terms.short.data, told):
        while not isinstance(array, np.memmap):
            assert array.base is not None, "a copy in memory"
            array = array.base
        assert array.mode == "r"


def test_the_models_read_back_weigh_a_new_text_the_same(whole: Path) -> None:
    """A draft must not be weighed by a model that lost a term or an idf on its way."""
    source = contents_of(articles(12)).corpus.lexicon
    arrays = ArrayFiles.open(whole)
    lexicon = arrays.lexicon(_terms(whole))
    assert isinstance(lexicon, Lexicon)
    new = [
        article(3, edition=1).article,
        article(7).article,
        Article(id="n", title="Ena Morling: balo", tags=("balo",)),
    ]
    same_terms(lexicon.rows(new), source.rows(new))
    assert lexicon.rows(new).whole.nnz > 10
    rows = lexicon.rows(new).whole
    np.testing.assert_array_equal(lexicon.words.project(rows), source.words.project(rows))


@pytest.mark.parametrize("name", ARRAYS)
def test_a_file_that_is_missing_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(SnapshotError, match=f"^{folder / name}: no array"):
        ArrayFiles.open(folder)


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("kind", ["<f8", "<i8", "<i4", "<f4", "|i1", "|b1", ">f4"])
def test_an_array_of_another_type_is_named(folder: Path, name: str, kind: str) -> None:
    if np.dtype(kind) == np.dtype(ARRAYS[name]):
        return
    array = np.load(folder / name).astype(kind)
    (folder / name).unlink()
    np.save(folder / name, array)
    with pytest.raises(SnapshotError, match=f"^{folder / name}: holds .*, expected {np.dtype(ARRAYS[name])}$"):
        ArrayFiles.open(folder)


@pytest.mark.parametrize(("count", "dim"), [(11, 64), (13, 64), (0, 64), (12, 63), (12, 1)])
def test_another_number_of_articles_or_another_model_is_refused(whole: Path, count: int, dim: int) -> None:
    arrays = ArrayFiles.open(whole)
    arrays.check(12, ENCODER.dim, _terms(whole))
    with pytest.raises(SnapshotError, match=r"(packed|packed_ends)\.npy: has shape"):
        arrays.check(count, dim, _terms(whole))


@pytest.mark.parametrize(("key", "name"), [("terms", "components"), ("names", "names_idf"), ("tags", "tags_idf")])
def test_terms_that_are_not_as_many_as_their_weights_are_refused(whole: Path, key: str, name: str) -> None:
    terms = _terms(whole)
    with pytest.raises(SnapshotError, match=rf"{name}\.npy: has shape"):
        ArrayFiles.open(whole).check(12, ENCODER.dim, {**terms, key: terms[key][:-1]})


def _terms(folder: Path) -> dict[str, tuple[str, ...]]:
    return {key: tuple(value) for key, value in orjson.loads((folder / "terms.json").read_bytes()).items()}
