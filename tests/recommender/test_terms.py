"""Bags of terms by hand and by scikit-learn; the rows of a corpus are those its models give the same articles."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from recommender import terms as module
from recommender.article import Article
from recommender.names import names
from recommender.terms import BagModel, Lexicon, LexiconFit, TermRows
from recommender.views import whole_text
from tests.conftest import DEMO, OPTECH, records

ARTICLES = [
    Article(id="a", title="Ship strike", teasers=("Ena Morling calls it off.",), body="The ship stays.", tags=("Sea",)),
    Article(id="b", title="The ships of Carrow", body="Ena Morling waits in Carrow.", tags=("sea", "Port")),
    Article(id="c", teasers=("Chess: Tove Brask wins.", "Chess in Carrow.")),
    Article(id="d", title="???"),
]
NAMES = [field.name for field in fields(TermRows)]


def fitted(articles: Sequence[Article]) -> tuple[Lexicon, TermRows]:
    fit = LexiconFit()
    for article in articles:
        fit.add(article)
    return fit.fit()


def entries(row: sp.csr_matrix, terms: Sequence[str]) -> dict[str, float]:
    return {terms[i]: float(value) for i, value in zip(row.indices, row.data, strict=True)}


def by_hand(bags: Sequence[Sequence[str]], min_df: int = 1) -> list[dict[str, float]]:
    """``(1 + ln tf) · (ln((1 + n) / (1 + df)) + 1)``, each bag brought to unit length."""
    frequency = Counter(term for bag in bags for term in set(bag))
    rows = []
    for bag in bags:
        row = {
            term: (1 + math.log(count)) * (math.log((1 + len(bags)) / (1 + frequency[term])) + 1)
            for term, count in Counter(bag).items()
            if frequency[term] >= min_df
        }
        length = math.sqrt(math.fsum(value**2 for value in row.values()))
        rows.append({term: value / length for term, value in row.items()})
    return rows


BAGS = st.lists(st.lists(st.sampled_from("abcdef"), max_size=6), min_size=1, max_size=8)


@given(bags=BAGS, min_df=st.integers(1, 2))
def test_a_bag_is_weighed_by_hand(bags: list[list[str]], min_df: int) -> None:
    wanted = by_hand(bags, min(min_df, len(bags)))
    model, rows = BagModel.fit(bags, min(min_df, len(bags)))
    assert model.terms == tuple(sorted({term for row in wanted for term in row}))
    assert rows.shape == (len(bags), len(model.terms))
    assert rows.dtype == model.idf.dtype == np.float32
    assert model.idf.shape == (len(model.terms),)
    assert rows.has_canonical_format
    assert [entries(row, model.terms) for row in rows] == [pytest.approx(row, abs=1e-6) for row in wanted]
    again = model.transform(bags)
    np.testing.assert_array_equal(again.toarray(), rows.toarray())


def test_a_new_bag_is_weighed_with_the_rarities_of_the_corpus() -> None:
    model, _ = BagModel.fit([["sea"], ["sea", "port"], ["port", "chess"]], 1)
    (row,) = model.transform([["sea", "sea", "chess", "moon"]])
    sea, chess = (1 + math.log(2)) * (math.log(4 / 3) + 1), math.log(4 / 2) + 1
    assert entries(row, model.terms) == pytest.approx(
        {"chess": chess / math.hypot(sea, chess), "sea": sea / math.hypot(sea, chess)}
    )
    assert model.transform([["moon"], []]).nnz == 0


def test_a_term_may_be_any_text() -> None:
    """Tags hold blanks, commas and other scripts; none is cut up or changed."""
    bags = [["New York", "a", "東京"], ["new york", ",", "東京"]]
    model, rows = BagModel.fit(bags, 1)
    assert set(model.terms) == {"New York", "new york", "a", ",", "東京"}
    assert rows.nnz == 6


@pytest.mark.parametrize("bags", [[[]], [[], []], [["a"], ["b"], []]])
def test_no_term_left_is_no_error(bags: list[list[str]]) -> None:
    model, rows = BagModel.fit(bags, 2)
    assert (model.terms, model.idf.shape, rows.shape) == ((), (0,), (len(bags), 0))
    assert model.transform([["a"], ["b"]]).shape == (2, 0)


def test_the_rows_of_a_corpus_by_hand() -> None:
    lexicon, rows = fitted(ARTICLES)
    texts = [whole_text(article) for article in ARTICLES]
    assert [entries(row, lexicon.names.terms) for row in rows.names] == [
        pytest.approx(row) for row in by_hand([names(text) for text in texts])
    ]
    assert lexicon.names.terms == ("carrow", "ena morling", "tove brask")
    assert [entries(row, lexicon.tags.terms) for row in rows.tags] == [
        pytest.approx(row) for row in by_hand([["sea"], ["sea", "port"], [], []])
    ]
    plain = TfidfVectorizer(stop_words=list(lexicon.words.stop_words), ngram_range=(1, 2), sublinear_tf=True)
    np.testing.assert_allclose(rows.whole.toarray(), plain.fit_transform(texts).toarray(), atol=1e-6)
    briefs = ["Ship strike\nEna Morling calls it off.", "The ships of Carrow", "\n".join(ARTICLES[2].teasers), "???"]
    np.testing.assert_allclose(rows.brief.toarray(), plain.transform(briefs).toarray(), atol=1e-6)


def test_title_shares_by_hand() -> None:
    """A word counts its rarity once, however often it stands there; a stub is called by its first teaser."""
    articles = [
        Article(id="a", title="Ship, ship and ship", body="Quay."),
        Article(id="b", title="Chess", body="Ship quay."),
        Article(id="c", teasers=("Quay", "Ship")),
        Article(id="d", title="The", body="Pawn."),
    ]
    lexicon, rows = fitted(articles)
    (ship_idf, pair_idf, _) = (math.log(5 / 4) + 1, math.log(5 / 2) + 1, None)
    first = {"ship": ship_idf / (ship_idf + pair_idf), "ship ship": pair_idf / (ship_idf + pair_idf)}
    found = [entries(row, lexicon.words.terms) for row in rows.title]
    assert found == [pytest.approx(first), {"chess": 1.0}, {"quay": 1.0}, {}]


def test_rows_have_the_lengths_they_promise() -> None:
    lexicon, rows = fitted([item.article for item in records(OPTECH)][:60])
    for name in NAMES:
        matrix = getattr(rows, name)
        assert matrix.dtype == np.float32
        assert matrix.has_canonical_format
        assert (matrix.data > 0).all()
        lengths = matrix.sum(axis=1).A1 if name == "title" else np.sqrt(matrix.multiply(matrix).sum(axis=1)).A1
        filled = np.diff(matrix.indptr) > 0
        np.testing.assert_allclose(lengths[filled], 1, atol=1e-5, err_msg=name)
        assert filled.sum() > 40
    assert rows.names.shape[1] == len(lexicon.names.terms)
    assert rows.whole.shape == rows.brief.shape == rows.title.shape


@pytest.mark.parametrize("path", [OPTECH, DEMO], ids=["optech", "demo"])
def test_the_models_give_the_fitted_articles_their_own_rows(path: object) -> None:
    """A draft is weighed as if it stood in the corpus."""
    articles = [item.article for item in records(path)]  # type: ignore[arg-type]
    lexicon, rows = fitted(articles)
    again = lexicon.rows(articles)
    for name in NAMES:
        np.testing.assert_array_equal(getattr(again, name).toarray(), getattr(rows, name).toarray(), err_msg=name)
    one = lexicon.rows(articles[7:8])
    for name in NAMES:
        np.testing.assert_array_equal(getattr(one, name).toarray(), getattr(rows.row(7), name).toarray(), err_msg=name)
        assert getattr(rows.row(7), name).shape == (1, getattr(rows, name).shape[1])


@pytest.mark.parametrize(("count", "kept"), [(module.NAMES_MIN_DF_FROM - 1, True), (module.NAMES_MIN_DF_FROM, False)])
def test_a_name_of_one_article_is_dropped_in_a_larger_corpus_but_no_tag(count: int, kept: bool) -> None:
    articles = [
        Article(id=str(n), title=f"a ship, and Ena Morling{' with Tove Brask' * (n == 0)}", tags=("one",) * (n == 0))
        for n in range(count)
    ]
    articles.append(Article(id="z", title="a ship, and Ena Morling; with Ilse"))
    lexicon, _ = fitted(articles[1:])
    assert ("ilse" in lexicon.names.terms) is kept
    assert "ena morling" in lexicon.names.terms
    assert fitted(articles[:count])[0].tags.terms == ("one",)


@pytest.mark.parametrize(
    "articles",
    [
        [Article(id="a")],
        [Article(id="a", title="the", body="and")],
        [Article(id="a", title="???"), Article(id="b", body="🦆")],
        [Article(id="a", title="ship")],
    ],
)
def test_a_corpus_without_terms_has_empty_rows(articles: list[Article]) -> None:
    lexicon, rows = fitted(articles)
    for name in NAMES:
        matrix, again = getattr(rows, name), getattr(lexicon.rows(articles), name)
        assert matrix.shape == again.shape
        assert len(articles) == matrix.shape[0]
        np.testing.assert_array_equal(matrix.toarray(), again.toarray())
    assert rows.names.nnz == rows.tags.nnz == 0
    new = lexicon.rows([Article(id="n", title="Ena Morling on a ship", tags=("sea",))])
    assert new.names.nnz == new.tags.nnz == 0
