"""Builds are killed while the API serves: every list is one of the build before or of the build after, whole."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import pytest

from index.store.publish import current_version, open_current, published
from recommender.articles import Article, Record
from recommender.catalog import Catalog
from tests.conftest import DEMO, ROOT, records
from tests.faults.servers import Nursery, Server, environment

LATEST = 4.0
"""Seconds after which a build that is to be killed is killed at the latest."""


def start_build(store: Path) -> subprocess.Popen[bytes]:
    """A build of the whole catalog in its own process, as an operator runs it."""
    command = [sys.executable, "-m", "index", "build", "--store", str(store)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | environment(store, {}), stdout=quiet, stderr=quiet)


def rewrite(store: Path, number: int) -> None:
    """Change the catalog so that the next build is another one: not live, so that only a build shows it."""
    with closing(Catalog.open(store)) as catalog:
        catalog.put([Record(Article(id="edition", title=f"Edition {number} on the harbour", body="Ships. " * 50), "")])


class Reader(threading.Thread):
    """Asks for lists all the time, and keeps every different answer by version and article."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._over = threading.Event()
        self.answers: dict[tuple[str, str], set[bytes]] = defaultdict(set)
        self.odd: list[object] = []
        self.count = 0

    def run(self) -> None:
        ids = [record.article.id for record in records(DEMO)]
        with closing(self._server.client()) as client:
            while not self._over.is_set():
                name = ids[self.count % len(ids)]
                answer = client.get(f"/v1/articles/{name}/related")
                self.count += 1
                if answer.status == 200:
                    self.answers[answer.json()["index_version"], name].add(answer.body)
                else:
                    self.odd.append(answer)

    def stop(self) -> None:
        self._over.set()
        self.join(30)


def killed_builds(nursery: Nursery, store: Path, rounds: int) -> None:
    rng, finished = random.Random(rounds), 0
    with nursery.served(store) as server:
        reader = Reader(server)
        reader.start()
        for number in range(rounds):
            rewrite(store, number)
            build = start_build(store)
            time.sleep(rng.uniform(0.2, LATEST))
            if build.poll() is None:
                build.send_signal(signal.SIGKILL)
            finished += build.wait() == 0
            assert open_current(store).manifest.version == current_version(store)
        rewrite(store, rounds)
        assert start_build(store).wait() == 0  # what a killed one left is no hindrance
        version, until = current_version(store), time.monotonic() + 30
        while not any(known == version for known, _ in list(reader.answers)):
            assert time.monotonic() < until
            time.sleep(0.05)
        reader.stop()
    assert reader.odd == []
    assert {name: len(bodies) for name, bodies in reader.answers.items() if len(bodies) > 1} == {}
    seen = {version for version, _ in reader.answers}
    assert {each.version for each in published(store)} & seen
    print(f"\n{rounds} builds killed ({finished} had ended), {reader.count} answers of {len(seen)} versions: 0 odd")  # noqa: T201


def test_lists_go_on_while_builds_are_killed(nursery: Nursery, store: Path) -> None:
    killed_builds(nursery, store, 4)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_lists_go_on_while_two_hundred_builds_are_killed(nursery: Nursery, store: Path) -> None:
    killed_builds(nursery, store, 200)
