"""What each group of signals adds: the tuned ranker without it, fitted anew, on the same folds."""

from collections.abc import Callable
from typing import Any

from eval.report.report import tokens
from eval.run import shared_lists
from eval.stats.measures import primary
from eval.stats.significance import SEED, bootstrap
from eval.systems.context import DEPTH
from eval.systems.tuning import Tuning
from eval.task.task import qrels_of
from recommender.ranking.signals import SIGNALS


def ablate(tuning: Tuning, k: int, on_query: Callable[[int], None] = lambda _: None) -> list[dict[str, Any]]:
    """Return, for each group of signals, what nDCG@k loses without it, with its interval; the greatest loss first.

    A group that adds nothing has an interval around 0. The candidates are those of the whole ranker.
    """
    task, names = tuning.task, tokens(tuning.task.snapshot.corpus)
    groups: dict[str, set[str]] = {}
    for name, signal in SIGNALS.items():
        groups.setdefault(signal.group, set()).add(name)
    variants = {"": frozenset[str](), **{group: frozenset(found) for group, found in groups.items()}}
    runs: dict[str, dict[str, list[str]]] = {variant: {} for variant in variants}
    for query in task.queries:
        case = tuning.case(query)
        for variant, without in variants.items():
            hits = case.answer(tuning.ranker(tuning.fold_of[query.row], without), DEPTH)
            runs[variant][names[query.row]] = [names[hit.row] for hit in hits]
        on_query(1)
    qrels, lists = qrels_of(task, names), shared_lists(task)
    values = {variant: primary(qrels, run, k) for variant, run in runs.items()}
    rows = [
        {
            "group": group,
            "signals": sorted(groups[group]),
            "without": round(float(values[group].mean()), 6),
            "adds": bootstrap(values[""] - values[group], SEED, lists).to_json(),
        }
        for group in groups
    ]
    return sorted(rows, key=lambda row: (-row["adds"]["mean"], row["group"]))
