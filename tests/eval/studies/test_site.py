"""A site's own weights: the task its store poses, what cross-validation finds, and when it says no."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval.report.report import tokens
from eval.run import evaluate
from eval.stats.calibration import calibration, served_items
from eval.stats.measures import primary
from eval.stats.significance import SEED, Comparison, Estimate, Verdict
from eval.studies.site import FEWEST_LISTS, Gain, cross_validate, serves_own, store_task
from eval.systems.systems import prepare
from eval.systems.tuning import Tuning
from eval.task.task import AsOf, Task, qrels_of
from index.build import build
from index.store.publish import open_current
from index.store.ranker_file import NAME, write_ranker
from recommender.catalog import Catalog
from recommender.errors import EvaluationError, NoSnapshotError, RankerError
from recommender.ranking.ranker import Ranker, default_ranker
from tests.conftest import DEMO, build_store, records
from tests.eval.planted import exact
from tests.eval.sites import ENCODER, lab_of, random_lists, tagged, task_of

K = 10


@pytest.fixture(scope="module")
def topics() -> Task:
    return task_of(tagged(60), AsOf.NONE)


@pytest.fixture(scope="module")
def gain(topics: Task) -> Gain:
    return cross_validate(topics, K)


def drawn(low: float, high: float, p: float = 0.001, lists: int = 200) -> Gain:
    """A finding with this interval, of nothing."""
    mean = (low + high) / 2
    found = Comparison(Estimate(mean, low, high), p, p, 0.0347)
    return Gain(None, K, lists, 0.4, 0.4 + mean, found, 0.05, {})  # type: ignore[arg-type]


# --- what is found ---


def test_the_figures_are_those_of_a_report(topics: Task, gain: Gain) -> None:
    systems = prepare(lab_of(topics, seed=SEED), ["product", "tuned"])
    report = evaluate(topics, systems, K, about={})
    found = report.document["systems"]
    assert gain.before == pytest.approx(found["product"][f"nDCG@{K}"]["mean"], abs=1e-6)
    assert gain.after == pytest.approx(found["tuned"][f"nDCG@{K}"]["mean"], abs=1e-6)
    against = report.document["comparisons"]["tuned"]
    assert gain.comparison.difference.mean == pytest.approx(-against["mean"], abs=1e-6)
    assert gain.error == pytest.approx(report.document["calibration"]["tuned"]["expected_error"], abs=1e-6)
    assert (gain.k, gain.lists) == (K, len(topics.queries))


def test_a_rule_is_a_gain_and_one_that_is_put_in_words(gain: Gain) -> None:
    assert gain.comparison.verdict is Verdict.BETTER
    gain.require()
    assert gain.sentence.startswith(
        f"Over 60 curated lists, nDCG@10 is {gain.before:.3f} with the shipped weights and {gain.after:.3f} with"
    )
    difference = gain.comparison.difference
    assert f"{difference.mean:+.3f} (95 % interval {difference.low:+.3f} to {difference.high:+.3f})" in gain.sentence
    assert gain.sentence.endswith(f"expected calibration error {gain.error:.3f}.")


def test_every_list_is_answered_by_weights_that_never_saw_its_fold(topics: Task, gain: Gain) -> None:
    tuning = Tuning(topics, SEED)
    assert list(gain.served) == [query.row for query in topics.queries]
    for query in topics.queries[::13]:
        assert exact(gain.served[query.row]) == exact(tuning.answer(query, K))
    assert all(len(hits) <= K for hits in gain.served.values())


def test_what_is_served_without_weights_of_its_own_is_what_the_shipped_ones_answer(topics: Task, gain: Gain) -> None:
    done: list[int] = []
    found = cross_validate(topics, K, own=False, on_query=done.append)
    assert sum(done) == len(topics.queries)
    assert (found.before, found.after, found.comparison) == (gain.before, gain.after, gain.comparison)
    tuning = Tuning(topics, SEED)
    for query in topics.queries[::13]:
        assert exact(found.served[query.row]) == exact(tuning.case(query).answer(tuning.base, K))
    assert found.error == calibration(served_items(topics, gain.served)).error


def test_k_is_the_cut(topics: Task) -> None:
    found = cross_validate(topics, 1)
    assert all(len(hits) == 1 for hits in found.served.values())
    run = {tokens(topics.snapshot.corpus)[row]: [topics.name(hits[0].row)] for row, hits in found.served.items()}
    qrels = qrels_of(topics, tokens(topics.snapshot.corpus))
    assert found.after == pytest.approx(primary(qrels, run, 1).mean())
    assert "nDCG@1 " in found.sentence


def test_the_json_holds_the_figures(gain: Gain) -> None:
    assert gain.to_json() == {
        "left_out": {},
        "lists": 60,
        "k": 10,
        "before": round(gain.before, 6),
        "after": round(gain.after, 6),
        "difference": gain.comparison.to_json(),
        "expected_calibration_error": round(gain.error, 6),
    }


# --- when it says no ---


def test_weights_that_are_better_pass() -> None:
    drawn(0.01, 0.05).require()
    drawn(0.01, 0.05, lists=FEWEST_LISTS).require()


@pytest.mark.parametrize("lists", [1, FEWEST_LISTS - 1])
def test_too_few_lists_are_refused_however_good(lists: int) -> None:
    with pytest.raises(EvaluationError) as found:
        drawn(0.1, 0.5, lists=lists).require()
    assert str(found.value) == f"{lists} curated lists can be asked for, expected at least 50: nothing is written"


@pytest.mark.parametrize(
    ("low", "high", "p"), [(-0.01, 0.05, 0.2), (-0.05, -0.01, 0.001), (0.0, 0.0, 1.0), (0.001, 0.05, 0.06)]
)
def test_no_gain_is_refused_with_what_could_have_been_seen(low: float, high: float, p: float) -> None:
    with pytest.raises(EvaluationError) as found:
        drawn(low, high, p).require()
    assert str(found.value) == (
        "fitted weights are not shown to be better than those that are shipped: nothing is written"
        " (so many lists would show a difference of 0.035)"
    )


def test_lists_drawn_by_lot_are_no_gain() -> None:
    found = cross_validate(task_of(random_lists(130, 1), AsOf.NONE), K)
    assert found.lists >= FEWEST_LISTS
    assert found.comparison.verdict is Verdict.UNDECIDED
    with pytest.raises(EvaluationError, match="not shown to be better"):
        found.require()


def test_one_list_alone_is_no_gain_and_no_crash(topics: Task) -> None:
    found = cross_validate(replace(topics, queries=topics.queries[:1]), K)
    assert found.before == found.after
    assert math.isinf(found.comparison.detectable)
    assert found.to_json()["difference"]["detectable"] is None
    with pytest.raises(EvaluationError, match="^1 curated lists"):
        found.require()


# --- the store ---


def test_the_task_of_a_store_is_that_of_its_lists_under_the_shipped_weights(tmp_path: Path) -> None:
    items = records(DEMO)
    store = build_store(tmp_path / "store", items, ENCODER)
    task, spelled = store_task(store, AsOf.PUBLISHED), task_of(items, AsOf.PUBLISHED)
    assert task.queries == spelled.queries
    assert task.as_of is AsOf.PUBLISHED
    assert len(store_task(store, AsOf.NONE).queries) >= len(task.queries)
    write_ranker(store, Ranker.from_weights({"section": (9.0, 0.0)}, 0.0, "our own"))
    catalog = Catalog.open(store)
    build(store, catalog, ENCODER)
    catalog.close()
    assert open_current(store).ranker.origin == "our own"
    assert store_task(store, AsOf.NONE).snapshot.ranker.to_json() == default_ranker().to_json()


def test_a_store_without_lists_or_without_anything_is_named(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", [replace(item, related=()) for item in tagged(3)], ENCODER)
    with pytest.raises(EvaluationError, match=f"{store}: the snapshot holds no curated list to learn from"):
        store_task(store, AsOf.NONE)
    with pytest.raises(NoSnapshotError, match="nowhere: nothing is published yet"):
        store_task(tmp_path / "nowhere", AsOf.NONE)
    assert not (tmp_path / "nowhere").exists()


def test_a_store_says_whether_it_has_weights_of_its_own(tmp_path: Path) -> None:
    assert not serves_own(tmp_path)
    write_ranker(tmp_path, default_ranker())
    assert serves_own(tmp_path)
    (tmp_path / NAME).write_bytes(b"{")
    with pytest.raises(RankerError, match=f"{tmp_path / NAME}: no ranker of this project"):
        serves_own(tmp_path)


def test_the_items_that_are_calibrated_are_finite(gain: Gain, topics: Task) -> None:
    found = served_items(topics, gain.served)
    assert np.isfinite(found.scores).all()
    assert ((found.scores > 0) & (found.scores < 1)).all()
    assert found.picked.sum() == 2 * len(topics.queries)
