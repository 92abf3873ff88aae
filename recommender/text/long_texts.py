"""A long text in parts: one call of a regular expression, or of Unicode's tables, holds the interpreter to its end."""

from collections.abc import Iterator

import regex

PART = 50_000
"""Characters of a part: milliseconds for the slowest expression."""

# What may belong to the character before it: combining marks, joiners, the half-width sound marks that NFKC turns into
# combining ones, and the vowels and finals that compose a syllable of Hangul.
_GOES_ON = regex.compile(r"[\p{M}\u200c\u200d\uff9e\uff9f\u1160-\u11ff]++")


def in_parts(text: str, size: int = PART) -> Iterator[str]:
    """Yield ``text`` in parts of about ``size`` characters, which joined are ``text``; time is linear.

    A part ends before a line break, if it holds none before a space, and where there is neither before a character
    that starts anew.
    """
    start = 0
    while len(text) - start > size:
        end = text.rfind("\n", start + 1, start + size)
        if end < 0:
            end = text.rfind(" ", start + 1, start + size)
        if end < 0:
            end = start + size
            if going_on := _GOES_ON.match(text, end):
                end = going_on.end()
        yield text[start:end]
        start = end
    if start < len(text):
        yield text[start:]
