"""Where does HNSW begin to pay? Exact and HNSW search over the same vectors, with recall beside speed.

Vectors are seeded and clustered, of the fused vector's length. Ratios come from one run on one machine;
the absolute times are only there to see the order of magnitude. Writes bench/results/candidates.json.
"""

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson
from rich.console import Console
from rich.table import Table

from index.candidates.neighbours import Neighbours, build_hnsw
from recommender.corpus.encoder import Matrix
from recommender.recommender import POOL

SIZES = (2_000, 5_000, 10_000, 20_000, 50_000)
DIM = 640
CLUSTERS = 400
NOISE = 0.6
QUERIES = 200
RESULT = Path(__file__).parent / "results" / "candidates.json"


def main() -> None:
    """Measure every size and print the table."""
    table = Table("articles", "exact ms", "HNSW ms", "exact / HNSW", "recall@10", f"recall@{POOL}", "build s", box=None)
    rows = []
    for size in SIZES:
        row = measure(size)
        rows.append(row)
        table.add_row(
            f"{size:,}",
            f"{row['exact_ms']:.2f}",
            f"{row['hnsw_ms']:.2f}",
            f"{row['exact_over_hnsw']:.1f}",
            f"{row['recall_at_10']:.3f}",
            f"{row['recall_at_pool']:.3f}",
            f"{row['build_seconds']:.1f}",
        )
    Console().print(table)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_bytes(orjson.dumps({"dim": DIM, "k": POOL, "rows": rows}, option=orjson.OPT_INDENT_2))


def measure(size: int) -> dict[str, float]:
    """Return the figures of one size: medians over QUERIES, each query timed on both in turn."""
    vectors, _ = clustered(size)
    started = time.perf_counter()
    graph = build_hnsw(vectors)
    build_seconds = time.perf_counter() - started
    exact, hnsw = Neighbours(vectors), Neighbours(vectors, graph, exact_up_to=0)
    allowed = np.ones(size, dtype=bool)
    times: list[tuple[float, float]] = []
    at_10, at_pool = [], []
    for row in np.random.default_rng(1).permutation(size)[:QUERIES]:
        first = time.perf_counter()
        truth, _ = exact.search(vectors[row], POOL, allowed)
        second = time.perf_counter()
        found, _ = hnsw.search(vectors[row], POOL, allowed)
        times.append((second - first, time.perf_counter() - second))
        at_10.append(overlap(truth[:10], found[:10]))
        at_pool.append(overlap(truth, found))
    exact_ms, hnsw_ms = np.median(np.array(times), axis=0) * 1_000
    return {
        "articles": size,
        "exact_ms": round(float(exact_ms), 3),
        "hnsw_ms": round(float(hnsw_ms), 3),
        "exact_over_hnsw": round(float(np.median([a / b for a, b in times])), 2),
        "recall_at_10": round(float(np.mean(at_10)), 4),
        "recall_at_pool": round(float(np.mean(at_pool)), 4),
        "build_seconds": round(build_seconds, 2),
    }


def clustered(size: int) -> tuple[Matrix, npt.NDArray[np.int64]]:
    """Return ``(size, DIM)`` float32 unit vectors around CLUSTERS seeded centres, and the centre of each."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(CLUSTERS, DIM))
    chosen = rng.integers(CLUSTERS, size=size)
    rows = centres[chosen] + NOISE * DIM**0.5 * rng.normal(size=(size, DIM)) / DIM**0.25
    return np.ascontiguousarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32), chosen


def overlap(truth: npt.NDArray[np.int64], found: npt.NDArray[np.int64]) -> float:
    """Return the share of ``truth`` that is in ``found``."""
    return len(set(truth.tolist()) & set(found.tolist())) / len(truth)


if __name__ == "__main__":
    main()
