"""The lexical half against tf-idf by hand and scikit-learn used another way."""

import math
from collections import Counter

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from recommender.corpus import lexical
from recommender.corpus.lexical import LexicalModel, Text, fit_lexical
from recommender.corpus.views import whole_text
from recommender.text.stop_words import function_words
from tests.conftest import DEMO, OPTECH, records

ENGLISH = function_words("en")


def english(*texts: str) -> list[Text]:
    return [Text(text, ("en",)) for text in texts]


TINY = english("The harbour of ships, harbour of SHIPS!", "ships and trains", "trains trains trains", "a café")


@pytest.fixture(scope="module")
def texts() -> list[Text]:
    return english(*(whole_text(item.article) for item in records(OPTECH)[: lexical.COMMON_FROM + 5]))


@pytest.fixture(scope="module")
def fitted(texts: list[Text]) -> tuple[LexicalModel, np.ndarray]:
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
    assert (model.stop_words, model.languages) == ((), ("en",))


def test_a_new_text_is_weighed_with_the_corpus_rarities() -> None:
    model, _ = fit_lexical(TINY)
    (row,) = model.transform(english("ships ships, unheard of: café")).toarray()
    ships = (1 + math.log(2)) * (math.log(5 / 3) + 1)
    cafe = math.log(5 / 2) + 1
    length = math.hypot(ships, cafe)
    assert {model.terms[i]: row[i] for i in np.flatnonzero(row)} == pytest.approx(
        {"ships": ships / length, "café": cafe / length}, abs=1e-6
    )
    assert model.transform(english("unheard of")).nnz == 0


def test_the_fitted_texts_transform_to_their_own_rows(
    texts: list[Text], fitted: tuple[LexicalModel, np.ndarray]
) -> None:
    model, rows = fitted
    np.testing.assert_array_equal(model.transform(texts).toarray(), rows)
    (one,) = model.transform([texts[5]]).toarray()
    np.testing.assert_array_equal(one, rows[5])
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


def test_a_real_corpus_as_scikit_learn_fits_it(texts: list[Text], fitted: tuple[LexicalModel, np.ndarray]) -> None:
    model, rows = fitted
    stop_words = [*model.stop_words, *ENGLISH]
    plain = TfidfVectorizer(stop_words=stop_words, ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    expected = plain.fit_transform([each.text for each in texts]).toarray()
    assert model.terms == tuple(plain.get_feature_names_out())
    np.testing.assert_allclose(rows, expected, atol=1e-6)
    np.testing.assert_allclose(model.idf, plain.idf_, rtol=1e-6)


def test_words_in_more_than_half_of_the_articles_are_stop_words(
    texts: list[Text], fitted: tuple[LexicalModel, np.ndarray]
) -> None:
    words = TfidfVectorizer().build_analyzer()
    count = Counter(word for each in texts for word in set(words(each.text)))
    common = {word for word, found in count.items() if found >= len(texts) / 2}
    assert common - ENGLISH
    assert common & ENGLISH
    assert fitted[0].stop_words == tuple(sorted(common - ENGLISH))
    small, _ = fit_lexical(texts[: lexical.COMMON_FROM - 1])
    assert small.stop_words == ()


def plain_terms(text: str, stop_words: frozenset[str] | tuple[str, ...]) -> list[str]:
    """The words and pairs of a text as scikit-learn makes them."""
    options = {"stop_words": list(stop_words)} if stop_words else {}
    return list(CountVectorizer(ngram_range=(1, 2), **options).build_analyzer()(text))


def test_every_text_loses_the_function_words_of_its_own_language() -> None:
    languages = [(), ("de",), ("en",), ("fr",), ("de", "en")]
    mixed = [Text(whole_text(item.article), languages[n % len(languages)]) for n, item in enumerate(records(DEMO)[:30])]
    mixed += [Text("Die Mine war am Ende: an die MINE, man hat sie", each) for each in languages]
    model, rows = fit_lexical(mixed)
    lists = [frozenset().union(*map(function_words, each.languages or ())) for each in mixed]
    bags = [plain_terms(each.text, words) for each, words in zip(mixed, lists, strict=True)]
    plain = TfidfVectorizer(analyzer=list, sublinear_tf=True, min_df=2)
    expected = plain.fit_transform(bags).toarray()
    assert model.terms == tuple(plain.get_feature_names_out())
    np.testing.assert_allclose(rows.toarray(), expected, atol=1e-6)
    np.testing.assert_array_equal(model.transform(mixed).toarray(), rows.toarray())
    assert {"die", "war", "the", "mine"} <= set(model.terms)
    (german,) = model.transform([Text("Die Mine war am Ende", ("de",))]).toarray()
    assert {model.terms[i] for i in np.flatnonzero(german)} == {"mine", "ende", "mine ende"}


def test_a_function_word_of_most_articles_is_kept_in_those_of_another_language() -> None:
    """Three in five articles are German and hold "die"; to the English ones it is a word like any other."""
    german = [Text(f"die Flut kam und die Stadt war leer {n}", ("de",)) for n in range(90)]
    english = [Text(f"the flood came and men die in the town {n} stadt", ("en",)) for n in range(60)]
    model, _ = fit_lexical([*german, *english])
    assert model.stop_words == ("flut", "kam", "leer", "stadt")
    (row,) = model.transform([Text("men die in a flood, die Stadt war leer", ("en",))]).toarray()
    assert {model.terms[i] for i in np.flatnonzero(row)} == {"men", "die", "flood", "men die"}
    (row,) = model.transform([Text("men die in a flood, die Stadt war leer", ("de",))]).toarray()
    assert {model.terms[i] for i in np.flatnonzero(row)} == {"men", "flood"}


HEADLINES = ("Fire in the port of Carrow", "The crane is out of the port", "Who was at the quay and why")


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ((("en",),) * 9 + (("de",),), ("en",)),
        ((("en",),) * 8 + (("de",), ()), ()),
        (((),) * 9 + (("en",),), ()),
        ((("en",),) * 8 + (("de", "en"),) * 2, ()),
        ((), ("en",)),
    ],
    ids=["nine of ten", "eight of ten", "no list", "in two languages", "told together"],
)
def test_a_text_that_does_not_tell_is_in_the_language_of_the_corpus(
    known: tuple[tuple[str, ...], ...], expected: tuple[str, ...]
) -> None:
    unknown = [Text(title, None) for title in HEADLINES]
    model, rows = fit_lexical([*unknown, *(Text("port crane quay", each) for each in known)])
    assert model.languages == expected
    words = {"fire", "port", "carrow", "fire port", "port carrow"} if expected else set(plain_terms(HEADLINES[0], ()))
    assert {model.terms[i] for i in rows[0].indices} == words
    np.testing.assert_array_equal(model.transform(unknown).toarray(), rows[:3].toarray())


