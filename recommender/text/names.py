"""Names in a text: runs of capitalised words, the cheapest evidence of who and where a story is about.

A heuristic and no recogniser: scripts without capital letters give none, and German nouns give many,
which their rarity then weighs down.
"""

import regex

_WORD = r"\p{Lu}(?:[\p{L}\p{N}’'&\-]|\.(?=[\p{L}\p{N}]))*"
_DOT = r"(?:(?<=(?<![\p{L}\p{N}])\p{Lu}\p{Ll}?|\.\p{Lu})\.)?"  # of "J. R.", "St." and "U.S.": it ends no sentence
_LINK = r"(?:of|the|and|for|de|du|la|von|van|der|den|bin|al|el)"
_NAME = regex.compile(rf"(?<![\p{{L}}\p{{N}}]){_WORD}(?:{_DOT} (?:{_LINK} ){{0,2}}(?:{_WORD}|\p{{N}}+))*")
_BEFORE_SENTENCE = frozenset(".!?…:;\"“”„»«'‘(•*-–—")
_EDGES = ".-'’&"


def names(text: str) -> list[str]:
    """Return the names in ``text`` in order, case-folded, one entry an occurrence."""
    return [name.casefold() for name in written(text)]


def written(text: str) -> list[str]:
    """Return the names in ``text`` in order, as they stand there, one entry an occurrence.

    A single capitalised word that opens a sentence is left out: nothing tells it from any other word,
    unless it is all in capitals.
    """
    found = []
    for match in _NAME.finditer(text):
        name = match.group().rstrip(_EDGES).removesuffix("'s").removesuffix("’s")
        alone = " " not in name
        if len(name) < 2 or (alone and not _acronym(name) and _opens_sentence(text, match.start())):
            continue
        found.append(name)
    return found


def _acronym(word: str) -> bool:
    return word.isupper()


def _opens_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip(" ") if start < 3 else text[max(0, start - 3) : start].rstrip(" ")
    return not before or before[-1] == "\n" or before[-1] in _BEFORE_SENTENCE
