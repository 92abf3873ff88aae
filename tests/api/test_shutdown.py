"""A server that is told to stop finishes what it has begun."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import orjson

from tests.conftest import ROOT

CHILD = """
import itertools, sys, time
from pathlib import Path
import uvicorn
from api.cli import server_options
from recommender.settings import Settings
from tests.api.serving import ENCODER, application

gate = Path(sys.argv[3])
begun = itertools.count()

class Waiting:
    name, revision, dim = ENCODER.name, ENCODER.revision, ENCODER.dim
    def encode(self, texts):
        (gate / f"begun-{next(begun)}").touch()
        while not (gate / "open").exists():
            time.sleep(0.01)
        return ENCODER.encode(texts)

app = application(Path(sys.argv[1]), encoder=Waiting(), access_log=True)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), **server_options(Settings(shutdown_seconds=int(sys.argv[4]))))
"""
"""A server whose encoder begins a draft, says so in a folder, and goes on when there is a file "open" in it."""
REQUESTS = 20  # fewer than threads, so that all are in flight at once
LIMIT = 60
"""Seconds that only end a wait that would never end."""


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def server(store: Path, gate: Path, *, patience: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    command = [sys.executable, "-c", CHILD, str(store), str(port), str(gate), str(patience)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: is_ready(process, url))
        yield process, url
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()


def is_ready(process: subprocess.Popen[str], url: str) -> bool:
    try:
        assert httpx2.get(f"{url}/readyz").status_code == 200
    except httpx2.TransportError:
        assert process.poll() is None, process.communicate()
        return False
    return True


def is_refused(url: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=LIMIT).close()
    except ConnectionRefusedError:
        return True
    return False


def draft(url: str) -> Any:
    return httpx2.post(f"{url}/v1/related", json={"title": "A ship aground"}, timeout=2 * LIMIT)


def test_requests_in_flight_are_answered_and_new_ones_refused(demo_store: Path, tmp_path: Path) -> None:
    with server(demo_store, tmp_path, patience=LIMIT) as (process, url), ThreadPoolExecutor(REQUESTS) as crowd:
        pending = [crowd.submit(draft, url) for _ in range(REQUESTS)]
        wait_until(lambda: len(list(tmp_path.iterdir())) == REQUESTS)
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: is_refused(url))
        assert not any(answer.done() for answer in pending)  # all are in flight while others are refused
        (tmp_path / "open").touch()
        answers = [answer.result() for answer in pending]
        out, err = process.communicate(timeout=LIMIT)
    assert [answer.status_code for answer in answers] == [200] * REQUESTS
    assert all(answer.json()["count"] == 8 for answer in answers)
    assert process.returncode in (0, -signal.SIGTERM)
    lines = [orjson.loads(line) for line in out.splitlines()]
    assert [line["status"] for line in lines if line["method"] == "POST"] == [200] * REQUESTS  # flushed at the end
    assert "Traceback" not in err
    assert all(orjson.loads(line)["level"] == "info" for line in err.splitlines())


def test_patience_ends(demo_store: Path, tmp_path: Path) -> None:
    """A draft that is never done is given up, but not before the server's patience has ended."""
    with server(demo_store, tmp_path, patience=1) as (process, url), ThreadPoolExecutor(1) as crowd:
        pending = crowd.submit(draft, url)
        wait_until(lambda: (tmp_path / "begun-0").exists())
        told = time.monotonic()
        process.send_signal(signal.SIGTERM)
        error = pending.exception()
        if error is None:
            assert pending.result().status_code == 500
        else:
            assert isinstance(error, httpx2.TransportError)
            assert not isinstance(error, httpx2.TimeoutException)
        assert time.monotonic() - told >= 1
        assert not (tmp_path / "open").exists()
