"""The systems that are compared: each prepares itself once and then ranks the candidates of a query.

Every one sees the same queries and the same candidates; ``product`` is the very function the API calls.
To add one, write a function ``(Lab) → Ranking`` and give it a line in SYSTEMS.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import bm25s
import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer

from eval.task import Judged, Task
from recommender.article import Article
from recommender.errors import EvaluationError
from recommender.policy import Mask
from recommender.related import related
from recommender.vectors import VectorCache
from recommender.views import whole_text

DEPTH = 100
"""Answers a system gives to a query."""
NAIVE_CHARS = 3_000
"""More than the 256 word pieces a naive recommender embeds: the model itself cuts the rest."""

Rows = list[int]
Ranking = Callable[[Judged], Rows]
"""Query → at most DEPTH allowed rows, best first."""
Scores = Callable[[int], npt.NDArray[np.floating]]
"""Query row → ``(n,)`` scores of all articles."""


@dataclass(frozen=True, slots=True)
class Lab:
    """What a system may use to prepare itself."""

    task: Task
    vectors: VectorCache
    seed: int
    embed: Callable[[list[str]], None]


def random(lab: Lab) -> Ranking:
    """Candidates in a seeded random order; its expected score is known (see eval.chance)."""
    count = len(lab.task.snapshot.corpus)
    return _by_scores(lab.task, lambda row: np.random.default_rng([lab.seed, row]).random(count))


def recency(lab: Lab) -> Ranking:
    """Newest first; articles without a date last."""
    days = np.nan_to_num(lab.task.snapshot.corpus.days, nan=-np.inf)
    return _by_scores(lab.task, lambda _: days)


def tfidf(lab: Lab) -> Ranking:
    """Cosine of the whole articles in tf-idf with bigrams: scikit-learn's, with its English stop words."""
    texts = [whole_text(article) for article in lab.task.articles]
    options = {"sublinear_tf": True, "ngram_range": (1, 2), "stop_words": "english", "dtype": np.float32}
    rows = TfidfVectorizer(min_df=2 if len(texts) >= 20 else 1, **options).fit_transform(texts).tocsr()
    return _by_scores(lab.task, lambda row: (rows @ rows[row].T).toarray()[:, 0])


def bm25(lab: Lab) -> Ranking:
    """BM25 (Robertson & Zaragoza, 2009; bm25s' Lucene variant) with the whole article as the query."""
    tokens = bm25s.tokenize(
        [whole_text(article) for article in lab.task.articles], stopwords="en", return_ids=False, show_progress=False
    )
    retriever = bm25s.BM25()
    retriever.index(tokens, show_progress=False)
    return _by_scores(lab.task, lambda row: retriever.get_scores(tokens[row]))


def naive(lab: Lab) -> Ranking:
    """What most recommenders do: one vector of title, teaser and body, cut where the model stops reading."""
    texts = [_one_text(article) for article in lab.task.articles]
    lab.embed(texts)
    vectors = lab.vectors.lookup(texts)
    return _by_scores(lab.task, lambda row: vectors @ vectors[row])


def product(lab: Lab) -> Ranking:
    """The product: recommender.related.related, as served."""
    task, snapshot = lab.task, lab.task.snapshot

    def rank(query: Judged) -> Rows:
        hits = related(
            snapshot.corpus.query(query.row),
            snapshot.corpus,
            snapshot.neighbours,
            snapshot.ranker,
            limit=DEPTH,
            rules=task.rules(query.row),
        )
        return [hit.row for hit in hits]

    return rank


def oracle(_: Lab) -> Ranking:
    """The editor's own list: every measure must be at its maximum."""
    return lambda query: list(query.relevant[:DEPTH])


SYSTEMS: dict[str, Callable[[Lab], Ranking]] = {
    "random": random,
    "recency": recency,
    "tfidf": tfidf,
    "bm25": bm25,
    "naive": naive,
    "product": product,
    "oracle": oracle,
}
"""Name → system, in the order of reports."""


def prepare(lab: Lab, names: Sequence[str]) -> dict[str, Ranking]:
    """Prepare the systems of these ``names``, in their order. Raises EvaluationError on an unknown one."""
    if unknown := [name for name in names if name not in SYSTEMS]:
        raise EvaluationError(f"unknown system {unknown[0]!r}; known: {', '.join(SYSTEMS)}")
    return {name: SYSTEMS[name](lab) for name in dict.fromkeys(names)}


def top(scores: npt.NDArray[np.floating], mask: Mask, depth: int) -> Rows:
    """Return at most ``depth`` rows that ``mask`` allows, highest score first, ties by row (that is, by id)."""
    rows = np.flatnonzero(mask)
    return [int(row) for row in rows[np.lexsort((rows, -scores[rows]))][:depth]]


def _by_scores(task: Task, scores: Scores) -> Ranking:
    return lambda query: top(scores(query.row), task.allowed(query.row), DEPTH)


def _one_text(article: Article) -> str:
    return f"{article.title}. {' '.join(article.teasers)} {article.body}"[:NAIVE_CHARS]
