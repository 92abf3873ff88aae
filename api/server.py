"""Running the server: one process, or several on one socket, ended by Ctrl-C with what is in flight answered."""

import socket
import sys
from typing import Any

import uvicorn

from api.uvicorn_adapter import STARTUP_FAILURE, Workers
from recommender.errors import RecommenderError

APPLICATION = "api.app:from_settings"


class ServerError(RecommenderError):
    """The server cannot listen where it was told to."""


def run_server(host: str, port: int, workers: int, **options: Any) -> None:  # noqa: ANN401 - uvicorn's options
    """Serve until SIGINT or SIGTERM. As ``uvicorn.run``, but that SIGINT ends in KeyboardInterrupt.

    Raises ServerError if the address is none of this machine, KeyboardInterrupt after SIGINT; exits with uvicorn's
    STARTUP_FAILURE where it cannot start.
    """
    check_address(host, port)
    config = uvicorn.Config(APPLICATION, factory=True, host=host, port=port, workers=workers, **options)
    if workers > 1:
        supervisor = Workers(config, [config.bind_socket()])
        supervisor.run()
        if supervisor.interrupted:
            raise KeyboardInterrupt
        return
    config.load_app()
    server = uvicorn.Server(config)
    server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def check_address(host: str, port: int) -> None:
    """Raise ServerError, naming the two, unless a socket can listen at ``host`` and ``port``."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ServerError(
            f"--host {host} --port {port}: {reason}; name an address of this machine that is free"
        ) from None
