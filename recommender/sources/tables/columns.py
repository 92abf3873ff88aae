"""From the columns of a table to the fields of an entry."""

import ast
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import Any
from uuid import UUID

from recommender.articles.values import is_none
from recommender.errors import SourceError
from recommender.sources.field_names import squeezed
from recommender.sources.options import ReadOptions

_AS_TEXT = (UUID, timedelta, IPv4Address, IPv6Address, IPv4Interface, IPv6Interface, IPv4Network, IPv6Network)
_MAX_LIST = 100_000
"""Characters of a cell that may be a list written as text."""


class Columns:
    """The columns of one table, called ``names``; the unnamed ones count if they hold something.

    Raises SourceError where two have one name.
    """

    def __init__(self, names: Sequence[str], options: ReadOptions, place: str) -> None:
        stripped = [name.strip() for name in names]
        twice = [name for name, count in Counter(stripped).items() if name and count > 1]
        if twice:
            listed = ", ".join(f"{name!r}" for name in twice)
            raise SourceError(f"several columns have one name: {listed}; the columns are {_listed(stripped)}", place)
        self.names = [name or f"column {number}" for number, name in enumerate(stripped, start=1)]
        self._unnamed = {name for name, given in zip(self.names, stripped, strict=True) if not given}
        curated = {*options.curated_keys, *(options.fields.get(key, "") for key in ("related", options.curated_key))}
        self._curated = {name for name in self.names if name in curated or squeezed(name) in map(squeezed, curated)}

    def fields(self, cells: Sequence[object]) -> dict[str, Any]:
        """Return the fields of the row that holds ``cells``; an empty one is None, a list written as text a list."""
        fields = {}
        for name, cell in zip(self.names, cells, strict=True):
            value = None if isinstance(cell, str) and not cell.strip() else cell
            if isinstance(value, str):
                value = _list_of(value, is_curated=name in self._curated)
            if name not in self._unnamed or not is_none(value):
                fields[name] = value
        return fields


def plain_value(value: object) -> Any:  # noqa: ANN401 - what JSON has
    """Return ``value`` of a typed column as JSON has it: a date in ISO 8601, in UTC where it has no zone.

    Bytes that are UTF-8 are text; others, and what is of an unknown kind, are None.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if value == value else None
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _number(value)
    return _inner(value)


def _inner(value: object) -> Any:  # noqa: ANN401
    if isinstance(value, bytes | bytearray | memoryview):
        try:
            return bytes(value).decode("utf-8")
        except UnicodeDecodeError:
            return None
    if isinstance(value, Mapping):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        if value and all(isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str) for item in value):
            return {key: plain_value(item) for key, item in value}  # how Parquet gives a map
        return [plain_value(item) for item in value]
    return str(value) if isinstance(value, _AS_TEXT) else None


def _number(value: Decimal) -> int | float | None:
    if not value.is_finite() or value.adjusted() > 400:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _list_of(cell: str, *, is_curated: bool) -> object:
    """Return the list that ``cell`` spells: as JSON, as Python, and in the curated column also between bars."""
    text = cell.strip()
    if len(text) > _MAX_LIST:
        return cell
    if text[:1] == "[" and text[-1:] == "]":
        for read in (json.loads, ast.literal_eval) if text[1:2] in "]'\"0123456789 " else (json.loads,):
            try:
                found = read(text)
            except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
                continue
            if isinstance(found, list) and all(isinstance(item, str | int | float | dict | None) for item in found):
                return found
    if is_curated:
        between = next((sign for sign in "|;" if sign in text), "")
        if between:
            return [part.strip() for part in text.split(between) if part.strip()]
    return cell


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name or "(unnamed)" for name in names[:100])
