"""How well versions of a story are told from series, templates and follow-ups: against labelled pairs of articles.

The pairs go the way of a served list: their archives are built in memory, without the embedding model, and a pair is
one story if the article directory has it under one number, or one article tells the other again.
"""

import hashlib
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from eval.studies.defaults import PROSE
from eval.task.inputs import Feedback, Sources, in_memory, require_files
from index.build import Bar, no_bar
from recommender.corpus.corpus import Corpus
from recommender.corpus.encoder import HashEncoder
from recommender.errors import EvaluationError
from recommender.ranking.request import VERSION_DAYS
from recommender.ranking.versions import Tellings, Told

LABELS = Path(__file__).parents[1] / "labels" / "versions.jsonl"
ONE_STORY = ("version", "copy")
NOT = ("series", "template", "followup")
OWN = "own"
ARCHIVES = {
    "news": ("digitalgov", "eighteenf", "demo", OWN),
    "blog": ("auth0_blog",),
    "reference": ("mdn",),
    "help": ("libreoffice_en",),
}
"""Archive → the corpora in it: the texts of our own stand among those of a newspaper and two newsrooms."""
HALVES = ("development", "held_out", "written_after")
"""The parts of the labelled pairs: thresholds were chosen on the first alone; the last was written after the rule."""
SEED = 1
Z = 1.959964
"""Standard normal quantile of a two-sided interval of 95 %."""


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two articles, each (corpus, id), and what they are to each other: one of ONE_STORY or of NOT.

    ``group`` is what the pair was made of, so that no two halves share a text; ``after`` the rule was finished.
    """

    label: str
    group: str
    after: bool
    a: tuple[str, str]
    b: tuple[str, str]

    @property
    def half(self) -> str:
        """The part of HALVES that the pair belongs to."""
        if self.after:
            return "written_after"
        digest = hashlib.sha256(f"versions {SEED} {self.group}".encode()).digest()
        return "held_out" if digest[0] % 2 else "development"


@dataclass(frozen=True, slots=True)
class Share:
    """``hits`` of ``count``, as a share with Wilson's 95 % interval (JASA 22, 1927)."""

    hits: int
    count: int

    def to_json(self) -> dict[str, Any]:
        """Return the numbers, rounded; a share of nothing is None."""
        if not self.count:
            return {"hits": 0, "count": 0, "value": None, "low": None, "high": None}
        share, n = self.hits / self.count, self.count
        centre, spread = share + Z**2 / (2 * n), Z * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
        low, high = ((centre + side * spread) / (1 + Z**2 / n) for side in (-1, 1))
        rounded = {"value": share, "low": max(0.0, low), "high": min(1.0, high)}
        return {"hits": self.hits, "count": n, **{name: round(value, 4) for name, value in rounded.items()}}


def read_labels(path: Path = LABELS) -> tuple[list[LabelledPair], list[dict[str, Any]]]:
    """Return the pairs in ``path`` and the articles of our own that stand there, each once.

    Raises EvaluationError naming the line that is none.
    """
    pairs: list[LabelledPair] = []
    own: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            found = orjson.loads(line)
            sides = [(found[side]["corpus"], found[side]["id"]) for side in "ab"]
            pairs.append(LabelledPair(found["label"], found["group"], found["written"] == "after", *sides))
            own |= {
                name: _article(found[side]) for side, (corpus, name) in zip("ab", sides, strict=True) if corpus == OWN
            }
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise EvaluationError(f"{path}:{number}: no labelled pair ({error})") from error
        if found["label"] not in ONE_STORY + NOT:
            raise EvaluationError(f"{path}:{number}: label {found['label']!r} is none of {', '.join(ONE_STORY + NOT)}")
    return pairs, list(own.values())


