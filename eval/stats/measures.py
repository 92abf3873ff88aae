"""Measures of a ranking against a curated list: ir-measures, with trec_eval's own code underneath."""

from collections.abc import Mapping, Sequence

import ir_measures
import numpy as np
import numpy.typing as npt

from recommender.errors import EvaluationError

Values = npt.NDArray[np.float64]


def measure_names(k: int) -> tuple[str, ...]:
    """Return the measures of a report, the primary one first."""
    return tuple(dict.fromkeys((f"nDCG@{k}", "nDCG@5", f"R@{k}", "R@100", "RR", "Success@5")))


def judged_names(k: int) -> tuple[str, ...]:
    """Return the measures that say something once negatives are judged too.

    Judged@k is the share of the first k that somebody judged; the condensed nDCG (Sakai, 2007) skips what
    nobody did.
    """
    return (f"Judged@{k}", f"nDCG(judged_only=True)@{k}")


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


def primary(qrels: Mapping[str, Mapping[str, int]], run: Mapping[str, Sequence[str]], k: int) -> Values:
    """Return ``(q,)`` values of a report's first measure."""
    name = measure_names(k)[0]
    return per_query((name,), qrels, run)[name]


def decreasing(ids: Sequence[str]) -> list[tuple[str, int]]:
    """Return (id, score) with strictly decreasing integer scores down to 1."""
    return [(identity, len(ids) - i) for i, identity in enumerate(ids)]
