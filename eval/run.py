"""One evaluation: task → rankings → measures → comparisons → report."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np

from eval.report.plain_words import Held
from eval.report.report import MAIN, Report, tokens
from eval.stats.calibration import calibration, served_items
from eval.stats.chance import expected_ndcg
from eval.stats.measures import Values, judged_names, measure_names, per_query
from eval.stats.significance import FEWEST, SEED, Comparison, Groups, Verdict, bootstrap, compare_all
from eval.systems.context import Ranking, Scored
from eval.systems.systems import check_cut
from eval.task.task import Task, qrels_of
from recommender.ranking.hits import Hit

PACKAGES = ("numpy", "scikit-learn", "faiss-cpu", "sentence-transformers", "ir-measures", "bm25s")
ZERO_SHOT = "zero-shot"
OURS = {ZERO_SHOT: "With every list hidden", "tuned": "Tuned to the other lists"}
"""Variants of the product, which are not compared with it as baselines, and how the verdict introduces them."""
CLAIMS = {
    Verdict.BETTER: "better than",
    Verdict.WORSE: "worse than",
    Verdict.UNDECIDED: "not distinguishable from",
}


def evaluate(
    task: Task,
    systems: Mapping[str, Ranking],
    k: int,
    *,
    about: Mapping[str, Any],
    on_query: Callable[[int], None] = lambda _: None,
) -> Report:
    """Return the report of the prepared ``systems`` on every query of ``task``: nDCG@k and other measures.

    ``about`` is kept as provenance. Raises EvaluationError on a k outside 1..DEPTH.
    """
    check_cut(k)
    started = time.monotonic()
    names = tokens(task.snapshot.corpus)
    qrels = qrels_of(task, names)
    rankings: dict[str, dict[str, list[str]]] = {}
    hits: dict[str, dict[int, list[Hit]]] = {}
    for system, rank in systems.items():
        rankings[system] = {}
        for query in task.queries:
            if isinstance(rank, Scored):
                found = rank.hits(query)
                hits.setdefault(system, {})[query.row] = found[:k]
                rows = [hit.row for hit in found]
            else:
                rows = rank(query)
            rankings[system][names[query.row]] = [names[row] for row in rows]
            on_query(1)
    judged = any(q.confirmed or q.refuted for q in task.queries)
    measures = (*measure_names(k), *(judged_names(k) if judged else ()))
    values = {system: per_query(measures, qrels, run) for system, run in rankings.items()}
    groups = shared_lists(task)
    document = _document(task, values, groups, k, about)
    document["held"] = Held.from_rankings(k, qrels, rankings).to_json()
    if hits:
        document["calibration"] = {name: calibration(served_items(task, each)).to_json() for name, each in hits.items()}
    document["provenance"]["seconds"] = round(time.monotonic() - started, 1)
    reasons = _reasons(hits.get(MAIN, {}), names)
    return Report(document, measures, names, qrels, rankings, values, groups, reasons)


def shared_lists(task: Task) -> Groups | None:
    """Return ``(q,)`` int64 numbers: queries with the same list of two or more share one; None if none do."""
    numbers: dict[tuple[int, ...] | int, int] = {}
    groups = np.array(
        [numbers.setdefault(q.relevant if len(q.relevant) > 1 else q.row, len(numbers)) for q in task.queries],
        dtype=np.int64,
    )
    return groups if len(numbers) < len(groups) else None


def _reasons(
    hits: Mapping[int, Sequence[Hit]], names: Sequence[str]
) -> dict[tuple[str, str], tuple[float, list[float]]]:
    """The score of each of the product's k answers, and what each signal added to it."""
    return {
        (names[row], names[hit.row]): (round(hit.score, 4), [round(float(part), 3) for part in hit.parts])
        for row, found in hits.items()
        for hit in found
    }


def _document(
    task: Task,
    values: Mapping[str, Mapping[str, Values]],
    groups: Groups | None,
    k: int,
    about: Mapping[str, Any],
) -> dict[str, Any]:
    primary = measure_names(k)[0]
    snapshot = task.snapshot
    systems = {
        system: {name: bootstrap(each, SEED, groups).to_json() for name, each in by_measure.items()}
        for system, by_measure in values.items()
    }
    others = {name: each[primary] for name, each in values.items() if name not in (MAIN, "oracle")}
    comparisons = compare_all(values[MAIN][primary], others, SEED, groups) if MAIN in values else {}
    baselines = {name: each for name, each in others.items() if name not in OURS}
    document: dict[str, Any] = {
        "verdict": _verdict(systems, comparisons, primary, len(task.queries)),
        "queries": len(task.queries),
        "lists_without_answer": task.unanswerable,
        "left_out": {reason.value: number for reason, number in task.left_out.items()},
        "articles": len(snapshot.corpus),
        "targets_known": round(task.known_targets / max(1, task.targets), 6),
        "as_of": task.as_of.value,
        "k": k,
        "systems": systems,
        "comparisons": {name: comparison.to_json() for name, comparison in comparisons.items()},
    }
    if ZERO_SHOT in values and baselines:
        found = compare_all(values[ZERO_SHOT][primary], baselines, SEED, groups)
        document["zero_shot_comparisons"] = {name: comparison.to_json() for name, comparison in found.items()}
    if "random" in values:
        document["random_check"] = _random_check(task, k, systems["random"][primary]["mean"])
    document["provenance"] = {
        **about,
        "snapshot": snapshot.version,
        "model": snapshot.manifest.model.model_dump(),
        "ranker": snapshot.ranker.origin,
        "seed": SEED,
        "versions": {package: version(package) for package in PACKAGES},
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return document


def _random_check(task: Task, k: int, mean: float) -> dict[str, float | bool]:
    chance = expected_ndcg(task, k)
    return {
        "expected": round(chance.mean, 6),
        "low": round(chance.low, 6),
        "high": round(chance.high, 6),
        "within": bool(chance.low <= mean <= chance.high),
    }


def _verdict(systems: Mapping[str, Any], comparisons: Mapping[str, Comparison], primary: str, count: int) -> str:
    rivals = [name for name in comparisons if name not in ("random", *OURS)]
    if not rivals:
        return f"{count:,} curated lists were asked of {len(systems)} system(s)."
    best = max(rivals, key=lambda name: float(systems[name][primary]["mean"]))
    gap = comparisons[best].difference
    if comparisons[best].too_few:
        return (
            f"Nothing can be said of {MAIN} and {best}: {count:,} curated lists, of which {comparisons[best].units:,}"
            f" differ, were asked for; at least {FEWEST} are needed."
        )
    return (
        f"Over {count:,} curated lists, {MAIN} scores {primary} {systems[MAIN][primary]['mean']:.3f}:"
        f" {CLAIMS[comparisons[best].verdict]} the best baseline, {best} ({systems[best][primary]['mean']:.3f}),"
        f" by {gap.mean:+.3f} (95 % interval {gap.low:+.3f} to {gap.high:+.3f})."
        + "".join(f" {told}: {systems[name][primary]['mean']:.3f}." for name, told in OURS.items() if name in systems)
    )
