"""What does a long tail cost: thousands of changes since the last build, and what strangers ask beside them?

Articles of an archive are put together anew from its sentences and stored as changes, up to 5,000 of them. With so many
behind the snapshot it takes the time of one more PUT until it is served, of the first related list of that article, and
of lists of others, made anew each; and the memory of the process. The next build folds all of it in: what lists take
then, of an archive as large without a tail, is what the tail's are held to. Then 200,000 different addresses are asked
for, nine in ten of articles that are not there, the tenth of one that is, with parameters that no two share: what is
kept of them must not grow. Everything runs in this process, through the whole application. Writes
bench/results/tail.json.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Annotated, Any
from urllib.parse import quote

import numpy as np
import orjson
import typer
from fastapi.testclient import TestClient
from rich.console import Console
from rich.progress import track
from rich.table import Table

from api.app import create_app
from api.keys import KeyRing
from bench.costs import ARTICLES
from bench.strangers import STRANGE, ask_for_strange_addresses, resident
from index.build import build
from index.live.live import Live
from index.live.served_encoder import ServedEncoder
from recommender.articles import Record
from recommender.catalog import Catalog
from recommender.corpus.encoder import make_encoder
from recommender.settings import Settings
from recommender.sources import read

RESULT = Path(__file__).parent / "results" / "tail.json"
STEPS = (1, 100, 500, 1_000, 2_500, 5_000)
"""Changes behind the snapshot at which it is measured."""
BULK = 200
PUTS, LISTS = 5, 40
"""Requests that a median is of."""
SENTENCES = 20
MOST_PUT_MS, MOST_OF_BUILT, MOST_MIB = 250.0, 2.0, 16.0


def main(
    articles: Annotated[Path, typer.Option(help="JSON lines of the archive.")] = ARTICLES,
    model: Annotated[str, typer.Option(help="Encoder: `hash`, or as RELATED_MODEL.")] = "hash",
    out: Annotated[Path, typer.Option(help="File for the figures.")] = RESULT,
) -> None:
    """Measure, print the table, and write the figures."""
    records = [item for item in read([articles]) if isinstance(item, Record)]
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder)
        key = {"Authorization": f"Bearer {KeyRing(store).new('bench')}"}
        with closing(Catalog.open(store)) as catalog:
            catalog.put(records)
            build(store, catalog, make_encoder(model))
            live = Live(store, catalog=catalog)
            with TestClient(application(live, model, cache_mb=0)) as client:
                known = [
                    card.id for card in live.snapshot().corpus.cards if "%" not in card.id
                ]  # the client decodes twice
                tail = Tail(client, live, key, known, written(records))
                rows = [tail.measured(changes) for changes in (0, *STEPS)]
                build(store, catalog, make_encoder(model))
                live.refresh()
                built = tail.lists()
            strangers = ask_for_strange_addresses(application(live, model), known[0])
    show(rows, built, strangers)
    document = {
        "articles": len(records),
        "model": model,
        "tail": rows,
        "built_list_ms": built,
        "addresses": strangers,
    }
    out.parent.mkdir(exist_ok=True)
    out.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def application(live: Live, model: str, **settings: Any) -> Any:  # noqa: ANN401 - settings by name, an ASGI application
    """Return the application of ``live``, without a log and without budgets."""
    config = Settings(cost_per_minute=0, access_log=False, **settings)
    return create_app(live, ServedEncoder(lambda _: make_encoder(model)), config)


def written(records: list[Record]) -> Iterator[dict[str, str]]:
    """Yield articles without an id, each of a known title and SENTENCES sentences from anywhere in the archive."""
    rng = np.random.default_rng(1)
    titles = [record.article.title for record in records if record.article.title]
    sentences = [part for record in records for part in record.article.body.split(". ") if 40 < len(part) < 400]
    while True:
        told = rng.choice(len(sentences), SENTENCES, replace=False)
        title = f"{titles[rng.integers(len(titles))]}: {titles[rng.integers(len(titles))]}"
        yield {"title": title, "body": ". ".join(sentences[place] for place in told)}


class Tail:
    """A server that is written to, and what its answers take."""

    def __init__(
        self, client: TestClient, live: Live, key: dict[str, str], known: list[str], source: Iterator[dict[str, str]]
    ) -> None:
        self._client = client
        self._live = live
        self._key = key
        self._known = known
        self._source = source
        self._put = 0

    def measured(self, changes: int) -> dict[str, float]:
        """Have so many ``changes`` behind the snapshot, the last of them measured; return the figures."""
        began = time.perf_counter()
        puts = min(PUTS, changes - self._put)
        stored = changes - puts - self._put
        for at in track(range(0, stored, BULK), f"{changes:,} changes", transient=True):
            self._bulk(min(BULK, stored - at))
        took = time.perf_counter() - began
        pairs = [self._one() for _ in range(puts)]
        if self._live.snapshot().tail_size != changes:
            raise SystemExit(f"{self._live.snapshot().tail_size:,} changes are served, not {changes:,}")
        return {
            "changes": changes,
            "put_ms": milliseconds([put for put, _ in pairs]),
            "first_list_ms": milliseconds([first for _, first in pairs]),
            "list_ms": self.lists(),
            "bulk_ms_each": round(took * 1e3 / stored, 1) if stored else 0.0,
            "resident_mib": resident(),
        }

    def lists(self) -> float:
        """Return the milliseconds that the related list of one of the archive's articles takes."""
        return milliseconds([self._list(name) for name in np.random.default_rng(1).choice(self._known, LISTS)])

    def _bulk(self, count: int) -> None:
        """Store articles together, and wait until all are served."""
        lines = [orjson.dumps({"id": f"new-{self._put + at}", **next(self._source)}) for at in range(count)]
        answer = self._client.post("/v1/articles:bulk", content=b"\n".join(lines), headers=self._key)
        expect(answer.json()["stored"] == count, answer)
        self._put += count
        while self._live.snapshot().pending:
            time.sleep(0.005)

    def _one(self) -> tuple[float, float]:
        """Store one article; return the seconds until it is served, and those of its first list."""
        name, body = f"new-{self._put}", next(self._source)
        began = time.perf_counter()
        answer = self._client.put(f"/v1/articles/{name}", json=body, headers=self._key)
        took = time.perf_counter() - began
        expect(answer.status_code == 200, answer)
        self._put += 1
        return took, self._list(name)

    def _list(self, name: str) -> float:
        """Return the seconds that a related list takes."""
        began = time.perf_counter()
        answer = self._client.get(f"/v1/articles/{quote(name)}/related")
        took = time.perf_counter() - began
        expect(answer.status_code == 200 and bool(answer.json()["items"]), answer)
        return took


