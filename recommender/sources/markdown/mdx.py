"""MDX: Markdown with JavaScript in it. Imports, exports, components and expressions go, the text in them stays."""

import re

from recommender.sources.markdown.code_marks import in_prose

LONGEST = 5_000
"""Characters of one tag or expression; what is longer is taken for text."""
_PATIENCE = 50
"""How many tags or statements without end are looked for in vain, before what is left is taken as it stands."""

_MODULE = re.compile(
    r"(?:import\s*(?:[\"']|[\w*{][^\n]*(?:\sfrom\s*[\"']|,\s*$|\{\s*$))"
    r"|export\s+(?:const|let|var|function|default|async|class|\{|\*))"
)
_TAG_START = re.compile(r"</?(?:[A-Za-z][\w.:-]*|(?=>))|\{")
_LITERAL = re.compile(r"""\{\s*(?:"([^"\\{}\n]*)"|'([^'\\{}\n]*)'|`([^`\\{}$]*)`)\s*\}""")
_STOPS = re.compile(r"[{}>\"'`]")


def without_javascript(text: str) -> str:
    """Return the MDX ``text`` as Markdown. Time is linear."""
    return in_prose(_without_tags, _without_modules(text))


def _without_modules(text: str) -> str:
    """Drop imports and exports: from such a line to the blank one after which its braces are closed."""
    kept: list[str] = []
    lines = text.split("\n")
    at, blank, vain = 0, True, 0
    fence = ""
    while at < len(lines):
        line = lines[at]
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~") and (not fence or mark == fence):
            fence = "" if fence else mark
        if not fence and blank and _MODULE.match(line):
            end = _module_end(lines, at, 500 if vain < _PATIENCE else 1)
            vain += end < 0
            at = abs(end)
            continue
        kept.append(line)
        blank = not line.strip()
        at += 1
    return "\n".join(kept)


def _module_end(lines: list[str], start: int, most: int) -> int:
    """Return the line after a module's statement; minus the first blank one, where its braces do not close."""
    depth, blank_line = 0, 0
    for at in range(start, min(len(lines), start + most)):
        line = lines[at]
        if not line.strip():
            blank_line = blank_line or at
            if depth <= 0:
                return at
        depth += sum(map(line.count, "{([")) - sum(map(line.count, "})]"))
    if not blank_line and start + most >= len(lines):
        return len(lines)
    return -(blank_line or start + 1)


def _without_tags(text: str) -> str:
    if "<" not in text and "{" not in text:
        return text
    parts: list[str] = []
    at = vain = 0
    while vain < _PATIENCE and (found := _TAG_START.search(text, at)):
        end = _end(text, found)
        if not end:
            vain += 1
            parts.append(text[at : found.end()])
            at = found.end()
            continue
        parts.append(text[at : found.start()])
        parts.append(_instead(text, found, end))
        at = end
    parts.append(text[at:])
    return "".join(parts)


def _instead(text: str, found: re.Match[str], end: int) -> str:
    if found[0] == "{":
        literal = _LITERAL.fullmatch(text, found.start(), end)
        return next((part for part in literal.groups() if part is not None), "") if literal else ""
    tag = text[found.start() : end]
    name = found[0].lstrip("</")
    # HTML's own elements stay for whoever reads HTML, unless they hold JavaScript.
    return tag if name[:1].islower() and "." not in name and "{" not in tag else ""


def _end(text: str, found: re.Match[str]) -> int:
    """Return where the tag or the expression ends, 0 if it does not within LONGEST characters."""
    is_tag = found[0] != "{"
    if is_tag and text[found.end() : found.end() + 1] not in (">", "/", " ", "\n", "\t", "{"):
        return 0
    depth, at = (0 if is_tag else 1), found.end()
    limit = min(len(text), found.start() + LONGEST)
    while stop := _STOPS.search(text, at, limit):
        char, at = stop[0], stop.end()
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth <= 0 and not is_tag:
                return at
        elif char == ">":
            if is_tag and depth <= 0:
                return at
        elif is_tag or depth:
            closing = text.find(char, at, limit)
            if closing < 0 and is_tag:
                return 0
            at = closing + 1 if closing >= 0 else at
    return 0
