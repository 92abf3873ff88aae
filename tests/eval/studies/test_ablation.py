"""What each group of signals adds: a group that carries everything, one that carries nothing, and the figures."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from eval.run import shared_lists
from eval.stats.measures import primary
from eval.stats.significance import SEED, bootstrap
from eval.studies.ablation import ablate
from eval.systems.context import DEPTH
from eval.systems.systems import prepare
from eval.systems.tuning import Tuning
from eval.task.task import AsOf, Task, qrels_of
from recommender.articles import Record
from recommender.ranking.ranker import Ranker
from recommender.ranking.signals import SIGNALS
from tests.conftest import DEMO, records
from tests.eval.sites import lab_of, tagged, task_of

GROUPS = {signal.group for signal in SIGNALS.values()}


@pytest.fixture(scope="module")
def topics() -> Task:
    """Lists of what has the same tag; there is no section."""
    return task_of(tagged(40), AsOf.NONE)


@pytest.fixture(scope="module")
def rows(topics: Task) -> dict[str, dict]:
    return {row["group"]: row for row in ablate(Tuning(topics, 1), 5)}


def test_every_group_is_left_out_once_the_greatest_loss_first(topics: Task) -> None:
    done: list[int] = []
    found = ablate(Tuning(topics, 1), 5, done.append)
    assert sum(done) == len(topics.queries)
    assert {row["group"] for row in found} == GROUPS
    assert len(found) == len(GROUPS)
    losses = [row["adds"]["mean"] for row in found]
    assert losses == sorted(losses, reverse=True)
    assert found[0]["group"] == "tags"
    ties = [row["group"] for row in found if row["adds"]["mean"] == 0]
    assert ties == sorted(ties)
    assert sorted(name for row in found for name in row["signals"]) == sorted(SIGNALS)
    assert all({SIGNALS[name].group for name in row["signals"]} == {row["group"]} for row in found)


def test_a_group_that_carries_everything_loses_everything(topics: Task, rows: dict[str, dict]) -> None:
    assert mean(topics, 5) > 0.9
    assert rows["tags"]["without"] < 0.02
    assert rows["tags"]["adds"]["mean"] == pytest.approx(mean(topics, 5) - rows["tags"]["without"], abs=2e-6)
    assert rows["tags"]["adds"]["low"] > 0.8


def test_a_group_that_is_unknown_everywhere_adds_exactly_nothing(topics: Task, rows: dict[str, dict]) -> None:
    assert (topics.snapshot.corpus.directory.sections.numbers == -1).all()
    assert rows["section"]["adds"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert rows["section"]["without"] == pytest.approx(mean(topics, 5), abs=1e-6)


def test_a_group_that_is_the_same_everywhere_adds_exactly_nothing() -> None:
    same_day = [dated_alike(record) for record in records(DEMO)]
    found = {row["group"]: row for row in ablate(Tuning(task_of(same_day, AsOf.NONE), 1), 10)}
    assert found["time"]["adds"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
    other = {row["group"]: row for row in ablate(Tuning(task_of(records(DEMO), AsOf.NONE), 1), 10)}
    assert other["time"]["adds"]["mean"] != 0


def test_the_figures_are_those_of_rankers_fitted_without_the_group() -> None:
    task = task_of(records(DEMO), AsOf.PUBLISHED)
    tuning, qrels = Tuning(task, 1), qrels_of(task, names(task))
    full = primary(qrels, answers(task, tuning, frozenset()), 10)
    for row in ablate(Tuning(task, 1), 10):
        left_out = frozenset(name for name, signal in SIGNALS.items() if signal.group == row["group"])
        rest = primary(qrels, answers(task, tuning, left_out), 10)
        assert row["without"] == pytest.approx(rest.mean(), abs=1e-6)
        assert row["adds"] == bootstrap(full - rest, SEED, shared_lists(task)).to_json()


def test_nothing_left_out_is_the_tuned_system(topics: Task) -> None:
    tuning = Tuning(topics, 1)
    rank = prepare(lab_of(topics), ["tuned"])["tuned"]
    run = {names(topics)[query.row]: [names(topics)[row] for row in rank(query)] for query in topics.queries}
    assert run == answers(topics, tuning, frozenset())


def test_a_base_that_weighs_one_group_only_has_nothing_left_without_it(topics: Task) -> None:
    base = Ranker.from_weights({"tags": (3.0, 0.0)}, -5.0, "tags alone")
    tuning = Tuning(replace(topics, snapshot=replace(topics.snapshot, ranker=base)), 1)
    found = {row["group"]: row for row in ablate(tuning, 5)}
    assert found["tags"]["adds"]["mean"] > 0.9


def mean(task: Task, k: int) -> float:
    return float(primary(qrels_of(task, names(task)), answers(task, Tuning(task, 1), frozenset()), k).mean())


def answers(task: Task, tuning: Tuning, without: frozenset[str]) -> dict[str, Sequence[str]]:
    found = {}
    for query in task.queries:
        hits = tuning.case(query).answer(tuning.ranker(tuning.fold_of[query.row], without), DEPTH)
        found[names(task)[query.row]] = [names(task)[hit.row] for hit in hits]
    return found


def names(task: Task) -> list[str]:
    return [card.id for card in task.snapshot.corpus.cards]


def dated_alike(record: Record) -> Record:
    day = records(DEMO)[0].article.published_at
    return replace(record, article=replace(record.article, published_at=day))


def test_intervals_hold_lists_that_are_shared_together(topics: Task) -> None:
    """Queries with the same list are drawn together, in the ablation too."""
    pair = topics.queries[0].relevant
    queries = tuple(replace(query, relevant=pair) if i < 20 else query for i, query in enumerate(topics.queries))
    shared = replace(topics, queries=queries)
    assert shared_lists(shared) is not None
    found = {row["group"]: row for row in ablate(Tuning(shared, 1), 5)}
    tuning, qrels = Tuning(shared, 1), qrels_of(shared, names(shared))
    tags = frozenset({"tags"})
    lost = primary(qrels, answers(shared, tuning, frozenset()), 5) - primary(qrels, answers(shared, tuning, tags), 5)
    assert found["tags"]["adds"] == bootstrap(lost, SEED, shared_lists(shared)).to_json()
    assert found["tags"]["adds"] != bootstrap(lost, SEED, None).to_json()
    assert np.isfinite(lost).all()
