"""Bags of terms by hand and by scikit-learn; the rows of a corpus are those its models give the same articles."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from recommender.articles import Article
from recommender.corpus import lexicon as module
from recommender.corpus.lexicon import BagModel, Lexicon, LexiconFit
from recommender.corpus.terms import SHORT, TermRows
from recommender.corpus.views import whole_text
from recommender.text.names import names
from recommender.text.stop_words import function_words
from tests.conftest import DEMO, OPTECH, records

ARTICLES = [
    Article(id="a", title="Ship strike", teasers=("Ena Morling calls it off.",), body="The ship stays.", tags=("Sea",)),
    Article(id="b", title="The ships of Carrow", body="Ena Morling waits in Carrow.", tags=("sea", "Port")),
    Article(id="c", teasers=("Chess: Tove Brask wins.", "Chess in Carrow.")),
    Article(id="d", title="???"),
]
NAMES = ("whole", *SHORT)


def fitted(articles: Sequence[Article]) -> tuple[Lexicon, TermRows]:
    fit = LexiconFit()
    for article in articles:
        fit.add(article)
    return fit.fit()


def part(rows: TermRows, lexicon: Lexicon, name: str) -> sp.csr_matrix:
    """The rows of one kind over columns of their own; no other kind's column has an entry in them."""
    if name == "whole":
        return rows.whole
    words, names, tags = (len(model.terms) for model in (lexicon.words, lexicon.names, lexicon.tags))
    assert rows.short.shape == (4 * rows.whole.shape[0], words + names + tags)
    lines = rows.short[("brief", "title", "names", "tags").index(name) :: 4]
    start = {"names": words, "tags": words + names}.get(name, 0)
    found = lines[:, start : start + {"names": names, "tags": tags}.get(name, words)]
    assert found.nnz == lines.nnz
    return found


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
    assert [entries(row, lexicon.names.terms) for row in part(rows, lexicon, "names")] == [
        pytest.approx(row) for row in by_hand([names(text) for text in texts])
    ]
    assert lexicon.names.terms == ("carrow", "ena morling", "tove brask")
    assert [entries(row, lexicon.tags.terms) for row in part(rows, lexicon, "tags")] == [
        pytest.approx(row) for row in by_hand([["sea"], ["sea", "port"], [], []])
    ]
    assert lexicon.words.languages == ("en",)
    plain = TfidfVectorizer(stop_words=list(function_words("en")), ngram_range=(1, 2), sublinear_tf=True)
    np.testing.assert_allclose(rows.whole.toarray(), plain.fit_transform(texts).toarray(), atol=1e-6)
    briefs = ["Ship strike\nEna Morling calls it off.", "The ships of Carrow", "\n".join(ARTICLES[2].teasers), "???"]
    np.testing.assert_allclose(part(rows, lexicon, "brief").toarray(), plain.transform(briefs).toarray(), atol=1e-6)


def test_short_texts_are_in_the_language_of_their_article() -> None:
    """Title and teaser are too short to tell; "die" and "war" are words of the one and function words of the other."""
    body = "It was said that many of them were there when it began, and that the fire was out before they had left."
    deutsch = "Es hieß, dass viele von ihnen da waren, als es begann, und dass das Feuer aus war, bevor sie gingen."
    articles = [
        Article(id="a", title="Die at war", teasers=("War, and more die",), body=body),
        Article(id="b", title="Die Flut war da", teasers=("Die Flut",), body=deutsch),
        Article(id="c", title="Die Flut war da", teasers=("War, and more die",), language="en"),
        Article(id="d", title="Die Flut war da", teasers=("War, and more die",), language="de-AT"),
        Article(id="e", title="Die Flut war da", teasers=("War, and more die",), language="cs"),
    ]
    lexicon, rows = fitted(articles)
    words = [set(entries(row, lexicon.words.terms)) for row in part(rows, lexicon, "title")]
    assert words[:2] == [{"die", "war", "die war"}, {"flut"}]
    assert words[2:4] == [{"die", "flut", "war", "da", "die flut", "flut war", "war da"}, {"flut"}]
    assert words[4] == words[2]
    briefs = [set(entries(row, lexicon.words.terms)) for row in part(rows, lexicon, "brief")]
    assert briefs[0] == {"die", "war", "die war", "war war", "war die"}
    assert briefs[1] == {"flut", "flut flut"}
    assert briefs[3] == {"flut", "flut and", "and", "and more", "more"}
    again = lexicon.rows(articles)
    np.testing.assert_array_equal(again.short.toarray(), rows.short.toarray())


def test_title_shares_by_hand() -> None:
    """A word counts its rarity once, however often it stands there; a stub is called by its first teaser."""
    articles = [
        Article(id="a", title="Ship, ship and ship", body="Quay.", language="en"),
        Article(id="b", title="Chess", body="Ship quay.", language="en"),
        Article(id="c", teasers=("Quay", "Ship")),
        Article(id="d", title="The", body="Pawn.", language="en"),
    ]
    lexicon, rows = fitted(articles)
    (ship_idf, pair_idf, _) = (math.log(5 / 4) + 1, math.log(5 / 2) + 1, None)
    first = {"ship": ship_idf / (ship_idf + pair_idf), "ship ship": pair_idf / (ship_idf + pair_idf)}
    found = [entries(row, lexicon.words.terms) for row in part(rows, lexicon, "title")]
    assert found == [pytest.approx(first), {"chess": 1.0}, {"quay": 1.0}, {}]


