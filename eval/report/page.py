"""report.html: the whole evaluation as one self-contained page that needs no network."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
from jinja2 import Environment

from eval.catalogue.beyond import Beyond
from eval.report import plain_words
from eval.report.plots import ablation_plot, calibration_plot, curve_plot, exposure_plot, groups_plot, systems_plot
from eval.report.report import MAIN, Report
from eval.systems.context import DEPTH
from eval.systems.crossval import evidence
from eval.task.task import Judged, Task
from recommender.articles import Article
from recommender.explain.why import why_each
from recommender.ranking.hits import Hit
from recommender.ranking.signals import SIGNALS

EXCERPT = 260
COMPARED = ("product", "tfidf", "naive")


def render(report: Report, task: Task, beyond: Beyond | None) -> str:
    """Return the HTML of ``report``. Everything from articles enters as escaped text or as inert JSON."""
    templates = files("eval") / "templates"
    script, style = ((templates / name).read_text(encoding="utf-8") for name in ("report.js", "report.css"))
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string((templates / "report.html.j2").read_text(encoding="utf-8")).render(
        doc=report.document,
        headline=plain_words.headline(report.document, MAIN) or report.document["verdict"],
        surety=plain_words.surety(report.document),
        bars=_bars(report.document),
        columns=_columns(report.document),
        about_system=plain_words.about_system,
        plots=_plots(report, task, beyond),
        beyond=_beyond(beyond) if beyond else [],
        provenance=orjson.dumps(report.document["provenance"], option=orjson.OPT_INDENT_2).decode(),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=orjson.dumps(browser(report, task)).decode().replace("<", "\\u003c"),
        p=_p,
    )


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _columns(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """The columns of the table of systems: a name, what it says, and of a measure its key in the document."""
    measures = list(next(iter(document["systems"].values())))
    measures = [m for m in measures if m != "R@100"] if len(measures) > 6 else measures
    found = [{"name": m, "measure": m, "about": plain_words.about_measure(m)} for m in measures]
    if document["comparisons"]:
        found += [
            {"name": "product is better by", "measure": "", "about": plain_words.ABOUT_GAP},
            {"name": "p (Holm)", "measure": "", "about": plain_words.ABOUT_P},
        ]
    return found


def _bars(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the headline compares, as shares of what was possible."""
    held = document.get("held")
    if not held:
        return []
    rival = plain_words.best_rival(document)
    shown = [name for name in (MAIN, rival) if name and name in held["systems"]]
    rows = [(name, plain_words.CALLED.get(name, "recommended" if name == MAIN else name)) for name in shown]
    most = held["possible"] or 1.0
    found = [
        {"name": told, "value": held["systems"][name], "share": held["systems"][name] / most} for name, told in rows
    ]
    return [*found, {"name": "at most", "value": held["possible"], "share": 1.0}]


def browser(report: Report, task: Task) -> dict[str, Any]:
    """Return the page's data of each query, worst first: its curated list, its ranking, what each signal added."""
    system = MAIN if MAIN in report.rankings else next(iter(report.rankings))
    measure = report.measures[0]
    k = report.document["k"]
    values = report.values[system][measure]
    sentences = reasons(report, task) if system == MAIN else {}
    queries: list[dict[str, Any]] = []
    for i in sorted(range(len(task.queries)), key=lambda i: (values[i], report.names[task.queries[i].row])):
        query = task.queries[i]
        name = report.names[query.row]
        places = {other: place for place, other in enumerate(report.rankings[system][name], start=1)}
        picked = [{"id": report.names[row], "rank": places.get(report.names[row])} for row in query.relevant]
        got = [_hit(report, query, name, other, sentences) for other in report.rankings[system][name][:k]]
        queries.append({"q": name, "v": round(float(values[i]), 4), "w": picked, "g": got})
    shown = {entry["q"] for entry in queries} | {hit["id"] for entry in queries for hit in entry["w"] + entry["g"]}
    rows = {report.names[row]: row for row in range(len(report.names))}
    return {
        "key": hashlib.sha256(orjson.dumps([report.names, report.document["provenance"].get("snapshot")])).hexdigest()[
            :12
        ],
        "k": k,
        "depth": DEPTH,
        "measure": measure,
        "signals": list(SIGNALS),
        "articles": {name: _article(task.articles[rows[name]]) for name in sorted(shown)},
        "queries": queries,
    }


def reasons(report: Report, task: Task) -> dict[tuple[str, str], str]:
    """Return (query, document) → why, for the product's first k of each query: as the API says it, without quotes.

    From the lists of other articles, as they were known under the task's date rule.
    """
    found: dict[tuple[str, str], str] = {}
    rows = {name: row for row, name in enumerate(report.names)}
    for query in task.queries:
        name = report.names[query.row]
        shown = [rows[other] for other in report.rankings[MAIN][name][: report.document["k"]]]
        recommender = task.knowing(evidence(task, query.row))
        pool = recommender.pool(recommender.prepared(task.query(query.row)), task.allowed(query.row))
        hits = [Hit(row, *_parts(report, name, report.names[row])) for row in shown]
        told = why_each(pool, hits, task.articles[query.row], [task.articles[row] for row in shown], quoted=False)
        found |= {(name, report.names[row]): why.text for row, why in zip(shown, told, strict=True)}
    return found


