"""The lexical half against tf-idf by hand and scikit-learn used another way."""

import math
from collections import Counter

import numpy as np
import pytest
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

from recommender import lexical
from recommender.lexical import LexicalModel, fit_lexical
from recommender.views import whole_text
from tests.conftest import OPTECH, records

TINY = ["The harbour of ships, harbour of SHIPS!", "ships and trains", "trains trains trains", "a café"]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [whole_text(item.article) for item in records(OPTECH)[: lexical.COMMON_FROM + 5]]


@pytest.fixture(scope="module")
def fitted(texts: list[str]) -> tuple[LexicalModel, np.ndarray]:
    model, rows = fit_lexical(texts)
    return model, rows.toarray()


def by_hand(documents: list[list[str]]) -> list[dict[str, float]]:
    """``(1 + ln tf) · idf``, smoothed, each document brought to unit length."""
    frequency = Counter(word for words in documents for word in set(words))
    rows = []
    for words in documents:
        row = {
            word: (1 + math.log(count)) * (math.log((1 + len(documents)) / (1 + frequency[word])) + 1)
            for word, count in Counter(words).items()
        }
        length = math.sqrt(sum(value**2 for value in row.values()))
        rows.append({word: value / length for word, value in row.items()})
    return rows


def test_a_tiny_corpus_by_hand() -> None:
    model, rows = fit_lexical(TINY)
    expected = by_hand(
        [
            ["harbour", "ships", "harbour", "ships", "harbour ships", "ships harbour", "harbour ships"],
            ["ships", "trains", "ships trains"],
            ["trains", "trains", "trains", "trains trains", "trains trains"],
            ["café"],
        ]
    )
    found = [{model.terms[i]: row[i] for i in np.flatnonzero(row)} for row in rows.toarray()]
    assert [set(row) for row in found] == [set(row) for row in expected]
    assert found == [pytest.approx(row, abs=1e-6) for row in expected]
    assert model.terms == tuple(sorted({word for row in expected for word in row}))
    assert set(model.stop_words) == ENGLISH_STOP_WORDS


def test_a_new_text_is_weighed_with_the_corpus_rarities() -> None:
    model, _ = fit_lexical(TINY)
    (row,) = model.transform(["ships ships, unheard of: café"]).toarray()
    ships = (1 + math.log(2)) * (math.log(5 / 3) + 1)
    cafe = math.log(5 / 2) + 1
    length = math.hypot(ships, cafe)
    assert {model.terms[i]: row[i] for i in np.flatnonzero(row)} == pytest.approx(
        {"ships": ships / length, "café": cafe / length}, abs=1e-6
    )
    assert model.transform(["unheard of"]).nnz == 0


def test_the_fitted_texts_transform_to_their_own_rows(
    texts: list[str], fitted: tuple[LexicalModel, np.ndarray]
) -> None:
    model, rows = fitted
    np.testing.assert_array_equal(model.transform(texts).toarray(), rows)
    (one,) = model.transform([texts[5]]).toarray()
    np.testing.assert_array_equal(one, rows[5])
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


