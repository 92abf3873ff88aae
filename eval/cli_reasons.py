"""The command ``related-eval reasons``: how many reasons are useful, true at least, or odd."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from eval.studies.reasons import ARCHIVES, KINDS, LABELS, faults, labelled, read_labels, sampled, summary, to_line
from recommender import cli_support
from recommender.errors import EvaluationError

MOST_ODD = 0.02
DEMO = ("seeds/aras-2025.txt", "tests/data/demo.jsonl")
"""The demo newspaper as it was when its reasons were labelled."""


def reasons_command(
    *,
    corpora: Annotated[Path, typer.Option(help="Folder of the public corpora, as <name>.jsonl.gz.")],
    demo: Annotated[
        list[Path] | None,
        typer.Option(help="The articles of the demo that were labelled.", show_default=" ".join(DEMO)),
    ] = None,
    labels: Annotated[Path, typer.Option(help="Labelled reasons, as JSON lines.")] = LABELS,
) -> None:
    """Say how many sampled reasons are useful, true or odd, and print those that nobody has labelled."""
    said, files = read_labels(labels), demo or list(map(Path, DEMO))
    reasons = sampled(corpora, files, lambda work, items: cli_support.work_bar("reading", work, items))
    known, unknown = labelled(reasons, said)
    for reason in unknown:
        typer.echo(to_line(reason).decode(), nl=False)
    found = summary(known)
    table = Table("reasons", "of", *KINDS, box=None, header_style="bold")
    for name in (*ARCHIVES, "all"):
        cells = (f"{each['hits']} ({each['value']:.0%})" if each["count"] else "–" for each in found[name].values())
        table.add_row(name, str(found[name]["odd"]["count"]), *cells)
    cli_support.err.print(table)
    broken = [f"{reason.text!r}: {', '.join(wrong)}" for reason in (*known, *unknown) if (wrong := faults(reason.text))]
    if broken:
        raise EvaluationError("the wording of reasons breaks its rules:\n" + "\n".join(broken))
    if unknown:
        cli_support.next_step("label them", f"add each line to {labels}, with a label of {', '.join(KINDS)}")
    elif found["all"]["odd"]["value"] > MOST_ODD:
        raise EvaluationError(f"{found['all']['odd']['value']:.1%} of the reasons are odd, expected {MOST_ODD:.0%}")
