"""kill -9 of a whole server right after it acknowledged a write: whatever was acknowledged is there afterwards."""

import random
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from recommender.catalog import Catalog
from tests.conftest import DEMO, records
from tests.faults.servers import Client, Nursery, Server, served

GONE = None
Titles = dict[str, str | None]
"""The title of every article that was ever there, as acknowledged; GONE: its removal was."""
LINES = 5
SOON = 10.0
"""Seconds after a restart, or after the last one came, within which more of what was acknowledged is served."""


class Editor:
    """Writes at random to a server, and knows what was acknowledged."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self.acknowledged: Titles = {record.article.id: record.article.title for record in records(DEMO)}
        self._made = 0
        self.kinds: dict[str, int] = {}

    def write(self, server: Server, client: Client) -> None:
        """Do one write of a random kind, and kill the server as soon as it is acknowledged."""
        present = sorted(name for name, title in self.acknowledged.items() if title is not GONE)
        kind = self._rng.choice(("new", "replace", "remove", "bulk"))
        changes: Titles
        if kind == "remove":
            changes = {self._rng.choice(present): GONE}
            answer = client.ask("DELETE", f"/v1/articles/{next(iter(changes))}")
        elif kind == "bulk":
            changes = {self._name(): self._title() for _ in range(LINES)}
            lines = [orjson.dumps({"id": name, "title": title}) for name, title in changes.items()]
            answer = client.ask("POST", "/v1/articles:bulk", b"\n".join(lines))
        else:
            name = self._name() if kind == "new" else self._rng.choice(present)
            changes = {name: self._title()}
            answer = client.ask("PUT", f"/v1/articles/{name}", orjson.dumps({"title": changes[name], "body": "News."}))
        server.kill()
        assert answer.status in (200, 202, 204), answer
        if kind == "bulk":
            assert answer.json()["stored"] == LINES
        self.acknowledged |= changes
        self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def _name(self) -> str:
        return f"made-{self._made}"

    def _title(self) -> str:
        self._made += 1
        return f"Report {self._made} on the harbour, {self._rng.randrange(10**9)}"


def lost(store: Path, acknowledged: Mapping[str, str | None]) -> list[str]:
    """Open the catalog and name what is not there as it was acknowledged."""
    with closing(Catalog.open(store)) as catalog:
        found = {article.id: article.title for article in catalog.articles()}
        with catalog.engine.connect() as connection:
            assert connection.scalar(text("PRAGMA quick_check")) == "ok"
    return [name for name, title in acknowledged.items() if found.get(name) != title]


def unserved(server: Server, acknowledged: Mapping[str, str | None]) -> list[str]:
    """Ask every worker for everything that was acknowledged, and name what is not served so, waiting a little."""
    wrong, until = sorted(acknowledged), time.monotonic() + SOON
    with server.each_worker() as workers:
        while wrong and time.monotonic() < until:
            left = [name for name in wrong if any(_title(c, name) != acknowledged[name] for c in workers)]
            if len(left) < len(wrong):
                until = time.monotonic() + SOON
            wrong = left
    return wrong


def _title(client: Client, name: str) -> str | None:
    answer = client.get(f"/v1/articles/{name}")
    assert answer.status in (200, 404), answer
    return answer.json()["title"] if answer.status == 200 else GONE


def kill_after_writes(nursery: Nursery, store: Path, key: Mapping[str, str], rounds: int, **how: str) -> list[str]:
    """Start, write, kill, look, ``rounds`` times; return what was lost, and say how many rounds there were."""
    editor, found = Editor(seed=rounds), []
    for _ in range(rounds):
        with nursery.served(store, **how) as server, closing(server.client(key)) as client:
            editor.write(server, client)
        found += lost(store, editor.acknowledged)
    if not found:
        with nursery.served(store) as server:
            found = [f"{name}: not served" for name in unserved(server, editor.acknowledged)]
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(editor.kinds.items()))
    print(f"\n{rounds} kills right after an acknowledged write ({kinds}): {len(found)} lost")  # noqa: T201
    assert sum(editor.kinds.values()) == rounds
    return found


def test_no_acknowledged_write_is_lost(nursery: Nursery, store: Path, key: dict[str, str]) -> None:
    assert kill_after_writes(nursery, store, key, 10) == []


@pytest.mark.slow
@pytest.mark.timeout(7_200)
def test_no_acknowledged_write_is_lost_in_a_thousand(nursery: Nursery, store: Path, key: dict[str, str]) -> None:
    assert kill_after_writes(nursery, store, key, 1_000) == []


def test_a_server_that_answers_before_it_has_stored_is_found_out(
    nursery: Nursery, store: Path, key: dict[str, str]
) -> None:
    """The check above is able to fail."""
    assert len(kill_after_writes(nursery, store, key, 3, flaw="answers_first")) >= 3


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_the_command_itself_loses_nothing_and_serves_it_again(store: Path, key: dict[str, str]) -> None:
    """The same with ``related-api`` as an operator starts it, once for each kind of write and more."""
    editor, rounds = Editor(seed=4), 6
    for _ in range(rounds):
        with served(store) as server, closing(server.client(key)) as client:
            assert unserved(server, editor.acknowledged) == []
            editor.write(server, client)
        assert lost(store, editor.acknowledged) == []
    print(f"\n{rounds} kills and restarts of related-api with 2 workers: 0 lost ({editor.kinds})")  # noqa: T201
