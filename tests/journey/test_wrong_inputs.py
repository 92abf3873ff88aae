"""Every command with its likeliest wrong inputs: refused before the work, with value, place and remedy in words."""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import click
import pytest
import typer.main

import api.cli
import eval.cli
import index.cli
from recommender.corpus.encoder import HashEncoder
from recommender.settings import settings
from tests.conftest import DEMO, ROOT, build_store, records

PROGRAMS: Mapping[str, ModuleType] = {"related-index": index.cli, "related-api": api.cli, "related-eval": eval.cli}
REPORT = ROOT / "eval" / "results" / "digitalgov.json"
UNPUBLISHED = ("nothing is published yet; run: related-index build --store nowhere",)
MISSPELT = ("--store nowhere", "there is no such store", "related-index build --store nowhere")
FILE_STORE = ("--store file", "expected a folder")

Wrong = tuple[str, tuple[str, ...]]
"""Arguments, and what the message must hold: the value, its place, what to do. ``{store}`` is a good store."""

TABLE: dict[str, tuple[Wrong, ...]] = {
    "related-index ingest": (
        ("nowhere.jsonl", ("nowhere.jsonl", "no such file or folder")),
        ("bad.jsonl", ("bad.jsonl:1", "article 'a' has no text", "title, teaser and body are all missing")),
        ("demo.jsonl --store file", FILE_STORE),
        ("demo.jsonl --site-url www.example.org", ("--site-url", "'www.example.org'", "absolute address", "https://")),
    ),
    "related-index build": (
        ("demo.jsonl nowhere.jsonl --model hash", ("nowhere.jsonl", "no such file or folder")),
        ("demo.jsonl --model no/such", ("'no/such'", "no folder and not in the local model cache")),
        ("demo.jsonl --index best", ("--index", "'best'", "auto, exact, hnsw")),
        ("demo.jsonl --store file", FILE_STORE),
    ),
    "related-index check": (
        ("--store nowhere", UNPUBLISHED),
        ("--store file", FILE_STORE),
        ("--stor nowhere", ("--stor", "--store")),
    ),
    "related-index list": (
        ("--store nowhere", UNPUBLISHED),
        ("--store file", FILE_STORE),
        ("--stor nowhere", ("--stor", "--store")),
    ),
    "related-index prune": (
        ("--store nowhere", UNPUBLISHED),
        ("--store file", FILE_STORE),
        ("0123456789abcdef --store {store} --yes", ("0123456789abcdef is no snapshot", "see: related-index list")),
    ),
    "related-index export": (
        ("out --store nowhere", UNPUBLISHED),
        ("file --store {store}", ("file", "is a file; expected a folder")),
        ("out --store {store} --limit 101", ("--limit", "'101'", "less than or equal to 100")),
    ),
    "related-index preview": (
        ("nowhere.jsonl", ("nowhere.jsonl", "no such file or folder")),
        ("demo.jsonl --format jsnl", ("'jsnl'", "is no format; known: parquet")),
        ("demo.jsonl --field body", ("'body'", "no pair such as body=content.rendered", "--field")),
        ("demo.jsonl --options-file nowhere.toml", ("nowhere.toml", "No such file")),
        ("demo.jsonl --count -1", ("--count", "'-1'", "greater than or equal to 0")),
    ),
    "related-index watch": (
        ("nowhere.jsonl --store {store}", ("nowhere.jsonl", "no such file or folder")),
        ("demo.jsonl --store {store} --every soon", ("'soon'", "no time such as 90s, 15m or 6h")),
        ("- --store {store}", ("standard input cannot be read again",)),
        ("demo.jsonl --store nowhere", MISSPELT),
    ),
    "related-index formats": (
        ("--store nowhere", ("No such option", "--store")),
        ("jsonl", ("unexpected extra argument", "jsonl")),
        ("--json", ("No such option", "--json")),
    ),
    "related-index boilerplate": (
        ("--store nowhere", UNPUBLISHED),
        ("--store file", FILE_STORE),
        ("--store {store} --refuse 0123", ("'0123'", "related-index boilerplate lists")),
    ),
    "related-index rules check": (
        ("nowhere.yaml --store {store}", ("nowhere.yaml", "No such file")),
        ("bad.yaml --store {store}", ("bad.yaml:1", "never_beside is 3", "expected a list of rules")),
        ("good.yaml --store nowhere", UNPUBLISHED),
    ),
    "related-index rules try": (
        ("nowhere.yaml --store {store}", ("nowhere.yaml", "No such file")),
        ("bad.yaml --store {store}", ("bad.yaml:1", "never_beside is 3", "expected a list of rules")),
        ("good.yaml --store nowhere", UNPUBLISHED),
    ),
    "related-index rules use": (
        ("nowhere.yaml --store {store}", ("nowhere.yaml", "No such file")),
        ("bad.yaml --store {store}", ("bad.yaml:1", "never_beside is 3", "expected a list of rules")),
        ("good.yaml --store file", FILE_STORE),
        ("good.yaml --store nowhere", MISSPELT),
    ),
    "related-index rules show": (
        ("--store nowhere", MISSPELT),
        ("--store file", FILE_STORE),
        ("--stor nowhere", ("--stor", "--store")),
    ),
    "related-api": (
        ("--store file", FILE_STORE),
        ("--host nowhere.invalid --store {store}", ("--host nowhere.invalid", "name an address of this machine")),
        ("--port 99999 --store {store}", ("--port", "'99999'", "less than or equal to 65535")),
        ("--workers 0 --store {store}", ("--workers", "'0'", "greater than or equal to 1")),
        ("--workers two --store {store}", ("--workers", "'two'", "a valid integer")),
        ("--store nowhere", MISSPELT),
    ),
    "related-api keys new": (
        ("'' --store {store}", ("a name has 1 to 100 characters, not 0",)),
        ("desk --store file", FILE_STORE),
        ("taken --store {store}", ("'taken'", "revoke it first, or take another name")),
    ),
    "related-api keys list": (
        ("--store nowhere", MISSPELT),
        ("--store file", FILE_STORE),
        ("--stor nowhere", ("--stor", "--store")),
    ),
    "related-api keys revoke": (
        ("nobody --store {store}", ("there is no key 'nobody'",)),
        ("taken --store nowhere", MISSPELT),
        ("taken --store file", FILE_STORE),
    ),
    "related-eval run": (
        ("--out out", ("say either --articles FILE or --store DIR",)),
        ("--out out --articles nowhere.jsonl --model hash", ("nowhere.jsonl", "no such file or folder")),
        ("--out file --articles demo.jsonl --model hash", ("--out file", "is no folder")),
        ("--out file/x --articles demo.jsonl --model hash", ("--out file/x", "file is a file; name another folder")),
        ("--out out --articles demo.jsonl --model hash --cache file", ("--cache file", "is no folder")),
        ("--out out --articles demo.jsonl --model hash --systems bm52", ("'bm52'", "known:", "bm25")),
        ("--out out --articles demo.jsonl --model hash --only kind=opera", ("'kind=opera'", "fits none of the 70")),
        ("--out out --articles demo.jsonl --model hash --curated-key see", ("'see'", "demo.jsonl", "curated list")),
        ("--out out --articles demo.jsonl --model hash --k 0", ("k is 0", "expected 1 to 100")),
        ("--out out --articles demo.jsonl --model no/such", ("'no/such'", "not in the local model cache")),
        ("--out out --articles demo.jsonl --model hash --run me=nowhere", ("nowhere", "cannot be read as a TREC run")),
        ("--out out --articles demo.jsonl --model hash --run me=bad.run", ("bad.run:1", "3 columns", "expected 6")),
        (
            "--out out --articles demo.jsonl --model hash --run me=other.run",
            ("other.run", "'q'", "must be the articles'"),
        ),
        ("--out out --articles demo.jsonl --model hash --judgements bad.run", ("bad.run:1", "expected 4")),
        ("--out out --articles demo.jsonl --model hash --judgements other.qrels", ("other.qrels:1", "'q'", "corpus")),
        ("--out out --articles demo.jsonl --model hash --fail-under nDCG@9=.4", ("'nDCG@9'", "--k 10", "nDCG@10")),
        (
            "--out out --articles demo.jsonl --model hash --systems bm25 --fail-under nDCG@10=.4",
            ("--fail-under", "product", "--systems bm25"),
        ),
        ("--out out --articles demo.jsonl --model hash --margin 2", ("margin is 2.0", "less than 1")),
        ("--out out --articles demo.jsonl --model hash --no-worse-than nowhere", ("nowhere/report.json", "read")),
        ("--out out --store nowhere --model hash", UNPUBLISHED),
    ),
    "related-eval tune": (
        ("--store nowhere", UNPUBLISHED),
        ("--store file", FILE_STORE),
        ("--store {store} --as-of today", ("--as-of", "'today'", "'published', 'none'")),
        ("--forget --store nowhere", MISSPELT),
        ("--store {store} --k ten", ("--k", "'ten'", "a valid integer")),
        ("--store {store} --as-of none", ("43 curated lists", "expected at least 50", "nothing is written")),
    ),
    "related-eval calibrate": (
        ("--store nowhere", UNPUBLISHED),
        ("--store {store} --precision 30", ("precision is 30", "above 0 and at most 1")),
        ("--store {store} --as-of today", ("--as-of", "'today'", "'published', 'none'")),
    ),
    "related-eval weights": (
        ("nowhere --model hash", ("nowhere/digitalgov.jsonl.gz", "no such corpus")),
        (". --out out/.. --model hash", ("--out out/..", "is a folder; name a file")),
        (". --left-out file --model hash --out w.json", ("--left-out file", "is no folder")),
    ),
    "related-eval footers": (
        ("--articles nowhere.jsonl --model hash", ("nowhere.jsonl", "no such file or folder")),
        ("--articles demo.jsonl --model hash --out .", ("--out .", "is a folder; name a file")),
        ("--articles bad.jsonl --model hash", ("bad.jsonl:1", "0 articles have a body", "expected 20 at least")),
    ),
    "related-eval reasons": (
        ("--corpora nowhere", ("nowhere/digitalgov.jsonl.gz", "no such corpus")),
        ("--corpora file", ("file/digitalgov.jsonl.gz",)),
        ("--corpora . --labels nowhere.jsonl", ("nowhere.jsonl",)),
    ),
    "related-eval versions": (
        ("--corpora nowhere --out v.json", ("nowhere/digitalgov.jsonl.gz", "no such corpus")),
        ("--corpora . --out .", ("--out .", "is a folder; name a file")),
        ("--corpora . --labels bad.run --out v.json", ("bad.run:1", "no labelled pair")),
    ),
    "related-eval show": (
        ("nowhere --store {store}", ("no article has the id or URL 'nowhere'",)),
        ("a --store nowhere", UNPUBLISHED),
        ("a --store {store} --limit 201", ("--limit", "'201'", "less than or equal to 200")),
    ),
    "related-eval table": (
        ("nowhere.json", ("nowhere.json", "cannot be read as a report")),
        ("demo.jsonl", ("demo.jsonl", "cannot be read as a report")),
        ("{report} --readme file", ("--readme file", "no <!-- quality table -->")),
        ("{report} --pairs {report}", ("--pairs", "without --readme FILE")),
    ),
    "related-eval compare": (
        ("nowhere elsewhere", ("nowhere/report.json", "cannot be read")),
        ("{report}", ("one report and nothing to hold it to", "--fail-under or --no-worse-than")),
        ("out --fail-under nDCG@10=40", ("'nDCG@10=40'", "from 0 to 1, as nDCG@10=0.40")),
        ("out --no-worse-than elsewhere --margin 2", ("margin is 2.0", "less than 1")),
    ),
    "related-eval diff": (
        ("nowhere {store}", ("nowhere", "neither a snapshot", "nor a store")),
        ("{store} file", ("file", "neither a snapshot", "nor a store")),
        ("{store} {store} --k 0", ("--k", "'0'", "greater than or equal to 1")),
    ),
    "related-eval pairs": (
        (
            "--articles demo.jsonl --pairs nowhere.jsonl --model hash",
            ("nowhere.jsonl", "cannot be read as judged pairs"),
        ),
        ("--articles demo.jsonl --pairs bad.run --model hash", ("bad.run:1", "not valid JSON")),
        (
            "--articles demo.jsonl --pairs bad.jsonl --model hash",
            ("bad.jsonl:1", "must be ids of articles, found None"),
        ),
    ),
}


