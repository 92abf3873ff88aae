"""Every answer the service gives, written down: to see that two revisions of the code answer alike, byte for byte.

``python -m bench.answers --out OUT SOURCE…`` builds an index with the hash encoder, asks for every list with every
parameter, drafts, batches, reasons, articles, what editors decided and the export, before and after changes of the
catalog, and writes a line an answer. ``diff`` compares two such files.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from fastapi.testclient import TestClient
from rich.progress import track

from api.app import create_app
from api.keys import KeyRing
from index.build import build
from index.export import export
from index.live.live import Live
from index.store.publish import open_current
from recommender.articles import Record
from recommender.catalog import Catalog
from recommender.corpus.encoder import HashEncoder
from recommender.ranking.request import RelatedRequest
from recommender.settings import Settings
from recommender.sources import read

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PARAMETERS = (
    "",
    "limit=20",
    "limit=100",
    "limit=3&explain=true",
    "limit=12&explain=true&mode=background",
    "diversity=0.5",
    "diversity=1&limit=5&explain=true",
    "mode=background&limit=10",
    "mode=next&limit=10",
    "min_score=0.05&limit=30",
    "min_score=0.3&fallback=latest",
    "fallback=section&limit=25",
    "fallback=latest&limit=40&diversity=0.3&mode=background",
    "published_before=2024-06&limit=10&explain=true",
    "published_after=2020&language=*",
    "language=en&limit=6",
)
_CHANGING = re.compile(rb'"(index_version|snapshot|built_at|confirmed_at|version|request_id)":"[^"]*"')
"""What differs from build to build."""


def main(
    sources: Annotated[list[Path], typer.Argument(help="Files of articles.")],
    out: Annotated[Path, typer.Option(help="File for the answers.")],
) -> None:
    """Write every answer about the articles in SOURCES."""
    with tempfile.TemporaryDirectory() as folder, out.open("wb") as file:
        for line in answers(Path(folder), sources):
            file.write(line)


def answers(store: Path, sources: Sequence[Path]) -> Iterator[bytes]:
    """Yield the answers as lines."""
    key = {"Authorization": f"Bearer {KeyRing(store).new('answers')}"}
    with closing(Catalog.open(store)) as catalog:
        records = [item for item in read(sources) if isinstance(item, Record)]
        catalog.put(records)
        build(store, catalog, HashEncoder())
        live = Live(store, catalog=catalog, clock=lambda: NOW)
        live.refresh()
        client = TestClient(
            create_app(live, config=Settings(store=store, cache_mb=0, cost_per_minute=0, access_log=False))
        )
        ids = [card.id for card in live.snapshot().corpus.cards if not card.is_stub]
        yield from _asked(client, key, ids, "built")
        yield from _drafts(client, records)
        yield from _changed(client, key, records, live)
        yield from _asked(client, key, ids[:: max(1, len(ids) // 60)], "changed")
        yield from _asked(client, key, [f"new-{number}" for number in range(4)], "new")
    yield from _exported(store)


def _asked(client: TestClient, key: dict[str, str], ids: Sequence[str], when: str) -> Iterator[bytes]:
    for identity in track(ids, when, transient=True):
        for parameters in PARAMETERS:
            yield _line(when, client, "GET", f"/v1/articles/{identity}/related?{parameters}")
        others = "&".join(f"exclude={other}" for other in ids[:5])
        yield _line(when, client, "GET", f"/v1/articles/{identity}/related?{others}&limit=6")
        article = client.get(f"/v1/articles/{identity}").json()
        yield _line(when, client, "GET", f"/v1/articles/{identity}")
        yield _line(when, client, "GET", f"/v1/articles/{identity}/overrides", None, key)
        if article.get("section"):
            yield _line(when, client, "GET", f"/v1/articles/{identity}/related?section={article['section']}&limit=5")
        if article.get("url"):
            yield _line(when, client, "GET", f"/v1/related?url={article['url']}&explain=true&limit=4")
    for start in range(0, len(ids), 7):
        requests = [{"id": identity, "limit": 4} for identity in ids[start : start + 7]]
        requests[0] |= {"explain": True, "diversity": 0.4}
        for distinct in (False, True):
            yield _line(when, client, "POST", "/v1/related:batch", {"requests": requests, "distinct": distinct})


def _drafts(client: TestClient, records: Sequence[Record]) -> Iterator[bytes]:
    for record in records[:: max(1, len(records) // 80)]:
        article = record.article
        halves = {
            "half": {"title": article.title, "body": article.body[: len(article.body) // 2]},
            "whole": {"title": article.title, "body": article.body[:50_000], "published_at": str(article.published_at)},
            "title": {"title": article.title or "Untitled"},
        }
        for name, draft in halves.items():
            for parameters in ("", "limit=6&explain=true", "diversity=0.4&fallback=latest"):
                yield _line(f"draft {name}", client, "POST", f"/v1/related?{parameters}", draft)


def _changed(client: TestClient, key: dict[str, str], records: Sequence[Record], live: Live) -> Iterator[bytes]:
    """Change, add, remove, pin and block, and write the rules of a site."""
    articles = [record.article for record in records if record.article.body]
    for number, article in enumerate(articles[:4]):
        text = {"title": f"Again: {article.title}", "body": article.body[:3_000], "section": article.section}
        changes: tuple[tuple[str, str, Any], ...] = (
            ("PUT", f"/v1/articles/new-{number}", text),
            (
                "PUT",
                f"/v1/articles/{articles[-1 - number].id}",
                text | {"title": f"Mended: {articles[-1 - number].title}"},
            ),
            ("DELETE", f"/v1/articles/{articles[10 + number].id}", None),
            (
                "PUT",
                f"/v1/articles/{article.id}/overrides",
                {
                    "pin": [{"id": articles[20 + number].id, "position": 1 + number}],
                    "block": [{"id": articles[6].id}],
                    "mode": "replace" if number == 3 else "fill",
                },
            ),
        )
        for method, path, body in changes:
            yield _line("change", client, method, path, body, key)
    live.follow()


def _exported(store: Path) -> Iterator[bytes]:
    export(open_current(store), store / "export", RelatedRequest(limit=8), lambda _: None)
    for path in sorted((store / "export").rglob("*.*")):
        content = _CHANGING.sub(rb'"\1":""', path.read_bytes()).replace(b"\n", b" ")
        yield b"export %s %s\n" % (path.name.encode(), content)


def _line(
    when: str, client: TestClient, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
) -> bytes:
    answer = client.request(method, path, json=body, headers=headers)
    told = orjson.dumps(body)[:80].decode() if body else ""
    content = _CHANGING.sub(rb'"\1":""', answer.content)
    return f"{when} {method} {path} {told} {answer.status_code} ".encode() + content + b"\n"


if __name__ == "__main__":
    typer.run(main)