def evaluate_versions(
    corpora: Path, demo: Path, labels: Path = LABELS, version_days: float = VERSION_DAYS, bar: Bar = no_bar
) -> dict[str, Any]:
    """Return, as JSON, precision and recall of "one story" on the pairs in ``labels``, and every wrong pair.

    ``corpora`` holds the corpora as ``<name>.jsonl.gz``, ``demo`` is the demo newspaper. Raises EvaluationError naming
    a corpus or an article that is missing.
    """
    pairs, own = read_labels(labels)
    one_story = dict[LabelledPair, bool]()
    for corpus_names in ARCHIVES.values():
        if mine := [pair for pair in pairs if pair.a[0] in corpus_names]:
            archive = _archive(corpora, demo, corpus_names, own, bar)
            one_story |= {pair: tells_one_story(archive, pair, version_days) for pair in mine}
    if lost := next((pair for pair in pairs if pair not in one_story), None):
        raise EvaluationError(f"{lost.a[0]!r} is no corpus of an archive: {ARCHIVES}")
    halves = {half: [pair for pair in pairs if pair.half == half] for half in HALVES}
    return {
        "version_days": version_days,
        "pairs": len(pairs),
        "seed": SEED,
        "all": _figures(pairs, one_story),
        **{half: _figures(some, one_story) for half, some in halves.items()},
        "wrong": [_account(pair, one_story[pair]) for pair in pairs if one_story[pair] != (pair.label in ONE_STORY)],
    }


def tells_one_story(corpus: Corpus, pair: LabelledPair, version_days: float = VERSION_DAYS) -> bool:
    """Say whether the product takes the articles of ``pair``, both in ``corpus``, for one story."""
    rows = [corpus.row(name) for _, name in (pair.a, pair.b)]
    if corpus.story_ids[rows[0]] == corpus.story_ids[rows[1]]:
        return True
    query, other = corpus.query(rows[0]), np.array(rows[1:], dtype=np.int64)
    return bool(Tellings(corpus, other, version_days).retelling(Told.from_query(query), query.terms)[0])


def _archive(corpora: Path, demo: Path, names: Sequence[str], own: Sequence[Mapping[str, Any]], bar: Bar) -> Corpus:
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder) / "own.jsonl"
        texts.write_bytes(b"".join(orjson.dumps(article, option=orjson.OPT_APPEND_NEWLINE) for article in own))
        places = {"demo": demo, OWN: texts}
        paths = [places.get(name, corpora / f"{name}.jsonl.gz") for name in names]
        require_files(paths, "; the labels name articles of it")
        only = f"page_type={PROSE}" if "mdn" in names else ""
        return in_memory(Sources(paths, Path(folder), only=only), HashEncoder(16), Feedback(bar)).snapshot.corpus


def _figures(pairs: Sequence[LabelledPair], one_story: Mapping[LabelledPair, bool]) -> dict[str, Any]:
    """Return precision and recall of ``pairs``, and for each label how many were classified correctly."""

    def share(some: Iterable[LabelledPair], right: Callable[[LabelledPair], bool]) -> dict[str, Any]:
        judged = [right(pair) for pair in some]
        return Share(sum(judged), len(judged)).to_json()

    folded = [pair for pair in pairs if one_story[pair]]
    kinds = Counter(pair.label for pair in pairs)
    return {
        "precision": share(folded, lambda pair: pair.label in ONE_STORY),
        "recall": share((pair for pair in pairs if pair.label in ONE_STORY), one_story.__getitem__),
        "right": {
            label: share(
                (pair for pair in pairs if pair.label == label),
                lambda pair: one_story[pair] == (pair.label in ONE_STORY),
            )
            for label in ONE_STORY + NOT
            if kinds[label]
        },
    }


def _account(pair: LabelledPair, folded: bool) -> dict[str, Any]:
    sides = {side: "/".join(article) for side, article in (("a", pair.a), ("b", pair.b))}
    return {"label": pair.label, "folded": folded, "half": pair.half, **sides}


def _article(side: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in side.items() if name != "corpus"}
