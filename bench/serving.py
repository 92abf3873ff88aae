"""How fast is an answer from memory? Beside a constant from raw ASGI, and beside plain FastAPI with pydantic.

Each server is the same uvicorn (one process, the settings of ``related-api``) on the loopback address, loaded in
turn by the same client: wrk if it is there (Debian's package ``wrk``), else a small client in Python, which slows
every server down and so flatters the slow ones less than wrk. Compared are answers per second of the SERVER'S CPU
time: on an idle machine the same as answers per second, and on a busy one the same still. Ratios are medians over
rounds of one run. The constant carries the same body and only the two headers it must; its uvicorn logs nothing,
while ours writes an access line a request. Writes bench/results/serving.json.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import httptools
import orjson
from fastapi.testclient import TestClient
from rich.console import Console
from rich.table import Table

from api.app import create_app
from index.build import build
from index.live.live import Live
from recommender.articles import Record
from recommender.catalog import Catalog
from recommender.corpus.encoder import HashEncoder
from recommender.sources import read

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "bench" / "results" / "serving.json"
PATH = "/v1/articles/2025-07-first-deep-ship/related"
SERVERS = ("raw", "cached", "quiet", "plain", "awaited", "usual", "uncached")
FIRST_PORT = 18_700
ROUNDS = 15
SECONDS = 1
CONNECTIONS = 16


def main() -> None:
    """Measure every server in turn and print the table."""
    client = wrk if shutil.which("wrk") else python_client
    rates: dict[str, list[float]] = {name: [] for name in SERVERS}
    with TemporaryDirectory() as folder:
        document = store(Path(folder))
        with servers(Path(folder), document) as running:
            for _ in range(ROUNDS):
                for name, (process, url) in running.items():
                    before = cpu_seconds(process)
                    answers = client(url)
                    rates[name].append(answers / (cpu_seconds(process) - before))
    ratios = {
        "cached_over_raw": ratio(rates["cached"], rates["raw"]),
        "cached_without_log_over_raw": ratio(rates["quiet"], rates["raw"]),
        "cached_over_plain_fastapi": ratio(rates["cached"], rates["plain"]),
        "cached_over_awaited_fastapi": ratio(rates["cached"], rates["awaited"]),
        "cached_over_usual_fastapi": ratio(rates["cached"], rates["usual"]),
        "cached_over_uncached": ratio(rates["cached"], rates["uncached"]),
    }
    table = Table("server", "answers per CPU second (median)", "of raw ASGI", box=None)
    for name in SERVERS:
        table.add_row(name, f"{median(rates[name]):,.0f}", f"{ratio(rates[name], rates['raw']):.2f}")
    Console().print(table)
    for name, value in ratios.items():
        Console().print(f"{name}: {value:.2f}")
    result = {
        "client": client.__name__,
        "connections": CONNECTIONS,
        "rounds": ROUNDS,
        "seconds": SECONDS,
        "body_bytes": len(document),
        "answers_per_cpu_second": {name: round(median(found)) for name, found in rates.items()},
        "ratios": ratios,
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2) + b"\n")


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Return the median over rounds of one rate over the other of the same round."""
    return round(median(a / b for a, b in zip(ours, theirs, strict=True)), 3)


def store(folder: Path) -> bytes:
    """Build 70 articles of the demo newspaper in ``folder``; return the document that all servers answer with."""
    with closing(Catalog.open(folder)) as catalog:
        catalog.put([item for item in read([ROOT / "tests" / "data" / "demo.jsonl"]) if isinstance(item, Record)])
        build(folder, catalog, HashEncoder(dim=64))
    live = Live(folder)
    live.refresh()
    return bytes(TestClient(create_app(live)).get(PATH).content)


@contextmanager
def servers(folder: Path, document: bytes) -> Iterator[dict[str, tuple[subprocess.Popen[bytes], str]]]:
    """Start every server in its own process, all on the first core; yield them with their URLs."""
    (folder / "document.json").write_bytes(document)
    running = {}
    try:
        for port, name in enumerate(SERVERS, start=FIRST_PORT):
            with (folder / f"{name}.log").open("wb") as log:
                command = [sys.executable, "-m", "bench.serving_apps", name, str(port), str(folder)]
                process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)  # noqa: S603 - ourselves
            running[name] = process, f"http://127.0.0.1:{port}{PATH}"
        for _, url in running.values():
            _await(url, document)
        yield running
    finally:
        for process, _ in running.values():
            process.terminate()
        for process, _ in running.values():
            process.wait(10)


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """Return the CPU time that ``process`` has used, in user and system mode (proc(5), stat)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wrk(url: str) -> int:
    """Return how many answers wrk got, in one thread."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own command
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"{url}: {said}")
    return int(re.findall(r"(\d+) requests in", said)[0])


def python_client(url: str) -> int:
    """Return how many answers a client of asyncio and httptools got."""
    port = int(url.split(":")[2].split("/")[0])
    request = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    answers = 0

    class Client(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport, self.parser = transport, httptools.HttpResponseParser(self)
            transport.write(request)  # type: ignore[attr-defined]

        def data_received(self, data: bytes) -> None:
            self.parser.feed_data(data)

        def on_message_complete(self) -> None:
            nonlocal answers
            answers += self.parser.get_status_code() == 200
            self.transport.write(request)  # type: ignore[attr-defined]

    async def load() -> None:
        loop = asyncio.get_running_loop()
        made = [await loop.create_connection(Client, "127.0.0.1", port) for _ in range(CONNECTIONS)]
        await asyncio.sleep(SECONDS)
        for transport, _ in made:
            transport.abort()

    asyncio.run(load())
    return answers


def _await(url: str, document: bytes) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            with urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
                if answer.read() != document:
                    raise SystemExit(f"{url} does not answer with the document")
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    main()
