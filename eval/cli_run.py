"""The command ``related-eval run``: an evaluation from the articles to the written report."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple, Self

import typer

from eval.catalogue.beyond import Beyond, beyond_accuracy
from eval.catalogue.lists import related_lists
from eval.compare.gate import FailUnder, Margin, NoWorseThan, gate
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
from eval.report.page import render
from eval.report.report import Report
from eval.report.show import print_report
from eval.run import evaluate
from eval.run_options import RunOptions
from eval.stats.significance import SEED
from eval.studies.ablation import ablate
from eval.studies.curve import curve_length, learning_curve
from eval.systems.context import Ranking, SystemContext
from eval.systems.systems import SYSTEMS, prepare
from eval.task.inputs import Feedback, Inputs, from_sources, from_store
from eval.task.lines import silent
from eval.task.task import AsOf, Task
from index.cli_catalog import open_catalog
from index.store.publish import current_version, open_current
from recommender import cli_support
from recommender.corpus.encoder import Encoder, make_encoder
from recommender.ranking.ranker import default_ranker, read_weights
from recommender.settings import settings

_what = partial(typer.Option, rich_help_panel="What is evaluated")
_how = partial(typer.Option, rich_help_panel="What it is compared with, and how")
_more = partial(typer.Option, rich_help_panel="What is looked at besides")


def run(
    *,
    model: Annotated[
        str | None,
        typer.Option(
            help="Embedding model: name, folder, or `hash`.",
            show_default="the store's; with --articles all-MiniLM-L6-v2, or RELATED_MODEL",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for report.html, report.json, qrels.txt, run-SYSTEM.txt.")],
    articles: Annotated[list[Path] | None, _what(help="Evaluate these files or folders, indexed in memory.")] = None,
    store: Annotated[Path | None, _what(help="Evaluate the index that this store serves.")] = None,
    curated_key: Annotated[str, _what(help="Key of the curated list in JSON lines.")] = "related",
    blank_anchors: Annotated[
        bool, _what("--blank-anchors", help="Take the link texts under the key `anchors` out of the bodies.")
    ] = False,
    only: Annotated[
        str, _what(metavar="KEY=VALUE,…", help="Only the articles whose KEY has one of these values.")
    ] = "",
    cache: Annotated[Path | None, _what(help="Where --articles keeps vectors for the next run.")] = None,
    as_of: Annotated[
        AsOf, _what(help="published: candidates no newer than the query; none: all of the archive.")
    ] = AsOf.PUBLISHED,
    ranker: Annotated[
        Path | None, _how(help="Weights to rank with (JSON); those that are shipped unless given.")
    ] = None,
    systems: Annotated[str, _how(help="Systems to compare, separated by commas.")] = ",".join(SYSTEMS),
    runs: Annotated[
        list[str] | None, _how("--run", metavar="NAME=FILE", help="Another system's TREC run file.")
    ] = None,
    judgements: Annotated[Path | None, _how(help="Judgements downloaded from report.html.")] = None,
    k: Annotated[int, _how(help="Slots of a related list: the cut-off of nDCG and recall.")] = 10,
    ablation: Annotated[bool, _more(help="Say what each group of signals adds to `tuned`.")] = False,
    curve: Annotated[bool, _more(help="Say how `product` and `tuned` grow with the number of lists.")] = False,
    beyond: Annotated[bool, _more(help="Look at coverage, hubs, age … over all articles' lists too.")] = True,
    fail_under: FailUnder = None,
    no_worse_than: NoWorseThan = None,
    margin: Margin = 0.01,
) -> None:
    """Ask every system for every curated list, measure, and write a report and TREC files."""
    evaluate_and_report(
        RunOptions(
            model=model,
            out=out,
            articles=articles,
            store=store,
            curated_key=curated_key,
            blank_anchors=blank_anchors,
            only=only,
            ranker=ranker,
            as_of=as_of,
            systems=systems,
            runs=runs,
            judgements=judgements,
            k=k,
            ablation=ablation,
            curve=curve,
            beyond=beyond,
            cache=cache,
            fail_under=fail_under,
            no_worse_than=no_worse_than,
            margin=margin,
        )
    )


def evaluate_and_report(options: RunOptions) -> None:
    """Evaluate as ``options`` say, write the files, print the table, and hold the report to its bounds.

    Raises EvaluationError, or another RecommenderError, on what is wrong with the options or the inputs, and, when the
    report is written, if it does not keep within the bounds.
    """
    options.check()
    outside = Outside.from_options(options)
    weights = read_weights(options.ranker) if options.ranker else default_ranker()
    encoder = make_encoder(options.model or _model(options.store))
    with ExitStack() as stack:
        inputs = _inputs(options, encoder, outside, stack)
        task = _judged(inputs.task, outside.judgements)
        inputs = replace(inputs, task=replace(task, snapshot=replace(task.snapshot, ranker=weights)))
        context = SystemContext(inputs.task, inputs.vectors, SEED, _embedder(inputs))
        rankings = prepare(context, options.names)
        rankings |= external(inputs.task, outside.runs, cli_support.warn)
        report, found = _measured(options, inputs, rankings)
        _add_studies(options, context, report)
    report.write(options.out, {"report.html": render(report, inputs.task, found)})
    print_report(cli_support.out, report.document)
    cli_support.out.print(f"written to {options.out}", markup=False)
    cli_support.next_step("read it", str(options.out / "report.html"))
    gate(options.out, options.bounds)


def _model(store: Path | None) -> str:
    """Return the name of the model that the index of ``store`` was built with; without one, that of the settings."""
    return open_current(store).manifest.model.name if store is not None else settings().model


class Outside(NamedTuple):
    """What comes from outside: people's judgements, and other systems' runs by name."""

    judgements: Judgements | None
    runs: Mapping[str, Run]

    @classmethod
    def from_options(cls, options: RunOptions) -> Self:
        """Read the files that ``options`` name. Raises EvaluationError naming file and line of what cannot be used."""
        judgements = read_judgements(options.judgements, cli_support.warn) if options.judgements else None
        return cls(judgements, read_runs(options.runs or (), cli_support.warn))

    def check_ids(self, ids: Sequence[str], queries: Sequence[str]) -> None:
        """Raise EvaluationError if a run has none of these ids, or a judgement names another article."""
        check_runs(self.runs, queries, ids, silent)
        if self.judgements:
            check_judgements(self.judgements, ids)


def _inputs(options: RunOptions, encoder: Encoder, outside: Outside, stack: ExitStack) -> Inputs:
    """Return the task of the files or the store; ``stack`` closes the store's catalog."""
    if options.store is not None:
        current_version(options.store)  # before a catalog is created where there is no store
        catalog = stack.enter_context(closing(open_catalog(options.store)))
        return from_store(options.store, catalog, encoder, options.as_of)
    feedback = Feedback(lambda work, items: cli_support.work_bar("embedding", work, items), cli_support.warn)
    return from_sources(options.sources, encoder, options.as_of, feedback, outside.check_ids)


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


