"""Whether weights fitted to a site's own curated lists are better than the shipped ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eval.report.report import tokens
from eval.run import shared_lists
from eval.stats.calibration import calibration, served_items
from eval.stats.measures import primary
from eval.stats.significance import SEED, Comparison, Verdict, compare_all
from eval.systems.tuning import Tuning
from eval.task.left_out import Reason, sentence
from eval.task.task import AsOf, Task, make_task, qrels_of
from index.store.publish import open_current
from index.store.ranker_file import read_ranker
from recommender.errors import EvaluationError
from recommender.ranking.hits import Hit
from recommender.ranking.ranker import default_ranker

FEWEST_LISTS = 50
"""Lists below which weights of a site's own are not worth trying."""


@dataclass(frozen=True, slots=True)
class Gain:
    """Cross-validation of weights fitted to ``lists`` curated lists: nDCG@k before and after, and their difference.

    ``served`` are the items, by query row, of the ranker that the site would serve: its own if it has one;
    ``left_out`` counts the curated lists that are no queries, by reason.
    """

    tuning: Tuning
    k: int
    lists: int
    before: float
    after: float
    comparison: Comparison
    error: float
    served: dict[int, list[Hit]]
    left_out: Mapping[Reason, int] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The result in words."""
        found = self.comparison.difference
        interval = f" (95 % interval {found.low:+.3f} to {found.high:+.3f})" if not self.comparison.too_few else ""
        return (
            f"Over {self.lists:,} curated lists, nDCG@{self.k} is {self.before:.3f} with the shipped weights and"
            f" {self.after:.3f} with weights fitted to the other lists: {found.mean:+.3f}{interval};"
            f" expected calibration error {self.error:.3f}."
        )

    def require(self) -> None:
        """Raise EvaluationError with the reason unless there are enough lists and fitted weights are better."""
        if self.lists < FEWEST_LISTS:
            raise EvaluationError(
                f"{self.lists:,} curated lists can be asked for, expected at least {FEWEST_LISTS}: nothing is written"
                + (f"; {sentence(self.left_out, self.lists + sum(self.left_out.values()))}" if self.left_out else "")
            )
        if self.comparison.verdict is not Verdict.BETTER:
            raise EvaluationError(
                "fitted weights are not shown to be better than those that are shipped: nothing is written"
                f" (so many lists would show a difference of {self.comparison.detectable:.3f})"
            )

    def to_json(self) -> dict[str, Any]:
        """Return the figures for JSON, rounded to six digits."""
        return {
            "lists": self.lists,
            "left_out": {each.value: count for each, count in self.left_out.items()},
            "k": self.k,
            "before": round(self.before, 6),
            "after": round(self.after, 6),
            "difference": self.comparison.to_json(),
            "expected_calibration_error": round(self.error, 6),
        }


def store_task(store: Path, as_of: AsOf) -> Task:
    """Return the task of the lists in the snapshot that ``store`` serves, to be ranked with the shipped weights."""
    snapshot = replace(open_current(store), ranker=default_ranker())
    if not snapshot.lists:
        raise EvaluationError(f"{store}: the snapshot holds no curated list to learn from")
    return make_task(snapshot, (), snapshot.lists, as_of)


def cross_validate(task: Task, k: int, *, own: bool = True, on_query: Callable[[int], None] = lambda _: None) -> Gain:
    """Answer every list with weights that never saw its fold, and compare with the shipped ones.

    ``own`` says whether the site serves weights of its own.
    """
    tuning = Tuning(task, SEED)
    names = tokens(task.snapshot.corpus)
    before: dict[int, list[Hit]] = {}
    after: dict[int, list[Hit]] = {}
    for query in task.queries:
        case = tuning.case(query)
        before[query.row] = case.answer(tuning.base, k)
        after[query.row] = case.answer(tuning.ranker(tuning.fold_of[query.row]), k)
        on_query(1)
    qrels = qrels_of(task, names)
    runs = [{names[row]: [names[hit.row] for hit in hits] for row, hits in each.items()} for each in (before, after)]
    first, second = (primary(qrels, run, k) for run in runs)
    comparison = compare_all(second, {"shipped": first}, SEED, shared_lists(task))["shipped"]
    served = after if own else before
    return Gain(
        tuning,
        k,
        len(task.queries),
        float(first.mean()),
        float(second.mean()),
        comparison,
        calibration(served_items(task, after)).error,
        served,
        task.left_out,
    )


def serves_own(store: Path) -> bool:
    """Say whether the store has weights of its own."""
    return read_ranker(store) is not None
