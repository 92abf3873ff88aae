"""Measures (ir-measures, with trec_eval's own code underneath) and their bootstrap intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ir_measures
import numpy as np
import numpy.typing as npt

from recommender.errors import EvaluationError

RESAMPLES = 10_000
CHUNK = 500

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over queries with its 95 % percentile bootstrap interval (Efron & Tibshirani, 1993)."""

    mean: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        """Return the three numbers, rounded to six digits."""
        return {"mean": round(self.mean, 6), "low": round(self.low, 6), "high": round(self.high, 6)}


def measure_names(k: int) -> tuple[str, ...]:
    """Return the measures of a report, the primary one first."""
    return (f"nDCG@{k}", f"R@{k}", "RR", "Success@5")


def per_query(
    measures: Sequence[str], qrels: Mapping[str, Mapping[str, int]], run: Mapping[str, Sequence[str]]
) -> dict[str, Values]:
    """Return measure → ``(q,)`` values in the order of ``qrels``; a query the run does not answer scores 0.

    ``run`` gives, for each query id, document ids best first: they get strictly decreasing scores, so
    that no tool has a tie to break. Raises EvaluationError if a document occurs twice in a ranking.
    """
    if twice := [query for query, ids in run.items() if len(set(ids)) != len(ids)]:
        raise EvaluationError(f"the ranking of query {twice[0]!r} holds a document twice")
    order = {query: i for i, query in enumerate(qrels)}
    parsed = {ir_measures.parse_measure(name): name for name in measures}
    scored = {q: {d: float(s) for d, s in decreasing(ids)} for q, ids in run.items() if q in qrels}
    values = {name: np.zeros(len(order)) for name in measures}
    for metric in ir_measures.iter_calc(list(parsed), {q: dict(r) for q, r in qrels.items()}, scored):
        values[parsed[metric.measure]][order[metric.query_id]] = metric.value
    return values


def decreasing(ids: Sequence[str]) -> list[tuple[str, int]]:
    """Return (id, score) with strictly decreasing integer scores down to 1."""
    return [(identity, len(ids) - i) for i, identity in enumerate(ids)]


def bootstrap(values: Values, seed: int) -> Estimate:
    """Return the mean of ``(q,)`` values with its 95 % interval over RESAMPLES resamples of the queries."""
    rng = np.random.default_rng(seed)
    means = [
        values[rng.integers(len(values), size=(CHUNK, len(values)))].mean(axis=1) for _ in range(RESAMPLES // CHUNK)
    ]
    low, high = np.percentile(np.concatenate(means), (2.5, 97.5))
    return Estimate(float(values.mean()), float(low), float(high))
