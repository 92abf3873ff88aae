"""A server of its own for a benchmark: ``related-api`` in a process, ready when it is given, stopped afterwards."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

PORT = 18_790
PATIENCE = 120.0
"""Seconds in which a server gets ready."""


@contextmanager
def serving(store: Path, **settings: str) -> Iterator[int]:
    """Serve ``store`` without the cache and the access log, with ``settings`` as RELATED_ variables; yield the port."""
    quiet = {"CACHE_MB": "0", "ACCESS_LOG": "false"} | settings
    environment = os.environ | {f"RELATED_{name}": value for name, value in quiet.items()}
    command = [sys.executable, "-m", "api", "--store", str(store), "--port", str(PORT)]
    process = subprocess.Popen(command, env=environment)  # noqa: S603 - ourselves
    try:
        _await_ready()
        yield PORT
    finally:
        process.terminate()
        process.wait(30)


def _await_ready() -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            connection = HTTPConnection("127.0.0.1", PORT)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the server did not get ready")
