"""Names: runs of capitalised words, never across the end of a sentence or a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.text.names import names
from tests.timing import grows_linearly


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("nobody in particular", []),
        ("we met Ena Morling and Tove Brask", ["ena morling and tove brask"]),
        ("we met Ena Morling, Tove Brask and others", ["ena morling", "tove brask"]),
        ("then Ena left; then Ena came back", ["ena", "ena"]),
        ("in the United Kingdom of Great Britain", ["united kingdom of great britain"]),
        ("with Ursula von der Leyen in Brussels", ["ursula von der leyen", "brussels"]),
        ("by the Bank of the North", ["bank of the north"]),
        ("a Bank for the England, a Bank for and of England", ["bank for the england", "bank", "england"]),
        ("at the World Cup 2026 in May", ["world cup 2026", "may"]),
        ("the year 2026 alone", []),
        ("said Jean-Luc O’Brien of Smith & Sons", ["jean-luc o’brien of smith", "sons"]),
        ("on Ena Morling's boat, Tove’s boat and the Brasks' boat", ["ena morling", "tove", "brasks"]),
        ("called Öznur Çelik and Ægir", ["öznur çelik and ægir"]),
        ("the McDonald case, the iPhone, an eBay sale", ["mcdonald"]),
        ("see Figure 3a", ["figure 3"]),
    ],
)
def test_names_in_a_sentence(text: str, found: list[str]) -> None:
    assert names(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ships wait. Trains do too! Why? Nobody knows", []),
        ("Ships wait\nTrains do too", []),
        ("  Ships wait", []),
        ("“Ships wait,” she said. ‘Trains too.’ (Planes too)", []),
        ("the plan: Ships first; Trains later – Planes never", []),
        ("Ena Morling wrote it. Tove Brask read it", ["ena morling", "tove brask"]),
        ("NASA wrote it. EU states read it. A cat. I slept", ["nasa", "eu"]),
        ("NATO", ["nato"]),
        ("Ena", []),
        ("it was Ena", ["ena"]),
    ],
)
def test_a_single_word_that_opens_a_sentence_is_no_name_unless_all_capitals(text: str, found: list[str]) -> None:
    assert names(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("he met Ena Morling. Tove left", ["ena morling"]),
        ("trains to Paris. London was quiet", ["paris"]),
        ("trains to Paris! London was quiet", ["paris"]),
        ("trains to Paris.London was quiet", ["paris.london"]),
        ("the Bank of\nEngland", ["bank"]),
        ("by J. R. Brask and St. Pauli", ["j. r. brask and st. pauli"]),
        ("by J.R.R. Brask. He slept", ["j.r.r. brask"]),
        ("the U.S. President spoke. Tove slept", ["u.s. president"]),
        ("in the U.S., the U.S.'s plan", ["u.s", "u.s"]),
    ],
)
def test_a_dot_ends_a_name_but_where_it_shortens_one(text: str, found: list[str]) -> None:
    assert names(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("東京で会議が開かれた", []),
        ("اجتماع في القاهرة", []),
        ("были в Москве, у Анны Карениной", ["москве", "анны карениной"]),
        ("στην Αθήνα", ["αθήνα"]),
    ],
)
def test_other_scripts(text: str, found: list[str]) -> None:
    assert names(text) == found


@given(st.text(max_size=200) | st.text(alphabet="ABcd .'’-\n&2of", max_size=60))
def test_any_text_gives_folded_names_that_stand_in_it(text: str) -> None:
    folded = text.casefold()
    for name in names(text):
        assert len(name) >= 1
        assert name == name.casefold()
        assert name in folded
        assert "\n" not in name
        assert name[-1] not in ".-'’&"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["Ab ", "A.", "A. ", "Ab of the ", "A", "Ab of "])
def test_a_long_text_of_capitals_takes_time_by_its_length(unit: str) -> None:
    """The pattern must not backtrack without end."""
    assert grows_linearly(lambda size: names(unit * (size // len(unit))), 5_000)
