"""The systems that the product is compared with: simple orders, and what others would build with common tools."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer

from eval.systems.context import DEPTH, Ranking, Rows, SystemContext
from eval.systems.crossval import visible_lists
from eval.task.task import Task
from recommender.articles import Article
from recommender.corpus.views import whole_text
from recommender.ranking.pool import Mask

TOP_TERMS = 25
RRF_K = 60
RRF_DEPTH = 1_000

Scores = Callable[[int], npt.NDArray[np.floating]]
"""Query row → ``(n,)`` scores of all articles."""


def random(context: SystemContext) -> Ranking:
    """Candidates in a seeded random order; its expected score is known (see eval.stats.chance)."""
    count = len(context.task.snapshot.corpus)
    return _by_scores(context.task, lambda row: np.random.default_rng([context.seed, row]).random(count))


def recency(context: SystemContext) -> Ranking:
    """Newest first; articles without a date last."""
    days = np.nan_to_num(context.task.snapshot.corpus.directory.days, nan=-np.inf)
    return _by_scores(context.task, lambda _: days)


def tfidf(context: SystemContext) -> Ranking:
    """Cosine of the whole articles in tf-idf with bigrams, as a careful engineer would set scikit-learn up."""
    rows = tfidf_rows(context.task.articles)
    return _by_scores(context.task, lambda row: (rows @ rows[row].T).toarray()[:, 0])


def bm25(context: SystemContext) -> Ranking:
    """BM25 (Robertson & Zaragoza, 2009) with the whole article as the query."""
    return _by_scores(context.task, lambda row: context.bm25.get_scores(context.tokens[row]))


def bm25_top25(context: SystemContext) -> Ranking:
    """BM25 with the article's 25 terms of greatest tf·idf as the query: the usual background-linking query."""
    counts = Counter(word for words in context.tokens for word in set(words))
    size = len(context.tokens)

    def terms(row: int) -> list[str]:
        weights = {w: tf * np.log(size / counts[w]) for w, tf in Counter(context.tokens[row]).items()}
        return sorted(weights, key=lambda w: (-weights[w], w))[:TOP_TERMS]

    return _by_scores(context.task, lambda row: context.bm25.get_scores(terms(row)))


def naive(context: SystemContext) -> Ranking:
    """Nearest neighbours by one vector an article, of its truncated text: what most recommenders do."""
    return _by_scores(context.task, lambda row: context.one_vector @ context.one_vector[row])


def rrf(context: SystemContext) -> Ranking:
    """Reciprocal rank fusion (Cormack et al., 2009; k = 60) of BM25 and the naive vector."""

    def scores(row: int) -> npt.NDArray[np.floating]:
        mask = context.task.allowed(row)
        total = np.zeros(len(mask))
        for each in (context.bm25.get_scores(context.tokens[row]), context.one_vector @ context.one_vector[row]):
            for place, found in enumerate(top(each, mask, RRF_DEPTH), start=1):
                total[found] += 1 / (RRF_K + place)
        return total

    return _by_scores(context.task, scores)


def section(context: SystemContext) -> Ranking:
    """Articles of the query's section first, then the others, both newest first: a template without a recommender."""
    cards = context.task.snapshot.corpus.cards
    days = np.nan_to_num(context.task.snapshot.corpus.directory.days, nan=-np.inf)
    newest = np.argsort(np.lexsort((-np.arange(len(cards)), days))).astype(np.float64)
    sections = np.array([card.section for card in cards])
    return _by_scores(
        context.task, lambda row: newest + len(cards) * (sections == sections[row]) * (sections[row] != "")
    )


def popular(context: SystemContext) -> Ranking:
    """Articles by how many curated lists hold them, over the lists that may be used for the query."""
    task = context.task

    def scores(row: int) -> npt.NDArray[np.floating]:
        total = np.zeros(len(task.snapshot.corpus))
        for query in visible_lists(task, row):
            total[list(query.relevant)] += 1
        return total

    return _by_scores(task, scores)


def tfidf_rows(articles: Sequence[Article]) -> sp.csr_matrix:
    """Return ``(n, V)`` float32 unit rows: tf-idf of the whole articles, English stop words, sublinear, bigrams."""
    options = {"sublinear_tf": True, "ngram_range": (1, 2), "stop_words": "english", "dtype": np.float32}
    vectorizer = TfidfVectorizer(min_df=2 if len(articles) >= 20 else 1, **options)
    try:
        return vectorizer.fit_transform([whole_text(article) for article in articles]).tocsr()
    except ValueError:  # scikit-learn's way to say that not one term is left
        return sp.csr_matrix((len(articles), 0), dtype=np.float32)


def top(scores: npt.NDArray[np.floating], mask: Mask, depth: int) -> Rows:
    """Return at most ``depth`` rows that ``mask`` allows, highest score first, ties by row (that is, by id)."""
    rows = np.flatnonzero(mask)
    return [int(row) for row in rows[np.lexsort((rows, -scores[rows]))][:depth]]


def _by_scores(task: Task, scores: Scores) -> Ranking:
    return lambda query: top(scores(query.row), task.allowed(query.row), DEPTH)
