"""Characters: which of them are text, what of a text is read, and the form in which two texts compare."""

import hashlib
import re
import unicodedata

import regex

from recommender.text.long_texts import PART, in_parts

# White space, and what stands between two words without being any: the other controls of C1 (left by a wrong
# encoding), and the place of an object that is not there.
_SPACES = re.compile("[\t\x0b\x0c\x1c-\x1f\x80-\x9f\xa0\u1680\u2000-\u200a\u202f\u205f\u3000\ufffc]")
_SEVERAL_SPACES = re.compile("  +")
_BLANK_LINES = re.compile(r"\n{3,}")
_SURROGATE = re.compile("[\ud800-\udfff]")
# The controls of C0 that separate nothing, soft hyphen, zero-width and direction marks, interlinear annotation,
# tags and non-characters: none is text, several are used to hide text or to tell equal texts apart.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f\xad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff]"
)
# Apart, because a class this scattered is ten times as slow, and few texts hold a character of these planes.
_BEYOND_PLANE_0 = re.compile("[\U00010000-\U0010ffff]")
_INVISIBLE_BEYOND = re.compile(
    "[\U000e0000-\U000e007f"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
    + "]"
)
_JOINERS = re.compile("[\u200c\u200d]")
_MARKS_WITH_JOINERS = regex.compile(r"[\p{M}\u200c\u200d]++")
_REPEATED_JOINER = re.compile("([\u200c\u200d])[\u200c\u200d]+")
# Two neighbours between which a joiner says how to write them: cursive scripts (Arabic, Syriac, N'Ko, Mandaic,
# Mongolian, Adlam and others), Brahmic scripts, emoji. U+2194 alone composes with U+0338, so only as an emoji.
_JOINED = regex.compile(
    r"[\u0600-\u08ff\u1800-\u18af\U00010ac0-\U00010aff\U00010b80-\U00010bff\U00010d00-\U00010d3f\U0001e900-\U0001e95f]{2}"
    r"|[\u0900-\u0dff\u0f00-\u109f\u1780-\u17ff\u1a20-\u1aaf\u1b00-\u1bbf\ua880-\ua8df\ua980-\uaadf\uabc0-\uabff"
    r"\U00011000-\U00011fff]{2}"
    r"|(?!\u2194)[\p{Extended_Pictographic}\U0001f3fb-\U0001f3ff](?!\u2194(?!\ufe0f))\p{Extended_Pictographic}"
)
# U+FF9E and U+FF9F are letters that NFKC turns into combining marks.
_MANY_MARKS = regex.compile(r"([\p{M}\uff9e\uff9f]{30})[\p{M}\uff9e\uff9f]++")
_IGNORABLE = regex.compile(r"\p{Default_Ignorable_Code_Point}+")
_NOT_WORD = regex.compile(r"[^\p{L}\p{M}\p{N}]+")
# NFKC makes a space and a mark of an accent that stands alone ("d´Aden").
_MARK_OF_NO_LETTER = regex.compile(r"(?<![\p{L}\p{M}\p{N}])\p{M}++")

_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"\n]*\")?\)")
_URL = re.compile(r"\b(?:https?://|www\.)\S+")
COMPARED_PART = 4_000
"""Characters that are normalised in one go: compatibility forms may be 18 times as long as what they stand for."""


def clean(text: str) -> str:
    """Return ``text`` in NFC with one kind of line break, single spaces and no invisible characters.

    Paragraphs stay separated by one blank line; lone surrogates become U+FFFD; more than 30 combining marks in a row
    are cut (UAX #15, Stream-Safe Text Format). ``clean(clean(text)) == clean(text)``; time is linear.
    """
    text = "".join(map(_visible, in_parts(text.replace("\r\n", "\n").replace("\r", "\n"))))
    lines = (line.strip() for line in _SEVERAL_SPACES.sub(" ", text).split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _visible(text: str) -> str:
    """Return ``text`` in NFC, without invisible characters, one space for each run of white space in a line."""
    text = _INVISIBLE.sub("", text)
    if not text.isascii():
        text = _composed(text.replace("\x85", "\n").replace("\u2028", "\n").replace("\u2029", "\n\n"))
    return _SEVERAL_SPACES.sub(" ", _SPACES.sub(" ", text))


def _composed(text: str) -> str:
    """Return ``text`` in NFC, without the invisible characters beyond plane 0 and joiners that join nothing."""
    text = _SURROGATE.sub("\ufffd", text)
    if _BEYOND_PLANE_0.search(text):
        text = _INVISIBLE_BEYOND.sub("", text)
    if _JOINERS.search(text):
        text = _MARKS_WITH_JOINERS.sub(_with_joiners_that_mean_something, text)
    # Once more afterwards: NFC takes a few letters apart into a letter and a mark.
    return _stream_safe(unicodedata.normalize("NFC", _stream_safe(text)))


def _with_joiners_that_mean_something(run: regex.Match[str]) -> str:
    """Return a run of marks and joiners; its joiners vanish unless the characters around the run are joined."""
    marks = run[0]
    around = run.string[max(run.start() - 1, 0) : run.start()] + run.string[run.end() : run.end() + 2]
    if run.start() and _JOINED.match(around):
        return _REPEATED_JOINER.sub(r"\1", marks)
    return _JOINERS.sub("", marks)


def _stream_safe(text: str) -> str:
    """Return ``text`` with at most 30 marks in a row: normalising takes time quadratic in their number."""
    return _MANY_MARKS.sub(r"\1", text)


def readable(text: str) -> str:
    """Return ``text`` without link targets and URLs: what a person would read."""
    return "".join(_URL.sub(" ", _MARKDOWN_LINK.sub(r"\1", part)) for part in in_parts(text))


def normalise(text: str) -> str:
    """Return the form in which texts compare: NFKC, case-folded, words of letters, marks and digits between spaces.

    Characters that are not drawn (joiners, variation selectors, soft hyphens) make no difference.
    """
    if text.isascii() and len(text) <= PART:
        return _NOT_WORD.sub(" ", text.lower()).strip()
    return " ".join(filter(None, map(_normalised, in_parts(text, COMPARED_PART))))


def _normalised(text: str) -> str:
    text = unicodedata.normalize("NFKC", _stream_safe(_IGNORABLE.sub("", text))).casefold()
    text = _MARK_OF_NO_LETTER.sub(" ", unicodedata.normalize("NFKC", text))
    return _NOT_WORD.sub(" ", text).strip()


def sha256(text: str) -> str:
    """Return the hex SHA-256 of ``text`` in UTF-8."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
