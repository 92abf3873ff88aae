"""The report's pictures: matplotlib's SVG, in the page's own text colour, so that it reads in light and dark."""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eval.stats.measures import Values
from eval.stats.significance import SEED, bootstrap

INK = "#010203"
"""Stands for the page's text colour: replaced by ``currentColor`` in the finished SVG."""
SERIES = {
    "product": "#1f9d7c",
    "tuned": "#b0569b",
    "zero-shot": "#4c94c4",
    "tfidf": "#c9822b",
    "naive": "#7a86d1",
}
OTHER = "#8a949e"
SIZE = (4.6, 3.3)
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "related",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": OTHER,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "savefig.transparent": True,
}
BINS = 4
MIN_IN_BIN = 5


def systems_plot(systems: Mapping[str, Mapping[str, Mapping[str, float]]], measure: str) -> str:
    """Return the SVG of each system's mean and interval, best at the top."""
    names = sorted((n for n in systems if n != "oracle"), key=lambda n: systems[n][measure]["mean"])
    with mpl.rc_context(STYLE):
        figure, axes = _figure()
        for place, name in enumerate(names):
            value, colour = systems[name][measure], SERIES.get(name, OTHER)
            axes.plot([value["low"], value["high"]], [place, place], color=colour, linewidth=2)
            axes.plot(value["mean"], place, "o", color=colour)
        axes.set_yticks(range(len(names)), names)
        axes.set_xlim(left=0)
        axes.set_xlabel(measure)
        return _svg(figure)


def groups_plot(
    by: npt.NDArray[np.float64], label: str, values: Mapping[str, Values], measure: str, *, integers: bool = False
) -> str | None:
    """Return the SVG of each system's mean and interval in quantile groups of ``by`` ``(q,)``; NaN left out.

    None where there is no system, or fewer than two groups of MIN_IN_BIN queries.
    """
    groups = quantile_groups(by)
    if len(groups) < 2 or not values:
        return None
    with mpl.rc_context(STYLE):
        figure, axes = _figure()
        shift = np.linspace(-0.12, 0.12, len(values))
        for (name, each), offset in zip(values.items(), shift, strict=True):
            estimates = [bootstrap(each[rows], SEED) for rows in groups]
            places, colour = np.arange(len(groups)) + offset, SERIES.get(name, OTHER)
            axes.plot(places, [e.mean for e in estimates], "o-", color=colour, label=name, linewidth=1)
            axes.vlines(places, [e.low for e in estimates], [e.high for e in estimates], color=colour, linewidth=2)
        spans = [(by[rows].min(), by[rows].max()) for rows in groups]
        texts = [_span(low, high, integers=integers) for low, high in spans]
        axes.set_xticks(
            range(len(groups)), [f"{t}\n({len(rows)})" for t, rows in zip(texts, groups, strict=True)], fontsize=8
        )
        axes.set_ylim(0, 1)
        axes.set_xlabel(f"{label} (lists)")
        axes.set_ylabel(measure)
        figure.legend(loc="outside upper left", ncols=len(values), frameon=False, fontsize=8)
        return _svg(figure)


