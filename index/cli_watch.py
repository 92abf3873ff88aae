"""``related-index watch``: sources read again and again, what changed in them served at once."""

import logging
import re
import signal
import time
from contextlib import closing
from threading import Event
from typing import Annotated

import typer

from index.cli_catalog import open_catalog
from index.cli_sources import Sources, check_sources, with_read_options
from index.live.live import Live
from index.live.served_encoder import ServedEncoder
from index.live.watch import Watch, read_all
from index.live.writer import Writer
from recommender import cli_support
from recommender.catalog.source_log import SourceLog
from recommender.cli_support import SiteUrl, Store
from recommender.errors import InputError
from recommender.sources import ReadOptions
from recommender.sources.opened import STDIN

_INTERVAL = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


def _interval(text: str) -> float:
    found = _INTERVAL.fullmatch(text.strip().lower())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if not seconds:
        raise typer.BadParameter(f"{text!r} is no time such as 90s, 15m or 6h")
    return seconds


@with_read_options
def watch_command(
    sources: Sources,
    *,
    store: Store,
    site_url: SiteUrl,
    every: Annotated[str, typer.Option(help="Time from one reading to the next: 90s, 15m, 6h.")] = "15m",
    once: Annotated[bool, typer.Option(help="Read once and end, for cron; status 1 if a source failed.")] = False,
    force: Annotated[
        bool, typer.Option(help="Remove whatever disappeared of a complete source, however much that is.")
    ] = False,
    options: ReadOptions,
) -> None:
    """Read sources again and again: what is new or changed is served at once, what disappeared is removed.

    Nothing is removed of a feed, which shows its newest entries only, of a source that could not be read whole, or if
    more than a fifth of it is gone.
    """
    if STDIN in sources:
        raise InputError("standard input cannot be read again; name a file or an address", STDIN)
    seconds = _interval(every)
    check_sources(sources)
    cli_support.check_store(store)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stop = Event()

    def end(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt  # asked for twice
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    with closing(open_catalog(store)) as catalog:
        live = Live(store, catalog=catalog)
        live.refresh()
        writer, held = Writer(live, catalog, ServedEncoder().encoder), SourceLog(catalog.engine)
        watches = [Watch(source, options, writer, held, stop, force=force) for source in sources]
        well = True
        while not stop.is_set():
            began = time.monotonic()
            live.refresh()  # a build may have published another snapshot since
            well = read_all(watches, store, stop)
            writer.embed_pending()
            if once:
                break
            stop.wait(max(0.0, seconds - (time.monotonic() - began)))
    if once and not well:
        raise typer.Exit(1)