def test_few_words_that_do_not_tell_lose_none() -> None:
    model, _ = fit_lexical([Text("the port", None), Text("a crane of the port", None)])
    assert model.languages == ()
    assert {"the", "of", "of the"} <= set(model.terms)


@pytest.mark.parametrize(("count", "kept"), [(lexical.MIN_DF_FROM - 1, True), (lexical.MIN_DF_FROM, False)])
def test_a_term_of_one_article_is_dropped_in_a_larger_corpus(count: int, kept: bool) -> None:
    model, _ = fit_lexical(english("ships harbour", "ships unheard", *["harbour ships"] * (count - 2)))
    assert ("unheard" in model.terms) is kept
    assert "ships" in model.terms


def test_a_model_made_of_plain_arrays_is_the_same(texts: list[Text], fitted: tuple[LexicalModel, np.ndarray]) -> None:
    model, _ = fitted
    again = LexicalModel(
        tuple(list(model.terms)),
        tuple(list(model.stop_words)),
        np.array(model.idf),
        np.array(model.components),
        tuple(list(model.languages)),
    )
    sample = [*texts[:20], Text("a new text about fees and channels", None), *english("")]
    rows, other = model.transform(sample), again.transform(sample)
    np.testing.assert_array_equal(rows.toarray(), other.toarray())
    np.testing.assert_array_equal(model.project(rows), again.project(other))


def test_the_projection_keeps_inner_products_where_the_rank_allows(
    texts: list[Text], fitted: tuple[LexicalModel, np.ndarray]
) -> None:
    model, rows = fitted
    assert lexical.COMMON_FROM <= len(texts) <= lexical.SVD_DIM
    half = model.project(model.transform(texts))
    assert half.shape == (len(texts), len(texts))
    np.testing.assert_allclose(half @ half.T, rows @ rows.T, atol=1e-5)
    # An unseen text is projected orthogonally: the products with what was fitted stay those of tf-idf.
    new = model.transform(english("Channels pay fees in the mempool. " + texts[3].text[:300]))
    np.testing.assert_allclose(half @ model.project(new)[0], rows @ new.toarray()[0], atol=1e-5)


def test_a_shorter_projection_is_the_best_there_is(texts: list[Text], monkeypatch: pytest.MonkeyPatch) -> None:
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
    texts: list[Text], monkeypatch: pytest.MonkeyPatch
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
    model, found = fit_lexical(english(*corpus))
    assert model.terms == terms
    np.testing.assert_allclose(found.toarray(), np.array(rows), atol=1e-6)
    np.testing.assert_array_equal(model.transform(english(*corpus)).toarray(), found.toarray())
    half = model.project(found)
    assert half.shape == (len(corpus), min(len(corpus), len(terms)))
    np.testing.assert_allclose(half @ half.T, np.array(rows) @ np.array(rows).T, atol=1e-6)
    assert model.project(model.transform(english("unheard"))).tolist() == [[0.0] * half.shape[1]]


def test_rarity_is_linear_in_the_idf_from_everywhere_to_one_article() -> None:
    texts = ["harbour ship ship", "harbour ship", "harbour tram", "harbour quay"]
    rarity = fit_lexical([Text(text, ()) for text in texts])[0].rarity(("en",))
    most = math.log(5 / 2)
    assert rarity("tram") == pytest.approx(1.0)
    assert rarity("ship") == pytest.approx(math.log(5 / 3) / most)
    assert rarity("harbour") == pytest.approx(0.0)
    assert rarity("cockle") == 1.0  # nobody has written of it
    assert rarity("the") == 0.0
    assert fit_lexical([Text("", ())])[0].rarity(None)("ship") == 1.0