def expect(true: bool, answer: Any) -> None:  # noqa: ANN401 - the client's own answer
    """End where an answer is not as it must be: its time would say nothing."""
    if not true:
        raise SystemExit(f"{answer.request.url}: {answer.status_code} {answer.text[:200]}")


def milliseconds(seconds: list[float]) -> float:
    """Return the median in milliseconds, 0 of none."""
    return round(median(seconds) * 1e3, 1) if seconds else 0.0


def show(rows: list[dict[str, float]], built: float, strangers: dict[str, float]) -> None:
    """Print the table, with a mark where a figure is above its bound."""
    table = Table("changes", "PUT ms", "its first list ms", "other lists ms", "bulk ms each", "MiB", box=None)
    for row in rows:
        slow = " !" if row["put_ms"] > MOST_PUT_MS else ""
        late = " !" if row["list_ms"] > MOST_OF_BUILT * built else ""
        table.add_row(
            f"{row['changes']:,}",
            f"{row['put_ms']:.1f}{slow}",
            f"{row['first_list_ms']:.1f}",
            f"{row['list_ms']:.1f}{late}",
            f"{row['bulk_ms_each']:.1f}",
            f"{row['resident_mib']:.0f}",
        )
    Console().print(table)
    Console().print(f"other lists, when all of it is built in: {built:.1f} ms")
    grown = strangers["after_mib"] - strangers["halfway_mib"]
    flag = " !" if grown > MOST_MIB else ""
    told = " → ".join(f"{strangers[when]:.0f}" for when in ("before_mib", "halfway_mib", "after_mib"))
    Console().print(f"{STRANGE:,} addresses: {told} MiB, {grown:+.1f} in the second half{flag}")


if __name__ == "__main__":
    typer.run(main)
