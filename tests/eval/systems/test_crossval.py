"""Folds, the lists a query may know, and the planted list that catches what reads more."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.systems.baselines import top
from eval.systems.context import DEPTH, Ranking, Scored
from eval.systems.crossval import (
    FOLDS,
    Folds,
    deal,
    evidence,
    folds,
    known_owners,
    plant,
    visible_lists,
)
from eval.systems.systems import SYSTEMS, prepare, served
from eval.systems.tuning import Tuning
from eval.task.task import AsOf, Judged, Task
from recommender.articles import Article, Record
from recommender.errors import EvaluationError
from recommender.ranking.curated import CuratedLists
from recommender.ranking.pool import Pool
from recommender.ranking.ranker import Ranker
from recommender.ranking.signals import SIGNALS, signals
from tests.conftest import DEMO, OPTECH, records
from tests.eval.planted import answer, assert_own_list_is_not_read, exact
from tests.eval.sites import lab_of, task_of
from tests.query_path import pool_of, ranked
from tests.recommender.makers import TALE

UNLISTED = ["random", "recency", "section", "tfidf", "bm25", "bm25-top25", "naive", "rrf", "zero-shot"]
"""Systems that know no list at all."""


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


def test_seeds_deal_differently_and_one_fold_is_refused() -> None:
    queries = [Judged(i, (i + 100,)) for i in range(40)]
    assert folds(queries, 5, 1) == folds(queries, 5, 1) != folds(queries, 5, 2)
    with pytest.raises(EvaluationError, match="k is 1, expected at least 2"):
        folds(queries, 1, 1)


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


def permitted(task: Task, row: int, owner: int, fold_of: Folds | None, hidden: int | None) -> bool:
    """Whether the query at ``row`` may know the list of ``owner``, said once more from the cards."""
    mine, theirs = task.snapshot.corpus.cards[row], task.snapshot.corpus.cards[owner]
    if owner == row or theirs.text_sha256 == mine.text_sha256:
        return False
    if task.as_of is AsOf.PUBLISHED and not (
        mine.published_at and theirs.published_at and theirs.published_at < mine.published_at
    ):
        return False
    if fold_of is None or owner not in fold_of:
        return True
    return fold_of[owner] != hidden and (row not in fold_of or fold_of[owner] != fold_of[row])


@settings(max_examples=60, deadline=None)
@given(small_tasks(), st.booleans(), st.integers(0, 3), st.sampled_from([None, 0, 1, 2, 7]))
def test_exactly_the_permitted_lists_are_known(task: Task, by_fold: bool, seed: int, hidden: int | None) -> None:
    fold_of = {query.row: (query.row * 7 + seed) % 3 for query in task.queries} if by_fold else None
    corpus = task.snapshot.corpus
    for row in range(len(corpus)):
        expected = [owner for owner in range(len(corpus)) if permitted(task, row, owner, fold_of, hidden)]
        known = known_owners(task, row, fold_of, hidden)
        assert known.shape == (len(corpus),)
        assert np.flatnonzero(known).tolist() == expected
        found = evidence(task, row, fold_of, hidden)
        for owner, targets in task.snapshot.lists.items():
            listed = {corpus.row(target) for target in targets} if corpus.row(owner) in expected else set()
            assert set(found.lists[corpus.row(owner)].indices.tolist()) == listed, (row, owner)
        assert found.counts.tolist() == found.lists.toarray().sum(axis=0).tolist()
        if hidden is None:
            visible = visible_lists(task, row, fold_of)
            assert visible == [query for query in task.queries if query.row in expected]


def story(identity: str, day: int | None, *related: str, body: str = "", url: str | None = None) -> Record:
    moment = None if day is None else datetime(2024, 1, day, tzinfo=UTC)
    text = body or f"The story of {identity}."
    return Record(Article(id=identity, body=text, published_at=moment, url=url), "", related)


NEWSROOM = [
    story("copy", 2, "x", body=TALE),
    story("newer", 9, "x"),
    story("older", 1, "x"),
    story("other-fold", 3, "x"),
    story("q", 5, "x", body=TALE),
    story("same-address", 2, "x", url="https://paper.example/a?utm_source=feed"),
    story("same-address-2", 4, "x", url="https://paper.example/a"),
    story("same-day", 5, "x"),
    story("undated", None, "x"),
    story("unmeasured", 3, "newer"),
    story("x", 1),
]


def owners(task: Task, curated: CuratedLists) -> list[str]:
    return [task.name(int(row)) for row in np.flatnonzero(np.diff(curated.lists.indptr))]


def test_what_a_query_may_know_by_hand() -> None:
    task = task_of(NEWSROOM, AsOf.PUBLISHED)
    row = task.snapshot.corpus.row
    assert {task.name(query.row) for query in task.queries} == {
        record.article.id for record in NEWSROOM if record.related and record.article.id != "unmeasured"
    }
    everything = ["older", "other-fold", "same-address", "same-address-2", "unmeasured"]
    assert owners(task, evidence(task, row("q"))) == everything
    fold_of = {query.row: 0 for query in task.queries} | {row("other-fold"): 1, row("older"): 2}
    assert owners(task, evidence(task, row("q"), fold_of)) == ["older", "other-fold", "unmeasured"]
    assert owners(task, evidence(task, row("q"), fold_of, hidden=1)) == ["older", "unmeasured"]
    assert owners(task, evidence(task, row("q"), fold_of, hidden=0)) == ["older", "other-fold", "unmeasured"]
    assert owners(task, evidence(task, row("older"))) == []
    assert owners(task, evidence(task, row("undated"))) == []
    assert owners(task, evidence(task, row("same-address-2"))) == ["copy", "older", "other-fold", "unmeasured"]
    archive = replace(task, as_of=AsOf.NONE)
    everybody = sorted({record.article.id for record in NEWSROOM if record.related} - {"q", "copy"})
    assert owners(archive, evidence(archive, row("q"))) == everybody
    assert "q" in owners(archive, evidence(archive, row("undated")))


@pytest.mark.parametrize(("count", "dealt"), [(1, 1), (2, 2), (4, 4), (5, 5), (6, 5), (23, 5)])
def test_queries_are_dealt_into_five_folds_or_as_many_as_there_are(count: int, dealt: int) -> None:
    items = [story(f"q{number:02}", 2, "x") for number in range(count)]
    task = task_of([*items, story("x", 1)], AsOf.NONE)
    found = deal(task, 3)
    assert sorted(found) == [query.row for query in task.queries]
    assert set(found.values()) == set(range(dealt))
    assert dealt <= FOLDS
    if count > 1:
        assert found == folds(task.queries, dealt, 3)


def test_the_deal_does_not_depend_on_what_the_lists_say(task: Task) -> None:
    dealt, planted = deal(task, 1), task
    for query in task.queries[::5]:
        planted, _ = plant(planted, query.row, np.flatnonzero(task.allowed(query.row))[:2].tolist())
    assert deal(planted, 1) == dealt != deal(task, 2)


def test_demo_lists_become_visible_with_time() -> None:
    task = task_of(records(DEMO), AsOf.PUBLISHED)
    by_age = sorted(task.queries, key=lambda query: float(task.snapshot.corpus.directory.days[query.row]))
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


@pytest.fixture(scope="module", params=list(AsOf))
def demo(request: pytest.FixtureRequest) -> Task:
    """The demo newspaper: dates, tags, sections, names; every list can be asked for under both rules."""
    return task_of(records(DEMO), request.param)


def system(name: str, seed: int = 1) -> Callable[[Task], Ranking]:
    return lambda task: prepare(lab_of(task, seed=seed), [name])[name]


@pytest.mark.parametrize("name", [name for name in SYSTEMS if name != "oracle"])
def test_no_system_of_a_report_reads_the_scored_list(demo: Task, name: str) -> None:
    for query in demo.queries[3::13]:
        assert_own_list_is_not_read(system(name), demo, query)


def test_the_oracle_reads_nothing_else(demo: Task) -> None:
    for query in demo.queries[::13]:
        with pytest.raises(AssertionError, match="depends on its own list"):
            assert_own_list_is_not_read(system("oracle"), demo, query)


@pytest.mark.parametrize("name", [*UNLISTED, "popular", "product", "tuned"])
def test_what_others_picked_matters_to_whom_it_should(task: Task, name: str) -> None:
    rank, fold_of = system(name)(task), deal(task, 1)
    query = task.queries[7]
    before, planted = answer(rank, query), task
    for other in task.queries:
        if fold_of[other.row] != fold_of[query.row]:
            first = np.flatnonzero(task.allowed(other.row) & task.allowed(query.row))[:3]
            planted, _ = plant(planted, other.row, first.tolist())
    assert (answer(system(name)(planted), query) == before) == (name in UNLISTED)


@pytest.mark.parametrize("name", ["product", "tuned"])
def test_no_list_of_the_own_fold_is_read(demo: Task, name: str) -> None:
    query, fold_of = demo.queries[20], deal(demo, 1)
    mates = [other for other in demo.queries if fold_of[other.row] == fold_of[query.row]]
    assert len(mates) > 5
    before, planted = answer(system(name)(demo), query), demo
    for mate in mates:
        planted, _ = plant(planted, mate.row, np.flatnonzero(demo.allowed(mate.row))[:3].tolist())
    asked = next(other for other in planted.queries if other.row == query.row)
    assert answer(system(name)(planted), asked) == before


# --- every signal on its own ---


def alone(task: Task, name: str) -> Task:
    """The task under a ranker that weighs nothing but one signal, by its value and by its rank."""
    return replace(task, snapshot=replace(task.snapshot, ranker=Ranker.from_weights({name: (1.0, 0.5)}, -1.0)))


def whole(task: Task) -> Ranking:
    """What the API answers: it knows every list, the query's own too."""
    return Scored(lambda query: served(task, query, DEPTH, task.snapshot.curated))


