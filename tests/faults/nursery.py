"""Makes servers quickly: everything is imported once, and every order on standard input becomes one by fork.

What it makes is what ``related-api`` makes: a process group of its own, with workers that share one socket and run
the application of the environment. ``FLAWS`` are the ways in which one can be made wrong, so that the checks of the
tests can be seen to find it out.
"""

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import uvicorn

from api.app import from_settings
from api.cli import server_options
from index.live import live, opener
from index.live.writer import Writer
from index.store import publish
from index.store.snapshot import Snapshot
from recommender.articles import Record
from recommender.catalog import Removal
from recommender.settings import settings

LATE = 0.3


def answers_first() -> None:
    """Wrong: a write is acknowledged first and stored a moment later."""
    put, remove = Writer.put, Writer.remove

    def later(work: Callable[[], object]) -> None:
        threading.Thread(target=lambda: (time.sleep(LATE), work()), daemon=True).start()

    def put_later(self: Writer, records: Sequence[Record], *, wait: bool = True) -> set[str]:
        later(lambda: put(self, records, wait=wait))
        return set()

    def remove_later(self: Writer, identity: str) -> tuple[Removal, bool]:
        later(lambda: remove(self, identity))
        return Removal(identity, alias=False), True

    setattr(Writer, "put", put_later)  # noqa: B010 - a type checker would refuse the plain form
    setattr(Writer, "remove", remove_later)  # noqa: B010


def deaf() -> None:
    """Wrong: a change in another process is noticed only when this one happens to look."""
    setattr(live.Live, "has_changes", lambda self: False)  # noqa: B010


def hoarding() -> None:
    """Wrong: every snapshot ever served leaves files and threads behind, and is kept."""
    kept: list[object] = []

    def open_and_keep(store: Path) -> Snapshot:
        snapshot = publish.open_current(store)
        kept.extend(open(store / publish.CURRENT) for _ in range(2))
        kept.append(b"x" * 20_000_000)
        for _ in range(2):
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        return snapshot

    setattr(opener, "open_current", open_and_keep)  # noqa: B010


def few_places() -> None:
    """Wrong: whoever holds a few connections keeps all others out."""
    init = uvicorn.Config.__init__

    def init_few(self: uvicorn.Config, *given: Any, **named: Any) -> None:
        init(self, *given, **{**named, "limit_concurrency": 10})

    setattr(uvicorn.Config, "__init__", init_few)  # noqa: B010


FLAWS: dict[str, Callable[[], None]] = {flaw.__name__: flaw for flaw in (answers_first, deaf, few_places, hoarding)}


def serve(listening: socket.socket, workers: int, flaw: str) -> None:
    """Lead a server: start its workers, pass a request to stop on to them, and wait for them."""
    children = []
    for _ in range(workers):
        child = os.fork()
        if not child:
            if flaw:
                FLAWS[flaw]()
            config = uvicorn.Config(from_settings, factory=True, **server_options(settings()))
            uvicorn.Server(config).run([listening])
            os._exit(0)
        children.append(child)
    listening.close()

    def stop(number: int, _frame: object) -> None:
        for child in children:
            os.kill(child, number)

    signal.signal(signal.SIGTERM, stop)
    for child in children:
        os.waitpid(child, 0)


def make(order: dict[str, Any]) -> dict[str, int]:
    """Make one server and return its leader's process id and its port."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=2_048)
    leader = os.fork()
    if not leader:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDWR)
        for source, target in ((nothing, 0), (nothing, 1), (log, 2)):
            os.dup2(source, target)
        os.environ.update(order["environment"])
        settings.cache_clear()
        status = 1
        try:
            serve(listening, order["workers"], order["flaw"])
            status = 0
        finally:
            os._exit(status)
    port = listening.getsockname()[1]
    listening.close()
    return {"leader": leader, "port": port}


def main() -> None:
    """Make what is ordered until there are no more orders."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a leader: it is gone when it has ended
    for line in sys.stdin:
        sys.stdout.write(json.dumps(make(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