def calibration_plot(calibrations: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the SVG of the share picked by the editor against the score: a line a system, a point a bin of ten.

    Bins of fewer than MIN_IN_BIN items are left out.
    """
    with mpl.rc_context(STYLE):
        figure, axes = _figure()
        axes.plot([0, 1], [0, 1], "--", color=OTHER, linewidth=1)
        for name, found in calibrations.items():
            bins = [b for b in found["bins"] if b["count"] >= MIN_IN_BIN]
            label = f"{name} (error {found['expected_error']:.3f})"
            x, y = [b["score"] for b in bins], [b["picked"] for b in bins]
            axes.plot(x, y, "o-", color=SERIES.get(name, OTHER), label=label, markersize=4)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_xlabel("score")
        axes.set_ylabel("share picked by the editor")
        axes.legend(frameon=False, fontsize=8, loc="upper left")
        return _svg(figure)


def ablation_plot(rows: Sequence[Mapping[str, Any]], measure: str) -> str:
    """Return the SVG of what each group of signals adds, with its interval, the greatest at the top."""
    with mpl.rc_context(STYLE):
        figure, axes = _figure()
        for place, row in enumerate(reversed(rows)):
            value = row["adds"]
            colour = SERIES["product"] if value["low"] > 0 else OTHER
            axes.plot([value["low"], value["high"]], [place, place], color=colour, linewidth=2)
            axes.plot(value["mean"], place, "o", color=colour)
        axes.axvline(0, color=OTHER, linewidth=1, linestyle="--")
        axes.set_yticks(range(len(rows)), [row["group"] for row in reversed(rows)])
        axes.set_xlabel(f"{measure} lost without the group")
        return _svg(figure)


def curve_plot(rows: Sequence[Mapping[str, Any]], systems: Sequence[str], floor: float | None, measure: str) -> str:
    """Return the SVG of each system's mean and interval against the number of lists; ``floor`` is without any list."""
    sizes = [row["lists"] for row in rows]
    with mpl.rc_context(STYLE):
        figure, axes = _figure()
        for name in systems:
            colour = SERIES.get(name, OTHER)
            axes.plot(sizes, [row[name]["mean"] for row in rows], "o-", color=colour, label=name, linewidth=1)
            lows, highs = ([row[name][end] for row in rows] for end in ("low", "high"))
            axes.vlines(sizes, lows, highs, color=colour, linewidth=2)
        if floor is not None:
            axes.axhline(floor, color=SERIES["zero-shot"], linestyle="--", linewidth=1, label="zero-shot")
        axes.set_xscale("log" if min(sizes) else "linear")
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
        axes.set_xlabel("curated lists that are known")
        axes.set_ylabel(measure)
        axes.legend(frameon=False, fontsize=8)
        return _svg(figure)


def exposure_plot(points: Sequence[tuple[float, float]]) -> str:
    """Return the SVG of the exposure curve: the least shown share x of the articles has share y of the places."""
    x, y = zip(*points, strict=True)
    with mpl.rc_context(STYLE):
        figure, axes = _figure()
        axes.plot([0, 1], [0, 1], "--", color=OTHER, linewidth=1)
        axes.plot(x, y, color=SERIES["product"], linewidth=2)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_xlabel("share of articles, least recommended first")
        axes.set_ylabel("share of all places")
        return _svg(figure)


def quantile_groups(by: npt.NDArray[np.float64]) -> list[npt.NDArray[np.int64]]:
    """Return the rows of at most BINS groups of ``by`` ``(q,)`` at its quantiles, equal values together, NaN out.

    Groups of fewer than MIN_IN_BIN rows are dropped.
    """
    known = by[np.isfinite(by)]
    if not len(known):
        return []
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)))
    which = np.clip(np.searchsorted(edges, by, side="right") - 1, 0, max(0, len(edges) - 2))
    groups = [np.flatnonzero(np.isfinite(by) & (which == group)) for group in range(max(1, len(edges) - 1))]
    return [rows for rows in groups if len(rows) >= MIN_IN_BIN]


def _span(low: float, high: float, *, integers: bool) -> str:
    def text(value: float) -> str:
        return f"{value:.0f}" if integers or value >= 10 else f"{value:.1f}"

    return text(low) if text(low) == text(high) else f"{text(low)}–{text(high)}"


def _figure() -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE, layout="constrained")
    return figure, figure.add_subplot()


def _svg(figure: Figure) -> str:
    """Return the SVG with neither a style element nor a style attribute: a strict content policy allows neither."""
    buffer = io.StringIO()
    metadata: dict[str, Any] = {"Date": None, "Creator": None}
    figure.savefig(buffer, format="svg", metadata=metadata)
    text = buffer.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    text = re.sub(r"<(metadata|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    return re.sub(r' style="([^"]*)"', _attributes, text)


def _attributes(found: re.Match[str]) -> str:
    """Return the declarations of a style attribute as SVG's presentation attributes."""
    attributes: dict[str, str] = {}
    for declaration in found[1].split(";"):
        name, colon, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            attributes |= {"font-size": value.partition(" ")[0], "font-family": "system-ui, sans-serif"}
        elif name == "font-family":
            attributes[name] = "system-ui, sans-serif"
        elif colon:
            attributes[name] = value
    return "".join(f' {name}="{value}"' for name, value in attributes.items())
