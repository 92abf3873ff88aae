"""Calibration by hand, and the threshold against trying every cut."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.stats import calibration as module
from eval.stats.calibration import BINS, FEWEST, Items, Threshold, calibration, served_items, threshold
from eval.systems.context import Scored
from eval.systems.systems import prepare
from eval.task.task import AsOf, Judged, Task
from recommender.errors import EvaluationError
from recommender.ranking.hits import Hit
from tests.conftest import DEMO, records
from tests.eval.sites import lab_of, task_of

NO_PARTS = np.zeros(0, dtype=np.float32)
GRID = 10_000


def items(scored: list[tuple[float, bool]], queries: list[int] | None = None) -> Items:
    """Items with these scores, as the ranker gives them: float32."""
    scores = np.array([score for score, _ in scored], dtype=np.float32).astype(np.float64)
    picked = np.array([right for _, right in scored], dtype=bool)
    return Items(scores, picked, np.array(queries or [0] * len(scored), dtype=np.int64))


def repeat(*groups: tuple[float, int, int]) -> Items:
    """Groups of (score, picked, not picked) items, each item of a query of its own."""
    scored = [(score, right) for score, yes, no in groups for right in [True] * yes + [False] * no]
    return items(scored, list(range(len(scored))))


# --- items ---


@pytest.fixture(scope="module")
def demo() -> Task:
    return task_of(records(DEMO), AsOf.NONE)


def test_every_served_item_is_there_once_with_its_query_and_whether_it_was_picked(demo: Task) -> None:
    rank = prepare(lab_of(demo), ["product"])["product"]
    assert isinstance(rank, Scored)
    hits = {query.row: rank.hits(query)[:7] for query in demo.queries}
    found = served_items(demo, hits)
    spelled = [
        (
            query.row,
            hit.score,
            hit.row in {demo.snapshot.corpus.row(t) for t in demo.snapshot.lists[demo.name(query.row)]},
        )
        for query in demo.queries
        for hit in hits[query.row]
    ]
    assert list(zip(found.query.tolist(), found.scores.tolist(), found.picked.tolist(), strict=True)) == spelled
    assert 0 < found.picked.mean() < 1


def test_what_was_judged_related_counts_as_picked_and_what_was_refuted_does_not(demo: Task) -> None:
    task = Task(demo.snapshot, demo.articles, AsOf.NONE, (Judged(0, (1,), (2,), (3,)),), 0, 1, 1)
    found = served_items(task, {0: [Hit(row, 0.5, NO_PARTS) for row in (1, 2, 3, 4)]})
    assert found.picked.tolist() == [True, True, False, False]


def test_no_item_at_all(demo: Task) -> None:
    nothing = served_items(demo, {demo.queries[0].row: []})
    assert (nothing.scores.dtype, nothing.picked.dtype, nothing.query.dtype) == (np.float64, np.bool_, np.int64)
    assert len(nothing.scores) == 0
    assert calibration(nothing).error == 0.0
    assert calibration(nothing).bins == ()
    assert threshold(nothing, 0.5) is None


# --- calibration ---


def test_the_expected_calibration_error_by_hand() -> None:
    # .1-.2: mean score .15, 1 of 4 picked, off by .1; .7-.8: mean .75, 3 of 4 picked, off by 0; .9-1: .95, none of 2
    found = calibration(
        items(
            [
                *[(0.1, True), (0.125, False), (0.175, False), (0.1999, False)],
                *[(0.75, True), (0.75, True), (0.75, True), (0.75, False)],
                *[(0.9375, False), (0.96, False)],
            ]
        )
    )
    assert [(b.count, b.picked) for b in found.bins] == [(4, 0.25), (4, 0.75), (2, 0.0)]
    first = (0.1 + 0.125 + 0.175 + 0.1999) / 4
    assert [b.score for b in found.bins] == pytest.approx([first, 0.75, (0.9375 + 0.96) / 2], abs=1e-6)
    assert found.error == pytest.approx((4 * (0.25 - first) + 0 + 2 * (0.9375 + 0.96) / 2) / 10, abs=1e-6)
    assert found.to_json() == {
        "expected_error": round(found.error, 6),
        "bins": [{"score": round(b.score, 4), "picked": round(b.picked, 4), "count": b.count} for b in found.bins],
    }


def test_scores_that_are_right_have_no_error_and_scores_that_are_wrong_have_all() -> None:
    assert calibration(repeat((0.25, 1, 3), (0.5, 2, 2), (0.75, 3, 1))).error == 0.0
    assert calibration(repeat((1.0, 0, 9))).error == 1.0
    assert calibration(repeat((0.0, 5, 0))).error == 1.0


def test_the_ends_of_the_scale_are_in_the_first_and_the_last_bin() -> None:
    found = calibration(repeat((0.0, 0, 1), (0.05, 0, 1), (0.95, 1, 0), (1.0, 1, 0)))
    assert [b.count for b in found.bins] == [2, 2]


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=1, max_size=60))
def test_bins_hold_every_item_once_and_the_error_is_theirs(scored: list[tuple[float, bool]]) -> None:
    found = calibration(items(scored))
    error = 0.0
    by_bin: dict[int, list[tuple[float, bool]]] = {}
    for score, right in scored:
        by_bin.setdefault(min(math.floor(score * BINS), BINS - 1), []).append((score, right))
    assert [b.count for b in found.bins] == [len(by_bin[number]) for number in sorted(by_bin)]
    for number, each in zip(sorted(by_bin), found.bins, strict=True):
        inside = by_bin[number]
        assert each.score == pytest.approx(math.fsum(score for score, _ in inside) / len(inside))
        assert each.picked == pytest.approx(sum(right for _, right in inside) / len(inside))
        error += abs(math.fsum(score for score, _ in inside) - sum(right for _, right in inside))
    assert found.error == pytest.approx(error / len(scored))
    assert 0 <= found.error <= 1


# --- thresholds ---


def brute_force(known: Items, precision: float) -> Threshold | None:
    """The least min_score of four decimals that keeps enough items, so many of them picked: every one is tried."""
    cuts = np.arange(GRID + 1) / GRID
    kept = known.scores >= cuts[:, None]
    counts, right = kept.sum(axis=1), (kept & known.picked).sum(axis=1)
    good = np.flatnonzero((counts >= module.FEWEST) & (right >= precision * counts))
    if not len(good):
        return None
    count = counts[good[0]]
    inside = kept[good[0]]
    last = np.flatnonzero(counts == count)[-1]  # of the cuts that keep the same items, the one that says most
    lists = len(set(known.query[inside].tolist())) / len(set(known.query.tolist()))
    return Threshold(float(cuts[last]), float(right[good[0]] / count), float(count / len(known.scores)), lists)


def test_a_threshold_by_hand() -> None:
    known = repeat((0.9, 30, 0), (0.5, 10, 20), (0.1, 0, 940))
    assert threshold(known, 1.0) == Threshold(0.8999, 1.0, 0.03, 0.03)
    assert threshold(known, 0.9) == threshold(known, 1.0)
    two_thirds = threshold(known, 0.66)
    assert two_thirds is not None
    assert (two_thirds.min_score, two_thirds.items, two_thirds.lists) == (0.5, 0.06, 0.06)
    assert two_thirds.precision == pytest.approx(40 / 60)
    assert threshold(known, 0.04) == Threshold(0.1, 0.04, 1.0, 1.0)  # .1 as float32 is above .1, .9 is below .9


def test_a_list_that_keeps_any_item_is_not_empty() -> None:
    known = items([(0.9, True)] * 30 + [(0.2, False)] * 30, [*range(10)] * 3 + [*range(5, 15)] * 3)
    found = threshold(known, 0.9)
    assert found is not None
    assert found.lists == pytest.approx(10 / 15)


def test_a_better_half_further_down_is_found() -> None:
    """Precision does not fall evenly: what counts is the last cut that still has it, not the first that loses it."""
    known = repeat((0.9, 10, 30), (0.5, 60, 0), (0.1, 0, 100))
    found = threshold(known, 0.6)
    assert found is not None
    assert (found.min_score, found.precision) == (0.5, 0.7)


def test_equal_scores_pass_or_fail_together() -> None:
    known = repeat((0.75, 40, 0), (0.5, 40, 40))
    assert threshold(known, 0.9) == Threshold(0.75, 1.0, 40 / 120, 40 / 120)
    assert threshold(known, 0.6) == Threshold(0.5, 80 / 120, 1.0, 1.0)
    assert threshold(repeat((0.5, 40, 40)), 0.51) is None


def test_scores_that_four_decimals_do_not_tell_apart_pass_or_fail_together() -> None:
    """What is proposed has four decimals, so it must keep its promise with four decimals."""
    known = repeat((0.90009, 40, 0), (0.90001, 0, 100))
    assert threshold(known, 0.9) is None
    found = threshold(repeat((0.95, 40, 0), (0.90009, 40, 0), (0.90001, 0, 100)), 0.9)
    assert found is not None
    assert (found.min_score, found.precision) == (0.9499, 1.0)


def test_nothing_is_said_of_a_few_items() -> None:
    assert threshold(repeat((0.9, FEWEST - 1, 0)), 0.5) is None
    assert threshold(repeat((0.9, FEWEST, 0)), 0.5) is not None
    assert threshold(repeat((0.9, 10, 0), (0.8, 0, 300)), 0.5) is None


def test_a_precision_that_is_never_reached_has_no_threshold() -> None:
    assert threshold(repeat((0.9, 10, 90), (0.4, 0, 50)), 0.11) is None
    assert threshold(repeat((0.9, 0, 90)), 0.01) is None


@pytest.mark.parametrize("precision", [0.0, -0.1, 1.01, 30.0, math.nan, math.inf])
def test_what_is_no_share_is_refused(precision: float) -> None:
    with pytest.raises(EvaluationError, match=f"precision is {precision}, expected a number above 0 and at most 1"):
        threshold(repeat((0.9, 40, 0)), precision)


NEAR = [0.0, 0.25, 0.3, 0.30001, 0.30004, 0.30009, 0.3001, 0.5, 0.7, 0.70005, 1.0]
SCORED = st.lists(
    st.tuples(st.one_of(st.sampled_from(NEAR), st.floats(0, 1, width=32)), st.booleans(), st.integers(0, 6)),
    min_size=1,
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(SCORED, st.floats(0.01, 1.0), st.integers(1, 10))
def test_a_threshold_is_what_trying_every_cut_finds(
    scored: list[tuple[float, bool, int]], precision: float, fewest: int
) -> None:
    known = items([(score, right) for score, right, _ in scored], [query for *_, query in scored])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FEWEST", fewest)
        found, expected = threshold(known, precision), brute_force(known, precision)
    if expected is None or found is None:
        assert found is expected
        return
    assert found.min_score == expected.min_score
    assert found.precision == pytest.approx(expected.precision)
    assert found.items == pytest.approx(expected.items)
    assert found.lists == pytest.approx(expected.lists)
    kept = known.scores >= found.min_score
    assert kept.sum() == round(found.items * len(scored)) >= fewest
    assert known.picked[kept].mean() >= precision - 1e-12
