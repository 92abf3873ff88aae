"""Is time linear in the length of a text, whatever the text? Each hostile pattern, on every way in.

A pattern is repeated to a length and to FACTOR times that length; the time per character of the second must not be
more than TWICE that of the first (CPU time, the best of three, above a floor in which nothing can be told). Then, on a
real server, the dearest of them is sent while another client asks ``/healthz`` again and again: what a request blocks,
``/healthz`` waits for. Writes bench/results/hostile.json.
"""

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from fastapi.testclient import TestClient
from rich.console import Console
from rich.progress import track
from rich.table import Table

from api.app import create_app
from api.keys import KeyRing
from api.requests import MAX_DRAFT
from bench.hostile_patterns import PATTERNS
from bench.server import serving
from eval.compare.trec import read_run
from index.build import build
from index.live.live import Live
from recommender.articles import MAX_BODY, Record
from recommender.catalog import Catalog
from recommender.corpus.encoder import HashEncoder
from recommender.editors.rule_file import read_rules
from recommender.editors.rules import matches
from recommender.errors import RecommenderError
from recommender.settings import Settings
from recommender.sources import read

RESULT = Path(__file__).parent / "results" / "hostile.json"
DEMO = Path(__file__).parents[1] / "tests" / "data" / "demo.jsonl"
SHORT = MAX_DRAFT // 4
FACTOR, TWICE, FLOOR = 4, 2.0, 0.004
"""Times longer; times slower a character, at most; seconds under which nothing can be told."""
BESIDE = (("draft", MAX_DRAFT), ("put", MAX_DRAFT), ("put", MAX_BODY))
"""Requests beside which ``/healthz`` is asked: kind, and characters."""

Way = Callable[[str], object]


def main(
    out: Annotated[Path, typer.Option(help="File for the figures.")] = RESULT,
    only: Annotated[str, typer.Option(help="Only patterns whose name has this in it.")] = "",
) -> None:
    """Measure, print what is not linear, and write the figures."""
    patterns = {name: text for name, text in PATTERNS.items() if only in name}
    with tempfile.TemporaryDirectory() as folder, ways(Path(folder)) as found:
        rows = [
            {"way": way, "pattern": name} | scaling(call, pattern)
            for way, call in found.items()
            for name, pattern in track(patterns.items(), way, transient=True)
        ]
        dearest = {(kind, length): dearest_of(found[kind], patterns, length) for kind, length in BESIDE}
    waits = {}
    for (kind, length), worst in dearest.items():
        with tempfile.TemporaryDirectory() as folder:
            waits[f"{kind} of {length:,}: {worst}"] = healthz_beside(Path(folder), PATTERNS[worst], kind, length)
    bad = [row for row in rows if not row["linear"]]
    table = Table("way", "pattern", "ms", f"ms of {FACTOR} times as much", "slower a character", box=None)
    for row in sorted(rows, key=lambda row: -row["slower"])[:12]:
        table.add_row(row["way"], row["pattern"], *(f"{row[key]:.1f}" for key in ("short_ms", "long_ms", "slower")))
    Console().print(table)
    Console().print(
        f"{len(rows)} pairs of a way and a pattern, {len(bad)} not linear; ms of /healthz beside the worst: {waits}"
    )
    document = {"patterns": len(patterns), "ways": len(found), "not_linear": bad, "healthz_ms": waits, "pairs": rows}
    out.parent.mkdir(exist_ok=True)
    out.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


