"""What the command lines say of themselves: narrow, examples first, options in groups, nothing for maintainers; and how
far they are, on a terminal and without one."""

import io
import re
from collections.abc import Iterator
from typing import Any

import click
import pytest
import typer.main
from rich.console import Console
from typer.testing import CliRunner

import api.cli
import eval.cli
import index.cli
from recommender import cli_progress
from recommender.cli_progress import EVERY, Lines, item_bar, spinner, work_bar

APPS = {"related-index": index.cli.app, "related-api": api.cli.app, "related-eval": eval.cli.app}
HIDDEN = {"related-eval": {"weights", "footers", "versions", "pairs", "reasons"}}
NARROW = {"COLUMNS": "80", "TERMINAL_WIDTH": "80", "NO_COLOR": "1", "TERM": "dumb"}
SERVER = ("related-api",)
"""It has no command that ends, but for its keys."""


def commands() -> Iterator[tuple[str, ...]]:
    for program, app in APPS.items():
        yield (program,)
        yield from below((program,), typer.main.get_command(app))


def below(path: tuple[str, ...], group: Any) -> Iterator[tuple[str, ...]]:
    for name, command in getattr(group, "commands", {}).items():
        yield (*path, name)
        yield from below((*path, name), command)


PATHS = list(commands())


def help_of(path: tuple[str, ...]) -> str:
    result = CliRunner().invoke(APPS[path[0]], [*path[1:], "--help"], env=NARROW, prog_name=path[0])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_help_fits_a_narrow_terminal_and_begins_with_examples(path: tuple[str, ...]) -> None:
    text = help_of(path)
    assert max(map(len, text.splitlines())) <= 80
    group = "Commands" in text or path[0] == "related-api"
    examples = re.findall(r"^\s*\$ (\S+(?: \S+)*)", text, re.MULTILINE)
    if not group:
        assert examples
        assert text.index("$ ") < text.index("Options")
    for example in examples:
        assert " ".join(path) in example


@pytest.mark.parametrize("program", APPS)
def test_maintainers_commands_are_there_and_not_listed(program: str) -> None:
    text = help_of((program,))
    for path in PATHS:
        if len(path) == 2 and path[0] == program:
            assert bool(re.search(rf"│ {path[1]}\s", text)) is (path[1] not in HIDDEN.get(program, ()))
    for name in HIDDEN.get(program, ()):
        assert help_of((program, name))


@pytest.mark.parametrize(
    ("path", "panels"),
    [
        (("related-index", "build"), ["Arguments", "Options", "How the sources are read"]),
        (
            ("related-eval", "run"),
            [
                "Options",
                "What is evaluated",
                "What it is compared with, and how",
                "What is looked at besides",
                "What the report is held to",
            ],
        ),
    ],
)
def test_many_options_stand_in_groups(path: tuple[str, ...], panels: list[str]) -> None:
    assert set(re.findall(r"╭─ (.*?) ─", help_of(path))) == set(panels)


def test_every_example_is_one_that_the_program_takes() -> None:
    """Its commands and options are there: nothing is run."""
    for path in PATHS:
        for example in re.findall(r"\$ (related-.*)", help_of(path)):
            words = example.split("#")[0].split(">")[0].split()
            command: Any = typer.main.get_command(APPS[words[0]])
            rest = words[1:]
            while rest and rest[0] in getattr(command, "commands", {}):
                command = command.commands[rest.pop(0)]
            known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
            assert {word for word in rest if word.startswith("--")} <= known, example
            assert isinstance(command, click.Command | typer.core.TyperCommand | typer.core.TyperGroup)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    found = io.StringIO()
    monkeypatch.setattr(cli_progress, "err", Console(file=found, soft_wrap=True, force_terminal=False))
    return found


def test_without_a_terminal_there_is_a_line_every_ten_seconds(log: io.StringIO) -> None:
    clock = Clock()
    lines = Lines("embedding", 2_000, clock)
    for _ in range(100):
        clock.now += 0.25
        lines.advance(10)
    assert log.getvalue().splitlines() == [
        "embedding: 400/2,000 (20%) after 10 s, about 40 s left",
        "embedding: 800/2,000 (40%) after 20 s, about 30 s left",
    ]
    assert EVERY == 10


def test_the_work_counts_and_not_the_items_where_both_are_known(log: io.StringIO) -> None:
    clock = Clock()
    lines = Lines("embedding", 10, clock)
    clock.now = 100
    lines.advance(9, 0.5)
    assert log.getvalue() == "embedding: 9/10 (50%) after 1 min 40 s, about 1 min 40 s left\n"


def test_of_what_has_no_end_the_count_is_said(log: io.StringIO) -> None:
    clock = Clock()
    lines = Lines("reading", None, clock)
    lines.advance(5)
    clock.now = 3_700
    lines.say("page 5 of [b]12[/b]")
    assert log.getvalue() == "reading: 5 after 1 h 1 min, page 5 of [b]12[/b]\n"


@pytest.mark.parametrize("terminal", [True, False])
def test_short_work_leaves_no_line_in_a_log(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    found = io.StringIO()
    monkeypatch.setattr(cli_progress, "err", Console(file=found, force_terminal=terminal, width=80))
    with item_bar("items", 3) as advance:
        advance(3)
    with work_bar("work", 10, 3) as work:
        work(10, 3)
    with spinner("reading") as (count, say):
        count(1)
        say("a")
    assert bool(found.getvalue()) is terminal
