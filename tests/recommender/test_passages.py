"""Packed passages: as the vectors they were, to a bound; the best pair by brute force."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.passages import LEVELS, Passages

DIM = 24


def groups(seed: int, sizes: list[int]) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    made = [rng.normal(size=(size, DIM)) for size in sizes]
    return [(g / np.maximum(np.linalg.norm(g, axis=1, keepdims=True), 1e-9)).astype(np.float32) for g in made]


SIZES = st.lists(st.integers(0, 6), min_size=1, max_size=12)


@given(seed=st.integers(0, 99), sizes=SIZES)
def test_what_comes_out_is_what_went_in_to_half_a_level(seed: int, sizes: list[int]) -> None:
    made = groups(seed, sizes)
    packed = Passages.pack(made, DIM)
    assert (len(packed), packed.codes.shape) == (len(sizes), (sum(sizes), DIM))
    assert packed.codes.dtype == np.int8
    for row, vectors in enumerate(made):
        found = packed.of(row)
        assert found.dtype == np.float32
        assert found.shape == vectors.shape
        bound = np.abs(vectors).max(axis=1, initial=0) / LEVELS / 2
        assert (np.abs(found - vectors) <= bound[:, None] * 1.001).all()


@given(seed=st.integers(0, 99), sizes=SIZES, asked=st.integers(0, 4), data=st.data())
def test_the_best_pair_is_that_of_brute_force(seed: int, sizes: list[int], asked: int, data: st.DataObject) -> None:
    made = groups(seed, [*sizes, asked])
    packed, query = Passages.pack(made[:-1], DIM), made[-1]
    rows = np.array(data.draw(st.lists(st.integers(0, len(sizes) - 1), max_size=9)), dtype=np.int64)
    found = packed.best(rows, query)
    assert found.dtype == np.float32
    assert found.shape == rows.shape
    for row, value in zip(rows.tolist(), found.tolist(), strict=True):
        products = [float(a @ b) for a in made[row].astype(float) for b in query.astype(float)]
        if products:
            assert value == pytest.approx(max(products), abs=0.02)
            assert value == pytest.approx(max(float(a @ b) for a in packed.of(row) for b in query), abs=1e-5)
        else:
            assert np.isnan(value)


@given(seed=st.integers(0, 99), parts=st.lists(SIZES, min_size=1, max_size=4))
def test_parts_join_to_what_one_packing_gives(seed: int, parts: list[list[int]]) -> None:
    made = [groups(seed + i, sizes) for i, sizes in enumerate(parts)]
    joined = Passages.joined([Passages.pack(each, DIM) for each in made])
    whole = Passages.pack([group for each in made for group in each], DIM)
    for name in ("codes", "scales", "ends"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))


def test_a_zero_vector_stays_zero() -> None:
    packed = Passages.pack([np.zeros((2, DIM), np.float32)], DIM)
    assert not packed.of(0).any()
    assert np.isfinite(packed.scales).all()


def test_articles_without_any_passage() -> None:
    packed = Passages.pack([np.zeros((0, DIM), np.float32)] * 3, DIM)
    assert packed.of(1).shape == (0, DIM)
    assert np.isnan(packed.best(np.array([0, 2]), np.ones((1, DIM), np.float32))).all()


def test_a_cosine_is_kept_as_well_as_the_module_says() -> None:
    """To about 0.005, of vectors as long as real ones; and never worse than half a level in every number."""
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(300, 384))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    packed = Passages.pack([vectors[:1], vectors[1:250], vectors[250:]], 384)
    query = vectors[:40]
    kept = np.concatenate([packed.of(row) for row in range(3)])
    error = np.abs(kept @ query.T - vectors @ query.T)
    assert error.max() < 0.005
    bound = packed.scales[:, None] / 2 * np.abs(query).sum(axis=1)
    assert (error <= bound * 1.001 + 1e-6).all()
    assert error.max() > 1e-4, "one byte a number is not lossless"
    np.testing.assert_allclose(packed.best(np.array([2, 0]), query), [(kept[250:] @ query.T).max(), 1], atol=0.005)


def test_every_level_is_used() -> None:
    vectors = np.array([[1.0, -1.0, 0.5, 0.0], [1e-6, 0.0, -1e-6, 6e-7], [3e4, 1.0, 0.0, -3e4]], dtype=np.float32)
    packed = Passages.pack([vectors], 4)
    assert packed.codes.tolist() == [[127, -127, 64, 0], [127, 0, -127, 76], [127, 0, 0, -127]]
    np.testing.assert_allclose(packed.scales, np.array([1, 1e-6, 3e4]) / 127, rtol=1e-6)


def test_the_rows_asked_for_may_repeat_and_be_in_any_order() -> None:
    made = groups(3, [2, 0, 1, 3])
    packed, query = Passages.pack(made, DIM), groups(4, [2])[0]
    one_by_one = [float(packed.best(np.array([row]), query)[0]) for row in range(4)]
    found = packed.best(np.array([3, 1, 3, 0, 2]), query)
    np.testing.assert_allclose(found, [one_by_one[row] for row in (3, 1, 3, 0, 2)], atol=1e-6)
    assert math.isnan(found[1])
    assert packed.best(np.zeros(0, np.int64), query).shape == (0,)
    assert np.isnan(packed.best(np.arange(4), np.zeros((0, DIM), np.float32))).all()