@contextmanager
def ways(folder: Path) -> Iterator[dict[str, Way]]:
    """Every way by which a text gets in, each as a call; what is refused is refused in time, too."""
    key = {"Authorization": f"Bearer {KeyRing(folder).new('bench')}"}
    with closing(Catalog.open(folder)) as catalog:
        catalog.put([item for item in read([DEMO]) if isinstance(item, Record)])
        build(folder, catalog, HashEncoder())
        live = Live(folder, catalog=catalog)
        live.refresh()
        config = Settings(cache_mb=0, cost_per_minute=0, access_log=False)
        client = TestClient(create_app(live, config=config), raise_server_exceptions=True)
        lines, run = folder / "lines.jsonl", folder / "run.txt"

        def posted(path: str, text: str) -> object:
            return client.post(path, content=document(text), headers={"content-type": "application/json"})

        def put(text: str) -> object:
            content = document(text)
            return client.put(
                "/v1/articles/hostile", content=content, headers={"content-type": "application/json"} | key
            )

        def bulk(text: str) -> object:
            return client.post("/v1/articles:bulk", content=document(text, id="hostile"), headers=key)

        def file(text: str) -> object:
            lines.write_bytes(document(text, id="hostile") + b"\n")
            return list(read([lines]))

        def rule(text: str) -> object:
            return refused(lambda: matches(read_rules(rules_of(text)).never_beside[0].target.titles[0], text))  # type: ignore[union-attr]

        def run_file(text: str) -> object:
            run.write_bytes(f"q1 Q0 {text} 1 0.5 mine\n".encode("utf-8", "surrogatepass"))
            return refused(lambda: read_run(run))

        yield {
            "draft": lambda text: posted("/v1/related", text),
            "explained draft": lambda text: posted("/v1/related?explain=true", text),
            "put": put,
            "bulk": bulk,
            "file": file,
            "rule": rule,
            "run file": run_file,
        }


def document(text: str, **more: str) -> bytes:
    """Return an article of ``text`` as JSON; half characters, which orjson refuses, are spelt with escapes."""
    return json.dumps({"title": text[:200], "teaser": text[:2_000], "body": text, **more}).encode()


def rules_of(text: str) -> str:
    """Return a rule about the title ``text``, in quotes."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'never_beside:\n  - to: {{title: "{quoted}"}}\n    reason: hostile\n'


def refused(call: Callable[[], object]) -> object:
    """Return what ``call`` returns, or the error it is refused with."""
    try:
        return call()
    except RecommenderError as error:
        return error


def scaling(call: Way, pattern: str) -> dict[str, Any]:
    """Return how long the pattern takes at two lengths, and how much slower a character is in the longer."""
    times = []
    for length in (SHORT, SHORT * FACTOR):
        text = (pattern * (length // len(pattern) + 1))[:length]
        call(text)
        best = float("inf")
        for _ in range(3):
            before = time.process_time()
            call(text)
            best = min(best, time.process_time() - before)
        times.append(best)
    slower = times[1] / max(times[0], FLOOR) / FACTOR
    short, long = (round(each * 1e3, 2) for each in times)
    return {"short_ms": short, "long_ms": long, "slower": round(slower, 2), "linear": slower <= TWICE}


def dearest_of(call: Way, patterns: dict[str, str], length: int) -> str:
    """Return the pattern that takes longest at ``length``, of those that are not refused for what they are."""
    took = {}
    for name, pattern in track(patterns.items(), f"{length:,} characters", transient=True):
        before = time.process_time()
        answer = call((pattern * (length // len(pattern) + 1))[:length])
        if getattr(answer, "status_code", 0) < HTTPStatus.BAD_REQUEST:
            took[name] = time.process_time() - before
    return max(took, key=lambda name: took[name])


def healthz_beside(store: Path, pattern: str, kind: str, length: int) -> float:
    """Return the longest that ``/healthz`` of a server took, in ms, while such texts came in all the time."""
    with closing(Catalog.open(store)) as catalog:
        catalog.put([item for item in read([DEMO]) if isinstance(item, Record)])
        build(store, catalog, HashEncoder())
    key = KeyRing(store).new("bench")
    with serving(store, COST_PER_MINUTE="0") as port:
        return _longest(kind, document((pattern * length)[:length]), key, port)


def _longest(kind: str, body: bytes, key: str, port: int) -> float:
    over = threading.Event()
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    method, path = ("POST", "/v1/related") if kind == "draft" else ("PUT", "/v1/articles/hostile")

    def send() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        while not over.is_set():
            connection.request(method, path, body, headers)
            connection.getresponse().read()

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    longest, until = 0.0, time.monotonic() + 10
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    while time.monotonic() < until:
        before = time.monotonic()
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        longest = max(longest, time.monotonic() - before)
        time.sleep(0.002)
    over.set()
    sender.join(60)
    return round(longest * 1e3, 1)


if __name__ == "__main__":
    typer.run(main)
