"""Intervals and tests against scipy, exact enumeration, hand-worked cases and simulation."""

import itertools
import math
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from scipy import stats

from eval.stats.significance import (
    ALPHA,
    Comparison,
    Estimate,
    Verdict,
    bootstrap,
    compare_all,
    detectable,
    holm,
    lower_bound,
    randomisation_test,
)
from recommender.errors import EvaluationError

DIGITS = 5e-4
"""Three decimals."""


def graded(size: int, seed: int, shift: float = 0.0) -> np.ndarray:
    """Paired differences as nDCG has them: many exact zeros, many ties."""
    rng = np.random.default_rng(seed)
    return np.round(rng.normal(shift, 0.3, size), 1) * (rng.random(size) < 0.7)


# --- bootstrap ---


def test_bootstrap_agrees_with_the_normal_interval() -> None:
    values = np.random.default_rng(0).random(900)
    found = bootstrap(values, seed=1)
    half = 1.96 * values.std() / math.sqrt(len(values))
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.002)
    assert found.high == pytest.approx(values.mean() + half, abs=0.002)


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_bootstrap_agrees_with_scipy_to_three_decimals(seed: int) -> None:
    values = graded(800, seed, 0.05)
    found = bootstrap(values, seed=7)
    options = {"n_resamples": 40_000, "method": "percentile", "batch": 1_000}
    other = stats.bootstrap((values,), np.mean, rng=seed, **options).confidence_interval
    assert found.low == pytest.approx(other.low, abs=DIGITS)
    assert found.high == pytest.approx(other.high, abs=DIGITS)
    one_sided = stats.bootstrap((values,), np.mean, rng=seed, alternative="greater", **options).confidence_interval
    assert lower_bound(values, seed=7) == pytest.approx(one_sided.low, abs=DIGITS)


def test_groups_of_one_are_the_plain_bootstrap() -> None:
    values = graded(120, 1)
    assert bootstrap(values, 2, np.arange(120)).to_json() == bootstrap(values, 2).to_json()
    assert randomisation_test(values, 2, np.arange(120)) == pytest.approx(randomisation_test(values, 2), abs=0.005)
    assert detectable(values, np.arange(120)) == pytest.approx(detectable(values))


def test_the_cluster_bootstrap_is_not_fooled_by_duplicates() -> None:
    values = graded(150, 8, 0.1)
    duplicated, groups = np.repeat(values, 4), np.repeat(np.arange(150), 4)
    once, plain, clustered = bootstrap(values, 1), bootstrap(duplicated, 1), bootstrap(duplicated, 1, groups)
    assert clustered.low == pytest.approx(once.low)  # four copies tell nothing more than one
    assert clustered.high == pytest.approx(once.high)
    assert (clustered.high - clustered.low) / (plain.high - plain.low) == pytest.approx(2, rel=0.05)  # √4


def test_groups_of_unequal_size_agree_with_a_plain_loop() -> None:
    values, groups = graded(60, 9, 0.2), np.random.default_rng(1).integers(100, 112, size=60)
    rng, members = np.random.default_rng(5), [values[groups == g] for g in np.unique(groups)]
    means = [
        np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))]).mean()
        for _ in range(20_000)
    ]
    low, high = np.percentile(means, (2.5, 97.5))
    found = bootstrap(values, 1, groups)
    assert (found.low, found.high) == (pytest.approx(low, abs=0.006), pytest.approx(high, abs=0.006))


def test_bootstrap_is_repeatable() -> None:
    values = np.random.default_rng(0).random(50)
    assert bootstrap(values, seed=1) == bootstrap(values, seed=1)
    assert bootstrap(values, seed=1) != bootstrap(values, seed=2)


# --- randomisation ---


@pytest.mark.parametrize(("size", "shift"), [(1, 0.1), (2, 0.0), (5, 0.2), (9, 0.1), (12, 0.2), (14, 0.0)])
def test_randomisation_agrees_with_every_sign_flip(size: int, shift: float) -> None:
    differences = graded(size, size, shift)
    sums = [abs(float(np.dot(signs, differences))) for signs in itertools.product((-1, 1), repeat=size)]
    exact = np.mean(np.array(sums) >= abs(differences.sum()) - 1e-9)
    assert randomisation_test(differences, 1) == pytest.approx(
        exact, abs=4 * math.sqrt(exact * (1 - exact) / 1e5) + 1e-5
    )


