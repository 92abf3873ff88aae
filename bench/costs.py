"""What does one request cost beside a plain related list? CPU time, one thread, nothing kept from earlier answers.

Every kind of request is made for many articles of a real archive, in a random order, through the whole application;
the ratio is of medians. Beside it stands what ``api.costs`` takes it to cost: that must not be less, or a client could
get more than its budget. Writes bench/results/costs.json, and keeps there what was measured ``before`` the bounds.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Annotated, Any
from urllib.parse import urlencode

import faiss
import numpy as np
import orjson
import typer
from fastapi.testclient import TestClient
from rich.console import Console
from rich.progress import track
from rich.table import Table
from threadpoolctl import threadpool_limits

from api.app import create_app
from api.costs import cost_of_batch, cost_of_draft, cost_of_list
from api.requests import MAX_DRAFT, MAX_EXPLAINED, Batch, RelatedParams
from index.build import build
from index.live.live import Live
from recommender.articles import Record
from recommender.catalog import Catalog
from recommender.corpus.encoder import make_encoder
from recommender.settings import Settings
from recommender.sources import read

RESULT = Path(__file__).parent / "results" / "costs.json"
ARTICLES = Path(__file__).parents[1] / ".." / "shared" / "corpora" / "digitalgov.jsonl.gz"
SINGLE, BATCHES = 40, 6
"""Requests of a kind."""
MOST, MOST_OF_BATCH = 15.0, 60.0

Call = Callable[[TestClient, list[str]], Any]
Kind = tuple[str, Call, float]
"""What it is called, how it is made for some articles, and what it is taken to cost."""


def main(
    articles: Annotated[Path, typer.Option(help="JSON lines of the archive.")] = ARTICLES,
    model: Annotated[str, typer.Option(help="Encoder: `hash`, or as RELATED_MODEL.")] = "hash",
    out: Annotated[Path, typer.Option(help="File for the figures.")] = RESULT,
) -> None:
    """Measure, print the table, and write the figures."""
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        faiss.omp_set_num_threads(1)
        store = Path(folder)
        with closing(Catalog.open(store)) as catalog:
            catalog.put([item for item in read([articles]) if isinstance(item, Record)])
            build(store, catalog, make_encoder(model))
            live = Live(store, catalog=catalog)
            live.refresh()
            config = Settings(cache_mb=0, cost_per_minute=0, access_log=False)
            client = TestClient(create_app(live, config=config))
            ids = [card.id for card in live.snapshot().corpus.cards]
            found = {name: (measured(client, ids, call, name), taken) for name, call, taken in kinds(ids)}
    plain = found["plain"][0]
    rows = {
        name: {"ms": round(cost * 1e3, 2), "ratio": round(cost / plain, 1), "taken_for": round(taken, 1)}
        for name, (cost, taken) in found.items()
    }
    show(rows)
    before = orjson.loads(out.read_bytes()).get("before", {}) if out.exists() else {}
    document = {"before": before, "articles": len(ids), "model": model, "requests": rows}
    out.parent.mkdir(exist_ok=True)
    out.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def kinds(ids: list[str]) -> Iterator[Kind]:
    """Yield every kind of request."""
    known, unknown = ids[:500], [f"https://nowhere.example/{n}" for n in range(500)]
    everything: dict[str, Any] = {"diversity": 0.5, "fallback": "latest", "min_score": 1.0}
    yield single("plain")
    yield single("limit=100", limit=100)
    yield single("diversity", diversity=0.5)
    yield single("limit=100, diversity", limit=100, diversity=0.5)
    yield single("fallback", fallback="latest", min_score=1.0)
    yield single("500 unknown addresses excluded", exclude=unknown)
    yield single("500 articles excluded", exclude=known)
    yield single("explain", explain=True)
    yield single(f"limit={MAX_EXPLAINED}, explain", limit=MAX_EXPLAINED, explain=True)
    yield single("limit=100, all but explain", limit=100, exclude=known, **everything)
    yield single(f"limit={MAX_EXPLAINED}, all of it", limit=MAX_EXPLAINED, explain=True, exclude=known, **everything)
    yield draft("draft of 2,000 characters", 2_000)
    yield draft(f"draft of {MAX_DRAFT:,} characters", MAX_DRAFT)
    yield draft("the same, all of it", MAX_DRAFT, limit=MAX_EXPLAINED, explain=True, **everything)
    yield batch("batch of 50", 50)
    yield batch("batch of 50, distinct", 50, distinct=True)
    yield batch("batch of 50, 40 articles excluded of each", 50, exclude=known[:40])
    yield batch(f"batch of {MAX_EXPLAINED}, explained", MAX_EXPLAINED, limit=1, explain=True)
    yield batch("batch of 25, all but explain", 25, limit=10, exclude=known[:40], **everything)


def single(name: str, **asked: Any) -> Kind:  # noqa: ANN401 - parameters of a request
    """A related list of a known article."""
    query = urlencode(asked, doseq=True)

    def call(client: TestClient, ids: list[str]) -> Any:  # noqa: ANN401 - the client's own answer
        return client.get(f"/v1/articles/{ids[0]}/related?{query}")

    return name, call, cost_of_list(RelatedParams.model_validate(asked))


def draft(name: str, characters: int, **asked: Any) -> Kind:  # noqa: ANN401 - parameters of a request
    """A related list of a text, of other words each time."""
    query = urlencode(asked, doseq=True)

    def call(client: TestClient, ids: list[str]) -> Any:  # noqa: ANN401 - the client's own answer
        words = np.random.default_rng(sum(ids[0].encode())).integers(0, 5_000, characters // 9 + 1)
        body = ". ".join(" ".join(f"word{each:04}" for each in words[at : at + 15]) for at in range(0, len(words), 15))
        return client.post(f"/v1/related?{query}", json={"title": ids[0], "body": body[:characters]})

    return name, call, cost_of_draft(RelatedParams.model_validate(asked), characters)


def batch(name: str, count: int, *, distinct: bool = False, **asked: Any) -> Kind:  # noqa: ANN401 - parameters
    """The related lists of several articles."""

    def body(ids: list[str]) -> dict[str, Any]:
        return {"requests": [{"id": each, **asked} for each in ids[:count]], "distinct": distinct}

    def call(client: TestClient, ids: list[str]) -> Any:  # noqa: ANN401 - the client's own answer
        return client.post("/v1/related:batch", json=body(ids))

    return name, call, cost_of_batch(Batch.model_validate(body(["x"] * count)))


def measured(client: TestClient, ids: list[str], call: Call, name: str) -> float:
    """Return the median CPU time of a request, in seconds; the first is not counted."""
    rng, times = np.random.default_rng(1), []
    for _ in track(range((BATCHES if "batch" in name else SINGLE) + 1), name, transient=True):
        some = [ids[place] for place in rng.permutation(len(ids))[:50]]
        before = time.process_time()
        answer = call(client, some)
        times.append(time.process_time() - before)
        if answer.status_code != 200:
            raise typer.Exit(f"{name}: {answer.status_code} {answer.text[:200]}")
    return median(times[1:])


def show(rows: dict[str, dict[str, float]]) -> None:
    """Print the table."""
    table = Table("request", "CPU ms", "of a plain list", "taken for", "at most", box=None)
    for name, row in rows.items():
        most = MOST_OF_BATCH if name.startswith("batch") else MOST
        flag = "" if row["ratio"] <= most else " !"
        table.add_row(name, f"{row['ms']:.1f}", f"{row['ratio']:.1f}{flag}", f"{row['taken_for']:.1f}", f"{most:.0f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
