"""One Chromium for all tests that need one, and small web servers for it to visit."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--remote-debugging-port=0",
]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address at which the one browser of this session is spoken to."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: make setup-browser")
    profile = f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"
    with subprocess.Popen([CHROMIUM, *FLAGS, profile], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = next((m for line in process.stderr if (m := re.search(r"ws://\S+", line))), None)
        assert found, "Chromium does not start"
        Thread(target=process.stderr.read, daemon=True).start()  # else it would wait for somebody to read
        try:
            yield found.group()
        finally:
            process.kill()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """The browser, by a connection of the module's own.

    Playwright leaves a running event loop in its thread as long as it is there: no other module's tests could have one.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        connected = started.chromium.connect_over_cdp(chromium)
        yield connected
        connected.close()


class Reply(NamedTuple):
    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = {}


@contextmanager
def web_server(answer: Callable[[str], Reply]) -> Iterator[str]:
    """Serve what ``answer`` says of a path with its query, on this machine; yield the origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply = answer(self.path)
            try:
                self.send_response(reply.status)
                for name, value in {"Content-Type": reply.content_type, **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)
            except ConnectionError:
                pass  # the page waited no longer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
