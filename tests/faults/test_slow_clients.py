"""Clients that never finish do not hold the others up, and a server that stops answers whoever has begun."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import orjson
import pytest

from index.store.publish import open_current
from tests.faults.crowd import CALMER, Crowd, Expected, Turns, expected_of
from tests.faults.servers import Nursery, Server, alive, served

BYTE_SECONDS = 0.5
"""A slow client sends a byte so often."""
SETTLED = 0.5
"""Seconds until a server has begun what came, or given up."""
READ = 65_536
ASKS = b"GET /v1/articles/2025-07-first-deep-ship/related?limit=100 HTTP/1.1\r\nHost: a\r\n\r\n" * 200
"""Five megabytes of lists: what a client asks for that never reads. More than fits between the two."""


@pytest.fixture(scope="module")
def expected(newspaper: Path) -> Expected:
    return expected_of([open_current(newspaper)])


@contextmanager
def slow_clients(server: Server, number: int) -> Iterator[list[socket.socket]]:
    """Connect ``number`` slow clients: silent ones, ones that send a byte at a time, ones that never read."""
    over = threading.Event()
    with ExitStack() as stack:
        every = [stack.enter_context(connected(server)) for _ in range(number)]
        byte_by_byte, deaf = every[1::3], every[2::3]
        for each in deaf:
            each.sendall(ASKS)
        sender = threading.Thread(target=dribble, args=(byte_by_byte, over), daemon=True)
        sender.start()
        server.until_idle()  # whatever can be sent to those who never read is sent
        try:
            yield every
        finally:
            over.set()
            sender.join()


def connected(server: Server) -> socket.socket:
    """Connect with hardly any room for what comes back."""
    made = socket.socket()
    made.settimeout(10)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    made.connect(("127.0.0.1", server.port))
    return made


def dribble(connections: list[socket.socket], over: threading.Event) -> None:
    """Send the head of a request on each, a byte at a time and without end."""
    head = b"GET /v1/index HTTP/1.1\r\nHost: a\r\nX-Slow: "
    for sent in count():
        for connection in connections:  # one by one: slow clients do not keep time with each other
            if over.wait(BYTE_SECONDS / len(connections)):
                return
            connection.send(head[sent : sent + 1] or b"x")


def beside(server: Server, expected: Expected, number: int, requests: int, rounds: int) -> tuple[Turns, list[str]]:
    """Let others ask without slow clients and beside them, in turns; return their times, and their failures."""
    ids = list(next(iter(expected.values())))
    turns, wrong = Turns(), []
    with server.each_worker() as workers:
        for client in workers:
            for identity in ids:
                client.listed(identity)  # so that all answers are kept from the first turn on
    for _ in range(rounds):
        with Crowd(server, ids, expected, clients=4, pause=0.002) as calm:
            calm.wait_for(requests)
        with slow_clients(server, number) as slow, Crowd(server, ids, expected, clients=4, pause=0.002) as crowded:
            crowded.wait_for(requests)
            assert len(slow) == number
        turns.add(calm.times, crowded.times)
        wrong += calm.wrong + crowded.wrong
    return turns, wrong


def errors(server: Server) -> list[str]:
    """Return the errors that were logged, but for one of uvicorn's: it goes on answering a client that has left."""
    lines = [orjson.loads(line) for line in server.log.read_bytes().splitlines()]
    texts = [line.get("exception", line["message"]) for line in lines if line["level"] == "error"]
    return [text for text in texts if not text.endswith("the handler is closed")]


def check_others(server: Server, expected: Expected, number: int, requests: int, rounds: int) -> None:
    turns, wrong = beside(server, expected, number, requests, rounds)
    print(f"\n{turns}, the latter beside {number} slow or half-open connections: {len(wrong)} failures")  # noqa: T201
    assert wrong == []
    assert turns.ratio <= CALMER


def test_slow_clients_do_not_hold_others_up(nursery: Nursery, store: Path, expected: Expected) -> None:
    with nursery.served(store) as server:
        check_others(server, expected, 40, 250, 5)
    assert errors(server) == []


def test_a_server_with_few_places_is_found_out(nursery: Nursery, store: Path, expected: Expected) -> None:
    """The check above is able to fail."""
    with nursery.served(store, flaw="few_places") as server:
        _, wrong = beside(server, expected, 40, 100, 1)
    assert len(wrong) > 50


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_two_hundred_slow_clients_do_not_hold_others_up(store: Path, expected: Expected) -> None:
    with served(store) as server:
        check_others(server, expected, 200, 2_000, 5)
    assert errors(server) == []


def stopped_in_flight(server: Server, number: int) -> tuple[int, int]:
    """Stop a server while ``number`` drafts are half sent; return how many are answered whole, how many are cut."""
    body = orjson.dumps({"title": "A ship aground", "body": "It ran aground off the quay. " * 50})
    head = (
        f"POST /v1/related HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    answered = cut = 0
    with ExitStack() as stack:
        with server.each_worker():
            pass
        pending = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 30)) for _ in range(number)]
        for each in pending:
            each.sendall(head.encode() + body[:100])
        time.sleep(SETTLED)  # all of them have been accepted and begun
        os.kill(server.leader, signal.SIGTERM)
        until_stopping(server)
        time.sleep(SETTLED)  # whoever has no patience is gone by now
        for each in pending:
            try:
                each.sendall(body[100:])
            except OSError:
                continue
        for each in pending:
            whole = is_whole(each)
            answered += whole
            cut += not whole
    return answered, cut


def until_stopping(server: Server) -> None:
    """Wait until every worker has been told to stop."""
    until = time.monotonic() + 30
    while server.log.read_bytes().count(b"Shutting down") < server.workers:
        assert time.monotonic() < until, "nobody stops"
        time.sleep(0.01)


def is_whole(connection: socket.socket) -> bool:
    """Read to the end, and say whether it is a 200 with all of its body."""
    data = b""
    try:
        while part := connection.recv(READ):
            data += part
    except OSError:
        return False
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    lengths = [int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")]
    return lines[0].startswith(b"http/1.1 200") and lengths == [len(body)] and bool(orjson.loads(body)["items"])


def check_stop(server: Server) -> None:
    number = 100
    answered, cut = stopped_in_flight(server, number)
    print(f"\nSIGTERM with {number} requests in flight, {server.workers} workers: {cut} cut")  # noqa: T201
    assert (answered, cut) == (number, 0)
    until = time.monotonic() + 30
    while alive(server.leader):
        assert time.monotonic() < until, "it does not end"
        time.sleep(0.01)
    assert errors(server) == []


def test_a_server_that_stops_answers_a_hundred_requests_in_flight(nursery: Nursery, store: Path) -> None:
    with nursery.served(store) as server:
        check_stop(server)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_the_command_itself_answers_a_hundred_requests_in_flight(store: Path) -> None:
    with served(store) as server:
        check_stop(server)


def test_a_server_without_patience_is_found_out(nursery: Nursery, store: Path) -> None:
    """The check above is able to fail."""
    with nursery.served(store, shutdown_seconds=0) as server:
        answered, cut = stopped_in_flight(server, 20)
    assert answered + cut == 20
    assert cut > 10
