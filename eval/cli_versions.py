"""The command ``related-eval versions``: how well versions are told from series, templates and follow-ups."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table

from eval.report.files import check_file, write_whole
from eval.studies.versions import HALVES, LABELS, evaluate_versions
from recommender import cli_support
from recommender.settings import settings

OUT = Path("eval/results/versions/labelled.json")


def versions_command(
    *,
    corpora: Annotated[Path, typer.Option(help="Folder of the public corpora, as <name>.jsonl.gz.")],
    demo: Annotated[Path, typer.Option(help="The demo newspaper.")] = Path("seeds/demo.jsonl"),
    labels: Annotated[Path, typer.Option(help="Labelled pairs, as JSON lines.")] = LABELS,
    out: Annotated[Path, typer.Option(help="Write the figures into this file, as JSON.")] = OUT,
) -> None:
    """Say how many labelled pairs of articles are rightly taken for one story, or not, and which are not."""
    check_file("--out", out)
    document = evaluate_versions(
        corpora,
        demo,
        labels,
        settings().version_days,
        bar=lambda work, items: cli_support.work_bar("reading", work, items),
    )
    write_whole({out: orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)})
    cli_support.out.print(_table(document))
    for pair in document["wrong"]:
        found = "one story" if pair["folded"] else "two stories"
        cli_support.out.print(
            f"{pair['label']}, found {found}: {pair['a']} | {pair['b']}", markup=False, highlight=False
        )


def _table(document: Mapping[str, Any]) -> Table:
    table = Table("pairs", "precision", "recall", *document["all"]["right"], box=None, header_style="bold")
    for name in ("all", *HALVES):
        found = document[name]
        right = [found["right"].get(label) for label in document["all"]["right"]]
        table.add_row(
            name.replace("_", " "),
            *(_cell(found[measure]) for measure in ("precision", "recall")),
            *(f"{each['hits']}/{each['count']}" if each else "–" for each in right),
        )
    return table


def _cell(share: Mapping[str, Any]) -> str:
    if share["value"] is None:
        return "–"
    return f"{share['value']:.3f} [dim]({share['low']:.3f} to {share['high']:.3f})[/]"
