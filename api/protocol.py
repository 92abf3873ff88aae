"""HTTP as the server speaks it: uvicorn's protocol on httptools, with a bound on what stands before a body."""

import re
from collections.abc import Sequence

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 65_536
"""Bytes of a request's line and headers; httptools itself would go on reading them for ever."""

_HOST = re.compile(rb"(?:\[[0-9A-Za-z:.%_~-]+\]|[0-9A-Za-z.%_~!$&'()*+,;=\x80-\xff-]*)(?::[0-9]*)?")


def host_fault(hosts: Sequence[bytes], version: str) -> str | None:
    """Say what is wrong with the values of a request's headers ``Host``, None if nothing is (RFC 9112, 3.2).

    There is one, and it is a host with or without a port; HTTP/1.0 may do without.
    """
    if len(hosts) > 1:
        return f"the request has {len(hosts)} Host headers, expected one"
    if not hosts:
        return "the request has no Host header" if version == "1.1" else None
    return None if _HOST.fullmatch(hosts[0]) else "the Host header is no host, with or without a port"


class BoundedHead(HttpToolsProtocol):
    """Ends the connection of a client whose request's head grows beyond MAX_HEAD, give or take what comes at once."""

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
