"""What does an answer take that nobody asked for before, at 100,000 articles, beside one FAISS search?

The server is ``related-api`` on the snapshot of ``bench.ranking``, keeping no answers; one client asks for the list of
one article after the other. The search is that of the same snapshot and the same articles, in this process: 200
neighbours, by the index that serves them. Writes bench/results/archive.json.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Annotated

import numpy as np
import orjson
import typer
from rich.console import Console
from rich.table import Table

from bench.ranking import SIZE, make
from bench.server import serving
from index.store.publish import CURRENT, snapshots_folder
from index.store.reading import open_snapshot
from index.store.snapshot import Snapshot
from recommender.recommender import POOL

RESULT = Path(__file__).parent / "results" / "archive.json"
QUERIES = 300
WARM_UP = 30
TARGET = 3.0


def main(
    size: Annotated[int, typer.Option(help="Articles.")] = SIZE,
    folder: Annotated[Path | None, typer.Option(help="Keep the snapshot here, and reuse it.")] = None,
    out: Annotated[Path, typer.Option(help="File for the figures.")] = RESULT,
) -> None:
    """Measure, print the table, and write the figures."""
    with tempfile.TemporaryDirectory() as name:
        place = folder or Path(name) / "snapshot"
        if not place.exists():
            make(size, place)
        snapshot = open_snapshot(place)
        with served(Path(name) / "store", place, snapshot.version) as port:
            rows = np.random.default_rng(2).permutation(len(snapshot.corpus))[: QUERIES + WARM_UP].tolist()
            searches, answers = measure(snapshot, rows, port)
    p50 = {"search_ms": median(searches), "uncached_ms": median(answers)}
    document = {
        "articles": len(snapshot.corpus),
        "index": snapshot.kind,
        "queries": QUERIES,
        "p50": p50,
        "p95": {"search_ms": late(searches), "uncached_ms": late(answers)},
        "uncached_over_search": round(p50["uncached_ms"] / p50["search_ms"], 3),
        "target": TARGET,
    }
    table = Table("", "p50 ms", "p95 ms", box=None)
    table.add_row("one search", str(median(searches)), str(late(searches)))
    table.add_row("an answer made anew, over HTTP", str(median(answers)), str(late(answers)))
    Console().print(table)
    Console().print(f"uncached_over_search: {document['uncached_over_search']} (target: below {TARGET})")
    out.parent.mkdir(exist_ok=True)
    out.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def measure(snapshot: Snapshot, rows: list[int], port: int) -> tuple[list[float], list[float]]:
    """Return the seconds of each search and of each answer, of the same articles in turns."""
    connection = HTTPConnection("127.0.0.1", port)
    searches, answers = [], []
    for row in rows:
        query = snapshot.corpus.query(row)
        mask = snapshot.recommender.eligible(query)
        started = time.perf_counter()
        snapshot.neighbours.search(query.fused, POOL, mask)
        between = time.perf_counter()
        connection.request("GET", f"/v1/articles/{query.card.id}/related")
        answer = connection.getresponse()
        body = answer.read()
        answers.append(time.perf_counter() - between)
        searches.append(between - started)
        if answer.status != 200 or not orjson.loads(body)["items"]:
            raise SystemExit(f"{query.card.id}: {answer.status} {body[:200]!r}")
    connection.close()
    return searches[WARM_UP:], answers[WARM_UP:]


@contextmanager
def served(store: Path, snapshot: Path, version: str) -> Iterator[int]:
    """Serve the snapshot from a store around it; yield the port when it is ready."""
    snapshots_folder(store).mkdir(parents=True)
    (snapshots_folder(store) / version).symlink_to(snapshot.resolve())
    (store / CURRENT).write_text(f"{version}\n")
    with serving(store, MODEL="hash") as port:
        yield port


def median(seconds: list[float]) -> float:
    """Return the median in milliseconds."""
    return round(float(np.median(seconds)) * 1_000, 3)


def late(seconds: list[float]) -> float:
    """Return the 95th percentile in milliseconds."""
    return round(float(np.percentile(seconds, 95)) * 1_000, 3)


if __name__ == "__main__":
    typer.run(main)
