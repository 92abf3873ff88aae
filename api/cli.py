"""The server's command line: ``related-api``, or ``python -m api``."""

import os
from contextlib import ExitStack
from ipaddress import ip_address
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from api import logs, metrics
from api.keys import MAX_NAME, KeyRing
from api.server import run_server
from api.uvicorn_adapter import BoundedHead
from recommender import cli_support
from recommender.cli_support import Store
from recommender.settings import Settings, settings

app = typer.Typer(cls=cli_support.Commands, pretty_exceptions_enable=False)
keys = typer.Typer(help="Make, list and revoke the API keys that writes need.")
app.add_typer(keys, name="keys")

WORKER_SECONDS = 120
"""How long a worker may take to answer the process that leads it: on a busy machine, starting takes its time."""

Name = Annotated[str, typer.Argument(help="Whose key it is.", metavar="NAME")]


@app.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    *,
    store: Store,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65_535)] = 8000,
    workers: Annotated[int, typer.Option(help="Server processes.", min=1, max=64)] = 1,
    pages: Annotated[
        bool | None,
        typer.Option(
            help="Also serve the pages for people at /: open on an address of this machine alone, else behind an API"
            " key. As RELATED_PAGES says if not given.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Serve what the store holds; a newly published snapshot is picked up by itself."""
    if context.invoked_subcommand:
        _only_behind(context)
        return
    cli_support.check_store(store)
    os.environ["RELATED_STORE"] = str(store.resolve())  # how the worker processes learn of it
    if pages is not None:
        os.environ["RELATED_PAGES"] = _who_sees_pages(host) if pages else "off"
    settings.cache_clear()  # and this one, which read its settings before it knew of --store
    with ExitStack() as until_the_end:
        if workers > 1 and metrics.WORKERS not in os.environ:
            folder = until_the_end.enter_context(TemporaryDirectory(prefix="related-metrics-"))
            os.environ[metrics.WORKERS] = folder
        run_server(host, port, workers, **server_options(settings()))


def _who_sees_pages(host: str) -> str:
    """Return the setting ``pages`` for a server that listens at ``host``."""
    try:
        return "open" if host == "localhost" or ip_address(host).is_loopback else "key"
    except ValueError:
        return "key"


def _only_behind(context: typer.Context) -> None:
    """Refuse the server's options before a subcommand: there they would say nothing, in silence."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(f"say --{name} behind the command", param_hint=f"--{name}")


def server_options(config: Settings) -> dict[str, Any]:
    """Return how uvicorn is to run: our logs instead of its own, and a shutdown that waits for what is in flight."""
    return {
        "http": BoundedHead,
        "ws": "none",
        "access_log": False,
        "log_config": logs.config(config.log_format),
        "proxy_headers": False,  # the application's own layer decides whom to believe
        "server_header": False,
        "timeout_graceful_shutdown": config.shutdown_seconds,
        "timeout_worker_healthcheck": WORKER_SECONDS,
    }


@keys.command("new")
def new_key(name: Name, *, store: Store) -> None:
    """Make a key and print it, once: only its hash is kept."""
    if not 0 < len(name) <= MAX_NAME:
        raise typer.BadParameter(f"a name has 1 to {MAX_NAME} characters, not {len(name)}")
    fresh = not store.is_dir()
    cli_support.out.print(KeyRing(store).new(name), markup=False)
    if fresh:  # keys may well be made before the first build; and its name may be misspelt
        cli_support.warn(f"--store {store}: there was no such store; it is made, with this key alone")
    cli_support.next_step("send it with each change", "Authorization: Bearer KEY (docs/api.md)")


@keys.command("list")
def list_keys(*, store: Store) -> None:
    """List the names of the keys, and when they were made."""
    cli_support.check_store(store)
    for key in KeyRing(store).all():
        cli_support.out.print(f"{key.created_at:%Y-%m-%d %H:%M}  {key.name}", markup=False)


@keys.command("revoke")
def revoke_key(name: Name, *, store: Store) -> None:
    """Let a key open nothing any more, at once."""
    cli_support.check_store(store)
    KeyRing(store).revoke(name)


def main() -> None:
    """Run the command line."""
    cli_support.main(app)
