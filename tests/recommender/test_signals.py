"""Every signal against a computation in plain Python; what is not known is NaN."""

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from index.snapshot import Snapshot
from recommender.article import Article
from recommender.corpus import Corpus
from recommender.signals import SIGNALS, signals
from recommender.views import views, whole_text
from tests.conftest import DEMO, SEED_PAGE, records
from tests.recommender.makers import ENCODER, corpus_of

ARTICLES = sorted(
    [article for item in records(SEED_PAGE, DEMO) for article in (item.article, *item.stubs)],
    key=lambda article: article.id,
)
ROWS = np.arange(len(ARTICLES))


@pytest.fixture(scope="module")
def corpus(seeds: Snapshot) -> Corpus:
    assert [card.id for card in seeds.corpus.cards] == [article.id for article in ARTICLES]
    return seeds.corpus


def query_rows() -> list[int]:
    """A full article, the undated seed page, and a stub."""
    full = next(row for row, article in enumerate(ARTICLES) if article.published_at and article.body)
    seed = next(row for row, article in enumerate(ARTICLES) if article.id == "aras-2025")
    stub = next(row for row, article in enumerate(ARTICLES) if article.is_stub and not article.title)
    return [full, seed, stub]


def mean_vector(texts: tuple[str, ...]) -> list[float] | None:
    if not texts:
        return None
    vectors = [ENCODER.encode([text])[0].tolist() for text in texts]
    mean = [sum(values) / len(vectors) for values in zip(*vectors, strict=True)]
    length = math.sqrt(sum(value * value for value in mean))
    return [value / length for value in mean]


def cosine(query: tuple[str, ...], candidate: tuple[str, ...]) -> float:
    a, b = mean_vector(query), mean_vector(candidate)
    return sum(x * y for x, y in zip(a, b, strict=True)) if a and b else math.nan


def titles(row: int) -> tuple[str, ...]:
    title = views(ARTICLES[row]).title
    return (title,) if title else ()


def expected(name: str, query: int, row: int, corpus: Corpus) -> float:
    mine, theirs = views(ARTICLES[query]), views(ARTICLES[row])
    match name:
        case "body_body":
            return cosine(mine.passages, theirs.passages)
        case "body_title":
            return cosine(mine.passages, titles(row))
        case "body_teaser":
            return cosine(mine.passages, theirs.teasers)
        case "fused":
            return math.fsum(float(a) * float(b) for a, b in zip(corpus.fused[query], corpus.fused[row], strict=True))
        case "closeness":
            a, b = ARTICLES[query].published_at, ARTICLES[row].published_at
            return -math.log(1 + abs((a - b).total_seconds()) / 86_400) if a and b else math.nan
    raise AssertionError(f"no computation of {name}")


@pytest.mark.parametrize("name", [name for name in SIGNALS if name != "tfidf"])
@pytest.mark.parametrize("which", [0, 1, 2], ids=["article", "undated", "stub"])
def test_a_signal_by_hand(name: str, which: int, corpus: Corpus) -> None:
    query = query_rows()[which]
    rows = ROWS[:: 3 if name.startswith("body") else 1]
    found = SIGNALS[name](corpus.query(query), corpus, rows)
    np.testing.assert_allclose(found, [expected(name, query, row, corpus) for row in rows.tolist()], atol=1e-5)


@pytest.mark.parametrize("which", [0, 1, 2], ids=["article", "undated", "stub"])
def test_tfidf_as_scikit_learn_gives_it(which: int, corpus: Corpus) -> None:
    query = query_rows()[which]
    plain = TfidfVectorizer(
        stop_words=list(corpus.model.stop_words), ngram_range=(1, 2), sublinear_tf=True, min_df=2
    ).fit_transform([whole_text(article) for article in ARTICLES])
    found = SIGNALS["tfidf"](corpus.query(query), corpus, ROWS)
    np.testing.assert_allclose(found, (plain @ plain[query].T).toarray()[:, 0], atol=1e-6)
    assert found[query] == pytest.approx(1)


def test_what_is_not_known_is_nan(corpus: Corpus) -> None:
    full, undated, stub = query_rows()
    known = {
        query: {
            name: np.isfinite(signal(corpus.query(query), corpus, np.array([full, undated, stub]))).tolist()
            for name, signal in SIGNALS.items()
        }
        for query in (full, undated, stub)
    }
    always, never = [True] * 3, [False] * 3
    assert known[full] == {
        "tfidf": always,
        "fused": always,
        "body_body": [True, True, False],
        "body_title": [True, True, False],
        "body_teaser": [True, False, True],
        "closeness": [True, False, False],
    }
    assert known[undated] == {**known[full], "closeness": never}
    assert known[stub] == {
        "tfidf": always,
        "fused": always,
        "body_body": never,
        "body_title": never,
        "body_teaser": never,
        "closeness": never,
    }


def test_the_table_has_a_column_a_signal_in_the_order_of_the_rows(corpus: Corpus) -> None:
    query, rows = corpus.query(query_rows()[0]), np.array([40, 3, 3, 17])
    table = signals(query, corpus, rows)
    assert (table.dtype, table.shape) == (np.float32, (4, len(SIGNALS)))
    for column, signal in enumerate(SIGNALS.values()):
        np.testing.assert_allclose(table[:, column], signal(query, corpus, ROWS)[rows], rtol=1e-5, atol=1e-6)
    assert signals(query, corpus, rows[:0]).shape == (0, len(SIGNALS))


def test_closeness_falls_with_the_days_between() -> None:
    start = datetime(2024, 1, 10, tzinfo=UTC)
    corpus = corpus_of(
        Article(id=str(n), title=f"T{n}", published_at=start + timedelta(days=days))
        for n, days in enumerate([0, -1, 1, 0.5, 9])
    )
    found = SIGNALS["closeness"](corpus.query(0), corpus, np.arange(5))
    np.testing.assert_allclose(found, [0, -math.log(2), -math.log(2), -math.log(1.5), -math.log(10)], atol=1e-6)
    assert all(a >= b for a, b in pairwise(found[[0, 3, 1, 4]]))
