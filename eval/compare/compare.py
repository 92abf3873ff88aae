"""Two reports against each other: which is better, by how much, how surely; and gates that stop a build."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval.report.report import MAIN
from eval.report.saved import Results, entry, read_results
from eval.stats.measures import Values
from eval.stats.significance import (
    FEWEST,
    SEED,
    Comparison,
    Groups,
    Verdict,
    bootstrap,
    compare_all,
    lower_bound,
    units,
)
from recommender.errors import EvaluationError

LEAST_COMMON = 0.9
"""The least share of the base's queries that a report must have to pass: losing queries is no way through a gate."""


@dataclass(frozen=True, slots=True)
class Paired:
    """A minus B for one system and measure over the queries that both reports have.

    ``same_sources`` says whether both were made of the same files, None where a report does not tell.
    """

    system: str
    measure: str
    common: int
    only_a: int
    only_b: int
    mean_a: float
    mean_b: float
    comparison: Comparison
    same_sources: bool | None

    @property
    def sentence(self) -> str:
        """The result of the comparison in words, with the queries that were left out."""
        found = self.comparison.difference
        amount = (
            f"{found.mean:+.3f} {self.measure} (95 % interval {found.low:+.3f} to {found.high:+.3f},"
            f" {_p(self.comparison.p)}) over {self.common:,} common lists"
        )
        if self.comparison.too_few:
            text = (
                f"Nothing can be said of A and B: {_lists(self.common, self.comparison.units)} in common,"
                f" at least {FEWEST} are needed ({self.measure} is {self.mean_a:.3f} in A and {self.mean_b:.3f} in B)."
            )
        elif self.comparison.detectable == 0 == found.mean:
            text = f"A and B have the same {self.measure} on each of the {self.common:,} common lists."
        elif self.comparison.verdict is Verdict.UNDECIDED:
            text = (
                f"No difference shown between A and B: {amount}; a difference of"
                f" {self.comparison.detectable:.3f} or more would have been seen with probability .8."
            )
        else:
            text = f"A is {self.comparison.verdict} than B by {amount}."
        if self.only_a or self.only_b:
            text += f" Left out: {self.only_a:,} lists that only A has, {self.only_b:,} that only B has."
        if self.same_sources is False:
            text += " The reports were made of different files."
        return text

    def to_json(self) -> dict[str, Any]:
        """Return everything, the sentence first; no interval and no p where there are too few lists."""
        difference = self.comparison.to_json()
        if self.comparison.too_few:
            difference |= dict.fromkeys(("low", "high", "p", "p_holm", "detectable"))
        return {
            "sentence": self.sentence,
            "system": self.system,
            "measure": self.measure,
            "queries": self.common,
            "only_a": self.only_a,
            "only_b": self.only_b,
            "mean_a": round(self.mean_a, 6),
            "mean_b": round(self.mean_b, 6),
            "difference": difference,
            "same_sources": self.same_sources,
        }


def compare(a: Path, b: Path, system: str = MAIN, measure: str | None = None, seed: int = SEED) -> Paired:
    """Compare two reports (folders, or the ``report.json`` in them) on the queries that both have.

    ``measure`` is A's primary one unless given. Raises EvaluationError naming the file that is missing or damaged,
    and if the reports have another ``as_of`` or ``k``, no query in common, or not that system or measure.
    """
    first, second = read_results(a), read_results(b)
    name = measure or first.per_query.measures[0]
    values_a, values_b, groups = _paired(first, second, system, name)
    return Paired(
        system,
        name,
        len(values_a),
        len(first.per_query.queries) - len(values_a),
        len(second.per_query.queries) - len(values_b),
        float(values_a.mean()),
        float(values_b.mean()),
        compare_all(values_a, {"b": values_b}, seed, groups)["b"],
        _same_sources(first, second),
    )


def parse_fail_under(text: str) -> tuple[str, float]:
    """Return (measure, floor) of ``"nDCG@10=0.40"``. Raises EvaluationError if it is not of that form."""
    measure, equals, number = (part.strip() for part in text.partition("="))
    try:
        floor = float(number)
    except ValueError:
        floor = float("nan")
    if not measure or not equals or not 0 <= floor <= 1:
        raise EvaluationError(f"{text!r} is not of the form MEASURE=FLOOR with a floor from 0 to 1, as nDCG@10=0.40")
    return measure, floor


