"""Long texts are worked on in parts, and nobody can tell; see ``recommender.text.long_texts``."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from recommender.text import characters, clean, long_texts, normalise, readable, sentence_splitter, stop_words
from recommender.text.long_texts import in_parts
from recommender.text.sentence_splitter import passage_units

PROSE = st.lists(
    st.sampled_from(
        (
            "port", "Quay", "caf\u00e9", "e\u0301", "\ufdfa", "\u0301", "\u1112\u1161", "\u200d", "\u00a0", "\u00ad",
            "\x85", "[a](https://a.example)", "https://b.example/c", "www.d.example", ".", "!\u201d", "\u0e33",
            "\u65e5", " ", "  ", "\n", " \n", "\n\n\n",
        )
    ),
    max_size=120,
).map("".join)  # fmt: skip


@given(PROSE, st.integers(2, 40))
def test_parts_make_up_the_text_and_end_where_it_can_be_parted(text: str, size: int) -> None:
    found = list(in_parts(text, size))
    assert "".join(found) == text
    for before, after in pairwise(found):
        assert before
        if after[0] not in " \n":
            assert not regex.match(r"[\p{M}\u200c\u200d\u1160-\u11ff]", after)
            assert len(before) >= size
            assert not re.search("[ \n]", before[1:size])


@pytest.mark.parametrize("pattern", ["a", "\n", " ", "\u0301", "a\u0301", "a ", "\n" + "b" * 60])
def test_parts_are_few(pattern: str) -> None:
    text = pattern * 5_000
    assert len(list(in_parts(text, 100))) <= 2 + 2 * len(text) / 100 + len(text) / len(pattern) / 50


def _outcome(text: str) -> list[object]:
    return [clean(text), readable(text), [" ".join(each.split()) for each in passage_units(text)], normalise(text)]


@given(PROSE)
def test_a_text_in_parts_is_worked_on_alike(text: str) -> None:
    """Parts of 48 characters, all of which hold white space, against one go."""
    spaced = re.sub(r"[^ \n]{30}", r"\g<0>\n", text)
    whole = _outcome(spaced)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(in_parts, "__defaults__", (48,))
        patch.setattr(characters, "COMPARED_PART", 48)
        patch.setattr(characters, "PART", 96)
        patch.setattr(sentence_splitter, "PART", 96)
        cut = _outcome(spaced)
    assert cut == whole


@given(PROSE)
def test_what_is_clean_stays_so_in_parts(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(in_parts, "__defaults__", (48,))
        assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("work", "text"),
    [
        (clean, "e\u0301 " * 30_000),
        (clean, "e\u0301" * 60_000),
        (clean, "a" + "\u0301" * 200_000),
        (readable, "The [port](https://a.example/b) grows.\n" * 3_000),
        (lambda text: list(passage_units(text)), "The port grows. " * 8_000),
        (normalise, "The port grows. " * 8_000),
        (stop_words.words, "The port grows. " * 8_000),
    ],
)
def test_no_call_sees_more_than_a_part(
    work: Callable[[str], object], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the size of a part halved the outcome is the same."""
    before = work(text)
    assert len(list(in_parts(text))) > 1 or "\u0301" * 9 in text
    monkeypatch.setattr(in_parts, "__defaults__", (long_texts.PART // 2,))
    assert work(text) == before
