"""What the three command lines share: a console, help, progress, and errors without a traceback."""

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from typer.core import TyperGroup

from recommender import setting_values
from recommender.cli_progress import err, item_bar, spinner, work_bar
from recommender.errors import BuildInterruptedError, InputError, RecommenderError, SourceError
from recommender.settings import settings
from recommender.start import INTERRUPTED

__all__ = [
    "HELP",
    "Adder",
    "Commands",
    "CuratedKey",
    "Model",
    "SiteUrl",
    "Store",
    "check_sources",
    "check_store",
    "err",
    "item_bar",
    "main",
    "next_step",
    "out",
    "spinner",
    "warn",
    "work_bar",
]

out = Console(highlight=False, soft_wrap=True)

F = TypeVar("F", bound=Callable[..., Any])
HELP = {"--help", "--install-completion", "--show-completion"}


def _folder(value: Path) -> Path:
    try:
        setting_values.folder(value)
    except ValueError as error:
        raise InputError(str(error), f"--store {value}") from None
    return value


Store = Annotated[
    Path,
    typer.Option(
        callback=_folder,
        default_factory=lambda: settings().store,
        show_default="var, or RELATED_STORE",
        help="Folder of the catalog and the snapshots.",
    ),
]
Model = Annotated[
    str,
    typer.Option(
        default_factory=lambda: settings().model,
        show_default="all-MiniLM-L6-v2, or RELATED_MODEL",
        help="Embedding model: name, folder, or `hash`.",
    ),
]


def _site(value: str) -> str:
    try:
        return setting_values.site(value)
    except ValueError as error:
        raise typer.BadParameter(f"{value!r}: {error}") from None


CuratedKey = Annotated[str, typer.Option(help="Key of the curated list in JSON lines.")]
SiteUrl = Annotated[
    str,
    typer.Option(
        default_factory=lambda: settings().site_url,
        show_default="none, or RELATED_SITE_URL",
        callback=_site,
        help="Address of the site, against which relative addresses are resolved.",
    ),
]


class Commands(TyperGroup):
    """The commands of a program. A value that fits no option or argument is named in the message that refuses it."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:  # noqa: ANN401
        """Read the program's own options. Raises BadParameter."""
        with _named():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's own
        """Run the command that is named, which reads its own. Raises BadParameter."""
        with _named():
            return super().invoke(ctx)


@contextmanager
def _named() -> Iterator[None]:
    """Put the value before what pydantic says about it, which names the bound alone."""
    try:
        yield
    except typer.BadParameter as error:
        if isinstance(error.__cause__, ValidationError):
            fault = error.__cause__.errors()[0]
            told = fault["msg"].removeprefix("Value error, ")
            value = repr(str(fault["input"]))
            error.message = told if value in told else f"{value}: {told[:1].lower()}{told[1:]}"
        raise


def check_store(store: Path) -> None:
    """Raise InputError where there is no folder ``store``: its name may be misspelt, and is not made a store."""
    if not store.is_dir():
        told = f"there is no such store; name another, or make it: related-index build --store {store}"
        raise InputError(told, f"--store {store}")


def main(app: typer.Typer) -> None:
    """Run ``app``, if the settings are right; an expected error becomes one line and status 1, Ctrl-C status 130.

    Help is given whatever the settings are.
    """
    try:
        if not HELP & set(sys.argv[1:]):
            settings()
        app()
    except BuildInterruptedError as error:
        _fail(str(error), INTERRUPTED)
    except RecommenderError as error:
        _fail(str(error), 1)
    except OSError as error:
        _fail(f"{error.filename or 'a file'}: {error.strerror or error}", 1)
    except KeyboardInterrupt:
        _fail("interrupted; what was committed is kept", INTERRUPTED)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # typer's answer to Ctrl-C says nothing
            _fail("interrupted; what was committed is kept", INTERRUPTED)
        raise


def check_sources(paths: Sequence[Path]) -> None:
    """Raise SourceError naming the first of ``paths`` that is not there, before anything is read."""
    for path in paths:
        if not path.exists():
            raise SourceError("no such file or folder; nothing is read", str(path))


def warn(message: str) -> None:
    """Print ``message`` as a warning, as plain text, to standard error."""
    err.print("[yellow]warning:[/]", end=" ")
    err.print(message, markup=False)


def next_step(what: str, command: str) -> None:
    """Say to standard error what is done next: ``what``, and the ``command`` (or address, or setting) for it."""
    err.print(f"{what}: {command}", style="dim", markup=False)


class Adder:
    """Makes functions commands of ``app``, with examples before anything else in their help."""

    def __init__(self, app: typer.Typer) -> None:
        self._app = app

    def __call__(self, *examples: str, name: str | None = None, hidden: bool = False) -> Callable[[F], F]:
        """Return what makes a function a command; ``hidden``: in no list, for it is for work on the project itself."""

        def add(function: F) -> F:
            first, *rest = inspect.cleandoc(function.__doc__ or "").split("\n\n")
            shown = "\b\n" + "\n".join(f"$ {example}" for example in examples)
            told = "\n\n".join([first, *([shown] if examples else []), *rest])
            self._app.command(name, help=told.replace("[", "\\["), hidden=hidden)(function)
            return function

        return add


def _fail(message: str, status: int) -> None:
    err.print("[red]error:[/]", end=" ")
    err.print(message, markup=False)
    sys.exit(status)