@pytest.mark.parametrize("name", list(SIGNALS))
def test_no_signal_reads_the_scored_list(demo: Task, name: str) -> None:
    task = alone(demo, name)
    spread = 0.0
    for query in task.queries[::11]:
        assert_own_list_is_not_read(system("product"), task, query)
        assert_own_list_is_not_read(whole, task, query)
        added = [hit.parts[list(SIGNALS).index(name)] for hit in whole(task).hits(query)]
        spread = max(spread, float(np.ptp(added)))
    assert spread > 0.1, "the signal says nothing here, so nothing was tested"


def test_it_is_not_read_either_that_there_is_a_list_of_the_querys_own() -> None:
    """Where no list is known at all another bias serves: the query's own, and a copy's, must not count as one."""
    items = [story("q", 5, "x", body=TALE), story("q-again", 5, "y", body=TALE), story("x", 1), story("y", 2)]
    for known in (items, [items[0], replace(items[1], related=()), *items[2:]]):
        task = task_of(known, AsOf.NONE)
        query = next(query for query in task.queries if task.name(query.row) == "q")
        assert_own_list_is_not_read(whole, task, query)
        nothing = CuratedLists.none(len(task.snapshot.corpus))
        assert exact(whole(task).hits(query)) == exact(served(task, query, DEPTH, nothing))