def check_fail_under(document: Mapping[str, Any], system: str, floors: Sequence[tuple[str, float]]) -> list[str]:
    """Return a sentence for each (measure, floor) that the system's mean in a report's document stays below.

    Raises EvaluationError if the report does not have the system or the measure.
    """
    by_measure = entry(document["systems"], system, "system", "the report")
    failures = []
    for measure, floor in floors:
        mean = float(entry(by_measure, measure, "measure", "the report")["mean"])
        if mean < floor:
            failures.append(f"{system} has {measure} {mean:.4f}, below the floor of {floor:.4f}.")
    return failures


def check_no_worse(a: Path, base: Path, margin: float, system: str = MAIN, measure: str | None = None) -> list[str]:
    """Return why A is not shown to be no worse than BASE by more than ``margin``; empty if it is shown.

    Non-inferiority: the one-sided 95 % bootstrap interval of A minus BASE must lie above ``-margin`` (Walker &
    Nowacki, 2011), and A must have LEAST_COMMON of the base's queries. Raises what ``compare`` does.
    """
    check_margin(margin)
    first, second = read_results(a), read_results(base)
    name = measure or first.per_query.measures[0]
    values, others, groups = _paired(first, second, system, name)
    needed, lowest = len(second.per_query.queries), lower_bound(values - others, SEED, groups)
    failures = []
    if len(values) < LEAST_COMMON * needed:
        failures.append(f"Only {len(values):,} of the base's {needed:,} lists were asked: too few to compare with it.")
    if (found := units(values, groups)) < FEWEST:
        failures.append(f"{_lists(len(values), found)} in common with the base, at least {FEWEST} are needed.")
    elif lowest < -margin:
        mean = bootstrap(values - others, SEED, groups).mean
        failures.append(
            f"{system} is not shown to be no worse than the base: {mean:+.4f} {name} over {len(values):,} common"
            f" lists, but {lowest:+.4f} at the lower end of the one-sided 95 % interval; the margin is {margin:.4f}."
        )
    return failures


def check_margin(margin: float) -> None:
    """Raise EvaluationError on a margin that is not 0 or more and less than 1."""
    if not 0 <= margin < 1:
        raise EvaluationError(f"the margin is {margin}, expected 0 or more and less than 1")


def check_base(base: Results, as_of: str, k: int) -> None:
    """Raise EvaluationError unless a report of that ``as_of`` and ``k`` can be compared with ``base``."""
    for key, value in (("as_of", as_of), ("k", k)):
        if base.document[key] != value:
            raise EvaluationError(
                f"--no-worse-than {base.folder}: {key} is {base.document[key]} there and {value} here; say the same"
            )


def _paired(a: Results, b: Results, system: str, measure: str) -> tuple[Values, Values, Groups | None]:
    for key in ("as_of", "k"):
        if a.document[key] != b.document[key]:
            raise EvaluationError(
                f"the reports cannot be compared: {key} is {a.document[key]} in {a.folder},"
                f" {b.document[key]} in {b.folder}"
            )
    places = {query: place for place, query in enumerate(b.per_query.queries)}
    rows = [(i, places[query]) for i, query in enumerate(a.per_query.queries) if query in places]
    if not rows:
        raise EvaluationError(f"the reports in {a.folder} and {b.folder} have no query in common")
    left, right = (list(side) for side in zip(*rows, strict=True))
    groups = None if a.per_query.groups is None else np.array(a.per_query.groups, dtype=np.int64)[left]
    return a.values(system, measure)[left], b.values(system, measure)[right], groups


def _same_sources(a: Results, b: Results) -> bool | None:
    sources = [results.document.get("provenance", {}).get("sources") for results in (a, b)]
    return None if None in sources else sources[0] == sources[1]


def _lists(count: int, groups: int) -> str:
    """Return the number of lists in words and, where some are equal, the number of different ones."""
    lists = "1 list" if count == 1 else f"{count:,} lists"
    return lists if groups == count else f"{lists}, {groups:,} of them different,"


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.0005 else f"p = {p:.3f}"