def _measured(options: RunOptions, inputs: Inputs, rankings: Mapping[str, Ranking]) -> tuple[Report, Beyond | None]:
    """Return the report of ``rankings``, and the figures of all articles' lists with ``--beyond``, else None."""
    task, found = inputs.task, None
    if options.beyond:
        with cli_support.item_bar("listing all articles", len(task.articles)) as progress:
            lists = related_lists(task.snapshot, options.k, progress)
        found = beyond_accuracy(lists, task.snapshot, task.articles)
    with cli_support.item_bar("evaluating", len(task.queries) * len(rankings)) as progress:
        report = evaluate(task, rankings, options.k, about=inputs.about, on_query=progress)
    if found:
        report.document["beyond"] = found.to_json()
    return report, found


def _add_studies(options: RunOptions, context: SystemContext, report: Report) -> None:
    """Add the results of ``--ablation`` and ``--curve`` to the report's document."""
    task = context.task
    if options.ablation:
        with cli_support.item_bar("leaving signals out", len(task.queries)) as progress:
            report.document["ablation"] = ablate(context.tuning, options.k, progress)
    if options.curve:
        with cli_support.item_bar("learning curve", curve_length(task)) as progress:
            report.document["learning_curve"] = learning_curve(task, SEED, options.k, progress)
