"""One evaluation: task → rankings → measures → report, and the files written from it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from eval.chance import expected_ndcg
from eval.measures import Values, bootstrap, decreasing, measure_names, per_query
from eval.systems import DEPTH, Ranking
from eval.task import Task
from recommender.errors import EvaluationError

SEED = 20_251_122
PACKAGES = ("numpy", "scikit-learn", "faiss-cpu", "sentence-transformers", "ir-measures", "bm25s")
MAIN = "product"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything an evaluation found. ``rankings`` are document ids by system and query id, best first."""

    document: dict[str, Any]
    qrels: Mapping[str, Mapping[str, int]]
    rankings: Mapping[str, Mapping[str, Sequence[str]]]

    def write(self, folder: Path) -> None:
        """Write report.json, qrels.txt and run-SYSTEM.txt into ``folder`` (TREC formats)."""
        folder.mkdir(parents=True, exist_ok=True)
        lines = [f"{q} 0 {d} {g}\n" for q, judged in self.qrels.items() for d, g in judged.items()]
        (folder / "qrels.txt").write_text("".join(lines), encoding="utf-8")
        for system, run in self.rankings.items():
            lines = [
                f"{q} Q0 {d} {i} {score} {system}\n"
                for q, ids in run.items()
                for i, (d, score) in enumerate(decreasing(ids), start=1)
            ]
            (folder / f"run-{system}.txt").write_text("".join(lines), encoding="utf-8")
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        (folder / "report.json").write_bytes(orjson.dumps(self.document, option=options))


def evaluate(
    task: Task,
    systems: Mapping[str, Ranking],
    k: int,
    *,
    about: Mapping[str, Any],
    on_query: Callable[[int], None] = lambda _: None,
) -> Report:
    """Let each of the prepared ``systems`` answer every query of ``task``; measure with nDCG@k and others.

    ``about`` is kept as provenance. Raises EvaluationError on a k outside 1..DEPTH.
    """
    if not 1 <= k <= DEPTH:
        raise EvaluationError(f"k is {k}, expected 1 to {DEPTH}")
    started = time.monotonic()
    names = [token(card.id) for card in task.snapshot.corpus.cards]
    qrels = {names[query.row]: {names[row]: 1 for row in query.relevant} for query in task.queries}
    rankings: dict[str, dict[str, list[str]]] = {}
    for system, rank in systems.items():
        rankings[system] = {}
        for query in task.queries:
            rankings[system][names[query.row]] = [names[row] for row in rank(query)]
            on_query(1)
    measured = {system: per_query(measure_names(k), qrels, run) for system, run in rankings.items()}
    document = _document(task, measured, k, about)
    document["provenance"]["seconds"] = round(time.monotonic() - started, 1)
    return Report(document, qrels, rankings)


def token(identity: str) -> str:
    """Return ``identity`` as one word, as TREC files need it: white space and % are percent-encoded."""
    return "".join(quote(c) if c.isspace() or c == "%" else c for c in identity)


def _document(
    task: Task, measured: Mapping[str, Mapping[str, Values]], k: int, about: Mapping[str, Any]
) -> dict[str, Any]:
    primary = measure_names(k)[0]
    snapshot = task.snapshot
    systems = {
        system: {name: bootstrap(values, SEED).to_json() for name, values in by_measure.items()}
        for system, by_measure in measured.items()
    }
    differences = {
        system: bootstrap(measured[MAIN][primary] - by_measure[primary], SEED).to_json()
        for system, by_measure in measured.items()
        if MAIN in measured and system not in (MAIN, "oracle")
    }
    document: dict[str, Any] = {
        "verdict": _verdict(systems, differences, primary, len(task.queries)),
        "queries": len(task.queries),
        "lists_without_answer": task.unanswerable,
        "articles": len(snapshot.corpus),
        "targets_known": round(task.known_targets / max(1, task.targets), 6),
        "as_of": task.as_of.value,
        "k": k,
        "systems": systems,
        "differences": differences,
        "provenance": {
            **about,
            "snapshot": snapshot.version,
            "model": snapshot.manifest.model.model_dump(),
            "weights": snapshot.manifest.weights,
            "seed": SEED,
            "versions": {package: version(package) for package in PACKAGES},
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    }
    if "random" in measured:
        chance = expected_ndcg(task, k)
        mean = systems["random"][primary]["mean"]
        document["random_check"] = {
            "expected": round(chance.mean, 6),
            "low": round(chance.low, 6),
            "high": round(chance.high, 6),
            "within": bool(chance.low <= mean <= chance.high),
        }
    return document


def _verdict(systems: Mapping[str, Any], differences: Mapping[str, Any], primary: str, count: int) -> str:
    rivals = [name for name in differences if name != "random"]
    if MAIN not in systems or not rivals:
        return f"{count:,} curated lists were asked of {len(systems)} system(s)."
    best = max(rivals, key=lambda name: float(systems[name][primary]["mean"]))
    gap = differences[best]
    claim = "better than" if gap["low"] > 0 else "worse than" if gap["high"] < 0 else "not distinguishable from"
    return (
        f"Over {count:,} curated lists, {MAIN} scores {primary} {systems[MAIN][primary]['mean']:.3f}:"
        f" {claim} the best baseline, {best} ({systems[best][primary]['mean']:.3f}), by {gap['mean']:+.3f}"
        f" (95 % interval {gap['low']:+.3f} to {gap['high']:+.3f})."
    )
