"""``related-eval tune``, ``calibrate`` and ``weights`` from the outside: what is written, and what refuses."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

from eval import cli
from eval.cli_tune import TARGETS
from eval.stats.calibration import calibration, served_items, threshold
from eval.stats.significance import SEED
from eval.studies.site import cross_validate, store_task
from eval.systems.tuning import Tuning
from eval.task.task import AsOf
from index import cli as index_cli
from index.store.manifest import read_manifest
from index.store.publish import current_version, locked, open_current, snapshots_folder
from index.store.ranker_file import NAME, read_ranker, write_ranker
from recommender.articles import Record
from recommender.corpus.encoder import HashEncoder
from recommender.ranking.ranker import Ranker, default_ranker
from recommender.ranking.signals import SIGNALS
from tests.conftest import build_store
from tests.eval.sites import CORPORA, random_lists, tagged, tiny_corpora


class Ran(NamedTuple):
    """What a command returned and printed."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``related-eval`` (or ``index``: ``related-index``) in this process, as its console script does."""

    def run(*arguments: object, program: str = "eval") -> Ran:
        monkeypatch.setattr(sys, "argv", [f"related-{program}", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            (cli if program == "eval" else index_cli).main()
        assert isinstance(stopped.value.code, int | None)
        return Ran(stopped.value.code or 0, *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, list[Record]], Path]:
    """A store of some articles, built once."""
    known: dict[str, Path] = {}

    def built(name: str, items: list[Record]) -> Path:
        if name not in known:
            known[name] = build_store(tmp_path_factory.mktemp("site") / name, items, HashEncoder())
        return known[name]

    return built


@pytest.fixture
def store(built: Callable[[str, list[Record]], Path], tmp_path: Path) -> Path:
    """A store of a site with 50 lists that follow a rule, the fewest that are looked at."""
    return Path(shutil.copytree(built("fifty", tagged(50)), tmp_path / "store"))


def files(store: Path) -> dict[str, bytes]:
    return {str(p.relative_to(store)): p.read_bytes() for p in store.rglob("*") if p.is_file() and p.suffix != ".lock"}


# --- tune ---


def test_a_gain_is_written_and_served_from_the_next_build_on(store: Path, run: Run) -> None:
    before, version = files(store), current_version(store)
    ran = run("tune", "--store", store, "--as-of", "none")
    assert ran.status == 0, ran.err
    expected = Tuning(store_task(store, AsOf.NONE), SEED).ranker(None)
    assert (store / NAME).read_bytes() == expected.to_json()
    assert {name: raw for name, raw in files(store).items() if name != NAME} == before
    gain = cross_validate(store_task(store, AsOf.NONE), 10)
    assert ran.out.startswith(gain.sentence)
    assert f"written to {store / NAME}; served from the next build on: related-index build --store {store}" in ran.out
    for name in SIGNALS:
        assert any(line.split()[0] == name for line in ran.out.splitlines() if line.strip()), name
    assert open_current(store).ranker.origin == default_ranker().origin
    assert current_version(store) == version

    assert run("build", "--store", store, "--model", "hash", program="index").status == 0
    assert current_version(store) != version
    manifest = read_manifest(snapshots_folder(store) / current_version(store))
    assert manifest.ranker.origin == expected.origin == "tuned on 50 lists"
    assert open_current(store).ranker.to_json() == expected.to_json()


def test_tuning_again_begins_with_the_shipped_weights_and_finds_the_same(store: Path, run: Run) -> None:
    assert run("tune", "--store", store, "--as-of", "none").status == 0
    first = (store / NAME).read_bytes()
    assert run("build", "--store", store, "--model", "hash", program="index").status == 0
    assert run("tune", "--store", store, "--as-of", "none").status == 0
    assert (store / NAME).read_bytes() == first


def test_forgetting_goes_back_to_what_is_shipped(store: Path, run: Run) -> None:
    version = current_version(store)
    write_ranker(store, Ranker.from_weights({"section": (1.0, 0.0)}, -1.0, "our own"))
    assert run("build", "--store", store, "--model", "hash", program="index").status == 0
    assert open_current(store).ranker.origin == "our own"
    ran = run("tune", "--store", store, "--forget")
    assert (ran.status, ran.out) == (0, "the weights that are shipped are served from the next build on\n")
    assert read_ranker(store) is None
    assert open_current(store).ranker.origin == "our own"
    assert run("build", "--store", store, "--model", "hash", program="index").status == 0
    assert current_version(store) == version
    ran = run("tune", "--store", store, "--forget")
    assert (ran.status, ran.out) == (0, "nothing to forget\n")


def test_forgetting_where_there_is_no_store_makes_none(tmp_path: Path, run: Run) -> None:
    ran = run("tune", "--store", tmp_path / "nowhere", "--forget")
    assert (ran.status, ran.out) == (1, "")
    assert f"--store {tmp_path / 'nowhere'}: there is no such store" in ran.err
    assert not (tmp_path / "nowhere").exists()


def test_too_few_lists_write_nothing(built: Callable[[str, list[Record]], Path], run: Run) -> None:
    store = built("forty-nine", tagged(49))
    before = files(store)
    ran = run("tune", "--store", store, "--as-of", "none")
    assert ran.status == 1
    assert ran.err.endswith("error: 49 curated lists can be asked for, expected at least 50: nothing is written\n")
    assert ran.out.startswith("Over 49 curated lists, nDCG@10 is ")
    assert files(store) == before


def test_no_gain_writes_nothing_and_leaves_what_was_written_before(
    built: Callable[[str, list[Record]], Path], run: Run
) -> None:
    store = built("by-lot", random_lists(130, 1))
    write_ranker(store, Ranker.from_weights({"section": (1.0, 0.0)}, -1.0, "our own"))
    before = files(store)
    ran = run("tune", "--store", store, "--as-of", "none")
    assert ran.status == 1
    assert "error: fitted weights are not shown to be better than those that are shipped: nothing is written" in ran.err
    assert files(store) == before


def test_the_date_rule_is_the_default_and_counts_other_lists(store: Path, run: Run) -> None:
    asked = {as_of: len(store_task(store, AsOf(as_of)).queries) for as_of in ("published", "none")}
    assert asked == {"published": 50, "none": 50}
    task = store_task(store, AsOf.PUBLISHED)
    found = orjson.loads(run("tune", "--store", store, "--json", "--k", 3).out)
    assert found == cross_validate(task, 3).to_json()
    assert found != cross_validate(store_task(store, AsOf.NONE), 3).to_json()


def test_json_is_all_that_is_printed(store: Path, run: Run) -> None:
    ran = run("tune", "--store", store, "--as-of", "none", "--json")
    assert ran.status == 0
    assert set(orjson.loads(ran.out)) == {
        "lists",
        "left_out",
        "k",
        "before",
        "after",
        "difference",
        "expected_calibration_error",
    }
    assert (store / NAME).exists()


def test_json_comes_before_a_refusal(built: Callable[[str, list[Record]], Path], run: Run) -> None:
    ran = run("tune", "--store", built("forty-nine", tagged(49)), "--as-of", "none", "--json")
    assert ran.status == 1
    assert orjson.loads(ran.out)["lists"] == 49
    assert "nothing is written" in ran.err


@pytest.mark.parametrize("command", [["tune"], ["tune", "--forget"]])
def test_a_build_that_runs_is_not_disturbed(store: Path, run: Run, command: list[str]) -> None:
    write_ranker(store, Ranker.from_weights({"section": (1.0, 0.0)}, -1.0, "our own"))
    before = files(store)
    with locked(store):
        ran = run(*command, "--store", store, *(["--as-of", "none"] if command == ["tune"] else []))
    assert ran.status == 1
    assert "another build or ingest is running" in ran.err
    assert files(store) == before


@pytest.mark.parametrize("command", ["tune", "calibrate"])
def test_where_nothing_is_published_nothing_is_made(tmp_path: Path, run: Run, command: str) -> None:
    ran = run(command, "--store", tmp_path / "nowhere")
    assert ran.status == 1
    assert "nowhere: nothing is published yet" in ran.err
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "arguments",
    [["tune", "--k", "0"], ["tune", "--k", "101"], ["tune", "--as-of", "tomorrow"], ["calibrate", "--k", "0"]],
)
def test_odd_options_are_refused_at_once(tmp_path: Path, run: Run, arguments: list[str]) -> None:
    ran = run(*arguments, "--store", tmp_path)
    assert ran.status == 2
    assert "Traceback" not in ran.err


