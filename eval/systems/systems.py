"""The systems that are compared: each prepares itself once and then ranks the candidates of a query.

Every one sees the same queries and the same candidates; ``product`` is the very function the API calls.
To add one, write a function ``(SystemContext) → Ranking`` and give it a line in SYSTEMS.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import bm25s
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer

from eval.systems.crossval import evidence, visible_lists
from eval.systems.tuning import Tuning
from eval.task.task import Judged, Task
from recommender.articles import Article
from recommender.catalog.vector_cache import VectorCache
from recommender.corpus.encoder import Matrix
from recommender.corpus.views import whole_text
from recommender.errors import EvaluationError
from recommender.ranking.curated import CuratedLists
from recommender.ranking.hits import Hit
from recommender.ranking.pool import Mask
from recommender.ranking.request import RelatedRequest

DEPTH = 100
"""Answers a system gives to a query."""
NAIVE_CHARS = 3_000
"""More than the 256 word pieces a naive recommender embeds: the model itself cuts the rest."""
TOP_TERMS = 25
RRF_K = 60
RRF_DEPTH = 1_000

Rows = list[int]
Ranking = Callable[[Judged], Rows]
"""Query → at most DEPTH allowed rows, best first."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A ranking whose answers have scores that claim to be probabilities, and reasons."""

    hits: Callable[[Judged], list[Hit]]

    def __call__(self, query: Judged) -> Rows:
        """Return the rows of the hits."""
        return [hit.row for hit in self.hits(query)]


Scores = Callable[[int], npt.NDArray[np.floating]]
"""Query row → ``(n,)`` scores of all articles."""


@dataclass(frozen=True)
class SystemContext:
    """What a system may use to prepare itself; what several systems share is computed once."""

    task: Task
    vectors: VectorCache
    seed: int
    embed: Callable[[list[str]], None]

    @cached_property
    def tokens(self) -> list[list[str]]:
        """Each article's words, as bm25s makes them, without its English stop words."""
        texts = [whole_text(article) for article in self.task.articles]
        found: list[list[str]] = bm25s.tokenize(texts, stopwords="en", return_ids=False, show_progress=False)
        return found

    @cached_property
    def bm25(self) -> bm25s.BM25:
        """The BM25 index over ``tokens``, in bm25s' Lucene variant."""
        retriever = bm25s.BM25()
        retriever.index(self.tokens, show_progress=False)
        return retriever

    @cached_property
    def tuning(self) -> Tuning:
        """The folds of the lists, and rankers fitted to all folds but one."""
        return Tuning(self.task, self.seed)

    @cached_property
    def one_vector(self) -> Matrix:
        """``(n, d)`` float32: one vector of title, teaser and body, cut where the model stops reading."""
        texts = [one_text(article) for article in self.task.articles]
        self.embed(texts)
        return self.vectors.lookup(texts)


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
    """What most recommenders do: nearest neighbours of one truncated vector an article."""
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
    """The same section first, each half newest first: what a template without a recommender shows."""
    cards = context.task.snapshot.corpus.cards
    days = np.nan_to_num(context.task.snapshot.corpus.directory.days, nan=-np.inf)
    newest = np.argsort(np.lexsort((-np.arange(len(cards)), days))).astype(np.float64)
    sections = np.array([card.section for card in cards])
    return _by_scores(
        context.task, lambda row: newest + len(cards) * (sections == sections[row]) * (sections[row] != "")
    )


def popular(context: SystemContext) -> Ranking:
    """Most listed by the other articles' curated lists that may be known at the query's time."""
    task = context.task

    def scores(row: int) -> npt.NDArray[np.floating]:
        total = np.zeros(len(task.snapshot.corpus))
        for query in visible_lists(task, row):
            total[list(query.relevant)] += 1
        return total

    return _by_scores(task, scores)


