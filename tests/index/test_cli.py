"""``related-index`` from the outside: what it prints, what it returns, how it refuses."""

import gzip
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest
from sqlalchemy import update

from index import cli
from index.store.publish import current_version, locked, open_current, published, snapshots_folder
from recommender.catalog import Catalog
from recommender.catalog.tables import meta

KEYS = (
    "articles stubs curated_lists embedded_texts reused_texts boilerplate_blocks rejected warnings seconds snapshot"
    " unreadable_snapshots"
).split()

LINES = [
    {"id": "a", "title": "Harbour to be deepened", "body": "The channel is too shallow.", "related": ["b", "c"]},
    {"id": "b", "title": "Ships wait for the tide", "body": "Every ship waits for high tide."},
    {"id": "c", "teaser": "A dredger comes up the channel."},
    {"id": "d", "title": "Ships wait for the tide", "teaser": "Night shift in the harbour.", "related": ["a"]},
]


class Ran(NamedTuple):
    """What a command returned and printed."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``related-index`` in this process, as its console script does."""

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["related-index", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        assert isinstance(stopped.value.code, int | None)
        return Ran(stopped.value.code or 0, *capsys.readouterr())

    return run


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "articles.jsonl", LINES)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def write(path: Path, lines: list[dict[str, object]]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    return path


def counts(ran: Ran) -> dict[str, object]:
    """The counts of a run with --json: the last line, and the only one on standard output."""
    assert ran.status == 0, ran.err
    found = orjson.loads(ran.out)
    assert list(found) == KEYS
    assert isinstance(found["seconds"], float)
    assert 0 <= found.pop("seconds") < 60
    return dict(found)


def test_ingest_then_build(run: Run, source: Path, store: Path) -> None:
    expected = {"articles": 4, "stubs": 0, "curated_lists": 2, "boilerplate_blocks": 0, "rejected": 0, "warnings": 0}
    ingested = counts(run("ingest", source, "--store", store, "--json"))
    assert ingested == {**expected, "embedded_texts": 0, "reused_texts": 0, "snapshot": None, "unreadable_snapshots": 0}
    built = counts(run("build", "--store", store, "--model", "hash", "--json"))
    # Titles of a, b = d; bodies of a, b; teasers of c, d.
    assert built == {
        **expected,
        "embedded_texts": 6,
        "reused_texts": 0,
        "snapshot": current_version(store),
        "unreadable_snapshots": 0,
    }
    snapshot = open_current(store)
    assert [card.id for card in snapshot.corpus.cards] == ["a", "b", "c", "d"]
    assert dict(snapshot.lists) == {"a": ("b", "c"), "d": ("a",)}


def test_build_reads_sources_and_embeds_what_is_new(run: Run, source: Path, store: Path) -> None:
    first = counts(run("build", source, "--store", store, "--model", "hash", "--json"))
    assert (first["embedded_texts"], first["reused_texts"]) == (6, 0)
    again = counts(run("build", source, "--store", store, "--model", "hash", "--json"))
    assert (again["embedded_texts"], again["reused_texts"], again["snapshot"]) == (0, 6, first["snapshot"])
    write(source, [{"id": "e", "title": "A new ferry", "body": "It sails at noon."}, {"title": "nobody"}])
    more = counts(run("build", source, "--store", store, "--model", "hash", "--json"))
    assert (more["articles"], more["embedded_texts"], more["reused_texts"], more["rejected"]) == (5, 2, 6, 1)
    assert more["snapshot"] == current_version(store) != first["snapshot"]


def test_what_people_read(run: Run, source: Path, store: Path) -> None:
    ran = run("ingest", source, "--store", store)
    assert re.fullmatch(
        r"4 records read, 0 rejected, 0 warnings; the catalog holds 4 articles, 0 stubs, 2 curated lists"
        r" \(\d+\.\d s\)\n",
        ran.out,
    )
    built = (
        r"4 articles, 0 stubs, 2 curated lists; {} texts embedded, {} reused, 0 records rejected; {} {} \(\d+\.\d s\)\n"
    )
    ran = run("build", "--store", store, "--model", "hash")
    version = current_version(store)
    assert re.fullmatch(built.format(6, 0, "published", version), ran.out)
    ran = run("build", "--store", store, "--model", "hash")
    assert re.fullmatch(built.format(0, 6, "unchanged, still", version), ran.out)


@pytest.mark.parametrize(("asked", "kind"), [("auto", "exact"), ("exact", "exact"), ("hnsw", "hnsw")])
def test_the_kind_of_index_can_be_asked_for(run: Run, source: Path, store: Path, asked: str, kind: str) -> None:
    counts(run("build", source, "--store", store, "--model", "hash", "--index", asked, "--json"))
    assert open_current(store).manifest.index == kind
    ran = run("check", "--store", store)
    assert ran.status == 0
    assert f"{kind} index" in ran.out


def test_another_key_of_the_curated_list(run: Run, source: Path, store: Path) -> None:
    write(source, [{"id": "a", "title": "Harbour", "see_also": ["b"], "related": ["x"]}, {"id": "b", "title": "Ship"}])
    counts(run("build", source, "--curated-key", "see_also", "--store", store, "--model", "hash", "--json"))
    assert dict(open_current(store).lists) == {"a": ("b",)}


def test_check_says_whether_all_is_well(run: Run, source: Path, store: Path) -> None:
    run("build", source, "--store", store, "--model", "hash")
    ran = run("check", "--store", store)
    assert (ran.status, ran.err) == (0, f"serve it: related-api --store {store}\n")
    assert ran.out.count(" ok ") == 7
    write(source, [{"id": "e", "title": "A new ferry"}])
    run("ingest", source, "--store", store)
    ran = run("check", "--store", store)
    assert ran.status == 1
    assert ran.out.count(" ok ") == 6
    assert re.search(r"catalog +no +\d+ articles or lists differ", ran.out)


def test_check_names_a_damaged_file(run: Run, source: Path, store: Path) -> None:
    run("build", source, "--store", store, "--model", "hash")
    file = snapshots_folder(store) / current_version(store) / "cards.jsonl"
    file.write_bytes(file.read_bytes()[:-1])
    ran = run("check", "--store", store)
    assert ran.status == 1
    assert ran.err == f"error: {file}: damaged (SHA-256 or size differs from the manifest's)\n"


def test_list_shows_the_newest_first_and_the_one_in_service(run: Run, source: Path, store: Path) -> None:
    versions = []
    for number in range(4):
        write(source, [{"id": "e", "title": f"Edition {number}"}, *LINES])
        run("build", source, "--store", store, "--model", "hash")
        versions.append(current_version(store))
    ran = run("list", "--store", store)
    lines = [line for line in ran.out.splitlines() if re.search(r"\b[0-9a-f]{16}\b", line)]
    assert [next(v for v in versions if v in line) for line in lines] == versions[:0:-1]
    assert [line.lstrip().startswith("*") for line in lines] == [True, False, False]
    assert all(line.rstrip().endswith("hash") for line in lines)
    assert len(published(store)) == 3


def test_bad_records_are_named_and_the_rest_is_built(run: Run, source: Path, store: Path) -> None:
    good = b"".join(orjson.dumps({"id": f"g{n}", "title": f"Good {n}"}) + b"\n" for n in range(20))
    bad = [b"{", b"[1]", b'{"id": "x"}', b'{"id": "y", "title": {}}', b'{"title": 3}', b"\xff"]
    source.write_bytes(good + b"\n".join(bad))
    ran = run("build", source, "--store", store, "--model", "hash", "--json", "--verbose")
    found = counts(ran)
    assert (found["articles"], found["rejected"]) == (20, 6)
    warned = [line.split(": ")[1] for line in ran.err.splitlines() if line.startswith("warning: ")]
    assert warned == [f"{source}:{number}" for number in range(21, 27)]


def test_many_bad_records_are_not_all_told_and_refuse_to_publish(run: Run, source: Path, store: Path) -> None:
    lines: list[dict[str, object]] = [{"id": f"g{n}", "title": f"Good {n}"} if n % 2 else {} for n in range(100)]
    write(source, lines)
    ran = run("build", source, "--store", store, "--model", "hash")
    assert ran.status == 1
    assert ran.err.count("warning: ") == 1
    assert f'warning: {source}:1: the record has neither "id" nor "url" — and 49 more of this kind' in ran.err
    shown = run("ingest", source, "--store", store, "--verbose").err
    assert [line.split(": ")[1] for line in shown.splitlines() if "warning" in line] == [
        f"{source}:{n}" for n in range(1, 101, 2)
    ]
    assert "error: 50 of 100 records were rejected (50%" in ran.err
    assert run("list", "--store", store).status == 1
    assert counts(run("build", source, "--store", store, "--model", "hash", "--force", "--json"))["rejected"] == 50


def test_a_file_of_an_unknown_kind_in_a_folder_is_left_out(run: Run, source: Path, store: Path) -> None:
    (source.parent / "in").mkdir()
    source.rename(source.parent / "in" / source.name)
    (source.parent / "in" / "odd [").mkdir()
    for name in ("picture.png", "odd [/bold] [red] name.pdf"):
        (source.parent / "in" / name).write_bytes(b"")
    ran = run("ingest", source.parent / "in", "--store", store, "--json")
    assert counts(ran)["articles"] == 4
    first = source.parent / "in" / "odd [/bold] [red] name.pdf"
    assert f"2 × a file of a kind that is not read: left out (the first is {first})\n" in ran.err


MALFORMED: dict[str, tuple[str, bytes, str]] = {
    "empty": ("x.jsonl", b"", "the file is empty"),
    "blank lines": ("x.jsonl", b"\n\n \n", "the file is empty"),
    "no JSON": ("x.jsonl", b"<html>", "x.jsonl:1: not valid JSON"),
    "too deep": ("x.jsonl", b"[" * 100_000, "x.jsonl:1: "),
    "nested in a record": (
        "x.jsonl",
        b'{"id": "a", "title": "t", "x": ' + b"[" * 900 + b"]" * 900 + b"}",
        "x.jsonl:1: ",
    ),
    "an array": ("x.jsonl", b"[1]", "x.jsonl:1: expected a JSON object"),
    "no text": ("x.jsonl", b'{"id": "a"}', "x.jsonl:1: article 'a' has no text"),
    "no id": ("x.jsonl", b'{"title": "a"}', 'x.jsonl:1: the record has neither "id" nor "url"'),
    "bad url": ("x.jsonl", b'{"url": "http://[", "title": "a"}', "x.jsonl:1: url "),
    "not UTF-8": ("x.jsonl", b'{"id": "\xe9", "title": "a"}', "x.jsonl:1: byte 0xe9 at column 9 is not UTF-8"),
    "UTF-16": ("x.jsonl", '{"id": "a"}'.encode("utf-16"), "x.jsonl:1: byte 0xff at column 1 is not UTF-8"),
    "no gzip": ("x.jsonl.gz", b"plain", "x.jsonl.gz: it is called .gz and is no gzip"),
    "cut gzip": ("x.jsonl.gz", gzip.compress(b'{"id": "a"}')[:-9], "x.jsonl.gz: the gzip stream is damaged"),
    "no heading": ("x.txt", b"Title\n\nText.", 'no heading "Related Articles" found'),
    "page not UTF-8": ("x.txt", b"Title\n\xff", "x.txt:2: byte 0xff is not UTF-8"),
    "another kind": ("x.pdf", b"%PDF", "no reader for this kind of file; known: .parquet"),
}


@pytest.mark.parametrize("command", ["ingest", "build"])
@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_input_is_refused_in_one_line(run: Run, tmp_path: Path, store: Path, command: str, case: str) -> None:
    name, content, message = MALFORMED[case]
    (tmp_path / name).write_bytes(content)
    ran = run(command, tmp_path / name, "--store", store)
    assert ran.status == 1
    told, refused = filter(None, ran.err.splitlines())
    assert told.startswith(f"warning: {tmp_path / name}")
    assert message in told
    assert refused == "error: not one article could be read from the sources given"
    assert not (store / "CURRENT").exists()


def make_file(store: Path) -> None:
    store.write_bytes(b"")


def make_rubbish_catalog(store: Path) -> None:
    store.mkdir()
    (store / "catalog.sqlite").write_bytes(b"no database at all, but long enough to be looked at" * 100)


def make_damaged_ranker(store: Path) -> None:
    store.mkdir()
    (store / "ranker.json").write_bytes(b'{"format": 1}')


def make_newer_catalog(store: Path) -> None:
    with closing(Catalog.open(store)) as catalog, catalog.engine.begin() as connection:
        connection.execute(update(meta).where(meta.c.key == "schema").values(value="99"))


@pytest.mark.parametrize(
    ("prepare", "arguments", "message"),
    [
        (None, ["ingest", "{in}/none.jsonl"], "none.jsonl: no such file or folder; nothing is read"),
        (None, ["ingest", "{in}/none"], "none: no such file or folder"),
        (None, ["ingest", "{in}/empty"], "not one article could be read"),
        (None, ["build"], "the catalog holds no article with text: there is nothing to build"),
        (None, ["build", "{in}/articles.jsonl", "--model", "no/such"], "model 'no/such' is no folder and not in the"),
        (None, ["build", "{in}/articles.jsonl", "--model", "{in}/empty"], "no *.safetensors in "),
        (None, ["check"], "nothing is published yet; run: related-index build --store "),
        (None, ["list"], "nothing is published yet; run: related-index build --store "),
        (make_file, ["ingest", "{in}/articles.jsonl"], "store is a file; expected a folder"),
        (make_file, ["build", "{in}/articles.jsonl"], "store is a file; expected a folder"),
        (make_file, ["check"], "store is a file; expected a folder"),
        (make_file, ["list"], "store is a file; expected a folder"),
        (make_rubbish_catalog, ["ingest", "{in}/articles.jsonl"], "catalog.sqlite cannot be opened"),
        (make_rubbish_catalog, ["build"], "catalog.sqlite cannot be opened"),
        (make_damaged_ranker, ["build", "{in}/articles.jsonl"], "ranker.json: no ranker of this project"),
        (make_newer_catalog, ["build"], "catalog.sqlite has schema 99, this version reads 7"),
    ],
)
def test_a_bad_store_is_refused_in_one_line(
    run: Run,
    source: Path,
    store: Path,
    prepare: Callable[[Path], None] | None,
    arguments: list[str],
    message: str,
) -> None:
    (source.parent / "empty").mkdir()
    if prepare:
        prepare(store)
    model = ["--model", "hash"] if arguments[0] == "build" and "--model" not in arguments else []
    ran = run(*(a.replace("{in}", str(source.parent)) for a in arguments), *model, "--store", store)
    assert ran.status == 1
    assert message in ran.err
    assert ran.err.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "content", [b"", b"../../etc", b"\xff\xfe", b"0123456789abcdef", b"x" * 5_000], ids=lambda c: str(c[:20])
)
def test_a_damaged_pointer_is_told_and_mended_by_a_build(run: Run, source: Path, store: Path, content: bytes) -> None:
    run("build", source, "--store", store, "--model", "hash")
    (store / "CURRENT").write_bytes(content)
    for command in ("check", "list"):
        ran = run(command, "--store", store)
        assert "Traceback" not in ran.err
        assert ran.status == 1
    assert counts(run("build", "--store", store, "--model", "hash", "--json"))["snapshot"] == current_version(store)
    assert run("check", "--store", store).status == 0


