"""Changes while several processes serve: soon in every list, and what was removed is never seen again."""

import random
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from recommender.articles import Article
from tests.conftest import DEMO, records
from tests.faults.servers import Client, Nursery, Server, percentile, served

SOON = 1.0
"""Seconds within which 95 of 100 changes are in every list."""
LONG = 20
"""Items of the lists in which articles are looked for."""
LOST_AFTER = 3.0
"""Seconds after which a change is taken for never seen."""


@pytest.fixture
def server(request: pytest.FixtureRequest, nursery: Nursery, store: Path) -> Iterator[Server]:
    """Two workers, forked; in the slow tests those of ``related-api`` itself."""
    real = request.node.get_closest_marker("slow") is not None
    with served(store) if real else nursery.served(store) as found:
        yield found


def follow_up(article: Article, number: int) -> dict[str, Any]:
    """A new article on the subject of a known one, and no version of it: half of its sentences, and half another's."""
    rng = random.Random(number)
    other = rng.choice([each for each in demo() if each.section != article.section])
    parts = [[part for part in each.body.replace("\n\n", " ").split(". ") if part] for each in (article, other)]
    told = [sentence for part in parts for sentence in rng.sample(part, min(8, len(part) // 2))]
    return {
        "title": f"{article.title}: part {number}",
        "teaser": f"What has become of it, in chapter {number}.",
        "body": f"{'. '.join(told)}. This is report number {number}.",
        "published_at": "2025-09-21T08:00:00Z",
        "section": article.section,
        "tags": list(article.tags),
    }


def demo() -> list[Article]:
    return [record.article for record in records(DEMO)]


def until_seen(workers: list[Client], new: str, neighbour: str, began: float) -> float:
    """Return the seconds since ``began`` until every worker has ``new`` and lists it with ``neighbour``."""
    for client in workers:
        while client.listed(new) is None or new not in (client.listed(neighbour, LONG) or ()):
            if time.perf_counter() - began > LOST_AFTER:
                return LOST_AFTER
            time.sleep(0.001)
    return time.perf_counter() - began


def put_and_look(server: Server, key: Mapping[str, str], count: int) -> list[float]:
    """Put ``count`` new articles, by one worker and the other; return how long each took to be in every list."""
    known, seconds = demo(), []
    with server.each_worker() as workers, server.each_worker(key) as writers:
        for number in range(count):
            neighbour, new = known[number % len(known)], f"new-{number}"
            for client in workers:
                client.listed(neighbour.id, LONG)  # so that an old answer is kept there
            body = orjson.dumps(follow_up(neighbour, number))
            began = time.perf_counter()
            answer = writers[number % len(writers)].ask("PUT", f"/v1/articles/{new}", body)
            assert (answer.status, answer.json()["status"]) == (200, "live")
            seconds.append(until_seen(workers, new, neighbour.id, began))
        assert len({client.get("/healthz").worker for client in workers}) == server.workers == 2
    return seconds


def check_soon(server: Server, key: Mapping[str, str], count: int) -> None:
    seconds = put_and_look(server, key, count)
    p50, p95 = percentile(seconds, 0.5), percentile(seconds, 0.95)
    print(  # noqa: T201
        f"\n{count} PUTs, until both of 2 workers list them with their neighbours:"
        f" p50 {p50:.3f} s, p95 {p95:.3f} s, max {max(seconds):.3f} s"
    )
    assert len(seconds) == count
    assert p95 < SOON
    assert max(seconds) < LOST_AFTER


def test_new_articles_are_soon_in_every_list(server: Server, key: dict[str, str]) -> None:
    check_soon(server, key, 20)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_two_hundred_new_articles_are_soon_in_every_list(server: Server, key: dict[str, str]) -> None:
    check_soon(server, key, 200)


def test_a_worker_that_does_not_hear_of_changes_is_found_out(
    nursery: Nursery, store: Path, key: dict[str, str]
) -> None:
    """The check above is able to fail."""
    with nursery.served(store, flaw="deaf", poll_seconds=600) as server:
        assert put_and_look(server, key, 1) == [LOST_AFTER]


def stale_reads(server: Server, key: Mapping[str, str], count: int) -> tuple[int, int, float]:
    """Replace an article ``count`` times, by one worker and the other; ask all of them when that is acknowledged.

    Return how many answers there were, how many told of the article as it was, and the most seconds after an
    acknowledgement until one was new.
    """
    article, asked, stale, longest = demo()[0], 0, 0, 0.0
    path = f"/v1/articles/{article.id}"
    with server.each_worker() as workers, server.each_worker(key) as writers:
        for number in range(count):
            for client in workers:
                client.get(path)  # so that an old answer is kept there
            body = orjson.dumps(follow_up(article, number))
            answer = writers[number % len(writers)].ask("PUT", path, body)
            acknowledged = time.perf_counter()
            assert (answer.status, answer.json()["status"]) == (200, "live")
            for client in workers:
                while client.get(path).json()["title"] != f"{article.title}: part {number}":
                    asked, stale, longest = asked + 1, stale + 1, time.perf_counter() - acknowledged
                    if longest > LOST_AFTER:
                        return asked, stale, longest
                asked += 1
    return asked, stale, longest


def check_never_stale(server: Server, key: Mapping[str, str], count: int) -> None:
    asked, stale, longest = stale_reads(server, key, count)
    print(f"\n{count} PUTs, {asked:,} answers after them: {stale} were old, for {longest:.3f} s at most")  # noqa: T201
    assert asked >= count * server.workers
    assert (stale, longest) == (0, 0.0)


def test_no_worker_answers_what_was_replaced(server: Server, key: dict[str, str]) -> None:
    check_never_stale(server, key, 20)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_no_worker_answers_what_was_replaced_in_a_thousand_changes(server: Server, key: dict[str, str]) -> None:
    check_never_stale(server, key, 1_000)


def test_a_worker_that_does_not_hear_answers_what_was_replaced(
    nursery: Nursery, store: Path, key: dict[str, str]
) -> None:
    """The check above is able to fail."""
    with nursery.served(store, flaw="deaf", poll_seconds=600) as server:
        asked, stale, longest = stale_reads(server, key, 1)
    assert 0 < stale <= asked
    assert longest > LOST_AFTER


def sightings(server: Server, key: Mapping[str, str], removals: int, count: int) -> tuple[int, int]:
    """Remove articles; look for them in ``count`` answers. Return the answers looked at, and how many had one."""
    ids = [article.id for article in demo()]
    gone = random.Random(1).sample(ids, removals)
    asked = seen = 0
    with server.each_worker() as workers:
        removed: list[str] = []
        for number, leaving in enumerate(gone):
            left = [identity for identity in ids if identity not in removed and identity != leaving]
            neighbours = [i for i in left if leaving in (workers[0].listed(i, LONG) or ())]
            assert neighbours
            neighbours += random.Random(number).sample(left, 5)
            for client in workers:
                for identity in (leaving, *neighbours):
                    client.listed(identity, LONG)  # so that an old answer is kept there
            with server.each_worker(key) as writers:  # anew: a connection that waits too long is closed
                assert writers[number % len(writers)].ask("DELETE", f"/v1/articles/{leaving}").status == 204
            removed.append(leaving)
            for at in range(count // len(gone)):
                client, turn = workers[at % len(workers)], at // len(workers)
                if turn % 10 == 0:
                    found = client.listed(leaving, LONG)
                    seen += found is not None
                elif turn % 10 == 1:
                    seen += client.get(f"/v1/articles/{leaving}").status != 404
                else:
                    found = client.listed(neighbours[turn % len(neighbours)], LONG)
                    assert found, "its former neighbours have lists"
                    seen += any(identity in found for identity in removed)
                asked += 1
    return asked, seen


def check_unseen(server: Server, key: Mapping[str, str], removals: int, count: int) -> None:
    asked, seen = sightings(server, key, removals, count)
    said = f"{removals} DELETEs, {asked:,} answers of 2 workers after them: {seen} with what was removed"
    print(f"\n{said}")  # noqa: T201
    assert asked == count
    assert seen == 0


def test_what_was_removed_is_never_seen_again(server: Server, key: dict[str, str]) -> None:
    check_unseen(server, key, 3, 501)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_what_was_removed_is_never_seen_again_in_ten_thousand_answers(server: Server, key: dict[str, str]) -> None:
    check_unseen(server, key, 10, 10_000)


def test_a_worker_that_does_not_hear_of_removals_is_found_out(
    nursery: Nursery, store: Path, key: dict[str, str]
) -> None:
    """The check above is able to fail."""
    with nursery.served(store, flaw="deaf", poll_seconds=600) as server:
        asked, seen = sightings(server, key, 2, 100)
    assert asked == 100
    assert seen > 20
