"""The results of an evaluation in one object, and the files written from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from eval.report.files import write_whole
from eval.stats.measures import Values, decreasing
from eval.stats.significance import Groups
from recommender.corpus.corpus import Corpus

MAIN = "product"


@dataclass(frozen=True, slots=True)
class Report:
    """The results of an evaluation. Ids are as in TREC files (see ``token``).

    ``document`` is report.json. ``names`` are the ids by row; ``qrels`` query → document → 1 related, 0 judged
    not; ``rankings`` system → query → documents, best first; ``values`` system → measure → ``(q,)`` in the order of
    ``qrels``; ``groups`` numbers the queries that share a list; ``reasons`` (query, document) → the product's score and
    what each signal added to it.
    """

    document: dict[str, Any]
    measures: tuple[str, ...]
    names: tuple[str, ...]
    qrels: Mapping[str, Mapping[str, int]]
    rankings: Mapping[str, Mapping[str, Sequence[str]]]
    values: Mapping[str, Mapping[str, Values]]
    groups: Groups | None
    reasons: Mapping[tuple[str, str], tuple[float, list[float]]]

    def write(self, folder: Path, pages: Mapping[str, str] | None = None) -> None:
        """Write report.json, per_query.json, qrels.txt, run-SYSTEM.txt and ``pages`` (name → text) into ``folder``.

        All of them or, where the disk is full or Ctrl-C comes first, none.
        """
        texts = {
            "qrels.txt": "".join(f"{q} 0 {d} {g}\n" for q, judged in self.qrels.items() for d, g in judged.items())
        }
        for system, run in self.rankings.items():
            texts[f"run-{system}.txt"] = "".join(
                f"{q} Q0 {d} {i} {score} {system}\n"
                for q, ids in run.items()
                for i, (d, score) in enumerate(decreasing(ids), start=1)
            )
        per_query = {
            "measures": self.measures,
            "queries": list(self.qrels),
            "groups": None if self.groups is None else self.groups.tolist(),
            "systems": {
                system: {measure: [round(float(v), 6) for v in values] for measure, values in by_measure.items()}
                for system, by_measure in self.values.items()
            },
        }
        files = {name: text.encode() for name, text in {**texts, **(pages or {})}.items()}
        files["per_query.json"] = orjson.dumps(per_query)
        files["report.json"] = orjson.dumps(self.document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        write_whole({folder / name: data for name, data in files.items()})


def token(identity: str) -> str:
    """Return ``identity`` as one word, as TREC files need it: white space and % are percent-encoded."""
    return "".join(quote(c) if c.isspace() or c == "%" else c for c in identity)


def tokens(corpus: Corpus) -> tuple[str, ...]:
    """Return the corpus's ids as in TREC files, by row."""
    return tuple(token(card.id) for card in corpus.cards)
