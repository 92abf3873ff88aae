"""The table of what is promised names tests that are there, and leaves out none of the promises."""

import ast
import re

import pytest

from tests.conftest import ROOT

TABLE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
ROWS = [line.split("|")[1:-1] for line in TABLE.splitlines() if re.match(r"\| \d+ \|", line)]
NAMED = re.findall(r"`((?:tests|bench)/[\w/]+\.py)(?:::(\w+))?`", TABLE)


def test_every_promise_has_a_row() -> None:
    assert {int(row[0]) for row in ROWS} == set(range(1, 31))
    assert all(len(row) == 4 and row[1].strip() and row[2].strip() for row in ROWS)
    assert len(NAMED) >= len(ROWS) - 1  # of one it says that there is nothing to test yet


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_every_named_test_is_there(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    known = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    if name:
        assert name in known
    row = next(line for line in TABLE.splitlines() if f"`{file}::{name}`" in line or (not name and f"`{file}`" in line))
    slow = name and any("slow" in ast.unparse(decorator) for decorator in known[name].decorator_list)
    assert not slow or "*slow*" in row, "a test that takes minutes is called slow"
