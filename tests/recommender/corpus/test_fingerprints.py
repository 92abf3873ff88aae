"""Fingerprints: the words of a text as hashes, what is folded in them, and how rare each word is."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils import murmurhash3_32

from recommender.articles import Article
from recommender.corpus.fingerprints import Fingerprints, Rarity, among, fingerprint, hashed
from recommender.text.distinct_words import distinct_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", set()),
        ("?!… — 🦆", set()),
        ("Ships, ships and a SHIP", {"ship", "and", "a"}),
        ("Lemons and cherries; this bus is his", {"lemon", "and", "cherry", "thi", "bus", "is", "his"}),
        ("Écoles à Nîmes, Straße in Köln", {"ecole", "a", "nime", "strasse", "in", "koln"}),
        ("№ 5 costs £2.4m", {"no", "5", "cost", "2", "4m"}),
        ("snake_case e-mail", {"snake", "case", "e", "mail"}),
        ("東京の天気", {"東京", "京の", "の天", "天気"}),
        ("雪", {"雪"}),
        ("Ｗｉｄｅ １２", {"wide", "12"}),
    ],
)
def test_the_words_of_a_text(text: str, words: set[str]) -> None:
    assert distinct_words(text) == words


def test_a_fingerprint_is_of_teasers_and_body_without_the_title() -> None:
    article = Article(
        id="a", title="Title words", teasers=("One teaser.",), body="A body, [linked](https://x.example)."
    )
    expected = {murmurhash3_32(word, positive=True) for word in ("one", "teaser", "a", "body", "linked")}
    found = fingerprint(article)
    assert set(found.tolist()) == expected
    assert (np.diff(found.astype(np.int64)) > 0).all()
    assert found.dtype == np.uint32
    assert fingerprint(Article(id="b", title="Title only")).shape == (0,)


WORDS = st.sets(st.sampled_from("port ship crane tide quay chess rook pawn vote poll".split()), max_size=8)


@given(articles=st.lists(WORDS, min_size=1, max_size=6), asked=WORDS)
def test_rarity_is_the_smoothed_idf_of_an_archive_of_a_hundred_more(articles: list[set[str]], asked: set[str]) -> None:
    made = Fingerprints.from_hashes([hashed(words) for words in articles])
    words = sorted(asked, key=lambda word: murmurhash3_32(word, positive=True))
    holders = [max(1, sum(word in each for each in articles)) for word in words]
    weights = made.rarity.weights(hashed(asked))
    assert weights.tolist() == pytest.approx([1 + math.log((101 + len(articles)) / (1 + n)) for n in holders])
    assert made.rarity.weights(hashed(asked)).dtype == np.float32
    assert [made.row(row).tolist() for row in range(len(made))] == [hashed(each).tolist() for each in articles]
    assert made.sizes(np.arange(len(made))).tolist() == [len(each) for each in articles]
    assert among(hashed(asked), made.row(0)).tolist() == [word in articles[0] for word in words]


def test_a_word_tells_what_a_text_is_about_if_one_article_in_ten_has_it() -> None:
    """By hand: of 899 articles, 999 as they are weighed, 99 hold "rare" and 100 hold "common" (and one more each)."""
    rows = [{"rare"} if n < 99 else {"common"} if n < 199 else {"other"} for n in range(899)]
    rarity = Fingerprints.from_hashes([hashed(words) for words in rows]).rarity
    assert isinstance(rarity, Rarity)
    assert rarity.telling(hashed(["rare"])).tolist() == [True]
    assert rarity.telling(hashed(["common"])).tolist() == [False]
    assert rarity.telling(hashed(["unknown"])).tolist() == [True]


def test_other_articles_are_weighed_by_the_same_rarity() -> None:
    base = Fingerprints.from_hashes([hashed(["ship", "port"]), hashed(["ship"])])
    late = base.others([hashed(["ship", "quay"]), hashed([])])
    both = Fingerprints.joined([base, late])
    assert late.rarity is both.rarity is base.rarity
    assert [both.row(row).tolist() for row in range(4)] == [
        base.row(0).tolist(),
        base.row(1).tolist(),
        late.row(0).tolist(),
        [],
    ]
    assert Fingerprints.from_hashes([]).rarity.weights(hashed(["ship"])).shape == (1,)
    assert len(base.others([])) == 0
