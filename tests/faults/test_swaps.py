"""Snapshots are swapped under load: every answer is whole and of one version, and nothing is left behind."""

import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import pytest

from index.store.publish import open_current
from index.store.writing import Contents
from recommender.corpus.encoder import HashEncoder
from tests.conftest import DEMO, records
from tests.faults.crowd import CALMER, Crowd, Expected, Turns, expected_of, violation
from tests.faults.servers import Answer, Nursery, Server, served
from tests.index.samples import contents_of, folder_in_memory, publish_in

KEEP = 1
POLL = {"poll_seconds": 0.02}
MORE_FILES = MORE_THREADS = 2
MORE_MEMORY = (1.1, 20 * 2**20)
"""Times and plus so many bytes: what a server may hold after many swaps, of what it held before."""


@dataclass(frozen=True, slots=True)
class Editions:
    """Three builds of one newspaper, what each has to answer, and the ids of articles that are in all of them."""

    sources: Sequence[Contents]
    expected: Expected
    ids: Sequence[str]


@pytest.fixture(scope="module")
def editions() -> Editions:
    items, snapshots = records(DEMO), []
    sources = [contents_of(items[:count], HashEncoder()) for count in (len(items), 50, 60)]
    with folder_in_memory() as scratch:
        for source in sources:
            publish_in(scratch, source)
            snapshots.append(open_current(scratch))
        expected = expected_of(snapshots)
    return Editions(sources, expected, [item.article.id for item in items[:50]])


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a process holds: open files, threads, resident bytes."""

    files: int
    threads: int
    memory: int

    @classmethod
    def of_process(cls, pid: int) -> "Footprint":
        """Read it (proc(5))."""
        process = Path(f"/proc/{pid}")
        fields = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        memory = int(fields["VmRSS"].split()[0]) * 1024
        return cls(len(list((process / "fd").iterdir())), int(fields["Threads"]), memory)

    def grown(self, before: "Footprint") -> list[str]:
        """Name what is more than it may be after it was ``before``."""
        times, plus = MORE_MEMORY
        limits = {
            "files": before.files + MORE_FILES,
            "threads": before.threads + MORE_THREADS,
            "memory": before.memory * times + plus,
        }
        return [name for name, limit in limits.items() if getattr(self, name) > limit]


def footprints(server: Server) -> list[Footprint]:
    """Measure every worker, when all connections to it are closed."""
    time.sleep(0.3)
    return [Footprint.of_process(pid) for pid in server.processes()]


def burst(server: Server, ids: Sequence[str]) -> None:
    """Ask for many lists at one moment, so that every worker has more threads than a crowd needs."""
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(server.client())) for _ in range(40)]
        for number, client in enumerate(clients):
            client.send(f"/v1/articles/{ids[number]}/related?limit=100")
        assert [client.read().status for client in clients] == [200] * len(clients)


def publish_and_wait(server: Server, store: Path, source: Contents) -> str:
    """Publish, and wait until every worker serves it."""
    version = publish_in(store, source, keep=KEEP)
    with server.each_worker() as workers:
        until = time.monotonic() + 30
        for client in workers:
            while client.get("/v1/index").json()["version"] != version:
                assert time.monotonic() < until, "never served"
                time.sleep(0.005)
    return version


def swap_under_load(server: Server, store: Path, editions: Editions, requests: int, swaps: int) -> Crowd:
    """Publish one edition after the other while a crowd asks; return the crowd when it has asked enough."""
    with Crowd(server, editions.ids, editions.expected) as crowd:
        for number, source in enumerate(islice(cycle(editions.sources), 1, swaps + 1), start=1):
            crowd.wait_for(number * requests // (swaps + 1))
            publish_and_wait(server, store, source)
        crowd.wait_for(requests)
    return crowd


def check_swaps(server: Server, store: Path, editions: Editions, requests: int, swaps: int) -> list[str]:
    """Swap under load, say what was seen, and name what has grown."""
    swap_under_load(server, store, editions, 200, 3)
    burst(server, editions.ids)  # all code has run now, all threads are there
    before = footprints(server)
    crowd = swap_under_load(server, store, editions, requests, swaps)
    after = footprints(server)
    grown = [name for one, other in zip(after, before, strict=True) for name in one.grown(other)]
    said = (
        f"{crowd.asked:,} requests of 8 clients, {swaps} swaps, {server.workers} workers: {len(crowd.wrong)} failures"
    )
    print(f"\n{said}; before {before}, after {after}")  # noqa: T201
    assert crowd.wrong == []
    assert crowd.asked >= requests
    assert crowd.versions == set(editions.expected)
    return grown


def test_every_answer_is_of_the_version_it_names(nursery: Nursery, store: Path, editions: Editions) -> None:
    with nursery.served(store, **POLL) as server:
        assert check_swaps(server, store, editions, 1_000, 5) == []
    assert "Traceback" not in server.log.read_text()


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_fifty_swaps_under_twenty_thousand_requests(store: Path, editions: Editions) -> None:
    with served(store, **POLL) as server:
        assert check_swaps(server, store, editions, 20_000, 50) == []
    assert "Traceback" not in server.log.read_text()


def test_a_server_that_keeps_what_it_swapped_out_is_found_out(
    nursery: Nursery, store: Path, editions: Editions
) -> None:
    """The check above is able to fail."""
    with nursery.served(store, flaw="hoarding", **POLL) as server:
        assert set(check_swaps(server, store, editions, 200, 5)) == {"files", "threads", "memory"}


def test_a_body_of_another_version_is_found_out(nursery: Nursery, store: Path, editions: Editions) -> None:
    """The check above is able to fail: with the versions exchanged, hardly a list is right."""
    versions = list(editions.expected)
    with nursery.served(store) as server, server.each_worker() as workers:
        answers = {i: workers[0].get(f"/v1/articles/{i}/related?limit=8") for i in editions.ids}
    assert not any(violation(answer, i, editions.expected) for i, answer in answers.items())

    def forged(answer: Answer, version: str) -> Answer:
        return Answer(200, answer.body.replace(versions[0].encode(), version.encode()), answer.worker)

    for version in versions[1:]:
        found = [violation(forged(answer, version), i, editions.expected) for i, answer in answers.items()]
        assert sum(wrong is not None for wrong in found) > 0.9 * len(found)
    assert all(violation(forged(answer, "0" * 16), i, editions.expected) for i, answer in answers.items())
    assert violation(Answer(503, b"{}", ""), editions.ids[0], editions.expected)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize(("cache_mb", "rounds", "requests"), [(0, 20, 400), (64, 4, 20_000)])
def test_swaps_do_not_slow_the_answers_down(
    store: Path, editions: Editions, cache_mb: int, rounds: int, requests: int
) -> None:
    """Every answer made anew, and with kept answers: a swap voids those, so it has to be seldom to be compared."""
    turns, sources = Turns(), cycle(editions.sources)
    crowd = partial(Crowd, ids=editions.ids, expected=editions.expected, clients=4, pause=0 if cache_mb else 0.004)
    with served(store, cache_mb=cache_mb, **POLL) as server:
        swap_under_load(server, store, editions, 2_000, 3)
        for _ in range(rounds):
            with crowd(server) as calm:
                calm.wait_for(requests)
            with crowd(server) as troubled:
                publish_and_wait(server, store, next(sources))
                troubled.wait_for(requests)
            turns.add(calm.times, troubled.times)
            assert calm.wrong + troubled.wrong == []
    print(f"\ncache of {cache_mb} MB: {turns}, a swap in each of the latter")  # noqa: T201
    assert turns.ratio <= CALMER
