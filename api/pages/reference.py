"""The reference of the API: one page, made from its OpenAPI document, with examples that run where it is read."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from api.pages.front import newest
from api.pages.rendering import render
from recommender.errors import SnapshotError

DEMO_ID = "2025-07-first-deep-ship"
"""The article of the examples where nothing is published yet."""
DRAFT = {"title": "Dredging to start in June", "body": "The channel at Tesslemouth will be dug deeper."}
ARTICLE = {"title": "A second deep ship", "body": "It turned in the harbour on Sunday."}
ORDER = ("related", "articles", "index", "changes", "overrides", "probes")
"""Tags in the order in which people need them; others come behind."""
MEANINGS = {"id": "The article's id, a former id, or its URL."}
MAX_DEPTH = 6
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a field of a body: its name, its type in a few words, whether it is needed, what it means."""

    name: str
    kind: str
    needed: bool
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """A request that can be sent: ``path`` with its query, and a ``body`` of JSON or "" where there is none."""

    method: str
    path: str
    body: str
    keyed: bool

    def curl(self, site: str) -> str:
        """Return the command that sends it to the server at ``site``."""
        words = [f"curl '{site}{self.path}'"]
        if self.method not in ("GET", "POST"):
            words.append(f"-X {self.method}")
        if self.keyed:
            words.append("-H 'Authorization: Bearer KEY'")
        if self.body:
            words.append(f"--json '{self.body}'")
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: what it takes, what it answers, and an example of each."""

    anchor: str
    method: str
    path: str
    summary: str
    parameters: Sequence[Field]
    body: Sequence[Field]
    answers: Sequence[tuple[str, str]]
    answered: str
    example: Example


def page(request: Request) -> Response:
    """Return the page; its examples name an article that is in service."""
    document: Document = request.app.openapi()
    root = request.scope.get("root_path", "").rstrip("/")
    site = f"{request.url.scheme}://{request.url.netloc}{root}"
    groups: dict[str, list[Operation]] = {tag: [] for tag in ORDER if tag in _tags(document)}
    for operation, tag in operations(document, _some_id(request)):
        groups.setdefault(tag, []).append(operation)
    return render(request, "reference.html.j2", groups=groups, info=document["info"], site=site, root=root)


def operations(document: Document, identity: str) -> Iterator[tuple[Operation, str]]:
    """Yield the operations of an OpenAPI ``document``, each with its tag; examples are of the article ``identity``."""
    for path, methods in document["paths"].items():
        for method, found in methods.items():
            tag = next(iter(found.get("tags", ())), "more")
            success = next((status for status in sorted(found["responses"]) if status.startswith("2")), "")
            answer = _json_schema(found["responses"].get(success, {}))
            sent = _json_schema(found.get("requestBody", {}))
            example = _example(method.upper(), path, identity, bool(found.get("security")))
            operation = Operation(
                anchor=found["operationId"],
                method=method.upper(),
                path=path,
                summary=found.get("description", found.get("summary", "")),
                parameters=[_parameter(document, each) for each in found.get("parameters", ())],
                body=list(_fields(document, sent)),
                answers=[(status, each.get("description", "")) for status, each in found["responses"].items()],
                answered=json.dumps(_sample(document, answer), indent=2, ensure_ascii=False) if answer else "",
                example=example,
            )
            yield operation, tag


def _tags(document: Document) -> set[str]:
    return {tag for methods in document["paths"].values() for each in methods.values() for tag in each.get("tags", ())}


def _some_id(request: Request) -> str:
    try:
        cards, _ = newest(request.app.state.live.snapshot().corpus, "", 1)
    except SnapshotError:
        return DEMO_ID
    known = [card.id for card in cards]
    return DEMO_ID if DEMO_ID in known or not known else known[0]


def _example(method: str, path: str, identity: str, keyed: bool) -> Example:
    name = quote(identity, safe="")
    query, body = "", ""
    if path.endswith(("/related", "/related.html")):
        query = "?limit=3&explain=true" if path.endswith("/related") else "?limit=3"
    if path in ("/v1/related", "/v1/related.html") and method == "GET":
        query = f"?url={name}&limit=3"
    if (path, method) == ("/v1/related", "POST"):
        body = json.dumps(DRAFT)
    if path == "/v1/related:batch":
        body = json.dumps({"requests": [{"id": identity, "limit": 3}], "distinct": True})
    if method == "PUT":
        body = json.dumps({"pin": [], "block": []} if path.endswith("/overrides") else ARTICLE)
    if path.endswith(":bulk"):
        body = json.dumps({"id": "third-ship", **ARTICLE})
    if method in ("PUT", "DELETE") and not path.endswith("/overrides"):
        name = "second-ship"
    return Example(method, path.replace("{id}", name) + query, body.replace("'", "\\u0027"), keyed)


def _json_schema(holder: Document) -> Document:
    for kind, content in holder.get("content", {}).items():
        if "json" in kind and content.get("schema"):
            found: Document = content["schema"]
            return found
    return {}


def _parameter(document: Document, given: Document) -> Field:
    schema = given.get("schema", {})
    return Field(
        given["name"],
        _kind(document, schema),
        given.get("required", False),
        given.get("description", MEANINGS.get(given["name"], "")),
    )


def _fields(document: Document, schema: Document) -> Iterator[Field]:
    schema = _resolved(document, schema)
    for name, each in schema.get("properties", {}).items():
        yield Field(name, _kind(document, each), name in schema.get("required", ()), each.get("description", ""))


def _resolved(document: Document, schema: Document) -> Document:
    reference = schema.get("$ref", "")
    found: Document = document["components"]["schemas"][reference.rpartition("/")[2]] if reference else schema
    return found


def _kind(document: Document, schema: Document) -> str:
    """Return a type in a few words: its values, or its kind with its bounds and default."""
    whole = _resolved(document, schema)
    if options := whole.get("anyOf"):
        kinds = [_kind(document, each) for each in options if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if values := whole.get("enum"):
        return " | ".join(map(str, values))
    kind = whole.get("type", "any")
    if kind == "array":
        kind = f"several: {_kind(document, whole.get('items', {}))}"
    low, high = whole.get("minimum"), whole.get("maximum")
    bounds = f" {low}–{high}" if low is not None and high is not None else ""
    default = schema.get("default")
    said = f", default {json.dumps(default)}" if default not in (None, [], "") else ""
    return f"{kind}{bounds}{said}"


def _sample(document: Document, schema: Document, depth: int = 0) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Return an example of ``schema``, made from the examples of its parts."""
    whole = _resolved(document, schema)
    if examples := whole.get("examples"):
        return examples[0]
    if depth > MAX_DEPTH:
        return None
    if options := whole.get("anyOf"):
        return _sample(document, options[0], depth + 1)
    if values := whole.get("enum"):
        return values[0]
    if whole.get("type") == "array":
        return [_sample(document, whole.get("items", {}), depth + 1)]
    if properties := whole.get("properties"):
        return {name: _sample(document, each, depth + 1) for name, each in properties.items()}
    return whole.get(
        "default", {"string": "…", "integer": 0, "number": 0.5, "boolean": True}.get(whole.get("type", ""))
    )
