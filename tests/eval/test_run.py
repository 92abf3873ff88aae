"""One evaluation: what the verdict says and of whom, what is compared with what, and the parts of report.json."""

from collections.abc import Callable

import numpy as np
import pytest

from eval.report.report import MAIN
from eval.run import CLAIMS, OURS, ZERO_SHOT, evaluate
from eval.stats.calibration import calibration, served_items
from eval.stats.significance import SEED, Verdict, compare_all
from eval.systems.context import Ranking, Scored
from eval.systems.systems import SYSTEMS, prepare
from eval.task.task import AsOf, Judged, Task
from recommender.ranking.hits import Hit
from recommender.ranking.signals import SIGNALS
from tests.conftest import DEMO, records
from tests.eval.sites import lab_of, task_of

NO_PARTS = np.zeros(len(SIGNALS), dtype=np.float32)


@pytest.fixture(scope="module")
def task() -> Task:
    return task_of(records(DEMO), AsOf.NONE)


def with_first_at(task: Task, place: int) -> Ranking:
    """A system that puts the first that was picked at ``place``, behind what was not picked."""

    def rank(query: Judged) -> list[int]:
        others = [int(row) for row in np.flatnonzero(task.allowed(query.row)) if row not in query.answers]
        return [*others[: place - 1], query.relevant[0], *others[place - 1 : 20]]

    return rank


def evaluated(task: Task, **places: int) -> dict:
    systems = {name.replace("_", "-"): with_first_at(task, place) for name, place in places.items()}
    return evaluate(task, systems, 10, about={"sources": {}}).document


# --- the verdict ---


def test_the_verdict_is_about_the_best_baseline_that_is_not_ours(task: Task) -> None:
    document = evaluated(task, product=3, tuned=1, zero_shot=2, bm25=5, tfidf=4, oracle=1, random=1)
    assert f"better than the best baseline, tfidf ({mean(document, 'tfidf'):.3f})" in document["verdict"]
    assert document["verdict"].startswith(
        f"Over {len(task.queries)} curated lists, product scores nDCG@10 {mean(document, 'product'):.3f}"
    )
    assert document["verdict"].endswith(
        f" With every list hidden: {mean(document, 'zero-shot'):.3f}."
        f" Tuned to the other lists: {mean(document, 'tuned'):.3f}."
    )


def test_the_verdict_says_when_a_baseline_is_better_or_no_different(task: Task) -> None:
    document = evaluated(task, product=4, bm25=2, tuned=1)
    assert "worse than the best baseline, bm25" in document["verdict"]
    assert "not distinguishable from the best baseline, bm25" in evaluated(task, product=4, bm25=4)["verdict"]


def test_an_external_run_is_a_rival_too(task: Task) -> None:
    assert "the best baseline, their-system" in evaluated(task, product=1, bm25=5, their_system=3)["verdict"]


@pytest.mark.parametrize("others", [{}, {"tuned": 1, "zero_shot": 4}, {"random": 9, "oracle": 1}])
def test_without_a_rival_there_is_no_claim(task: Task, others: dict[str, int]) -> None:
    document = evaluated(task, product=2, **others)
    assert document["verdict"] == f"{len(task.queries)} curated lists were asked of {1 + len(others)} system(s)."


def test_without_the_product_there_is_no_claim_and_nothing_is_compared(task: Task) -> None:
    document = evaluated(task, bm25=2, tfidf=3)
    assert document["verdict"] == f"{len(task.queries)} curated lists were asked of 2 system(s)."
    assert document["comparisons"] == {}


def test_ours_are_systems_and_every_verdict_has_words() -> None:
    assert set(OURS) < set(SYSTEMS)
    assert ZERO_SHOT in OURS
    assert MAIN not in OURS
    assert set(CLAIMS) == set(Verdict)


# --- comparisons ---


