"""Several workers come up while the machine has far too much to do, and one that dies is replaced."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults import servers
from tests.faults.servers import alive, group, served

LOAD = 12
STARTS = 10
PATIENT = 600.0


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Processes that never rest, each in a session of its own: else a scheduler may count them as one."""
    monkeypatch.setattr(servers, "PATIENCE", PATIENT)
    burning = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True) for _ in range(LOAD)
    ]
    yield
    for process in burning:
        process.kill()
    for process in burning:
        process.wait()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_store_that_is_named_is_served(workers: int, store: Path) -> None:
    """By the command alone: the settings that were read before it say another."""
    with served(store, workers=workers) as server, closing(server.client()) as client:
        assert client.get("/readyz").status == 200
        assert client.get("/v1/index").json()["articles"] > 0


@pytest.mark.slow
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("workers", [2, 4])
@pytest.mark.usefixtures("busy")
def test_workers_come_up_on_a_busy_machine(workers: int, store: Path) -> None:
    took = []
    for _ in range(STARTS):
        began = time.monotonic()
        with served(store, workers=workers) as server:  # waits until every worker answers
            took.append(time.monotonic() - began)
            first = set(group(server.leader))
            time.sleep(1)
            assert set(group(server.leader)) == first, "a worker was taken for dead"
    print(f"\n{STARTS} of {STARTS} starts of {workers} workers at load {LOAD}; slowest {max(took):.0f} s")  # noqa: T201


def test_a_killed_worker_is_replaced(store: Path) -> None:
    with served(store, workers=2) as server:
        with server.each_worker() as clients:
            names = {client.get("/healthz").worker for client in clients}
        (child, *_) = [pid for pid in group(server.leader) if pid != server.leader and serves(pid)]
        os.kill(child, signal.SIGKILL)
        until = time.monotonic() + servers.PATIENCE
        while alive(child) or len(workers_of(server)) < 2 or workers_of(server) <= names:
            assert time.monotonic() < until
            time.sleep(0.2)
        with server.each_worker() as clients:
            assert [client.get("/readyz").status for client in clients] == [200, 200]


def workers_of(server: servers.Server) -> set[str]:
    """The workers that answer now; connections may be refused while one is missing."""
    found = set()
    for _ in range(30):
        try:
            with closing(server.client()) as client:
                found.add(client.get("/healthz").worker)
        except OSError:
            time.sleep(0.05)
    return found


def serves(pid: int) -> bool:
    """Say whether a process of the group is a worker: multiprocessing has one more, which tracks its resources."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    return b"spawn_main" in command
