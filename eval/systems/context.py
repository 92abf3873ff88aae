"""What a system is given and what it returns."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import bm25s

from eval.systems.tuning import Tuning
from eval.task.task import Judged, Task
from recommender.articles import Article
from recommender.catalog.vector_cache import VectorCache
from recommender.corpus.encoder import Matrix
from recommender.corpus.views import whole_text
from recommender.ranking.hits import Hit

DEPTH = 100
"""Answers a system gives to a query."""
NAIVE_CHARS = 3_000
"""More than the 256 word pieces a naive recommender embeds: the model itself cuts the rest."""

Rows = list[int]
Ranking = Callable[[Judged], Rows]
"""Query → at most DEPTH allowed rows, best first."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A ranking whose hits have calibrated scores, and what each signal added to them."""

    hits: Callable[[Judged], list[Hit]]

    def __call__(self, query: Judged) -> Rows:
        """Return the rows of the hits."""
        return [hit.row for hit in self.hits(query)]


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


def one_text(article: Article) -> str:
    """Return the text that ``naive`` embeds: title, teasers and body, cut at NAIVE_CHARS."""
    return f"{article.title}. {' '.join(article.teasers)} {article.body}"[:NAIVE_CHARS]
