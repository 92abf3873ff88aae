"""The parts of uvicorn that api/uvicorn_adapter.py builds on, which another uvicorn may not have."""

import asyncio
import inspect
import signal
from collections.abc import Iterator
from importlib import import_module
from typing import Any
from unittest.mock import Mock

import pytest
import uvicorn

from api.uvicorn_adapter import MAX_HEAD, STARTUP_FAILURE, BoundedHead, Workers

PROTOCOL, SUPERVISOR = "uvicorn.protocols.http.httptools_impl.HttpToolsProtocol", "uvicorn.supervisors.Multiprocess"
PARTS = {
    f"{PROTOCOL}.data_received": ["self", "data"],
    f"{PROTOCOL}.on_message_begin": ["self"],
    f"{PROTOCOL}.on_headers_complete": ["self"],
    f"{PROTOCOL}.send_400_response": ["self", "msg"],
    f"{SUPERVISOR}.__init__": ["self", "config", "sockets"],
    f"{SUPERVISOR}.init_processes": ["self"],
    f"{SUPERVISOR}.keep_subprocess_alive": ["self"],
    f"{SUPERVISOR}.handle_int": ["self"],
    f"{SUPERVISOR}.run": ["self"],
}


def changed(path: str, what: str) -> str:
    return f"uvicorn {uvicorn.__version__}: {path} {what}; api/uvicorn_adapter.py builds on it and must be adapted"


@pytest.mark.parametrize("path", PARTS)
def test_uvicorn_has_the_part(path: str) -> None:
    module, owner, name = path.rsplit(".", 2)
    try:
        found = [*inspect.signature(getattr(getattr(import_module(module), owner), name)).parameters]
    except (ImportError, AttributeError) as error:
        pytest.fail(changed(path, f"is gone ({error})"))
    assert found[: len(PARTS[path])] == PARTS[path], changed(path, f"takes {found}, not {PARTS[path]}")


def test_uvicorn_calls_the_protocol_that_ends_a_long_head() -> None:
    async def received(chunks: list[bytes]) -> Any:
        config = uvicorn.Config(Mock(), http=BoundedHead, lifespan="off")
        config.load()
        transport = Mock()
        protocol = BoundedHead(config, uvicorn.Server(config).server_state, {})
        protocol.connection_made(transport)
        for chunk in chunks:
            protocol.data_received(chunk)
        return transport

    try:
        short, long = (
            asyncio.run(received([b"GET / HTTP/1.1\r\n", *[b"a: " + b"b" * 1_000 + b"\r\n"] * lines]))
            for lines in (10, MAX_HEAD // 1_000 + 1)
        )
    except (AttributeError, TypeError) as error:
        pytest.fail(changed(PROTOCOL, f"works in another way ({error})"))
    assert not short.write.called
    assert long.write.called, changed(PROTOCOL, "does not call on_message_begin, or is fed in another way")
    assert b"400 Bad Request" in b"".join(call.args[0] for call in long.write.call_args_list)
    assert long.close.called


@pytest.fixture
def signal_handlers() -> Iterator[None]:
    """A supervisor takes the signals of its process to itself."""
    before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    yield
    for number, handler in before.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@pytest.mark.usefixtures("signal_handlers")
def test_uvicorn_calls_the_supervisor_for_every_start_and_for_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    workers, called = Workers(uvicorn.Config(Mock(), workers=2), []), []
    monkeypatch.setattr(workers, "init_processes", lambda: called.append("init_processes"))
    monkeypatch.setattr(workers, "keep_subprocess_alive", lambda: (called.append("alive"), workers.should_exit.set()))
    try:
        workers.run()
        workers.signal_queue.append(2)
        workers.handle_signals()
    except (AttributeError, TypeError) as error:
        pytest.fail(changed(SUPERVISOR, f"works in another way ({error})"))
    assert called == ["init_processes", "alive"], changed(f"{SUPERVISOR}.run", "does not call what starts workers")
    assert workers.interrupted, changed(f"{SUPERVISOR}.handle_signals", "does not call handle_int for SIGINT")


def test_a_server_that_cannot_start_has_an_exit_status() -> None:
    assert isinstance(STARTUP_FAILURE, int), changed("uvicorn.config.STARTUP_FAILURE", "is no exit status")
    assert STARTUP_FAILURE != 0
