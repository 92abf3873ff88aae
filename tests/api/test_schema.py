"""The API keeps what its OpenAPI document promises, whatever is sent to it (schemathesis, every check)."""

import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

from api.keys import KeyRing
from api.requests import MAX_BATCH, MAX_ITEMS
from recommender.articles import Article
from recommender.text import clean
from recommender.text.markup.plain_text import plain
from tests.api.serving import application, served
from tests.conftest import DEMO, records

EXAMPLES = 500
KNOWN = [record.article for record in records(DEMO)[:20]]
OPERATIONS = [
    ("GET", "/v1/articles/{id}/related"),
    ("GET", "/v1/articles/{id}/related.html"),
    ("GET", "/v1/articles/{id}"),
    ("GET", "/v1/related"),
    ("GET", "/v1/related.html"),
    ("POST", "/v1/related"),
    ("POST", "/v1/related:batch"),
    ("GET", "/v1/index"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
]

BULK = "/v1/articles:bulk"
OVERRIDES = "/v1/articles/{id}/overrides"
READ = ("/v1/related", "/v1/articles/{id}")
"""What takes an article."""
KEYED = [
    ("PUT", "/v1/articles/{id}"),
    ("DELETE", "/v1/articles/{id}"),
    ("POST", BULK),
    ("GET", OVERRIDES),
    ("PUT", OVERRIDES),
]


def decidable(decided: dict[str, Any], article: Article) -> None:
    """Let pins and blocks name other articles that are there, none twice, at places of their own, and last."""
    others = iter([each.id for each in KNOWN if each is not article])
    for name in {"pin", "block"} & decided.keys():
        decided[name] = decided[name][: len(KNOWN) // 2 - 1]
        for number, part in enumerate(decided[name], start=1):
            part["id"] = next(others)
            if "position" in part:
                part["position"] = number
            if part.get("until"):
                part["until"] = "2099-12-31"


def readable(draft: dict[str, Any], known: Article) -> None:
    """Give a draft what no schema can demand: a word in one of its texts."""
    texts = [text for field in ("title", "teaser", "body") if isinstance(text := draft.get(field), str)]
    if not any(re.search(r"\w", plain(text)) for text in texts):
        draft["title"] = known.title


def in_the_calendar(values: dict[str, Any]) -> None:
    """Move moments away from the ends of the calendar: in UTC they may lie outside."""
    for name, value in values.items():
        if str(value).startswith(("0001-01-01", "9999-12-31")):
            values[name] = "2025-01-01T00:00:00Z"


@schemathesis.serializer("application/x-ndjson")
def lines(_: object, value: object) -> bytes:
    return str(value).encode(errors="replace")


def test_every_operation_is_tried(demo_store: Path) -> None:
    with served(demo_store) as client:
        paths = client.get("/openapi.json").json()["paths"]
    assert {(method.upper(), path) for path, methods in paths.items() for method in methods} == {*OPERATIONS, *KEYED}


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fits", "does-not-fit"])
@pytest.mark.parametrize(("method", "path"), [*OPERATIONS, *KEYED])
def test_whatever_is_sent(demo_store: Path, tmp_path: Path, method: str, path: str, mode: GenerationMode) -> None:
    """What needs a key is sent with one; schemathesis tries without one by itself."""
    keyed = (method, path) in KEYED
    store = shutil.copytree(demo_store, tmp_path / "store")
    key = {"Authorization": f"Bearer {KeyRing(store).new('fuzz')}"} if keyed else {}
    app = application(store, writes=keyed, max_body_kb=1_000_000)  # else what is too long hides what is wrong with it
    operation = schemathesis.openapi.from_asgi("/openapi.json", app)[path][method]
    if mode is GenerationMode.NEGATIVE and not (operation.query or operation.body):
        pytest.skip("it takes nothing that could not fit")
    excluded = [negative_data_rejection] if path == BULK else []  # of lines that do not fit each is told so, in a 200
    statuses = []

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def sent(case: Any) -> None:
        article, known = KNOWN[len(statuses) % len(KNOWN)], len(statuses) % 2 == 1
        if mode is GenerationMode.POSITIVE:
            fit(case, article, known=known)
        elif path == OVERRIDES and known:  # else what is wrong with the body does not matter
            case.path_parameters["id"] = article.id
        answer = case.call(headers=key)
        statuses.append(answer.status_code)
        case.validate_response(answer, headers=key, excluded_checks=excluded)

    app.state.live.start()
    sent()
    app.state.live.stop()
    assert len(statuses) >= EXAMPLES or not (operation.path_parameters or operation.query or operation.body)
    if mode is GenerationMode.POSITIVE and method != "DELETE":  # what is gone is not found again
        assert sum(status in (200, 202) for status in statuses) >= len(statuses) // 3


def fit(case: Any, article: Article, *, known: bool) -> None:
    """Give a request what no schema can demand; with ``known`` it is about an article that is there."""
    if known:  # in half of them, else hardly an answer would be a 200
        if "id" in case.path_parameters:
            case.path_parameters["id"] = article.id
        if "url" in case.query:
            case.query["url"] = article.url
    body = case.body if isinstance(case.body, dict) else {}
    if case.operation.path in READ:
        readable(body, article)
    if case.method == "PUT":
        name = clean(unquote(case.path_parameters["id"]))
        case.path_parameters["id"] = quote(name, safe="") if name.strip(".") else article.id  # dots are no path
    if case.operation.path == OVERRIDES:
        decidable(body, article)
    for asked in body.get("requests", ()):
        asked["limit"] = min(asked.get("limit", MAX_ITEMS), MAX_ITEMS // MAX_BATCH)  # together no more than may be
    for values in (case.query or {}, body, *body.get("requests", ())):
        in_the_calendar(values)
