"""Logs: one line an event, as JSON or plain, each with the id of the request it belongs to."""

import logging
import os
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from typing import Any, Literal, TextIO

import orjson

log = logging.getLogger(__name__)

Style = Literal["json", "plain"]

_WORDS = "%s method=%s route=%s status=%d ms=%.3f bytes=%d request_id=%s\n"

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that this task or thread works for."""

Line = tuple[float, str, str, int, float, int, str]
"""UNIX time, method, route, status, milliseconds, bytes, request id."""

_SANE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:+/=@-]{0,127}")


class RequestIds:
    """Gives every request its id: the one its client or proxy gave if that is short and harmless, else a new one."""

    def __init__(self) -> None:
        self._process = os.urandom(8).hex()
        self._made = count(1)

    def id_for(self, given: bytes | None) -> str:
        """Return the id; a new one is 32 hex digits, half of them random for the process, half counted."""
        if given is not None and _SANE.fullmatch(given):
            return given.decode("ascii")
        return f"{self._process}{next(self._made):016x}"


class AccessLog:
    """One line a request: as JSON, or for people. Lines are ``waiting`` a moment, to be written many at once.

    Like the ``buffer`` and ``flush`` of nginx's access_log: a write each would cost as much as the whole answer.
    """

    def __init__(self, style: Style, stream: TextIO | None = None) -> None:
        self._write = _json if style == "json" else _words
        self._stream = stream
        self.waiting: list[Line] = []

    def flush(self) -> None:
        """Write what waits. What cannot be written is dropped: a full disk must not end the service."""
        lines, self.waiting = self.waiting, []
        stream = self._stream or sys.stdout
        try:
            stream.write("".join(map(self._write, lines)))
            stream.flush()
        except (OSError, ValueError, AttributeError) as error:  # full, closed, or there is none
            log.error("the access log cannot be written: %s", error)


def _json(line: Line) -> str:
    """Fill in a template: to make JSON of a dictionary takes three times as long.

    Nothing needs escaping: routes are templates of the application, ids and methods are checked.
    """
    at, method, route, status, ms, length, identity = line
    second = int(at)
    if not method.isalpha():
        method = "other"
    return (
        f'{{"time":"{_stamp(second, "T")}.{int((at - second) * 1e6):06d}Z","logger":"api.access","method":"{method}",'
        f'"route":"{route}","status":{status},"ms":{ms:.3f},"bytes":{length},"request_id":"{identity}"}}\n'
    )


def _words(line: Line) -> str:
    at, *rest = line
    return _WORDS % (_stamp(int(at), " "), *rest)


@lru_cache(4)
def _stamp(second: int, between: str) -> str:
    return datetime.fromtimestamp(second, UTC).strftime(f"%Y-%m-%d{between}%H:%M:%S")


class JsonLines(logging.Formatter):
    """A log record as one line of JSON: time, level, logger, message, and the request it was written for."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (identity := request_id.get()) is not None:
            line["request_id"] = identity
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str, option=orjson.OPT_UTC_Z).decode()


class Plain(logging.Formatter):
    """A log record as a line for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the request id at its end."""
        identity = request_id.get()
        return super().format(record) + (f" request_id={identity}" if identity else "")


def config(style: Style) -> dict[str, Any]:
    """Return the logging configuration (of ``logging.config``) of a server: all to stderr, access lines apart."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": f"{__name__}.{'JsonLines' if style == 'json' else 'Plain'}"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {name: {"level": "INFO"} for name in ("api", "index", "recommender", "uvicorn")},
    }
