"""The servers that bench/serving.py compares, each a process: ``python -m bench.serving_apps NAME PORT FOLDER``.

``raw``, ``plain``, ``awaited`` and ``usual`` answer with FOLDER/document.json; any other name is the API over the store
in FOLDER, ``quiet`` without its log, ``uncached`` without its memory for answers.
"""

import os
import sys
from pathlib import Path

import orjson
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from api.app import create_app
from api.cli import server_options
from api.related import Params
from index.live.live import Live
from index.response import Related
from recommender.settings import Settings


def serve(name: str, port: int, folder: Path) -> None:
    """Run the server called ``name`` on the first core until it is stopped."""
    if len(cores := sorted(os.sched_getaffinity(0))) > 1:
        os.sched_setaffinity(0, cores[:1])
    document = (folder / "document.json").read_bytes()
    config = Settings(access_log=name != "quiet", cache_mb=0 if name == "uncached" else 64)
    others = {"raw": raw, "plain": plain, "awaited": awaited, "usual": usual}
    app = others[name](document) if name in others else create_app(Live(folder), config=config).outermost
    uvicorn.run(app, host="127.0.0.1", port=port, **server_options(config))


def raw(document: bytes) -> ASGIApp:
    """Return an ASGI application that answers everything with ``document`` and does nothing else."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(document)).encode())]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for answer in ("lifespan.startup.complete", "lifespan.shutdown.complete"):
                await receive()
                await send({"type": answer})
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": document})

    return app


def plain(document: bytes) -> FastAPI:
    """Return the fastest FastAPI: no thread, one parameter, the finished model at hand; nothing is computed."""
    app = FastAPI()
    related = Related.model_validate_json(document)

    @app.get("/v1/articles/{id:path}/related")
    async def answer(id: str, limit: int = 8) -> Related:  # noqa: A002 - as in the API
        return related

    return app


def usual(document: bytes) -> FastAPI:
    """Return FastAPI as one writes it: the parameters of our route, and a model made from data for each answer."""
    app = FastAPI()
    data = orjson.loads(document)

    @app.get("/v1/articles/{id:path}/related")
    def answer(id: str, params: Params) -> Related:  # noqa: A002 - as in the API
        return Related(**data)

    return app


def awaited(document: bytes) -> FastAPI:
    """Return what ``usual`` returns, without a thread: for those who know that nothing in it takes long."""
    app = FastAPI()
    data = orjson.loads(document)

    @app.get("/v1/articles/{id:path}/related")
    async def answer(id: str, params: Params) -> Related:  # noqa: A002 - as in the API
        return Related(**data)

    return app


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
