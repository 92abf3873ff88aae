"""Tables of a report in the terminal and in Markdown, and one article's list beside its editor's."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.columns import Columns
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from eval.catalogue.lists import shorten
from eval.report.plain_words import headline, surety
from eval.report.report import MAIN
from eval.task.left_out import Reason, sentence
from index.response import default_request
from index.store.snapshot import Snapshot
from recommender.errors import EvaluationError
from recommender.ranking.hits import Hit, Source
from recommender.ranking.signals import SIGNALS

WIDTH = 58
"""Characters of a title in the terminal."""
REASONS = 3
LEAST_REASON = 0.1


def report_table(document: Mapping[str, Any]) -> Table:
    """Return the systems of a report with the means of their measures; the primary one with its interval."""
    systems: Mapping[str, Mapping[str, Mapping[str, float]]] = document["systems"]
    measures = list(next(iter(systems.values())))
    table = Table("system", *measures, box=None, header_style="bold")
    for system, values in systems.items():
        cells = [f"{values[m]['mean']:.3f}" for m in measures]
        cells[0] += f" [dim]({values[measures[0]]['low']:.3f}-{values[measures[0]]['high']:.3f})[/]"
        table.add_row(system, *cells, style="bold green" if system == "product" else "")
    return table


def markdown_table(documents: Mapping[str, Mapping[str, Any]]) -> str:
    """Return one Markdown table of the primary measure: a row a system, a column a report; all of one measure."""
    systems = list(dict.fromkeys(s for document in documents.values() for s in document["systems"]))
    heads = [
        f"{name} ({document['queries']:,} lists, as of {document['as_of']})" for name, document in documents.items()
    ]
    measures = {next(iter(next(iter(document["systems"].values())))) for document in documents.values()}
    if len(measures) != 1:
        raise EvaluationError(f"the reports have different first measures: {', '.join(sorted(measures))}")
    lines = [f"| {measures.pop()} | " + " | ".join(heads) + " |", "|---|" + "---|" * len(documents)]
    for system in systems:
        cells = [_cell(document, system) for document in documents.values()]
        label = f"**{system}**" if system == "product" else system
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def replace_table(page: str, name: str, table: str) -> str:
    """Return ``page`` with ``table`` between the comments that mark its place. Raises EvaluationError without them."""
    start, end = f"<!-- {name} table -->", f"<!-- end of {name} table -->"
    before, opened, rest = page.partition(start)
    _, closed, after = rest.partition(end)
    if not opened or not closed:
        raise EvaluationError(f"no {start} … {end} to write the table between")
    return f"{before}{start}\n{table}{end}{after}"


def markdown_pairs(document: Mapping[str, Any]) -> str:
    """Return a document of ``evaluate_pairs`` as a Markdown table: a row a system."""
    lines = ["| system | Spearman | Pearson |", "|---|---|---|"]
    for name, found in document["systems"].items():
        cells = [
            f"{found[m]['value']:.3f} ({found[m]['low']:.3f}–{found[m]['high']:.3f})" for m in ("spearman", "pearson")
        ]
        lines.append(f"| {name} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines) + "\n"


def account(snapshot: Snapshot, identity: str, limit: int) -> Group:
    """Return one article's ranked list beside its editor's, with a mark where they agree.

    Raises UnknownArticleError if the snapshot does not hold it.
    """
    corpus = snapshot.corpus
    row = corpus.row(identity)
    card = corpus.cards[row]
    hits = snapshot.recommender.related(corpus.query(row), default_request(snapshot, limit))
    picked = [corpus.find(target) for target in snapshot.lists.get(card.id, ())]
    ranked = Table("", "score", "recommended", "because of", box=None, header_style="bold", show_lines=False)
    for place, hit in enumerate(hits, start=1):
        mark = "[green]✓[/]" if hit.row in picked else " "
        ranked.add_row(
            f"{place:>2} {mark}",
            f"{hit.score:.3f}" if hit.source is Source.RANKED else hit.source.value,
            Text(shorten(corpus.cards[hit.row].label, WIDTH)),
            reasons(hit),
        )
    editors = Table("", "found", "picked by the editor", box=None, header_style="bold")
    places = {hit.row: place for place, hit in enumerate(hits, start=1)}
    for place, target in enumerate(picked, start=1):
        if target is None:
            continue
        where = f"[green]at {places[target]}[/]" if target in places else "[red]no[/]"
        editors.add_row(f"{place:>2}", where, Text(shorten(corpus.cards[target].label, WIDTH)))
    title = Text(card.label, style="bold")
    if not picked:
        return Group(title, ranked)
    agreed = sum(target in places for target in picked if target is not None)
    verdict = Text(f"{agreed} of the editor's {len(picked)} stand among the first {limit}.")
    return Group(title, Columns([ranked, editors], padding=(0, 3)), verdict)


def reasons(hit: Hit) -> str:
    """Return the signals that added most to a hit's score, with what they added: how far it stands above its pool."""
    named = sorted(zip(SIGNALS, hit.parts.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{name} {part:+.1f}" for name, part in named[:REASONS] if part >= LEAST_REASON)


def print_report(console: Console, document: Mapping[str, Any]) -> None:
    """Print what was found in plain words, the verdict and the table of a report."""
    for told in (headline(document, MAIN), surety(document)):
        if told:
            console.print(told, style="bold", markup=False)
    console.print(document["verdict"], markup=False)
    console.print(report_table(document))
    notes: Sequence[str] = _notes(document)
    for note in notes:
        console.print(f"[dim]{note}[/]")


def _notes(document: Mapping[str, Any]) -> list[str]:
    notes = [
        f"{document['articles']:,} articles; {document['targets_known']:.1%} of the lists' targets are among them;"
        f" candidates as of {document['as_of']}"
    ]
    if decided := document.get("provenance", {}).get("decided"):
        notes.append(decided)
    if document["lists_without_answer"]:
        left_out = {Reason(name): number for name, number in document.get("left_out", {}).items()}
        told = (
            f"{document['lists_without_answer']:,} more lists hold no article that may be recommended under this rule"
        )
        notes.append(sentence(left_out, document["queries"] + document["lists_without_answer"]) or told)
    if check := document.get("random_check"):
        state = "within" if check["within"] else "OUTSIDE"
        notes.append(
            f"random is {state} the band that chance allows ({check['low']:.4f}-{check['high']:.4f},"
            f" expected {check['expected']:.4f})"
        )
    return notes


def _cell(document: Mapping[str, Any], system: str) -> str:
    values = document["systems"].get(system)
    if values is None:
        return "–"
    primary = next(iter(values.values()))
    text = f"{primary['mean']:.3f} ({primary['low']:.3f}–{primary['high']:.3f})"
    return f"**{text}**" if system == "product" else text
