"""Ctrl-C in real commands, at ten moments from the first import to the end: status 130, nothing half done."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from index.export import LISTED
from index.store.publish import open_current, published
from recommender.catalog import Catalog
from recommender.corpus.encoder import HashEncoder
from recommender.errors import NoSnapshotError
from tests.conftest import DEMO, ROOT, build_store, records

MOMENTS = [place / 10 for place in range(10)]
"""Shares of the time that the command takes undisturbed."""
BEGUN = 0.08
"""Seconds in which Python itself starts, with the tracebacks it has."""


class Command:
    """``python -m …`` in a process group of its own, which hears SIGINT as in a terminal."""

    def __init__(self, *words: object) -> None:
        self._begun = time.monotonic()
        self._child = subprocess.Popen(
            [sys.executable, "-m", *map(str, words)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def end(self) -> tuple[int, str, float]:
        """Wait; return exit status, standard error, and the seconds it took."""
        try:
            _, err = self._child.communicate(timeout=120)
        finally:
            self._child.kill()
        return self._child.returncode, err, time.monotonic() - self._begun

    def interrupt(self, after: float) -> tuple[int, str]:
        """Send SIGINT to all of the group ``after`` so many seconds, then ``end``."""
        time.sleep(max(0.0, after - (time.monotonic() - self._begun)))
        if self._child.poll() is None:
            os.killpg(self._child.pid, signal.SIGINT)
        return self.end()[:2]


OURS = re.compile(rf'File "{re.escape(str(ROOT))}/(recommender|index|api|eval)/')


def too_early(status: int, err: str) -> bool:
    """Say whether Python itself was starting: no line of ours had run."""
    return (status == -signal.SIGINT and not err) or ("KeyboardInterrupt" in err and not OURS.search(err))


def check(status: int, err: str) -> None:
    if too_early(status, err):
        return
    # 0: it was done before. The signal itself, which a shell shows as 130, too: Python was ending, with all work done.
    assert status in (0, 130, -signal.SIGINT), err
    assert (status == 130) is ("error: interrupted" in err), err
    for word in ("Traceback", "KeyboardInterrupt", "Exception ignored"):
        assert word not in err


@pytest.mark.slow
def test_a_build(tmp_path: Path) -> None:
    words = ("index", "build", DEMO, "--model", "hash", "--store")
    status, err, seconds = Command(*words, tmp_path / "undisturbed").end()
    assert status == 0, err
    whole = open_current(tmp_path / "undisturbed").version
    for place in MOMENTS:
        store = tmp_path / f"{place}"
        check(*Command(*words, store).interrupt(max(BEGUN, place * seconds)))
        try:
            assert open_current(store).version == whole
            assert [manifest.version for manifest in published(store)] == [whole]
        except NoSnapshotError:
            assert not list(store.glob("CURRENT*"))
        with closing(Catalog.open(store)) as catalog, catalog.engine.connect() as connection:
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
        assert Command(*words, store).end()[0] == 0
        assert open_current(store).version == whole
        assert not list(store.rglob(".new-*"))


@pytest.mark.slow
def test_an_evaluation(tmp_path: Path) -> None:
    words = ("eval", "run", "--articles", DEMO, "--model", "hash", "--systems", "tfidf,product,tuned")
    status, err, seconds = Command(*words, "--cache", tmp_path / "c", "--out", tmp_path / "whole").end()
    assert status == 0, err
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    for place in MOMENTS:
        out = tmp_path / f"{place}"
        check(*Command(*words, "--cache", tmp_path / f"c{place}", "--out", out).interrupt(max(BEGUN, place * seconds)))
        assert {path.name for path in out.glob("*")} in (set(), names)


@pytest.mark.slow
def test_an_export(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", records(DEMO), HashEncoder())
    words = ("index", "export", "--store", store)
    status, err, seconds = Command(*words, tmp_path / "whole").end()
    assert status == 0, err
    whole = contents(tmp_path / "whole")
    for place in MOMENTS:
        out = tmp_path / f"{place}"
        check(*Command(*words, out).interrupt(max(BEGUN, place * seconds)))
        lists = contents(out).items() - {(LISTED, contents(out).get(LISTED))}
        assert lists <= whole.items(), "each file is whole, and nothing else is there"
        assert Command(*words, out).end()[0] == 0
        assert contents(out) == whole


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_server(tmp_path: Path, workers: int) -> None:
    """Also once it serves: it answers what is in flight, and then its status says how it was ended."""
    store = build_store(tmp_path / "store", records(DEMO), HashEncoder())
    for place in MOMENTS:
        server = Command("api", "--store", store, "--port", 0, "--workers", workers)
        status, err = server.interrupt(max(BEGUN, place * 6))
        check(status, err)
        assert status == 130 or too_early(status, err)
