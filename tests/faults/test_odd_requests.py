"""Requests as no client library sends them, to a real server, byte by byte: 4xx or a right answer, never a 500."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from api.problems import Problem
from tests.faults.servers import Nursery, Server
from tests.faults.test_slow_clients import READ, errors

IDS = [
    b"..",
    b"../../etc/passwd",
    b"../../../../v1/index",
    b"./.",
    b"//",
    b"\x00",
    b"a\x00b",
    b"%00",
    b"a%2Fb",
    b"..%2F..%2Fetc%2Fpasswd",
    b"%ED%A0%80",
    b"\xed\xa0\x80",
    b"\xff",
    b"%FF",
    "سفينة".encode(),
    b"%D8%B3",
    "\u202eabc".encode(),
    "😀".encode(),
    b"%F0%9F%98%80",
    b"a b",
    b"\t",
    b"%",
    b"%zz",
    b"#",
    b"?",
    b"a\r\nX-Evil: 1",
    b"x" * 10_000,
    b"%F0%9F%98%80" * 800,
    b"x" * 70_000,
    b"/" * 5_000,
]
METHODS = (b"GET", b"HEAD", b"PUT", b"DELETE", b"POST", b"PATCH", b"OPTIONS")
BODY = b'{"title": "News"}'


@pytest.fixture
def server(nursery: Nursery, store: Path) -> Iterator[Server]:
    with nursery.served(store) as found:
        yield found


def said(server: Server, method: bytes, target: bytes, key: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    """Send a request just so; return status, headers and body of what came back."""
    head = b"\r\n".join(
        [
            method + b" " + target + b" HTTP/1.1",
            b"Host: a",
            b"Connection: close",
            b"Authorization: " + key,
            b"Content-Type: application/json",
            b"Content-Length: %d" % len(BODY),
        ]
    )
    data = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        try:
            connection.sendall(head + b"\r\n\r\n" + BODY)
            while part := connection.recv(READ):
                data += part
        except ConnectionError:
            assert data, "no answer"  # a refusal that did not wait for the end of the request
    top, _, body = data.partition(b"\r\n\r\n")
    status, *lines = top.split(b"\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(b": ") for line in lines)}
    return int(status.split()[1]), headers, body


@pytest.mark.parametrize("path", [b"/v1/articles/%s", b"/v1/articles/%s/related", b"/v1/related?url=%s"])
def test_odd_targets_are_answered_rightly_or_refused(server: Server, key: dict[str, str], path: bytes) -> None:
    answered = refused = below = 0
    for identity in IDS:
        for method in METHODS:
            status, headers, body = said(server, method, path % identity, key["Authorization"].encode())
            assert status < 500, (method, identity[:50], body)
            if status < 400:
                answered += 1
            elif headers.get(b"content-type") == b"application/problem+json":
                refused += 1
                if method != b"HEAD":
                    assert Problem.model_validate(orjson.loads(body)).status == status
            else:  # no HTTP at all: the server itself refuses it, before there is an application
                below += 1
                assert (status, body) == (400, b"Invalid HTTP request received.")
    print(f"\n{answered} answered, {refused} refused, {below} no HTTP, 0 server errors")  # noqa: T201
    assert answered + refused + below == len(IDS) * len(METHODS)
    assert errors(server) == []
    with server.each_worker() as workers:
        assert [client.get("/readyz").status for client in workers] == [200, 200]


HEADS = {"address": b"GET /v1/index?x=", "header": b"GET /v1/index HTTP/1.1\r\nHost: a\r\nX-Long: "}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_a_head_without_end_is_not_read_for_ever(server: Server, head: bytes) -> None:
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(head)
            while sent < 64 * 1024 * 1024:
                sent += connection.send(b"x" * READ)
        with contextlib.suppress(ConnectionError):
            assert connection.recv(READ)[:12] in (b"HTTP/1.1 400", b"")
    assert sent < 16 * 1024 * 1024  # what the system's buffers hold, and not what a client has
    assert b"200 OK" in whole(server, b"GET /v1/index HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")


def test_long_heads_that_end_and_many_at_once_are_read(server: Server) -> None:
    """A head of 50 kB in small pieces, and ten thousand requests that come together."""
    long = b"GET /v1/index HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Long: " + b"x" * 50_000 + b"\r\n\r\n"
    assert b"200 OK" in whole(server, *(long[at : at + 1_000] for at in range(0, len(long), 1_000)))
    last = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    found = whole(server, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * 10_000 + last)
    assert found.count(b"HTTP/1.1 200 OK") == 10_001


def whole(server: Server, *parts: bytes) -> bytes:
    """Send a request in ``parts`` and return all that comes back, reading while it is sent."""
    data = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        sender = threading.Thread(target=lambda: [connection.sendall(part) for part in parts], daemon=True)
        sender.start()
        while part := connection.recv(READ):
            data += part
        sender.join()
    return data


HOSTS: dict[bytes, int] = {
    b"HTTP/1.1\r\n": 400,
    b"HTTP/1.1\r\nHost: a\r\n": 200,
    b"HTTP/1.1\r\nHOST: a:8000\r\n": 200,
    b"HTTP/1.1\r\nHost: [::1]:8000\r\n": 200,
    b"HTTP/1.1\r\nHost:\r\n": 200,
    b"HTTP/1.1\r\nHost: a\r\nHost: a\r\n": 400,
    b"HTTP/1.1\r\nHost: a\r\nX-A: b\r\nhost: b\r\n": 400,
    b"HTTP/1.1\r\nHost: a\r\nHost: a\r\nHost: a\r\n": 400,
    b"HTTP/1.1\r\nHost: a b\r\n": 400,
    b"HTTP/1.1\r\nHost: a, b\r\n": 400,
    b"HTTP/1.1\r\nHost: user@a\r\n": 400,
    b"HTTP/1.1\r\nHost: a/b\r\n": 400,
    b"HTTP/1.1\r\nHost: a:b\r\n": 400,
    b"HTTP/1.1\r\nHost: http://a\r\n": 400,
    b"HTTP/1.1\r\nX-Forwarded-Host: a\r\n": 400,
    b"HTTP/1.0\r\n": 200,
    b"HTTP/1.0\r\nHost: a\r\n": 200,
    b"HTTP/1.0\r\nHost: a\r\nHost: b\r\n": 400,
}


def test_a_request_has_one_host(server: Server) -> None:
    for path in (b"/v1/index", b"/healthz", b"/v1/articles/a001", b"/nowhere"):
        for head, status in HOSTS.items():
            if status == 200 and path in (b"/v1/articles/a001", b"/nowhere"):
                continue
            data = whole(server, b"GET " + path + b" " + head + b"Connection: close\r\n\r\n")
            assert int(data.split()[1]) == status, (head, data)
            if status == 400:
                top, _, body = data.partition(b"\r\n\r\n")
                found = Problem.model_validate(orjson.loads(body))
                assert (found.status, found.code) == (400, "bad_host")
                assert b"nosniff" in top
                assert b"connection: close" in top.lower()
    for method in METHODS:
        data = whole(server, method + b" /v1/index HTTP/1.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        assert data.startswith(b"HTTP/1.1 400"), (method, data)


def test_nothing_behind_a_request_without_a_host_is_read(server: Server) -> None:
    """Who disagrees about the host may disagree about where a request ends."""
    bad = b"GET /healthz HTTP/1.1\r\n\r\n"
    good = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    assert whole(server, good).count(b"HTTP/1.1 ") == 1
    assert whole(server, bad + good).count(b"HTTP/1.1 ") == 1
