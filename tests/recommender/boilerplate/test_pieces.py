"""Texts in pieces: cut without loss, alike everywhere, compared without what varies."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.boilerplate.pieces import TITLE, cut, form, forms, marked, spacing, unspaced, words
from recommender.text import clean

SNIPPETS = (
    *(
        "The quay is closed.",
        "Why? ",
        "3 March 2024",
        "am 3. Oktober",
        "“Yes,” he said.” ",
        "1,200",
        "港は閉鎖。",
        "！」",
    ),
    *("ท่าเรือ ปิด", "\n", "\n\n", " ", "…", ".", "a", "Tessle Courier report", "\u0663\u0664", "---"),
)
TEXTS = st.lists(st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=8)), max_size=30).map("".join).map(clean)


def parts(text: str) -> list[str]:
    return cut(marked(text))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("He said “no.” Then he left.", ["He said “no.”", "Then he left."]),
        ("A line\nanother\n\nand one more", ["A line", "another", "and one more"]),
        ("It cost 4.5 million. It rose by 12.7 %.", ["It cost 4.5 million.", "It rose by 12.7 %."]),
        (
            "Es war am 3. Oktober 1990. Dann kam der 4. Oktober.",
            ["Es war am 3. Oktober 1990.", "Dann kam der 4. Oktober."],
        ),
        ("港は閉鎖された。船は沖で待つ。", ["港は閉鎖された。", "船は沖で待つ。"]),
        (
            "「港は閉鎖」と言った！」次の日。",
            ["「港は閉鎖」と言った！」", "次の日。"],
        ),
        ("ท่าเรือปิดแล้ว เรือรออยู่", ["ท่าเรือปิดแล้ว", "เรือรออยู่"]),
        ("बंदरगाह बंद है। जहाज़ बाहर हैं।", ["बंदरगाह बंद है।", "जहाज़ बाहर हैं।"]),
    ],
)
def test_a_text_is_cut_at_the_ends_of_sentences_and_lines(text: str, expected: list[str]) -> None:
    assert [piece for piece in parts(text) if piece] == expected


@given(TEXTS)
def test_cutting_loses_nothing_and_every_piece_has_its_form(text: str) -> None:
    pieces, gaps = cut(marked(text))
    assert len(gaps) == len(pieces) - 1
    shown = [spacing([gap]) for gap in gaps] + [""]
    assert "".join(piece + gap for piece, gap in zip(pieces, shown, strict=True)) == text
    assert forms(marked(text)) == [form(piece) for piece in pieces]


@pytest.mark.parametrize(
    "same",
    [
        (
            "Published 3 March 2024 · 4 min read",
            "Published 14 December 2019 · 12 min read",
            "published 1 May 2020 · 1 Min Read",
        ),
        ("Updated March 3, 2024", "Updated November 12, 2023"),
        ("Veröffentlicht am 3. März 2024", "Veröffentlicht am 11. Oktober 2023"),
        ("Publicado el 3 de marzo de 2024", "Publicado el 30 de abril de 2021"),
        ("Read by 1,200 people", "Read by 87 people", "Read by 1.200 people"),
        ("2024年3月14日 公開", "2023年11月2日 公開"),
        ("อ่าน ๑๒ นาที", "อ่าน ๕ นาที"),
        ("Last updated 03/12/2024 at 14:05.", "Last updated 11/02/2023 at 09:30."),
    ],
)
def test_what_varies_does_not_count(same: tuple[str, ...]) -> None:
    assert len({form(text) for text in same}) == 1
    assert form(same[0])


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("The port is closed.", "The port is open."),
        ("May I go in 2024?", "Can I go in 2024?"),
        ("---", "***"),
        ("港は閉鎖。", "港は開放。"),
    ],
)
def test_what_says_something_else_differs(a: str, b: str) -> None:
    assert form(a) != form(b)


def test_a_number_alone_has_no_form() -> None:
    assert [form(text) for text in ("2024", "3.5", " 12:30 ", "")] == [b"", b"", b"", b""]


def test_the_title_is_known_in_the_text_unless_it_is_but_a_word() -> None:
    text = "The post Harbour to be deepened appeared first on Tessle Courier."
    assert marked(text, "Harbour to be deepened") == f"The post {TITLE} appeared first on Tessle Courier."
    assert marked("The port. Port news", "Port") == marked("The port. Port news")


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [(["\n"], "\n"), (["\n\n", "\n"], "\n\n"), (["\x1f", "\n"], "\n"), (["\x1e", "\x1f"], " "), (["\x1e"], "")],
)
def test_of_several_gaps_the_widest_is_left(gaps: list[str], expected: str) -> None:
    assert spacing(gaps) == expected


def test_words_are_counted_in_scripts_without_spaces_too() -> None:
    assert words("Nine words are in this sentence about the port.") == 9
    assert words("港湾局は千九百十一年に設立されました。") == 1 + 18 // 3
    assert unspaced("港")
    assert unspaced("ท")
    assert not unspaced("p")


@pytest.mark.parametrize("unit", [". ", '."""', "!? ", "。", "。」」」", "a 3 March 2024", "ก ", " 2024", "\n", "1. "])
def test_a_long_text_takes_no_longer_than_its_length(unit: str) -> None:
    started = time.process_time()
    forms(marked(unit * (400_000 // len(unit))))
    assert time.process_time() - started < 3
