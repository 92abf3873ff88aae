"""Correlations and their intervals against scipy.stats, resample by resample."""

import math

import numpy as np
import pytest
from scipy import stats

from eval.stats.correlation import Correlation, agreement, interval


def judged(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores and people's scores that are related, with many ties in the latter."""
    rng = np.random.default_rng(seed)
    scores = rng.random(size)
    return scores, np.round(scores + rng.normal(0, 0.4, size), 1)


@pytest.mark.parametrize("size", [3, 10, 57, 400])
def test_correlations_are_scipys(size: int) -> None:
    scores, people = judged(size, size)
    found = agreement(scores, people, 1)
    assert found.pearson == pytest.approx(stats.pearsonr(scores, people).statistic)
    assert found.spearman == pytest.approx(stats.spearmanr(scores, people).statistic)


def test_every_resample_is_what_scipy_says_of_the_drawn_pairs() -> None:
    scores, people = judged(40, 2)
    found = agreement(scores, people, 9)
    drawn = np.random.default_rng(9).integers(40, size=(500, 40))  # the first chunk's draws
    for i in range(200):
        x, y = scores[drawn[i]], people[drawn[i]]
        assert found.pearsons[i] == pytest.approx(stats.pearsonr(x, y).statistic)
        assert found.spearmans[i] == pytest.approx(stats.spearmanr(x, y).statistic)
    assert len(found.pearsons) == len(found.spearmans) == 10_000


def test_intervals_are_scipys() -> None:
    scores, people = judged(300, 5)
    found = agreement(scores, people, 1)
    options = {"n_resamples": 4_000, "method": "percentile", "paired": True, "rng": 3}
    for value, resampled, statistic in (
        (found.pearson, found.pearsons, stats.pearsonr),
        (found.spearman, found.spearmans, stats.spearmanr),
    ):
        other = stats.bootstrap(
            (scores, people), lambda x, y, s=statistic: s(x, y).statistic, vectorized=False, **options
        ).confidence_interval
        mine = interval(value, resampled)
        assert mine.value == value
        assert (mine.low, mine.high) == (pytest.approx(other.low, abs=0.006), pytest.approx(other.high, abs=0.006))


def test_two_systems_are_subtracted_on_the_same_resamples() -> None:
    scores, people = judged(200, 6)
    a, b = agreement(scores, people, 1), agreement(2 * scores + 1, people, 1)
    assert a.pearsons == pytest.approx(b.pearsons)
    assert (a.spearmans == b.spearmans).all()


def test_what_does_not_vary_has_no_correlation() -> None:
    found = agreement(np.full(20, 0.3), np.arange(20.0), 1)
    assert math.isnan(found.pearson)
    assert math.isnan(found.spearman)
    assert interval(found.spearman, found.spearmans).to_json() == {"value": None, "low": None, "high": None}


def test_resamples_without_spread_are_left_out() -> None:
    found = agreement(np.array([0.1, 0.5, 0.9]), np.array([1.0, 1.0, 2.0]), 1)
    assert 0 < np.isnan(found.spearmans).mean() < 0.5
    assert interval(found.spearman, found.spearmans).high == pytest.approx(1)


def test_numbers_are_rounded_to_six_digits() -> None:
    assert Correlation(0.12345678, -1.0, 1.0).to_json() == {"value": 0.123457, "low": -1.0, "high": 1.0}
