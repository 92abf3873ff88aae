"""What editors decided, as JSON: the form in which the catalog keeps it, a snapshot carries it, and HTTP speaks of it.

``{"pin": [{"id", "position", "until"}], "block": [{"id", "until"}], "mode": "fill" | "replace"}``, moments in
ISO 8601, UTC; no key is missing, and there is no other.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from recommender.editors.overrides import Editorial, Overrides

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Editorial:
    rules: str
    overrides: Mapping[str, Overrides]


_OVERRIDES, _EDITORIAL = TypeAdapter(Overrides), TypeAdapter(_Editorial)


def document_of(overrides: Overrides) -> dict[str, Any]:
    """Return ``overrides`` as JSON."""
    return _written(_OVERRIDES, overrides)


def overrides_of(document: object) -> Overrides:
    """Return the overrides that ``document_of`` wrote. Raises ValueError naming what it could not have written."""
    return _read(_OVERRIDES, document)


def editorial_document(editorial: Editorial) -> dict[str, Any]:
    """Return ``editorial`` as JSON, in one order whatever it was given in."""
    return _written(_EDITORIAL, _Editorial(editorial.text, dict(sorted(editorial.overrides.items()))))


def editorial_of(document: object) -> Editorial:
    """Return the editorial that ``editorial_document`` wrote. Raises ValueError, or RulesError."""
    found = _read(_EDITORIAL, document)
    return Editorial.from_text(found.rules, found.overrides)


def _written(adapter: TypeAdapter[_T], value: _T) -> dict[str, Any]:
    document: dict[str, Any] = adapter.dump_python(value, mode="json", by_alias=True)
    return document


def _read(adapter: TypeAdapter[_T], document: object) -> _T:
    """Return what ``document`` says. Raises ValueError naming the place, unless it would be written again the same."""
    try:
        found = adapter.validate_json(json.dumps(document), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the document"
        raise ValueError(f"{place}: {first['msg']}, found {first['input']!r:.80}") from None
    if (same := _written(adapter, found)) != document:
        raise ValueError(f"expected {same!r:.200}, found {document!r:.200}")
    return found
