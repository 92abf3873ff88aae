r"""Paths into a source's records: ``content.rendered``, ``tags[*].name``, ``authors.0.name``, ``meta\.title``."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

MISSING: Final = object()
"""What is found where a record has no such path; None is a value."""
EACH = "*"
DEPTH = 4
"""How many steps deep the paths that ``paths_in`` lists go."""
_WIDTH = 20
"""How many items of one list it looks at."""
_PARTS = re.compile(r"\[(\*|\d+)\]|((?:\\.|[^.\\\[]|\\|\[(?!(?:\*|\d+)\]))+)")


@dataclass(frozen=True)
class FieldPath:
    r"""Where a value stands in a record: keys and positions between dots.

    ``[0]`` or ``0`` is a position in a list, ``[*]`` each item of it. A dot that belongs to a key is written ``\.``; a
    key that is spelt like the path, or like a part of it, is found first.
    """

    text: str

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The keys and positions, in order."""
        return tuple(index or key.replace("\\.", ".") for index, key in _PARTS.findall(self.text))

    def of(self, record: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any value of a record
        """Return what stands there in ``record``, a list where the path names each item of one, or MISSING."""
        return record[self.text] if self.text in record else _follow(record, self.steps)

    def without(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``record`` without what stands there; what a path through a list names stays."""
        if self.text in record:
            return {key: value for key, value in record.items() if key != self.text}
        return _without(record, self.steps)


def paths_in(record: Mapping[str, Any], depth: int = DEPTH) -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of all that stands in ``record``, lists and objects opened, at most ``depth`` steps deep."""
    for key, value in record.items():
        path = key.replace(".", "\\.")
        yield from _paths_below(path, value, depth - 1)


def _paths_below(path: str, value: object, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value and depth:
        for below, inner in paths_in(value, depth):
            yield f"{path}.{below}", inner
    elif isinstance(value, list) and depth and any(isinstance(item, Mapping) for item in value[:_WIDTH]):
        for item in value[:_WIDTH]:
            if isinstance(item, Mapping):
                yield from _paths_below(f"{path}[*]", item, depth)
    else:
        yield path, value


def _follow(value: object, steps: tuple[str, ...]) -> object:
    if not steps:
        return value
    if isinstance(value, Mapping):
        for count in range(len(steps), 0, -1):  # the longest key first
            key = ".".join(steps[:count])
            if key in value and (found := _follow(value[key], steps[count:])) is not MISSING:
                return found
    elif isinstance(value, list | tuple):
        if steps[0] == EACH:
            found_items = [found for item in value if (found := _follow(item, steps[1:])) is not MISSING]
            return found_items if found_items or not value else MISSING
        if steps[0].isascii() and steps[0].isdecimal() and int(steps[0][:9]) < len(value):
            return _follow(value[int(steps[0][:9])], steps[1:])
    return MISSING


def _without(record: Mapping[str, Any], steps: tuple[str, ...]) -> dict[str, Any]:
    rest = dict(record)
    for count in range(len(steps), 0, -1):
        key = ".".join(steps[:count])
        if key not in rest:
            continue
        inner = rest[key]
        if count == len(steps):
            del rest[key]
        elif isinstance(inner, Mapping):
            rest[key] = _without(inner, steps[count:])
            if not rest[key]:
                del rest[key]
        break
    return rest