def zero_shot(context: SystemContext) -> Ranking:
    """The product with every list hidden: what a site without lists gets."""
    nothing = CuratedLists.none(len(context.task.snapshot.corpus))
    return Scored(lambda query: served(context.task, query, DEPTH, nothing))


def product(context: SystemContext) -> Ranking:
    """The product as it is served, the lists of the other folds known as evidence."""
    fold_of = context.tuning.fold_of
    return Scored(lambda query: served(context.task, query, DEPTH, evidence(context.task, query.row, fold_of)))


def tuned(context: SystemContext) -> Ranking:
    """The product with weights fitted to the lists of the other folds as well."""
    return Scored(lambda query: context.tuning.answer(query, DEPTH))


def oracle(_: SystemContext) -> Ranking:
    """The editor's own list (and what was judged related): every measure must be at its maximum."""
    return lambda query: list(query.answers[:DEPTH])


SYSTEMS: dict[str, Callable[[SystemContext], Ranking]] = {
    "random": random,
    "recency": recency,
    "section": section,
    "popular": popular,
    "tfidf": tfidf,
    "bm25": bm25,
    "bm25-top25": bm25_top25,
    "naive": naive,
    "rrf": rrf,
    "zero-shot": zero_shot,
    "product": product,
    "tuned": tuned,
    "oracle": oracle,
}
"""Name → system, in the order of reports."""


def served(task: Task, query: Judged, limit: int, curated: CuratedLists) -> list[Hit]:
    """Return what the API would answer to ``query`` under the task's date rule, if ``curated`` is what it knows."""
    request = RelatedRequest(limit=limit, filters=task.filters(query.row))
    return task.knowing(curated).related(task.query(query.row), request)


def tfidf_rows(articles: Sequence[Article]) -> sp.csr_matrix:
    """Return ``(n, V)`` float32 unit rows: tf-idf of the whole articles, English stop words, sublinear, bigrams."""
    options = {"sublinear_tf": True, "ngram_range": (1, 2), "stop_words": "english", "dtype": np.float32}
    vectorizer = TfidfVectorizer(min_df=2 if len(articles) >= 20 else 1, **options)
    try:
        return vectorizer.fit_transform([whole_text(article) for article in articles]).tocsr()
    except ValueError:  # scikit-learn's way to say that not one term is left
        return sp.csr_matrix((len(articles), 0), dtype=np.float32)


def one_text(article: Article) -> str:
    """Return what a naive recommender embeds: title, teasers and body, as much as the model may read of it."""
    return f"{article.title}. {' '.join(article.teasers)} {article.body}"[:NAIVE_CHARS]


def check_names(names: Sequence[str]) -> None:
    """Raise EvaluationError on no name at all, or the name of no system."""
    if not names:
        raise EvaluationError(f"no system is named; known: {', '.join(SYSTEMS)}")
    if unknown := [name for name in names if name not in SYSTEMS]:
        raise EvaluationError(f"unknown system {unknown[0]!r}; known: {', '.join(SYSTEMS)}")


def check_cut(k: int) -> None:
    """Raise EvaluationError on a k that is not 1 to DEPTH."""
    if not 1 <= k <= DEPTH:
        raise EvaluationError(f"k is {k}, expected 1 to {DEPTH}")


def prepare(context: SystemContext, names: Sequence[str]) -> dict[str, Ranking]:
    """Prepare the systems of these ``names``, in their order. Raises EvaluationError on an unknown one."""
    check_names(names)
    return {name: SYSTEMS[name](context) for name in dict.fromkeys(names)}


def top(scores: npt.NDArray[np.floating], mask: Mask, depth: int) -> Rows:
    """Return at most ``depth`` rows that ``mask`` allows, highest score first, ties by row (that is, by id)."""
    rows = np.flatnonzero(mask)
    return [int(row) for row in rows[np.lexsort((rows, -scores[rows]))][:depth]]


def _by_scores(task: Task, scores: Scores) -> Ranking:
    return lambda query: top(scores(query.row), task.allowed(query.row), DEPTH)
