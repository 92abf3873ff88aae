"""The closest sentences, by hand and against every pair."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles import Article
from recommender.corpus.lexical import LexicalModel, Text, fit_lexical
from recommender.explain.quotes import LONGEST, SHARED, Quote, closest_to_each
from recommender.text.sentence_splitter import sentences

WORDS = "port ship crane tide quay chess rook pawn vote poll".split()
MODEL, _ = fit_lexical([Text(" ".join(WORDS[i:]), ("en",)) for i in range(len(WORDS))])


def of(body: str) -> Article:
    return Article(id="a", body=body)


def closest(ours: Article, theirs: Article, model: LexicalModel = MODEL, rarity: float = 0.0) -> Quote | None:
    (found,) = closest_to_each(ours, [theirs], model, rarity)
    return found


def weights(sentence: str) -> np.ndarray:
    return MODEL.transform([Text(sentence, ("en",))]).toarray()[0]


def quote(ours: str, theirs: str) -> tuple[str, str] | None:
    found = closest(of(ours), of(theirs), MODEL)
    return (found.ours, found.theirs) if found else None


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (
            "A chess rook. The port crane.",
            "Vote now. A crane in port. The end.",
            ("The port crane.", "A crane in port."),
        ),
        ("A port crane. The port crane!", "Crane, port.", ("A port crane.", "Crane, port.")),
        ("Port crane.", "One crane port. A crane port!", ("Port crane.", "One crane port.")),
        ("The port.", "A port.", None),
        ("A chess rook.", "The port crane.", None),
        ("", "The port crane.", None),
        ("Port crane " + "xy " * 100 + ".", "Port crane.", None),
        (
            "Port crane " + "xy " * 100 + ". A port, a crane, a vote.",
            "Port crane.",
            ("A port, a crane, a vote.", "Port crane."),
        ),
        ("The [port](https://n.example/p) crane.", "Port crane.", None),
        ("See port crane www.n.example.", "Port crane.", None),
    ],
)
def test_the_closest_by_hand(ours: str, theirs: str, expected: tuple[str, str] | None) -> None:
    assert quote(ours, theirs) == expected


def test_teasers_or_the_title_stand_in_for_a_body() -> None:
    stub = Article(id="s", title="Port crane", teasers=("A vote.", "The crane of the port."))
    assert closest(of("Port crane."), stub, MODEL) == Quote("Port crane.", "The crane of the port.")
    assert closest(Article(id="t", title="Port crane"), of("Crane port"), MODEL) == Quote("Port crane", "Crane port")


def test_what_is_not_rare_does_not_count_but_weighs() -> None:
    rare = float(MODEL.idf[MODEL.terms.index("crane")])
    assert MODEL.idf[MODEL.terms.index("vote")] < rare
    assert closest(of("A vote poll."), of("Vote, poll."), MODEL, rare) is None
    assert closest(of("A crane ship. A vote."), of("Ship, crane."), MODEL, rare) == Quote(
        "A crane ship.", "Ship, crane."
    )


def test_a_sentence_is_read_in_the_language_of_its_article() -> None:
    """ "Die" and "war" are what the English sentences share, and German function words."""
    model, _ = fit_lexical([Text("die war harbour chess", ("en",))])
    english = Article(id="e", body="Many die in the war. The harbour.", language="en-GB")
    german = Article(id="d", body="Die war es. Die Chess war im Harbour.", language="de")
    assert closest(english, replace(english, id="f"), model) == Quote("Many die in the war.", "Many die in the war.")
    assert closest(english, german, model) is None
    assert closest(replace(english, body="Chess in the harbour."), german, model) == Quote(
        "Chess in the harbour.", "Die Chess war im Harbour."
    )


def test_a_model_of_no_words_quotes_nothing() -> None:
    empty = LexicalModel((), (), np.zeros(0, np.float32), np.zeros((0, 0), np.float32))
    assert closest(of("Port crane."), of("Port crane."), empty) is None


TEXTS = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join), max_size=5).map(
    lambda each: "".join(f"{sentence.capitalize()}. " for sentence in each)
)


@settings(max_examples=300)
@given(TEXTS, TEXTS)
def test_the_closest_is_that_of_all_pairs(ours: str, theirs: str) -> None:
    best: tuple[float, tuple[str, str] | None] = (0.0, None)
    for mine in sentences(ours):
        for other in sentences(theirs):
            a, b = (weights(text).astype(np.float64) for text in (mine, other))
            if np.count_nonzero(a * b) >= SHARED and round(float(a @ b), 6) > best[0] + 2e-6:
                best = (round(float(a @ b), 6), (mine, other))
    found = quote(ours, theirs)
    assert (found is None) == (best[1] is None)
    if found:
        a, b = (weights(text) for text in found)
        assert float(a @ b) == pytest.approx(best[0], abs=5e-6)
        assert max(map(len, found)) <= LONGEST
