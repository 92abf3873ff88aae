"""Builds while articles are written at full speed: what was acknowledged is in the catalog, and in service."""

import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from tests.faults.servers import Nursery, Server
from tests.faults.test_kill_build import start_build
from tests.faults.test_kill_writes import GONE, lost, unserved


class Writing(threading.Thread):
    """Puts, replaces and removes articles without a pause, and remembers what was acknowledged."""

    def __init__(self, server: Server, key: Mapping[str, str]) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._key = key
        self._over = threading.Event()
        self.acknowledged: dict[str, str | None] = {}
        self.odd: list[object] = []
        self.count = 0

    def run(self) -> None:
        with closing(self._server.client(self._key)) as client:
            while not self._over.is_set():
                self.count += 1
                name, title = f"written-{self.count % 40}", f"Report {self.count} on the harbour"
                if self.count % 7 == 0 and self.acknowledged.get(name):
                    answer, said = client.ask("DELETE", f"/v1/articles/{name}"), GONE
                else:
                    content = orjson.dumps({"title": title, "body": f"News number {self.count}."})
                    answer, said = client.ask("PUT", f"/v1/articles/{name}", content), title
                if answer.status in (200, 202, 204):
                    self.acknowledged[name] = said
                else:
                    self.odd.append(answer)

    def stop(self) -> None:
        self._over.set()
        self.join(60)


def build_under_writes(nursery: Nursery, store: Path, key: Mapping[str, str], rounds: int) -> None:
    with nursery.served(store) as server:
        writing = Writing(server, key)
        writing.start()
        statuses = [start_build(store).wait() for _ in range(rounds)]
        writing.stop()
        assert statuses == [0] * rounds
        assert writing.odd == []
        assert unserved(server, writing.acknowledged) == []
    assert lost(store, writing.acknowledged) == []
    print(f"\n{rounds} builds beside {writing.count} writes: 0 lost")  # noqa: T201


def test_no_write_is_lost_by_a_build(nursery: Nursery, store: Path, key: dict[str, str]) -> None:
    build_under_writes(nursery, store, key, 3)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_no_write_is_lost_by_fifty_builds(nursery: Nursery, store: Path, key: dict[str, str]) -> None:
    build_under_writes(nursery, store, key, 50)
