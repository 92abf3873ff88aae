"""A transport for httpx2 that connects only to addresses that were checked, and ends in time.

A host is resolved and checked where the connection is made, and the connection goes to what was checked: an answer of
DNS that changes in between has no effect. Names stay in ``Host`` and in TLS, so certificates are verified as always.
"""

import ssl
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from typing import Any

import httpcore2
import httpx2

from recommender.errors import SourceError
from recommender.sources.fetch.addresses import Resolver, Target, addresses_of

MAX_TRIED = 4
"""Addresses of one host that are tried."""
IDLE_SECONDS = 15.0


class Deadline:
    """Until when the request that is under way must have ended; all reads and writes of it share the rest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = float("inf")

    def start(self, seconds: float) -> None:
        """Begin a request."""
        self._until = self._clock() + seconds

    def left(self, wanted: float | None = None) -> float:
        """Return how many seconds are left, at most ``wanted``. Raises ReadTimeout if there are none."""
        rest = self._until - self._clock()
        if rest <= 0:
            raise httpcore2.ReadTimeout("the request takes too long")
        return rest if wanted is None else min(wanted, rest)


class CheckedTransport(httpx2.BaseTransport):
    """Sends requests over connections that ``_Backend`` makes, for plain HTTP/1.1, without proxies."""

    def __init__(self, resolver: Resolver, allowed: Collection[str], deadline: Deadline) -> None:
        self._pool = httpcore2.ConnectionPool(
            ssl_context=_tls(),
            max_connections=4,
            max_keepalive_connections=4,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_Backend(resolver, allowed, deadline),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request. Raises SourceError, and httpcore2's errors."""
        url = request.url
        answer = self._pool.handle_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx2.Response(answer.status, headers=answer.headers, stream=_Body(answer), request=request)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


@cache
def _tls() -> ssl.SSLContext:
    """Certificates as the client's own library checks them, without heeding the environment."""
    return httpx2.create_ssl_context(trust_env=False)


class _Body(httpx2.SyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Backend(httpcore2.NetworkBackend):
    """Makes connections: the only place from which the network is reached."""

    def __init__(self, resolver: Resolver, allowed: Collection[str], deadline: Deadline) -> None:
        self._resolver, self._allowed, self._deadline = resolver, allowed, deadline
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        target = Target("https" if port == 443 else "http", host.strip("[]"), port, "/")
        error: Exception | None = None
        for address in addresses_of(target, self._resolver, self._allowed)[:MAX_TRIED]:
            try:
                wait = self._deadline.left(timeout)
                stream = self._sockets.connect_tcp(address, port, wait, local_address, socket_options)
                return _Stream(stream, self._deadline)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as failed:
                error = failed
        raise error or SourceError(f"the host {host} has no address", target.url)

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore2.NetworkStream:  # noqa: ANN401 - whatever is asked
        raise httpcore2.ConnectError("no socket of this machine is connected to")


class _Stream(httpcore2.NetworkStream):
    """A connection on which nothing takes longer than the request may."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        wait = self._deadline.left(timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, wait), self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - of the library
        return self._stream.get_extra_info(info)