def test_a_real_corpus_as_scikit_learn_fits_it(texts: list[str], fitted: tuple[LexicalModel, np.ndarray]) -> None:
    model, rows = fitted
    plain = TfidfVectorizer(stop_words=list(model.stop_words), ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    expected = plain.fit_transform(texts).toarray()
    assert model.terms == tuple(plain.get_feature_names_out())
    np.testing.assert_allclose(rows, expected, atol=1e-6)
    np.testing.assert_allclose(model.idf, plain.idf_, rtol=1e-6)


def test_words_in_more_than_half_of_the_articles_are_stop_words(
    texts: list[str], fitted: tuple[LexicalModel, np.ndarray]
) -> None:
    words = TfidfVectorizer().build_analyzer()
    bags = [set(words(text)) for text in texts]
    count = Counter(word for bag in bags for word in bag)
    common = {word for word, found in count.items() if found >= len(texts) / 2}
    assert common - ENGLISH_STOP_WORDS
    assert set(fitted[0].stop_words) == ENGLISH_STOP_WORDS | common
    small, _ = fit_lexical(texts[: lexical.COMMON_FROM - 1])
    assert set(small.stop_words) == ENGLISH_STOP_WORDS


@pytest.mark.parametrize(("count", "kept"), [(lexical.MIN_DF_FROM - 1, True), (lexical.MIN_DF_FROM, False)])
def test_a_term_of_one_article_is_dropped_in_a_larger_corpus(count: int, kept: bool) -> None:
    model, _ = fit_lexical(["ships harbour", "ships unheard", *["harbour ships"] * (count - 2)])
    assert ("unheard" in model.terms) is kept
    assert "ships" in model.terms


def test_a_model_made_of_plain_arrays_is_the_same(texts: list[str], fitted: tuple[LexicalModel, np.ndarray]) -> None:
    model, _ = fitted
    again = LexicalModel(
        tuple(list(model.terms)), tuple(list(model.stop_words)), np.array(model.idf), np.array(model.components)
    )
    sample = [*texts[:20], "a new text about fees and channels", ""]
    rows, other = model.transform(sample), again.transform(sample)
    np.testing.assert_array_equal(rows.toarray(), other.toarray())
    np.testing.assert_array_equal(model.project(rows), again.project(other))


def test_the_projection_keeps_inner_products_where_the_rank_allows(
    texts: list[str], fitted: tuple[LexicalModel, np.ndarray]
) -> None:
    model, rows = fitted
    assert lexical.COMMON_FROM <= len(texts) <= lexical.SVD_DIM
    half = model.project(model.transform(texts))
    assert half.shape == (len(texts), len(texts))
    np.testing.assert_allclose(half @ half.T, rows @ rows.T, atol=1e-5)
    # An unseen text is projected orthogonally: the products with what was fitted stay those of tf-idf.
    new = model.transform(["Channels pay fees in the mempool. " + texts[3][:300]])
    np.testing.assert_allclose(half @ model.project(new)[0], rows @ new.toarray()[0], atol=1e-5)


def test_a_shorter_projection_is_the_best_there_is(texts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical, "SVD_DIM", 20)
    model, rows = fit_lexical(texts[:50])
    assert model.components.shape == (len(model.terms), 20)
    np.testing.assert_allclose(model.components.T @ model.components, np.eye(20), atol=1e-5)
    left, values, right = np.linalg.svd(rows.toarray(), full_matrices=False)
    best = (left[:, :20] * values[:20]) @ right[:20]
    half = model.project(rows)
    np.testing.assert_allclose(half @ model.components.T, best, atol=1e-4)
    assert (np.linalg.norm(half, axis=1) <= 1 + 1e-6).all()


def test_the_iterated_svd_of_large_corpora_is_close_to_the_exact_one(
    texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexical, "SVD_DIM", 20)
    exact, rows = fit_lexical(texts[:50])
    monkeypatch.setattr(lexical, "DENSE_SVD", 20)
    near, _ = fit_lexical(texts[:50])
    again, _ = fit_lexical(texts[:50])
    assert not np.array_equal(near.components, exact.components)
    np.testing.assert_array_equal(near.components, again.components)
    kept = np.linalg.norm(exact.project(rows)), np.linalg.norm(near.project(rows))
    assert kept[1] == pytest.approx(kept[0], rel=0.01)


@pytest.mark.parametrize(
    ("corpus", "terms", "rows"),
    [
        (["ships"], ("ships",), [[1.0]]),
        (["ships", "ships"], ("ships",), [[1.0], [1.0]]),
        (["ships", "trains"], ("ships", "trains"), [[1.0, 0.0], [0.0, 1.0]]),
        (["ships", ""], ("ships",), [[1.0], [0.0]]),
        (["ships", "the of and"], ("ships",), [[1.0], [0.0]]),
        ([""], (), [[]]),
        (["", ""], (), [[], []]),
        (["the of and", "it is"], (), [[], []]),
        (["a b c", "!"], (), [[], []]),
    ],
)
def test_a_degenerate_corpus(corpus: list[str], terms: tuple[str, ...], rows: list[list[float]]) -> None:
    model, found = fit_lexical(corpus)
    assert model.terms == terms
    np.testing.assert_allclose(found.toarray(), np.array(rows), atol=1e-6)
    np.testing.assert_array_equal(model.transform(corpus).toarray(), found.toarray())
    half = model.project(found)
    assert half.shape == (len(corpus), min(len(corpus), len(terms)))
    np.testing.assert_allclose(half @ half.T, np.array(rows) @ np.array(rows).T, atol=1e-6)
    assert model.project(model.transform(["unheard"])).tolist() == [[0.0] * half.shape[1]]
