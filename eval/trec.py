"""What comes from outside, in TREC's formats: people's judgements (qrels) and other systems' rankings (runs)."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import ir_measures

from eval.report import tokens
from eval.systems import DEPTH, SYSTEMS, Ranking
from eval.task import Judged, Task
from recommender.errors import EvaluationError

Judgements = Mapping[str, Mapping[str, int]]
"""Query id → document id → 1 related, 0 not (ids as in TREC files)."""


def read_judgements(path: Path) -> Judgements:
    """Read a TREC qrels file. Raises EvaluationError naming file and line where it is none."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path}: cannot be read as judgements ({error})") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        words = line.split()
        if len(words) != 4 or words[3] not in ("0", "1"):
            raise EvaluationError(f"{path}:{number}: expected `query 0 document 0|1`, found {line[:80]!r}")
        found[words[0]][words[2]] = int(words[3])
    if not found:
        raise EvaluationError(f"{path}: holds no judgement")
    return found


def with_judgements(task: Task, judgements: Judgements) -> tuple[Task, int]:
    """Return ``task`` with ``judgements`` added, and how many of them said nothing new or nothing usable.

    An article that the editor listed stays related whatever was judged; one that may not be recommended
    is left out. Raises EvaluationError if a query or document is not in the corpus.
    """
    names = tokens(task.snapshot.corpus)
    rows = {name: row for row, name in enumerate(names)}
    known = {names[query.row] for query in task.queries}
    for name in (name for query, judged in judgements.items() for name in (query, *judged)):
        if name not in rows:
            raise EvaluationError(f"a judgement names {name!r}, which is not in the corpus")
    left_out = sum(len(judged) for query, judged in judgements.items() if query not in known)
    queries = []
    for query in task.queries:
        mask = task.allowed(query.row)
        fresh = {rows[d]: v for d, v in judgements.get(names[query.row], {}).items()}
        usable = {row: v for row, v in fresh.items() if mask[row] and row not in query.relevant}
        left_out += len(fresh) - len(usable)
        confirmed = tuple(sorted(row for row, value in usable.items() if value))
        refuted = tuple(sorted(row for row, value in usable.items() if not value))
        queries.append(replace(query, confirmed=confirmed, refuted=refuted))
    return replace(task, queries=tuple(queries)), left_out


def external(task: Task, runs: Sequence[str], warn: Callable[[str], None]) -> dict[str, Ranking]:
    """Return the systems of ``NAME=FILE`` TREC runs; what may not be recommended is left out, as for any system.

    Raises EvaluationError on another form, a name that is taken, or a file that is no run.
    """
    names = tokens(task.snapshot.corpus)
    rows = {name: row for row, name in enumerate(names)}
    found: dict[str, Ranking] = {}
    for text in runs:
        name, equals, path = text.partition("=")
        if not equals or not re.fullmatch(r"\w[\w.-]*", name) or name in SYSTEMS or name in found:
            raise EvaluationError(f"--run {text!r} is not of the form NAME=FILE with a new name of letters and digits")
        answers = read_run(Path(path))
        if unknown := sum(d not in rows for documents in answers.values() for d in documents):
            warn(f"{path}: {unknown:,} answers are not in the corpus and are left out")

        def rank(query: Judged, answers: dict[str, list[str]] = answers) -> list[int]:
            mask = task.allowed(query.row)
            ids = (rows.get(d) for d in answers.get(names[query.row], ()))
            return list(dict.fromkeys(row for row in ids if row is not None and mask[row]))[:DEPTH]

        found[name] = rank
    return found


def read_run(path: Path) -> dict[str, list[str]]:
    """Read a TREC run file: query id → document ids, highest score first, ties by id. Raises EvaluationError."""
    scored: dict[str, list[tuple[float, str]]] = defaultdict(list)
    try:
        for item in ir_measures.read_trec_run(str(path)):  # type: ignore[no-untyped-call]
            scored[item.query_id].append((-float(item.score), item.doc_id))
    except (OSError, ValueError, IndexError, TypeError) as error:
        raise EvaluationError(f"{path}: cannot be read as a TREC run ({error})") from error
    if not scored:
        raise EvaluationError(f"{path}: holds no ranking")
    return {query: [document for _, document in sorted(items)] for query, items in scored.items()}
