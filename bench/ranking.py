"""What does ranking cost beside the search for candidates? One core, a large archive, rows that no cache holds.

Every query is another article, in random order; each is searched as the product would, a fresh pool of its
candidates is ranked, and then it is searched exactly. The snapshot is written and opened as the product does, so
the arrays are mapped from disk. Ratios come from one run on one machine; the absolute times are only there to see
the order of magnitude.
Writes bench/results/ranking.json.
"""

import platform
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import faiss
import numpy as np
import numpy.typing as npt
import orjson
import scipy
import typer
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from bench.candidates import overlap
from bench.synthetic import archive
from index.candidates.neighbours import Neighbours
from index.store.filesystem import FileSystem
from index.store.reading import open_snapshot
from index.store.snapshot import Snapshot
from index.store.writing import write_snapshot
from recommender.articles.directory import Rows
from recommender.ranking.pool import Pool
from recommender.ranking.request import RelatedRequest
from recommender.ranking.signals import SIGNALS, signals
from recommender.recommender import POOL

SIZE = 100_000
QUERIES = 500
WARM_UP = 20
LIMIT = 10
TARGET_MS = 2.0
RESULT = Path(__file__).parent / "results" / "ranking.json"

Times = npt.NDArray[np.float64]


def main(
    size: Annotated[int, typer.Option(help="Articles.")] = SIZE,
    folder: Annotated[Path | None, typer.Option(help="Keep the snapshot here, and reuse it.")] = None,
    out: Annotated[Path, typer.Option(help="File for the figures.")] = RESULT,
) -> None:
    """Measure, print the tables, and write the figures."""
    with tempfile.TemporaryDirectory() as name:
        place = folder or Path(name) / "snapshot"
        started = time.process_time()
        if fresh := not place.exists():
            make(size, place)
        built = time.process_time() - started
        snapshot = open_snapshot(place)
        with threadpool_limits(1):
            faiss.omp_set_num_threads(1)
            document = measure(snapshot) | {"build_seconds": round(built, 1) if fresh else None}
    show(document)
    out.parent.mkdir(exist_ok=True)
    out.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def make(size: int, folder: Path) -> None:
    """Write the snapshot of the synthetic archive."""
    folder.mkdir(parents=True)
    write_snapshot(FileSystem(), folder, archive(size), datetime(2026, 1, 1, tzinfo=UTC))


def measure(snapshot: Snapshot) -> dict[str, object]:
    """Return all figures: each of three passes takes QUERIES articles of its own."""
    order = np.random.default_rng(1).permutation(len(snapshot.corpus))
    passes = np.split(order[: 3 * (QUERIES + WARM_UP)], 3)
    return {
        "articles": len(snapshot.corpus),
        "candidates": POOL,
        "queries": QUERIES,
        "threads": 1,
        "index": snapshot.kind,
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "faiss": faiss.__version__,
        },
        "megabytes": megabytes(snapshot),
        **steps(snapshot, passes[0]),
        "signals_ms": each_signal(snapshot, passes[1]),
        "related_ms": whole_path(snapshot, passes[2]),
    }


def steps(snapshot: Snapshot, rows: Rows) -> dict[str, object]:
    """Return what the steps of a query take, how ranking compares with either search, and the search's recall."""
    corpus, ranker = snapshot.corpus, snapshot.ranker
    exact = Neighbours(corpus.fused)
    times: list[tuple[float, ...]] = []
    recalls = []
    for row in rows:
        clock = [time.process_time()]
        query = corpus.query(int(row))
        clock.append(time.process_time())
        mask = snapshot.recommender.eligible(query)
        clock.append(time.process_time())
        found = snapshot.neighbours.search(query.fused, POOL, mask)
        clock.append(time.process_time())
        table = signals(Pool(query, corpus, *found, snapshot.curated))
        clock.append(time.process_time())
        ranker.explain(table)
        clock.append(time.process_time())
        truth, _ = exact.search(query.fused, POOL, mask)  # last: no served query has one before it is ranked
        clock.append(time.process_time())
        times.append(tuple(np.diff(clock)))
        recalls.append(overlap(truth, found[0]))
    query_s, mask_s, search_s, signals_s, ranker_s, exact_s = np.array(times[WARM_UP:]).T
    ranking_s = signals_s + ranker_s
    return {
        "query_ms": milliseconds(query_s),
        "mask_ms": milliseconds(mask_s),
        "exact_ms": milliseconds(exact_s),
        "search_ms": milliseconds(search_s),
        "signals_and_ranker_ms": milliseconds(ranking_s),
        "signals_only_ms": milliseconds(signals_s),
        "ranker_only_ms": milliseconds(ranker_s),
        "ranking_over_search": round(float(np.median(ranking_s / search_s)), 3),
        "ranking_over_exact": round(float(np.median(ranking_s / exact_s)), 3),
        "recall_at_pool": round(float(np.mean(recalls[WARM_UP:])), 4),
    }


