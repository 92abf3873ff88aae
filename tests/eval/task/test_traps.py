"""The traps of evaluating with curated lists. Each test shows the naive way fall in, and ours not."""

from collections.abc import Sequence
from datetime import UTC, datetime

import ir_measures
import numpy as np
import pytest

from eval.stats.measures import decreasing, per_query
from eval.systems.baselines import top
from eval.systems.context import Ranking, SystemContext
from eval.systems.crossval import deal, evidence
from eval.systems.systems import prepare, served
from eval.task.task import AsOf, Judged, Task, make_task
from recommender.articles import Article, Record
from recommender.catalog.database import open_engine
from recommender.catalog.vector_cache import VectorCache
from recommender.corpus.encoder import HashEncoder
from recommender.ranking.request import RelatedRequest
from tests.conftest import snapshot_of
from tests.eval.planted import assert_own_list_is_not_read, exact
from tests.query_path import related
from tests.recommender.makers import TALE

NDCG = ir_measures.nDCG @ 10


def task_of(items: Sequence[Record], as_of: AsOf) -> Task:
    snapshot = snapshot_of(list(items), HashEncoder(dim=32))
    by_id = {item.article.id: item.article for item in items}
    return make_task(snapshot, [by_id[card.id] for card in snapshot.corpus.cards], snapshot.lists, as_of)


def story(identity: str, day: int, related: Sequence[str] = (), body: str = "", title: str = "") -> Record:
    moment = datetime(2024, 1, day, tzinfo=UTC)
    article = Article(id=identity, title=title or identity, body=body or f"The {identity} story.", published_at=moment)
    return Record(article, "", tuple(related))


def context(task: Task) -> SystemContext:
    return SystemContext(task, VectorCache(open_engine("sqlite://"), HashEncoder(dim=32)), 1, lambda _: None)


def row(task: Task, identity: str) -> int:
    return task.snapshot.corpus.row(identity)


def test_ties_are_broken_once_and_not_by_the_measuring_tool() -> None:
    qrels, ids, scores = {"q": {"a": 1}}, ["a", "b", "c"], np.array([0.5, 0.5, 0.5])
    naive = {"q": dict(zip(ids, scores.tolist(), strict=True))}
    fooled = ir_measures.calc_aggregate([NDCG], qrels, naive)[NDCG]
    assert fooled == pytest.approx(0.5)  # the tool puts c first and a last, though a stood first
    ours = [ids[r] for r in top(scores, np.ones(3, dtype=bool), 3)]
    assert ours == ["a", "b", "c"]
    assert len({score for _, score in decreasing(ours)}) == 3
    assert per_query(("nDCG@10",), qrels, {"q": ours})["nDCG@10"][0] == 1.0


def test_self_is_excluded_by_id_even_where_a_copy_ties() -> None:
    items = [story("a", 1, body=TALE, title="Fog"), story("b", 1, ["c"], body=TALE, title="Fog"), story("c", 1)]
    task = task_of(items, AsOf.NONE)
    fused, me = np.asarray(task.snapshot.corpus.fused), row(task, "b")
    nearest = np.lexsort((np.arange(3), -(fused @ fused[me])))
    assert me in nearest[1:]  # "drop hit 0 as self" drops the copy and keeps the article itself
    rank = prepare(context(task), ["product"])["product"]
    assert rank(task.queries[0]) == [row(task, "c")]


def test_a_copy_of_the_query_earns_nothing() -> None:
    items = [
        story("copy", 1, body=TALE, title="Fog"),
        story("q", 2, ["copy", "c"], body=TALE, title="Fog"),
        story("c", 1),
    ]
    task = task_of(items, AsOf.PUBLISHED)
    (query,) = task.queries
    naive = {row(task, target) for target in ("copy", "c")}
    assert row(task, "copy") in naive
    assert query.relevant == (row(task, "c"),)
    assert not task.allowed(query.row)[row(task, "copy")]


def test_a_query_without_an_answer_is_counted() -> None:
    qrels = {"q1": {"a": 1}, "q2": {"a": 1}}
    answered = [m.value for m in ir_measures.iter_calc([NDCG], {"q2": qrels["q2"]}, {"q2": {"a": 1.0}})]
    assert np.mean(answered) == 1.0  # the average over the answered ones
    assert per_query(("nDCG@10",), qrels, {"q2": ["a"]})["nDCG@10"].mean() == 0.5


