"""What comes from outside in TREC's formats: other systems' runs, people's judgements."""

import gzip
from pathlib import Path

import pytest

from eval.compare.trec import external, read_judgements, read_run, read_runs, with_judgements
from eval.report.report import tokens
from eval.task.task import AsOf, Task, make_task
from recommender.corpus.encoder import HashEncoder
from recommender.errors import EvaluationError
from tests.conftest import OPTECH, records, snapshot_of


@pytest.fixture(scope="module")
def task() -> Task:
    items = records(OPTECH)
    snapshot = snapshot_of(items, HashEncoder(dim=32))
    by_id = {item.article.id: item.article for item in items}
    return make_task(snapshot, [by_id[c.id] for c in snapshot.corpus.cards], snapshot.lists, AsOf.NONE)


def no_warning(message: str) -> None:
    raise AssertionError(message)


def run_lines(query: str, *answers: tuple[str, object]) -> str:
    """A ranking in TREC's format, the ranks in the order of the lines."""
    return "".join(f"{query} Q0 {d} {rank} {score} x\n" for rank, (d, score) in enumerate(answers, start=1))


def test_a_run_is_ranked_by_score_without_what_may_not_stand_in_a_list(task: Task, tmp_path: Path) -> None:
    names, query = tokens(task.snapshot.corpus), task.queries[0]
    a, b, c = [names[row] for row in range(5) if row != query.row][:3]
    me, path = names[query.row], tmp_path / "run.txt"
    path.write_text(run_lines(me, (me, 9.0), ("elsewhere", 8.0), (b, 5.0), (a, 5.0), (c, 1.0)))
    warned: list[str] = []
    rank = external(task, read_runs([f"mine={path}"], no_warning), warned.append)["mine"]
    assert [names[row] for row in rank(query)] == [*sorted((a, b)), c]
    assert rank(task.queries[1]) == []
    missing = sorted(names[q.row] for q in task.queries[1:])
    assert warned == [
        f"{path}: 1 of 5 documents are not in the corpus and are left out: 'elsewhere'",
        f"{path}: 118 of 119 queries have no answer and score 0: {', '.join(map(repr, missing[:3]))}, …",
    ]


@pytest.mark.parametrize("which", ["queries", "documents"])
def test_a_run_of_another_corpus_is_refused_with_its_ids_and_ours(task: Task, tmp_path: Path, which: str) -> None:
    names, path = tokens(task.snapshot.corpus), tmp_path / "run.txt"
    me = sorted(names[q.row] for q in task.queries)[0]
    path.write_text(run_lines(*(("x1", (names[3], 1.0)) if which == "queries" else (me, ("x1", 2), ("x2", 1)))))
    with pytest.raises(EvaluationError) as refused:
        external(task, read_runs([f"mine={path}"]), no_warning)
    ours, first = (119, me) if which == "queries" else (157, sorted(names)[0])
    theirs = "1 queries ('x1')" if which == "queries" else "2 documents ('x1', 'x2')"
    assert str(refused.value).startswith(f"{path}: none of its {theirs} is one of the {ours} here ({first!r}, ")
    assert str(refused.value).endswith(", …); the ids must be the articles'")


def test_queries_that_are_no_articles_are_warned_of(task: Task, tmp_path: Path) -> None:
    names, path = tokens(task.snapshot.corpus), tmp_path / "run.txt"
    path.write_text(run_lines(names[task.queries[0].row], (names[3], 1.0)) + run_lines("x1", (names[3], 1.0)))
    warned: list[str] = []
    external(task, read_runs([f"mine={path}"]), warned.append)
    assert warned[0] == f"{path}: 1 of 2 queries are not in the corpus and are left out: 'x1'"


@pytest.mark.parametrize("text", ["mine", "=file", "mine=", "product=file", "a b=file", "a/b=file", "[x]=file"])
def test_another_form_of_run_is_refused(text: str) -> None:
    with pytest.raises(EvaluationError, match="not of the form NAME=FILE"):
        read_runs([text])


GOOD = b"q Q0 a 1 2.5 me\nq Q0 b 2 1.5 me\n"

READ = {
    "plain": (GOOD, ""),
    "gzip": (gzip.compress(GOOD), ""),
    "tabs": (GOOD.replace(b" ", b"\t"), ""),
    "Windows line ends": (GOOD.replace(b"\n", b"\r\n"), ""),
    "blank lines": (b"\n" + GOOD.replace(b"\n", b"\n \n"), ""),
    "no line end": (GOOD.rstrip(), ""),
    "no ranks": (b"q Q0 a 0 2.5 me\nq Q0 b 0 1.5 me\n", ""),
    "lines in another order": (b"q Q0 b 2 1.5 me\nq Q0 a 1 2.5 me\n", ""),
    "ties": (b"q Q0 b 1 1.5 me\nq Q0 a 2 1.5 me\n", ""),
    "byte order mark": (b"\xef\xbb\xbf" + GOOD, "{f}:1: begins with a byte order mark, which is left out"),
    "one rank that contradicts": (
        GOOD + b"r Q0 a 2 2.5 me\nr Q0 b 1 1.5 me\ns Q0 a 1 1 me\n",
        "{f}:4: the rank contradicts the score, as in 1 of 3 rankings; the scores decide, the highest is the best",
    ),
}


