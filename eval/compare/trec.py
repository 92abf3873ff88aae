"""Files in TREC's formats: people's judgements (qrels), and other systems' rankings (runs)."""

import math
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from eval.report.report import token, tokens
from eval.systems.context import DEPTH, Ranking
from eval.systems.systems import SYSTEMS
from eval.task.lines import Warn, fields, read_lines, silent, some
from eval.task.task import Judged, Task
from recommender.errors import EvaluationError

MOST_REVERSED = 0.5
"""The share of rankings whose ranks contradict their scores above which a run is refused."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run file: ``rankings`` are query id → document ids, highest score first, ties by id (ids as in TREC files)."""

    path: Path
    rankings: Mapping[str, Sequence[str]]


@dataclass(slots=True)
class Judgements:
    """A qrels file: ``grades`` are query id → document id → 1 related, 0 not (ids as in TREC files)."""

    path: Path
    grades: dict[str, dict[str, int]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    """Id → file and line where it stands first."""


def read_judgements(path: Path, warn: Warn = silent) -> Judgements:
    """Read a TREC qrels file. Raises EvaluationError naming file and line of a fault or a contradiction."""
    found = Judgements(path)
    for place, line in read_lines(path, "judgements", warn):
        query, _, document, grade = fields(place, line, "query 0 document 0|1")
        if grade not in ("0", "1"):
            raise EvaluationError(f"{place}: grade {grade!r}, expected 1 for related or 0 for not")
        if found.grades.setdefault(query, {}).setdefault(document, int(grade)) != int(grade):
            raise EvaluationError(f"{place}: {document!r} is judged both 0 and 1 for {query!r}; keep one of the lines")
        for name in (query, document):
            found.places.setdefault(name, place)
    if not found.grades:
        raise EvaluationError(f"{path}: holds no judgement; expected lines `query 0 document 0|1`")
    return found


def check_judgements(judgements: Judgements, ids: Collection[str]) -> None:
    """Raise EvaluationError, naming file and line, if a query or document is none of the corpus's ``ids``."""
    known = set(map(token, ids))
    for name, place in judgements.places.items():
        if name not in known:
            raise EvaluationError(f"{place}: a judgement names {name!r}, which is not in the corpus")


def with_judgements(task: Task, judgements: Judgements) -> tuple[Task, int]:
    """Return ``task`` with ``judgements`` added, and the number of judgements that were not used.

    An article that the editor listed stays related whatever was judged; one that may not be recommended
    is left out. Raises EvaluationError if a query or document is not in the corpus.
    """
    names = tokens(task.snapshot.corpus)
    rows = {name: row for row, name in enumerate(names)}
    check_judgements(judgements, [card.id for card in task.snapshot.corpus.cards])
    known = {names[query.row] for query in task.queries}
    left_out = sum(len(judged) for query, judged in judgements.grades.items() if query not in known)
    queries = []
    for query in task.queries:
        mask = task.allowed(query.row)
        fresh = {rows[d]: v for d, v in judgements.grades.get(names[query.row], {}).items()}
        usable = {row: v for row, v in fresh.items() if mask[row] and row not in query.relevant}
        left_out += len(fresh) - len(usable)
        confirmed = tuple(sorted(row for row, value in usable.items() if value))
        refuted = tuple(sorted(row for row, value in usable.items() if not value))
        queries.append(replace(query, confirmed=confirmed, refuted=refuted))
    return replace(task, queries=tuple(queries)), left_out


def read_runs(texts: Sequence[str], warn: Warn = silent) -> dict[str, Run]:
    """Read the TREC runs of ``NAME=FILE``, by name.

    Raises EvaluationError on another form, a name that is taken, or a file that is no run.
    """
    found: dict[str, Run] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not equals or not path or not re.fullmatch(r"\w[\w.-]*", name) or name in SYSTEMS or name in found:
            raise EvaluationError(f"--run {text!r} is not of the form NAME=FILE with a new name of letters and digits")
        found[name] = Run(Path(path), read_run(Path(path), warn))
    return found


def read_run(path: Path, warn: Warn = silent) -> dict[str, list[str]]:
    """Read a TREC run file: query id → document ids, highest score first, ties by id.

    The scores decide, as in trec_eval; where ranks contradict them in some rankings, that is warned of. Raises
    EvaluationError naming file and line of what is no line of a run or stands twice, and where ranks contradict
    scores in more than MOST_REVERSED of the rankings.
    """
    answers: dict[str, dict[str, tuple[float, int, str]]] = defaultdict(dict)
    for place, line in read_lines(path, "a TREC run", warn):
        query, _, document, rank, score, _ = fields(place, line, "query Q0 document rank score run")
        if first := answers[query].get(document):
            raise EvaluationError(
                f"{place}: {document!r} stands twice in the ranking of {query!r}, first at {first[2]}"
            )
        answers[query][document] = _number(place, score), _rank(place, rank), place
    if not answers:
        raise EvaluationError(f"{path}: holds no ranking; expected lines `query Q0 document rank score run`")
    _check_ranks(path, answers, warn)
    return {query: sorted(found, key=lambda d: (-found[d][0], d)) for query, found in answers.items()}


def _number(place: str, score: str) -> float:
    try:
        number = float(score)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise EvaluationError(f"{place}: score {score!r} is no finite number; leave the line out, or mend it")
    return number


def _rank(place: str, rank: str) -> int:
    try:
        return int(rank)
    except ValueError:
        raise EvaluationError(f"{place}: rank {rank!r} is no whole number; the score stands after the rank") from None


def _check_ranks(path: Path, answers: Mapping[str, Mapping[str, tuple[float, int, str]]], warn: Warn) -> None:
    """Compare the order by score with that by rank; a run without ranks (all the same) contradicts nothing."""
    contradicted: list[str] = []
    for found in answers.values():
        by_score = sorted(found.values(), key=lambda each: (-each[0], each[1]))
        wrong = [b[2] for a, b in pairwise(by_score) if a[0] > b[0] and a[1] > b[1]]
        contradicted += wrong[:1]
    if not contradicted:
        return
    text = (
        f"{contradicted[0]}: the rank contradicts the score, as in {len(contradicted):,} of {len(answers):,} rankings;"
        " the scores decide, the highest is the best"
    )
    if len(contradicted) > MOST_REVERSED * len(answers):
        raise EvaluationError(f"{text}; write the negative of a distance")
    warn(text)


def check_runs(runs: Mapping[str, Run], queries: Collection[str], ids: Collection[str], warn: Warn) -> None:
    """Check that ``runs`` are about the ``queries`` of the task and the corpus's ``ids``, both as in the articles.

    Warns of unknown ids, which are left out, and of queries without a ranking. Raises EvaluationError if none of a
    run's queries is in ``queries``, or none of its documents in ``ids``: it would score 0 for no fault of the system.
    """
    expected, known = sorted(map(token, queries)), set(map(token, ids))
    for run in runs.values():
        answered, path = set(run.rankings), run.path
        documents = list(dict.fromkeys(d for ranking in run.rankings.values() for d in ranking))
        for what, theirs, ours in (("queries", list(run.rankings), expected), ("documents", documents, sorted(known))):
            if not set(theirs) & set(ours):
                raise EvaluationError(
                    f"{path}: none of its {len(theirs):,} {what} ({some(theirs)}) is one of the {len(ours):,} here"
                    f" ({some(ours)}); the ids must be the articles'"
                )
        for what, theirs in (("queries", list(run.rankings)), ("documents", documents)):
            if unknown := [name for name in theirs if name not in known]:
                warn(
                    f"{path}: {len(unknown):,} of {len(theirs):,} {what} are not in the corpus and are left out:"
                    f" {some(unknown)}"
                )
        if missing := [name for name in expected if name not in answered]:
            warn(f"{path}: {len(missing):,} of {len(expected):,} queries have no answer and score 0: {some(missing)}")


def external(task: Task, runs: Mapping[str, Run], warn: Warn) -> dict[str, Ranking]:
    """Return ``runs`` as systems by name; documents that are no candidates of a query are left out of its ranking.

    Warns and raises EvaluationError as ``check_runs`` does.
    """
    names = tokens(task.snapshot.corpus)
    rows = {name: row for row, name in enumerate(names)}
    check_runs(runs, [task.name(q.row) for q in task.queries], [card.id for card in task.snapshot.corpus.cards], warn)

    def ranking(run: Run) -> Ranking:
        def rank(query: Judged) -> list[int]:
            mask = task.allowed(query.row)
            found = (rows.get(d) for d in run.rankings.get(names[query.row], ()))
            return [row for row in found if row is not None and mask[row]][:DEPTH]

        return rank

    return {name: ranking(run) for name, run in runs.items()}
