"""Gates for a CI: a report fails below a floor, or if it is not shown to be no worse than a base report."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from eval.compare.compare import check_fail_under, check_no_worse
from eval.report.report import MAIN
from eval.report.saved import read_results
from eval.stats.measures import judged_names, measure_names
from recommender.errors import EvaluationError

_bound = partial(typer.Option, rich_help_panel="What the report is held to")
FailUnder = Annotated[
    list[str] | None, _bound(metavar="MEASURE=FLOOR", help="Fail if product's mean is below, as nDCG@10=0.40.")
]
NoWorseThan = Annotated[Path | None, _bound(help="Fail unless shown to be no worse than this report.")]
Margin = Annotated[float, _bound(help="How much worse --no-worse-than still lets pass.")]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a report must keep within: floors of measures, and at most ``margin`` worse than the report ``base``."""

    floors: Sequence[tuple[str, float]]
    base: Path | None
    margin: float


def check_floors(floors: Sequence[tuple[str, float]], systems: Sequence[str], k: int, *, judged: bool) -> None:
    """Raise EvaluationError on a floor for a system or measure that a report of ``systems`` at this k lacks."""
    if floors and MAIN not in systems:
        raise EvaluationError(f"--fail-under holds {MAIN} to a floor, which is not in --systems {','.join(systems)}")
    for measure, _ in floors:
        if measure not in (known := (*measure_names(k), *(judged_names(k) if judged else ()))):
            raise EvaluationError(f"--fail-under: no measure {measure!r} with --k {k}; there are: {', '.join(known)}")


def gate(report: Path, bounds: Bounds, system: str = MAIN, measure: str | None = None) -> None:
    """Exit with status 1, each reason on its line, unless the report keeps within ``bounds``."""
    failures = check_fail_under(read_results(report).document, system, bounds.floors) if bounds.floors else []
    if bounds.base is not None:
        failures += check_no_worse(report, bounds.base, bounds.margin, system, measure)
    if failures:
        raise EvaluationError("\n".join(failures))
