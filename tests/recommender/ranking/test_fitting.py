"""Fitting: the loss by finite differences, the optimum by another optimiser, the scale by scikit-learn."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from recommender.errors import RankerError
from recommender.ranking.fitting import SHRINK, SHRINK_ABSOLUTE, TOP, Example, _Loss, fit
from recommender.ranking.ranker import Ranker, features
from recommender.ranking.signals import RELATIVE, SIGNALS

S = len(SIGNALS)
NONE = Ranker.from_weights({}, 0.0)


def examples(count: int, truth: np.ndarray, *, m: int = 40, seed: int = 0) -> list[Example]:
    """Pools of random signals in which the editor picks 1 to 4 by the softmax of the true sums."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        signals = rng.normal(size=(m, S)).astype(np.float32)
        signals[:, ~RELATIVE] = np.maximum(signals[:, ~RELATIVE], 0)
        inputs = features(signals)
        sums = (inputs * truth).sum(axis=(1, 2))
        picked = np.zeros(m, dtype=bool)
        chance = np.exp(sums - logsumexp(sums))
        picked[rng.choice(m, size=int(rng.integers(1, 5)), replace=False, p=chance / chance.sum())] = True
        found.append(Example(inputs, picked, float(rng.uniform(0.5, 2.0))))
    return found


def truth(**weights: float) -> np.ndarray:
    found = np.zeros((S, 2))
    for name, weight in weights.items():
        found[list(SIGNALS).index(name), 0] = weight
    return found


def plain_loss(flat: np.ndarray, used: list[Example], prior: np.ndarray, pull: np.ndarray) -> float:
    """The loss as its docstring says it, query by query, in float64."""
    total = 0.0
    for example in used:
        sums = (example.inputs.astype(float) * flat.reshape(S, 2)).sum(axis=(1, 2))
        total -= example.weight * float((sums - logsumexp(sums))[example.picked].mean())
    return total + 0.5 * float((pull * (flat - prior) ** 2).sum())


def test_the_loss_and_its_gradient() -> None:
    used = examples(6, truth(tfidf=1.0))
    rng = np.random.default_rng(1)
    prior, pull, at = rng.uniform(0, 1, 2 * S), rng.uniform(0.1, 3, 2 * S), rng.uniform(0, 1, 2 * S)
    value, gradient = _Loss(used, prior, pull)(at)
    assert value == pytest.approx(plain_loss(at, used, prior, pull), rel=1e-5)
    expected = approx_fprime(at, plain_loss, 1e-6, used, prior, pull)
    np.testing.assert_allclose(gradient, expected, atol=2e-4)


def test_the_optimum_is_that_of_another_optimiser() -> None:
    used = examples(40, truth(tfidf=1.2, names=0.6, listed_by_neighbours=1.0))
    found = fit(used, NONE, "here", shrink=0.01)
    pull = 0.01 * np.repeat(np.where(RELATIVE, SHRINK, SHRINK_ABSOLUTE), 2)
    other = minimize(
        plain_loss, np.zeros(2 * S), (used, np.zeros(2 * S), pull), method="SLSQP", bounds=[(0, None)] * (2 * S)
    )
    weights = found.weights.astype(float)
    slope = weights[weights > 0.1].sum() / other.x.reshape(S, 2)[weights > 0.1].sum()
    np.testing.assert_allclose(weights, slope * other.x.reshape(S, 2), atol=0.03)


def test_what_editors_follow_gets_the_weight() -> None:
    found = fit(examples(400, truth(tfidf=2.0, listed_by_neighbours=1.0)), NONE, "here", shrink=0.001)
    sums = dict(zip(SIGNALS, found.weights.sum(axis=1).tolist(), strict=True))
    assert sorted(sums, key=lambda name: -sums[name])[:2] == ["tfidf", "listed_by_neighbours"]
    assert max(sum_ for name, sum_ in sums.items() if name not in ("tfidf", "listed_by_neighbours")) < 0.25


def test_an_endless_pull_leaves_the_prior_but_for_the_scale() -> None:
    prior = Ranker.from_weights({"tags": (0.6, 0.2), "closeness": (0.3, 0.0)}, -3.0)
    found = fit(examples(50, truth(tfidf=2.0)), prior, "here", shrink=1e9)
    slope = found.weights.sum() / prior.weights.sum()
    np.testing.assert_allclose(found.weights, slope * prior.weights, atol=1e-4)


def test_no_weight_is_negative_even_where_editors_avoid_what_is_alike() -> None:
    found = fit(examples(100, truth(tfidf=-2.0, tags=1.0)), NONE, "here", shrink=0.01)
    assert (found.weights >= 0).all()
    assert found.named()["tfidf"] == [0.0, 0.0]


def test_signals_can_be_left_out() -> None:
    prior = Ranker.from_weights({"tfidf": (0.5, 0.5), "tags": (0.1, 0.1)}, -3.0)
    found = fit(examples(100, truth(tfidf=2.0, tags=1.0)), prior, "here", without=frozenset({"tfidf"}))
    assert found.named()["tfidf"] == [0.0, 0.0]
    assert found.named()["tags"][0] > 0


