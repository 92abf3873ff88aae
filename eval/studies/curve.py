"""The learning curve: how good the product and a tuned ranker are, had the site only so many curated lists."""

from collections.abc import Callable
from typing import Any

import numpy as np

from eval.report.report import tokens
from eval.run import shared_lists
from eval.stats.measures import primary
from eval.stats.significance import SEED, bootstrap
from eval.systems.context import DEPTH
from eval.systems.crossval import FOLDS, deal
from eval.systems.tuning import Tuning
from eval.task.task import Task, qrels_of

SIZES = (50, 100, 200, 400)


def curve_length(task: Task) -> int:
    """Return how many answers ``learning_curve`` computes."""
    return len(_sizes(task)) * len(task.queries)


def learning_curve(
    task: Task, seed: int, k: int, on_query: Callable[[int], None] = lambda _: None
) -> list[dict[str, Any]]:
    """Return, for each number of lists, nDCG@k of the product and of the tuned ranker that know only so many.

    Every query is answered in its fold of the cross-validation; the known lists are a seeded sample of the other
    folds', each size a part of the next. The last row is with all lists of the other folds.
    """
    names, groups = tokens(task.snapshot.corpus), shared_lists(task)
    qrels = qrels_of(task, names)
    fold_of = deal(task, seed)
    rows = np.array([query.row for query in task.queries])
    order = rows[np.random.default_rng(seed).permutation(len(rows))]
    found = []
    sizes = _sizes(task)
    for size in sizes:
        runs: dict[str, dict[str, list[str]]] = {"product": {}, "tuned": {}}
        for fold in sorted(set(fold_of.values())):
            known = [int(row) for row in order if fold_of[int(row)] != fold][:size]
            tuning = Tuning(task, seed, frozenset(known) if size < sizes[-1] else None)
            for query in task.queries:
                if fold_of[query.row] != fold:
                    continue
                case = tuning.case(query)
                for name, ranker in (("product", tuning.base), ("tuned", tuning.ranker(fold))):
                    hits = case.answer(ranker, DEPTH)
                    runs[name][names[query.row]] = [names[hit.row] for hit in hits]
                on_query(1)
        estimates = {n: bootstrap(primary(qrels, run, k), SEED, groups).to_json() for n, run in runs.items()}
        found.append({"lists": size, **estimates})
    return found


def _sizes(task: Task) -> list[int]:
    """The sizes that fit into all folds but one, and all of them."""
    most = len(task.queries) - -(-len(task.queries) // FOLDS)
    return [*(size for size in SIZES if size < most), most]
