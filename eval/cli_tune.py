"""The commands that learn from curated lists: ``related-eval tune``, ``calibrate`` and ``weights``."""

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.table import Table
from threadpoolctl import threadpool_limits

from eval.report.files import check_file, check_folder, write_whole
from eval.stats.calibration import calibration, check_precision, served_items, threshold
from eval.studies.defaults import fit_default, groups, lessons
from eval.studies.site import cross_validate, serves_own, store_task
from eval.task.task import AsOf, Task
from index.store.publish import locked
from index.store.ranker_file import forget_ranker, write_ranker
from recommender import cli_support
from recommender.cli_support import Model, Store
from recommender.corpus.encoder import make_encoder
from recommender.errors import EvaluationError
from recommender.ranking.ranker import DEFAULT_FILE, Ranker
from recommender.ranking.signals import SIGNALS
from recommender.settings import settings

AsOfOption = Annotated[AsOf, typer.Option(help="published: candidates no newer than the query; none: all.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]
TARGETS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


def tune(
    *,
    store: Store,
    as_of: AsOfOption = AsOf.PUBLISHED,
    k: Annotated[int, typer.Option(help="Slots of a related list.", min=1, max=100)] = 10,
    forget: Annotated[bool, typer.Option("--forget", help="Go back to the weights that are shipped.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fit the site's own weights to its curated lists, if cross-validation shows a gain; the next build serves them."""
    if forget:
        cli_support.check_store(store)  # a lock would make it
        with locked(store):
            gone = forget_ranker(store)
        cli_support.out.print(
            "the weights that are shipped are served from the next build on" if gone else "nothing to forget"
        )
        return
    task = _task(store, as_of)
    with cli_support.item_bar("cross-validating", len(task.queries)) as progress:
        gain = cross_validate(task, k, on_query=progress)
    if as_json:
        typer.echo(orjson.dumps(gain.to_json()).decode())
    else:
        cli_support.out.print(gain.sentence, markup=False)
    gain.require()
    ranker = gain.tuning.ranker(None)
    with locked(store):
        path = write_ranker(store, ranker)
    if not as_json:
        cli_support.out.print(weights_table(gain.tuning.base, ranker))
        cli_support.out.print(
            f"written to {path}; served from the next build on: related-index build --store {store}", markup=False
        )


def calibrate(
    *,
    store: Store,
    precision: Annotated[float, typer.Option(help="Share of the items that editors would have picked.")] = 0.3,
    as_of: AsOfOption = AsOf.PUBLISHED,
    k: Annotated[int, typer.Option(help="Slots of a related list.", min=1, max=100)] = 10,
    as_json: AsJson = False,
) -> None:
    """Propose the min_score from which on so many of the recommended would have been picked by the editor."""
    check_precision(precision)
    task = _task(store, as_of)
    with cli_support.item_bar("cross-validating", len(task.queries)) as progress:
        gain = cross_validate(task, k, own=serves_own(store), on_query=progress)
    items = served_items(task, gain.served)
    found = threshold(items, precision)
    table = Table("precision", "min_score", "items kept", "lists not empty", box=None, header_style="bold")
    rows = [(target, threshold(items, target)) for target in sorted({*TARGETS, precision})]
    for target, each in rows:
        cells = (f"{each.min_score:.4f}", f"{each.items:.0%}", f"{each.lists:.0%}") if each else ("–", "–", "–")
        table.add_row(f"{target:.2f}", *cells, style="bold green" if target == precision else "")
    if as_json:
        known = {f"{target:g}": each for target, each in rows}
        typer.echo(orjson.dumps({"thresholds": known, "calibration": calibration(items).to_json()}).decode())
    else:
        cli_support.out.print(table)
        error = calibration(items).error
        cli_support.out.print(
            f"over {len(task.queries):,} lists, expected calibration error {error:.3f};"
            " lists are incomplete, so true precision is higher"
        )
    if found is None:
        raise EvaluationError(
            f"no min_score reaches a precision of {precision:g}: the best items are picked less often"
        )
    if not as_json:
        cli_support.out.print(
            f"for a precision of {precision:g}: min_score={found.min_score:.4f}", style="bold", markup=False
        )
        cli_support.next_step(
            "hold lists to it", f"RELATED_MIN_SCORE={found.min_score:.4f} related-api --store {store}"
        )


def weights(
    corpora: Annotated[Path, typer.Argument(help="The folder of the development corpora.")],
    *,
    model: Model,
    out: Annotated[Path, typer.Option(help="File for the weights that are shipped.")] = Path("recommender")
    / DEFAULT_FILE,
    left_out: Annotated[
        Path | None, typer.Option(help="Folder for the weights fitted with each corpus left out, without-NAME.json.")
    ] = None,
    cache: Annotated[Path | None, typer.Option(help="Where vectors are kept for the next run.")] = None,
) -> None:
    """Fit the weights that are shipped, and those that show what they are worth on corpora they never saw."""
    check_file("--out", out)
    if left_out:
        check_folder("--left-out", left_out)
    with threadpool_limits(1, user_api="blas"):  # how sums are split among threads shows in the last decimal
        known = lessons(
            corpora,
            make_encoder(model),
            cache or settings().store / "eval",
            lambda work, items: cli_support.work_bar("embedding", work, items),
            lambda name: cli_support.err.print(f"learning from {name}", style="dim", markup=False),
        )
        files = {out: fit_default(known).to_json()}
        if left_out:
            files |= {left_out / f"without-{group}.json": fit_default(known, group).to_json() for group in groups()}
        write_whole(files)
    cli_support.out.print(f"written to {out}" + (f" and {left_out}" if left_out else ""), markup=False)


def _task(store: Path, as_of: AsOf) -> Task:
    """Return the task of the store's curated lists, and warn of the lists that it leaves out."""
    task = store_task(store, as_of)
    if task.left_out:
        cli_support.warn(task.left_out_sentence)
    return task


def weights_table(before: Ranker, after: Ranker) -> Table:
    """Return the weights of two rankers side by side, value and rank summed: what each signal counts."""
    table = Table("signal", "shipped", "yours", box=None, header_style="bold")
    sums = zip(SIGNALS, before.weights.sum(axis=1), after.weights.sum(axis=1), strict=True)
    for name, old, new in sums:
        table.add_row(name, f"{old:.2f}", f"{new:.2f}")
    return table
