"""What the commands that read sources share: the options that say how, and what is said of what was read."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer
from rich.table import Table

from recommender import cli_support
from recommender.catalog import Catalog
from recommender.catalog.ingest import Ingested
from recommender.catalog.ingest import ingest as ingest_sources
from recommender.sources import LeftOut, Note, ReadOptions, Source
from recommender.sources.formats import DATABASE, FORMATS
from recommender.sources.opened import STDIN
from recommender.sources.source_file import NAME, read_options
from recommender.sources.summary import HAD, Kind, Summary, counted

Sources = Annotated[
    list[str],
    typer.Argument(help="Files, folders, archives, addresses, or - for standard input; see `related-index formats`."),
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show every warning, not one of a kind.")]

PAGES = "pages"
"""The folder in a store where fetched pages are kept."""
_option = partial(typer.Option, rich_help_panel="How the sources are read")
_OPTIONS: dict[str, Any] = {
    "curated_key": Annotated[str | None, _option(help="Key of the curated list.", show_default="related")],
    "format": Annotated[str | None, _option(help="The format, where it is not to be found out.")],
    "field": Annotated[
        list[str] | None,
        _option(help="Where a field is in the source: body=content.rendered. Several times.", metavar="NAME=PATH"),
    ],
    "related_selector": Annotated[
        str | None, _option(help="CSS selector of the links in a page's own related box: 'aside.related a'.")
    ],
    "post_type": Annotated[
        list[str] | None, _option(help="What of a WordPress site is an article.", show_default="post")
    ],
    "permalink": Annotated[
        str | None,
        _option(help="The form of a Ghost site's addresses: /{primary_tag}/{slug}/."),
    ],
    "query": Annotated[str | None, _option(help="SELECT that gives the articles of a database.")],
    "path": Annotated[str | None, _option(help="Where in a JSON document the articles are: data.posts.")],
    "date_format": Annotated[str | None, _option(help="How dates are written, as strptime has it: %d/%m/%Y.")],
    "max_pages": Annotated[int | None, _option(help="Pages that are fetched of a site at most.", min=1)],
    "delay": Annotated[
        float | None, _option(help="Seconds between two requests to one host.", show_default="1", min=0)
    ],
    "allow_host": Annotated[
        list[str] | None, _option(help="A host, or host:port, that may be in your own network. Several times.")
    ],
    "options_file": Annotated[
        Path | None,
        _option(help="File with a table [source] that says the same.", show_default=f"{NAME}, if it is there"),
    ],
}


def with_read_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give ``command``, which takes ``options: ReadOptions`` and ``site_url``, the options that say how to read."""
    hints = get_type_hints(command, include_extras=True)
    own = [each for each in inspect.signature(command).parameters.values() if each.name != "options"]

    @wraps(command)
    def run(**given: Any) -> None:  # noqa: ANN401 - the command's own parameters
        said = {name: given.pop(name) for name in _OPTIONS}
        options = options_of(said, given["site_url"])
        if "store" in given and not options.pages_folder:
            options = replace(options, pages_folder=str(given["store"] / PAGES))
        command(**given, options=options)

    parameters = [each.replace(annotation=hints[each.name]) for each in own]
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in _OPTIONS.items()
    ]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": None}
    return run


def options_of(said: dict[str, Any], site_url: str) -> ReadOptions:
    """Return how to read: what was ``said`` on the command line, else what a file says. Raises SourceError, OSError."""
    file = said["options_file"] or Path(NAME)
    options = read_options(file) if said["options_file"] or file.is_file() else ReadOptions()
    names = [name for name in _OPTIONS if name not in ("field", "post_type", "allow_host", "options_file")]
    changes = {name: said[name] for name in names if said[name] is not None}
    if said["post_type"]:
        changes["post_types"] = tuple(said["post_type"])
    if said["allow_host"]:
        changes["allow_hosts"] = tuple(said["allow_host"])
    if said["field"]:
        changes["fields"] = {**options.fields, **dict(map(_field, said["field"]))}
    if site_url:
        changes["site_url"] = site_url
    return replace(options, **changes)


def _field(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not (name.strip() and equals and path.strip()):
        raise typer.BadParameter(f"{text!r} is no pair such as body=content.rendered", param_hint="--field")
    return name.strip(), path.strip()


def check_sources(sources: Sequence[str]) -> None:
    """Raise SourceError naming the first of ``sources`` that is not there, before anything is read."""
    cli_support.check_sources([Path(source) for source in sources if source != STDIN and "://" not in source])


def ingest_into(catalog: Catalog, sources: Sequence[Source], options: ReadOptions, *, verbose: bool) -> Ingested:
    """Store what ``sources`` hold, under a spinner, and say what was not read, and what was not understood."""

    def each(text: object) -> None:
        if verbose:
            cli_support.warn(str(text))

    with cli_support.spinner("reading") as (stored, say):
        ingested = ingest_sources(
            catalog,
            sources,
            options=options,
            on_stored=stored,
            on_rejected=each,
            on_warning=each,
            on_told=lambda item: each(_told(item)),
            progress=say,
        )
    say_kinds(ingested.summary, verbose=verbose)
    return ingested


def say_kinds(summary: Summary, *, verbose: bool = False) -> None:
    """Say to standard error what was not used, a line a kind with its first example; only counts if ``verbose``."""
    for note in summary.notes if not verbose else ():
        cli_support.warn(note)
    for kinds in (summary.rejected, summary.warnings) if not verbose else ():
        for kind in kinds.values():
            cli_support.warn(_line(kind))
    for name, kind in summary.left_out.items():
        example = f" ({kind.example})" if kind.count == 1 else f" (the first is {kind.example})"
        cli_support.err.print(f"{kind.count:,} × {name}: left out{example}", style="dim", markup=False)


def show_had(summary: Summary) -> None:
    """Print how many of the articles have what."""
    table = Table("of the articles", "have it", "", box=None)
    for name in HAD:
        count = summary.had[name]
        detail = f"{summary.links:,} links" if name == "curated list" and count else ""
        share = f"{count / summary.records:.0%}" if summary.records else ""
        table.add_row(name, f"{count:,}", f"{share:>4}  {detail}")
    cli_support.out.print(table)
    cli_support.out.print(
        f"{summary.records:,} articles; {counted(summary.rejected):,} rejected, {counted(summary.left_out):,} left out,"
        f" {counted(summary.warnings):,} warnings"
    )


def formats() -> None:
    """List the formats that are read, each with an example."""
    table = Table("format", "what it is", "for example", box=None)
    for each in FORMATS:
        table.add_row(each.name, each.about, each.example)
    table.add_row(*DATABASE)
    cli_support.out.print(table)
    cli_support.next_step("see what would be read", "related-index preview SOURCE")


def _line(kind: Kind) -> str:
    more = f" — and {kind.count - 1:,} more of this kind (--verbose lists them)" if kind.count > 1 else ""
    return f"{kind.example}{more}"


def _told(item: LeftOut | Note) -> str:
    return f"{item.place}: {item.text if isinstance(item, Note) else item.kind}"
