"""Quantized vectors: as they were, to a bound; how like two articles are by brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.corpus.quantized import LEVELS, VIEWS, QuantizedVectors, Similarities

DIM = 24
NAMES = ("title", "teaser", "body", "title_passage", "passage_passage")


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)).astype(np.float32)


def made(seed: int, sizes: list[int], dim: int = DIM) -> tuple[np.ndarray, list[np.ndarray]]:
    """Views of which a third are missing, and as many passages an article as ``sizes`` says."""
    rng = np.random.default_rng(seed)
    views = unit(rng.normal(size=(len(sizes), len(VIEWS), dim)))
    views[rng.random(views.shape[:2]) < 1 / 3] = 0
    return views, [unit(rng.normal(size=(size, dim))) for size in sizes]


SIZES = st.lists(st.integers(0, 6), min_size=1, max_size=12)


@given(seed=st.integers(0, 99), sizes=SIZES)
def test_what_comes_out_is_what_went_in_to_half_a_level(seed: int, sizes: list[int]) -> None:
    views, passages = made(seed, sizes)
    quantized = QuantizedVectors.from_vectors(views, passages)
    assert (len(quantized), quantized.codes.shape) == (len(sizes), (sum(sizes) + 3 * len(sizes), DIM))
    assert (quantized.codes.dtype, quantized.scales.dtype, quantized.ends.dtype) == (np.int8, np.float32, np.int64)
    for row, wanted in enumerate(zip(views, passages, strict=True)):
        for found, vectors in zip(quantized.dequantized(row), wanted, strict=True):
            assert found.dtype == np.float32
            assert found.shape == vectors.shape
            bound = np.abs(vectors).max(axis=1, initial=0) / LEVELS / 2
            assert (np.abs(found - vectors) <= bound[:, None] * 1.001).all()


def by_loops(quantized: QuantizedVectors, row: int, body: np.ndarray, asked: np.ndarray) -> dict[str, float]:
    """Every number of one article from its vectors one by one, in float64."""
    views, passages = (part.astype(float) for part in quantized.dequantized(row))
    known = {name: vector for name, vector in zip(VIEWS, views, strict=True) if vector.any()}
    of_title = [float(known["title"] @ p) for p in asked] if "title" in known else []
    pairs = [float(a @ b) for a in passages for b in asked]
    found = {name: float(known[name] @ body) if name in known and body.any() else np.nan for name in VIEWS}
    return found | {
        "title_passage": max(of_title, default=np.nan),
        "passage_passage": max(pairs, default=np.nan),
    }


def same(
    found: Similarities, quantized: QuantizedVectors, rows: np.ndarray, body: np.ndarray, asked: np.ndarray
) -> None:
    expected = [by_loops(quantized, row, body.astype(float), asked.astype(float)) for row in rows.tolist()]
    for name in NAMES:
        column = getattr(found, name)
        assert column.dtype == np.float32
        np.testing.assert_allclose(column, [each[name] for each in expected], atol=1e-5, err_msg=name)


@given(seed=st.integers(0, 99), sizes=SIZES, asked=st.integers(0, 4), body=st.booleans(), data=st.data())
def test_likeness_is_that_of_brute_force(
    seed: int, sizes: list[int], asked: int, body: bool, data: st.DataObject
) -> None:
    views, passages = made(seed, [*sizes, asked])
    quantized = QuantizedVectors.from_vectors(views[:-1], passages[:-1])
    mine = unit(np.arange(1.0, DIM + 1)) if body else np.zeros(DIM, np.float32)
    rows = np.array(data.draw(st.lists(st.integers(0, len(sizes) - 1), max_size=9)), dtype=np.int64)
    same(quantized.similarities(rows, mine, passages[-1]), quantized, rows, mine, passages[-1])


@pytest.mark.parametrize("asked", [1, 8])
def test_likeness_over_many_blocks(asked: int) -> None:
    views, passages = made(5, [size % 9 for size in range(400)], 64)
    quantized = QuantizedVectors.from_vectors(views, passages)
    rows = np.random.default_rng(1).permutation(400)
    _, (mine,) = made(6, [asked], 64)
    same(quantized.similarities(rows, mine[0], mine), quantized, rows, mine[0], mine)


@given(seed=st.integers(0, 99), parts=st.lists(SIZES, min_size=1, max_size=4))
def test_parts_join_to_what_one_packing_gives(seed: int, parts: list[list[int]]) -> None:
    groups = [made(seed + i, sizes) for i, sizes in enumerate(parts)]
    joined = QuantizedVectors.joined([QuantizedVectors.from_vectors(*group) for group in groups])
    whole = QuantizedVectors.from_vectors(
        np.concatenate([views for views, _ in groups]), [p for _, each in groups for p in each]
    )
    for name in ("codes", "scales", "ends"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))


def test_a_zero_vector_stays_zero() -> None:
    quantized = QuantizedVectors.from_vectors(np.zeros((1, 3, DIM), np.float32), [np.zeros((2, DIM), np.float32)])
    assert not any(part.any() for part in quantized.dequantized(0))
    assert not quantized.scales.any()


def test_a_missing_view_is_unknown_and_one_at_right_angles_is_not() -> None:
    views = np.zeros((2, 3, DIM), np.float32)
    views[0, :, 0] = 1
    quantized = QuantizedVectors.from_vectors(views, [np.zeros((0, DIM), np.float32)] * 2)
    across = np.zeros(DIM, np.float32)
    across[1] = 1
    found = quantized.similarities(np.arange(2), across, across[None])
    for name in (*VIEWS, "title_passage"):
        np.testing.assert_array_equal(getattr(found, name), [0, np.nan])
    assert np.isnan(found.passage_passage).all()


def test_a_cosine_is_kept_as_well_as_the_module_says() -> None:
    """To about 0.005, of vectors as long as real ones; and never worse than half a level in every number."""
    vectors = unit(np.random.default_rng(7).normal(size=(300, 384)))
    quantized = QuantizedVectors.from_vectors(vectors[None, :3], [vectors[3:]])
    query = vectors[:40]
    kept = np.concatenate(quantized.dequantized(0))
    error = np.abs(kept @ query.T - vectors @ query.T)
    assert error.max() < 0.005
    bound = quantized.scales[:, None] / 2 * np.abs(query).sum(axis=1)
    assert (error <= bound * 1.001 + 1e-6).all()
    assert error.max() > 1e-4, "one byte a number is not lossless"


def test_every_level_is_used() -> None:
    vectors = np.array([[1.0, -1.0, 0.5, 0.0], [1e-6, 0.0, -1e-6, 6e-7], [3e4, 1.0, 0.0, -3e4]], dtype=np.float32)
    quantized = QuantizedVectors.from_vectors(vectors[None], [vectors[:0]])
    assert quantized.codes.tolist() == [[127, -127, 64, 0], [127, 0, -127, 76], [127, 0, 0, -127]]
    np.testing.assert_allclose(quantized.scales, np.array([1, 1e-6, 3e4]) / 127, rtol=1e-6)
