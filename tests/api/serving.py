"""Applications over small stores, and clients of them: what the tests of the API share."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from api.app import create_app
from index.live.live import Live
from index.live.served_encoder import ServedEncoder
from recommender.catalog import Catalog
from recommender.corpus.encoder import HashEncoder
from recommender.settings import Settings

ENCODER = HashEncoder(dim=64)
IDENTITY = {"accept-encoding": "identity"}


@contextmanager
def served(store: Path, *, encoder: Any = ENCODER, strict: bool = True, **options: Any) -> Iterator[TestClient]:
    """Serve ``store`` under the default settings but for ``options``, whatever the environment says."""
    with TestClient(application(store, encoder=encoder, **options), raise_server_exceptions=strict) as client:
        yield client


def application(store: Path, *, encoder: Any = ENCODER, writes: bool = False, **options: Any) -> Any:
    catalog = Catalog.open(store) if writes else None
    config = Settings.model_construct(**{**defaults(), "access_log": False, "cost_per_minute": 0, **options})
    return create_app(Live(store, 0.02, catalog), ServedEncoder(lambda _: encoder), config)


def defaults() -> dict[str, Any]:
    return {name: field.default for name, field in Settings.model_fields.items()}


def all_headers(answer: Any) -> dict[str, str]:
    """The headers but for those that differ from answer to answer."""
    return {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "date")}


class Asgi:
    """Calls an application below HTTP: every byte and header as it is sent, requests at the same time."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(
        self, method: str, target: str, headers: dict[str, str] | None = None, chunks: tuple[bytes, ...] = (b"",)
    ) -> tuple[int, dict[str, str], bytes]:
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [
                (name.lower().encode(), value.encode())
                for name, value in {"host": "testserver", **(headers or {})}.items()
            ],
            "client": ("192.0.2.1", 5_000),
            "server": ("testserver", 80),
            "state": {},
        }
        pending = [
            {"type": "http.request", "body": body, "more_body": place < len(chunks)}
            for place, body in enumerate(chunks, start=1)
        ]
        self.read = 0
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0)
            if not pending:
                return {"type": "http.disconnect"}
            self.read += 1
            return pending.pop(0)

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        await self.app(scope, receive, send)
        found = {name.decode(): value.decode() for name, value in said[0]["headers"]}
        assert len(found) == len(said[0]["headers"]), "a header twice"
        return said[0]["status"], found, b"".join(message.get("body", b"") for message in said[1:])
