"""Plain-text operations shared by every reader and view: cleaning, splitting, near-equality."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator

from rapidfuzz import fuzz

# C0/C1 controls except newline and tab, the zero-width and bidi-override characters, and the
# byte-order mark: none is text, several are used to hide text.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2060\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"\n]*\")?\)")
_URL = re.compile(r"\b(?:https?://|www\.)\S+")
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]*>")
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s+|\n+")
_NOT_WORD = re.compile(r"[\W_]+")

NEAR_EQUAL = 92.0
"""Normalised Indel similarity (0..100) from which two teasers count as the same text."""


def clean(text: str) -> str:
    """Return ``text`` in NFC with one kind of line break, single spaces and no invisible characters.

    Paragraphs stay separated by one blank line; lone surrogates become U+FFFD.
    """
    text = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _SPACES.sub(" ", unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", text)))
    lines = (line.strip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def readable(text: str) -> str:
    """Return ``text`` without link targets, URLs and markup tags: what a person would read."""
    text = _MARKDOWN_LINK.sub(r"\1", text)
    return _TAG.sub(" ", _URL.sub(" ", text))


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of ``text`` in order; a line break always ends one."""
    start = 0
    for match in _SENTENCE_END.finditer(text):
        piece = text[start : match.end()].strip()
        if piece:
            yield piece
        start = match.end()
    if piece := text[start:].strip():
        yield piece


def normalise(text: str) -> str:
    """Return ``text`` case-folded with every run of non-word characters as one space."""
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def near_equal(a: str, b: str) -> bool:
    """Say whether two normalised texts are the same but for a few characters (see NEAR_EQUAL)."""
    return fuzz.ratio(a, b, score_cutoff=NEAR_EQUAL) > 0


def sha256(text: str) -> str:
    """Return the hex SHA-256 of ``text`` in UTF-8."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
