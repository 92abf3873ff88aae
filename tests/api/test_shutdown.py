"""A server that is told to stop finishes what it has begun."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

from tests.conftest import ROOT

CHILD = """
import sys, time
from pathlib import Path
import uvicorn
from api.cli import server_options
from recommender.settings import Settings
from tests.api.serving import ENCODER, application

class Slow:
    name, revision, dim = ENCODER.name, ENCODER.revision, ENCODER.dim
    def encode(self, texts):
        time.sleep(float(sys.argv[3]))
        return ENCODER.encode(texts)

app = application(Path(sys.argv[1]), encoder=Slow(), access_log=True)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), **server_options(Settings(shutdown_seconds=int(sys.argv[4]))))
"""
REQUESTS = 20  # fewer than threads, so that all are in flight at once


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def server(store: Path, *, slow: float, patience: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    command = [sys.executable, "-c", CHILD, str(store), str(port), str(slow), str(patience)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 60
        while True:
            try:
                assert httpx2.get(f"{url}/readyz").status_code == 200
                break
            except httpx2.TransportError:
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < until
                time.sleep(0.05)
        yield process, url
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()


def draft(url: str) -> Any:
    return httpx2.post(f"{url}/v1/related", json={"title": "A ship aground"}, timeout=60)


def test_requests_in_flight_are_answered_and_new_ones_refused(demo_store: Path) -> None:
    with server(demo_store, slow=4, patience=30) as (process, url), ThreadPoolExecutor(REQUESTS) as crowd:
        pending = [crowd.submit(draft, url) for _ in range(REQUESTS)]
        time.sleep(1.5)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=5)
        assert not any(answer.done() for answer in pending)  # it really came while they were in flight
        answers = [answer.result() for answer in pending]
        out, err = process.communicate(timeout=30)
    assert [answer.status_code for answer in answers] == [200] * REQUESTS
    assert all(answer.json()["count"] == 8 for answer in answers)
    assert process.returncode in (0, -signal.SIGTERM)
    lines = [orjson.loads(line) for line in out.splitlines()]
    assert [line["status"] for line in lines if line["method"] == "POST"] == [200] * REQUESTS  # flushed at the end
    assert "Traceback" not in err
    assert all(orjson.loads(line)["level"] == "info" for line in err.splitlines())


def test_patience_ends(demo_store: Path) -> None:
    slow = 10
    with server(demo_store, slow=slow, patience=1) as (process, url), ThreadPoolExecutor(1) as crowd:
        began = time.monotonic()
        pending = crowd.submit(draft, url)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        try:
            assert pending.result().status_code == 500
        except httpx2.TransportError:
            pass
        assert 2 <= time.monotonic() - began < slow
