"""The different words of a text, in the form in which texts are compared: case, accents and plurals do not count."""

import re
import unicodedata
from collections.abc import Iterator

from recommender.text.characters import COMPARED_PART
from recommender.text.long_texts import in_parts

LEAST_WORDS = 30
"""Different words a text needs before it can be said to be another one again."""

_ACCENTS = re.compile("[\u0300-\u036f]+")
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Scripts without spaces between words: Thai to Khmer, kana, Chinese characters."""


def plain(text: str) -> str:
    """Return ``text`` case-folded, without accents, in compatibility form ("№" is "no", "１" is "1")."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
    return text.casefold()


def distinct_words(text: str) -> set[str]:
    """Return the different words of ``text``; in scripts without spaces, its pairs of neighbouring letters."""
    words = {word for piece in in_parts(text, COMPARED_PART) for word in _WORD.findall(plain(piece))}
    return {part for word in words for part in compared(word)}


def has_distinct_words(text: str, least: int) -> bool:
    """Say whether ``text`` has at least ``least`` different words; reads little further than it must."""
    found = set[str]()
    for piece in in_parts(text, COMPARED_PART):
        found.update(part for word in set(_WORD.findall(plain(piece))) for part in compared(word))
        if len(found) >= least:
            return True
    return False


def compared(word: str) -> Iterator[str]:
    """Yield what a ``plain`` word is compared by."""
    if not word.isascii() and _UNSPACED.search(word):
        yield from (word[at : at + 2] for at in range(max(1, len(word) - 1)))
    else:
        yield _singular(word) if word[-1] == "s" else word


def _singular(word: str) -> str:
    """Without the s of a plural, so that "lemons" and "cherries" in a text are those of its title."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-1] if len(word) > 3 else word
