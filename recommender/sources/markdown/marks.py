"""Marks of extensions of Markdown that no reader sees: admonitions, attributes, tables of contents, footnotes."""

import re

from recommender.sources.markdown.code_marks import in_prose

_INDENT = "    "
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})")
_ADMONITION = re.compile(
    r"(?:!!!|\?\?\?\+?)[ \t]+[\w ,-]*?[ \t]*(?:\"([^\"\n]*)\")?[ \t]*|===[!+]?[ \t]+\"([^\"\n]*)\"[ \t]*"
)
_CONTAINER = re.compile(
    r"[ \t]*:{3,}[ \t]*(?:\{[^{}\n]*\}|[\w-]*(?:\[([^\[\]\n]*)\]|[ \t]+([^{}\n]*?))?(?:\{[^{}\n]*\})?)[ \t]*"
)
_DROPPED = re.compile(
    r"[ \t]*(?:\{:[^{}\n]*\}|\[\[?_?toc_?\]\]?|\[\[_TOC_\]\]|[*-][ \t]+toc[ \t]*|<!--[ \t]*/?toc[ \t]*-->"
    r"|>[ \t]*\[!\w+\][+-]?[ \t]*|\*\[[^\[\]\n]+\]:[^\n]*|\\(?:newpage|pagebreak|tableofcontents))[ \t]*",
    re.IGNORECASE,
)
_ANY = re.compile(
    rf"\n(?=[ \t]*[!?=:{{\[*<>\\-])(?:{_ADMONITION.pattern}|{_CONTAINER.pattern}|(?i:{_DROPPED.pattern}))(?:\n|\Z)"
)
"""A line that is a mark; only beside one do other lines move."""
_FOOTNOTE = re.compile(r"(?m)^[ ]{0,3}\[\^[^\[\]\n]{1,100}\]:[ \t]*")
_INLINE = re.compile(
    r"\[\^[^\[\]\n]{1,100}\]"
    r"|(?<=[\])*_\w\"”])[ \t]?\{:?[ \t]*[.#][\w.#:= \t\"'-]{0,200}\}"
    r"|(?<=\))\{:?[ \t]*[\w-]+=[^{}\n]{1,200}\}"
    r"|\{:[ \t]*(?:[.#]|[\w-]+=)[^{}\n]{0,200}\}"
)
_ANY_INLINE = re.compile(r"\[(?:[\^\[]|[ xX]\])|\n:|>[ ]?>|\{(?::?[ \t]*[.#]|:[ \t]*[\w-]+=|(?<=\)\{)[ \t]*[\w-]+=)")
"""What all of the marks in a line have one of."""
_WIKI = re.compile(r"(!?)\[\[([^\[\]|\n\s][^\[\]|\n]{0,300})(?:\|([^\[\]\n]{1,300}))?\]\]")
_TASK = re.compile(r"(?m)^([ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+)\[[ xX]\][ \t]+")
_DEFINITION = re.compile(r"(?m)^:[ \t]+(?=\S)")
_DEEP_QUOTE = re.compile(r"(?m)^(?:[ \t]*>){20,}")


def without_marks(text: str) -> str:
    """Return ``text`` without marks of extensions; titles and contents of what they mark stay."""
    text = _without_line_marks(text)
    return in_prose(_without_inline_marks, text) if _ANY_INLINE.search(text) else text


def _without_inline_marks(text: str) -> str:
    if "[^" in text:
        text = _FOOTNOTE.sub("\n", text)
    if "[ ]" in text or "[x]" in text or "[X]" in text:
        text = _TASK.sub(r"\1", text)
    if "[[" in text:
        text = _WIKI.sub(lambda found: "" if found[1] else found[3] or found[2].partition("#")[0] or found[2], text)
    if "[^" in text or "{" in text:
        text = _INLINE.sub("", text)
    if "\n:" in text:
        text = _DEFINITION.sub("\n", text)
    return _DEEP_QUOTE.sub(">", text) if ">>" in text or "> >" in text else text


def _without_line_marks(text: str) -> str:
    """Drop lines that are marks alone, and move what an admonition encloses to the left."""
    if not _ANY.search(f"\n{text}"):
        return text
    kept: list[str] = []
    fence, inside = "", 0
    for line in text.split("\n"):
        if inside and line.strip():
            inside = min(inside, _level(line))
            line = line[len(_INDENT) * inside :]
        if "```" in line or "~~~" in line:
            fence = _fence_after(line, fence)
        if fence or not line or line.lstrip()[:1] not in "!?=:{[*-<>\\":
            kept.append(line)
        elif found := _ADMONITION.fullmatch(line):
            kept += ["", found[1] or found[2] or "", ""]
            inside += 1
        elif found := _CONTAINER.fullmatch(line):
            kept += ["", found[1] or found[2] or "", ""]
        elif not _DROPPED.fullmatch(line):
            kept.append(line)
    return "\n".join(kept)


def _level(line: str) -> int:
    return (len(line) - len(line.lstrip(" "))) // len(_INDENT)


def _fence_after(line: str, fence: str) -> str:
    """Return the fence that is open after ``line``, given the one before."""
    found = _FENCE.match(line)
    if not found:
        return fence
    if not fence:
        return "" if found[1][0] == "`" and "`" in line[found.end() :] else found[1]
    return "" if found[1].startswith(fence) and not line[found.end() :].strip() else fence
