"""Strangers that ask one application for more addresses than it can keep answers for, and the memory that takes."""

import asyncio
import os
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from rich.progress import track

STRANGE, WARM, KNOWN = 200_000, 100_000, 10
"""Addresses that are asked for; how many of them before memory is compared, when the memory for answers is full; one
in how many is of an article that is there."""


def ask_for_strange_addresses(app: Any, known: str) -> dict[str, float]:  # noqa: ANN401 - an ASGI application
    """Ask for STRANGE different addresses; return how many, and the process's memory before, halfway and after."""
    with TestClient(app):  # in service
        return asyncio.run(_ask_all(app, known))


async def _ask_all(app: Any, known: str) -> dict[str, float]:  # noqa: ANN401 - an ASGI application
    memory = [resident()]
    for number in track(range(1, STRANGE + 1), "addresses", transient=True):
        name, right = (f"unknown-{number}", 404) if number % KNOWN else (known, 200)
        status = await _get(app, f"/v1/articles/{name}/related", f"exclude=nowhere-{number}&utm_source=s{number}")
        if status != right:
            raise SystemExit(f"address {number}: {status}")
        if number in (WARM, STRANGE):
            memory.append(resident())
    return {"asked": STRANGE, "before_mib": memory[0], "halfway_mib": memory[1], "after_mib": memory[2]}


async def _get(app: Any, path: str, query: str) -> int:  # noqa: ANN401 - an ASGI application
    """Ask below HTTP, which a client in this process would slow down tenfold; return the status."""
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    await app(
        {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"host", b"bench")],
            "client": ("192.0.2.1", 5_000),
            "server": ("bench", 80),
            "state": {},
        },
        receive,
        send,
    )
    return int(said[0]["status"])


def resident() -> float:
    """Return the resident memory of this process in MiB (proc(5))."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)
