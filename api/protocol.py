"""HTTP as the server speaks it: uvicorn's protocol on httptools, with a bound on what stands before a body."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 65_536
"""Bytes of a request's line and headers; httptools itself would go on reading them for ever."""


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
