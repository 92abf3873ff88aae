"""The learning curve: which lists are known at each size, and that its last point is the report's."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from eval.report.plots import curve_plot
from eval.run import evaluate
from eval.studies import curve as module
from eval.studies.curve import curve_length, learning_curve
from eval.systems.crossval import deal
from eval.systems.systems import prepare
from eval.systems.tuning import Tuning
from eval.task.task import AsOf, Task
from recommender.articles import Article, Record
from tests.conftest import DEMO, records
from tests.eval.sites import lab_of, tagged, task_of

K = 5


@pytest.fixture(scope="module")
def topics() -> Task:
    return task_of(tagged(64), AsOf.NONE)


def few(task: Task, count: int) -> Task:
    kept = task.queries[:count]
    lists = {task.name(query.row): task.snapshot.lists[task.name(query.row)] for query in kept}
    return replace(task, snapshot=task.snapshot.with_lists(lists), queries=kept)


@pytest.mark.parametrize(
    ("queries", "sizes"),
    [(2, [1]), (5, [4]), (6, [4]), (61, [48]), (62, [49]), (63, [50]), (64, [50, 51]), (130, [50, 100, 104])],
)
def test_the_sizes_that_fit_and_all_there_are(queries: int, sizes: list[int]) -> None:
    items = [Record(Article(id=f"q{n:03}", body=f"story {n}"), "", ("x",)) for n in range(queries)]
    task = task_of([*items, Record(Article(id="x", body="the one listed"), "")], AsOf.NONE)
    assert module._sizes(task) == sizes
    assert curve_length(task) == len(sizes) * queries


def test_every_answer_is_counted_and_every_size_has_a_row(topics: Task) -> None:
    done: list[int] = []
    found = learning_curve(topics, 1, K, done.append)
    assert sum(done) == curve_length(topics) == 128
    assert [row["lists"] for row in found] == [50, 51]
    for row in found:
        assert set(row) == {"lists", "product", "tuned"}
        for name in ("product", "tuned"):
            assert 0 <= row[name]["low"] <= row[name]["mean"] <= row[name]["high"] <= 1


@pytest.mark.parametrize("as_of", list(AsOf))
def test_the_last_row_is_the_report(as_of: AsOf) -> None:
    task = task_of(records(DEMO), as_of)
    report = evaluate(task, prepare(lab_of(task), ["product", "tuned"]), K, about={}).document["systems"]
    last = learning_curve(task, 1, K)[-1]
    for name in ("product", "tuned"):
        assert last[name] == report[name][f"nDCG@{K}"]


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> list[frozenset[int] | None]:
    """The lists that each fold's tuning may know, in the order of sizes and folds."""
    seen: list[frozenset[int] | None] = []

    def watched(task: Task, seed: int, rows: frozenset[int] | None = None) -> Tuning:
        seen.append(rows)
        return Tuning(task, seed, rows)

    monkeypatch.setattr(module, "Tuning", watched)
    return seen


def test_samples_are_of_the_other_folds_and_each_holds_the_one_before(
    known: list[frozenset[int] | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SIZES", (3, 8, 20, 400))
    task = task_of(records(DEMO), AsOf.NONE)
    assert [row["lists"] for row in learning_curve(task, 1, K)] == [3, 8, 20, 34]
    fold_of = deal(task, 1)
    by_size: Sequence[list[frozenset[int] | None]] = [known[i : i + 5] for i in range(0, 20, 5)]
    assert by_size[3] == [None] * 5
    for fold in range(5):
        three, eight, twenty = (each[fold] for each in by_size[:3])
        assert (len(three), len(eight), len(twenty)) == (3, 8, 20)
        assert three < eight < twenty
        assert not any(fold_of[row] == fold for row in twenty)
    assert len({tuple(sorted(each)) for each in by_size[2]}) == 5
    again = list(known)
    known.clear()
    learning_curve(task, 1, K)
    assert known == again
    known.clear()
    learning_curve(task, 2, K)
    assert known != again


@pytest.mark.parametrize("sizes", [(34,), (20, 34), (33, 34, 35)])
def test_the_last_row_knows_every_list_even_where_that_is_a_round_number(
    sizes: tuple[int, ...], known: list[frozenset[int] | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folds may differ by a query, and lists on which nothing can be measured are known too."""
    monkeypatch.setattr(module, "SIZES", sizes)
    rows = learning_curve(task_of(records(DEMO), AsOf.NONE), 1, K)
    assert [row["lists"] for row in rows] == [size for size in sizes if size < 34] + [34]
    assert known[-5:] == [None] * 5
    assert all(known[:-5])


def test_the_sample_does_not_depend_on_what_the_lists_say(
    known: list[frozenset[int] | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SIZES", (6,))
    task = task_of(records(DEMO), AsOf.NONE)
    learning_curve(task, 1, K)
    honest = list(known)
    known.clear()
    turned = tuple(replace(query, relevant=query.relevant[::-1][:1]) for query in task.queries)
    learning_curve(replace(task, queries=turned), 1, K)
    assert known == honest


def test_more_lists_teach_the_rule(topics: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SIZES", (1, 10))
    first, second, last = (row["tuned"]["mean"] for row in learning_curve(topics, 1, K))
    assert first < second <= last
    assert last > 0.9
    assert {row["product"]["mean"] < 0.5 for row in learning_curve(topics, 1, K)} == {True}


def test_one_list_is_a_curve_of_one_point_and_can_be_drawn(topics: Task) -> None:
    (row,) = learning_curve(few(topics, 1), 1, K)
    assert row["lists"] == 0
    assert np.isfinite(row["product"]["mean"])
    assert curve_plot([row], ("product", "tuned"), 0.3, "nDCG@5").startswith("<svg")
