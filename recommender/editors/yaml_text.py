"""YAML that people write, as plain values, and where each was read: so that every fault is named by its line.

Aliases, which can blow a small text up to any size, are refused; so are deep nesting and keys that stand twice.
"""

import re

import yaml

from recommender.articles import parse_time
from recommender.errors import RulesError
from recommender.text import clean

MAX_DEPTH = 10
"""Levels of lists and mappings in each other: the forms that are read have five."""
_SHOWN = 80
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_TAG = "tag:yaml.org,2002:"

Path = tuple[str | int, ...]
"""The keys of mappings and the indices of lists that lead from the document to a value."""


class Places(dict[Path, tuple[yaml.Node, yaml.Node]]):
    """The nodes of each value's key, or its own where it has none, and of the value; of what is missing, from what."""

    def __missing__(self, path: Path) -> tuple[yaml.Node, yaml.Node]:
        return self[path[:-1]]


def read_yaml(text: str) -> tuple[object, Places]:
    """Return what ``text`` says, and where. Without a document in it there are no places either.

    The values are dict, list, bool, datetime in UTC, and str, cleaned as those of articles are; whatever is none of
    these, such as a number or nothing at all, is left as its node. Raises RulesError, its place the line, on what is
    no YAML, on aliases, on more than MAX_DEPTH levels, and on a key that stands twice.
    """
    root, places = _compose(text), Places()
    return root and _value(root, (), places, root), places


def line_of(node: yaml.Node) -> int:
    """Return the line on which ``node`` begins, from 1."""
    return int(node.start_mark.line) + 1


def is_nothing(value: object) -> bool:
    """Say whether nothing is written where ``value`` may stand."""
    if isinstance(value, yaml.ScalarNode) and value.tag == f"{_TAG}null":
        return value.value in ("", "~", "null", "Null", "NULL")
    return value is None


def whole_number(value: object) -> str | None:
    """Return the digits of a whole number as they are written, None where ``value`` is anything else."""
    return value.value if isinstance(value, yaml.ScalarNode) and value.tag == f"{_TAG}int" else None


def shown(node: yaml.Node) -> str:
    """Return what stands at ``node`` as a message names it: in quotes where it is a string, cut where it is long."""
    if isinstance(node, yaml.ScalarNode):
        return _short(repr(node.value) if node.tag == f"{_TAG}str" else node.value or "empty")
    kind = "list" if isinstance(node, yaml.SequenceNode) else "mapping"
    return f"a {kind}" if node.value else f"an empty {kind}"


class _Loader(yaml.SafeLoader):
    """Composes nodes, refusing aliases and absurd depth before anything recurses into them."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        line = str(event.start_mark.line + 1 if event.start_mark else 1)
        if isinstance(event, yaml.AliasEvent):
            raise RulesError(f"the alias *{_short(str(event.anchor))} is not read, write it out", line)
        if self.depth == MAX_DEPTH:
            raise RulesError(f"nested more than {MAX_DEPTH} levels deep", line)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _compose(text: str) -> yaml.Node | None:
    """Return the root of the only document in ``text``, None where there is none."""
    try:
        loader = _Loader(text)
        return loader.get_single_node()
    except yaml.reader.ReaderError as error:
        line = len(_BREAK.findall(text, 0, error.position))
        problem = f"the character U+{error.character:04X} may not stand"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, problem = mark.line if mark else 0, str(error.problem)
    except (ValueError, OverflowError):  # of numbers in escapes and directives, which PyYAML converts unchecked
        line, problem = loader.line, "a number out of range"
    written = "".join(_BREAK.split(text)[line : line + 1]).strip()
    raise RulesError(f"not valid YAML: {problem} in {_short(repr(written))}", str(line + 1))


def _value(node: yaml.Node, path: Path, places: Places, key: yaml.Node) -> object:
    """Return the value of ``node``, and note the place of it and of all within it."""
    places[path] = key, node
    match node, node.tag.removeprefix(_TAG):
        case yaml.MappingNode(), "map":
            return _mapping(node, path, places)
        case yaml.SequenceNode(), "seq":
            return [_value(item, (*path, index), places, item) for index, item in enumerate(node.value)]
        case yaml.ScalarNode(), "str":
            return clean(node.value)
        case yaml.ScalarNode(), "bool":
            return yaml.SafeLoader.bool_values.get(node.value.lower(), node)
        case yaml.ScalarNode(), "timestamp":
            try:
                found = yaml.constructor.SafeConstructor().construct_yaml_timestamp(node)
                return parse_time(found.isoformat())
            except (ValueError, AttributeError):  # the latter: tagged as a time, but nothing like one
                return node
    return node


def _mapping(node: yaml.MappingNode, path: Path, places: Places) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, item in node.value:
        written = key.value if isinstance(key, yaml.ScalarNode) else shown(key)
        name = written.encode("utf-8", "replace").decode()  # half characters, which an escape may be
        if name in found:
            first = line_of(places[*path, name][0])
            message = f"the key {shown(key)} stands twice, first on line {first}; expected once"
            raise RulesError(message, str(line_of(key)))
        found[name] = _value(item, (*path, name), places, key)
    return found


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
