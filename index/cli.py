"""The operator's command line: ``related-index``, or ``python -m index``."""

import time
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.table import Table

from index import cli_boilerplate, cli_preview, cli_rules, cli_snapshots, cli_sources, cli_watch
from index.build import Built, build
from index.candidates.neighbours import IndexKind
from index.check import check as check_store
from index.cli_catalog import open_catalog
from index.cli_sources import Sources, Verbose, check_sources, ingest_into, with_read_options
from index.export import FOLDER, export
from index.live.live import Live
from index.response import default_request
from index.store.publish import current_version, locked, snapshots_folder
from index.store.retention import held
from recommender import cli_support, setting_values
from recommender.catalog.ingest import Ingested
from recommender.cli_support import Model, SiteUrl, Store
from recommender.corpus.encoder import make_encoder
from recommender.errors import InputError, SourceError
from recommender.settings import settings
from recommender.sources import ReadOptions

app = typer.Typer(
    cls=cli_support.Commands,
    help="Build and check the index of related articles.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

app.add_typer(cli_rules.app, name="rules")
command = cli_support.Adder(app)
command("related-index preview exports/*.xml", "related-index preview https://www.example.com")(cli_preview.preview)
command("related-index formats")(cli_sources.formats)

AsJson = Annotated[bool, typer.Option("--json", help="End with one JSON line of counts.")]


@command("related-index ingest --store var articles.jsonl", "zcat dump.jsonl.gz | related-index ingest -")
@with_read_options
def ingest(
    sources: Sources,
    *,
    store: Store,
    site_url: SiteUrl,
    verbose: Verbose = False,
    as_json: AsJson = False,
    options: ReadOptions,
) -> None:
    """Read articles and curated lists into the catalog. Nothing is embedded or published yet."""
    check_sources(sources)
    started = time.monotonic()
    catalog = open_catalog(store)
    with locked(store):
        ingested = ingest_into(catalog, sources, options, verbose=verbose)
    counts = catalog.counts()
    catalog.close()
    seconds = time.monotonic() - started
    if as_json:
        _json(
            articles=counts.articles,
            stubs=counts.stubs,
            curated_lists=counts.curated_lists,
            embedded_texts=0,
            reused_texts=0,
            boilerplate_blocks=0,
            rejected=len(ingested.rejected),
            warnings=ingested.warnings,
            seconds=round(seconds, 3),
            snapshot=None,
            unreadable_snapshots=len(held(snapshots_folder(store)).unreadable),
        )
    else:
        cli_support.out.print(
            f"{ingested.stored:,} records read, {len(ingested.rejected):,} rejected, {ingested.warnings:,} warnings;"
            f" the catalog holds {counts.articles:,} articles, {counts.stubs:,} stubs, {counts.curated_lists:,} curated"
            f" lists ({seconds:.1f} s)"
        )
        if ingested.stored:
            cli_support.next_step("build it", f"related-index build --store {store}")
    _fail_if_nothing(ingested)


@command(
    "related-index build --store var articles.jsonl",
    "related-index build --store var https://www.example.com/feed.xml",
    "related-index build --store var                  # what changed since",
    name="build",
)
@with_read_options
def build_command(
    sources: Annotated[list[str] | None, typer.Argument(help="Ingested first, if given.")] = None,
    *,
    store: Store,
    model: Model,
    site_url: SiteUrl,
    index: Annotated[str, typer.Option(help="exact, hnsw, or auto: by the number of articles.")] = "auto",
    force: Annotated[bool, typer.Option(help="Publish in spite of many rejects or a shrunken corpus.")] = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
    options: ReadOptions,
) -> None:
    """Embed what is new, build the index, publish it. Can be interrupted and run again at any time."""
    kinds: dict[str, IndexKind | None] = {"auto": None, "exact": "exact", "hnsw": "hnsw"}
    if index not in kinds:
        raise typer.BadParameter(f"{index!r} is none of {', '.join(kinds)}", param_hint="--index")
    check_sources(sources or [])
    encoder = make_encoder(model)
    catalog = open_catalog(store)
    ingested = None
    if sources:
        with locked(store):  # a build that is running must not see the catalog change under it
            ingested = ingest_into(catalog, sources, options, verbose=verbose)
        _fail_if_nothing(ingested)
    built = build(
        store,
        catalog,
        encoder,
        ingested=ingested,
        kind=kinds[index],
        keep=settings().keep_snapshots,
        force=force,
        bar=lambda work, items: cli_support.work_bar("embedding", work, items),
    )
    catalog.close()
    rejected = len(ingested.rejected) if ingested else 0
    if as_json:
        _json(
            articles=built.articles,
            stubs=built.stubs,
            curated_lists=built.curated_lists,
            embedded_texts=built.embedded_texts,
            reused_texts=built.reused_texts,
            boilerplate_blocks=len(built.boilerplate.stripped),
            rejected=rejected,
            warnings=ingested.warnings if ingested else 0,
            seconds=round(built.seconds, 3),
            snapshot=built.snapshot,
            unreadable_snapshots=len(built.unreadable),
        )
    else:
        _say(built, rejected)
        cli_support.next_step("serve it", f"related-api --store {store}")


@command("related-index check --store var")
def check(store: Store) -> None:
    """Verify the snapshot in service: files, index, and whether the catalog has moved on."""
    current_version(store)  # before a catalog is created where there is no store
    catalog = open_catalog(store)
    findings = check_store(store, catalog)
    catalog.close()
    table = Table("what", "", "found", box=None)
    for finding in findings:
        table.add_row(finding.what, "[green]ok[/]" if finding.well else "[red]no[/]", finding.detail)
    cli_support.out.print(table)
    if not all(finding.well for finding in findings):
        cli_support.next_step("make it anew", f"related-index build --store {store}")
        raise typer.Exit(1)
    cli_support.next_step("serve it", f"related-api --store {store}")


@command("related-index export public/ --store var --limit 8", name="export")
def export_command(
    folder: Annotated[Path, typer.Argument(help="Where the folder `related` is made.", metavar="DIR")],
    *,
    store: Store,
    limit: Annotated[int, typer.Option(help="Length of the lists.", min=1, max=100)] = 8,
) -> None:
    """Write every article's related list as a file, for a site without a service: JSON and HTML."""
    try:
        setting_values.folder(folder / FOLDER)
    except ValueError as error:
        raise InputError(str(error), str(folder)) from None
    current_version(store)  # before a catalog is created where there is no store
    catalog = open_catalog(store)
    live = Live(store, catalog=catalog)
    live.refresh()
    snapshot = live.snapshot()
    request = default_request(snapshot, limit)
    with cli_support.item_bar("exporting", sum(not card.is_stub for card in snapshot.corpus.cards)) as bar:
        done = export(snapshot, folder, request, bar)
    catalog.close()
    cli_support.out.print(
        f"{done.lists:,} lists of {snapshot.version} in {folder / FOLDER}:"
        f" {done.written:,} files written, {done.removed:,} removed",
        markup=False,
    )
    cli_support.next_step("put them into pages", f"{folder / FOLDER}/ID.html (docs/widget.md)")


command("related-index list --store var", name="list")(cli_snapshots.list_command)
command("related-index prune --store var", "related-index prune --store var --yes")(cli_snapshots.prune)
command("related-index boilerplate --store var", "related-index boilerplate --store var --refuse 3f2a9c81")(
    cli_boilerplate.boilerplate
)
command(
    "related-index watch https://www.example.com/feed.xml --store var --every 5m",
    "related-index watch exports/ --store var --once",
    name="watch",
)(cli_watch.watch_command)


def main() -> None:
    """Run the command line."""
    cli_support.main(app)


def _fail_if_nothing(ingested: Ingested) -> None:
    if not ingested.stored:
        raise SourceError("not one article could be read from the sources given")


def _say(built: Built, rejected: int) -> None:
    state = "published" if built.changed else "unchanged, still"
    cli_support.out.print(
        f"{built.articles:,} articles, {built.stubs:,} stubs, {built.curated_lists:,} curated lists;"
        f" {built.embedded_texts:,} texts embedded, {built.reused_texts:,} reused, {rejected:,} records rejected;"
        f" {state} {built.snapshot} ({built.seconds:.1f} s)"
    )
    cli_boilerplate.say(built.boilerplate)
    cli_snapshots.say(built)


def _json(**counts: object) -> None:
    typer.echo(orjson.dumps(counts).decode())