@pytest.mark.parametrize("case", READ)
def test_a_run_is_read_whatever_wrote_it(tmp_path: Path, case: str) -> None:
    content, warning = READ[case]
    path, warned = tmp_path / "run.txt", list[str]()
    path.write_bytes(content)
    assert read_run(path, warned.append)["q"] == ["a", "b"]
    assert warned == ([warning.replace("{f}", str(path))] if warning else [])


COLUMNS = "expected 6 with white space between them, `query Q0 document rank score run`; found"

REFUSED = {
    "empty": (b"", "{f}: holds no ranking; expected lines `query Q0 document rank score run`"),
    "three columns": (GOOD + b"q a 0.5\n", f"{{f}}:3: 3 columns, {COLUMNS} 'q a 0.5'"),
    "five columns": (b"q Q0 a 1 2.5\n", f"{{f}}:1: 5 columns, {COLUMNS} 'q Q0 a 1 2.5'"),
    "a heading": (b"query,document,score\n" + GOOD, f"{{f}}:1: 1 column, {COLUMNS} 'query,document,score'"),
    "nan": (GOOD + b"q Q0 c 3 NaN me\n", "{f}:3: score 'NaN' is no finite number; leave the line out, or mend it"),
    "infinite": (b"q Q0 c 3 -inf me\n", "{f}:1: score '-inf' is no finite number; leave the line out, or mend it"),
    "no number": (b"q Q0 c 3 0,5 me\n", "{f}:1: score '0,5' is no finite number; leave the line out, or mend it"),
    "rank and score swapped": (
        b"q Q0 c 0.5 3 me\n",
        "{f}:1: rank '0.5' is no whole number; the score stands after the rank",
    ),
    "twice": (GOOD + b"q Q0 a 3 1 me\n", "{f}:3: 'a' stands twice in the ranking of 'q', first at {f}:1"),
    "distances": (
        b"q Q0 a 1 0.1 me\nq Q0 b 2 0.2 me\n",
        "{f}:1: the rank contradicts the score, as in 1 of 1 rankings; the scores decide, the highest is the best;"
        " write the negative of a distance",
    ),
    "Latin-1": (GOOD + b"q Q0 \xe9 3 1 me\n", "{f}:3: byte 0xe9 at column 6 is not UTF-8; save the file as UTF-8"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "{f}:1: is UTF-16, expected UTF-8; save it as UTF-8"),
    "zero bytes": (GOOD + b"q\0Q\x000\n", "{f}:3: holds a zero byte; save the file as UTF-8 text"),
    "cut gzip": (gzip.compress(GOOD)[:-9], "{f}: cannot be read as a TREC run ("),
    "missing": (None, "{f}: cannot be read as a TREC run (No such file or directory)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_run_is_refused_by_line(tmp_path: Path, case: str) -> None:
    content, message = REFUSED[case]
    path = tmp_path / "run.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EvaluationError) as refused:
        read_runs([f"mine={path}"], no_warning)
    assert str(refused.value).startswith(message.replace("{f}", str(path)))


def test_judgements_are_added_to_what_the_editor_said(task: Task, tmp_path: Path) -> None:
    names, query = tokens(task.snapshot.corpus), task.queries[3]
    free = [row for row in range(len(names)) if task.allowed(query.row)[row] and row not in query.relevant]
    me, listed = names[query.row], names[query.relevant[0]]
    lines = [(names[free[1]], 1), (names[free[0]], 0), (listed, 0), (me, 1)]
    (tmp_path / "j").write_text("".join(f"{me} 0 {d} {g}\n" for d, g in lines) + "\n")
    judged, left_out = with_judgements(task, read_judgements(tmp_path / "j"))
    found = judged.queries[3]
    assert (found.relevant, found.confirmed, found.refuted) == (query.relevant, (free[1],), (free[0],))
    assert found.answers == (*query.relevant, free[1])
    assert left_out == 2  # the editor's word stands, and an article is not related to itself
    assert [q for i, q in enumerate(judged.queries) if i != 3] == [q for i, q in enumerate(task.queries) if i != 3]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("q 0 d 2\n", "j:1: grade '2', expected 1 for related or 0 for not"),
        ("\nq 0 d\n", "j:2: 3 columns, expected 4"),
        ("q 0 d 1\nq 0 d 0\n", "j:2: 'd' is judged both 0 and 1 for 'q'; keep one of the lines"),
        ("", "holds no judgement"),
        (None, "cannot be read"),
    ],
)
def test_odd_judgements_are_named(content: str | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "j").write_text(content)
    with pytest.raises(EvaluationError, match=message):
        read_judgements(tmp_path / "j")


def test_a_judgement_of_an_unknown_article_is_named(task: Task, tmp_path: Path) -> None:
    (tmp_path / "j").write_text(f"{tokens(task.snapshot.corpus)[task.queries[0].row]} 0 nowhere 1\n")
    with pytest.raises(EvaluationError, match=f"{tmp_path / 'j'}:1: a judgement names 'nowhere', which is not in"):
        with_judgements(task, read_judgements(tmp_path / "j"))
