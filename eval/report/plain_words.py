"""A report in plain words: what was found among the first places, by whom, and what each measure and system is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from eval.systems.systems import SYSTEMS

CALLED = {
    "tfidf": "plain text search (tf-idf)",
    "bm25": "plain text search (BM25)",
    "bm25-top25": "plain text search (BM25, the 25 weightiest words)",
    "naive": "one plain embedding an article",
    "rrf": "text search and an embedding, ranks added",
    "section": "the newest of the section",
    "recency": "the newest articles",
    "popular": "what editors list most",
}
"""How a rival is called in a sentence; one from outside by its name."""
RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Held:
    """How many of the articles that count as related stand among the first ``k`` places, as means over the queries.

    ``possible``: how many could, ``min(k, related)``; ``by_system``: how many do.
    """

    k: int
    possible: float
    by_system: Mapping[str, float]

    @classmethod
    def from_rankings(
        cls, k: int, qrels: Mapping[str, Mapping[str, int]], rankings: Mapping[str, Mapping[str, Sequence[str]]]
    ) -> Self:
        """Count in ``rankings`` (system → query → documents, best first) what ``qrels`` call related."""
        related = {query: {d for d, grade in judged.items() if grade > 0} for query, judged in qrels.items()}
        found = {
            system: float(np.mean([len(related[query].intersection(run.get(query, ())[:k])) for query in qrels]))
            for system, run in rankings.items()
        }
        return cls(k, float(np.mean([min(k, len(each)) for each in related.values()])), found)

    def to_json(self) -> dict[str, Any]:
        """Return the numbers, rounded."""
        systems = {name: round(value, 4) for name, value in self.by_system.items()}
        return {"k": self.k, "possible": round(self.possible, 4), "systems": systems}


def headline(document: Mapping[str, Any], main: str) -> str:
    """Return what was found in one sentence, "" for a report from before it was counted."""
    held = document.get("held")
    if not held:
        return ""
    picked = "picked, or a person judged related," if _judged(document) else "picked"
    name = main if main in held["systems"] else next(iter(held["systems"]))
    who = "recommended" if name == main else f"of {CALLED.get(name, name)}"
    rival = best_rival(document)
    mine, theirs = held["systems"][name], held["systems"].get(rival, held["possible"])
    digits = 1 if abs(mine - theirs) >= 0.1 else 2
    most, mine, theirs = (f"{number:.{digits}f}" for number in (held["possible"], mine, theirs))
    text = f"Of the {most} articles that an editor {picked} for a story, the first {held['k']} {who} hold {mine}"
    return f"{text}; {CALLED.get(rival, rival)} finds {theirs}." if rival else f"{text}."


def surety(document: Mapping[str, Any]) -> str:
    """Return in a sentence how sure the lead over the best rival is, "" where there is none."""
    rival = best_rival(document)
    if rival is None:
        return ""
    found, lists, name = document["comparisons"][rival], document["queries"], CALLED.get(rival, rival)
    if document["verdict"].startswith("Nothing can be said"):
        return f"{lists:,} lists are too few to say anything: the numbers may well be chance."
    if found["verdict"] == "better":
        return f"The lead over {name} is no accident of these {lists:,} lists."
    if found["verdict"] == "worse":
        return f"It is behind {name}, by more than chance would give."
    more = f"; a difference would show from {found['detectable']:.3f} on" if found["detectable"] is not None else ""
    return f"With {lists:,} lists it cannot be told from {name}{more}."


def best_rival(document: Mapping[str, Any]) -> str | None:
    """Return the baseline that the product was compared with and that scores best, None without one."""
    systems = document["systems"]
    ours = ("product", "zero-shot", "tuned", "oracle", RANDOM)
    rivals = [name for name in document["comparisons"] if name not in ours]
    primary = next(iter(next(iter(systems.values()))))
    return max(rivals, key=lambda name: float(systems[name][primary]["mean"]), default=None)


def about_measure(name: str) -> str:
    """Return what a measure says, for who has not met it."""
    kind, _, cut = name.partition("@")
    told = {
        "nDCG": f"how near the first {cut} are to the best possible list: 1 if what the editor picked stands at the"
        " top, 0 if none of it is there; the higher up a pick, the more it counts",
        "R": f"the share of the editor's picks that stand among the first {cut}",
        "RR": "1 divided by the place of the first pick: 1 if it is the first, 0.5 if the second, 0.1 if the tenth",
        "Success": f"the share of lists of which at least one pick is among the first {cut}",
        "Judged": f"the share of the first {cut} that an editor listed or a person judged",
        "nDCG(judged_only=True)": f"nDCG@{cut} as if what nobody listed or judged were not there",
    }
    return told.get(kind, "")


ABOUT_GAP = "the mean of product's value minus the system's, list by list, with its 95 % interval"
ABOUT_P = (
    "how often chance alone would give such a difference or a greater one (paired randomisation test), raised for the"
    " number of comparisons (Holm)"
)


def about_system(name: str) -> str:
    """Return what a system is, in a sentence; "" for one from outside."""
    function = SYSTEMS.get(name)
    told = (function.__doc__ or "").strip().partition("\n")[0] if function else ""
    return re.sub(r" \(see [^)]*\)", "", told)


def _judged(document: Mapping[str, Any]) -> bool:
    return any(name.startswith("Judged@") for name in next(iter(document["systems"].values())))
