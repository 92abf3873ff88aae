"""The command ``related-eval run``: an evaluation from the articles to the written report."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from eval.catalogue.beyond import Beyond, beyond_accuracy
from eval.catalogue.lists import related_lists
from eval.compare.compare import check_base, check_margin, parse_fail_under
from eval.compare.gate import FailUnder, Margin, NoWorseThan, check_floors, gate
from eval.compare.trec import (
    Judgements,
    Run,
    check_judgements,
    check_runs,
    external,
    read_judgements,
    read_runs,
    with_judgements,
)
from eval.report.files import check_folder
from eval.report.page import render
from eval.report.report import Report
from eval.report.saved import read_results
from eval.report.show import print_report
from eval.run import evaluate
from eval.stats.significance import SEED
from eval.studies.ablation import ablate
from eval.studies.curve import curve_length, learning_curve
from eval.systems.systems import SYSTEMS, Ranking, SystemContext, check_cut, check_names, prepare
from eval.task.inputs import Inputs, from_sources, from_store
from eval.task.lines import silent
from eval.task.task import AsOf, Task
from index.cli_catalog import open_catalog
from index.store.publish import current_version
from recommender import cli_support
from recommender.cli_support import CuratedKey, Model
from recommender.corpus.encoder import make_encoder
from recommender.errors import EvaluationError
from recommender.ranking.ranker import default_ranker, read_weights
from recommender.settings import settings


def run(
    *,
    model: Model,
    out: Annotated[Path, typer.Option(help="Folder for report.html, report.json, qrels.txt, run-SYSTEM.txt.")],
    articles: Annotated[
        list[Path] | None, typer.Option(help="Evaluate these files or folders, indexed in memory.")
    ] = None,
    store: Annotated[Path | None, typer.Option(help="Evaluate the index that this store serves.")] = None,
    curated_key: CuratedKey = "related",
    blank_anchors: Annotated[
        bool, typer.Option("--blank-anchors", help="Take the link texts under the key `anchors` out of the bodies.")
    ] = False,
    only: Annotated[
        str, typer.Option(metavar="KEY=VALUE,…", help="Only the articles whose KEY has one of these values.")
    ] = "",
    ranker: Annotated[
        Path | None, typer.Option(help="Weights to rank with (JSON); those that are shipped unless given.")
    ] = None,
    as_of: Annotated[
        AsOf, typer.Option(help="published: candidates no newer than the query; none: all of the archive.")
    ] = AsOf.PUBLISHED,
    systems: Annotated[str, typer.Option(help="Systems to compare, separated by commas.")] = ",".join(SYSTEMS),
    runs: Annotated[
        list[str] | None, typer.Option("--run", metavar="NAME=FILE", help="Another system's TREC run file.")
    ] = None,
    judgements: Annotated[Path | None, typer.Option(help="Judgements downloaded from report.html.")] = None,
    k: Annotated[int, typer.Option(help="Slots of a related list: the cut-off of nDCG and recall.")] = 10,
    ablation: Annotated[bool, typer.Option(help="Say what each group of signals adds to `tuned`.")] = False,
    curve: Annotated[bool, typer.Option(help="Say how `product` and `tuned` grow with the number of lists.")] = False,
    beyond: Annotated[bool, typer.Option(help="Look at coverage, hubs, age … over all articles' lists too.")] = True,
    cache: Annotated[Path | None, typer.Option(help="Where --articles keeps vectors for the next run.")] = None,
    fail_under: FailUnder = None,
    no_worse_than: NoWorseThan = None,
    margin: Margin = 0.01,
) -> None:
    """Ask every system for every curated list, measure, and write a report and TREC files."""
    if (articles is None) == (store is None):
        raise EvaluationError("say either --articles FILE or --store DIR")
    names = [name.strip() for name in systems.split(",") if name.strip()]
    check_names(names)
    check_cut(k)
    if store is not None and (blank_anchors or curated_key != "related" or cache or only):
        raise EvaluationError("--blank-anchors, --curated-key, --only and --cache go with --articles, not with --store")
    if no_worse_than is not None:
        check_base(read_results(no_worse_than), as_of.value, k)
        if read_results(no_worse_than).folder.resolve() == out.resolve():
            raise EvaluationError(f"--no-worse-than {no_worse_than}: this report would be overwritten by --out {out}")
    check_folder("--out", out)
    if articles:
        cli_support.check_sources(articles)
        check_folder("--cache", cache or settings().store / "eval")
    floors = [parse_fail_under(text) for text in fail_under or []]
    check_floors(floors, names, k, judged=judgements is not None)
    check_margin(margin)
    judged = read_judgements(judgements, cli_support.warn) if judgements else None
    read = read_runs(runs or [], cli_support.warn)
    weights = read_weights(ranker) if ranker else default_ranker()
    encoder = make_encoder(model)
    with ExitStack() as stack:
        if store is not None:
            current_version(store)  # before a catalog is created where there is no store
            catalog = stack.enter_context(closing(open_catalog(store)))
            inputs = from_store(store, catalog, encoder, as_of)
        else:
            inputs = from_sources(
                articles or [],
                encoder,
                cache or settings().store / "eval",
                as_of,
                curated_key=curated_key,
                blank_anchors=blank_anchors,
                only=only,
                bar=lambda work, items: cli_support.work_bar("embedding", work, items),
                on_rejected=lambda error: cli_support.warn(str(error)),
                on_read=lambda ids, queries: _check_ids(read, judged, ids, queries),
                warn=cli_support.warn,
            )
        task = _judged(inputs.task, judged)
        task = replace(task, snapshot=replace(task.snapshot, ranker=weights))
        context = SystemContext(task, inputs.vectors, SEED, _embedder(inputs))
        rankings = prepare(context, names)
        rankings |= external(task, read, cli_support.warn)
        report, found = _measure(inputs, task, rankings, k, beyond=beyond)
        if ablation:
            with cli_support.item_bar("leaving signals out", len(task.queries)) as progress:
                report.document["ablation"] = ablate(context.tuning, k, progress)
        if curve:
            with cli_support.item_bar("learning curve", curve_length(task)) as progress:
                report.document["learning_curve"] = learning_curve(task, SEED, k, progress)
    report.write(out, {"report.html": render(report, task, found)})
    print_report(cli_support.out, report.document)
    cli_support.out.print(f"written to {out}: open {out / 'report.html'}", markup=False)
    gate(out, floors, no_worse_than, margin)


def _check_ids(runs: Mapping[str, Run], judged: Judgements | None, ids: Sequence[str], queries: Sequence[str]) -> None:
    """Refuse files that name other articles before anything is embedded; what is left out of them is said later."""
    check_runs(runs, queries, ids, silent)
    if judged:
        check_judgements(judged, ids)


def _judged(task: Task, judgements: Judgements | None) -> Task:
    if judgements is None:
        return task
    task, left_out = with_judgements(task, judgements)
    if left_out:
        cli_support.warn(f"{left_out:,} judgements say nothing new: listed by the editor, or barred")
    return task


def _embedder(inputs: Inputs) -> Callable[[list[str]], None]:
    def embed(texts: list[str]) -> None:
        missing = inputs.vectors.missing(texts)
        if missing:
            with cli_support.work_bar("embedding (naive)", sum(map(len, missing)), len(missing)) as progress:
                inputs.vectors.embed(missing, progress)

    return embed


def _measure(
    inputs: Inputs, task: Task, rankings: dict[str, Ranking], k: int, *, beyond: bool
) -> tuple[Report, Beyond | None]:
    found = None
    if beyond:
        with cli_support.item_bar("listing all articles", len(task.articles)) as progress:
            lists = related_lists(task.snapshot, k, progress)
        found = beyond_accuracy(lists, task.snapshot, task.articles)
    with cli_support.item_bar("evaluating", len(task.queries) * len(rankings)) as progress:
        report = evaluate(task, rankings, k, about=inputs.about, beyond=found, on_query=progress)
    return report, found