def test_a_second_build_is_refused(run: Run, source: Path, store: Path) -> None:
    run("build", source, "--store", store, "--model", "hash")
    with locked(store):
        ran = run("build", "--store", store, "--model", "hash")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == f"error: {store}: another build or ingest is running; wait for it, or stop it first\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bild"], "No such command 'bild'"),
        (["ingest"], "Missing argument"),
        (["build", "--index", "flat"], "'flat' is none of auto, exact, hnsw"),
        (["build", "--what"], "No such option: --what"),
        (["check", "more"], "unexpected extra argument"),
    ],
)
def test_wrong_usage_is_status_2(run: Run, store: Path, arguments: list[str], message: str) -> None:
    ran = run(*arguments, *(["--store", store] if arguments[0] in ("build", "check") else []))
    assert ran.status == 2
    assert message in " ".join(ran.err.replace("│", " ").split())
    assert not store.exists()


def test_every_command_has_help(run: Run) -> None:
    ran = run("--help")
    assert ran.status == 0
    for command in ("ingest", "build", "check", "list", "prune"):
        assert command in ran.out
        assert run(command, "--help").status == 0


def test_the_module_is_the_command(store: Path) -> None:
    command = [sys.executable, "-m", "index", "ingest", "none", "--store", str(store)]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 1
    assert list(filter(None, refused.stderr.splitlines())) == [
        "error: none: no such file or folder; nothing is read",
    ]


@pytest.mark.parametrize("stage", ["build", "ingest_into", "make_encoder", "open_catalog", "_say"])
def test_ctrl_c_in_any_stage_is_status_130(
    run: Run, source: Path, store: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, stage, interrupt)
    ran = run("build", source, "--store", store, "--model", "hash")
    assert (ran.status, ran.err.splitlines()[-1]) == (130, "error: interrupted; what was committed is kept")
    assert "Traceback" not in ran.err