def test_the_scale_is_a_logistic_regression_on_the_top_of_each_pool() -> None:
    used = examples(150, truth(tfidf=1.5, list_popularity=1.0), m=60)
    found = fit(used, NONE, "here", shrink=0.1)
    x, alone, y, w = [], [], [], []
    for example in used:
        sums = (example.inputs * found.weights).sum(axis=(1, 2))
        top = np.argsort(-sums, kind="stable")[:TOP]
        x.append(sums[top])
        y.append(example.picked[top])
        w.append(np.full(TOP, example.weight))
        rest = (example.inputs * found.weights)[:, RELATIVE].sum(axis=(1, 2))
        alone.append(np.sort(rest)[::-1][:TOP])
    logistic = LogisticRegression(C=1e9).fit(np.concatenate(x)[:, None], np.concatenate(y), np.concatenate(w))
    assert logistic.coef_[0, 0] == pytest.approx(1.0, abs=0.01)  # the slope is in the weights already
    assert found.bias == pytest.approx(logistic.intercept_[0], abs=0.01)
    shares = 1 / (1 + np.exp(-(np.concatenate(alone) + found.bias_alone)))
    tops = [np.argsort(-(e.inputs * found.weights)[:, RELATIVE].sum(axis=(1, 2)), kind="stable")[:TOP] for e in used]
    picked = np.concatenate([e.picked[top] for e, top in zip(used, tops, strict=True)])
    assert np.average(shares, weights=np.concatenate(w)) == pytest.approx(
        np.average(picked, weights=np.concatenate(w)), abs=1e-3
    )  # at the optimum of a bias the mean of the scores is the share that was picked


def test_it_is_the_same_every_time_and_says_where_it_comes_from() -> None:
    used = examples(30, truth(tfidf=1.0))
    first, second = (fit(used, NONE, "thirty lists") for _ in range(2))
    assert first.to_json() == second.to_json()
    assert first.origin == "thirty lists"


def test_nothing_to_learn_from_is_refused() -> None:
    (one,) = examples(1, truth())
    for used in ([], [Example(one.inputs, np.zeros_like(one.picked))]):
        with pytest.raises(RankerError, match="^no list has a picked article among its candidates"):
            fit(used, NONE, "here")


def test_many_examples_outweigh_the_prior() -> None:
    """The pull stays what it is, so the more lists there are the less the prior counts."""
    prior = Ranker.from_weights({"tags": (1.0, 0.0)}, -3.0)
    shares = []
    for count in (5, 50, 500):
        found = fit(examples(count, truth(tfidf=2.0), m=20), prior, "here", shrink=0.05).weights
        shares.append(found[list(SIGNALS).index("tfidf")].sum() / found.sum())
    assert shares[0] < shares[1] < shares[2]
    assert shares[0] < 0.3
    assert shares[2] > 0.8


def test_an_example_of_twice_the_weight_is_the_example_twice() -> None:
    used = examples(12, truth(tfidf=1.0, names=1.0))
    double = [Example(e.inputs, e.picked, 2 * e.weight) for e in used[:4]]
    once = fit([*double, *used[4:]], NONE, "here", shrink=0.02)
    twice = fit([*used[:4], *used], NONE, "here", shrink=0.02)
    np.testing.assert_allclose(once.weights, twice.weights, atol=5e-3)
    assert once.bias == pytest.approx(twice.bias, abs=5e-3)


def test_a_list_without_a_candidate_teaches_nothing() -> None:
    used = examples(10, truth(tfidf=1.0))
    idle = [Example(e.inputs, np.zeros_like(e.picked), 100.0) for e in examples(5, truth(), seed=9)]
    assert fit([*used, *idle], NONE, "here").to_json() == fit(used, NONE, "here").to_json()


def test_an_example_holds_what_the_weights_apply_to() -> None:
    signals = np.random.default_rng(0).normal(size=(7, S)).astype(np.float32)
    picked = np.arange(7) == 3
    made = Example.from_signals(signals, picked, 0.5)
    np.testing.assert_array_equal(made.inputs, features(signals))
    assert (made.picked is picked, made.weight, Example.from_signals(signals, picked).weight) == (True, 0.5, 1.0)


def test_what_says_nothing_gets_the_smallest_scale_and_the_share_picked() -> None:
    """Where the order is no better than chance, every score is about the share of what is picked."""
    found = fit(examples(200, truth(), m=30), Ranker.from_weights({"tags": (1.0, 0.0)}, -3.0), "here", shrink=1e6)
    picked, shown = 0.0, 0.0
    for example in examples(200, truth(), m=30):
        sums = (example.inputs * found.weights).sum(axis=(1, 2)) + found.bias
        top = np.argsort(-sums, kind="stable")[:TOP]
        picked += example.weight * example.picked[top].sum()
        shown += example.weight * float((1 / (1 + np.exp(-sums[top]))).sum())
    assert shown == pytest.approx(picked, rel=0.01)
    assert found.named()["tags"][0] < 0.3


def test_signals_left_out_weigh_nothing_wherever_they_came_from() -> None:
    prior = Ranker.from_weights({name: (0.2, 0.2) for name in SIGNALS}, -3.0)
    gone = frozenset({"tfidf", "tags", "listed_by_neighbours"})
    found = fit(examples(30, truth(tfidf=2.0, listed_by_neighbours=2.0)), prior, "here", without=gone).named()
    assert [name for name, pair in found.items() if pair == [0.0, 0.0]] == [n for n in SIGNALS if n in gone]
    everything = fit(examples(5, truth()), prior, "here", without=frozenset(SIGNALS))
    assert not everything.weights.any()
