"""The objects of a JSON document of any size, one at a time: nothing else of it is held in memory."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from recommender.errors import ArticleError, SourceError, shown
from recommender.sources.encodings import AsUtf8
from recommender.sources.items import Note
from recommender.sources.opened import Opened

MAX_OBJECT = 16 * 1024**2
"""Characters of one object's texts, bytes between two values, and bytes of a line."""
MAX_VALUES = 500_000
"""Values in one object."""
MAX_DEPTH = 200
ITEM = "[]"
"""What stands in a path for being in an array."""

JsonPath = tuple[str, ...]
_START = re.compile(rb"\[\s*[\[{\]]|\{\s*[\"}]")
_OPENING = (b"{", b"[")


@dataclass(frozen=True, slots=True)
class Found:
    """One object, and the keys that lead to it, ITEM for each array on the way."""

    path: JsonPath
    value: dict[str, Any]


def json_start(head: bytes) -> int:
    """Return where in ``head`` JSON begins, which warnings of a server may precede; -1 if it does not."""
    found = _START.search(head)
    return found.start() if found else -1


def objects(source: Opened, wanted: Callable[[JsonPath], bool]) -> Iterator[Found | Note | ArticleError]:
    """Yield the outermost objects whose path is ``wanted``, in order, of one JSON document or several in a row.

    What stands before the first one is skipped with a Note. A Note says where the document breaks off, too; where
    there is a value a line, a line that is no JSON is an ArticleError and the others are read.

    Raises SourceError if there is no JSON at all, or a value passes one of the limits above.
    """
    start = json_start(source.head)
    if start < 0:
        raise SourceError("no JSON in it", source.place)
    if before := source.head[:start].lstrip(b"\xef\xbb\xbf").strip():
        yield Note(f"what stands before the JSON is skipped: {shown(before.decode('utf-8', 'replace'))}", source.place)
    source.file.read(start)
    if _has_value_a_line(source.head[start:]):
        yield from _of_lines(source, source.head[:start].count(b"\n"), wanted)
    else:
        yield from _of_stream(source, wanted)


def _has_value_a_line(head: bytes) -> bool:
    line, ended, rest = head.partition(b"\n")
    if not ended or not rest.lstrip().startswith(_OPENING):
        return False
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _of_lines(source: Opened, number: int, wanted: Callable[[JsonPath], bool]) -> Iterator[Found | ArticleError]:
    while line := source.file.readline(MAX_OBJECT + 1):
        number += 1
        place = f"{source.place}:{number}"
        if len(line) > MAX_OBJECT:
            yield ArticleError(f"the line is longer than the limit of {MAX_OBJECT:,} bytes", place)
            while line and not line.endswith(b"\n"):
                line = source.file.readline(MAX_OBJECT)
        elif line.strip():
            try:
                value = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                yield ArticleError(f"not valid JSON ({error})", place)
                continue
            yield from _objects_in(value, wanted)


def _objects_in(value: object, wanted: Callable[[JsonPath], bool]) -> Iterator[Found]:
    waiting: list[tuple[JsonPath, object]] = [((), value)]
    while waiting:
        path, each = waiting.pop()
        if isinstance(each, dict):
            if wanted(path):
                yield Found(path, each)
            else:
                waiting += [((*path, key), inner) for key, inner in reversed(each.items())]
        elif isinstance(each, list):
            waiting += [((*path, ITEM), inner) for inner in reversed(each)]


def _of_stream(source: Opened, wanted: Callable[[JsonPath], bool]) -> Iterator[Found | Note]:
    import ijson  # type: ignore[import-untyped]

    file = _Metered(source.file, source.place)
    walker = _Walker(wanted, source.place)
    count = 0
    try:
        for event, value in ijson.basic_parse(file, multiple_values=True, use_float=True):
            file.since = 0
            if found := walker.take(event, value):
                count += 1
                yield found
    except ijson.JSONError as error:
        why = _sentence(error)
        if not count:
            raise SourceError(f"not valid JSON ({why})", source.place) from None
        told = f"the JSON breaks off after {count:,} objects ({why}): the rest is not read"
        yield Note(told, source.place, partial=True)
    if unreadable := file.unreadable:
        yield Note(f"{unreadable:,} characters are not valid UTF-8: they were replaced", source.place)


def _sentence(error: Exception) -> str:
    """The first line of what the parser says, without the piece of the document that follows."""
    first = error.args[0] if error.args else ""
    text = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    return (text.strip().splitlines() or ["unreadable"])[0].strip()


class _Metered:
    """A file of UTF-8 that ends with SourceError where a single value goes on for too long."""

    def __init__(self, file: BinaryIO, place: str) -> None:
        self.since = 0
        self._file = AsUtf8(file, "utf-8")
        self._place = place

    @property
    def unreadable(self) -> int:
        return self._file.decoded.unreadable

    def read(self, size: int = 64 * 1024) -> bytes:
        data = self._file.read(size)
        self.since += len(data)
        if self.since > MAX_OBJECT:
            told = f"a value is longer than the limit of {MAX_OBJECT:,} bytes: the rest is not read"
            raise SourceError(told, self._place)
        return data


class _Walker:
    """Follows a parser's events, and builds the objects that are wanted."""

    def __init__(self, wanted: Callable[[JsonPath], bool], place: str) -> None:
        self._wanted = wanted
        self._place = place
        self._path: list[str] = []
        self._open: list[tuple[Any, str]] = []
        """The containers being built, and the key that comes next in each."""
        self._found_at: JsonPath = ()
        self._values = self._characters = 0

    def take(self, event: str, value: Any) -> Found | None:  # noqa: ANN401 - any JSON value
        """Return the object that ends with this event, if one does."""
        if self._open:
            return self._build(event, value)
        if event == "start_map" and self._wanted(tuple(self._path)):
            self._found_at = tuple(self._path)
            self._open.append(({}, ""))
            self._values = self._characters = 0
        elif event == "start_map":
            self._descend("")
        elif event == "start_array":
            self._descend(ITEM)
        elif event == "map_key":
            self._path[-1] = value
        elif event in ("end_map", "end_array"):
            self._path.pop()
        return None

    def _descend(self, key: str) -> None:
        self._path.append(key)
        self._check(len(self._path) > MAX_DEPTH, f"it is nested more than {MAX_DEPTH} levels deep")

    def _build(self, event: str, value: Any) -> Found | None:  # noqa: ANN401 - any JSON value
        if event == "map_key":
            self._open[-1] = (self._open[-1][0], value)
            self._measure(value)
        elif event in ("start_map", "start_array"):
            inner: dict[str, Any] | list[Any] = {} if event == "start_map" else []
            self._put(inner)
            self._open.append((inner, ""))
            self._check(len(self._open) > MAX_DEPTH, f"it is nested more than {MAX_DEPTH} levels deep")
        elif event in ("end_map", "end_array"):
            done, _ = self._open.pop()
            return None if self._open else Found(self._found_at, done)
        else:
            self._put(value)
            self._measure(value)
        return None

    def _put(self, value: object) -> None:
        container, key = self._open[-1]
        if isinstance(container, list):
            container.append(value)
        else:
            container[key] = value
        self._values += 1
        self._check(self._values > MAX_VALUES, f"an object holds more than {MAX_VALUES:,} values")

    def _measure(self, value: object) -> None:
        if isinstance(value, str):
            self._characters += len(value)
            self._check(self._characters > MAX_OBJECT, f"an object holds more than {MAX_OBJECT:,} characters")

    def _check(self, passed: bool, told: str) -> None:
        if passed:
            raise SourceError(f"{told}: the rest is not read", self._place)
