"""Real servers for the tests: process groups that serve a store, and what one can ask of them and find out about them.

``served`` starts ``related-api`` itself, as an operator does; a ``Nursery`` forks the same servers in a tenth of the
time, for tests that need many of them.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO, Any, Self

import orjson

from tests.api.test_shutdown import free_port
from tests.conftest import ROOT

PATIENCE = 60.0
TRIES = 500
IDLE_TICKS = 3
"""Hundredths of a second of processor time in 0.3 s that are next to nothing."""
PROCESS = 16
"""Digits of a request id that are the same for all requests of one process (see api.logs)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and which worker process said so."""

    status: int
    body: bytes
    worker: str
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)

    def json(self) -> Any:
        """Return the body as JSON."""
        return orjson.loads(self.body)


class Client:
    """One connection, kept open: so all its answers come from one worker process."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None, timeout: float = 30) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
        self._headers = {"Accept-Encoding": "identity", "Content-Type": "application/json", **(headers or {})}

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """Send one request and read its answer whole."""
        self.send(path, method, body)
        return self.read()

    def send(self, path: str, method: str = "GET", body: bytes | None = None) -> None:
        """Send one request."""
        self._connection.request(method, path, body, self._headers)

    def read(self) -> Answer:
        """Read the answer to what was sent."""
        answer = self._connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, answer.read(), found.get("x-request-id", "")[:PROCESS], found)

    def get(self, path: str) -> Answer:
        """Ask for ``path``."""
        return self.ask("GET", path)

    def listed(self, identity: str, limit: int = 8) -> list[str] | None:
        """Return the ids in the related list of an article, None if there is no such article."""
        answer = self.get(f"/v1/articles/{identity}/related?limit={limit}")
        if answer.status == 404:
            return None
        assert answer.status == 200, answer
        return [item["id"] for item in answer.json()["items"]]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: the process that leads its group, its port, its log, and how many worker processes it has."""

    leader: int
    port: int
    log: Path
    workers: int

    def client(self, headers: Mapping[str, str] | None = None) -> Client:
        """Open a connection."""
        return Client(self.port, headers)

    @contextmanager
    def each_worker(self, headers: Mapping[str, str] | None = None) -> Iterator[list[Client]]:
        """Give one connection to each worker process: which one answers, only its answers say."""
        found: dict[str, Client] = {}
        try:
            for _ in range(TRIES):
                client = self.client(headers)
                worker = client.get("/healthz").worker
                if found.setdefault(worker, client) is not client:
                    client.close()
                if len(found) == self.workers:
                    break
            assert len(found) == self.workers, f"only {len(found)} workers answered in {TRIES} tries"
            yield [found[worker] for worker in sorted(found)]
        finally:
            for client in found.values():
                client.close()

    def wait(self) -> None:
        """Wait until every worker can serve."""
        until = time.monotonic() + PATIENCE
        ready: set[str] = set()
        while len(ready) < self.workers:
            assert alive(self.leader), self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            try:
                with closing(self.client()) as client:
                    answer = client.get("/readyz")
                if answer.status in (200, 503):  # up; whether there is a snapshot is the test's business
                    ready.add(answer.worker)
            except (OSError, HTTPException):
                time.sleep(0.02)

    def processes(self) -> list[int]:
        """Return the ids of the worker processes."""
        found = Path(f"/proc/{self.leader}/task/{self.leader}/children").read_text().split()
        return [int(pid) for pid in found if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def until_idle(self) -> None:
        """Wait until the workers have next to nothing to do: what was asked of them so far is done."""
        until = time.monotonic() + PATIENCE
        before, now = -IDLE_TICKS - 1, 0
        while now - before > IDLE_TICKS:
            assert time.monotonic() < until, "it is never idle"
            time.sleep(0.3)
            before, now = now, sum(int(ticks) for pid in self.processes() for ticks in _stat(pid)[11:13])

    def kill(self) -> None:
        """Kill -9 the whole process group, and wait until it is gone."""
        try:
            os.killpg(self.leader, signal.SIGKILL)
        except ProcessLookupError:
            return
        until = time.monotonic() + PATIENCE
        while group(self.leader):
            assert time.monotonic() < until
            time.sleep(0.001)


def alive(pid: int) -> bool:
    """Say whether a process runs: one that has ended and that nobody waited for does not."""
    return _stat(pid)[:1] not in ([], ["Z"], ["X"])


def group(leader: int) -> list[int]:
    """Return the processes of a group that still run."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if (found := _stat(pid))[2:3] == [str(leader)] and found[0] not in "ZX"]


def _stat(pid: int) -> list[str]:
    """State, parent, group, … of a process (proc(5)); nothing if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


@contextmanager
def served(store: Path, *, workers: int = 2, **settings: object) -> Iterator[Server]:
    """Run ``related-api`` on ``store``, with ``settings`` in its environment."""
    port, log = free_port(), store.with_name(f"{store.name}.log")
    command = [sys.executable, "-m", "api", "--store", str(store), "--port", str(port), "--workers", str(workers)]
    variables = {**os.environ, **environment(store, settings)}
    del variables["RELATED_STORE"]  # the command says it
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=variables,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
    server = Server(process.pid, port, log, workers)
    try:
        server.wait()
        yield server
    finally:
        server.kill()
        process.wait()


class Nursery:
    """Forks servers from one process that has imported everything."""

    def __init__(self) -> None:
        threads = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}  # a process with more cannot fork
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            env={**os.environ, **threads},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    @contextmanager
    def served(self, store: Path, *, workers: int = 2, flaw: str = "", **settings: object) -> Iterator[Server]:
        """Run a server on ``store``, with ``settings`` in its environment and perhaps a ``flaw``."""
        log = store.with_name(f"{store.name}.log")
        order = {"workers": workers, "flaw": flaw, "log": str(log), "environment": environment(store, settings)}
        to, answers = self._pipe(self._process.stdin), self._pipe(self._process.stdout)
        to.write(json.dumps(order).encode() + b"\n")
        to.flush()
        server = Server(**json.loads(answers.readline()), log=log, workers=workers)
        try:
            server.wait()
            yield server
        finally:
            server.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            self._pipe(pipe).close()

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe


def environment(store: Path, settings: Mapping[str, object]) -> dict[str, str]:
    """Return the variables of a server on ``store``: the defaults, but for these, whatever this process has."""
    fixed = {"store": store, "model": "hash", "access_log": False, "cost_per_minute": 0, "min_score": 0}
    return {f"RELATED_{name.upper()}": str(value) for name, value in {**fixed, **settings}.items()}


def percentile(seconds: list[float], share: float) -> float:
    """Return the smallest of ``seconds`` that ``share`` of them do not exceed (nearest rank)."""
    ordered = sorted(seconds)
    return ordered[max(0, -(-len(ordered) * round(share * 1_000) // 1_000) - 1)]
