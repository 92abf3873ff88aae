"""Sentences and the units of passages, by hand, and that none of the text is lost."""

import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.text.sentence_splitter import passage_units, sentences


@pytest.mark.parametrize(
    "expected",
    [
        ["The U.S. Navy said so.", "He agreed."],
        ["He lives in the U.S.", "He left in 1999.", "It was cold."],
        ["Mr. Smith and Mrs. J. R. Jones met Dr. No.", "They spoke."],
        ["Inflation was 3.5 percent.", "It fell to 2.9 percent in St. Ives."],
        ['"Nobody is building small ships," she said.', "“We can be a port.”", "She left."],
        ['"What?" he asked.', '"Go!"', "She went..."],
        ["And then… nothing happened…", "Really?"],
        ["He came at 5 p.m. on Monday and left at 6 p.m.", "They slept."],
        ["No. 5 won.", "He said no.", "Then he left."],
        ["1. First point.", "2. Second point."],
        ["Acme Inc. bought Beta Corp. in May.", "Prices rose."],
        ["The price (see Fig. 3) fell.", "(It rose later.)", "Good."],
        ["Am 3. Oktober kam z. B. Dr. Meier.", "Er blieb."],
        ["So did I.", "We left."],
        ["Born in Jan. 1990 (approx. 5 a.m.) in Washington, D.C.", "The rest is known."],
        ["he spoke of e.g. ships and i.e. boats"],
        ["他来了。", "她走了！", "好"],
        [],
    ],
)
def test_sentences_by_hand(expected: list[str]) -> None:
    assert list(sentences(" ".join(expected))) == expected


def test_a_line_break_always_ends_one() -> None:
    assert list(sentences("Heading\nMr.\n\nSmith came. He left.\n")) == ["Heading", "Mr.", "Smith came.", "He left."]


@settings(max_examples=500)
@given(st.text("aAI.!?… \n\"')(U5。」", max_size=40) | st.text(max_size=40))
def test_every_sentence_stands_in_the_text_and_nothing_is_lost(text: str) -> None:
    found, place = list(sentences(text)), 0
    for piece in found:
        assert piece == piece.strip() != ""
        assert "\n" not in piece
        place = text.index(piece, place) + len(piece)
    assert "".join("".join(found).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four… Five", ["One.", "Two!", "Three?", "Four…", "Five"]),
        ("He said “go.” She went.", ["He said “go.”", "She went."]),
        ("A line\nanother\n\n\nlast", ["A line", "another", "last"]),
        ("It cost 7.1 metres, v1.2 too.", ["It cost 7.1 metres, v1.2 too."]),
        ("Mr. Smith of the U.S. Navy", ["Mr.", "Smith of the U.S.", "Navy"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_passage_units_by_hand(text: str, expected: list[str]) -> None:
    assert list(passage_units(text)) == expected


@given(st.text())
def test_passage_units_lose_nothing(text: str) -> None:
    assert "".join("".join(passage_units(text)).split()) == "".join(text.split())


@pytest.mark.parametrize("split", [sentences, passage_units])
@pytest.mark.parametrize("unit", ["a.b", "x", ".....", ". ", '." ', ".((", ".) ", "\n", "。」", ".\u00a0", ".'", "["])
def test_no_text_takes_long(unit: str, split: Callable[[str], Iterator[str]]) -> None:
    text = unit * (100_000 // len(unit))
    start = time.perf_counter()
    assert len(list(split(text))) <= 100_000
    assert time.perf_counter() - start < 3
