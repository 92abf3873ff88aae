"""A rule of the block parser for most of what posts hold: paragraphs whose lines begin as nothing but text can.

Every other rule looks at each line of a text, to find that it is none of its own; of a line that begins with a letter
that is known beforehand. What the parser makes of a text is the same with and without this rule.
"""

from typing import Any

_BEGIN = frozenset("`~>*-_+[<#=|:0123456789")
"""What a line begins with that may be more than text: fences, quotes, rules, items, definitions of links, HTML,
headings and what is drawn below them, rows that part a table's head from its body."""
_CODE = 4
"""Columns from which an indented line is code, unless it goes on with a paragraph."""


def plain_paragraph(state: Any, start: int, _: int, silent: bool) -> bool:  # noqa: ANN401 - markdown_it's StateBlock
    """Read the paragraph at line ``start`` if all of its lines begin plainly; say whether it was read.

    A rule as markdown-it-py wants it. Of a paragraph outside of lists and quotes there is one token, the text.
    """
    if silent or state.sCount[start] - state.blkIndent >= _CODE:
        return False
    text, begins, ends, shifts = state.src, state.bMarks, state.eMarks, state.tShift
    line, end = start, state.lineMax
    while line < end and (at := begins[line] + shifts[line]) < ends[line]:
        indent = state.sCount[line]
        if text[at] in _BEGIN and (line == start or 0 <= indent < state.blkIndent + _CODE):
            return False
        line += 1
    content = state.getLines(start, line, state.blkIndent, False).strip()
    state.line = line
    if state.level:
        state.push("paragraph_open", "p", 1).map = [start, line]
    token = state.push("inline", "", 0)
    token.content, token.map = content, [start, line]
    if state.level:
        state.push("paragraph_close", "p", -1)
    return True
