"""``related-index preview``: what would be read of some sources, before anything is stored."""

import shlex
from itertools import islice
from textwrap import shorten
from typing import Annotated

import typer
from rich.table import Table

from index.cli_sources import Sources, Verbose, check_sources, say_kinds, show_had, with_read_options
from recommender import cli_support
from recommender.articles import Record
from recommender.cli_support import SiteUrl
from recommender.errors import SourceError, without_password
from recommender.sources import ReadOptions, Rejected, read
from recommender.sources.summary import Summary

SHOWN_NAMES = 3
WIDEST = 100


@with_read_options
def preview(
    sources: Sources,
    *,
    site_url: SiteUrl,
    count: Annotated[int, typer.Option(help="Articles that are shown.", min=0, max=1_000)] = 3,
    limit: Annotated[int, typer.Option(help="Articles that are read at most; 0: all.", min=0)] = 0,
    verbose: Verbose = False,
    options: ReadOptions,
) -> None:
    """Show how the first articles are understood, and how many have a date, a body, a list. Nothing is stored."""
    check_sources(sources)
    summary, first = Summary(), list[Record]()
    with cli_support.spinner("reading") as (advance, say):
        found = read(sources, options=options, told=summary.tell, progress=say)
        for item in islice(found, limit or None):
            if isinstance(item, Rejected):
                summary.reject(item.error)
                if verbose:
                    cli_support.warn(str(item.error))
                continue
            summary.add(item)
            advance(1)
            if len(first) < count:
                first.append(item)
            for warning in item.warnings if verbose else ():
                cli_support.warn(f"{item.place}: {warning}")
    for record in first:
        _show(record)
    say_kinds(summary, verbose=verbose)
    if not summary.records:
        raise SourceError("not one article could be read from the sources given")
    show_had(summary)
    named = shlex.join(map(without_password, sources))
    cli_support.next_step("read and index them, with the same options", f"related-index build --store var {named}")


def _show(record: Record) -> None:
    article, listed = record.article, record.related or ()
    names = ", ".join(listed[:SHOWN_NAMES]) + (
        f" and {len(listed) - SHOWN_NAMES:,} more" if listed[SHOWN_NAMES:] else ""
    )
    rows = {
        "id": article.id,
        "title": article.title,
        "address": article.url or "",
        "date": article.published_at.isoformat(" ", "minutes") if article.published_at else "",
        "section": article.section,
        "tags": ", ".join(article.tags),
        "language": article.language,
        "teaser": " ".join(article.teasers),
        "body": f"{len(article.body.split()):,} words: {article.body}" if article.body else "",
        "curated list": f"{len(listed):,}: {names}" if listed else "",
    }
    table = Table(show_header=False, box=None, title=record.place, title_justify="left", title_style="dim")
    for name, value in rows.items():
        table.add_row(name, shorten(value, WIDEST, placeholder="…") if value else "[dim]none[/]")
    cli_support.out.print(table)
    cli_support.out.print()
