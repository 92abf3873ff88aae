"""One JSON value from its bytes: strictly if it can be, else as Python, pandas and hand-written files spell it."""

import json
from collections.abc import Mapping
from typing import Any

import orjson

from recommender.errors import shown
from recommender.sources.field_names import SYNONYMS, squeezed
from recommender.sources.field_paths import MISSING, FieldPath

MAX_NESTING = 50
_TITLES = frozenset(squeezed(name) for name in ("title", *SYNONYMS["title"]) if name != "name")
_BODIES = frozenset(squeezed(name) for name in ("body", *SYNONYMS["body"]))
_IDS = frozenset(squeezed(name) for field in ("id", "url") for name in (field, *SYNONYMS[field]))
_DATES = frozenset(squeezed(name) for name in ("published_at", *SYNONYMS["published_at"]) if name != "published")
_WRAPPERS = ("_source", "node", "attributes")
"""In which search engines, GraphQL and Strapi put a record; its id stands beside them."""
_ERRORS = ("message", "error", "errors")


def decode(raw: bytes) -> tuple[Any, str]:
    """Return the value that ``raw`` holds, and a note, empty if it is strict JSON.

    NaN and infinities become None, a lone surrogate the replacement character; a raw control character in a text stays.
    Of a key that stands twice in one object the later counts. Raises ValueError that says what is wrong.
    """
    try:
        return orjson.loads(raw), ""
    except orjson.JSONDecodeError as error:
        strict = str(error)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte 0x{raw[error.start]:02x} is not UTF-8") from None
    try:
        value = json.loads(text, strict=False, parse_constant=lambda _: None, parse_float=_number)
    except RecursionError:
        raise ValueError(f"nested more than {MAX_NESTING} levels deep") from None
    except ValueError:
        raise ValueError(f"not valid JSON ({strict})") from None
    return _readable(value, 0), f"not strict JSON ({strict.partition(':')[0]}): read all the same"


def as_record(value: object) -> object:
    """Return the record that ``value`` is or wraps."""
    if not isinstance(value, Mapping):
        return value
    inner = next((value[key] for key in _WRAPPERS if isinstance(value.get(key), Mapping)), None)
    if inner is None or likeness(value):
        return value
    return {**{key: item for key, item in value.items() if key not in _WRAPPERS}, **inner}


def likeness(value: object, mapped: tuple[FieldPath, ...] = ()) -> int:
    """Say how much ``value`` is like an article: 2 has a title and more, 1 has a text or a title, 0 not at all.

    ``mapped``: paths that the operator named as fields; what has most of them is an article.
    """
    if not isinstance(value, Mapping):
        return 0
    if 2 * sum(path.of(value) is not MISSING for path in mapped) > len(mapped):
        return 2
    keys = {squeezed(key) for key, item in value.items() if item is not None}
    named, texts, known = keys & _TITLES, keys & _BODIES, keys & _IDS
    if named and (texts or known or keys & _DATES):
        return 2
    return 1 if known and texts else 0


def has_body(value: Mapping[str, Any]) -> bool:
    """Say whether the record has a key under which bodies stand."""
    return any(squeezed(key) in _BODIES for key in value)


def holds_articles(value: object, mapped: tuple[FieldPath, ...] = (), depth: int = 4) -> bool:
    """Say whether somewhere in ``value`` is a list whose first object is like an article, or an article under a key."""
    if depth == 0:
        return False
    if isinstance(value, Mapping):
        inner = [item for item in value.values() if isinstance(item, dict | list)]
        return any(is_member(item, mapped) or holds_articles(item, mapped, depth - 1) for item in inner)
    if not isinstance(value, list):
        return False
    first = next((item for item in value if isinstance(item, dict | list)), None)
    return likeness(as_record(first), mapped) > 0 or holds_articles(first, mapped, depth - 1)


def is_member(value: object, mapped: tuple[FieldPath, ...] = ()) -> bool:
    """Say whether ``value`` is an article even though it stands in no list: it has a body."""
    record = as_record(value)
    return isinstance(record, Mapping) and likeness(record, mapped) > 0 and has_body(record)


def error_message(value: object) -> str:
    """Return what ``value`` says if it is what a server answers instead of an article, else ""."""
    if not isinstance(value, Mapping) or likeness(value) or not any(value.get(key) for key in _ERRORS):
        return ""
    return f"an error message in place of an article: {shown(dict(value))}"


def _number(text: str) -> float | None:
    number = float(text)
    return number if abs(number) < float("inf") else None


def _readable(value: Any, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    if depth > MAX_NESTING:
        raise ValueError(f"nested more than {MAX_NESTING} levels deep")
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_readable(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_readable(key, depth): _readable(item, depth + 1) for key, item in value.items()}
    return value