def test_damaged_weights_are_named_by_who_reads_them_and_replaced_by_tune(store: Path, run: Run) -> None:
    (store / NAME).write_bytes(b'{"format": 1}')
    version = current_version(store)
    for arguments, program in (
        (("calibrate", "--store", store, "--as-of", "none"), "eval"),
        (("build", "--store", store, "--model", "hash"), "index"),
    ):
        ran = run(*arguments, program=program)
        assert ran.status == 1
        assert f"error: {store / NAME}: no ranker of this project" in ran.err
    assert current_version(store) == version
    assert run("tune", "--store", store, "--as-of", "none").status == 0
    assert read_ranker(store) is not None


# --- calibrate ---


def test_the_thresholds_are_those_of_what_is_served(store: Path, run: Run) -> None:
    """Before and after the site has weights of its own."""
    task = store_task(store, AsOf.NONE)
    for own in (False, True):
        if own:
            assert run("tune", "--store", store, "--as-of", "none").status == 0
        items = served_items(task, cross_validate(task, 10, own=own).served)
        ran = run("calibrate", "--store", store, "--as-of", "none", "--precision", 0.15, "--json")
        found = orjson.loads(ran.out)
        assert list(found["thresholds"]) == [f"{target:g}" for target in sorted({0.15, *TARGETS})]
        for target, each in found["thresholds"].items():
            expected = threshold(items, float(target))
            assert each == (
                None
                if expected is None
                else {key: getattr(expected, key) for key in ("min_score", "precision", "items", "lists")}
            )
        assert found["calibration"] == calibration(items).to_json()
        assert ran.status == (0 if found["thresholds"]["0.15"] else 1)
    assert found["thresholds"]["0.15"] is not None
    assert found["thresholds"]["0.8"]["min_score"] > found["thresholds"]["0.15"]["min_score"]