def commands(program: str) -> Iterator[str]:
    """The names of all commands of ``program``, as one types them."""

    def walk(command: click.Command, name: str) -> Iterator[str]:
        children = getattr(command, "commands", {})
        if not children or getattr(command, "invoke_without_command", False):
            yield name
        for child, found in children.items():
            yield from walk(found, f"{name} {child}")

    yield from walk(typer.main.get_command(PROGRAMS[program].app), program)


def test_every_command_has_three_rows() -> None:
    """Who adds a command says what is likeliest to be wrong."""
    assert set(TABLE) == {name for program in PROGRAMS for name in commands(program)}
    assert all(len(rows) >= 3 for rows in TABLE.values())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo newspaper, with a key."""
    found = build_store(tmp_path_factory.mktemp("site") / "store", records(DEMO), HashEncoder())
    api.cli.KeyRing(found).new("taken")
    return found


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files that are right and wrong, which is the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    (tmp_path / "demo.jsonl").write_bytes(DEMO.read_bytes())
    (tmp_path / "file").touch()
    (tmp_path / "out").mkdir()
    (tmp_path / "bad.jsonl").write_text('{"id": "a"}\n')
    (tmp_path / "bad.yaml").write_text("never_beside: 3\n")
    (tmp_path / "good.yaml").write_text("never_beside: []\n")
    (tmp_path / "bad.run").write_text("q a 0.5\n")
    (tmp_path / "other.run").write_text("q Q0 a 1 0.5 me\n")
    (tmp_path / "other.qrels").write_text("q 0 a 1\n")
    return tmp_path


def files(folder: Path) -> dict[str, bytes]:
    """What is served from a store, and who may write to it; a database and its locks change when they are read."""
    found = [folder / "CURRENT", *folder.glob("*.json"), *(folder / "snapshots").rglob("*.*")]
    return {str(path): path.read_bytes() for path in found}


Run = Callable[[str, list[str]], tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, as its console script does; return exit status and standard error."""

    def run(program: str, words: list[str]) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", [program, *words])
        with pytest.raises(SystemExit) as stopped:
            PROGRAMS[program].main()
        assert isinstance(stopped.value.code, int)
        return stopped.value.code, capsys.readouterr().err

    return run


