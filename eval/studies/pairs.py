"""Correlation of a system's scores with people's judgements of how related two articles are.

For corpora where pairs, not lists, were judged. Lines of ``{"a": id, "b": id, "score": number}``, any scale, more
is more related. Intervals come from resampling pairs as if they were independent; pairs that share an article are
not quite, so the true intervals are somewhat wider.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from rich.table import Table

from eval.report.report import MAIN
from eval.stats.correlation import agreement, interval
from eval.stats.measures import Values
from eval.stats.significance import RESAMPLES, SEED
from eval.systems.baselines import tfidf_rows
from eval.systems.context import one_text
from eval.task.inputs import Feedback, Sources, in_memory
from eval.task.lines import Warn, read_lines, silent
from index.store.snapshot import Snapshot
from recommender.articles import Article
from recommender.articles.directory import Rows
from recommender.catalog.vector_cache import VectorCache
from recommender.corpus.encoder import Encoder, Matrix
from recommender.errors import EvaluationError
from recommender.ranking.signals import signals

FEWEST = 3
"""Distinct pairs below which a correlation says nothing at all."""
SYSTEMS = ("tfidf", "naive", "product", "fused")


@dataclass(frozen=True, slots=True)
class Pair:
    """People's judgement of two articles, in no order: the mean of ``scores``. ``place`` is its first line."""

    a: str
    b: str
    scores: tuple[float, ...]
    place: str

    @property
    def score(self) -> float:
        """The mean of what people said."""
        return float(np.mean(self.scores))


def read_pairs(path: Path, warn: Warn = silent) -> list[Pair]:
    """Read judged pairs from JSON lines; a pair given several times, in either order, is judged by their mean.

    Raises EvaluationError naming file and line of what is no judged pair, or the file that cannot be read.
    """
    found: dict[frozenset[str], Pair] = {}
    for place, line in read_lines(path, "judged pairs", warn):
        pair = _parse(line, place)
        known = found.get(frozenset((pair.a, pair.b)))
        first = known or pair
        scores = (*known.scores, *pair.scores) if known else pair.scores
        found[frozenset((pair.a, pair.b))] = Pair(first.a, first.b, scores, first.place)
    return list(found.values())


def evaluate_files(sources: Sources, pairs: Path, encoder: Encoder, feedback: Feedback = Feedback()) -> dict[str, Any]:
    """Build an index of ``sources`` in memory and return the document of ``evaluate_pairs`` on the file ``pairs``."""
    judged = read_pairs(pairs, feedback.warn)
    _check_scores(judged)
    memory = in_memory(sources, encoder, feedback)
    return evaluate_pairs(memory.articles, memory.snapshot, memory.vectors, judged)


def evaluate_pairs(
    articles: Sequence[Article], snapshot: Snapshot, vectors: VectorCache, pairs: Sequence[Pair], *, seed: int = SEED
) -> dict[str, Any]:
    """Return, as JSON, how each system's scores of ``pairs`` correlate with people's.

    ``articles`` are the corpus's in the order of its rows. Each system has Spearman's and Pearson's correlation;
    ``differences`` are the product's Spearman minus another system's on the same resamples. Raises EvaluationError
    naming the line of an article that is not known, and if fewer than FEWEST pairs or no two scores differ.
    """
    left, right = _rows(snapshot, pairs)
    _check_scores(pairs)
    people = np.array([pair.score for pair in pairs])
    scores = {
        "tfidf": tfidf_scores(articles, left, right),
        "naive": naive_scores(articles, vectors, left, right),
        "product": product_scores(snapshot, left, right),
        "fused": _inner(snapshot.corpus.fused, left, right),
    }
    found = {name: agreement(scores[name], people, seed) for name in SYSTEMS}
    main = found[MAIN]
    return {
        "pairs": len(pairs),
        "lines": sum(len(pair.scores) for pair in pairs),
        "articles": len(snapshot.corpus),
        "systems": {
            name: {
                "spearman": interval(each.spearman, each.spearmans).to_json(),
                "pearson": interval(each.pearson, each.pearsons).to_json(),
            }
            for name, each in found.items()
        },
        "differences": {
            name: interval(main.spearman - each.spearman, main.spearmans - each.spearmans).to_json()
            for name, each in found.items()
            if name != MAIN
        },
        "provenance": {
            "snapshot": snapshot.version,
            "model": snapshot.manifest.model.model_dump(),
            "ranker": snapshot.ranker.origin,
            "seed": seed,
            "resamples": RESAMPLES,
        },
    }


def tfidf_scores(articles: Sequence[Article], left: Rows, right: Rows) -> Values:
    """Return ``(m,)`` cosines of the whole articles in the tf-idf of the baseline ``tfidf``."""
    rows = tfidf_rows(articles)
    return np.asarray(rows[left].multiply(rows[right]).sum(axis=1), dtype=np.float64).ravel()