def test_rows_have_the_lengths_they_promise() -> None:
    lexicon, rows = fitted([item.article for item in records(OPTECH)][:60])
    for name in NAMES:
        matrix = part(rows, lexicon, name)
        assert matrix.dtype == np.float32
        assert matrix.has_canonical_format
        assert (matrix.data > 0).all()
        lengths = matrix.sum(axis=1).A1 if name == "title" else np.sqrt(matrix.multiply(matrix).sum(axis=1)).A1
        filled = np.diff(matrix.indptr) > 0
        np.testing.assert_allclose(lengths[filled], 1, atol=1e-5, err_msg=name)
        assert filled.sum() > 40
    assert rows.whole.shape == (60, len(lexicon.words.terms))


@pytest.mark.parametrize("path", [OPTECH, DEMO], ids=["optech", "demo"])
def test_the_models_give_the_fitted_articles_their_own_rows(path: object) -> None:
    """A draft is weighed as if it stood in the corpus."""
    articles = [item.article for item in records(path)]  # type: ignore[arg-type]
    lexicon, rows = fitted(articles)
    again = lexicon.rows(articles)
    for name in ("whole", "short"):
        np.testing.assert_array_equal(getattr(again, name).toarray(), getattr(rows, name).toarray(), err_msg=name)
    one = lexicon.rows(articles[7:8])
    for name in ("whole", "short"):
        np.testing.assert_array_equal(getattr(one, name).toarray(), getattr(rows.row(7), name).toarray(), err_msg=name)
    for name in NAMES:
        mine = part(rows.row(7), lexicon, name)
        np.testing.assert_array_equal(mine.toarray(), part(rows, lexicon, name)[7].toarray(), err_msg=name)


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
        [Article(id="a", title="the", body="and", language="en")],
        [Article(id="a", title="???"), Article(id="b", body="🦆")],
        [Article(id="a", title="ship")],
    ],
)
def test_a_corpus_without_terms_has_empty_rows(articles: list[Article]) -> None:
    lexicon, rows = fitted(articles)
    for name in NAMES:
        matrix, again = part(rows, lexicon, name), part(lexicon.rows(articles), lexicon, name)
        assert matrix.shape == again.shape
        assert len(articles) == matrix.shape[0]
        np.testing.assert_array_equal(matrix.toarray(), again.toarray())
    assert part(rows, lexicon, "names").nnz == part(rows, lexicon, "tags").nnz == 0
    new = lexicon.rows([Article(id="n", title="Ena Morling on a ship", tags=("sea",))])
    assert part(new, lexicon, "names").nnz == part(new, lexicon, "tags").nnz == 0


@pytest.mark.parametrize("path", [OPTECH, DEMO], ids=["optech", "demo"])
def test_what_articles_share_is_that_of_dense_rows(path: object) -> None:
    """Against matrices written out: every kind, in any order, with rows asked for twice."""
    articles = [item.article for item in records(path)]  # type: ignore[arg-type]
    lexicon, rows = fitted([*articles[:40], Article(id="~", title="the", body="and")])
    dense = {name: part(rows, lexicon, name).toarray().astype(float) for name in NAMES}
    wanted = np.array([3, 40, 7, 3, 0, 39])
    for query in (0, 5, 40):
        mine = rows.row(query)
        assert {name: mine.has(name) for name in SHORT} == {name: bool(dense[name][query].any()) for name in SHORT}
        words = mine.dense()
        assert words.dtype == np.float32
        np.testing.assert_array_equal(
            words, np.concatenate([dense[name][query] for name in ("whole", "names", "tags")]).astype(np.float32)
        )
        found = rows.cosines(wanted, words)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, dense["whole"][wanted] @ dense["whole"][query], atol=1e-6)
        against = {"brief": dense["whole"], "title": dense["whole"] > 0, "names": dense["names"], "tags": dense["tags"]}
        shared = rows.shared(wanted, words)
        assert (shared.dtype, shared.shape) == (np.float32, (4, 6))
        for name, column in zip(SHORT, shared, strict=True):
            expected = dense[name][wanted] @ against[name][query]
            expected[~dense[name][wanted].any(axis=1)] = math.nan
            np.testing.assert_allclose(column, expected, atol=1e-6, err_msg=name)
    none = np.zeros(0, dtype=np.int64)
    assert (rows.cosines(none, words).shape, rows.shared(none, words).shape) == ((0,), (4, 0))


def test_nothing_is_shared_where_there_is_not_one_term() -> None:
    _, rows = fitted([Article(id=i, title="the", body="and", language="en") for i in "ab"])
    words, both = rows.row(0).dense(), np.arange(2)
    assert words.shape == (0,)
    assert rows.cosines(both, words).tolist() == [0, 0]
    assert np.isnan(rows.shared(both, words)).all()
