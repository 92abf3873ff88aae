"""Folds, the lists a query may know, and the planted list that catches what reads more."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.crossval import connected_lists, folds, plant, visible_lists
from eval.systems import Lab, Ranking, prepare, top
from eval.task import AsOf, Judged, Task, make_task
from recommender.article import Article, Record
from recommender.encoder import HashEncoder
from recommender.errors import EvaluationError
from recommender.tables import open_engine
from recommender.vectors import VectorCache
from tests.conftest import DEMO, OPTECH, records, snapshot_of
from tests.eval.planted import assert_own_list_is_not_read

ENCODER = HashEncoder(dim=32)


def task_of(items: list[Record], as_of: AsOf) -> Task:
    snapshot = snapshot_of(items, ENCODER)
    by_id = {record.article.id: record.article for record in items}
    return make_task(snapshot, [by_id[card.id] for card in snapshot.corpus.cards], snapshot.lists, as_of)


@st.composite
def some_queries(draw: st.DrawFn) -> tuple[Judged, ...]:
    rows = draw(st.lists(st.integers(0, 40), min_size=1, max_size=25, unique=True))
    targets = st.lists(st.integers(0, 60), min_size=1, max_size=3, unique=True)
    return tuple(Judged(row, tuple(draw(targets))) for row in rows)


# --- folds ---


@given(some_queries(), st.integers(2, 6), st.integers(0, 5), st.randoms(use_true_random=False))
def test_folds_hold_each_query_once_evenly_and_in_any_order(
    queries: tuple[Judged, ...], k: int, seed: int, random: Random
) -> None:
    if len(queries) < k:
        with pytest.raises(EvaluationError, match=rf"{len(queries)} lists cannot fill {k} folds"):
            folds(queries, k, seed)
        return
    found = folds(queries, k, seed)
    assert sorted(found) == sorted(query.row for query in queries)
    sizes = Counter(found.values())
    assert set(sizes) == set(range(k))
    assert max(sizes.values()) - min(sizes.values()) <= 1
    shuffled = list(queries)
    random.shuffle(shuffled)
    assert folds(shuffled, k, seed) == found


@given(some_queries(), st.integers(2, 4), st.integers(0, 5))
def test_connected_lists_are_never_parted(queries: tuple[Judged, ...], k: int, seed: int) -> None:
    groups = connected_lists(queries)
    assert groups == reached(queries)
    if len(groups) < k:
        with pytest.raises(EvaluationError, match="groups of connected lists cannot fill"):
            folds(queries, k, seed, connected=True)
        return
    found = folds(queries, k, seed, connected=True)
    assert sorted(found) == sorted(query.row for query in queries)
    assert set(found.values()) == set(range(k))
    for a, b in combinations(queries, 2):
        if {a.row, *a.relevant} & {b.row, *b.relevant}:
            assert found[a.row] == found[b.row]


def reached(queries: tuple[Judged, ...]) -> list[list[int]]:
    """The groups once more, by spreading from each list until nothing is added."""
    groups = set()
    for start in queries:
        articles, before = {start.row, *start.relevant}, 0
        while len(articles) > before:
            before = len(articles)
            for query in queries:
                if articles & {query.row, *query.relevant}:
                    articles |= {query.row, *query.relevant}
        groups.add(tuple(sorted(query.row for query in queries if query.row in articles)))
    return sorted(map(list, groups))


def test_copies_connect_what_lists_them() -> None:
    queries = (Judged(0, (5,)), Judged(1, (6,)), Judged(2, (7,)))
    copies = np.array([0, 1, 2, 3, 4, 5, 5, 7])
    assert connected_lists(queries) == [[0], [1], [2]]
    assert connected_lists(queries, copies) == [[0, 1], [2]]
    found = folds(queries, 2, 0, connected=True, copies=copies)
    assert found[0] == found[1] != found[2]


def test_seeds_deal_differently_and_one_fold_is_refused() -> None:
    queries = [Judged(i, (i + 100,)) for i in range(40)]
    assert folds(queries, 5, 1) == folds(queries, 5, 1) != folds(queries, 5, 2)
    with pytest.raises(EvaluationError, match="k is 1, expected at least 2"):
        folds(queries, 1, 1)


def test_a_connected_deal_is_as_even_as_its_groups() -> None:
    queries = [Judged(i, (100 + i // 4,)) for i in range(40)]  # ten groups of four
    sizes = Counter(folds(queries, 5, 3, connected=True).values())
    assert set(sizes.values()) == {8}


# --- what may be seen ---


@st.composite
def small_tasks(draw: st.DrawFn) -> Task:
    count = draw(st.integers(4, 9))
    items = []
    for i in range(count):
        day = draw(st.one_of(st.none(), st.integers(0, 3)))
        moment = None if day is None else datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day)
        text = draw(st.sampled_from(["the same words twice", f"story number{i} of the harbour"]))
        targets = draw(st.lists(st.integers(0, count - 1), max_size=3, unique=True))
        related = tuple(f"a{t}" for t in targets if t != i)
        items.append(Record(Article(id=f"a{i}", body=text, published_at=moment), "", related))
    as_of = draw(st.sampled_from(list(AsOf)))
    try:
        return task_of(items, as_of)
    except EvaluationError:
        return task_of([*items, *FALLBACK], as_of)


FALLBACK = [
    Record(Article(id="y", body="unlike the rest", published_at=datetime(2023, 1, 1, tzinfo=UTC)), ""),
    Record(Article(id="z", body="nothing alike", published_at=datetime(2024, 6, 1, tzinfo=UTC)), "", ("y",)),
]


@settings(max_examples=60, deadline=None)
@given(small_tasks(), st.booleans(), st.integers(0, 3))
def test_exactly_the_permitted_lists_are_visible(task: Task, by_fold: bool, seed: int) -> None:
    fold_of = {query.row: (query.row * 7 + seed) % 3 for query in task.queries} if by_fold else None
    cards = task.snapshot.corpus.cards
    for row in range(len(cards)):
        mine, expected = cards[row], []
        for query in task.queries:
            theirs = cards[query.row]
            permitted = query.row != row and theirs.text_sha256 != mine.text_sha256
            if task.as_of is AsOf.PUBLISHED:
                permitted &= bool(mine.published_at and theirs.published_at and theirs.published_at < mine.published_at)
            if fold_of is not None and row in fold_of:
                permitted &= fold_of[query.row] != fold_of[row]
            if permitted:
                expected.append(query)
        assert visible_lists(task, row, fold_of) == expected


def test_demo_lists_become_visible_with_time() -> None:
    task = task_of(records(DEMO), AsOf.PUBLISHED)
    by_age = sorted(task.queries, key=lambda query: float(task.snapshot.corpus.days[query.row]))
    counts = [len(visible_lists(task, query.row)) for query in by_age]
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[-1] >= len(task.queries) - 2


# --- planting ---


@pytest.fixture(scope="module")
def task() -> Task:
    return task_of(records(OPTECH), AsOf.NONE)


def test_a_planted_list_replaces_the_querys_own_and_nothing_else(task: Task) -> None:
    query = task.queries[3]
    targets = [int(row) for row in np.flatnonzero(task.allowed(query.row))[:4]]
    planted, asked = plant(task, query.row, targets)
    assert asked == Judged(query.row, tuple(targets))
    assert planted.queries[3] == asked
    assert planted.queries[:3] + planted.queries[4:] == task.queries[:3] + task.queries[4:]
    changed = {k for k in task.snapshot.lists if task.snapshot.lists[k] != planted.snapshot.lists[k]}
    assert changed == {task.name(query.row)}
    assert planted.snapshot.lists[task.name(query.row)] == tuple(map(task.name, targets))
    assert planted.snapshot.corpus is task.snapshot.corpus


def test_planting_where_nothing_may_be_planted_is_refused(task: Task) -> None:
    query = task.queries[0]
    unlisted = next(row for row in range(len(task.snapshot.corpus)) if row not in {q.row for q in task.queries})
    with pytest.raises(EvaluationError, match="is no query"):
        plant(task, unlisted, [])
    with pytest.raises(EvaluationError, match="may not stand in the list"):
        plant(task, query.row, [query.row])


def neighbours_lists(lists_of: Callable[[Task, int], list[Judged]]) -> Callable[[Task], Ranking]:
    """A system that learns from lists: what the lists known to it name most, nearest text breaking ties."""

    def factory(task: Task) -> Ranking:
        fused = task.snapshot.corpus.fused

        def rank(query: Judged) -> list[int]:
            counts = np.zeros(len(fused))
            for known in lists_of(task, query.row):
                counts[list(known.relevant)] += max(0.0, float(fused[known.row] @ fused[query.row]))
            return top(counts + 1e-6 * (fused @ fused[query.row]), task.allowed(query.row), 100)

        return rank

    return factory


def test_a_system_that_obeys_passes(task: Task) -> None:
    fold_of = folds(task.queries, 5, 1)
    for query in task.queries[::17]:
        assert_own_list_is_not_read(neighbours_lists(visible_lists), task, query)
        assert_own_list_is_not_read(neighbours_lists(lambda t, row: visible_lists(t, row, fold_of)), task, query)


LEAKS: dict[str, Callable[[Task], Ranking]] = {
    "every list, the query's too": neighbours_lists(lambda task, _: list(task.queries)),
    "only the query's": neighbours_lists(lambda task, row: [q for q in task.queries if q.row == row]),
    "the answer itself": lambda _: lambda query: list(query.relevant),
    "the snapshot's lists": neighbours_lists(
        lambda task, _: [
            Judged(task.snapshot.corpus.row(article), tuple(task.snapshot.corpus.row(t) for t in targets))
            for article, targets in task.snapshot.lists.items()
            if all(task.snapshot.corpus.find(t) is not None for t in targets)
        ]
    ),
}


@pytest.mark.parametrize("leak", list(LEAKS))
def test_a_system_that_leaks_is_caught(task: Task, leak: str) -> None:
    for query in task.queries[::40]:
        with pytest.raises(AssertionError, match="depends on its own list"):
            assert_own_list_is_not_read(LEAKS[leak], task, query)


@pytest.mark.parametrize("system", ["tfidf", "bm25", "popular", "product"])
def test_the_systems_of_every_report_do_not_read_the_scored_list(task: Task, system: str) -> None:
    vectors = VectorCache(open_engine("sqlite://"), ENCODER)

    def factory(planted: Task) -> Ranking:
        return prepare(Lab(planted, vectors, 1, lambda texts: vectors.embed(vectors.missing(texts))), [system])[system]

    for query in task.queries[::60]:
        assert_own_list_is_not_read(factory, task, query)


def test_the_list_of_a_copy_is_the_querys_own() -> None:
    body = "the harbour was closed after the storm"
    items = [
        Record(Article(id="a", body=body), "", ("x",)),
        Record(Article(id="a-again", body=body), "", ("y",)),
        Record(Article(id="b", body="the ferry sails from the harbour"), "", ("x", "y")),
        Record(Article(id="x", body="storms of the century"), ""),
        Record(Article(id="y", body="ferries and their captains"), ""),
    ]
    task = task_of(items, AsOf.NONE)
    row = task.snapshot.corpus.row("a")
    assert [task.name(query.row) for query in visible_lists(task, row)] == ["b"]
