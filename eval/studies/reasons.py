"""How many of the reasons that lists give are useful, true at least, or odd: by what a person said of each.

The reasons are those of sampled lists of two archives, built in memory without the embedding model: the words of a
reason come from the two texts. A reason is labelled by its text, so one whose wording changes is unlabelled until
somebody has read it again.
"""

import gzip
import re
import tempfile
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from eval.studies.versions import Share
from eval.task.inputs import Feedback, Sources, in_memory, require_files
from index.build import Bar, no_bar
from recommender.articles import Article
from recommender.corpus.encoder import HashEncoder
from recommender.errors import EvaluationError
from recommender.ranking.request import RelatedRequest

LABELS = Path(__file__).parents[1] / "labels" / "reasons.jsonl"
KINDS = ("useful", "true", "odd")
"""``useful``: it says why one would read on. ``true``: it is so, and says little. ``odd``: a reader would wonder."""
ARCHIVES = ("demo", "digitalgov")
QUERIES, ITEMS = 15, 5
"""Lists of an archive that are looked at, and items of each."""
NEWEST = 400
"""Articles of digitalgov that are its archive here: a study of seconds, whose reasons read like those of all of it."""
SEED = 18

_WORD = re.compile(r"[^\W\d_]+")
_ODD = {
    "an idea twice": re.compile(r"\bpublished\b.*\bpublished\b|\beditors\b.*\beditors\b", re.IGNORECASE),
    "a number for a word": re.compile(r"speak of [^;]*\b\d+\w*\b"),
    "an article for a name": re.compile(r"\bname (?:[^;]*, )?(?:The|A|An)(?: \d+)?(?:,| and|;|$)"),
    "a day or month": re.compile(
        r"(?:name|speak of) [^;]*\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.IGNORECASE
    ),
    "broken punctuation": re.compile(r"[,;] ?[,;]|,? and (?:and|;|$)|\s{2}|^[^\w“\"']"),
}
"""Rules that a reason's wording must not break, by name."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why article ``b`` stands in the list of ``a``, of the archive ``corpus``; ``label`` one of KINDS, or ""."""

    corpus: str
    a: str
    b: str
    text: str
    label: str = ""


def faults(text: str) -> list[str]:
    """Return the names of the rules of wording that a reason breaks."""
    found = [name for name, rule in _ODD.items() if rule.search(text)]
    spoken = re.search(r"speak of (.*?)(?:, and are tagged| and are tagged|;|$)", text)
    words = [word.casefold() for word in _WORD.findall(spoken[1])] if spoken else []
    words = [word for word in words if word != "and"]
    return [*found, *(["a word twice"] if len(set(words)) < len(words) else [])]


def sampled(corpora: Path, demo: Sequence[Path], bar: Bar = no_bar) -> list[Reason]:
    """Return the reasons of QUERIES lists, ITEMS of each, of every archive; chosen by SEED, the same every time.

    ``demo``: the files of the demo newspaper. Raises EvaluationError if a file is not there.
    """
    require_files((corpora / "digitalgov.jsonl.gz", *demo))
    with tempfile.TemporaryDirectory() as folder:
        newest = Path(folder) / "digitalgov.jsonl"
        newest.write_bytes(_newest(corpora / "digitalgov.jsonl.gz"))
        places = {"demo": list(demo), "digitalgov": [newest]}
        return [reason for name in ARCHIVES for reason in _of_archive(name, places[name], bar)]


def read_labels(path: Path = LABELS) -> list[Reason]:
    """Return the labelled reasons of a file. Raises EvaluationError naming the line that is none."""
    found = []
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise EvaluationError(f"{path}: cannot be read ({error.strerror})") from None
    for number, line in enumerate(lines, start=1):
        try:
            reason = Reason(**orjson.loads(line))
        except (orjson.JSONDecodeError, TypeError) as error:
            raise EvaluationError(f"{path}:{number}: no labelled reason ({error})") from None
        if reason.label not in KINDS:
            raise EvaluationError(f"{path}:{number}: label {reason.label!r} is none of {', '.join(KINDS)}")
        found.append(reason)
    return found


def labelled(reasons: Sequence[Reason], labels: Sequence[Reason]) -> tuple[list[Reason], list[Reason]]:
    """Return ``reasons`` with what ``labels`` say of the same pair and text, and those of which they say nothing."""
    known = {(each.corpus, each.a, each.b, each.text): each for each in labels}
    found = [known.get((each.corpus, each.a, each.b, each.text), each) for each in reasons]
    return [each for each in found if each.label], [each for each in found if not each.label]


def summary(reasons: Sequence[Reason]) -> dict[str, Any]:
    """Return by archive, and under "all", how many labelled ``reasons`` are of each kind, with Wilson's intervals."""

    def shares(of: Sequence[Reason]) -> Mapping[str, Any]:
        counts = Counter(each.label for each in of)
        return {kind: Share(counts[kind], len(of)).to_json() for kind in KINDS}

    by_archive = {name: shares([each for each in reasons if each.corpus == name]) for name in ARCHIVES}
    return {**by_archive, "all": shares(reasons)}


def to_line(reason: Reason) -> bytes:
    """Return a reason as a line of the file of labels."""
    return orjson.dumps(asdict(reason)) + b"\n"


def _newest(path: Path) -> bytes:
    """Return the NEWEST articles of a corpus, as JSON lines, newest first, ties by id."""
    items = [orjson.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    items.sort(key=lambda item: (item.get("published_at") or "", item["id"]), reverse=True)
    return b"".join(orjson.dumps(item) + b"\n" for item in items[:NEWEST])


def _of_archive(name: str, places: Sequence[Path], bar: Bar) -> list[Reason]:
    with tempfile.TemporaryDirectory() as folder:
        memory = in_memory(Sources(list(places), Path(folder)), HashEncoder(), Feedback(bar))
    snapshot, articles = memory.snapshot, {article.id: article for article in memory.articles}
    corpus, request = snapshot.corpus, RelatedRequest(limit=ITEMS)

    def texts(ids: Collection[str]) -> dict[str, Article]:
        return {each: articles[each] for each in ids if each in articles}

    found = []
    for row in np.random.default_rng(SEED).permutation(len(corpus))[:QUERIES].tolist():
        for hit, why in snapshot.recommender.explain(corpus.query(row), request, texts):
            found.append(Reason(name, corpus.cards[row].id, corpus.cards[hit.row].id, why.text))
    return found
