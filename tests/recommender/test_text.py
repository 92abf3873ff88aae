"""Plain-text operations: cleaning, reading matter, sentences, near-equality."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.text import clean, near_equal, normalise, readable, sentences, sha256

ANY = st.text(st.one_of(st.characters(), st.sampled_from("\n\r\t \u00a0\u200b\u0301\u2028e\ud800")), max_size=60)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("  one \t two\u00a0three\u3000four ", "one two three four"),
        ("a\n\n\n\n \n b", "a\n\nb"),
        ("\ufeffzero\u200bwidth\u2060", "zerowidth"),
        ("bid\u202ei\u2066x", "bidix"),
        ("nul\x00 bell\x07 del\x7f c1\x9f", "nul bell del c1"),
        ("e\u0301", "\u00e9"),
        ("e\u200b\u0301", "\u00e9"),
        ("a\ud800b", "a\ufffdb"),
        ("", ""),
        (" \n\t ", ""),
        ("\U0001f468\u200d\U0001f469 fam", "\U0001f468\u200d\U0001f469 fam"),
        ("Ünïcödé “quoted”", "Ünïcödé “quoted”"),
    ],
)
def test_clean(raw: str, expected: str) -> None:
    assert clean(raw) == expected


@given(ANY)
def test_clean_is_done_once_and_for_all(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    cleaned.encode("utf-8")
    assert not re.search(r"[\x00-\x09\x0b-\x1f]|  |\n\n\n|^\s|\s$", cleaned)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("see [the port](https://a.example/b) now", "see the port now"),
        ("![a crane](crane.jpg) lifts", "a crane lifts"),
        ("[wiki](https://a.example/b_(c)) ends", "wiki ends"),
        ('[titled](/x "the title") ends', "titled ends"),
        ("read https://a.example/x?y=1 today", "read   today"),
        ("read www.a.example/x today", "read   today"),
        ("<p>One <b>bold</b> word</p>", " One  bold  word "),
        ("3 < 4 and 5 > 4", "3 < 4 and 5 > 4"),
        ("[not a link] (aside)", "[not a link] (aside)"),
        ("[open [inner](/x)", "[open inner"),
    ],
)
def test_readable(raw: str, expected: str) -> None:
    assert readable(raw) == expected


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["[", "[a](", '[a](b "', "<a", "](", "[a](()", ".'", "www."])
def test_reading_matter_is_found_in_linear_time(piece: str) -> None:
    text = piece * 50_000
    assert len(readable(text)) <= len(text)
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four… Five", ["One.", "Two!", "Three?", "Four…", "Five"]),
        ("He said “go.” She went.", ["He said “go.”", "She went."]),
        ("A line\nanother\n\n\nlast", ["A line", "another", "last"]),
        ("It cost 7.1 metres, v1.2 too.", ["It cost 7.1 metres, v1.2 too."]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert list(sentences(text)) == expected


@given(ANY)
def test_sentences_lose_nothing(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Israel’s “Iron Dome” — again!", "israel s iron dome again"),
        ("STRASSE straße", "strasse strasse"),
        ("ﬁre １２", "fire 12"),
        ("snake_case", "snake case"),
        ("船が港に着いた。", "船が港に着いた"),
        ("!?…", ""),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("a" * 100, "a" * 100, True),
        ("a" * 92 + "b" * 8, "a" * 92 + "c" * 8, True),  # 100 * 2 * 92 / 200 = 92, the bound itself
        ("a" * 91 + "b" * 9, "a" * 91 + "c" * 9, False),
        ("a", "b", False),
        ("port deepened", "port to be deepened next year", False),
    ],
)
def test_near_equal(a: str, b: str, same: bool) -> None:
    assert near_equal(a, b) is same
    assert near_equal(b, a) is same


def test_sha256_is_the_standard_one() -> None:
    assert sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256("é") == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"
