"""The analyst's command line: ``related-eval``, or ``python -m eval``."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from eval.inputs import Inputs, from_sources, from_store
from eval.run import SEED, evaluate
from eval.show import account, markdown_table, print_report, replace_table
from eval.systems import SYSTEMS, Lab, prepare
from eval.task import AsOf
from index.publish import current_version, open_current
from recommender import console
from recommender.catalog import Catalog
from recommender.console import CuratedKey, Model, Store
from recommender.encoder import make_encoder
from recommender.errors import EvaluationError
from recommender.settings import settings

app = typer.Typer(
    help="Check the recommender against lists that editors picked by hand.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.command()
def run(
    *,
    model: Model,
    out: Annotated[Path, typer.Option(help="Folder for report.json, qrels.txt and run-SYSTEM.txt.")],
    articles: Annotated[
        list[Path] | None, typer.Option(help="Evaluate these files or folders, indexed in memory.")
    ] = None,
    store: Annotated[Path | None, typer.Option(help="Evaluate the index that this store serves.")] = None,
    curated_key: CuratedKey = "related",
    as_of: Annotated[
        AsOf, typer.Option(help="published: candidates no newer than the query; none: all of the archive.")
    ] = AsOf.PUBLISHED,
    systems: Annotated[str, typer.Option(help="Systems to compare, separated by commas.")] = ",".join(SYSTEMS),
    k: Annotated[int, typer.Option(help="Slots of a related list: the cut-off of nDCG and recall.")] = 10,
    cache: Annotated[Path | None, typer.Option(help="Where --articles keeps vectors for the next run.")] = None,
) -> None:
    """Ask every system for every curated list, measure, and write a report and TREC files."""
    if (articles is None) == (store is None):
        raise EvaluationError("say either --articles FILE or --store DIR")
    encoder = make_encoder(model)
    wanted = [name.strip() for name in systems.split(",") if name.strip()]
    catalog: Catalog | None = None
    if store is not None:
        current_version(store)  # before a catalog is created where there is no store
        catalog = Catalog.open(settings().catalog_url or store)
        inputs = from_store(store, catalog, encoder, as_of)
    else:
        inputs = from_sources(
            articles or [],
            encoder,
            cache or settings().store / "eval",
            as_of,
            curated_key=curated_key,
            bar=lambda work, items: console.work_bar("embedding", work, items),
            on_rejected=lambda error: console.warn(str(error)),
        )
    _run(inputs, wanted, k, out)
    if catalog:
        catalog.close()


@app.command()
def show(
    identity: Annotated[str, typer.Argument(metavar="ID", help="Id or URL of an article in the index.")],
    *,
    store: Store,
    limit: Annotated[int, typer.Option(help="Length of the list.", min=1, max=200)] = 10,
) -> None:
    """Print one article's related list beside its editor's, with a mark where they agree."""
    console.out.print(account(open_current(store), identity, limit))


@app.command()
def table(
    reports: Annotated[list[Path], typer.Argument(help="report.json files; a file's name heads its column.")],
    readme: Annotated[
        Path | None, typer.Option(help="Write it into this file, between the two comments that mark its place.")
    ] = None,
) -> None:
    """Print several reports as one Markdown table, or write it where the README has it."""
    text = markdown_table({path.stem: _report(path) for path in reports})
    if readme is None:
        typer.echo(text, nl=False)
    else:
        readme.write_text(replace_table(readme.read_text(encoding="utf-8"), text), encoding="utf-8")


def main() -> None:
    """Run the command line."""
    console.main(app)


def _run(inputs: Inputs, names: list[str], k: int, out: Path) -> None:
    def embed(texts: list[str]) -> None:
        missing = inputs.vectors.missing(texts)
        if missing:
            with console.work_bar("embedding (naive)", sum(map(len, missing)), len(missing)) as progress:
                inputs.vectors.embed(missing, progress)

    systems = prepare(Lab(inputs.task, inputs.vectors, SEED, embed), names)
    with console.item_bar("evaluating", len(inputs.task.queries) * len(systems)) as progress:
        report = evaluate(inputs.task, systems, k, about=inputs.about, on_query=progress)
    report.write(out)
    print_report(console.out, report.document)
    console.out.print(f"written to {out}", markup=False)


def _report(path: Path) -> dict[str, object]:
    try:
        document = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise EvaluationError(f"{path}: cannot be read as a report ({error})") from error
    if not isinstance(document, dict) or "systems" not in document:
        raise EvaluationError(f"{path}: no report of this project (it has no key 'systems')")
    return document