@pytest.mark.parametrize("shift", [0.04, 0.045])
def test_randomisation_agrees_with_scipy_to_three_decimals(shift: float) -> None:
    differences = graded(400, 8, shift)
    other = stats.permutation_test(
        (differences, np.zeros(400)),
        lambda x, y, axis: np.abs((x - y).mean(axis=axis)),
        permutation_type="samples",
        alternative="greater",
        vectorized=True,
        n_resamples=100_000,
        batch=1_000,
        rng=3,
    )
    assert 1e-4 < other.pvalue < 0.05
    assert randomisation_test(differences, 1) == pytest.approx(other.pvalue, abs=DIGITS)


def test_randomisation_agrees_with_scipys_exact_two_sided_test() -> None:
    left, right = np.random.default_rng(4).normal(0.8, 1, (2, 11)) * [[1], [0.2]]
    other = stats.permutation_test(
        (left, right), lambda x, y: np.mean(x - y), permutation_type="samples", n_resamples=math.inf
    )
    assert 0.001 < other.pvalue < 0.5
    assert randomisation_test(left - right, 1) == pytest.approx(other.pvalue, abs=0.005)


def test_p_is_never_zero_and_one_where_nothing_differs() -> None:
    assert randomisation_test(np.full(100, 0.5), 1) == 1 / 100_001
    assert randomisation_test(np.zeros(100), 1) == 1
    assert randomisation_test(np.full(1, 0.5), 1) == 1  # one query proves nothing


def test_type_one_error_is_five_percent() -> None:
    rng = np.random.default_rng(0)
    runs = 2_000
    hits = sum(randomisation_test(rng.normal(size=30) ** 3, seed, flips=999) <= ALPHA for seed in range(runs))
    assert hits / runs == pytest.approx(0.05, abs=3.3 * math.sqrt(0.05 * 0.95 / runs))


def test_flipping_queries_of_a_group_apart_finds_what_is_not_there() -> None:
    rng = np.random.default_rng(1)
    groups, runs = np.repeat(np.arange(20), 5), 400
    apart = together = 0
    for seed in range(runs):
        differences = np.repeat(rng.normal(size=20), 5)
        apart += randomisation_test(differences, seed, flips=499) <= ALPHA
        together += randomisation_test(differences, seed, groups, flips=499) <= ALPHA
    assert together / runs == pytest.approx(0.05, abs=0.036)
    assert apart / runs > 0.25


# --- Holm, power ---


def test_holm_worked_by_hand() -> None:
    # sorted .01 .02 .022 .2 → 4·.01=.04, 3·.02=.06, 2·.022=.044 raised to .06, 1·.2=.2
    assert holm({"d": 0.2, "b": 0.02, "a": 0.01, "c": 0.022}) == pytest.approx(
        {"d": 0.2, "b": 0.06, "a": 0.04, "c": 0.06}
    )
    assert list(holm({"d": 0.2, "a": 0.01})) == ["d", "a"]
    assert holm({"x": 0.7, "y": 0.6}) == {"x": 1.0, "y": 1.0}
    assert holm({"only": 0.03}) == {"only": 0.03}
    assert holm({}) == {}


def test_holm_keeps_false_claims_at_five_percent() -> None:
    draws = np.random.default_rng(2).random((4_000, 8))
    false_claims = sum(min(holm(dict(enumerate(row))).values()) <= ALPHA for row in draws)  # type: ignore[arg-type]
    assert false_claims / 4_000 <= 0.05 + 3.3 * math.sqrt(0.05 * 0.95 / 4_000)
    assert (draws.min(axis=1) <= ALPHA).mean() > 0.3


