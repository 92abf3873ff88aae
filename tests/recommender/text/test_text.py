"""Plain-text operations: cleaning, reading matter, the form in which texts compare."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.text import clean, normalise, readable, sha256

SPECIAL = (
    "\n\r\t \u00a0\u200b\u2028\u2029\x85\ud800e\u0301\u0323\u0338\u0344\u200c\u200d"
    "\u0915\u094d\u0958\u06cc\u2194\ufe0f\U0001f468"
)
ANY = st.text(st.one_of(st.characters(), st.sampled_from(SPECIAL)), max_size=60)


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
        ("end of page\x0cNext", "end of page Next"),
        ("said\x97the", "said the"),
        ("a\x0bb\x1cc\x1dd\x1ee\x1ff\x80g\x9fh", "a b c d e f g h"),
        ("a\x85b\u2028c\u2029d", "a\nb\nc\n\nd"),
        ("one\ufffctwo \ufffc", "one two"),
        ("ha\u00adrbour mas\u2060ter a\u034fb c\u180ed", "harbour master ab cd"),
        ("\u200fa\u061cb\u2067c\u2069d\u206fe\u2064f\u200e", "abcdef"),
        ("a\ufff9b\ufffac\ufffb", "abc"),
        ("x\ufdd0y\uffffz\U0001fffe\U0010ffff!", "xyz!"),
        ("hi\U000e0041\U000e0042\U000e007f", "hi"),
        ("light\u200dhouse, Auf\u200clage, 1\u200d2, \u200da \u200c", "lighthouse, Auflage, 12, a"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("می\u200c\u200cخواهم می\u200c می\u200cb", "می\u200cخواهم می میb"),
        ("क\u094d\u200dष র\u200d\u09cdয ශ\u0dca\u200dර", "क\u094d\u200dष র\u200d\u09cdয ශ\u0dca\u200dර"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        (
            "\U0001f3f3\ufe0f\u200d\U0001f308 \u2764\ufe0f\u200d\U0001f525",
            "\U0001f3f3\ufe0f\u200d\U0001f308 \u2764\ufe0f\u200d\U0001f525",
        ),
        (
            "\U0001f469\U0001f3fd\u200d\U0001f680\u200d \U0001f642\u200d\u2194\ufe0f",
            "\U0001f469\U0001f3fd\u200d\U0001f680 \U0001f642\u200d\u2194\ufe0f",
        ),
        ("Z" + "\u0301\u0323" * 50 + "!", "Ẓ" + "\u0323" * 14 + "\u0301" * 15 + "!"),
        ("สวัสดี ค่ะ", "สวัสดี ค่ะ"),
    ],
)
def test_clean(raw: str, expected: str) -> None:
    assert clean(raw) == expected


@given(ANY)
def test_clean_is_done_once_and_for_all(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    cleaned.encode("utf-8")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]|  |\n\n\n|^\s|\s$", cleaned)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in cleaned if c != "\n")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("see [the port](https://a.example/b) now", "see the port now"),
        ("![a crane](crane.jpg) lifts", "a crane lifts"),
        ("[wiki](https://a.example/b_(c)) ends", "wiki ends"),
        ('[titled](/x "the title") ends', "titled ends"),
        ("read https://a.example/x?y=1 today", "read   today"),
        ("read www.a.example/x today", "read   today"),
        ("How to use <div> in <p>one page</p>", "How to use <div> in <p>one page</p>"),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Israel’s “Iron Dome” — again!", "israel s iron dome again"),
        ("STRASSE straße", "strasse strasse"),
        ("ﬁre １２", "fire 12"),
        ("snake_case", "snake case"),
        ("船が港に着いた。", "船が港に着いた"),
        ("!?…", ""),
        ("d´Aden, rock ‘n’ roll, a‾b, x¨", "d aden rock n roll a b x"),
        ("ﬀ Ⅷ ½ x² №", "ff viii 1 2 x2 no"),
        ("Ångström Å A\u030a", "ångström å å"),
        ("x\u030c y\u0331z", "x\u030c y\u0331z"),
        ("soft\u00adhyphen zero\u200bwidth \ufeffbom", "softhyphen zerowidth bom"),
        ("กา กำ กิ", "กา กํา กิ"),  # NFKC takes U+0E33 apart
        ("हिंदी, हाथी!", "हिंदी हाथी"),
        ("تَمَّ—النَّشر", "تَمَّ النَّشر"),
        ("می\u200cخواهم", "میخواهم"),
        ("क\u094d\u200dष", "क\u094dष"),
        ("葛\U000e0100城 ❤\ufe0f", "葛城"),
        ("ガ ｶﾞ カ\u3099", "ガ ガ ガ"),
        ("ΑΪ́Δ", "αΐδ"),
        ("İstanbul", "i̇stanbul"),
        ("한글 \u1112\u1161\u11ab글", "한글 한글"),
        ("\u0301 \u0301", ""),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("ดี", "ดู"),
        ("ไม่", "ไม้"),
        ("की", "के"),
        ("कल", "काल"),
        ("বই", "বউ"),
        ("ကို", "ကာ"),
        ("עִבְרִית", "עֶבְרַת"),
        ("ខ្មែរ", "ខ្មោរ"),
    ],
)
def test_vowel_signs_and_tone_marks_tell_texts_apart(a: str, b: str) -> None:
    assert normalise(a) != normalise(b)


@given(ANY)
def test_what_is_not_drawn_makes_no_difference(text: str) -> None:
    assert normalise(text) == normalise("".join(c + "\u200d\u00ad\ufe0f" for c in text))


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["\u0301", "\u0323\u0301", "\u0344", "\uff9e", "\u0301\u200d", "\u0915\u200d", "\u0958\u0301", "\u3099"]
)
def test_marks_are_composed_in_linear_time(piece: str) -> None:
    text = "a" + piece * (400_000 // len(piece)) + " b"
    assert clean(text).endswith(" b")
    assert normalise(text).endswith(" b")


def test_sha256_is_the_standard_one() -> None:
    assert sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256("é") == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"
