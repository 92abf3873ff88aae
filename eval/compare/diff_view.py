"""A diff as an operator reads it in the terminal."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from eval.compare.churn import BANDS, Churn, Entry, ListChange
from eval.compare.diff import Diff, Moved, Turnover

BAR = 30
"""Characters of the longest bar."""


def diff_view(result: Diff) -> Group:
    """Return ``result`` as one page: the verdict, what differs, how many lists changed how much, and which."""
    parts: list[RenderableType] = [_wrapped(verdict(result), "bold"), Text(), _sides(result)]
    if result.lists.unchanged < result.lists.compared:
        parts += [Text(), _head(f"Lists by overlap@{result.k}"), _bands(result.lists), _reasons(result.lists)]
    if result.changed:
        parts += [Text(), _head("Lists that changed most"), _legend()]
        for change in result.changed:
            parts += [Text(), *_side_by_side(change)]
    moves = result.articles
    for head, moved, count in (
        ("In more lists than before, A → B", moves.hubs, None),
        ("In no list any more", moves.new_orphans, moves.orphaned),
        ("Added", moves.added_articles, moves.added),
        ("Removed", moves.removed_articles, moves.removed),
    ):
        if moved:
            parts += [Text(), _head(head if count is None else f"{head} ({count:,})"), _moved(moved)]
    return Group(*parts)


def verdict(result: Diff) -> str:
    """Return the diff in a sentence or two."""
    lists, moves = result.lists, result.articles
    if result.a.version == result.b.version and lists.unchanged == lists.compared:
        return f"The same snapshot: {lists.compared:,} lists, none changed."
    if lists.unchanged == lists.compared:
        start = f"Not one of {lists.compared:,} lists changes"
    else:
        start = (
            f"{lists.compared - lists.unchanged:,} of {lists.compared:,} lists change;"
            f" on average {lists.overlap:.0%} of a list stays (overlap@{result.k} {lists.overlap:.3f},"
            f" rank-biased {lists.rank_biased:.3f})"
        )
    return f"{start}. {_articles(moves)}"


def _articles(moves: Turnover) -> str:
    counts = (
        (moves.added, "added"),
        (moves.removed, "removed"),
        (moves.edited, "edited"),
        (moves.orphaned, "no longer in any list"),
    )
    said = [f"{count:,} {what}" for count, what in counts if count]
    return f"Articles: {', '.join(said)}." if said else "The articles are the same."


def _sides(result: Diff) -> Table:
    table = Table("", "A", "B", box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in table.columns[1:]:
        column.overflow = "fold"
    a, b = result.a, result.b
    for what, left, right in (
        ("snapshot", a.name, b.name),
        ("version", a.version, b.version),
        ("built", a.built_at, b.built_at),
        (f"coverage@{result.k}", f"{a.coverage:.1%}", f"{b.coverage:.1%}"),
        ("Gini of exposure", f"{a.gini:.3f}", f"{b.gini:.3f}"),
        ("greatest hub, in lists", f"{a.largest:,}", f"{b.largest:,}"),
        ("in no list", f"{a.orphans:,}", f"{b.orphans:,}"),
    ):
        table.add_row(what, Text(left), Text(right))
    for change in result.manifests:
        cells = ("–" if value is None else value for value in (change.a, change.b))
        table.add_row(Text(change.what.replace("_", " ")), *(Text(cell, style="yellow") for cell in cells))
    return table


def _bands(lists: Churn) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column(justify="right")
    table.add_column(no_wrap=True)
    names = [f"{low:.1f} to {high:.1f}" for low, high in pairwise(BANDS)]
    for name, count in reversed(list(zip([*names, "all of it"], lists.bands, strict=True))):
        bar = "█" * round(BAR * count / max(lists.bands)) or ("▏" if count else "")
        table.add_row(name, f"{count:,}", Text(bar, style="cyan"))
    return table


def _reasons(lists: Churn) -> Text:
    left = f"{lists.left:,} ({lists.left_removed:,} by removed articles)"
    entered = f"{lists.entered:,} ({lists.entered_added:,} by new ones)"
    return _wrapped(
        f"{lists.unchanged:,} lists are the same in the same order. Places left: {left}; entered: {entered}."
    )


def _legend() -> Text:
    return _wrapped("A on the left, B on the right.  - leaves  + enters  x not in B  * new in B", "dim")


def _side_by_side(change: ListChange) -> tuple[RenderableType, ...]:
    head = _wrapped(f"{change.title} ", "bold")
    head.append(f"({change.id}) overlap {change.overlap:.2f}, rank-biased {change.rank_biased:.2f}", style="dim")
    table = Table(box=None, show_header=False, expand=True, padding=(0, 1, 0, 0))
    table.add_column(width=2, justify="right", style="dim")
    for _ in "AB":
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for place in range(max(len(change.a), len(change.b))):
        left, right = _entry(change.a, place, "-x", "red"), _entry(change.b, place, "+*", "green")
        table.add_row(str(place + 1), left, right)
    return head, table


def _entry(entries: Sequence[Entry], place: int, marks: str, colour: str) -> Text:
    if place >= len(entries):
        return Text()
    entry = entries[place]
    mark = " " if entry.kept else marks[0] if entry.known else marks[1]
    return Text(f"{mark} {entry.title}", style="" if entry.kept else colour, no_wrap=True, overflow="ellipsis")


def _moved(moved: Iterable[Moved]) -> Table:
    table = Table(box=None, show_header=False, expand=True, padding=(0, 1, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for each in moved:
        counts = " → ".join("–" if count is None else f"{count:,}" for count in (each.before, each.after))
        table.add_row(counts, Text(f"{each.title}  ").append(each.id, style="dim"))
    return table


def _head(text: str) -> Text:
    return Text(text, style="bold underline")


def _wrapped(text: str, style: str = "") -> Text:
    """Text that wraps on a console whose lines do not."""
    return Text(text, style=style, no_wrap=False, overflow="fold")
