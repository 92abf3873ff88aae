"""How far a command is: a bar on a terminal; elsewhere, in a log or under cron, a line now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

err = Console(stderr=True, highlight=False, soft_wrap=True)

EVERY = 10.0
"""Seconds from one line to the next where there is no terminal. Work that takes less says nothing there."""


class Lines:
    """Prints how many of ``total`` items are done (None: unknown how many there are), a line every EVERY seconds."""

    def __init__(self, label: str, total: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._label, self._total, self._clock = label, total, clock
        self._began = self._told = clock()
        self._done, self._said, self._work = 0, "", 0.0

    def advance(self, items: int, share: float = 0.0) -> None:
        """Count ``items`` just done, and the ``share`` of the work that they were; print a line if it is time."""
        self._done += items
        self._work += share
        self._line()

    def say(self, text: str) -> None:
        """Let the next lines end with ``text``."""
        self._said = text
        self._line()

    def _line(self) -> None:
        now = self._clock()
        if now - self._told < EVERY:
            return
        self._told, spent = now, now - self._began
        share = self._work or (self._done / self._total if self._total else 0.0)
        of = f"{self._done:,}/{self._total:,} ({share:.0%})" if self._total else f"{self._done:,}"
        left = f", about {_time(spent * (1 - share) / share)} left" if 0 < share < 1 else ""
        said = f", {self._said}" if self._said else ""
        err.print(f"{self._label}: {of} after {_time(spent)}{left}{said}", markup=False)


@contextmanager
def spinner(label: str) -> Iterator[tuple[Callable[[int], None], Callable[[str], None]]]:
    """Show ``label`` with a running count and time; yield what adds to the count, and what says how far it is."""
    if not err.is_terminal:
        lines = Lines(label, None)
        yield lines.advance, lines.say
        return
    columns = (
        SpinnerColumn(),
        TextColumn(label),
        TextColumn("{task.completed:,.0f}"),
        TextColumn("{task.fields[said]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(label, total=None, said="")
        yield lambda amount: progress.advance(task, amount), lambda said: progress.update(task, said=said)


@contextmanager
def work_bar(label: str, work: int, items: int) -> Iterator[Callable[[int, int], None]]:
    """Show a bar over ``work`` units (they give the time left) that counts ``items`` with their rate.

    The yielded function takes (work, items) just done.
    """
    if not err.is_terminal:
        lines = Lines(label, items)
        yield lambda amount, count: lines.advance(count, amount / max(1, work))
        return
    columns = (
        TextColumn(label),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[done]:,}/{task.fields[items]:,} at {task.fields[rate]:.0f}/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, refresh_per_second=4) as progress:
        task = progress.add_task(label, total=work, done=0, items=items, rate=0.0)

        def advance(amount: int, count: int) -> None:
            entry = progress.tasks[task]
            done = entry.fields["done"] + count
            rate = done / max(entry.elapsed or 0.0, 1e-3)
            progress.update(task, advance=amount, done=done, rate=rate)

        yield advance


@contextmanager
def item_bar(label: str, items: int) -> Iterator[Callable[[int], None]]:
    """Show a bar over ``items``; the yielded function takes how many were just done."""
    if not err.is_terminal:
        yield Lines(label, items).advance
        return
    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, refresh_per_second=4) as progress:
        task = progress.add_task(label, total=items)
        yield lambda amount: progress.advance(task, amount)


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
