"""Where the code of a Markdown text is, so that what only prose may hold is looked for in prose alone."""

import re
from collections.abc import Callable

BRACE = "\ufdd0"
"""Stands for a "{" that is text and begins no template: no text holds this character, and ``clean`` drops it."""

_FENCE = re.compile(r"[ \t]*(?:>[ \t]?|[-*+][ \t]+|\d{1,9}[.)][ \t]+)*(`{3,}|~{3,})([^\n]*)")
_TICKS = re.compile(r"`+")


def by_fences(text: str) -> list[tuple[bool, str]]:
    """Return the runs of lines of ``text``, and of each whether it is a fenced block of code, its fences included."""
    parts: list[tuple[bool, str]] = []
    fence, start, at = "", 0, 0
    for line in text.splitlines(keepends=True):
        end = at + len(line)
        found = _FENCE.match(line) if "```" in line or "~~~" in line else None
        if found and not fence and not (found[1][0] == "`" and "`" in found[2]):
            if at > start:
                parts.append((False, text[start:at]))
            fence, start = found[1], at
        elif found and fence and found[1].startswith(fence) and not found[2].strip():
            parts.append((True, text[start:end]))
            fence, start = "", end
        at = end
    if at > start:
        parts.append((bool(fence), text[start:at]))
    return parts


def in_prose(change: Callable[[str], str], text: str) -> str:
    """Return ``text`` with ``change`` made to all that stands outside of code, fenced or in a line."""
    return "".join(part if is_code else _outside_ticks(change, part) for is_code, part in by_fences(text))


def in_code(change: Callable[[str], str], text: str) -> str:
    """Return ``text`` with ``change`` made to all its code, fenced or in a line."""
    return "".join(change(part) if is_code else _inside_ticks(change, part) for is_code, part in by_fences(text))


def _outside_ticks(change: Callable[[str], str], text: str) -> str:
    return "".join(part if is_code else change(part) for is_code, part in by_ticks(text))


def _inside_ticks(change: Callable[[str], str], text: str) -> str:
    return "".join(change(part) if is_code else part for is_code, part in by_ticks(text))


def by_ticks(text: str) -> list[tuple[bool, str]]:
    """Part at code in a line, which as many backticks end as began it, in the same paragraph: code is True."""
    if "`" not in text:
        return [(False, text)]
    ticks = list(_TICKS.finditer(text))
    partner = _partners([found[0] for found in ticks])
    parts: list[tuple[bool, str]] = []
    at = place = 0
    while place < len(ticks):
        end = partner[place]
        start = ticks[place].start()
        if not end or "\n\n" in text[start : min(ticks[end].end(), start + 2_000)]:
            place += 1
            continue
        parts += [(False, text[at:start]), (True, text[start : ticks[end].end()])]
        at, place = ticks[end].end(), end + 1
    return [*parts, (False, text[at:])]


def _partners(runs: list[str]) -> list[int]:
    """Of each run of backticks the place of the next as long as it is, 0 if there is none."""
    if len(set(runs)) == 1:
        return [*range(1, len(runs)), 0]
    following: dict[str, int] = {}
    partner = [0] * len(runs)
    for place in range(len(runs) - 1, -1, -1):
        partner[place] = following.get(runs[place], 0)
        following[runs[place]] = place
    return partner
