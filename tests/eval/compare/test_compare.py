"""Two reports against each other, gates, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from eval.compare.compare import check_fail_under, check_no_worse, compare, parse_fail_under
from eval.report.saved import read_results
from eval.stats.significance import SEED, Verdict, bootstrap, detectable, randomisation_test
from recommender.errors import EvaluationError

QUERIES = [f"q{i}" for i in range(300)]
BASE = np.random.default_rng(0).random(300).round(6)


def report(folder: Path, values: np.ndarray, queries: list[str] = QUERIES, **changes: object) -> Path:
    """Write a report's two files; ``changes`` replace keys of either."""
    folder.mkdir(exist_ok=True)
    by_measure = {"nDCG@10": values, "RR": 1 - values}
    per_query: dict[str, Any] = {
        "measures": list(by_measure),
        "queries": queries,
        "systems": {"product": {m: v.tolist() for m, v in by_measure.items()}, "naive": {"RR": values.tolist()}},
    }
    means = {m: {"mean": round(float(v.mean()), 6), "low": 0.0, "high": 1.0} for m, v in by_measure.items()}
    document: dict[str, Any] = {
        "queries": len(queries),
        "as_of": "published",
        "k": 10,
        "systems": {"product": means, "naive": {"RR": means["nDCG@10"]}},
        "provenance": {"sources": {"x.jsonl": "aa"}},
    }
    per_query |= {key: value for key, value in changes.items() if key in (*per_query, "groups")}
    document |= {key: value for key, value in changes.items() if key in document and key not in per_query}
    (folder / "per_query.json").write_bytes(orjson.dumps(per_query))
    (folder / "report.json").write_bytes(orjson.dumps(document))
    return folder


@pytest.fixture
def a(tmp_path: Path) -> Path:
    return tmp_path / "a"


@pytest.fixture
def b(tmp_path: Path) -> Path:
    return report(tmp_path / "b", BASE)


def test_better_is_said_with_amount_and_certainty(a: Path, b: Path) -> None:
    gain = np.random.default_rng(1).normal(0.03, 0.1, 300).round(6)
    found = compare(report(a, BASE + gain), b)
    assert (found.system, found.measure, found.common, found.only_a, found.only_b) == ("product", "nDCG@10", 300, 0, 0)
    assert found.comparison.difference.mean == pytest.approx(gain.mean())
    assert found.comparison.difference.low == pytest.approx(bootstrap(gain, SEED).low)
    assert found.comparison.p == found.comparison.p_holm == pytest.approx(randomisation_test(gain, SEED), abs=2e-5)
    assert (found.mean_a, found.mean_b) == (pytest.approx((BASE + gain).mean()), pytest.approx(BASE.mean()))
    low, high = found.comparison.difference.low, found.comparison.difference.high
    assert low > 0
    p = f"p = {found.comparison.p:.3f}" if found.comparison.p >= 0.0005 else "p < 0.001"
    assert found.sentence == (
        f"A is better than B by {gain.mean():+.3f} nDCG@10 (95 % interval {low:+.3f} to {high:+.3f}, {p})"
        " over 300 common lists."
    )
    assert found.to_json()["sentence"] == found.sentence
    assert found.to_json()["difference"]["verdict"] == "better"


def test_the_other_way_round_is_worse(a: Path, b: Path) -> None:
    report(a, BASE + 0.01)
    assert compare(b, a).comparison.verdict is Verdict.WORSE
    assert compare(b, a).sentence.startswith(
        "A is worse than B by -0.010 nDCG@10 (95 % interval -0.010 to -0.010, p < "
    )
    assert compare(a, b, measure="RR").comparison.verdict is Verdict.WORSE


def test_no_difference_comes_with_what_would_have_been_seen(a: Path, b: Path) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 300).round(6)
    found = compare(report(a, BASE + noise), b)
    assert found.comparison.verdict is Verdict.UNDECIDED
    assert found.sentence.startswith("No difference shown between A and B: ")
    assert found.sentence.endswith(f"of {detectable(noise):.3f} or more would have been seen with probability .8.")
    same = compare(b / "report.json", b)
    assert same.sentence == "A and B have the same nDCG@10 on each of the 300 common lists."


