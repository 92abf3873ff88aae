"""The objects in JSON documents, each with where it stands, read as a stream."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from recommender.errors import SourceError
from recommender.sources.field_paths import EACH, FieldPath
from recommender.sources.json_scanner import CutError, Scanner
from recommender.sources.json_values import (
    MAX_NESTING,
    as_record,
    decode,
    has_body,
    holds_articles,
    is_member,
    likeness,
)
from recommender.sources.jsonl import MAX_LINE

DEPTH = 5
"""How many keys and positions deep articles are looked for, where the operator does not say where they are."""
ITEM = "[*]"
MAX_HOLDER = 2 * 1024**2
"""Bytes of an object in no list up to which it is looked at as a whole; of a larger one only what is in it."""
_MAX_KEY = 1024
_MAX_KEYS = 50


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at ``place``: a value, or in ``error`` why it cannot be read. ``note``: what was put right.

    ``path`` is the way to it, with ITEM for any position and EACH for any key; ``likeness`` says how like an article it
    is; ``size`` is in bytes.
    """

    path: tuple[str, ...]
    place: str
    value: Any
    size: int
    likeness: int = 0
    note: str = ""
    error: str = ""


class Walk:
    """Goes through the documents of ``scanner``; ``mapped`` are paths that the operator named as fields.

    ``cut`` is where the text ended within a value, "" if it did not; ``keys``: where the first keys of objects stand.
    Positions count from 0.
    """

    def __init__(self, scanner: Scanner, mapped: tuple[FieldPath, ...] = ()) -> None:
        self.cut = ""
        self.keys: dict[str, None] = {}
        self._scanner = scanner
        self._mapped = mapped
        self._here = ""
        self._articles: set[tuple[str, ...]] = set()

    def all(self) -> Iterator[Found]:
        """Yield what may be an article, in all documents: items of lists, and a document that is one itself."""
        yield from self._documents(lambda place: self._any((), place))

    def at(self, path: str) -> Iterator[Found]:
        """Yield what stands at ``path``; where that is a list, its items. ``item``, ``*``: any of them."""
        steps = tuple(EACH if step == "item" else step for step in FieldPath(path).steps)
        yield from self._documents(lambda place: self._at(steps, place))

    def _documents(self, read: Callable[[str], Iterator[Found]]) -> Iterator[Found]:
        number = 1
        try:
            while self._scanner.peek():
                self._here = f"document {number}"
                if self._scanner.peek() not in ("[", "{"):
                    self._scanner.fail("a list or an object")
                yield from read(f"document {number}: " if number > 1 else "")
                number += 1
                self._scanner.skip(",\x1e")  # the latter separates documents in RFC 7464
        except CutError:
            self.cut = self._here

    def _any(self, path: tuple[str, ...], place: str) -> Iterator[Found]:
        first = self._scanner.peek()
        if first == "[" and len(path) < DEPTH:
            for below in self._items(place):
                yield from self._any((*path, ITEM), below)
        elif first == "{" and len(path) <= DEPTH:
            yield from self._object(path, place)
        elif first == "[" or (path and path[-1] != ITEM):
            self._scanner.pass_over()
        else:
            yield self._whole(path, place)

    def _object(self, path: tuple[str, ...], place: str) -> Iterator[Found]:
        is_member_of_object = bool(path) and path[-1] != ITEM
        limit = MAX_LINE if path[-1:] == (ITEM,) else MAX_HOLDER
        try:
            raw = self._scanner.value(limit)
        except CutError:
            if path in self._articles:
                raise
            raw = None  # what is cut may be what holds the articles
        found = None if raw is None else self._read(path, place, raw)
        if found and (len(path) == DEPTH or self._is_whole(found)):
            self._scanner.advance(found.size)
            if not is_member_of_object:
                yield found
            elif is_member(found.value, self._mapped):
                yield self._read((*path[:-1], EACH), place, raw or b"")
            return
        count = 0
        for key, below in self._members(place):
            for each in self._any((*path, key), below):
                count += 1
                yield each
        if raw is None and not count and not is_member_of_object:
            yield _too_long(path, place, limit)

    def _is_whole(self, found: Found) -> bool:
        """Say whether nothing is to be looked for within it."""
        if found.error:
            return found.path[-1:] == (ITEM,)
        if found.likeness and found.path and (found.path[-1] == ITEM or is_member(found.value, self._mapped)):
            return True
        if found.likeness and has_body(found.value):
            return True
        return not holds_articles(found.value, self._mapped)

    def _at(self, steps: tuple[str, ...], place: str, depth: int = 0) -> Iterator[Found]:
        first = self._scanner.peek()
        if first == "[" and depth < MAX_NESTING:
            yield from self._at_items(steps, place, depth + 1)
        elif not steps:
            yield self._whole((), place)
        elif first == "{":
            for key, below in self._members(place):
                if (rest := _behind(key, steps)) is None:
                    self._scanner.pass_over()
                else:
                    yield from self._at(rest, below, depth)
        else:
            self._scanner.pass_over()

    def _at_items(self, steps: tuple[str, ...], place: str, depth: int) -> Iterator[Found]:
        is_position = bool(steps) and steps[0].isdecimal()
        rest = steps[1:] if is_position or steps[:1] == (EACH,) else steps
        for number, below in enumerate(self._items(place)):
            if is_position and steps[0] != str(number):
                self._scanner.pass_over()
            else:
                yield from self._at(rest, below, depth)

    def _whole(self, path: tuple[str, ...], place: str) -> Found:
        raw = self._scanner.value(MAX_LINE)
        if raw is None:
            self._scanner.pass_over()
            return _too_long(path, place, MAX_LINE)
        self._scanner.advance(len(raw))
        return self._read(path, place, raw)

    def _read(self, path: tuple[str, ...], place: str, raw: bytes) -> Found:
        try:
            value, note = decode(raw)
        except ValueError as error:
            return Found(path, place, None, len(raw), error=str(error))
        value = as_record(value)
        like = likeness(value, self._mapped)
        if like:
            self._articles.add(path)
        return Found(path, place, value, len(raw), like, note)

    def _items(self, place: str) -> Iterator[str]:
        """Yield the place of each item of the list that comes next; whoever takes it passes over the item itself."""
        self._scanner.skip("[")
        number = 0
        while not self._scanner.skip("]"):
            if number and not self._scanner.skip(",") and self._scanner.peek() not in ("{", "["):
                self._scanner.fail(f"a comma or ] after {place}[{number - 1}]")
            if self._scanner.skip("]"):  # behind a comma too many
                return
            if self._scanner.peek() in ("", "}", ",", ":"):
                self._scanner.fail(f"the value of {place}[{number}]")
            self._here = f"{place}[{number}]"
            yield self._here
            number += 1

    def _members(self, place: str) -> Iterator[tuple[str, str]]:
        """Yield the key of each member of the object that comes next, and its place; see ``_items``."""
        self._scanner.skip("{")
        first = True
        while not self._scanner.skip("}"):
            if not first and not self._scanner.skip(",") and self._scanner.peek() != '"':
                self._scanner.fail("a comma or }")
            if self._scanner.skip("}"):
                return
            key = self._key()
            below = f"{place}{'.' if place and not place.endswith(': ') else ''}{_shown(key)}"
            if not self._scanner.skip(":") or self._scanner.peek() in ("", "}", "]", ","):
                self._scanner.fail(f"the value of {below}")
            if len(self.keys) < _MAX_KEYS:
                self.keys[below] = None
            self._here = below
            yield key, below
            first = False

    def _key(self) -> str:
        if self._scanner.peek() != '"':
            self._scanner.fail("a key")
        raw = self._scanner.value(_MAX_KEY)
        if raw is None:
            self._scanner.pass_over()
            return ""
        self._scanner.advance(len(raw))
        try:
            return str(decode(raw)[0])
        except ValueError:
            return ""


def _too_long(path: tuple[str, ...], place: str, limit: int) -> Found:
    return Found(path, place, None, 0, error=f"it is longer than the limit of {limit:,} bytes")


def _behind(key: str, steps: tuple[str, ...]) -> tuple[str, ...] | None:
    """What is left of ``steps`` behind ``key``, None if they lead elsewhere."""
    counts = range(len(steps), 0, -1)
    whole = next((steps[count:] for count in counts if ".".join(steps[:count]) == key), None)
    return steps[1:] if whole is None and steps[0] == EACH else whole


def _shown(key: str) -> str:
    return key[:80] if key.isprintable() else ascii(key[:80])


def first_keys(text: str) -> list[str]:
    """Return the keys of the object that ``text`` begins with, as far as it goes."""
    scanner = Scanner(BytesIO(text.encode("utf-8", "replace")), "")
    keys = []
    with suppress(CutError, SourceError):
        for key, _ in Walk(scanner)._members(""):
            keys.append(key)
            scanner.pass_over()
    return keys
