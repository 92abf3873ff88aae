"""A crowd of clients that ask a server for related lists, check every answer, and time it."""

import math
import random
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPException
from statistics import median
from typing import Self

from index.store.snapshot import Snapshot
from tests.faults.servers import Answer, Server, percentile
from tests.index.samples import lists_of

LIMIT = 8
TURN = 100
"""Requests on one connection; then another is opened, perhaps to another worker."""

CALMER = 3
"""Times the calm p99 that the p99 of a server in trouble may be."""

Expected = Mapping[str, Mapping[str, Sequence[tuple[str, float]]]]
"""By version and article id: the list that belongs there, scores as they are sent."""


def expected_of(snapshots: Collection[Snapshot]) -> Expected:
    """Return what each snapshot has to answer, by the function that the server uses."""
    return {
        snapshot.version: {
            identity: [(target, math.floor(score * 1e6) / 1e6) for target, score in found]
            for identity, found in lists_of(snapshot, LIMIT).items()
        }
        for snapshot in snapshots
    }


def violation(answer: Answer, identity: str, expected: Expected) -> str | None:
    """Say what is wrong with an answer to a request for the list of ``identity``."""
    if answer.status != 200:
        return f"{identity}: {answer.status}"
    body = answer.json()
    version = body["index_version"]
    if version not in expected:
        return f"{identity}: version {version} was never published"
    found = [(item["id"], item["score"]) for item in body["items"]]
    if (body["id"], body["count"], found) != (identity, len(found), list(expected[version][identity])):
        return f"{identity}: not the list of version {version}"
    return None


@dataclass
class Turns:
    """Seconds that answers took, calm and troubled ones in turns: so whatever else the machine does is in both."""

    calm: list[list[float]] = field(default_factory=list)
    troubled: list[list[float]] = field(default_factory=list)

    def add(self, calm: list[float], troubled: list[float]) -> None:
        """Add two turns."""
        self.calm.append(calm)
        self.troubled.append(troubled)

    @property
    def ratio(self) -> float:
        """The p99 of a troubled turn in terms of the calm p99 before it: the median of all turns."""
        both = zip(self.troubled, self.calm, strict=True)
        return median(percentile(troubled, 0.99) / percentile(calm, 0.99) for troubled, calm in both)

    @property
    def overall(self) -> float:
        """The p99 of all troubled answers in terms of that of all calm ones."""
        troubled, calm = (percentile([each for turn in turns for each in turn], 0.99) for turns in self._both)
        return troubled / calm

    @property
    def _both(self) -> tuple[list[list[float]], list[list[float]]]:
        return self.troubled, self.calm

    def __str__(self) -> str:
        troubled, calm = (sum(map(len, turns)) for turns in self._both)
        p99 = f"p99 x{self.ratio:.2f} (median turn), x{self.overall:.2f} (all)"
        return f"{calm:,} calm and {troubled:,} troubled requests in {len(self.calm)} turns, {p99}"


class Crowd:
    """So many clients in threads, each with a connection at a time, that ask from entry to exit."""

    def __init__(
        self, server: Server, ids: Sequence[str], expected: Expected, *, clients: int = 8, pause: float = 0
    ) -> None:
        self._server = server
        self._ids = ids
        self._expected = expected
        self._pause = pause
        self._over = threading.Event()
        self.wrong: list[str] = []
        self.versions: set[str] = set()
        self.seconds: list[list[float]] = [[] for _ in range(clients)]
        self._threads = [threading.Thread(target=self._ask, args=(n,), daemon=True) for n in range(clients)]

    @property
    def asked(self) -> int:
        """Answers so far."""
        return sum(map(len, self.seconds))

    @property
    def times(self) -> list[float]:
        """Seconds that the answers took."""
        return [each for mine in self.seconds for each in mine]

    def wait_for(self, answers: int) -> None:
        """Wait until there are so many answers."""
        while self.asked < answers:
            assert any(thread.is_alive() for thread in self._threads), self.wrong
            time.sleep(0.002)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        rng, mine = random.Random(number), self.seconds[number]
        try:
            while not self._over.is_set():
                with closing(self._server.client()) as client:
                    for _ in range(TURN):
                        if self._over.is_set():
                            break
                        identity = rng.choice(self._ids)
                        began = time.perf_counter()
                        answer = client.get(f"/v1/articles/{identity}/related?limit={LIMIT}")
                        mine.append(time.perf_counter() - began)
                        if (wrong := violation(answer, identity, self._expected)) is not None:
                            self.wrong.append(wrong)
                        else:
                            self.versions.add(answer.json()["index_version"])
                        if self._pause:
                            time.sleep(self._pause * rng.uniform(0.5, 1.5))
        except (OSError, HTTPException) as error:
            self.wrong.append(f"client {number} has no answer: {error!r}")
