"""A real build is stopped in the middle of embedding: the old snapshot is served, and nothing embedded is lost."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, select, text

from index.build import build
from index.store.publish import open_current
from recommender.articles import Record
from recommender.catalog import Catalog
from recommender.catalog.tables import vectors
from recommender.corpus.encoder import HashEncoder
from recommender.corpus.views import views
from tests.conftest import ROOT
from tests.faults.slow_build import CHUNK
from tests.index.samples import CountingEncoder, articles, lists_of

SCRIPT = Path(__file__).with_name("slow_build.py")
BEFORE, AFTER = articles(6), articles(30, edition=1)


def as_json(record: Record) -> bytes:
    fields = asdict(record.article)
    del fields["extra"]
    return orjson.dumps({**fields, "related": record.related})


def start_and_stop(store: Path, sources: Path, chunk: int, number: signal.Signals) -> tuple[int, str]:
    """Build until the encoder is at ``chunk``, send the signal there; return exit status and standard error."""
    said = store.with_name("said")
    command = [sys.executable, str(SCRIPT), str(chunk), str(said), "build", str(sources), "--store", str(store)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True) as child:
        try:
            until = time.monotonic() + 60
            while not said.exists() and child.poll() is None and time.monotonic() < until:
                time.sleep(0.02)
            child.send_signal(number)
            _, err = child.communicate(timeout=60)
        finally:
            child.kill()
    assert said.exists(), err
    return child.returncode, err


@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_the_old_snapshot_is_served_and_the_next_run_goes_on(tmp_path: Path, number: signal.Signals) -> None:
    store, sources = tmp_path / "store", tmp_path / "articles.jsonl"
    with closing(Catalog.open(store)) as catalog:
        catalog.put(BEFORE)
        version = build(store, catalog, HashEncoder()).snapshot
        with catalog.engine.connect() as connection:
            known = connection.scalar(select(func.count()).select_from(vectors)) or 0
    lists = lists_of(open_current(store))
    sources.write_bytes(b"\n".join(map(as_json, AFTER)))

    status, err = start_and_stop(store, sources, 4, number)

    distinct = {t for record in AFTER for t in views(record.article).texts}
    if number == signal.SIGINT:
        assert status == 130
        said = f"error: interrupted: {3 * CHUNK} of {len(distinct)} texts are embedded and kept; run it again to go on"
        assert err.splitlines()[-1] == said
        assert "Traceback" not in err
    else:
        assert status == -signal.SIGKILL
    assert open_current(store).version == version
    assert lists_of(open_current(store)) == lists

    encoder = CountingEncoder(HashEncoder())
    with closing(Catalog.open(store)) as catalog:
        with catalog.engine.connect() as connection:
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
            assert connection.scalar(select(func.count()).select_from(vectors)) == known + 3 * CHUNK
        assert [found.id for found in catalog.articles()] == [record.article.id for record in AFTER]
        built = build(store, catalog, encoder)
    assert built.embedded_texts == len(set(encoder.texts)) == len(distinct) - 3 * CHUNK
    assert set(encoder.texts) < distinct
    assert (built.changed, built.articles + built.stubs) == (True, len(AFTER))

    with closing(Catalog.open("sqlite://")) as catalog:
        catalog.put(AFTER)
        undisturbed = build(tmp_path / "undisturbed", catalog, HashEncoder())
    assert undisturbed.snapshot == built.snapshot
