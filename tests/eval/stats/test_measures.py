"""Measures against hand-worked cases and independent formulas."""

import math

import numpy as np
import pytest

from eval.stats.measures import decreasing, measure_names, per_query
from recommender.errors import EvaluationError

LOG3, LOG5 = math.log2(3), math.log2(5)

# qrels, run, expected nDCG@3, R@3, RR: worked by hand.
HAND = [
    (["a"], ["a", "b", "c"], 1.0, 1.0, 1.0),
    (["a"], ["b", "a", "c"], 1 / LOG3, 1.0, 0.5),
    (["a", "b"], ["c", "a", "b"], (1 / LOG3 + 0.5) / (1 + 1 / LOG3), 1.0, 0.5),
    (["a", "b", "c", "d"], ["a", "x", "b", "c", "d"], 1.5 / (1 + 1 / LOG3 + 0.5), 0.5, 1.0),
    (["a"], ["b", "c", "d", "a"], 0.0, 0.0, 0.25),
    (["a"], [], 0.0, 0.0, 0.0),
]


@pytest.mark.parametrize(("relevant", "ranking", "ndcg", "recall", "rr"), HAND)
def test_hand_worked(relevant: list[str], ranking: list[str], ndcg: float, recall: float, rr: float) -> None:
    values = per_query(("nDCG@3", "R@3", "RR"), {"q": dict.fromkeys(relevant, 1)}, {"q": ranking})
    assert values["nDCG@3"][0] == pytest.approx(ndcg, abs=1e-6)
    assert values["R@3"][0] == pytest.approx(recall)
    assert values["RR"][0] == pytest.approx(rr)


def test_equal_to_plain_formulas_on_random_runs() -> None:
    rng = np.random.default_rng(5)
    qrels, run = {}, {}
    for q in range(2_000):
        documents = [f"d{i}" for i in rng.permutation(40)]
        qrels[f"q{q}"] = {d: 1 for d in rng.choice(documents, size=rng.integers(1, 12), replace=False)}
        run[f"q{q}"] = documents[: rng.integers(0, 30)]
    values = per_query(measure_names(10), qrels, run)
    for i, q in enumerate(qrels):
        gains = [d in qrels[q] for d in run[q]]
        dcg = sum(g / math.log2(r + 2) for r, g in enumerate(gains[:10]))
        ideal = sum(1 / math.log2(r + 2) for r in range(min(10, len(qrels[q]))))
        assert values["nDCG@10"][i] == pytest.approx(dcg / ideal)
        assert values["R@10"][i] == pytest.approx(sum(gains[:10]) / len(qrels[q]))
        assert values["RR"][i] == pytest.approx(1 / (gains.index(True) + 1) if any(gains) else 0)
        assert values["Success@5"][i] == pytest.approx(float(any(gains[:5])))


def test_a_query_without_an_answer_counts_as_zero() -> None:
    values = per_query(("nDCG@10",), {"q1": {"a": 1}, "q2": {"a": 1}}, {"q2": ["a"]})
    assert values["nDCG@10"].tolist() == [0.0, 1.0]


def test_an_answer_to_no_query_is_left_out() -> None:
    assert per_query(("RR",), {"q1": {"a": 1}}, {"q1": ["a"], "other": ["a"]})["RR"].tolist() == [1.0]


def test_a_document_twice_is_refused() -> None:
    with pytest.raises(EvaluationError, match="'q' holds a document twice"):
        per_query(("RR",), {"q": {"a": 1}}, {"q": ["a", "b", "a"]})


def test_scores_of_a_run_strictly_decrease() -> None:
    assert decreasing(["x", "y", "z"]) == [("x", 3), ("y", 2), ("z", 1)]
