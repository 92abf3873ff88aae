"""Curated lists as evidence, against sets and loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.articles import Article
from recommender.ranking.curated import CuratedLists
from tests.recommender.makers import corpus_of

N = 9
ROW = st.integers(0, N - 1)
LISTS = st.dictionaries(ROW, st.sets(ROW, max_size=5), max_size=N)
ROWS = st.lists(ROW, unique=True, max_size=N)


def curated(lists: dict[int, set[int]]) -> CuratedLists:
    pairs = np.array([(o, t) for o in lists for t in lists[o]], dtype=np.int64).reshape(-1, 2)
    return CuratedLists.from_rows(pairs[:, 0], pairs[:, 1], N)


def weights(rows: list[int]) -> np.ndarray:
    return np.array([1 / (2 + row) for row in rows], dtype=np.float32)


@given(lists=LISTS, rows=ROWS)
def test_votes(lists: dict[int, set[int]], rows: list[int]) -> None:
    weight = dict(zip(rows, weights(rows).tolist(), strict=True))
    expected = {
        t: sum(weight[o] for o in rows if t in lists.get(o, ()))
        for t in range(N)
        if any(t in lists.get(o, ()) for o in rows)
    }
    found, votes = curated(lists).votes(np.array(rows, dtype=np.int64), weights(rows))
    assert dict(zip(found.tolist(), votes.tolist(), strict=True)) == pytest.approx(expected)


@given(lists=LISTS, rows=st.lists(ROW, max_size=N), others=ROWS)
def test_the_picks_between_two_groups(lists: dict[int, set[int]], rows: list[int], others: list[int]) -> None:
    found = curated(lists).between(np.array(rows, dtype=np.int64), np.array(others, dtype=np.int64))
    expected = [
        (i, j) for i, owner in enumerate(rows) for j, other in enumerate(others) if other in lists.get(owner, ())
    ]
    assert sorted(zip(*(part.tolist() for part in found), strict=True)) == expected


@given(lists=LISTS, rows=ROWS, hidden=ROWS)
def test_popularity_does_not_count_the_hidden(lists: dict[int, set[int]], rows: list[int], hidden: list[int]) -> None:
    found = curated(lists).popularity(np.array(rows, dtype=np.int64), np.array(hidden, dtype=np.int64))
    assert found.tolist() == [sum(row in lists[o] for o in lists if o not in hidden) for row in rows]


@given(lists=LISTS, known=st.lists(st.booleans(), min_size=N, max_size=N))
def test_only_some_lists(lists: dict[int, set[int]], known: list[bool]) -> None:
    found = curated(lists).only(np.array(known))
    expected = curated({owner: targets for owner, targets in lists.items() if known[owner]})
    np.testing.assert_array_equal(found.lists.toarray(), expected.lists.toarray())
    np.testing.assert_array_equal(found.counts, expected.counts)


def test_lists_are_resolved_by_id_former_id_and_address() -> None:
    corpus = corpus_of(
        [Article(id=i, title=f"T {i}", url=f"https://news.example/{i}") for i in "abcd"], aliases={"old": "c"}
    )
    lists = {
        "a": ("b", "old", "http://www.news.example", "https://news.example/d/?utm_id=1", "b", "gone"),
        "gone": ("a",),
    }
    found = CuratedLists.from_lists(corpus, lists).lists.toarray()
    assert found.tolist() == [[0, 1, 1, 1], [0] * 4, [0] * 4, [0] * 4]


def test_an_article_does_not_pick_itself() -> None:
    corpus = corpus_of([Article(id=i, title=f"T {i}") for i in "ab"], aliases={"x": "a"})
    assert CuratedLists.from_lists(corpus, {"a": ("a", "x", "b")}).lists.toarray().tolist() == [[0, 1], [0, 0]]
    assert not CuratedLists.from_lists(corpus, {}).lists.nnz
    assert CuratedLists.none(2).counts.tolist() == [0, 0]


def test_the_numbers_are_of_the_types_the_query_path_works_in() -> None:
    found = curated({0: {1, 2}, 3: {2}})
    rows = np.array([0, 3], dtype=np.int64)
    assert found.lists.dtype == found.counts.dtype == np.float32
    targets, votes = found.votes(rows, weights([0, 3]))
    assert targets.dtype == np.int64
    assert votes.dtype == np.float32
    assert [part.dtype for part in found.between(rows, rows)] == [np.int64, np.int64]
    assert found.popularity(rows, rows).dtype == np.float32


def test_two_names_of_one_article_are_one_pick() -> None:
    """By id and by address, as owner and as target: nobody votes twice."""
    corpus = corpus_of(
        [Article(id=i, title=f"T {i}", url=f"https://news.example/{i}") for i in "abc"], aliases={"old-a": "a"}
    )
    lists = {"a": ("b", "https://news.example/b"), "https://news.example/a": ("b",), "old-a": ("b", "c")}
    found = CuratedLists.from_lists(corpus, lists)
    assert found.lists.toarray().tolist() == [[0, 1, 1], [0, 0, 0], [0, 0, 0]]
    assert found.counts.tolist() == [0, 1, 1]


def test_nobody_asked_lists_nothing() -> None:
    found, none = curated({0: {1}}), np.zeros(0, dtype=np.int64)
    assert [part.tolist() for part in found.votes(none, weights([]))] == [[], []]
    for rows, others in ((none, none), (np.array([0]), none), (none, np.array([1]))):
        assert [part.tolist() for part in found.between(rows, others)] == [[], []]
    assert found.popularity(np.array([1]), none).tolist() == [1]
