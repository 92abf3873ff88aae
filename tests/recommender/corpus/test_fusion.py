"""The fused vector: both halves scaled by the spread of their own similarities."""

import numpy as np
import pytest

from recommender.corpus import fusion as module
from recommender.corpus.fusion import CENTRE_SHRINK, LEXICAL_WEIGHT, Fusion, unit


def halves(n: int, *, semantic: int = 12, lexical: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Rows as a corpus has them: all semantic ones lean one way, the lexical ones are shorter than 1."""
    rng = np.random.default_rng(n)
    s = rng.normal(size=(n, semantic)) + 1.5
    tfidf = np.abs(rng.normal(size=(n, lexical))) ** 3
    rows = s / np.linalg.norm(s, axis=1, keepdims=True), tfidf / np.linalg.norm(tfidf, axis=1, keepdims=True) * 0.9
    return rows[0].astype(np.float32), rows[1].astype(np.float32)


def similarities(rows: np.ndarray) -> np.ndarray:
    return np.array([float(rows[i] @ rows[j]) for i in range(len(rows)) for j in range(i)])


@pytest.mark.parametrize("n", [3, 40, 200])
def test_the_halves_have_the_spread_they_claim(n: int) -> None:
    s, lexical = halves(n)
    fused = Fusion.fit(s, lexical).fuse(s, lexical)
    assert (fused.dtype, fused.shape) == (np.float32, (n, 19))
    assert similarities(fused[:, :12].astype(float)).std() == pytest.approx(1, rel=1e-4)
    assert similarities(fused[:, 12:].astype(float)).std() == pytest.approx(LEXICAL_WEIGHT, rel=1e-4)


def test_each_half_by_hand() -> None:
    s, lexical = halves(30)
    fused = Fusion.fit(s, lexical).fuse(s, lexical)
    shifted = s - s.sum(axis=0) / (30 + CENTRE_SHRINK)
    centred = shifted / np.linalg.norm(shifted, axis=1, keepdims=True)
    np.testing.assert_allclose(fused[:, :12], centred / similarities(centred).std() ** 0.5, atol=1e-5)
    np.testing.assert_allclose(
        fused[:, 12:], lexical * (LEXICAL_WEIGHT / similarities(lexical).std()) ** 0.5, atol=1e-5
    )


def test_one_product_is_the_weighted_sum_of_both_similarities() -> None:
    s, lexical = halves(25)
    fusion = Fusion.fit(s, lexical)
    fused = fusion.fuse(s, lexical)
    centred = unit(s - fusion.centre)
    a, b = similarities(centred), similarities(lexical)
    np.testing.assert_allclose(similarities(fused), a / a.std() + LEXICAL_WEIGHT * b / b.std(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("meaning", "nearer"), [(1.3, "words"), (1.9, "meaning")])
def test_a_deviation_in_words_outweighs_one_and_a_third_in_meaning_and_not_two(meaning: float, nearer: str) -> None:
    s, lexical = halves(200)
    fusion = Fusion.fit(s, lexical)
    deviation = similarities(unit(s - fusion.centre)).std(), similarities(lexical).std()
    cosine = float(meaning * deviation[0])
    directions = np.zeros((3, 12), np.float32)
    directions[:, :3] = [[1, 0, 0], [cosine, (1 - cosine**2) ** 0.5, 0], [0, 0, 1]]
    words = np.zeros((3, 7), np.float32)
    words[[0, 2], 0] = 1, deviation[1]
    query, by_meaning, by_words = fusion.fuse(fusion.centre + directions, words)
    assert (float(query @ by_words) > float(query @ by_meaning)) == (nearer == "words")


def test_the_spread_of_a_large_corpus_is_estimated_on_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    s, lexical = halves(400)
    exact = Fusion.fit(s, lexical)
    monkeypatch.setattr(module, "SAMPLE", 100)
    sampled, again = Fusion.fit(s, lexical), Fusion.fit(s, lexical)
    assert (sampled.semantic_scale, sampled.lexical_scale) == (again.semantic_scale, again.lexical_scale)
    assert sampled.semantic_scale != exact.semantic_scale
    assert sampled.semantic_scale == pytest.approx(exact.semantic_scale, rel=0.1)
    assert sampled.lexical_scale == pytest.approx(exact.lexical_scale, rel=0.1)
    np.testing.assert_array_equal(sampled.centre, exact.centre)


@pytest.mark.parametrize("n", [1, 2])
def test_a_corpus_too_small_to_measure_is_not_scaled(n: int) -> None:
    s, lexical = halves(n)
    fusion = Fusion.fit(s, lexical)
    assert (fusion.semantic_scale, fusion.lexical_scale) == (1.0, pytest.approx(LEXICAL_WEIGHT**0.5))
    np.testing.assert_allclose(fusion.centre, s.sum(axis=0) / (n + CENTRE_SHRINK), atol=1e-6)
    fused = fusion.fuse(s, lexical)
    np.testing.assert_allclose(np.linalg.norm(fused[:, :12], axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(fused[:, 12:], lexical * LEXICAL_WEIGHT**0.5, atol=1e-6)


def test_equal_rows_are_not_scaled_either() -> None:
    s, lexical = (np.tile(half[:1], (30, 1)) for half in halves(5))
    fused = Fusion.fit(s, lexical).fuse(s, lexical)
    np.testing.assert_allclose(np.linalg.norm(fused[:, :12], axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("empty", [0, 1, 2])
def test_a_missing_half_stays_zero(empty: int) -> None:
    s, lexical = halves(20)
    if empty in (0, 2):
        s[4] = 0
    if empty in (1, 2):
        lexical[4] = 0
    fused = Fusion.fit(s, lexical).fuse(s, lexical)
    assert fused[4, :12].any() == (empty == 1)
    assert fused[4, 12:].any() == (empty == 0)
    assert np.isfinite(fused).all()
    assert np.delete(fused, 4, axis=0).any(axis=1).all()


def test_a_corpus_without_a_lexical_half() -> None:
    s, _ = halves(6)
    fused = Fusion.fit(s, np.zeros((6, 0), np.float32)).fuse(s, np.zeros((6, 0), np.float32))
    assert fused.shape == (6, 12)
    assert similarities(fused.astype(float)).std() == pytest.approx(1, rel=1e-4)


def test_unit() -> None:
    rows = np.array([[3, 4], [0, 0], [-2, 0]], dtype=np.float32)
    np.testing.assert_allclose(unit(rows), [[0.6, 0.8], [0, 0], [-1, 0]], atol=1e-7)
    assert unit(rows).dtype == np.float32
