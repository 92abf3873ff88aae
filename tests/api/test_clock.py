"""The system clock is set ahead or back while a server runs: nothing is lost, and what depends on time follows it.

Whatever measures how long something takes or waits uses a clock that nobody sets.
"""

import ast
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.costs import Budgets
from api.keys import KeyRing
from api.response_cache import ResponseCache
from index.build import build
from index.live import opener
from index.live.live import Live
from index.store.publish import CURRENT, open_current
from recommender.catalog import Catalog
from tests.api.serving import ENCODER, served
from tests.conftest import DEMO, ROOT, build_store, records

JUMPS = [timedelta(days=days) for days in (1, -1, 365, -365)]
PACKAGES = ("recommender", "index", "api")
CLOCKED = ("index", "api")
"""Those that ask what time it is."""
ID = "2025-07-first-deep-ship"
BODY = "The channel at Tesslemouth will be dug two metres deeper, the harbour trust decided on Monday."
WALL_CLOCK = {"api/response_cache.py", "api/observe.py", "recommender/sources/fetch/client.py"}
"""Modules that read UNIX time: until when an answer is right, which follows from dates, the log's time stamps, and when
a page was fetched, which the next run of a command asks."""


class Clock:
    """The system clock, set wrong by ``offset``."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def now(self) -> datetime:
        """Return what the system clock says."""
        return datetime.now(UTC) + self.offset


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A system clock that the test can set, for every module of the project."""
    clock, true_time = Clock(), time.time

    class Either(type):
        def __instancecheck__(cls, found: object) -> bool:
            return isinstance(found, datetime)

    class Shown(datetime, metaclass=Either):
        def __new__(cls, *parts: Any, **named: Any) -> datetime:  # type: ignore[misc]
            return datetime(*parts, **named)

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + clock.offset

    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in CLOCKED and getattr(module, "datetime", None) is datetime:
            monkeypatch.setattr(module, "datetime", Shown)
    wall = lambda: true_time() + clock.offset.total_seconds()  # noqa: E731
    monkeypatch.setattr(time, "time", wall)
    assert ResponseCache.__init__.__defaults__ is not None
    monkeypatch.setattr(ResponseCache.__init__, "__defaults__", (*ResponseCache.__init__.__defaults__[:-1], wall))
    return clock


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return build_store(tmp_path, records(DEMO), ENCODER)


@pytest.fixture
def key(store: Path) -> dict[str, str]:
    return {"Authorization": f"Bearer {KeyRing(store).new('editor')}"}


@pytest.fixture
def client(store: Path, clock: Clock) -> Iterator[TestClient]:
    """A server that was started while the clock was right; its owner writes to it."""
    with served(store, writes=True) as client:
        yield client


def live_of(client: TestClient) -> Live:
    found: Live = client.app.state.live  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_no_write_is_lost_and_changes_go_on_rising(
    client: TestClient, store: Path, key: dict[str, str], clock: Clock, jump: timedelta
) -> None:
    numbers = []
    with closing(Catalog.open(store)) as catalog:
        other = Live(store, catalog=catalog)  # another process: it follows by the catalog alone
        other.refresh()
        for number, offset in enumerate((timedelta(0), jump, timedelta(0), jump)):
            clock.offset = offset
            sent = {"title": f"Dredging {number}", "body": f"{BODY} Report number {number}, says Ilse Karne."}
            answer = client.put(f"/v1/articles/new-{number}", json=sent, headers=key)
            assert (answer.status_code, answer.json()["status"]) == (200, "live")
            numbers.append(catalog.seq())
            other.follow()
            for live in (other, live_of(client)):
                assert live.snapshot().corpus.find(f"new-{number}") is not None
                assert live.snapshot().seq == numbers[-1]
        assert client.delete("/v1/articles/new-0", headers=key).status_code == 204
        assert numbers == sorted({*numbers})
        assert {f"new-{n}" for n in range(1, 4)} <= set(catalog.articles_of([f"new-{n}" for n in range(4)]))
        built = build(store, catalog, ENCODER)
        other.refresh()
        assert built.snapshot == other.snapshot().version == open_current(store).version
        assert other.snapshot().corpus.find("new-0") is None
        assert other.snapshot().corpus.find("new-3") is not None


