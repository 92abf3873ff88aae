"""What is built on parts of uvicorn that are not in its documentation: all of it is in this module.

``tests/api/test_uvicorn_adapter.py`` says which part is missing or changed in another uvicorn.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker

from uvicorn.config import STARTUP_FAILURE
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.supervisors import Multiprocess

__all__ = ["MAX_HEAD", "STARTUP_FAILURE", "BoundedHead", "Workers"]

MAX_HEAD = 65_536
"""Bytes of a request's line and headers; httptools itself would go on reading them for ever."""


class BoundedHead(HttpToolsProtocol):
    """uvicorn's HTTP protocol on httptools; it ends the connection of a client that sends a longer head than MAX_HEAD.

    The bytes in which a head began are not counted.
    """

    _requests = 0
    _in_head = False
    _length = 0
    """Bytes that came since a head began, without those in which it began."""

    def data_received(self, data: bytes) -> None:
        """Read what came."""
        before = self._requests if self._in_head else -1
        super().data_received(data)
        if self._in_head and self._requests == before:  # nothing but more of the same head
            self._length += len(data)
            if self._length > MAX_HEAD:
                self.send_400_response("The request's line and headers are too long.")

    def on_message_begin(self) -> None:
        """Begin to read a head."""
        super().on_message_begin()
        self._requests += 1
        self._in_head, self._length = True, 0

    def on_headers_complete(self) -> None:
        """Let the request be answered."""
        self._in_head = False
        super().on_headers_complete()


class Workers(Multiprocess):
    """uvicorn's supervisor of worker processes. Ctrl-C reaches it alone: it tells the workers to stop."""

    interrupted = False

    def init_processes(self) -> None:
        """Start the workers."""
        with _sigint_blocked():
            super().init_processes()

    def keep_subprocess_alive(self) -> None:
        """Start another worker for one that died."""
        with _sigint_blocked():
            super().keep_subprocess_alive()

    def handle_int(self) -> None:
        """Stop, and remember that it was for SIGINT."""
        self.interrupted = True
        super().handle_int()


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Hold SIGINT back; processes that are started meanwhile never get it, not even while they import."""
    resource_tracker.ensure_running()  # starting it later would end the block
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
