"""What comes from outside in TREC's formats: other systems' runs, people's judgements."""

from pathlib import Path

import pytest

from eval.report import tokens
from eval.task import AsOf, Task, make_task
from eval.trec import external, read_judgements, with_judgements
from recommender.encoder import HashEncoder
from recommender.errors import EvaluationError
from tests.conftest import OPTECH, records, snapshot_of


@pytest.fixture(scope="module")
def task() -> Task:
    items = records(OPTECH)
    snapshot = snapshot_of(items, HashEncoder(dim=32))
    by_id = {item.article.id: item.article for item in items}
    return make_task(snapshot, [by_id[c.id] for c in snapshot.corpus.cards], snapshot.lists, AsOf.NONE)


def test_a_run_is_ranked_by_score_without_what_may_not_stand_in_a_list(task: Task, tmp_path: Path) -> None:
    names, query = tokens(task.snapshot.corpus), task.queries[0]
    a, b, c = [names[row] for row in range(5) if row != query.row][:3]
    me = names[query.row]
    lines = [f"{me} Q0 {d} 1 {s} x\n" for d, s in ((c, 1.0), (me, 9.0), ("elsewhere", 8.0), (b, 5.0), (a, 5.0))]
    (tmp_path / "run.txt").write_text("".join(lines))
    warned: list[str] = []
    rank = external(task, [f"mine={tmp_path / 'run.txt'}"], warned.append)["mine"]
    assert [names[row] for row in rank(query)] == [*sorted((a, b)), c]
    assert rank(task.queries[1]) == []
    assert warned == [f"{tmp_path / 'run.txt'}: 1 answers are not in the corpus and are left out"]


@pytest.mark.parametrize("text", ["mine", "=file", "product=file", "a b=file", "a/b=file", "[x]=file"])
def test_another_form_of_run_is_refused(task: Task, text: str) -> None:
    with pytest.raises(EvaluationError, match="not of the form NAME=FILE"):
        external(task, [text], lambda _: None)


def test_a_missing_or_odd_run_is_named(task: Task, tmp_path: Path) -> None:
    (tmp_path / "odd").write_text("three words only\n")
    for name in ("odd", "missing"):
        with pytest.raises(EvaluationError, match=f"{name}: cannot be read as a TREC run"):
            external(task, [f"mine={tmp_path / name}"], lambda _: None)


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
        ("q 0 d 2\n", "j:1: expected"),
        ("\nq 0 d\n", "j:2: expected"),
        ("", "holds no judgement"),
        (None, "cannot be read"),
    ],
)
def test_odd_judgements_are_named(content: str | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "j").write_text(content)
    with pytest.raises(EvaluationError, match=message):
        read_judgements(tmp_path / "j")


def test_a_judgement_of_an_unknown_article_is_named(task: Task) -> None:
    with pytest.raises(EvaluationError, match="names 'nowhere'"):
        with_judgements(task, {tokens(task.snapshot.corpus)[task.queries[0].row]: {"nowhere": 1}})