def test_the_proposal_can_be_copied(store: Path, run: Run) -> None:
    assert run("tune", "--store", store, "--as-of", "none").status == 0
    ran = run("calibrate", "--store", store, "--as-of", "none", "--precision", 0.5)
    assert ran.status == 0
    task = store_task(store, AsOf.NONE)
    found = threshold(served_items(task, cross_validate(task, 10).served), 0.5)
    assert found is not None
    assert ran.out.splitlines()[-1] == f"for a precision of 0.5: min_score={found.min_score:.4f}"
    rows = [line.split() for line in ran.out.splitlines()]
    assert ["0.50", f"{found.min_score:.4f}", f"{found.items:.0%}", f"{found.lists:.0%}"] in rows
    assert "over 50 lists, expected calibration error" in ran.out


def test_a_precision_that_is_never_reached_is_refused_after_the_table(store: Path, run: Run) -> None:
    ran = run("calibrate", "--store", store, "--as-of", "none", "--precision", 0.95)
    assert ran.status == 1
    assert ["0.95", "–", "–", "–"] in [line.split() for line in ran.out.splitlines()]
    assert "error: no min_score reaches a precision of 0.95: the best items are picked less often" in ran.err


@pytest.mark.parametrize("precision", ["0", "-1", "1.5", "nan"])
def test_what_is_no_share_is_refused(store: Path, run: Run, precision: str) -> None:
    ran = run("calibrate", "--store", store, "--as-of", "none", f"--precision={precision}")
    assert ran.status == 1
    assert "expected a number above 0 and at most 1" in ran.err


def test_calibrating_writes_nothing(store: Path, run: Run) -> None:
    before = files(store)
    run("calibrate", "--store", store, "--as-of", "none", "--precision", 0.1)
    assert files(store) == before


# --- weights ---


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_corpora(tmp_path_factory.mktemp("corpora"))


def test_the_shipped_weights_come_out_the_same_twice(corpora: Path, tmp_path: Path, run: Run) -> None:
    for name in "ab":
        ran = run(
            *("weights", corpora, "--model", "hash", "--out", tmp_path / f"{name}.json"),
            *("--left-out", tmp_path / name / "left-out", "--cache", tmp_path / f"cache-{name}"),
        )
        assert ran.status == 0, ran.err
        assert f"written to {tmp_path / f'{name}.json'} and {tmp_path / name / 'left-out'}" in ran.out
        assert [line for line in ran.err.splitlines() if line.startswith("learning")] == [
            f"learning from {corpus}" for corpus in CORPORA
        ]
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    left_out = {p.name: p.read_bytes() for p in (tmp_path / "a" / "left-out").iterdir()}
    assert left_out == {p.name: p.read_bytes() for p in (tmp_path / "b" / "left-out").iterdir()}
    assert sorted(left_out) == ["without-gov.json", "without-mdn.json", "without-optech.json"]
    assert len({*left_out.values(), (tmp_path / "a.json").read_bytes()}) == 4


def test_a_missing_corpus_is_named_and_nothing_is_written(corpora: Path, tmp_path: Path, run: Run) -> None:
    fewer = Path(shutil.copytree(corpora, tmp_path / "corpora"))
    (fewer / "mdn.jsonl.gz").unlink()
    ran = run("weights", fewer, "--model", "hash", "--out", tmp_path / "x.json", "--cache", tmp_path / "cache")
    assert ran.status == 1
    assert f"error: {fewer / 'mdn.jsonl.gz'}: no such corpus" in ran.err
    assert not (tmp_path / "x.json").exists()
    assert not (tmp_path / "cache").exists()