def test_the_product_is_compared_with_ours_and_theirs_but_not_with_the_answer(task: Task) -> None:
    document = evaluated(task, product=3, tuned=1, zero_shot=2, bm25=5, oracle=1)
    assert list(document["comparisons"]) == ["tuned", "zero-shot", "bm25"]
    assert document["comparisons"]["tuned"]["mean"] == pytest.approx(
        mean(document, "product") - mean(document, "tuned"), abs=2e-6
    )
    assert document["comparisons"]["tuned"]["verdict"] == "worse"


def test_zero_shot_is_compared_with_the_baselines_alone_and_corrected_for_those(task: Task) -> None:
    systems = prepare(lab_of(task), ["tfidf", "bm25", "recency", "zero-shot", "product", "tuned", "oracle"])
    report = evaluate(task, systems, 10, about={})
    found = report.document["zero_shot_comparisons"]
    assert list(found) == ["tfidf", "bm25", "recency"]
    values = {name: report.values[name]["nDCG@10"] for name in systems}
    expected = compare_all(values["zero-shot"], {name: values[name] for name in found}, SEED, report.groups)
    assert found == {name: each.to_json() for name, each in expected.items()}


@pytest.mark.parametrize(
    "systems", [{"product": 1, "bm25": 3}, {"product": 1, "zero_shot": 2, "tuned": 3, "oracle": 1}]
)
def test_zero_shot_needs_itself_and_a_baseline(task: Task, systems: dict[str, int]) -> None:
    assert "zero_shot_comparisons" not in evaluated(task, **systems)


# --- calibration ---


def scored(task: Task, score: Callable[[bool], float]) -> Scored:
    def hits(query: Judged) -> list[Hit]:
        rows = [int(row) for row in np.flatnonzero(task.allowed(query.row))][:30]
        return [Hit(row, score(row in query.answers), NO_PARTS) for row in rows]

    return Scored(hits)


def test_whoever_gives_scores_is_calibrated_on_the_first_k(task: Task) -> None:
    systems = {"product": scored(task, float), "tuned": scored(task, lambda picked: 1.0 - picked)}
    document = evaluate(task, {**systems, "bm25": with_first_at(task, 2)}, 10, about={}).document
    assert set(document["calibration"]) == {"product", "tuned"}
    assert document["calibration"]["product"]["expected_error"] == 0.0
    assert document["calibration"]["tuned"]["expected_error"] == 1.0
    assert sum(b["count"] for b in document["calibration"]["product"]["bins"]) == 10 * len(task.queries)


def test_the_calibration_is_that_of_the_served_items(task: Task) -> None:
    systems = prepare(lab_of(task), ["tfidf", "zero-shot", "product", "tuned"])
    document = evaluate(task, systems, 5, about={}).document
    assert list(document["calibration"]) == ["zero-shot", "product", "tuned"]
    for name, found in document["calibration"].items():
        served = {query.row: systems[name].hits(query)[:5] for query in task.queries}
        assert found == calibration(served_items(task, served)).to_json()


def test_where_nobody_gives_scores_there_is_no_calibration(task: Task) -> None:
    assert "calibration" not in evaluated(task, product=1, bm25=2)


# --- reasons and provenance ---


def test_reasons_are_those_of_the_products_first_k(task: Task) -> None:
    rank = prepare(lab_of(task), ["product"])["product"]
    report = evaluate(task, {"product": rank}, 4, about={})
    assert len(report.reasons) == 4 * len(task.queries)
    for query in task.queries[::9]:
        for hit in rank.hits(query)[:4]:
            score, parts = report.reasons[report.names[query.row], report.names[hit.row]]
            assert score == pytest.approx(hit.score, abs=1e-4)
            assert parts == pytest.approx(hit.parts.tolist(), abs=1e-3)


def test_the_report_says_which_weights_ranked(task: Task) -> None:
    provenance = evaluated(task, product=1)["provenance"]
    assert provenance["ranker"] == task.snapshot.ranker.origin
    assert provenance["seed"] == SEED


def mean(document: dict, system: str) -> float:
    return document["systems"][system]["nDCG@10"]["mean"]
