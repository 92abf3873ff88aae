"""The API keeps what its OpenAPI document promises, whatever is sent to it (schemathesis, every check)."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from api.keys import KeyRing
from recommender.article import Article
from tests.api.serving import application, served
from tests.conftest import DEMO, records

EXAMPLES = 500
KNOWN = [record.article for record in records(DEMO)[:20]]
OPERATIONS = [
    ("GET", "/v1/articles/{id}/related"),
    ("GET", "/v1/articles/{id}"),
    ("GET", "/v1/related"),
    ("POST", "/v1/related"),
    ("POST", "/v1/related:batch"),
    ("GET", "/v1/index"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
]

OVERRIDES = "/v1/articles/{id}/overrides"
KEYED = [
    ("PUT", "/v1/articles/{id}"),
    ("DELETE", "/v1/articles/{id}"),
    ("POST", "/v1/articles:bulk"),
    ("GET", OVERRIDES),
    ("PUT", OVERRIDES),
]


def readable(draft: dict[str, Any], known: Article) -> None:
    """Give a draft what no schema can demand: a word somewhere, and addresses that can be parsed."""
    texts = [draft.get(field) or "" for field in ("title", "teaser", "body")] + (draft.get("teasers") or [])
    if not re.search(r"\w", " ".join(texts)):
        draft["title"] = known.title
    for name in ("url", "canonical_url"):
        if draft.get(name) is not None:
            draft[name] = known.url


def in_the_calendar(values: dict[str, Any]) -> None:
    """Move moments away from the ends of the calendar: in UTC they may lie outside."""
    for name, value in values.items():
        if str(value).startswith(("0001-01-01", "9999-12-31")):
            values[name] = "2025-01-01T00:00:00Z"


@schemathesis.serializer("application/x-ndjson")
def lines(_: object, value: object) -> bytes:
    return str(value).encode(errors="replace")


@pytest.fixture(scope="module")
def schema(demo_store: Path) -> Iterator[Any]:
    app = application(demo_store, max_body_kb=1_000_000)  # else what is too long hides what is wrong with it
    app.state.live.start()
    yield schemathesis.openapi.from_asgi("/openapi.json", app)
    app.state.live.stop()


def test_every_operation_is_tried(demo_store: Path) -> None:
    with served(demo_store) as client:
        paths = client.get("/openapi.json").json()["paths"]
    assert {(method.upper(), path) for path, methods in paths.items() for method in methods} == {*OPERATIONS, *KEYED}


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fits", "does-not-fit"])
@pytest.mark.parametrize(("method", "path"), KEYED)
def test_whatever_needs_a_key(demo_store: Path, tmp_path: Path, method: str, path: str, mode: GenerationMode) -> None:
    """With a key, on a store of its own: never an error of the server, and what is promised is kept."""
    store = shutil.copytree(demo_store, tmp_path / "store")
    key = {"Authorization": f"Bearer {KeyRing(store).new('fuzz')}"}
    app = application(store, writes=True, max_body_kb=1_000_000)
    app.state.live.start()
    operation = schemathesis.openapi.from_asgi("/openapi.json", app)[path][method]
    if mode is GenerationMode.NEGATIVE and not operation.body:
        pytest.skip("it takes nothing that could not fit")
    statuses = []

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def sent(case: Any) -> None:
        if path == OVERRIDES and len(statuses) % 2:  # else every answer would be a 404
            case.path_parameters["id"] = KNOWN[len(statuses) % len(KNOWN)].id
        answer = case.call(headers=key)
        statuses.append(answer.status_code)
        assert answer.status_code < 500
        case.validate_response(answer, checks=[response_schema_conformance, content_type_conformance])

    sent()
    app.state.live.stop()
    assert len(statuses) >= EXAMPLES


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fits", "does-not-fit"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_whatever_is_sent(schema: Any, method: str, path: str, mode: GenerationMode) -> None:
    operation = schema[path][method]
    if mode is GenerationMode.NEGATIVE and not (operation.query or operation.body):
        pytest.skip("it takes nothing that could not fit")
    statuses = []

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def sent(case: Any) -> None:
        known = KNOWN[len(statuses) % len(KNOWN)]
        if mode is GenerationMode.POSITIVE and len(statuses) % 2:  # else hardly an answer would be a 200
            if "id" in case.path_parameters:
                case.path_parameters["id"] = known.id
            if "url" in case.query:
                case.query["url"] = known.url
        if mode is GenerationMode.POSITIVE:
            body = case.body if isinstance(case.body, dict) else {}
            if path == "/v1/related":
                readable(body, known)
            for values in (case.query or {}, body, *body.get("requests", ())):
                in_the_calendar(values)
        answer = case.call()
        statuses.append(answer.status_code)
        case.validate_response(answer)

    sent()
    assert len(statuses) >= EXAMPLES or not operation.query
    if mode is GenerationMode.POSITIVE:
        assert statuses.count(200) >= len(statuses) // 3