def naive_scores(articles: Sequence[Article], vectors: VectorCache, left: Rows, right: Rows) -> Values:
    """Return ``(m,)`` cosines of one vector of title, teasers and body each, embedding what ``vectors`` lacks."""
    texts = [one_text(article) for article in articles]
    vectors.embed(vectors.missing(texts))
    rows = vectors.lookup(texts)
    return _inner(rows, left, right)


def product_scores(snapshot: Snapshot, left: Rows, right: Rows) -> Values:
    """Return ``(m,)``: the mean of the ranker's score of one article as a candidate of the other, both ways.

    The pool is the query's as it is served; if that lacks an article that was judged with the query (it is a copy,
    or beyond the candidates), it is all articles but the query.
    """
    partners: dict[int, set[int]] = defaultdict(set)
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        partners[a].add(b)
        partners[b].add(a)
    scores = {row: _candidate_scores(snapshot, row, partners) for row, partners in partners.items()}
    return np.array([(scores[a][b] + scores[b][a]) / 2 for a, b in zip(left, right, strict=True)], dtype=np.float64)


def pairs_table(document: Mapping[str, Any]) -> Table:
    """Return the systems of a document of ``evaluate_pairs``: correlations, and the product's lead in Spearman's."""
    table = Table("system", "Spearman", "Pearson", "product's lead", box=None, header_style="bold")
    for name, found in document["systems"].items():
        difference = document["differences"].get(name)
        cells = [
            _cell(found["spearman"], ""),
            _cell(found["pearson"], ""),
            _cell(difference, "+") if difference else "",
        ]
        table.add_row(name, *cells, style="bold green" if name == MAIN else "")
    return table


def _check_scores(pairs: Sequence[Pair]) -> None:
    scores = {pair.score for pair in pairs}
    if len(pairs) < FEWEST or len(scores) < 2:
        raise EvaluationError(
            f"{len(pairs):,} pairs with {len(scores):,} different scores: expected at least {FEWEST}"
            " pairs, not all of one score"
        )


def _parse(line: str, place: str) -> Pair:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise EvaluationError(f"{place}: not valid JSON ({error})") from None
    if not isinstance(value, dict):
        raise EvaluationError(f"{place}: expected a JSON object")
    a, b, score = (value.get(key) for key in ("a", "b", "score"))
    a, b = (str(x) if isinstance(x, int) and not isinstance(x, bool) else x for x in (a, b))
    if not isinstance(a, str) or not isinstance(b, str) or not a or not b:
        raise EvaluationError(f'{place}: "a" and "b" must be ids of articles, found {a!r} and {b!r}')
    if a == b:
        raise EvaluationError(f"{place}: article {a!r} is paired with itself")
    if isinstance(score, bool) or not isinstance(score, int | float):
        raise EvaluationError(f'{place}: "score" is {score!r}, expected a number')
    if not math.isfinite(score):
        raise EvaluationError(f'{place}: "score" is {score!r}, expected a finite number')
    return Pair(a, b, (float(score),), place)


def _rows(snapshot: Snapshot, pairs: Sequence[Pair]) -> tuple[Rows, Rows]:
    rows = np.empty((len(pairs), 2), dtype=np.int64)
    for i, pair in enumerate(pairs):
        for side, identity in enumerate((pair.a, pair.b)):
            row = snapshot.corpus.find(identity)
            if row is None:
                raise EvaluationError(f"{pair.place}: no article has the id or URL {identity!r}")
            rows[i, side] = row
        if rows[i, 0] == rows[i, 1]:
            raise EvaluationError(f"{pair.place}: {pair.a!r} and {pair.b!r} are the same article")
    return rows[:, 0], rows[:, 1]


def _candidate_scores(snapshot: Snapshot, row: int, partners: set[int]) -> dict[int, float]:
    corpus = snapshot.corpus
    query = corpus.query(row)
    pool = snapshot.recommender.pool(query, snapshot.recommender.eligible(query))
    if not partners <= set(pool.rows.tolist()):
        everyone = np.delete(np.arange(len(corpus)), row)
        pool = replace(pool, rows=everyone, fused=corpus.products(everyone, query.fused))
    scores = snapshot.ranker.score(signals(pool))
    return dict(zip(pool.rows.tolist(), scores.tolist(), strict=True))


def _inner(rows: Matrix, left: Rows, right: Rows) -> Values:
    return np.asarray((rows[left].astype(np.float64) * rows[right]).sum(axis=1), dtype=np.float64)


def _cell(found: Mapping[str, float | None], sign: str) -> str:
    if found["value"] is None:
        return "–"
    return f"{found['value']:{sign}.3f} [dim]({found['low']:{sign}.3f} to {found['high']:{sign}.3f})[/]"
