"""The ranker: z-scores within the pool, one logistic score."""

import math

import numpy as np
import pytest
from scipy import stats

from recommender.errors import SnapshotError
from recommender.ranker import DEFAULT, Ranker, standardise
from recommender.signals import SIGNALS

S = len(SIGNALS)


def pool(m: int, *, missing: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(m)
    table = (rng.normal(size=(m, S)) * rng.uniform(0.1, 50, S) + rng.uniform(-9, 9, S)).astype(np.float32)
    table[rng.random((m, S)) < missing] = np.nan
    return table


@pytest.mark.parametrize("m", [2, 10, 200])
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_z_scores_are_scipys(m: int, missing: float) -> None:
    table = pool(m, missing=missing)
    known = np.isfinite(table)
    expected = np.zeros((m, S))
    for column in range(S):
        values = table[known[:, column], column].astype(float)
        if len(values) > 1:
            expected[known[:, column], column] = stats.zscore(values)
    np.testing.assert_allclose(standardise(table), expected, atol=1e-4)
    assert standardise(table).dtype == np.float32


def test_an_unknown_value_counts_as_the_average() -> None:
    table = np.array([[1.0], [np.nan], [3.0], [2.0]], dtype=np.float32)
    (one,), (unknown,), (three,), (two,) = standardise(table)
    assert (one, three) == (pytest.approx(-math.sqrt(1.5)), pytest.approx(math.sqrt(1.5)))
    assert unknown == two == 0


@pytest.mark.parametrize("column", [[5.0, 5.0, 5.0], [np.nan, np.nan, np.nan], [np.nan, 7.0, np.nan], [1e-9, 0, 2e-9]])
def test_a_column_that_does_not_vary_counts_nothing(column: list[float]) -> None:
    table = pool(3)
    before = standardise(table)
    table[:, 2] = column
    found = standardise(table)
    assert not found[:, 2].any()
    np.testing.assert_array_equal(np.delete(found, 2, axis=1), np.delete(before, 2, axis=1))


@pytest.mark.parametrize("ranker", [DEFAULT, Ranker(np.linspace(-1, 1, S).astype(np.float32), 0.3)])
def test_the_score_by_hand(ranker: Ranker) -> None:
    table = pool(20, missing=0.2)
    scores = ranker.score(table)
    assert (scores.dtype, scores.shape) == (np.float32, (20,))
    z = standardise(table).astype(float)
    for row in range(20):
        total = ranker.bias + math.fsum(float(w) * float(v) for w, v in zip(ranker.weights, z[row], strict=True))
        assert scores[row] == pytest.approx(1 / (1 + math.exp(-total)), abs=1e-6)


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("weight", [0.7, -0.7])
def test_the_order_is_that_of_the_only_signal_weighed(signal: str, weight: float) -> None:
    table = pool(50)
    column = table[:, list(SIGNALS).index(signal)] * np.sign(weight)
    scores = Ranker.of({signal: weight}, bias=-1.0).score(table)
    np.testing.assert_array_equal(np.argsort(scores), np.argsort(column))
    assert ((scores > 0) & (scores < 1)).all()


def test_a_pool_of_one_gets_the_bias_alone() -> None:
    assert DEFAULT.score(pool(1)).tolist() == [pytest.approx(1 / (1 + math.exp(5.4)))]
    assert DEFAULT.score(pool(2)[:0]).tolist() == []


def test_weights_go_by_name_and_a_name_not_given_weighs_nothing() -> None:
    ranker = Ranker.of({"closeness": 0.25, "tfidf": -2}, bias=-1)
    assert ranker.named() == {**dict.fromkeys(SIGNALS, 0.0), "closeness": 0.25, "tfidf": -2.0}
    assert Ranker.of(ranker.named(), ranker.bias).weights.tolist() == ranker.weights.tolist()
    assert set(DEFAULT.named()) == set(SIGNALS)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(SnapshotError, match="^the ranker weighs unknown signals: beauty, luck$"):
        Ranker.of({"tfidf": 1, "luck": 1, "beauty": 2}, bias=0)
