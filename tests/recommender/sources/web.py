"""A web server on 127.0.0.1 that answers what a test says, down to the byte."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Answer = bytes | Callable[[dict[str, str]], "bytes | Iterator[bytes]"]


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    lines = {"content-length": str(len(body)), **{key.replace("_", "-"): value for key, value in headers.items()}}
    head = "".join(f"{key}: {value}\r\n" for key, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}connection: close\r\n\r\n".encode() + body


@dataclass
class Web:
    """``paths``: what is answered; ``hits``: what was asked for, each with its headers."""

    port: int = 0
    paths: dict[str, Answer] = field(default_factory=dict)
    hits: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    connections: int = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def asked(self, path: str = "") -> list[str]:
        return [each for each, _ in self.hits if each != "/robots.txt" and (not path or each == path)]

    def serve(self, connection: socket.socket) -> None:
        self.connections += 1
        with connection:
            connection.settimeout(10)
            try:
                data = b""
                while b"\r\n\r\n" not in data:
                    if not (part := connection.recv(65536)):
                        return
                    data += part
                first, *lines = data.decode("latin-1").split("\r\n")
                headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
                path = first.split(" ")[1]
                self.hits.append((path, headers))
                found = self.paths.get(path, answer(b"not there", "404 Not Found"))
                made = found(headers) if callable(found) else found
                for piece in [made] if isinstance(made, bytes) else made:
                    connection.sendall(piece)
            except OSError:
                pass


@contextmanager
def web(**paths: Answer) -> Iterator[Web]:
    """Serve until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found = Web(listening.getsockname()[1], dict(paths))
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                thread = threading.Thread(target=found.serve, args=(connection,), daemon=True)
                threads.append(thread)
                thread.start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield found
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join(5)
            for thread in threads:
                thread.join(15)