def each_signal(snapshot: Snapshot, rows: Rows) -> dict[str, float]:
    """Return the median of each signal; what several share is counted under the first that needs it."""
    corpus = snapshot.corpus
    times = []
    for row in rows:
        query = corpus.query(int(row))
        found = snapshot.neighbours.search(query.fused, POOL, snapshot.recommender.eligible(query))
        pool = Pool(query, corpus, *found, snapshot.curated)
        times.append([timed(lambda values=signal.values, pool=pool: values(pool)) for signal in SIGNALS.values()])
    medians = np.median(times[WARM_UP:], axis=0) * 1_000
    return {name: round(float(median), 4) for name, median in zip(SIGNALS, medians, strict=True)}


def whole_path(snapshot: Snapshot, rows: Rows) -> dict[str, float]:
    """Return what a list takes from the row to the hits, with what the neighbours' lists add to the pool."""
    recommender, request = snapshot.recommender, RelatedRequest(limit=LIMIT)

    def answer(row: int) -> object:
        return recommender.related(snapshot.corpus.query(row), request)

    times = [timed(lambda row=row: answer(int(row))) for row in rows]
    return milliseconds(np.array(times[WARM_UP:]))


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that ``call`` takes."""
    started = time.process_time()
    call()
    return time.process_time() - started


def milliseconds(seconds: Times) -> dict[str, float]:
    """Return the median and the 95th percentile in milliseconds."""
    median, p95 = np.percentile(seconds * 1_000, [50, 95])
    return {"median": round(float(median), 3), "p95": round(float(p95), 3)}


def megabytes(snapshot: Snapshot) -> dict[str, int]:
    """Return the size of the larger parts of the snapshot."""
    names = ("fused.npy", "packed.npy", "whole_data.npy", "whole_indices.npy", "neighbours.faiss")
    files = snapshot.manifest.files
    return {name: files[name].size >> 20 for name in names if name in files}


def show(document: dict[str, object]) -> None:
    """Print the tables."""
    table = Table("", "median ms", "p95 ms", box=None, title=f"{document['articles']:,} articles", title_justify="left")
    rows = {
        "the article as a query": "query_ms",
        "who may be recommended": "mask_ms",
        "exact search": "exact_ms",
        f"search ({document['index']})": "search_ms",
        f"signals and ranker, {POOL} candidates": "signals_and_ranker_ms",
        "related list, everything": "related_ms",
    }
    for label, key in rows.items():
        table.add_row(label, f"{document[key]['median']:.2f}", f"{document[key]['p95']:.2f}")
    console = Console()
    console.print(table)
    console.print(
        f"ranking / search {document['ranking_over_search']:.2f} · ranking / exact {document['ranking_over_exact']:.2f}"
        f" · recall@{POOL} {document['recall_at_pool']:.3f} · target {TARGET_MS:.1f} ms"
    )
    slow = sorted(document["signals_ms"].items(), key=lambda item: -item[1])
    console.print("signals, median µs: " + ", ".join(f"{name} {1_000 * ms:.0f}" for name, ms in slow), style="dim")


if __name__ == "__main__":
    typer.run(main)
