"""YAML as text: scalars stay as they are written, and what could exhaust memory or run code is refused.

YAML's own rules would make ``false`` of a tag ``no`` and 1.1 of a title ``1.10``; only nulls and truth values are read.
"""

from collections.abc import Iterator
from typing import Any

import yaml

MAX_DEPTH = 50
MAX_VALUES = 20_000
"""Values of one document, those that aliases repeat included: ten times those of the longest front matter."""

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))
_STANDARD = "tag:yaml.org,2002:"
_HARMLESS = frozenset(_STANDARD + name for name in "str int float bool null timestamp seq map omap set binary".split())


class YamlFault(Exception):
    """The text cannot be read; ``line`` counts from 0."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def yaml_value(text: str, *, lenient: bool = False) -> Any:  # noqa: ANN401 - any value of YAML
    """Return the first document of ``text``: dicts with text keys, lists, texts, True, False and None.

    ``lenient``: a tag that is not YAML's own stands for nothing instead of being refused, as in MkDocs' settings.
    Raises YamlFault where it is not YAML, nested more than MAX_DEPTH deep, or over MAX_VALUES values.
    """
    try:
        return _Builder(text, lenient).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlFault(f"not valid YAML ({error.problem or error.context})", mark.line if mark else 0) from None
    except yaml.YAMLError as error:
        reason = getattr(error, "reason", "") or "it cannot be read"
        raise YamlFault(f"not valid YAML ({reason})", _line_of(text, error)) from None
    except UnicodeError:
        raise YamlFault("not valid YAML (it holds half of a surrogate pair)", 0) from None


def _line_of(text: str, error: yaml.YAMLError) -> int:
    position = getattr(error, "position", None)
    return text.encode(errors="replace")[:position].count(b"\n") if isinstance(position, int) else 0


class _Builder:
    """Builds one document from the parser's events, counting depth and size on the way."""

    def __init__(self, text: str, lenient: bool) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self._lenient = lenient
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._count = 0

    def document(self) -> Any:  # noqa: ANN401
        for event in self._events:
            if isinstance(event, yaml.NodeEvent):
                return self._value(event, 0)
        return None

    def _value(self, event: Any, depth: int) -> Any:  # noqa: ANN401
        if depth > MAX_DEPTH:
            raise YamlFault(f"nested more than {MAX_DEPTH} levels deep", event.start_mark.line)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        self._add(1, event)
        before = self._count
        self._check_tag(event)
        if isinstance(event, yaml.ScalarEvent):
            value: Any = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._list(depth)
        else:
            value = self._mapping(depth)
        if event.anchor:
            self._anchors[event.anchor] = (value, self._count - before + 1)
        return value

    def _add(self, count: int, event: Any) -> None:  # noqa: ANN401
        self._count += count
        if self._count > MAX_VALUES:
            raise YamlFault(f"more than {MAX_VALUES:,} values, counting what aliases repeat", event.start_mark.line)

    def _alias(self, event: Any) -> Any:  # noqa: ANN401
        if event.anchor not in self._anchors:
            raise YamlFault(f"the alias *{event.anchor} stands for nothing before it", event.start_mark.line)
        value, size = self._anchors[event.anchor]
        self._add(size, event)
        return value

    def _check_tag(self, event: Any) -> None:  # noqa: ANN401
        if event.tag and event.tag not in _HARMLESS and event.tag != "!" and not self._lenient:
            shown = event.tag.replace(_STANDARD, "!!", 1)[:100]
            raise YamlFault(f"the tag {shown} is refused: only plain values are read", event.start_mark.line)

    def _scalar(self, event: Any) -> Any:  # noqa: ANN401
        text = event.value
        if event.tag and event.tag not in _HARMLESS:
            return None if event.tag != "!" else text
        if event.style or (event.tag and not event.tag.endswith((":bool", ":null"))):
            return text
        return None if text in _NULLS else True if text in _TRUE else False if text in _FALSE else text

    def _list(self, depth: int) -> list[Any]:
        items = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._value(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: list[Any] = []
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                raise YamlFault("a key is no text (is a text with {, [ or * in want of quotes?)", event.start_mark.line)
            self._add(1, event)
            value = self._value(next(self._events), depth + 1)
            if event.value == "<<" and not event.style:
                merged += value if isinstance(value, list) else [value]
            else:
                found[event.value] = value
        for other in merged:
            if isinstance(other, dict):
                found = {**other, **found}
        return found
