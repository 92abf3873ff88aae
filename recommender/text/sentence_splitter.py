"""The sentences of a text, as a reader would tell them, and the units that passages to embed are put together from.

``sentences`` is for quotes. By rules for Latin scripts (compare Mikheev, "Periods, Capitalized Words, etc.", 2002) it
would rather miss an end than cut a sentence off after "Mr." or "the U.S."; other scripts have full stops of their own.

``passage_units`` ends one at every sign that can end a sentence, that of an abbreviation too: a passage that ends after
"Mr." loses next to nothing. It is no rougher ``sentences`` by neglect: another cut makes other passages, and so other
vectors and lists (of 23,038 articles of the demo and the development corpora, 842 would be cut elsewhere).
"""

import re
from collections.abc import Iterator

import regex

from recommender.text.long_texts import PART

_END = regex.compile(r"""(?<![.!?…])([.!?…]++)(["'”’»)\]]*+)(?=\s)|[。！？]++[」』”’）]*+|\n++""")
_NEXT = regex.compile(r"""(?<gap>\s++)["'“‘«(\[—–-]*+\s?+(?<word>[\p{L}\p{N}]*+)""")
_BREAK = re.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s+|\n+")
_LONGEST_BREAK = 50
"""Characters, of quotes and brackets, that may stand between a full stop and the space after it."""
_AROUND = "\"'“”‘’«»()[]&-–—"
_LONGEST = 20
"""Characters that are looked back at for the word before a full stop: abbreviations are shorter."""
_NEVER = frozenset(
    "mr mrs ms mx dr prof st ste gen col lt sgt capt cmdr cpl maj adm gov sen rep rev hon pres supt insp messrs mme "
    "mlle vs v cf eg ie viz approx ca fig nr bzw mt ft dept univ frl".split()
)
"""Abbreviations that something always follows."""
_BEFORE_NUMBER = frozenset("no nos vol pp p art sec ch jan feb mar apr jun jul aug sep sept oct nov dec".split())
_OFTEN = frozenset("inc corp co ltd plc bros jr sr etc am pm phd esq llc gmbh".split())
"""Abbreviations that may or may not end a sentence."""
_STARTERS = frozenset(
    "a an the this that these those he she it they we i you his her its their our my there here in on at by for from "
    "with and but or so yet if when while after before as since until although though because what who how why where "
    "which one two some many most all both no not now then later meanwhile however according "
    "der die das er sie es und im le la les il elle".split()
)
"""Words that, in capitals after a dotted abbreviation, rather begin a sentence than go on with a name."""


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of ``text`` in order, each as it stands there; a line break always ends one."""
    start = 0
    for match in _END.finditer(text):
        if match[1] and not _ends(text, match):
            continue
        if piece := text[start : match.end()].strip():
            yield piece
        start = match.end()
    if piece := text[start:].strip():
        yield piece


def passage_units(text: str) -> Iterator[str]:
    """Yield the units of ``text`` in order, each as it stands there; a passage ends between two of them.

    A unit ends at a line break, and wherever a sign that can end a sentence is followed by a space.
    """
    start = at = 0
    while at < len(text):
        match = _BREAK.search(text, at, at + PART)
        if match is None:
            at += PART - _LONGEST_BREAK
            continue
        if piece := text[start : match.end()].strip():
            yield piece
        start = at = match.end()
    if piece := text[start:].strip():
        yield piece


def _ends(text: str, match: "regex.Match[str]") -> bool:
    """Say whether a sentence ends with the sign that was found, which a space follows."""
    after = _NEXT.match(text, match.end())
    following = after["word"] if after else ""
    if not after or "\n" in after["gap"]:
        return True
    if following[:1].islower():
        return False
    if match[1] != "." or match[2]:
        return True
    before = text[max(0, match.start() - _LONGEST) : match.start()].split()
    word = before[-1].strip(_AROUND) if before and text[match.start() - 1 : match.start()].strip() else ""
    return _full_stop(word, following)


def _full_stop(word: str, following: str) -> bool:
    """Say whether the dot behind ``word`` ends the sentence before ``following``, which is no small letter's."""
    bare = word.lower().replace(".", "")
    if bare in _NEVER or (bare in _BEFORE_NUMBER and following[:1].isdecimal()):
        return False
    initial = len(bare) == 1 and bare.isalpha() and word != "I"
    dotted = "." in word and bare.isalpha()
    listed = bare.isdecimal() and len(bare) < 3  # "2. Second", "am 3. Oktober"
    if initial or dotted or listed or bare in _OFTEN:
        return following.lower() in _STARTERS  # "in the U.S. He", but "the U.S. Navy"
    return True
