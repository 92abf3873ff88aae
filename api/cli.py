"""The server's command line: ``related-api``, or ``python -m api``."""

import os
from typing import Annotated

import typer
import uvicorn

from recommender import console
from recommender.console import Store

app = typer.Typer(help="Serve related lists over HTTP.", pretty_exceptions_enable=False)


@app.command()
def serve(
    *,
    store: Store,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65_535)] = 8000,
    workers: Annotated[int, typer.Option(help="Server processes.", min=1, max=64)] = 1,
) -> None:
    """Serve what the store holds; a newly published snapshot is picked up by itself."""
    os.environ["RELATED_STORE"] = str(store.resolve())  # how the worker processes learn of it
    uvicorn.run("api.app:from_settings", factory=True, host=host, port=port, workers=workers, server_header=False)


def main() -> None:
    """Run the command line."""
    console.main(app)
