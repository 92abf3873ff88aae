"""YAML that people write, read node by node: every fault is named by its line, and nothing is built but plain values.

Anchors and aliases, which can blow a small text up to any size, are not read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches

import yaml

from recommender.articles import parse_time
from recommender.errors import RulesError
from recommender.text import clean

MAX_DEPTH = 10
"""Levels of lists and mappings in each other: the forms that are read have five."""
_SHOWN = 80
_NULLS = ("", "~", "null", "Null", "NULL")
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Field:
    """The value of one key of a mapping, and what to call it in a message."""

    name: str
    node: yaml.Node


def compose(text: str) -> yaml.Node | None:
    """Return the root node of the only document in ``text``, None where there is none.

    Raises RulesError, its place the line, on what is no YAML, on aliases, and on more than MAX_DEPTH levels.
    """
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = len(_BREAK.findall(text, 0, error.position)) + 1
        raise RulesError(
            f"not valid YAML: the character U+{error.character:04X} may not stand here", str(line)
        ) from None
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise RulesError(f"not valid YAML: {error.problem} in {_written(text, line)}", str(line)) from None
    except (ValueError, OverflowError):  # of numbers in escapes and directives, which PyYAML converts unchecked
        line = loader.line + 1
        message = f"not valid YAML: a number out of range in {_written(text, line)}"
        raise RulesError(message, str(line)) from None
    finally:
        loader.dispose()


def fields(value: Field, known: Sequence[str]) -> dict[str, Field]:
    """Return the values of a mapping by key. Raises RulesError unless every key is ``known`` and stands once."""
    node = value.node
    if not isinstance(node, yaml.MappingNode) or node.tag != f"{_TAG}map":
        raise wrong(value, f"a mapping with some of the keys {', '.join(known)}")
    found: dict[str, Field] = {}
    for key, item in node.value:
        prefix = f"{value.name}: " if value.name else ""
        if not isinstance(key, yaml.ScalarNode) or key.value not in known:
            raise RulesError(f"{prefix}{_unknown(key, known)}", str(line_of(key)))
        if key.value in found:
            first = next(line_of(each) for each, _ in node.value if each.value == key.value)
            message = f"{prefix}the key {key.value!r} stands twice, first on line {first}; expected once"
            raise RulesError(message, str(line_of(key)))
        found[key.value] = Field(f"{value.name}.{key.value}" if value.name else key.value, item)
    return found


def items(value: Field) -> list[yaml.Node] | None:
    """Return the nodes of a list, None where the value is none."""
    node = value.node
    if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
        return list(node.value)
    return None


def strings(value: Field) -> tuple[str, ...]:
    """Return a string or a list of strings, each once. A whole number is the string that is written."""
    nodes = items(value)
    found = (_string(Field(value.name, node)) for node in ([value.node] if nodes is None else nodes))
    return tuple(dict.fromkeys(found))


def sentence(value: Field) -> str:
    """Return a string that says something."""
    text = clean(value.node.value) if _is(value.node, "str") else ""
    if not text:
        raise wrong(value, "a string that is not empty")
    return text


def flag(value: Field) -> bool:
    """Return true or false."""
    found = yaml.SafeLoader.bool_values.get(value.node.value.lower()) if _is(value.node, "bool") else None
    if found is None:
        raise wrong(value, "true or false")
    return found


def moment(value: Field) -> datetime:
    """Return a date or time, in UTC: ISO 8601 as articles have it, or YAML's own."""
    node = value.node
    try:
        if _is(node, "str", "timestamp"):
            return parse_time(node.value)
    except ValueError:
        if (found := _timestamp(node)) is not None:
            return found
    raise wrong(value, "a date or time such as 2027-01-31 or 2027-01-31T18:00+01:00")


def absent(node: yaml.Node) -> bool:
    """Say whether nothing is written where a value may stand."""
    return _is(node, "null") and node.value in _NULLS


def line_of(node: yaml.Node) -> int:
    """Return the line on which ``node`` begins, from 1."""
    return int(node.start_mark.line) + 1


def wrong(value: Field, expected: str) -> RulesError:
    """Return the error of a value that is not what was ``expected``."""
    name = value.name or "the document"
    return RulesError(f"{name} is {_described(value.node)}, expected {expected}", str(line_of(value.node)))


def short(text: str) -> str:
    """Return ``text``, cut where it is too long for a message."""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


class _Loader(yaml.SafeLoader):
    """Composes nodes, refusing aliases and absurd depth before anything recurses into them."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise RulesError(f"the alias *{short(str(event.anchor))} is not read, write it out", _line(event))
        if self.depth == MAX_DEPTH:
            raise RulesError(f"nested more than {MAX_DEPTH} levels deep", _line(event))
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _written(text: str, line: int) -> str:
    """The line of ``text`` that a mark counts as this one, from 1; lines end as they do for YAML."""
    found = _BREAK.split(text)[line - 1 : line]
    return short(repr(found[0].strip() if found else ""))


def _line(event: yaml.Event) -> str:
    return str(event.start_mark.line + 1 if event.start_mark else 1)


def _is(node: yaml.Node, *kinds: str) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag in {f"{_TAG}{kind}" for kind in kinds}


def _string(value: Field) -> str:
    text = clean(value.node.value) if _is(value.node, "str", "int") else ""
    if not text:
        raise wrong(value, "a string or a list of strings, none empty (in quotes what could be read as anything else)")
    return text


def _timestamp(node: yaml.Node) -> datetime | None:
    """A time in a form that YAML reads but ISO 8601 does not know, such as ``2027-1-31 18:00:00 +1``."""
    if not isinstance(node, yaml.ScalarNode) or not _is(node, "timestamp"):
        return None
    try:
        found = yaml.constructor.SafeConstructor().construct_yaml_timestamp(node)
        if not isinstance(found, datetime):
            found = datetime(found.year, found.month, found.day)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, AttributeError):  # the last: tagged as a time, but nothing like one
        return None


def _unknown(key: yaml.Node, known: Sequence[str]) -> str:
    near = get_close_matches(str(key.value)[:_SHOWN], known, n=1)
    guess = f"; did you mean {near[0]!r}?" if near else ""
    return f"unknown key {_described(key)}, expected one of {', '.join(known)}{guess}"


def _described(node: yaml.Node) -> str:
    if isinstance(node, yaml.SequenceNode):
        return "a list" if node.value else "an empty list"
    if isinstance(node, yaml.MappingNode):
        return "a mapping" if node.value else "an empty mapping"
    if _is(node, "null"):
        return "empty" if not node.value else short(node.value)
    return short(repr(node.value)) if _is(node, "str") else short(node.value)
