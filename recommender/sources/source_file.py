"""``related.toml``: how a site's sources are read, in a table ``[source]``, so that no command need say it again."""

import tomllib
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_type_hints

from recommender.errors import SourceError, shown
from recommender.sources.opened import read_regular
from recommender.sources.options import ReadOptions

NAME = "related.toml"
MAX_BYTES = 1_000_000
TABLE = "source"
_KNOWN = {each.name.replace("_", "-"): each.name for each in fields(ReadOptions)}
_KINDS = {
    str: "a text in quotes",
    int: "a whole number",
    float: "a number",
    dict: "a table of texts",
    tuple: "a list of texts",
}


def read_options(path: Path) -> ReadOptions:
    """Return what the table ``[source]`` of ``path`` says, the defaults for what it does not; all of them without one.

    Keys are the names of the commands' options (``related-selector``); ``[source.fields]`` is what ``--field`` says.
    Raises OSError, SourceError naming key, value and what was expected.
    """
    try:
        document = tomllib.loads(read_regular(path, MAX_BYTES).decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"not valid TOML ({error})", str(path)) from None
    table = document.get(TABLE, {})
    if not isinstance(table, dict):
        raise SourceError(f"[{TABLE}] is {shown(table)}, expected a table", str(path))
    return replace(ReadOptions(), **{_name(key, path): _value(key, value, path) for key, value in table.items()})


def _name(key: str, path: Path) -> str:
    known = _KNOWN.get(key.replace("_", "-"))
    if known is None:
        near = get_close_matches(key, _KNOWN, 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise SourceError(f"[{TABLE}] has no key {key!r}{meant} Known: {', '.join(_KNOWN)}", str(path))
    return known


def _value(key: str, value: Any, path: Path) -> Any:  # noqa: ANN401 - whatever TOML holds
    kind = get_type_hints(ReadOptions)[_name(key, path)]
    kind = kind if kind in (str, int, float) else tuple if getattr(kind, "__origin__", None) is tuple else dict
    if kind is tuple and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if kind is dict and isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return value
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind in (str, int) and isinstance(value, kind) and not isinstance(value, bool):
        return value
    raise SourceError(f"{TABLE}.{key} is {shown(value)}, expected {_KINDS[kind]}", str(path))
