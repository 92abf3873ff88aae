"""The analyst's command line: ``related-eval``, or ``python -m eval``."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from eval.cli_footers import footers_command
from eval.cli_reasons import reasons_command
from eval.cli_run import run
from eval.cli_tune import calibrate, tune, weights
from eval.cli_versions import versions_command
from eval.compare import compare as comparing
from eval.compare.compare import check_margin, parse_fail_under
from eval.compare.diff import diff_snapshots, open_either
from eval.compare.diff_view import diff_view
from eval.compare.gate import Bounds, FailUnder, Margin, NoWorseThan, gate
from eval.report.files import check_folder, write_whole
from eval.report.report import MAIN
from eval.report.show import account, markdown_pairs, markdown_table, replace_table
from eval.studies.pairs import evaluate_files, pairs_table
from eval.task.inputs import Feedback, Sources
from index.cli_catalog import open_served
from recommender import cli_support
from recommender.cli_support import Model, Store
from recommender.corpus.encoder import make_encoder
from recommender.errors import EvaluationError
from recommender.settings import settings

app = typer.Typer(
    cls=cli_support.Commands,
    help="Check the recommender against lists that editors picked by hand.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


command = cli_support.Adder(app)
command(
    "related-eval run --store var --out report/",
    "related-eval run --articles a.jsonl --out report/ --systems tfidf,product",
)(run)


@command("related-eval show 2025-07-first-deep-ship --store var")
def show(
    identity: Annotated[str, typer.Argument(metavar="ID", help="Id or URL of an article in the index.")],
    *,
    store: Store,
    limit: Annotated[int, typer.Option(help="Length of the list.", min=1, max=200)] = 10,
) -> None:
    """Print one article's related list beside its editor's, with a mark where they agree."""
    cli_support.out.print(account(open_served(store), identity, limit))
    cli_support.next_step("measure all lists", f"related-eval run --store {store} --out report/")


@command("related-eval table monday/report.json tuesday/report.json")
def table(
    reports: Annotated[list[Path], typer.Argument(help="report.json files; a file's name heads its column.")],
    judged_pairs: Annotated[Path | None, typer.Option("--pairs", help="A saved `pairs --json`, with --readme.")] = None,
    readme: Annotated[
        Path | None, typer.Option(help="Write into this file, between the comments that mark a table's place.")
    ] = None,
) -> None:
    """Print several reports as one Markdown table, or write it where the README has it."""
    if judged_pairs and readme is None:
        raise EvaluationError(f"--pairs {judged_pairs} says nothing without --readme FILE")
    found = {path.stem: _report(path) for path in reports}
    if len(found) != len(reports):
        raise EvaluationError("two reports have the same name, which heads their columns; rename one of the files")
    if odd := [name for name, document in found.items() if not {"queries", "as_of", "k"} <= set(document)]:
        raise EvaluationError(f"{odd[0]}: no report of this project (queries, as_of or k is missing)")
    text = markdown_table(found)
    if readme is None:
        typer.echo(text, nl=False)
        return
    try:
        page = replace_table(readme.read_text(encoding="utf-8"), "quality", text)
        if judged_pairs:
            page = replace_table(page, "pairs", markdown_pairs(_report(judged_pairs)))
    except EvaluationError as error:
        raise EvaluationError(f"--readme {readme}: {error}") from None
    write_whole({readme: page.encode()})


@command(
    "related-eval compare monday/ tuesday/",
    "related-eval compare report/ --fail-under nDCG@10=0.40",
)
def compare(
    reports: Annotated[list[Path], typer.Argument(help="One or two reports (report.json, or its folder).")],
    system: Annotated[str, typer.Option(help="The system to look at.")] = MAIN,
    measure: Annotated[str | None, typer.Option(help="The measure; the report's first unless given.")] = None,
    fail_under: FailUnder = None,
    no_worse_than: NoWorseThan = None,
    margin: Margin = 0.01,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Say which of two reports is better, by how much, how surely; or hold the first to a floor or a base."""
    if not 1 <= len(reports) <= 2:
        raise EvaluationError(f"{len(reports)} reports given, expected one or two")
    floors = [parse_fail_under(text) for text in fail_under or []]
    check_margin(margin)
    if len(reports) == 1 and not floors and no_worse_than is None:
        raise EvaluationError("one report and nothing to hold it to: give a second, --fail-under or --no-worse-than")
    if len(reports) == 2:
        paired = comparing.compare(reports[0], reports[1], system, measure)
        typer.echo(orjson.dumps(paired.to_json()).decode() if as_json else paired.sentence)
        if not as_json:
            cli_support.next_step("hold a report to another", "related-eval compare NEW --no-worse-than OLD")
    gate(reports[0], Bounds(floors, no_worse_than, margin), system, measure)


@command("related-eval diff var/snapshots/51f1a05f2c286516 var")
def diff(
    a: Annotated[Path, typer.Argument(help="A snapshot's folder, or a store.")],
    b: Annotated[Path, typer.Argument(help="The one that would take its place.")],
    k: Annotated[int, typer.Option(help="Length of the lists that are compared.", min=1, max=100)] = 10,
    top: Annotated[int, typer.Option(help="Examples of each kind.", min=0)] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Say what readers would see change from one snapshot to another: read before switching."""
    before, after = open_either(a), open_either(b)
    with cli_support.item_bar("listing", len(before.corpus) + len(after.corpus)) as progress:
        found = diff_snapshots(before, after, k, top=top, names=(str(a), str(b)), on_article=progress)
    if as_json:
        typer.echo(orjson.dumps(found.to_json()).decode())
    else:
        cli_support.out.print(diff_view(found))
        cli_support.next_step("serve the newer one", "related-api --store STORE (each server picks it up by itself)")


@command("related-eval pairs --articles articles.jsonl --pairs judged.jsonl", hidden=True)
def pairs(
    *,
    model: Model,
    articles: Annotated[list[Path], typer.Option(help="Files or folders of articles, indexed in memory.")],
    pairs: Annotated[Path, typer.Option(help='JSON lines of {"a": id, "b": id, "score": number}.')],
    cache: Annotated[Path | None, typer.Option(help="Where vectors are kept for the next run.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Correlate each system's scores of pairs with people's judgements of them."""
    cli_support.check_sources(articles)
    sources = Sources(articles, cache or settings().store / "eval")
    check_folder("--cache", sources.cache)
    feedback = Feedback(lambda work, items: cli_support.work_bar("embedding", work, items), cli_support.warn)
    document = evaluate_files(sources, pairs, make_encoder(model), feedback)
    if as_json:
        typer.echo(orjson.dumps(document).decode())
    else:
        cli_support.out.print(pairs_table(document))


command("related-eval tune --store var")(tune)
command("related-eval calibrate --store var --precision 0.3")(calibrate)
command("related-eval weights ../shared/corpora", hidden=True)(weights)
command("related-eval footers --articles articles.jsonl", name="footers", hidden=True)(footers_command)
command("related-eval reasons --corpora ../shared/corpora", name="reasons", hidden=True)(reasons_command)
command("related-eval versions --corpora ../shared/corpora", name="versions", hidden=True)(versions_command)


def main() -> None:
    """Run the command line."""
    cli_support.main(app)


def _report(path: Path) -> dict[str, object]:
    try:
        document = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise EvaluationError(f"{path}: cannot be read as a report ({error})") from error
    if not isinstance(document, dict) or not document.get("systems"):
        raise EvaluationError(f"{path}: no report of this project (it has no key 'systems')")
    return document
