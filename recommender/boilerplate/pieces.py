"""A text in pieces: its lines and sentences, cut fast and always alike, and the form in which pieces compare.

Where exactly a sentence ends does not matter here, only that the same words are cut the same way in every text (for
sentences to be quoted see recommender.text.sentence_splitter).
"""

import re
from collections.abc import Sequence

TITLE = "\x1d"
"""Stands in a piece for the title of its own article, which templates repeat ("Share <title>")."""
TITLE_ALONE = TITLE.encode()
"""The form of a piece that is the title and no more."""
TRANSPARENT = (b"", TITLE_ALONE)
"""Forms of pieces that are nobody's text: a number, the title once more."""
LONG = 20
"""Words of a piece that can be boilerplate by itself; a shorter one only beside another, or at an end of the body."""
_SPACE, _NOTHING = "\x1f", "\x1e"
"""Stand between pieces where a space was, and where nothing was; a line break stands for itself.

No cleaned text holds any of the three (see recommender.text.clean).
"""
_SHORTEST_TITLE = 12
"""Characters of a title that can be told from a word."""
_END = re.compile(r"""([.!?…।؟۔።։။。！？](?<!\W\d.)(?<!\W\d\d.)["'”’»)\]]*) """)
"""Not behind a number of one or two digits: "am 3. Oktober". (A pattern that begins by looking back is slow.)"""
_IDEOGRAPHIC_END = re.compile(r"([。！？][」』”’）]*)(?=\S)")
_THAI = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
"""Thai, Lao, Burmese and Khmer: their words run on, and a space ends a phrase."""
_PHRASE_END = re.compile(f" (?<={_THAI} )(?={_THAI})")
_GAPS = re.compile(f"([\n{_SPACE}{_NOTHING}]+)")

_YEAR = re.compile(r" (?:19|20)\d\d\b")
_DAY = re.compile(
    r"\b\d{1,2}(?:st|nd|rd|th|\.)?,? (?:de |of )?[^\W\d_]{3,}\.?,?(?: de)?\Z"
    r"|\b[^\W\d_]{3,}\.? \d{1,2}(?:st|nd|rd|th)?,?\Z"
)
"""Before a year: "3 March", "3. März", "3 de marzo de", "March 3,"."""
_LONGEST_DAY = 24
_OTHER_DIGITS = re.compile("[٠-٩۰-۹०-९๐-๙０-９]+")
_THEIR_FIRST_BYTES = (b"\xd9", b"\xdb", b"\xe0", b"\xef")
_LOWERED = bytes(range(256)).lower().replace(_SPACE.encode(), b"\n").replace(_NOTHING.encode(), b"\n")
_LEFT_OUT = b"0123456789 .,:"
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_UNSPACED = re.compile(f"{_THAI}|[\u3040-\u30ff\u3400-\u9fff]")


def marked(text: str, title: str = "") -> str:
    """Return cleaned ``text`` with a sign between its pieces, for ``cut`` and ``forms``, and TITLE for the title."""
    if len(title) >= _SHORTEST_TITLE:
        text = text.replace(title, TITLE)
    text = _END.sub(rf"\1{_SPACE}", text)
    if text.isascii():
        return text
    if "。" in text:
        text = _IDEOGRAPHIC_END.sub(rf"\1{_NOTHING}", text)
    return _PHRASE_END.sub(_SPACE, text)


def cut(text: str) -> tuple[list[str], list[str]]:
    """Return the pieces of a ``marked`` text, and the gap between each and the next (one fewer, see ``spacing``)."""
    parts = _GAPS.split(text)
    return parts[::2], parts[1::2]


def spacing(gaps: Sequence[str]) -> str:
    """Return what stands between two pieces when those between them are left out: the widest of ``gaps``."""
    widest = max(gaps, key=lambda gap: (gap.count("\n"), _SPACE in gap))
    return "\n\n" if widest.count("\n") > 1 else "\n" if "\n" in widest else " " if _SPACE in widest else ""


def form(piece: str) -> bytes:
    """Return the form in which a piece compares; empty for a number alone.

    Digits, days, spaces and the signs of numbers are left out, and ASCII is in small letters.
    """
    return forms(piece)[0]


def forms(text: str) -> list[bytes]:
    """Return the forms of the pieces of a ``marked`` text, one for each that ``cut`` gives."""
    text = _without_days(text)
    data = text.encode("utf-8", "surrogatepass")
    if any(byte in data for byte in _THEIR_FIRST_BYTES):
        data = _OTHER_DIGITS.sub("", text).encode("utf-8", "surrogatepass")
    data = data.translate(_LOWERED)
    while b"\n\n" in data:
        data = data.replace(b"\n\n", b"\n")
    return data.translate(None, _LEFT_OUT).split(b"\n")


def unspaced(letter: str) -> bool:
    """Say whether words may begin and end anywhere in the script of ``letter``."""
    return _UNSPACED.match(letter) is not None


def words(text: str) -> int:
    """Count the words of ``text``, three letters for one in scripts without spaces between words."""
    return len(_WORD.findall(text)) + (0 if text.isascii() else len(_UNSPACED.findall(text)) // 3)


def _without_days(text: str) -> str:
    """Leave out days with a year, whose months are words: "Published 3 March 2024" is the same text the year round."""
    parts, last = [], 0
    for year in _YEAR.finditer(text):
        if day := _DAY.search(text, max(last, year.start() - _LONGEST_DAY), year.start()):
            parts.append(text[last : day.start()])
            last = year.end()
    return "".join((*parts, text[last:])) if parts else text