@pytest.mark.parametrize(("count", "lists"), [(1, "1 list"), (5, "5 lists")])
def test_too_few_lists_claim_nothing(a: Path, b: Path, count: int, lists: str) -> None:
    """However great the difference: p cannot come below .05."""
    found = compare(report(a, np.full(count, 1.0), QUERIES[:count]), report(b, np.zeros(300)))
    assert found.comparison.verdict is Verdict.UNDECIDED
    assert found.sentence == (
        f"Nothing can be said of A and B: {lists} in common, at least 6 are needed"
        " (nDCG@10 is 1.000 in A and 0.000 in B)."
        f" Left out: 0 lists that only A has, {300 - count} that only B has."
    )
    told = found.to_json()["difference"]
    assert (told["mean"], told["verdict"]) == (1.0, "undecided")
    assert [told[key] for key in ("low", "high", "p", "p_holm", "detectable")] == [None] * 5
    six = compare(report(a, np.full(6, 1.0), QUERIES[:6]), b)
    assert six.comparison.verdict is Verdict.BETTER


def test_many_queries_of_few_lists_claim_nothing(a: Path, b: Path) -> None:
    found = compare(report(a, BASE + 0.5, groups=[i % 5 for i in range(300)]), b)
    assert found.sentence.startswith("Nothing can be said of A and B: 300 lists, 5 of them different, in common, at")


def test_too_few_lists_pass_no_gate(a: Path, b: Path) -> None:
    few = QUERIES[:5]
    report(a, np.full(5, 1.0), few)
    failures = check_no_worse(a, report(b, np.zeros(5), few), 0.01)
    assert failures == ["5 lists in common with the base, at least 6 are needed."]


def test_queries_are_paired_by_id_and_the_others_counted(a: Path, b: Path) -> None:
    kept, order = [7, 3, 250, 100], [*[f"new{i}" for i in range(3)], "q100", "q7", "q250", "q3"]
    values = np.concatenate([np.full(3, 0.5), BASE[[100, 7, 250, 3]] + [0.1, 0.2, 0.3, 0.4]])
    found = compare(report(a, values, order), b)
    assert (found.common, found.only_a, found.only_b) == (4, 3, 296)
    assert found.comparison.difference.mean == pytest.approx(0.25)
    assert found.mean_b == pytest.approx(BASE[kept].mean())
    assert "Left out: 3 lists that only A has, 296 that only B has." in found.sentence


def test_queries_that_share_a_list_are_drawn_together(a: Path, b: Path) -> None:
    gain, groups = np.repeat(np.random.default_rng(4).normal(0.02, 0.1, 60), 5).round(6), np.repeat(np.arange(60), 5)
    apart = compare(report(a, BASE + gain), b).comparison
    together = compare(report(a, BASE + gain, groups=groups.tolist()), b).comparison
    assert together.difference.low == pytest.approx(bootstrap(gain, SEED, groups).low)
    assert together.difference.high - together.difference.low > 2 * (apart.difference.high - apart.difference.low)
    assert together.detectable > 2 * apart.detectable


def test_other_files_are_mentioned(a: Path, b: Path) -> None:
    assert compare(b, b).same_sources is True
    assert compare(report(a, BASE, provenance={"sources": {"x.jsonl": "bb"}}), b).sentence.endswith(
        "The reports were made of different files."
    )
    assert compare(report(a, BASE, provenance={}), b).same_sources is None


@pytest.mark.parametrize("key", ["k", "as_of"])
def test_reports_of_another_question_are_not_compared(a: Path, b: Path, key: str) -> None:
    value = {"k": 5, "as_of": "none"}[key]
    with pytest.raises(EvaluationError, match=rf"cannot be compared: {key} is {value} in .*a, \w+ in .*b"):
        compare(report(a, BASE, **{key: value}), b)


def test_unknown_names_and_disjoint_queries_are_refused(a: Path, b: Path) -> None:
    with pytest.raises(EvaluationError, match=r"per_query.json: no system 'magic'; it has: product, naive"):
        compare(b, b, system="magic")
    with pytest.raises(EvaluationError, match=r"no measure 'nDCG@10'; it has: RR"):
        compare(b, b, system="naive")
    with pytest.raises(EvaluationError, match="no query in common"):
        compare(report(a, BASE, [f"other{i}" for i in range(300)]), b)


DAMAGED = [
    ({"queries": QUERIES[:-1]}, "300 values of product's nDCG@10, expected 299"),
    ({"queries": ["q0"] * 300}, "each query once"),
    ({"queries": []}, "at least one query"),
    ({"measures": []}, "expected a measure"),
    ({"systems": {"product": {"nDCG@10": "high"}}}, r"systems.product.nDCG@10: Input should be a valid list"),
    ({"systems": {"product": {"nDCG@10": [None] * 300}}}, r"systems.product.nDCG@10.0: Input should be a valid number"),
    ({"systems": {"product": {"nDCG@10": [0.5] * 300}}}, "not of one evaluation"),
    ({"systems": {"unheard": {"nDCG@10": [0.5] * 300}}}, "not of one evaluation"),
    ({"systems": {"product": {"nDCG@10": ["nan"] * 300}}}, "not finite"),
    ({"groups": [1, 2]}, "2 groups for 300 queries"),
]


