"""Lists that cannot be asked for: each is counted under its reason, and the reasons are said."""

import sys
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from eval import cli
from eval.task.left_out import Reason
from eval.task.task import AsOf
from recommender.articles import Article, Record
from recommender.corpus.encoder import HashEncoder
from tests.conftest import build_store
from tests.eval.sites import tagged
from tests.eval.task.test_task import dated, task_of

HIDDEN, SAME = dated("h", 2), dated("f-de", 4)
ITEMS = [
    dated("a", 1),
    dated("asked", 9, ["a", "nowhere"]),
    dated("b", 5, ["newer"]),
    dated("c", 5, ["nowhere"]),
    dated("d", 5, ["nowhere", "newer"]),
    dated("e", 5, ["h"]),
    dated("f", 5, ["f-de"]),
    replace(SAME, article=replace(SAME.article, extra={"translation_of": "f"})),
    replace(HIDDEN, article=replace(HIDDEN.article, published=False)),
    dated("newer", 20),
]


def test_each_list_is_counted_under_its_reason() -> None:
    task = task_of(ITEMS, AsOf.PUBLISHED)
    assert [task.name(query.row) for query in task.queries] == ["asked"]
    assert task.left_out == dict.fromkeys(Reason, 1)
    assert task.unanswerable == 5
    assert task.left_out_sentence == (
        "5 of 6 curated lists cannot be asked for: 1 name only articles that are not in the index;"
        " 1 only drafts, articles that are gone, or dated ahead;"
        " 1 only versions, copies or translations of the article itself;"
        " 1 only articles newer than their own (said by --as-of published);"
        " 1 only articles barred for several of these reasons."
    )


def test_nothing_left_out_is_nothing_said() -> None:
    task = task_of(ITEMS[:2], AsOf.PUBLISHED)
    assert (task.left_out, task.left_out_sentence) == ({}, "")


def test_tune_says_why_fifty_lists_are_fewer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = [
        Record(Article(id=f"lost{n}", title=f"Lost {n}", body=f"Nobody finds number {n}."), "", ("nowhere",))
        for n in range(12)
    ]
    store = build_store(tmp_path / "store", [*tagged(38), *lost], HashEncoder())
    why = "12 of 50 curated lists cannot be asked for: 12 name only articles that are not in the index."
    monkeypatch.setattr(sys, "argv", ["related-eval", "tune", "--store", str(store), "--as-of", "none", "--json"])
    with pytest.raises(SystemExit, match="1"):
        cli.main()
    out, err = capsys.readouterr()
    assert err.startswith(f"warning: {why}\n")
    assert f"error: 38 curated lists can be asked for, expected at least 50: nothing is written; {why}\n" in err
    assert orjson.loads(out)["left_out"] == {"unknown": 12}