def _parts(report: Report, name: str, other: str) -> tuple[float, npt.NDArray[np.float32]]:
    score, parts = report.reasons.get((name, other), (0.0, [0.0] * len(SIGNALS)))
    return score, np.array(parts, dtype=np.float32)


def _hit(
    report: Report, query: Judged, name: str, other: str, sentences: Mapping[tuple[str, str], str]
) -> dict[str, Any]:
    score, parts = report.reasons.get((name, other), (0.0, [0.0] * len(SIGNALS)))
    picked = other in {report.names[row] for row in query.relevant}
    judged = None if picked else report.qrels[name].get(other)
    return {
        "id": other,
        "score": score,
        "picked": picked,
        "judged": judged,
        "parts": parts,
        "why": sentences.get((name, other), ""),
    }


def _article(article: Article) -> dict[str, str]:
    text = next(iter(article.teasers), article.body)
    excerpt = text if len(text) <= EXCERPT else text[:EXCERPT].rsplit(" ", 1)[0] + "…"
    found = {
        "t": article.title,
        "u": article.url or "",
        "d": article.published_at.date().isoformat() if article.published_at else "",
        "s": article.section,
        "x": excerpt,
    }
    return {key: value for key, value in found.items() if value}


def _plots(report: Report, task: Task, beyond: Beyond | None) -> list[dict[str, str]]:
    measure = report.measures[0]
    plots = [
        {
            "svg": systems_plot(report.document["systems"], measure),
            "caption": f"Every system's {measure} with its 95 % interval.",
        }
    ]
    compared = {name: report.values[name][measure] for name in COMPARED if name in report.values}
    corpus = task.snapshot.corpus
    newest = np.nanmax(corpus.directory.days) if np.isfinite(corpus.directory.days).any() else np.nan
    years = (newest - corpus.directory.days[[q.row for q in task.queries]]) / 365.25
    lengths = np.array([len(q.relevant) for q in task.queries], dtype=np.float64)
    words = np.array([len(task.articles[q.row].body.split()) for q in task.queries], dtype=np.float64)
    for by, label, integers in (
        (lengths, "length of the curated list", True),
        (words, "words in the article", True),
        (years, "years before the newest article", False),
    ):
        if svg := groups_plot(by, label, compared, measure, integers=integers):
            plots.append({"svg": svg, "caption": f"{measure} by {label}, in quarters; the number of lists below."})
    document = report.document
    if calibrations := document.get("calibration"):
        caption = "How often an item of that score was picked. On the dashed line a score of .7 would mean 7 in 10."
        plots.append({"svg": calibration_plot(calibrations), "caption": caption})
    if ablation := document.get("ablation"):
        caption = (
            "What each group of signals adds to the tuned ranker: fitted anew without it. Green: surely something."
        )
        plots.append({"svg": ablation_plot(ablation, measure), "caption": caption})
    if curve := document.get("learning_curve"):
        floor = document["systems"].get("zero-shot", {}).get(measure, {}).get("mean")
        caption = "What the site's lists are worth: the same queries, had the site only so many."
        plots.append({"svg": curve_plot(curve, ("product", "tuned"), floor, measure), "caption": caption})
    if beyond:
        caption = "Exposure: the nearer to the dashed line, the more evenly articles are recommended."
        plots.append({"svg": exposure_plot(beyond.lorenz), "caption": caption})
    return plots


def _beyond(beyond: Beyond) -> Sequence[tuple[str, str, str]]:
    age = beyond.age
    hubs = "; ".join(f"{hub.title or hub.id} ({hub.in_degree})" for hub in beyond.hubs[:3])
    rows = [
        ("catalogue coverage", f"{beyond.coverage:.1%}", f"{beyond.orphans:,} articles stand in no list"),
        ("Gini of exposure", f"{beyond.gini:.2f}", "0: every article is recommended equally often"),
        ("hubness", f"{beyond.skewness:.1f}", f"skewness of in-degree; the greatest: {hubs}"),
        ("intra-list diversity", _number(beyond.diversity), "1 − mean tf-idf cosine within a list"),
        ("near-duplicates", _share(beyond.near_duplicates), "items that repeat the article or an item above them"),
        ("short lists", f"{len(beyond.short_lists):,}", next((s.reason for s in beyond.short_lists), "none")),
    ]
    if age:
        note = f"days older than the article (quartiles {age.lower:.0f} to {age.upper:.0f}); {age.newer:.0%} are newer"
        rows.append(("age of what is recommended", f"{age.median:.0f}", note))
    return rows


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