@pytest.mark.parametrize(("changes", "message"), DAMAGED, ids=range(len(DAMAGED)))
def test_damaged_values_name_their_file(a: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluationError, match=rf"a/per_query\.json: .*{message}"):
        read_results(report(a, BASE, **changes))


def test_files_that_are_missing_or_no_report_are_named(a: Path) -> None:
    with pytest.raises(EvaluationError, match=r"a/report\.json: cannot be read"):
        read_results(a)
    report(a, BASE)
    (a / "per_query.json").unlink()
    with pytest.raises(EvaluationError, match=r"a/per_query\.json: cannot be read"):
        read_results(a)
    report(a, BASE)
    (a / "per_query.json").write_bytes(b'{"measures": [')
    with pytest.raises(EvaluationError, match=r"a/per_query\.json: cannot be read"):
        read_results(a)
    (a / "report.json").write_bytes(b"[]")
    with pytest.raises(EvaluationError, match=r"a/report\.json: no report of this project \(expected the keys as_of"):
        read_results(a)


# --- gates ---


def test_a_floor_is_parsed() -> None:
    assert parse_fail_under("nDCG@10=0.40") == ("nDCG@10", 0.4)
    assert parse_fail_under(" RR = 1 ") == ("RR", 1.0)


@pytest.mark.parametrize("text", ["nDCG@10", "nDCG@10=", "=0.4", "nDCG@10=high", "nDCG@10=40", "RR=-0.1", "RR=nan", ""])
def test_what_is_no_floor_is_shown_with_an_example(text: str) -> None:
    with pytest.raises(EvaluationError, match=r"MEASURE=FLOOR with a floor from 0 to 1, as nDCG@10=0\.40"):
        parse_fail_under(text)


def test_fail_under_compares_the_mean() -> None:
    document = {"systems": {"product": {"nDCG@10": {"mean": 0.3987}, "RR": {"mean": 0.6}}}}
    assert check_fail_under(document, "product", [("nDCG@10", 0.3987), ("RR", 0.5)]) == []
    assert check_fail_under(document, "product", [("nDCG@10", 0.4), ("RR", 0.7)]) == [
        "product has nDCG@10 0.3987, below the floor of 0.4000.",
        "product has RR 0.6000, below the floor of 0.7000.",
    ]
    with pytest.raises(EvaluationError, match=r"the report: no measure 'nDCG@5'; it has: nDCG@10, RR"):
        check_fail_under(document, "product", [("nDCG@5", 0.4)])
    with pytest.raises(EvaluationError, match="no system 'tuned'"):
        check_fail_under(document, "tuned", [])


def test_no_worse_looks_at_the_lower_end_not_at_the_mean(a: Path, b: Path) -> None:
    change = np.random.default_rng(5).normal(0, 0.1, 300).round(6)
    change -= change.mean()  # no worse on average, but not surely so
    report(a, BASE + change)
    lowest = -1.645 * change.std() / np.sqrt(300)
    assert check_no_worse(a, b, margin=-lowest + 0.002) == []
    (failure,) = check_no_worse(a, b, margin=-lowest - 0.002)
    assert failure.startswith("product is not shown to be no worse than the base: ")
    assert f"the margin is {-lowest - 0.002:.4f}" in failure


def test_the_same_report_is_no_worse_and_a_loss_is(a: Path, b: Path) -> None:
    assert check_no_worse(b, b, margin=0) == []
    report(a, BASE - 0.02)
    assert check_no_worse(a, b, margin=0.03) == []
    assert len(check_no_worse(a, b, margin=0.01)) == 1
    assert check_no_worse(a, b, margin=0.01, measure="RR") == []  # higher by .02 there


def test_a_gate_is_not_passed_by_losing_queries(a: Path, b: Path) -> None:
    report(a, BASE[:200] + 0.1, QUERIES[:200])
    assert check_no_worse(a, b, margin=0.01) == [
        "Only 200 of the base's 300 lists were asked: too few to compare with it."
    ]
    report(a, BASE[:290] + 0.1, QUERIES[:290])
    assert check_no_worse(a, b, margin=0.01) == []


@pytest.mark.parametrize("margin", [-0.01, 1.0, float("nan")])
def test_an_odd_margin_is_refused(b: Path, margin: float) -> None:
    with pytest.raises(EvaluationError, match="margin"):
        check_no_worse(b, b, margin)
