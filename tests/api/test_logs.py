"""Request ids and log lines: one a request, by route, with nothing a client could smuggle in."""

import io
import logging
import re
import sys
from pathlib import Path

import orjson
import pytest

from api.cli import server_options
from api.logs import AccessLog, JsonLines, Plain, RequestIds, config, request_id
from recommender.settings import Settings
from tests.api.serving import served
from tests.conftest import DEMO, records

ARTICLE = records(DEMO)[0].article.id
PATH = f"/v1/articles/{ARTICLE}/related"


@pytest.mark.parametrize(
    "given", ["a", "4f6c1c7d-0fce-4d1d-b4a4-d6b1f3a5f0f7", "Root=1-67891233-abcdef012345678912345678", "a" * 128]
)
def test_a_sane_request_id_is_kept(demo_store: Path, given: str) -> None:
    with served(demo_store) as client:
        for path in (PATH, PATH, "/nothing"):
            assert client.get(path, headers={"x-request-id": given}).headers["x-request-id"] == given
        assert client.get("/nothing", headers={"x-request-id": given}).json()["request_id"] == given


@pytest.mark.parametrize("given", ["", "a" * 129, "a b", 'a"b', "a\tb", "é", "<script>", "-x", "{}", "a,b"])
def test_any_other_is_replaced(given: str) -> None:
    found = RequestIds().id_for(given.encode())
    assert re.fullmatch("[0-9a-f]{32}", found)


def test_made_ids_are_all_different() -> None:
    makers = [RequestIds() for _ in range(20)]
    assert len({maker.id_for(None) for maker in makers for _ in range(500)}) == 10_000


def test_one_line_a_request(demo_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [
        ("GET", PATH, "/v1/articles/{id}/related", 200),
        ("GET", PATH, "/v1/articles/{id}/related", 200),
        ("HEAD", PATH, "/v1/articles/{id}/related", 200),
        ("GET", f"/v1/articles/{ARTICLE}", "/v1/articles/{id}", 200),
        ("GET", "/v1/articles/secret-thing/related?token=secret", "/v1/articles/{id}/related", 404),
        ("GET", "/secret", "none", 404),
        ("PUT", PATH, "/v1/articles/{id}/related", 405),
        ("POST", "/v1/related", "/v1/related", 422),
        ("GET", "/healthz", "/healthz", 200),
    ]
    with served(demo_store, access_log=True) as client:
        answers = [client.request(method, path, headers={"accept-encoding": "br"}) for method, path, _, _ in asked]
    lines = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [(m, r, s) for m, _, r, s in asked]
    assert [line["request_id"] for line in lines] == [answer.headers["x-request-id"] for answer in answers]
    for line, answer in zip(lines, answers, strict=True):
        assert list(line) == ["time", "logger", "method", "route", "status", "ms", "bytes", "request_id"]
        assert line["bytes"] == (0 if line["method"] == "HEAD" else int(answer.headers["content-length"]))
        assert 0 < line["ms"] < 60_000
    assert "secret" not in str(lines)


def test_plain_lines_and_none(demo_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served(demo_store, access_log=True, log_format="plain") as client:
        client.get("/healthz", headers={"x-request-id": "abc"})
    line = capsys.readouterr().out
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d method=GET route=/healthz status=200 ms=[\d.]+ bytes=15 request_id=abc\n", line
    )
    with served(demo_store) as client:  # the tests' default: no access log
        client.get("/healthz")
    assert capsys.readouterr().out == ""


def test_a_request_that_breaks_is_logged_as_500(
    demo_store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommender.recommender.Recommender.related", lambda *_, **__: 1 / 0)
    with served(demo_store, access_log=True, strict=False) as client:
        client.get(PATH)
    (line,) = capsys.readouterr().out.splitlines()
    assert (orjson.loads(line)["status"], orjson.loads(line)["route"]) == (500, "/v1/articles/{id}/related")


def test_many_lines_are_written_at_once_and_none_is_lost(demo_store: Path) -> None:
    class Counting(io.StringIO):
        writes = 0

        def write(self, text: str) -> int:
            self.writes += 1
            return super().write(text)

    stream = Counting()
    with served(demo_store) as client:
        client.app.outermost._log = AccessLog("json", stream)  # type: ignore[attr-defined]
        for _ in range(300):
            client.get("/healthz")
    assert len(stream.getvalue().splitlines()) == 300
    assert 1 <= stream.writes < 150


class Full(io.StringIO):
    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [Full(), closed(), None], ids=["full", "closed", "none"])
def test_a_log_that_cannot_be_written_does_not_stop_the_service(
    demo_store: Path, stream: io.StringIO | None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)  # as in a process started without one
    monkeypatch.setattr("api.observe.FLUSH_ANSWERS", 2)
    with served(demo_store) as client:
        client.app.outermost._log = AccessLog("json", stream)  # type: ignore[attr-defined]
        assert [client.get("/healthz").status_code for _ in range(5)] == [200] * 5
    assert "cannot be written" in caplog.text


def test_other_log_lines_name_their_request(
    demo_store: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lines = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(orjson.loads(JsonLines().format(record)))

    def broken(*_: object, **__: object) -> None:
        logging.getLogger("recommender.test").warning("in a %s", "thread")
        raise RuntimeError("secret")

    monkeypatch.setattr("recommender.recommender.Recommender.related", broken)
    handler = Keep()
    logging.getLogger().addHandler(handler)
    try:
        with served(demo_store, strict=False) as client:
            client.get(PATH, headers={"x-request-id": "abc"})
    finally:
        logging.getLogger().removeHandler(handler)
    mine = {line["message"]: line for line in lines if line.get("request_id") == "abc"}
    assert mine["in a thread"]["level"] == "warning"
    assert "RuntimeError: secret" in mine["unexpected error"]["exception"]
    assert request_id.get() is None


def record_of(message: str, failure: bool = False) -> logging.LogRecord:
    try:
        raise ValueError("x")
    except ValueError:
        info = sys.exc_info() if failure else None
    return logging.LogRecord("api.x", logging.INFO, "f", 1, "%s", (message,), info)


def test_a_line_of_json_is_one_line_whatever_it_says() -> None:
    for message in ("a\nb", 'a"b', "é\u2028", "\x00", "\x1b[31m"):
        text = JsonLines().format(record_of(message, failure=True))
        assert "\n" not in text
        assert orjson.loads(text)["message"] == message
        assert "ValueError" in orjson.loads(text)["exception"]


def test_plain_lines_name_the_request_too() -> None:
    token = request_id.set("abc")
    try:
        assert Plain().format(record_of("hello")).endswith(" INFO api.x: hello request_id=abc")
    finally:
        request_id.reset(token)
    assert Plain().format(record_of("hello")).endswith(" INFO api.x: hello")


@pytest.mark.parametrize(("style", "formatter"), [("json", JsonLines), ("plain", Plain)])
def test_the_servers_logging_configuration_is_one(style: str, formatter: type[logging.Formatter]) -> None:
    from logging.config import DictConfigurator

    made = DictConfigurator(config(style))  # type: ignore[arg-type]
    assert isinstance(made.configure_formatter(made.config["formatters"]["lines"]), formatter)
    options = server_options(Settings(log_format=style, shutdown_seconds=7))  # type: ignore[arg-type]
    assert options["log_config"] == config(style)  # type: ignore[arg-type]
    assert (options["access_log"], options["timeout_graceful_shutdown"]) == (False, 7)