def test_what_is_dated_ahead_follows_the_clock(client: TestClient, key: dict[str, str], clock: Clock) -> None:
    ahead = (clock.now() + timedelta(days=3)).isoformat()
    sent = {"title": "Dredging", "body": f"{BODY} Says Ilse Karne.", "published_at": ahead}
    assert client.put("/v1/articles/ahead", json=sent, headers=key).status_code == 200
    for offset, status in ((0, 404), (365, 200), (-365, 404), (4, 200), (0, 404)):
        clock.offset = timedelta(days=offset)
        live_of(client).follow()
        assert client.get("/v1/articles/ahead").status_code == status
        named = client.get(f"/v1/articles/{ID}/related?limit=100&min_score=0").text
        assert ('"ahead"' in named) is (status == 200)


def test_what_editors_decided_for_a_time_follows_the_clock(
    client: TestClient, key: dict[str, str], clock: Clock
) -> None:
    path = f"/v1/articles/{ID}/related?limit=20"
    last = client.get(path).json()["items"][-1]["id"]
    until = (clock.now() + timedelta(hours=12)).isoformat()
    sent = {"pin": [{"id": last, "position": 1, "until": until}]}
    assert client.put(f"/v1/articles/{ID}/overrides", json=sent, headers=key).status_code == 200
    for days in (0, 1, 0, 365, -1, 365, -365, 1):
        clock.offset = timedelta(days=days)
        live_of(client).follow()
        assert (client.get(path).json()["items"][0]["id"] == last) is (days <= 0), days


def test_no_kept_answer_outlives_a_clock_that_was_ahead(client: TestClient, key: dict[str, str], clock: Clock) -> None:
    sent = {"title": "Dredging", "body": f"{BODY} Says Ilse Karne.", "published_at": clock.now().isoformat()}
    assert client.put("/v1/articles/today", json=sent, headers=key).status_code == 200
    for days, seconds in ((0, 900), (365, 604_800), (0, 900), (2, 3_600), (0, 900)):
        clock.offset = timedelta(days=days)
        assert f"max-age={seconds}," in client.get("/v1/articles/today").headers["cache-control"]


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_spent_budget_stays_spent(clock: Clock, jump: timedelta) -> None:
    budgets = Budgets(60)
    assert budgets.wait("a", 60) == 0
    clock.offset = jump
    assert 50 < budgets.wait("a", 60) <= 60


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_bad_snapshot_is_tried_again_as_often_as_ever(
    store: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    live = Live(store)
    live.refresh()
    (store / CURRENT).write_text("nowhere\n")
    live.refresh()
    assert live.failures == 1
    clock.offset = jump
    assert not live._opener.worth_trying()
    monkeypatch.setattr(opener, "RETRY_SECONDS", 0.0)
    assert live._opener.worth_trying()


def test_only_who_must_reads_the_wall_clock() -> None:
    """A time that is measured by a clock that somebody sets may be negative, or a year."""
    found = {path: path.read_text(encoding="utf-8") for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
    reading = {str(path.relative_to(ROOT)) for path, text in found.items() if reads_unix_time(ast.parse(text))}
    assert reading == WALL_CLOCK
    asking = {path.relative_to(ROOT).parts[0] for path, text in found.items() if "datetime.now(" in text}
    assert asking == {*CLOCKED}


def reads_unix_time(tree: ast.AST) -> bool:
    """Say whether a module names ``time.time``, or imports it."""
    nodes = list(ast.walk(tree))
    named = any(isinstance(node, ast.Attribute) and ast.unparse(node) == "time.time" for node in nodes)
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "time"]
    return named or any(alias.name == "time" for node in imports for alias in node.names)
