"""A report as it lies in its folder, read back and checked.

``report.json`` holds the figures, ``per_query.json`` beside it every query's value:
``{"measures": [...], "queries": [ids], "systems": {name: {measure: [a value a query]}}}``; a further key
``groups`` may number the queries that share a list, which are then resampled together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import orjson
from pydantic import TypeAdapter, ValidationError

from eval.stats.measures import Values
from recommender.errors import EvaluationError

REPORT, PER_QUERY = "report.json", "per_query.json"
SAME_MEAN = 1e-5
"""The mean of the values by query and that of the report, both rounded, differ by less."""

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class PerQuery:
    """``per_query.json``: the queries' ids, and by system and measure a value for each, in their order."""

    measures: list[str]
    queries: list[str]
    systems: dict[str, dict[str, list[float]]]
    groups: list[int] | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """A report's folder, read and checked."""

    folder: Path
    document: Mapping[str, Any]
    per_query: PerQuery

    def values(self, system: str, measure: str) -> Values:
        """Return ``(q,)`` values. Raises EvaluationError, with what there is, if one is not in the report."""
        by_measure = entry(self.per_query.systems, system, "system", self.folder / PER_QUERY)
        return np.array(entry(by_measure, measure, "measure", self.folder / PER_QUERY), dtype=np.float64)


def read_results(path: Path) -> Results:
    """Read the report in the folder ``path``, or of the ``report.json`` that it is.

    Raises EvaluationError naming the file that is missing or damaged, or that does not belong to the other.
    """
    folder = path.parent if path.name == REPORT else path
    document = _json(folder / REPORT)
    expected = ("as_of", "k", "systems")
    if not isinstance(document, dict) or any(key not in document for key in expected):
        raise EvaluationError(f"{folder / REPORT}: no report of this project (expected the keys {', '.join(expected)})")
    place = folder / PER_QUERY
    try:
        per_query = TypeAdapter(PerQuery).validate_python(_json(place))
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the file"
        raise EvaluationError(f"{place}: {where}: {problem['msg']}") from None
    _check(per_query, document, place)
    return Results(folder, document, per_query)


def entry(entries: Mapping[str, Entry], name: str, what: str, place: object) -> Entry:
    """Return the entry of that name. Raises EvaluationError, with the names there are, if there is none."""
    if name not in entries:
        raise EvaluationError(f"{place}: no {what} {name!r}; it has: {', '.join(entries)}")
    return entries[name]


def _check(per_query: PerQuery, document: Mapping[str, Any], place: Path) -> None:
    count = len(per_query.queries)
    if not count or not per_query.measures or len(set(per_query.queries)) != count:
        raise EvaluationError(f"{place}: expected a measure and at least one query, each query once")
    if per_query.groups is not None and len(per_query.groups) != count:
        raise EvaluationError(f"{place}: {len(per_query.groups):,} groups for {count:,} queries")
    for system, by_measure in per_query.systems.items():
        for measure, values in by_measure.items():
            if len(values) != count:
                raise EvaluationError(f"{place}: {len(values):,} values of {system}'s {measure}, expected {count:,}")
            if not np.isfinite(values).all():
                raise EvaluationError(f"{place}: a value of {system}'s {measure} is not finite")
            stated = _stated(document, system, measure)
            if not abs(stated - np.mean(values)) <= SAME_MEAN:
                raise EvaluationError(
                    f"{place}: {system}'s {measure} is {np.mean(values):.6f} on average, {stated:.6f} in {REPORT}:"
                    " the two are not of one evaluation"
                )


def _stated(document: Mapping[str, Any], system: str, measure: str) -> float:
    try:
        return float(document["systems"][system][measure]["mean"])
    except (KeyError, TypeError, ValueError):
        return float("nan")


def _json(path: Path) -> object:
    try:
        return orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise EvaluationError(f"{path}: cannot be read ({error})") from error
