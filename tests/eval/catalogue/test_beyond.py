"""Beyond accuracy: every figure against a plain computation of its own, and against cases worked by hand."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from statistics import median

import numpy as np
import orjson
import pytest
import scipy.sparse as sp
from scipy.stats import skew

from eval.catalogue.beyond import Age, ages, beyond_accuracy, diversity, gini, lorenz, skewness
from eval.catalogue.duplicates import near_duplicates, repeated, shingles
from eval.catalogue.lists import ENDED, Lists, related_lists
from index.store.snapshot import Snapshot
from recommender.articles import Article, Record
from recommender.corpus.encoder import HashEncoder
from recommender.errors import EvaluationError
from recommender.ranking.request import RelatedRequest
from recommender.settings import settings
from tests.conftest import DEMO, SEED_PAGE, records, snapshot_of
from tests.query_path import related


def lists_of(*rows: Sequence[int], k: int | None = None) -> Lists:
    width = k or max(map(len, rows))
    return Lists(np.array([[*row, *[ENDED] * (width - len(row))] for row in rows], dtype=np.int64))


def articles_of(snapshot: Snapshot, items: Sequence[Record]) -> list[Article]:
    """The articles of ``items`` and the stubs made with them, by row of ``snapshot``."""
    known = {a.id: a for item in items for a in (*item.stubs, item.article)}
    return [known[card.id] for card in snapshot.corpus.cards]


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())


def grams(text: str) -> set[tuple[str, ...]]:
    words = words_of(text)
    return {tuple(words[i : i + 5]) for i in range(max(1, len(words) - 4))} if words else set()


def jaccard(a: str, b: str) -> float:
    one, other = grams(a), grams(b)
    return len(one & other) / len(one | other) if one and other else 0.0


def story(number: int, words: int = 40, day: int | None = 1, vocabulary: int = 60) -> Record:
    rng = np.random.default_rng(number)
    body = " ".join(f"w{word}" for word in rng.integers(0, vocabulary, size=words))
    moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day) if day is not None else None
    return Record(Article(id=f"s{number:02}", title=f"title {number}", body=body, published_at=moment), "")


def test_the_lists_are_those_served(optech: Snapshot) -> None:
    done: list[int] = []
    lists = related_lists(optech, 7, done.append)
    assert sum(done) == len(lists.rows) == len(optech.corpus) == 157
    for row in (0, 50, 156):
        query = optech.corpus.query(row)
        served = related(
            query, optech.corpus, optech.neighbours, optech.ranker, optech.curated, RelatedRequest(limit=7)
        )
        assert lists.items_of(row) == [hit.row for hit in served]
    counted = [sum(row in lists.items_of(query) for query in range(157)) for row in range(157)]
    assert lists.in_degree.tolist() == counted


@pytest.mark.parametrize("k", [1, 5, 12])
def test_every_figure_agrees_with_a_plain_computation(seeds: Snapshot, k: int) -> None:
    items = records(SEED_PAGE, DEMO)
    articles = articles_of(seeds, items)
    corpus, count = seeds.corpus, len(seeds.corpus)
    lists = related_lists(seeds, k)
    found = beyond_accuracy(lists, seeds, articles)

    rows = [lists.items_of(row) for row in range(count)]
    degrees = [sum(row in line for line in rows) for row in range(count)]
    assert (found.articles, found.k, found.items) == (count, k, sum(map(len, rows)))
    assert found.coverage == pytest.approx(len({row for line in rows for row in line}) / count)
    apart = sum(abs(a - b) for a in degrees for b in degrees)
    assert found.gini == pytest.approx(apart / (2 * count**2 * (sum(degrees) / count)))
    assert found.skewness == pytest.approx(skew(degrees))
    assert (found.largest, found.orphans) == (max(degrees), degrees.count(0))
    assert found.hubs[0].in_degree == max(degrees)
    assert [e.id for e in found.hubs] == [
        corpus.cards[row].id for row in sorted(range(count), key=lambda r: (-degrees[r], r))[:10] if degrees[row]
    ]
    assert [e.id for e in found.orphan_examples] == [c.id for c, d in zip(corpus.cards, degrees, strict=True) if not d][
        :10
    ]

    dense = corpus.terms.whole.toarray().astype(float)
    spreads = [
        sum(1 - dense[a] @ dense[b] for a, b in combinations(line, 2)) / (len(line) * (len(line) - 1) / 2)
        for line in rows
        if len(line) > 1
    ]
    assert found.diversity == (pytest.approx(sum(spreads) / len(spreads), abs=1e-6) if spreads else None)

    days = [card.published_at.timestamp() / 86_400 if card.published_at else None for card in corpus.cards]
    pairs = [(days[query], days[row]) for query, line in enumerate(rows) for row in line]
    known = sorted(q - r for q, r in pairs if q is not None and r is not None)
    assert found.age is not None
    assert found.age.median == pytest.approx(median(known))
    assert found.age.newer == pytest.approx(sum(d < 0 for d in known) / len(known))
    assert found.age.lower <= found.age.median <= found.age.upper
    assert found.undated == pytest.approx(1 - len(known) / len(pairs))
    assert found.undated > 0

    texts = [" ".join((a.title, *a.teasers, a.body)) for a in articles]
    again = sum(
        any(jaccard(texts[row], texts[other]) >= 0.8 for other in (query, *line[:place]))
        for query, line in enumerate(rows)
        for place, row in enumerate(line)
    )
    assert found.near_duplicates == pytest.approx(again / len(pairs))
    assert orjson.loads(orjson.dumps(found.to_json()))["coverage"] == pytest.approx(found.coverage, abs=1e-6)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [([5, 5, 5, 5], 0.0), ([0, 0, 0, 9], 0.75), ([3, 1, 2, 4], 0.25), ([0, 0], 0.0), ([7], 0.0), ([0, 1], 0.5)],
)
def test_gini_by_hand(counts: list[int], expected: float) -> None:
    assert gini(np.array(counts)) == pytest.approx(expected)


def test_skewness_by_hand_and_by_scipy() -> None:
    assert skewness(np.array([4, 4, 4])) == 0.0
    assert skewness(np.array([0, 0, 3])) == pytest.approx(2 / (2**1.5))  # deviations -1, -1, 2; variance 2
    counts = np.random.default_rng(5).poisson(4, size=300)
    assert skewness(counts) == pytest.approx(skew(counts))


def test_the_exposure_curve_by_hand() -> None:
    assert lorenz(np.array([3, 0, 1])) == ((0.0, 0.0), (1 / 3, 0.0), (2 / 3, 0.25), (1.0, 1.0))
    assert lorenz(np.array([0, 0])) == ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0))


@pytest.mark.parametrize("count", [1, 2, 98, 99, 100, 101, 1933])
def test_the_exposure_curve_is_one(count: int) -> None:
    counts = np.random.default_rng(count).poisson(3, size=count)
    points = lorenz(counts)
    assert len(points) == min(count + 1, 100)
    assert (points[0], points[-1]) == ((0.0, 0.0), (1.0, 1.0))
    slopes = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in pairwise(points)]
    assert all(a <= b + 1e-9 for a, b in pairwise(slopes))
    area = sum((x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in pairwise(points))
    assert 1 - 2 * area == pytest.approx(gini(counts), abs=0.005)


def test_a_planted_hub_and_its_orphans() -> None:
    items = [story(n) for n in range(8)]
    snapshot = snapshot_of(items, HashEncoder(dim=64))
    lists = lists_of([1], *[[0]] * 7)  # everybody lists s00, s00 lists s01
    found = beyond_accuracy(lists, snapshot, articles_of(snapshot, items))
    assert [(e.id, e.title, e.in_degree) for e in found.hubs] == [("s00", "title 0", 7), ("s01", "title 1", 1)]
    assert [e.id for e in found.orphan_examples] == ["s02", "s03", "s04", "s05", "s06", "s07"]
    assert (found.largest, found.orphans, found.coverage) == (7, 6, 0.25)
    assert found.skewness == pytest.approx(skew([7, 1, 0, 0, 0, 0, 0, 0]))
    assert found.diversity is None


def test_planted_duplicates_are_found_where_they_stand() -> None:
    body = " ".join(f"word{n}" for n in range(100))
    texts = {
        "a": body,
        "b": body.replace("word50", "other"),  # 5 of 96 5-grams differ: 91 / 101 = .90
        "c": body.replace("word20", "x").replace("word40", "y").replace("word60", "z"),  # 81 / 111 = .73
        "d": "nothing of the kind is told here at all today",
    }
    lists = lists_of([1, 2, 3], [3, 0], [3, 0, 1], [0, 1, 2])
    assert repeated(lists, list(texts.values())).tolist() == [
        [True, False, False],  # b is like the query
        [False, True, False],
        [False, False, True],  # b is like a, above it
        [False, True, False],
    ]


def test_jaccard_is_exact_at_the_threshold_and_around_it() -> None:
    rng = np.random.default_rng(11)
    texts = []
    for _ in range(40):
        words = [f"w{word}" for word in rng.integers(0, 8, size=rng.integers(0, 14))]
        texts += [" ".join(words), " ".join(words[: max(0, len(words) - int(rng.integers(0, 3)))])]
    texts += ["", "  ", "one", "One!", "a b c d e f g h", "a b c d e f g h i"]  # the last two: 4 of 5 5-grams, .8
    pairs = np.array(list(combinations(range(len(texts)), 2)))
    found = near_duplicates(shingles(texts), pairs[:, 0], pairs[:, 1])
    expected = [jaccard(texts[a], texts[b]) >= 0.8 for a, b in pairs]
    assert found.tolist() == expected
    assert expected[-1]
    assert 10 < sum(expected) < len(expected) / 2


def test_texts_without_a_word_have_no_duplicates() -> None:
    assert not repeated(lists_of([1], [0]), ["", ""]).any()
    assert not near_duplicates(shingles(["", "--"]), np.array([0]), np.array([1])).any()


def test_diversity_by_hand() -> None:
    rows = sp.csr_matrix(np.array([[1.0, 0], [0.6, 0.8], [0, 1.0], [0, 0]], dtype=np.float32))
    # 1 - .6; and pairs 0-1, 0-2, 1-2: .4 + 1 + .2, by three; a row without a term is like no other
    lists = lists_of([0, 1], [0, 1, 2], [2], [0, 3])
    assert diversity(lists, rows) == pytest.approx((0.4 + 1.6 / 3 + 1.0) / 3)


def test_age_by_hand() -> None:
    days = np.array([10.0, 4.0, 13.0, np.nan, 10.0])
    age, undated = ages(lists_of([1, 2, 4], [0], [3], [0, 1], []), days)
    assert age == Age(lower=-3.75, median=-1.5, upper=1.5, newer=0.5)  # -6, -3, the same day, 6
    assert undated == pytest.approx(3 / 7)
    assert ages(lists_of([3], [3], [3], [0], [3]), days) == (None, 1.0)
    assert ages(lists_of([], [], [], [], [], k=2), days) == (None, 0.0)


def test_short_lists_are_explained() -> None:
    items = [story(n, vocabulary=400) for n in range(6)]
    twin = replace(items[0].article, id="twin")
    items.append(Record(twin, ""))
    snapshot = snapshot_of(items, HashEncoder(dim=64))
    articles = articles_of(snapshot, items)
    found = beyond_accuracy(related_lists(snapshot, 6), snapshot, articles)
    counted = {s.id: (s.length, s.candidates, s.copies) for s in found.short_lists}
    assert counted == {**{f"s{n:02}": (5, 5, 0) for n in range(1, 6)}, "s00": (5, 5, 1), "twin": (5, 5, 1)}
    reasons = {s.id: s.reason for s in found.short_lists}
    assert reasons["s00"] == "of 7 in all, 5 are left without itself, its copies (1)"
    assert reasons["s01"] == "of 7 in all, 5 are left without itself, copies of one another (1)"
    assert not beyond_accuracy(related_lists(snapshot, 5), snapshot, articles).short_lists

    blank = snapshot.corpus.fused.copy()
    blank[2] = 0
    unknown = replace(snapshot, corpus=replace(snapshot.corpus, fused=blank))
    (short,) = beyond_accuracy(related_lists(unknown, 5), unknown, articles).short_lists
    assert (short.id, short.length) == ("s02", 0)
    assert short.reason.startswith("not one word or view of it is known")


@pytest.mark.parametrize(
    ("min_score", "reason"),
    [
        ("0", "not explained: 3 candidates are left without itself and copies"),
        ("0.9", "no more than 1 of its 3 candidates score 0.018"),
    ],
)
def test_a_short_list_without_another_reason_says_so(
    monkeypatch: pytest.MonkeyPatch, min_score: str, reason: str
) -> None:
    monkeypatch.setenv("RELATED_MIN_SCORE", min_score)
    settings.cache_clear()
    items = [story(n) for n in range(4)]
    snapshot = snapshot_of(items, HashEncoder(dim=64))
    lists = lists_of([1, 2], [0], [0, 1], [0, 1])
    (short,) = beyond_accuracy(lists, snapshot, articles_of(snapshot, items)).short_lists
    assert (short.id, short.candidates) == ("s01", 3)
    assert short.reason == reason
    monkeypatch.undo()
    settings.cache_clear()


def test_one_article_alone() -> None:
    items = [story(1)]
    snapshot = snapshot_of(items, HashEncoder(dim=64))
    found = beyond_accuracy(related_lists(snapshot, 3), snapshot, articles_of(snapshot, items))
    assert (found.items, found.coverage, found.gini, found.orphans) == (0, 0.0, 0.0, 1)
    assert (found.diversity, found.near_duplicates, found.age, found.hubs) == (None, None, None, ())
    assert found.short_lists[0].reason == "of 1 in all, 0 are left without itself"


def test_what_does_not_belong_together_is_refused(optech: Snapshot) -> None:
    with pytest.raises(EvaluationError, match="k is 0"):
        related_lists(optech, 0)
    items = [story(n) for n in range(3)]
    snapshot = snapshot_of(items, HashEncoder(dim=64))
    lists, articles = related_lists(snapshot, 2), articles_of(snapshot, items)
    with pytest.raises(EvaluationError, match="3 lists, 3 articles in the corpus and 2 texts"):
        beyond_accuracy(lists, snapshot, articles[1:])
    with pytest.raises(EvaluationError, match="found 's02' for 's00'"):
        beyond_accuracy(lists, snapshot, articles[::-1])