def itself_among_the_candidates(task: Task) -> Ranking:
    snapshot = task.snapshot

    def hits(query: Judged) -> list:
        asked, everything = snapshot.corpus.query(query.row), np.ones(len(snapshot.corpus), dtype=bool)
        pool = pool_of(asked, snapshot.corpus, snapshot.neighbours, snapshot.curated, everything)
        return ranked(pool, signals(pool), snapshot.ranker, DEPTH)

    return Scored(hits)


class Forgetful(Pool):
    """A pool that does not know which lists are the query's own."""

    siblings = np.zeros(0, dtype=np.int64)


def own_list_counted(task: Task) -> Ranking:
    snapshot = task.snapshot

    def hits(query: Judged) -> list:
        asked = snapshot.corpus.query(query.row)
        pool = pool_of(asked, snapshot.corpus, snapshot.neighbours, snapshot.curated, task.allowed(query.row))
        return ranked(
            pool, signals(Forgetful(asked, pool.corpus, pool.rows, pool.fused, pool.curated)), snapshot.ranker, DEPTH
        )

    return Scored(hits)


def lists_both_ways(task: Task) -> Ranking:
    pairs = task.snapshot.curated.lists.tocoo()
    n = len(task.snapshot.corpus)
    both = CuratedLists.from_rows(np.append(pairs.row, pairs.col), np.append(pairs.col, pairs.row), n)
    return Scored(lambda query: served(task, query, DEPTH, both))


READERS: dict[str, Callable[[Task], Ranking]] = {
    "listed_by_neighbours": itself_among_the_candidates,
    "lists_neighbours": lists_both_ways,
    "list_popularity": own_list_counted,
}
"""For each signal that is made of lists, a mistake that would let it read the query's own."""


@pytest.mark.parametrize("name", [name for name, signal in SIGNALS.items() if signal.group == "lists"])
def test_a_signal_that_reads_the_scored_list_is_caught(demo: Task, name: str) -> None:
    task = alone(demo, name)
    for query in task.queries[::11]:
        with pytest.raises(AssertionError, match="depends on its own list"):
            assert_own_list_is_not_read(READERS[name], task, query)


def test_weights_fitted_to_the_scored_list_are_caught(demo: Task) -> None:
    def fitted_to_all(task: Task) -> Ranking:
        tuning = Tuning(task, 1)
        return Scored(lambda query: tuning.case(query).answer(tuning.ranker(None), DEPTH))

    for query in demo.queries[::11]:
        with pytest.raises(AssertionError, match="depends on its own list"):
            assert_own_list_is_not_read(fitted_to_all, demo, query)


def test_the_list_of_a_copy_is_the_querys_own() -> None:
    items = [
        Record(Article(id="a", body=TALE), "", ("x",)),
        Record(Article(id="a-again", body=TALE), "", ("y",)),
        Record(Article(id="b", body="the ferry sails from the harbour"), "", ("x", "y")),
        Record(Article(id="x", body="storms of the century"), ""),
        Record(Article(id="y", body="ferries and their captains"), ""),
    ]
    task = task_of(items, AsOf.NONE)
    row = task.snapshot.corpus.row("a")
    assert [task.name(query.row) for query in visible_lists(task, row)] == ["b"]
