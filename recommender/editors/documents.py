"""What editors decided, as JSON: the form in which the catalog keeps it, a snapshot carries it, and HTTP speaks of it.

``{"pin": [{"id", "position", "until"}], "block": [{"id", "until"}], "mode": "fill" | "replace"}``, moments in
ISO 8601, UTC.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from recommender.articles import parse_time
from recommender.editors.overrides import Block, Editorial, Fill, Overrides, Pin


def document_of(overrides: Overrides) -> dict[str, Any]:
    """Return ``overrides`` as JSON."""
    return {
        "pin": [{"id": pin.id, "position": pin.position, "until": _written(pin.until)} for pin in overrides.pins],
        "block": [{"id": block.id, "until": _written(block.until)} for block in overrides.blocks],
        "mode": overrides.mode.value,
    }


def overrides_of(document: object) -> Overrides:
    """Return the overrides that ``document_of`` wrote. Raises ValueError naming what it could not have written."""
    pins, blocks, mode = _fields(document, "pin", "block", "mode")
    return Overrides(
        tuple(_pin(item) for item in _expected(list, pins)),
        tuple(_block(item) for item in _expected(list, blocks)),
        Fill(mode),
    )


def editorial_document(editorial: Editorial) -> dict[str, Any]:
    """Return ``editorial`` as JSON, in one order whatever it was given in."""
    overrides = {name: document_of(editorial.overrides[name]) for name in sorted(editorial.overrides)}
    return {"rules": editorial.text, "overrides": overrides}


def editorial_of(document: object) -> Editorial:
    """Return the editorial that ``editorial_document`` wrote. Raises ValueError, or RulesError."""
    rules, overrides = _fields(document, "rules", "overrides")
    items = _expected(dict, overrides).items()
    return Editorial.of(_expected(str, rules), {name: overrides_of(item) for name, item in items})


def _pin(item: object) -> Pin:
    identity, position, until = _fields(item, "id", "position", "until")
    return Pin(_expected(str, identity), _expected(int, position), _read(until))


def _block(item: object) -> Block:
    identity, until = _fields(item, "id", "until")
    return Block(_expected(str, identity), _read(until))


def _fields(document: object, *names: str) -> list[Any]:
    if not isinstance(document, Mapping) or set(document) != set(names):
        raise ValueError(f"expected an object of {', '.join(names)}, found {document!r:.80}")
    return [document[name] for name in names]


def _expected(kind: type, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds, of the kind asked for
    if type(value) is not kind:
        raise ValueError(f"expected {kind.__name__}, found {value!r:.80}")
    return value


def _written(until: datetime | None) -> str | None:
    return until.astimezone(UTC).isoformat() if until else None


def _read(until: object) -> datetime | None:
    return None if until is None else parse_time(_expected(str, until))