HARBOUR = [
    story("old", 1, body="Dredging of the harbour was proposed."),
    story("mid", 5, ["old", "new"], body="Dredging of the harbour was approved."),
    story("new", 9, ["mid"], body="Dredging of the harbour has begun."),
    story("else", 2, ["old"], body="A chess club won a cup."),
]


def test_the_date_rule_binds_candidates_lists_and_evidence_alike() -> None:
    task = task_of(HARBOUR, AsOf.PUBLISHED)
    mid = next(q for q in task.queries if q.row == row(task, "mid"))
    corpus = task.snapshot.corpus
    today = task.snapshot
    naive = related(
        corpus.query(mid.row), corpus, today.neighbours, today.ranker, today.curated, RelatedRequest(limit=3)
    )
    assert row(task, "new") in [hit.row for hit in naive]
    for name, rank in prepare(
        context(task), ["random", "recency", "popular", "tfidf", "bm25", "zero-shot", "product", "tuned"]
    ).items():
        assert row(task, "new") not in rank(mid), name
    assert mid.relevant == (row(task, "old"),)
    assert task.filters(mid.row).published_before is not None


def popular_naive(task: Task) -> Ranking:
    """Counts every list: that of the scored query, and those that were not written yet."""

    def rank(query: Judged) -> list[int]:
        counts = np.zeros(len(task.snapshot.corpus))
        for other in task.queries:
            counts[list(other.relevant)] += 1
        return top(counts, task.allowed(query.row), 100)

    return rank


def popular(task: Task) -> Ranking:
    return prepare(context(task), ["popular"])["popular"]


MANY = [story(f"s{n}", 1 + n % 28, [f"s{(n * 7 + 3) % 30}", f"s{(n * 11 + 5) % 30}"]) for n in range(30)]


@pytest.mark.parametrize("as_of", list(AsOf))
def test_popular_does_not_read_the_scored_list(as_of: AsOf) -> None:
    task = task_of(MANY, as_of)
    caught = 0
    for query in task.queries:
        assert_own_list_is_not_read(popular, task, query)
        try:
            assert_own_list_is_not_read(popular_naive, task, query)
        except AssertionError:
            caught += 1
    assert caught > len(task.queries) / 2


def test_popular_does_not_read_lists_of_the_future() -> None:
    items = [story("a", 1), story("b", 1), story("q", 5, ["a"]), story("later", 9, ["b"]), story("last", 9, ["b"])]
    task = task_of(items, AsOf.PUBLISHED)
    query = next(q for q in task.queries if q.row == row(task, "q"))
    assert popular_naive(task)(query)[0] == row(task, "b")
    assert popular(task)(query)[0] == row(task, "a")  # a tie at nought, by id


def test_evidence_is_not_of_the_future() -> None:
    """A list that is written later would say that q and a belong together, and lift a above b."""
    items = [
        story("a", 1, body="Chess club news."),
        story("b", 1, body="Gardening news."),
        story("q", 5, ["a"], body="Dredging of the harbour was approved."),
        story("later", 9, ["q", "b"], body="Dredging of the harbour has begun."),
        story("last", 9, ["q", "b"], body="Dredging of the harbour was stopped."),
        story("soon", 6, ["a"], body="Chess."),
    ]
    task, archive = task_of(items, AsOf.PUBLISHED), task_of(items, AsOf.NONE)
    ours = prepare(context(task), ["product", "zero-shot"])
    query = next(q for q in task.queries if q.row == row(task, "q"))
    assert not evidence(task, query.row, deal(task, 1)).lists.nnz
    assert exact(ours["product"].hits(query)) == exact(ours["zero-shot"].hits(query))
    assert "later" not in [task.name(hit.row) for hit in ours["product"].hits(query)]
    naive = {hit.row: hit.score for hit in served(task, query, 9, task.snapshot.curated)}
    honest = {hit.row: hit.score for hit in ours["product"].hits(query)}
    assert naive != honest  # what the API, which knows every list of today, would have flattered itself with
    assert evidence(archive, query.row).lists.nnz == 5
