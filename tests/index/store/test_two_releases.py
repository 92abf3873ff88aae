"""Two releases on one store, which read different schemas: nothing is deleted, and both say what they can read."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

from index import cli
from index.build import build
from index.store.manifest import SCHEMA
from index.store.publish import current_version, open_current, snapshots_folder
from recommender.catalog import Catalog
from recommender.corpus.encoder import HashEncoder
from recommender.errors import SchemaError
from tests.index.samples import articles

OTHER = """
import sys
from index.store import manifest
from index.store import writing
manifest.SCHEMA = writing.SCHEMA = int(sys.argv.pop(1))
from index.cli import main
main()
"""
"""A release of another schema."""


class Ran(NamedTuple):
    status: int
    out: str
    err: str


Release = Callable[..., Ran]
"""The command line of one release."""


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Release:
    def run(*arguments: object, schema: int = SCHEMA) -> Ran:
        with monkeypatch.context() as now:
            now.setattr(sys, "argv", ["related-index", *map(str, arguments)])
            now.setattr("index.store.manifest.SCHEMA", schema)
            now.setattr("index.store.writing.SCHEMA", schema)
            with pytest.raises(SystemExit) as stopped:
                cli.main()
        return Ran(int(stopped.value.code or 0), *capsys.readouterr())

    return run


def theirs(schema: int) -> Release:
    def run(*arguments: object) -> Ran:
        command = [sys.executable, "-c", OTHER, str(schema), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


def edit(store: Path, edition: int) -> None:
    catalog = Catalog.open(store)
    catalog.put(articles(4, edition=edition))
    catalog.close()


def snapshots(store: Path) -> set[str]:
    return {path.name for path in snapshots_folder(store).iterdir()}


def built(release: Release, store: Path, **options: int) -> str:
    ran = release("build", "--store", store, "--model", "hash", "--json", **options)
    assert ran.status == 0, ran.err
    return str(orjson.loads(ran.out)["snapshot"])


@pytest.mark.parametrize("schema", [SCHEMA + 1, SCHEMA - 1])
def test_two_releases_build_in_turn_and_nothing_is_deleted(ours: Release, tmp_path: Path, schema: int) -> None:
    store, other = tmp_path / "store", theirs(schema)
    age = {True: "new", False: "old"}
    made: dict[str, int] = {}
    for edition in range(4):
        edit(store, edition)
        release, own = ((ours, SCHEMA), (other, schema))[edition % 2]
        made[built(release, store)] = own
        assert snapshots(store) == set(made)
    for release, own, foreign in ((ours, SCHEMA, schema), (other, schema, SCHEMA)):
        ran = release("list", "--store", store)
        assert ran.status == 0
        for version, its in made.items():
            star = re.escape("*" if version == current_version(store) else " ")
            why = f"cannot be read: schema {foreign} is too {age[foreign > own]}, this version reads {own}\n"
            line = rf"^{star} {version}  {re.escape(why) if its == foreign else r'20.*4 articles|20.*articles'}"
            assert re.search(line, ran.out, re.MULTILINE), ran.out
        assert "2 snapshots cannot be read: kept, for another release may read them" in ran.out
    with pytest.raises(SchemaError, match=rf"schema {schema} is too {age[schema > SCHEMA]}.*: build again"):
        open_current(store)
    assert other("check", "--store", store).status == 0
    ran = ours("build", "--store", store, "--model", "hash")
    assert ran.status == 0
    for version, its in made.items():
        assert (f"{version} (schema {its} is too" in ran.out) == (its == schema)
    assert re.search(r"in service before was [0-9a-f]{16} \(schema", ran.out)
    assert set(made) <= snapshots(store)
    assert ours("check", "--store", store).status == 0


def test_each_release_keeps_as_many_as_it_is_told_of_its_own(tmp_path: Path) -> None:
    store = tmp_path / "store"
    made: dict[int, list[str]] = {SCHEMA: [], SCHEMA + 1: []}
    for edition in range(8):
        schema = SCHEMA + edition % 2
        with pytest.MonkeyPatch.context() as now:
            now.setattr("index.store.manifest.SCHEMA", schema)
            now.setattr("index.store.writing.SCHEMA", schema)
            catalog = Catalog.open(store)
            catalog.put(articles(4, edition=edition))
            done = build(store, catalog, HashEncoder(dim=16), keep=2)
            catalog.close()
        made[schema].append(done.snapshot)
        assert {item.version for item in done.unreadable} == set(made[2 * SCHEMA + 1 - schema][-2:])
        assert done.before == (made[2 * SCHEMA + 1 - schema][-1] if edition else None)
    assert snapshots(store) == {*made[SCHEMA][-2:], *made[SCHEMA + 1][-2:]}


def test_only_prune_deletes_what_cannot_be_read(ours: Release, tmp_path: Path) -> None:
    store = tmp_path / "store"
    made = []
    for edition, schema in enumerate([SCHEMA - 1, SCHEMA, SCHEMA + 1]):
        edit(store, edition)
        made.append(built(ours, store, schema=schema))
    old, own, new = made
    (snapshots_folder(store) / "damaged").mkdir()
    ran = ours("prune", "--store", store)
    assert ran.status == 0
    assert old in ran.out
    assert "damaged (its manifest is damaged or missing)" in ran.out
    assert own not in ran.out
    assert new not in ran.out  # in service
    assert "2 snapshots cannot be read; say --yes to remove" in ran.out
    assert snapshots(store) == {*made, "damaged"}
    for version, message in ((new, "in service"), (own, "is no snapshot of"), ("x", "is no snapshot of")):
        ran = ours("prune", version, "--store", store, "--yes")
        assert ran.status == 1
        assert message in ran.err
    assert ours("prune", old, "--store", store, "--yes").out.startswith(f"removed {old} (schema {SCHEMA - 1}")
    assert snapshots(store) == {own, new, "damaged"}
    assert ours("prune", "--store", store, "--yes").status == 0
    assert snapshots(store) == {own, new}
    assert ours("prune", "--store", store, "--yes").out == "there is nothing to remove\n"
    edit(store, 9)
    again = built(ours, store)
    assert ours("prune", "--store", store, "--yes").status == 0
    assert snapshots(store) == {own, again}


def test_a_store_of_another_release_alone_is_not_empty(ours: Release, tmp_path: Path) -> None:
    edit(tmp_path, 0)
    version = built(ours, tmp_path, schema=SCHEMA + 1)
    ran = ours("list", "--store", tmp_path)
    assert ran.status == 0
    assert ran.out.splitlines()[0] == (
        f"* {version}  cannot be read: schema {SCHEMA + 1} is too new, this version reads {SCHEMA}"
    )
    ran = ours("check", "--store", tmp_path)
    assert ran.status == 1
    assert "build again with this version, or serve it with the one that built it" in ran.err
    (tmp_path / "CURRENT").unlink()
    ran = ours("list", "--store", tmp_path)
    assert ran.status == 1
    assert version in ran.out
    assert "no snapshot is in service: CURRENT names none" in ran.err


def test_a_manifest_of_a_far_future_is_kept(ours: Release, tmp_path: Path) -> None:
    """Whatever a later release may make of it: what is not understood is not deleted."""
    edit(tmp_path, 0)
    built(ours, tmp_path)
    kept = {"a": b'{"schema": "seven"}', "b": b"\x00binary", "c": b'{"schema_version": 7.5}', "d": b""}
    for name, manifest in kept.items():
        (snapshots_folder(tmp_path) / name).mkdir()
        (snapshots_folder(tmp_path) / name / "manifest.json").write_bytes(manifest)
    for edition in range(1, 6):
        edit(tmp_path, edition)
        built(ours, tmp_path)
    assert set(kept) < snapshots(tmp_path)
    assert len(snapshots(tmp_path)) == len(kept) + 3
