"""From an article to the texts that are embedded."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.articles import Article
from recommender.corpus.views import MAX_PASSAGES, PASSAGE_CHARS, Views, passages, spread, views, whole_text
from tests.conftest import OPTECH, SEED_PAGE, records


def squeezed(text: str) -> str:
    return "".join(text.split())


LONG = " ".join(f"Sentence number {n} tells of the word{n} and of nothing else." for n in range(1, 1_201))
"""12,000 words and more, every sentence its own."""

SCRIPTS = ["word ", "Ends. ", "q? ", "x" * 950, "船が港に着いた。", "\n\n", "\n", "é", "\u00a0", "“Said.” ", "…"]


@given(st.lists(st.sampled_from(SCRIPTS), max_size=60).map("".join))
def test_passages_together_are_the_whole_body(body: str) -> None:
    found = passages(body)
    assert squeezed("".join(found)) == squeezed(body)
    assert all(0 < len(passage) <= PASSAGE_CHARS for passage in found)
    assert all(passage == " ".join(passage.split()) for passage in found)


@pytest.mark.parametrize("path", [SEED_PAGE, OPTECH], ids=lambda path: path.name)
def test_real_bodies_are_kept_whole_and_cut_at_sentence_ends(path: object) -> None:
    for item in records(path):  # type: ignore[arg-type]
        readable = whole_text(Article(id="a", body=item.article.body))
        found = passages(item.article.body)
        assert squeezed("".join(found)) == squeezed(readable)
        assert all(len(passage) <= PASSAGE_CHARS for passage in found)
        for before, after in pairwise(found):
            opening = re.split(r"(?<=[.!?])[\"'”’)\]]*\s", after)[0]
            assert len(before) + 1 + len(opening) > PASSAGE_CHARS or len(before) > PASSAGE_CHARS / 2


def test_a_passage_takes_as_many_sentences_as_fit() -> None:
    sentence = "x" * 298 + "."
    assert passages(" ".join([sentence] * 4)) == [" ".join([sentence] * 3), sentence]
    assert len(passages(" ".join([sentence] * 4))[0]) == 899
    one_more = "y" * 299 + "."
    assert passages(f"{one_more} {sentence} {sentence}") == [f"{one_more} {sentence} {sentence}"]  # 900, just fits
    assert passages(f"{one_more} {one_more} {sentence}") == [f"{one_more} {one_more}", sentence]  # 901


def test_an_overlong_sentence_is_cut_between_words() -> None:
    body = " ".join(["seventeen"] * 200)
    found = passages(body)
    assert [len(passage) for passage in found] == [899, 899, 199]
    assert " ".join(found) == body


def test_a_script_without_spaces_is_cut_anywhere() -> None:
    body = "船" * 2_000
    assert passages(body) == ["船" * 900, "船" * 900, "船" * 200]


def test_a_long_body_is_represented_from_start_to_end() -> None:
    assert len(LONG.split()) >= 12_000
    everything = passages(LONG)
    chosen = views(Article(id="a", body=LONG)).passages
    assert len(chosen) == MAX_PASSAGES
    positions = [everything.index(passage) for passage in chosen]
    assert (positions[0], positions[-1]) == (0, len(everything) - 1)
    ideal = [n * (len(everything) - 1) / (MAX_PASSAGES - 1) for n in range(MAX_PASSAGES)]
    assert max(abs(a - b) for a, b in zip(positions, ideal, strict=True)) <= 0.5
    assert chosen[0].startswith("Sentence number 1 tells")
    assert chosen[-1].endswith("the word1200 and of nothing else.")


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, []),
        (1, [0]),
        (3, [0, 1, 2]),
        (4, [0, 1, 2, 3]),
        (5, [0, 1, 3, 4]),
        (7, [0, 2, 4, 6]),
        (100, [0, 33, 66, 99]),
    ],
)
def test_spread(count: int, expected: list[int]) -> None:
    assert spread([str(n) for n in range(count)], 4) == tuple(map(str, expected))


@given(st.integers(0, 300), st.integers(2, 12))
def test_spread_is_even(count: int, wanted: int) -> None:
    chosen = [int(item) for item in spread([str(n) for n in range(count)], wanted)]
    assert len(chosen) == min(count, wanted)
    assert chosen == sorted(set(chosen))
    if count > wanted:
        assert (chosen[0], chosen[-1]) == (0, count - 1)
        assert np.ptp(np.diff(chosen)) <= 1


def test_an_articles_views() -> None:
    article = Article(
        id="a",
        title="Port  deepened",
        teasers=("See [the map](https://a.example/map).", "See the map.", "https://a.example/", "More."),
        body="First.\n\nSecond, at https://a.example/b.\n\n![crane](c.jpg)",
    )
    found = views(article)
    assert found == Views("Port deepened", ("See the map.", "More."), ("First. Second, at crane",))
    assert found.texts == ("Port deepened", "See the map.", "More.", "First. Second, at crane")


@pytest.mark.parametrize(
    "article",
    [
        Article(id="a"),
        Article(id="a", title=" ", teasers=("", "\n"), body="\n\n"),
        Article(id="a", title="https://a.example/", teasers=("www.a.example",), body="[](x)"),
    ],
)
def test_nothing_gives_no_views(article: Article) -> None:
    assert views(article) == Views("", (), ())
    assert views(article).texts == ()


def test_a_teaser_is_cut_to_what_the_model_sees() -> None:
    (teaser,) = views(Article(id="a", teasers=("x " * 800,))).teasers
    assert teaser == ("x " * 800)[:PASSAGE_CHARS]


def test_the_whole_text_is_all_there_is_to_read() -> None:
    article = Article(id="a", title="T", teasers=("One.", "[Two](/x)."), body="B.\n\nC.")
    assert whole_text(article) == "T\nOne.\nTwo.\nB.\n\nC."