def test_a_detectable_difference_is_seen_with_probability_point_eight() -> None:
    rng = np.random.default_rng(3)
    true = detectable(rng.normal(0, 0.3, 200_000)) * math.sqrt(200_000 / 80)
    runs = 1_000
    seen = sum(randomisation_test(rng.normal(true, 0.3, 80), seed, flips=999) <= ALPHA for seed in range(runs))
    assert seen / runs == pytest.approx(0.8, abs=0.045)
    assert true == pytest.approx((1.959964 + 0.841621) * 0.3 / math.sqrt(80), rel=0.01)


def test_duplicates_do_not_make_smaller_differences_detectable() -> None:
    values = graded(100, 4)
    duplicated, groups = np.repeat(values, 3), np.repeat(np.arange(100), 3)
    assert detectable(duplicated, groups) == pytest.approx(detectable(values))
    assert detectable(duplicated) == pytest.approx(detectable(values) / math.sqrt(3), rel=0.01)
    assert detectable(np.array([0.3])) == math.inf
    assert detectable(np.array([0.3, 0.4]), np.array([1, 1])) == math.inf


# --- comparisons ---


def test_compare_all_says_better_worse_and_undecided() -> None:
    rng = np.random.default_rng(6)
    main = rng.random(300)
    others = {"weak": main - rng.normal(0.05, 0.1, 300), "strong": main + 0.02, "same": main, "noise": rng.random(300)}
    found = compare_all(main, others, 1)
    assert list(found) == list(others)
    assert {name: str(each.verdict) for name, each in found.items()} == {
        "weak": "better",
        "strong": "worse",
        "same": "undecided",
        "noise": "undecided",
    }
    assert found["noise"].difference == bootstrap(main - others["noise"], 1)
    assert found["noise"].p == randomisation_test(main - others["noise"], 1)
    assert {name: each.p_holm for name, each in found.items()} == holm({name: c.p for name, c in found.items()})
    assert found["same"].difference == Estimate(0, 0, 0)
    assert (found["same"].p, found["same"].detectable) == (1, 0)
    with pytest.raises(FrozenInstanceError):
        found["same"].p = 0.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("low", "high", "p_holm", "verdict"),
    [
        (0.001, 0.02, 0.03, Verdict.BETTER),
        (0.001, 0.02, 0.06, Verdict.UNDECIDED),
        (0.0, 0.02, 0.03, Verdict.UNDECIDED),
        (-0.01, 0.02, 0.03, Verdict.UNDECIDED),
        (-0.02, 0.0, 0.03, Verdict.UNDECIDED),
        (-0.02, -0.001, 0.03, Verdict.WORSE),
    ],
)
def test_a_verdict_needs_interval_and_adjusted_p(low: float, high: float, p_holm: float, verdict: Verdict) -> None:
    assert Comparison(Estimate((low + high) / 2, low, high), p_holm / 2, p_holm, 0.01).verdict is verdict


def test_five_lucky_queries_are_not_called_better() -> None:
    assert compare_all(np.full(5, 0.6), {"other": np.full(5, 0.5)}, 1)["other"].verdict is Verdict.UNDECIDED


def test_to_json_is_flat_and_finite() -> None:
    assert Comparison(Estimate(0.1, 0.05, 0.15), 1 / 100_001, 3 / 100_001, 0.0123456789).to_json() == {
        "mean": 0.1,
        "low": 0.05,
        "high": 0.15,
        "p": 0.00001,
        "p_holm": 0.00003,
        "detectable": 0.012346,
        "verdict": "better",
    }
    assert compare_all(np.ones(1), {"x": np.zeros(1)}, 1)["x"].to_json()["detectable"] is None


def test_refusals_name_both_numbers() -> None:
    with pytest.raises(EvaluationError, match="bm25: 3 values to compare with 2"):
        compare_all(np.zeros(2), {"bm25": np.zeros(3)}, 1)
    with pytest.raises(EvaluationError, match="no query"):
        bootstrap(np.zeros(0), 1)
    with pytest.raises(EvaluationError, match="not finite"):
        randomisation_test(np.array([0.1, np.nan]), 1)
    with pytest.raises(EvaluationError, match="2 group numbers for 3 values"):
        bootstrap(np.zeros(3), 1, np.zeros(2, dtype=np.int64))
