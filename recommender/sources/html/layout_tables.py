"""Tables that lay a page out: whose cells are columns of the page, its text in one of them, navigation in the next.

trafilatura takes a table for data: it writes all cells of a row in one line, the menu beside the text, and looks
through each of them more than once. As mere divisions the cells are what they are in any other page.
"""

from typing import Any

LONG = 600
"""Characters in a cell from which it holds more than data."""
_BREAKS = 4
_MAX_TABLES = 1_000
_PARTS = frozenset("table thead tbody tfoot tr td th colgroup col".split())
_BLOCKS = frozenset("table h1 h2 h3 nav article section header footer form main aside".split())
_SAYS_DATA = frozenset("th caption thead".split())


def without_layout_tables(html: str) -> Any:  # noqa: ANN401 - a text or an lxml element
    """Return a page for trafilatura: its tree, where tables that lay it out are divisions; ``html`` if it has no table.

    A table lays out if it says so (``role="presentation"``), or if it names no columns and a cell of it holds what no
    cell of data does: another table, headings, parts of a page, several paragraphs, or a long text.
    """
    if "<table" not in html and "<TABLE" not in html:
        return html
    from trafilatura.utils import load_html

    tree: Any = load_html(html)
    if tree is None:
        return html
    tables = list(tree.iter("table"))[:_MAX_TABLES]
    own = {table: _own_parts(table) for table in tables}
    for table in [table for table in tables if _lays_out(table, own[table])]:
        for part in (table, *own[table]):
            part.tag = "div"
    return tree


def _own_parts(table: Any) -> list[Any]:  # noqa: ANN401 - an lxml element
    """The table's rows, cells and groups of them, without those of tables inside it."""
    parts = []
    waiting = list(table)
    while waiting:
        each = waiting.pop()
        if (each.tag in _PARTS and each.tag != "table") or each.tag == "caption":
            parts.append(each)
            waiting += [] if each.tag in ("td", "th", "caption") else list(each)
    return parts


def _lays_out(table: Any, own: list[Any]) -> bool:  # noqa: ANN401 - an lxml element
    role = (table.get("role") or "").lower()
    if role in ("presentation", "none"):
        return True
    if role or any(part.tag in _SAYS_DATA for part in own):
        return False
    return any(part.tag == "td" and _is_column(part) for part in own)


def _is_column(cell: Any) -> bool:  # noqa: ANN401 - an lxml element
    """Whether a cell is a column of the page."""
    paragraphs = breaks = 0
    for each in cell.iter():
        paragraphs += each.tag == "p"
        breaks += each.tag == "br"
        if (each is not cell and each.tag in _BLOCKS) or paragraphs > 1 or breaks >= _BREAKS:
            return True
    return len(cell.text_content()) >= LONG