ROWS = [(command, arguments, told) for command, rows in TABLE.items() for arguments, told in rows]


@pytest.mark.parametrize(("command", "arguments", "told"), ROWS, ids=[f"{row[0]} {row[1]}" for row in ROWS])
def test_a_wrong_input_is_refused_in_words(
    here: Path, store: Path, run: Run, command: str, arguments: str, told: tuple[str, ...]
) -> None:
    before = files(store)
    program, *words = command.split()
    words += arguments.format(store=store, report=REPORT).replace("''", "\0").split()
    status, err = run(program, [word.replace("\0", "") for word in words])
    assert status in (1, 2)
    for part in told:
        assert part in err
    assert "Traceback" not in err
    assert "embedding" not in err  # the work had not begun
    assert files(store) == before
    assert not (here / "nowhere").exists()
    assert not list((here / "out").iterdir())


def test_a_key_before_the_first_build_makes_the_store_and_says_so(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An operator may well make keys first; who misspelt the store of another must be able to see it."""
    for name, told in (("first", "warning: --store fresh: there was no such store; it is made"), ("second", "")):
        monkeypatch.setattr(sys, "argv", ["related-api", "keys", "new", name, "--store", "fresh"])
        with pytest.raises(SystemExit) as stopped:
            api.cli.main()
        said = capsys.readouterr()
        assert stopped.value.code == 0
        assert said.out.startswith("rk_")
        assert said.err.startswith(told)
        assert ("warning" in said.err) is bool(told)
    assert (here / "fresh" / "api_keys.json").exists()


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("RELATED_STROE", "x", "RELATED_STROE is no setting; did you mean RELATED_STORE?"),
        ("RELATED_CACHE_MB", "much", "RELATED_CACHE_MB is 'much': Input should be a valid integer"),
    ],
)
def test_settings_are_looked_at_before_anything_else(
    here: Path, run: Run, monkeypatch: pytest.MonkeyPatch, program: str, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    settings.cache_clear()
    try:
        status, err = run(program, ["nothing", "of", "the", "kind"])
        assert (status, err.startswith(f"error: {told}")) == (1, True)
        assert run(program, ["--help"])[0] == 0
    finally:
        settings.cache_clear()
