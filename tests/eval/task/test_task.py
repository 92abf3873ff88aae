"""The protocol: who may be recommended, what counts, and that chance scores what it must."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from eval.stats.chance import expected_ndcg
from eval.stats.measures import per_query
from eval.systems.baselines import top
from eval.systems.context import DEPTH, SystemContext
from eval.systems.crossval import known_owners
from eval.systems.systems import SYSTEMS, prepare, served
from eval.task.task import AsOf, Judged, Task, make_task, qrels_of
from recommender.articles import Article, Record
from recommender.catalog.database import open_engine
from recommender.catalog.vector_cache import VectorCache
from recommender.corpus.encoder import HashEncoder
from recommender.errors import EvaluationError
from recommender.ranking.request import RelatedRequest
from tests.conftest import DEMO, OPTECH, records, snapshot_of
from tests.eval.planted import exact
from tests.query_path import related
from tests.recommender.makers import TALE
from tests.reference import related_rows


def task_of(items: list[Record], as_of: AsOf) -> Task:
    snapshot = snapshot_of(items, HashEncoder(dim=64))
    by_id = {record.article.id: record.article for record in items}
    return make_task(snapshot, [by_id[c.id] for c in snapshot.corpus.cards], snapshot.lists, as_of)


def dated(identity: str, day: int, related: Iterable[str] = (), body: str = "") -> Record:
    moment = datetime(2024, 1, day, tzinfo=UTC)
    text = body or f"story {identity} about the harbour"
    return Record(Article(id=identity, title=identity, body=text, published_at=moment), "", tuple(related))


FIVE = [
    dated("a", 1),
    dated("b", 5, ["a", "c", "d"]),
    dated("c", 9, ["b"]),
    dated("d", 5),
    dated("e", 3, ["c"]),
]


def ids(task: Task, rows: Iterable[int]) -> list[str]:
    return [task.name(row) for row in rows]


def test_the_date_rule_hides_what_is_newer_from_candidates_and_lists() -> None:
    task = task_of(FIVE, AsOf.PUBLISHED)
    assert {task.name(q.row): ids(task, q.relevant) for q in task.queries} == {"b": ["a", "d"], "c": ["b"]}
    assert task.unanswerable == 1  # e lists only c, which is newer
    b = task.snapshot.corpus.row("b")
    assert ids(task, np.flatnonzero(task.allowed(b))) == ["a", "d", "e"]


def test_the_archive_case_hides_nothing_but_self() -> None:
    task = task_of(FIVE, AsOf.NONE)
    assert {task.name(q.row): ids(task, q.relevant) for q in task.queries} == {
        "b": ["a", "c", "d"],
        "c": ["b"],
        "e": ["c"],
    }
    assert ids(task, np.flatnonzero(task.allowed(task.snapshot.corpus.row("b")))) == ["a", "c", "d", "e"]


def test_a_copy_of_the_query_is_neither_candidate_nor_relevant() -> None:
    items = [*FIVE, Record(Article(id="b2", title="b", body=TALE), "")]
    items[1] = dated("b", 5, ["b2", "a"], body=TALE)
    task = task_of(items, AsOf.NONE)
    query = next(q for q in task.queries if task.name(q.row) == "b")
    assert ids(task, query.relevant) == ["a"]
    assert "b2" not in ids(task, np.flatnonzero(task.allowed(query.row)))


def test_targets_that_are_not_known_are_counted_not_scored() -> None:
    task = task_of([dated("a", 1), dated("b", 2, ["a", "elsewhere"])], AsOf.PUBLISHED)
    assert (task.targets, task.known_targets) == (2, 1)


def test_qrels_hold_what_was_picked_confirmed_and_refuted() -> None:
    task = replace(task_of(FIVE, AsOf.NONE), queries=(Judged(1, (0, 2), (3,), (4,)), Judged(2, (1,))))
    assert qrels_of(task, "ABCDE") == {"B": {"A": 1, "C": 1, "D": 1, "E": 0}, "C": {"B": 1}}


def test_lists_without_any_known_article_are_refused() -> None:
    with pytest.raises(EvaluationError, match="nothing to evaluate"):
        task_of([dated("a", 1), dated("b", 2, ["elsewhere"])], AsOf.PUBLISHED)


@pytest.fixture(scope="module")
def context() -> SystemContext:
    task = task_of(records(OPTECH), AsOf.NONE)
    vectors = VectorCache(open_engine("sqlite://"), HashEncoder(dim=64))
    return SystemContext(task, vectors, 1, lambda texts: vectors.embed(vectors.missing(texts)))


def test_every_system_answers_with_allowed_rows_once_each(context: SystemContext) -> None:
    for name, rank in prepare(context, list(SYSTEMS)).items():
        for query in context.task.queries[:20]:
            rows = rank(query)
            assert len(set(rows)) == len(rows), name
            assert context.task.allowed(query.row)[rows].all(), name
            assert query.row not in rows, name


def test_the_oracle_is_perfect(context: SystemContext) -> None:
    values = measured(context, "oracle", "nDCG@10")
    assert values.min() == values.max() == 1.0


def test_random_scores_what_chance_says(context: SystemContext) -> None:
    found, expected = measured(context, "random", "nDCG@10"), expected_ndcg(context.task, 10)
    assert expected.low <= found.mean() <= expected.high


def test_chance_equals_simulation() -> None:
    task = task_of(FIVE, AsOf.NONE)
    expected = expected_ndcg(task, 3)
    rng = np.random.default_rng(0)
    means = []
    for _ in range(4_000):
        run = {task.name(q.row): ids(task, rng.permutation(np.flatnonzero(task.allowed(q.row)))) for q in task.queries}
        qrels = {task.name(q.row): {task.name(r): 1 for r in q.relevant} for q in task.queries}
        means.append(per_query(("nDCG@3",), qrels, run)["nDCG@3"].mean())
    assert expected.mean == pytest.approx(np.mean(means), abs=0.01)
    assert (expected.high - expected.mean) / 3.29 == pytest.approx(np.std(means), rel=0.05)


def test_product_is_the_very_function_that_is_served(context: SystemContext) -> None:
    systems, snapshot = prepare(context, ["product", "zero-shot"]), context.task.snapshot
    for query in context.task.queries[::25]:
        known = known_owners(context.task, query.row, context.tuning.fold_of)
        lists = {name: targets for name, targets in snapshot.lists.items() if known[snapshot.corpus.row(name)]}
        assert 90 <= len(lists) <= 96  # of 119: what is in another fold
        for name, visible in (("product", lists), ("zero-shot", {})):
            seen = snapshot.with_lists(visible)
            expected = related_rows(seen, query.row, limit=DEPTH)[:DEPTH]
            hits = systems[name].hits(query)
            assert [hit.row for hit in hits] == [row for row, _ in expected], name
            assert [hit.score for hit in hits] == pytest.approx([score for _, score in expected], abs=1e-5)
            answer = related(
                seen.corpus.query(query.row),
                seen.corpus,
                seen.neighbours,
                seen.ranker,
                seen.curated,
                RelatedRequest(limit=8),
            )
            assert exact(answer) == exact(hits[:8])


@pytest.mark.parametrize("as_of", list(AsOf))
def test_what_is_served_obeys_the_date_rule_of_the_task(as_of: AsOf) -> None:
    task = task_of(records(DEMO), as_of)
    query = min(task.queries, key=lambda q: float(task.snapshot.corpus.directory.days[q.row]))
    rows = [row for hit in served(task, query, 200, task.snapshot.curated) for row in (hit.row, *hit.also)]
    assert set(rows) == set(np.flatnonzero(task.allowed(query.row)).tolist())
    assert (len(rows) == len(task.snapshot.corpus) - 1) == (as_of is AsOf.NONE)


def test_recency_is_newest_first_and_undated_last() -> None:
    undated = Record(Article(id="z", title="z", body="story z"), "", ("a",))
    task = task_of([*FIVE, undated], AsOf.NONE)
    rank = prepare(SystemContext(task, _no_vectors(), 1, lambda _: None), ["recency"])["recency"]
    row = task.snapshot.corpus.row
    query = next(q for q in task.queries if q.row == row("b"))
    assert ids(task, rank(query)) == ["c", "d", "e", "a", "z"]


def test_tfidf_and_bm25_and_naive_agree_with_other_computations(context: SystemContext) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    from recommender.corpus.views import whole_text

    texts = [whole_text(article) for article in context.task.articles]
    dense = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), stop_words="english", min_df=2).fit_transform(texts)
    cosines = dense.toarray() @ dense.toarray().T
    query = context.task.queries[7]
    ranked = prepare(context, ["tfidf"])["tfidf"](query)
    scores = cosines[query.row][ranked]
    assert (np.diff(scores) <= 1e-6).all()
    allowed = context.task.allowed(query.row)
    assert scores[-1] >= np.sort(cosines[query.row][allowed])[-100] - 1e-6
    encoder = HashEncoder(dim=64)
    one = [f"{a.title}. {' '.join(a.teasers)} {a.body}"[:3_000] for a in context.task.articles]
    vectors = encoder.encode(one)
    naive = prepare(context, ["naive"])["naive"](query)
    assert (np.diff((vectors @ vectors[query.row])[naive]) <= 1e-6).all()


def test_ties_go_to_the_smaller_id() -> None:
    assert top(np.array([1.0, 3.0, 3.0, 1.0, 3.0]), np.array([True, True, True, True, False]), 3) == [1, 2, 0]


def test_an_unknown_system_is_named(context: SystemContext) -> None:
    with pytest.raises(EvaluationError, match="unknown system 'magic'"):
        prepare(context, ["product", "magic"])


def test_demo_lists_hold_mostly_older_articles() -> None:
    task = task_of(records(DEMO), AsOf.PUBLISHED)
    assert len(task.queries) >= 20
    assert task.known_targets == task.targets


def measured(context: SystemContext, system: str, measure: str) -> np.ndarray:
    task, rank = context.task, prepare(context, [system])[system]
    qrels = {task.name(q.row): {task.name(r): 1 for r in q.relevant} for q in task.queries}
    return per_query((measure,), qrels, {task.name(q.row): ids(task, rank(q)) for q in task.queries})[measure]


def _no_vectors() -> VectorCache:
    return VectorCache(open_engine("sqlite://"), HashEncoder(dim=64))
