"""Which of the lists in a JSON document is that of the articles."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from recommender.errors import SourceError
from recommender.sources.json_values import error_message
from recommender.sources.json_walk import ITEM, Found

MAX_HELD = 8 * 1024**2
"""Bytes of objects that are held until it is clear."""
CLEARLY = 2
"""The longest list is taken if it has more than so many times the articles of the next."""

_Path = tuple[str, ...]


class Choice:
    """Passes on what stands in one list, the one whose items are likest articles, and the longest of those.

    If the first MAX_HELD bytes do not hold all, what is largest in them is taken. ``others`` says which other lists
    look like articles, empty if none does.
    """

    def __init__(self, place: str) -> None:
        self.others = ""
        self._place = place
        self._held: list[Found] = []
        self._size = 0
        self._counts: Counter[_Path] = Counter()
        self._bytes: Counter[_Path] = Counter()
        self._likeness: dict[_Path, int] = {}

    def of(self, found: Iterable[Found]) -> Iterator[Found]:
        """Yield what is chosen, in order. Raises SourceError that lists the lists, where it is not clear."""
        chosen: _Path | None = None
        for each in found:
            self._count(each)
            if chosen is not None:
                if each.path == chosen:
                    yield each
                continue
            self._held.append(each)
            self._size += each.size
            if self._size > MAX_HELD:
                chosen = max(self._counts, key=lambda path: (self._likeness[path], self._bytes[path]))
                yield from self._released(chosen)
        if chosen is None and self._counts:
            chosen = self._longest()
            yield from self._released(chosen)
        if chosen is not None:
            self.others = self._listed(path for path in self._ranked() if path != chosen and self._likeness[path])

    def _count(self, found: Found) -> None:
        self._counts[found.path] += 1
        self._bytes[found.path] += found.size
        self._likeness[found.path] = max(found.likeness, self._likeness.get(found.path, 0))

    def _released(self, chosen: _Path) -> Iterator[Found]:
        held, self._held = self._held, []
        yield from (each for each in held if each.path == chosen)

    def _ranked(self) -> list[_Path]:
        return sorted(self._counts, key=lambda path: (-self._likeness[path], -self._counts[path]))

    def _longest(self) -> _Path:
        first, *others = self._ranked()
        best = self._likeness[first]
        if best == 0:
            return self._whole_document()
        if rivals := [path for path in others if self._likeness[path] == best]:
            if self._counts[first] <= CLEARLY * self._counts[rivals[0]]:
                raise SourceError(
                    f"several lists look like articles: {self._listed([first, *rivals])}; --path says which",
                    self._place,
                )
        return first

    def _whole_document(self) -> _Path:
        """The document itself, if it is a list: nothing in it looks like an article, but what else should it be?"""
        whole = [path for path in self._ranked() if path and set(path) == {ITEM}]
        if whole:
            return whole[0]
        for found in self._held:
            if found.path == () and (found.error or error_message(found.value)):
                raise SourceError(found.error or error_message(found.value), self._place)
        lists = dict(each for found in self._held for each in _lists_in(found.value, found.path))
        named = ", ".join(f"`{path_text(path)}` ({count:,})" for path, count in islice(lists.items(), 20))
        there = f"; there are lists of objects: {named}; --path reads one" if lists else ""
        raise SourceError(f"nothing in it looks like an article{there}", self._place)

    def _listed(self, paths: Iterable[_Path]) -> str:
        return ", ".join(f"`{path_text(path) or 'the document'}` ({self._counts[path]:,})" for path in paths)


def _lists_in(value: object, path: _Path, depth: int = 4) -> Iterator[tuple[_Path, int]]:
    """Yield (path, count) of the lists of objects in ``value``, at most ``depth`` keys deep."""
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        yield path, len(value)
    elif isinstance(value, Mapping) and depth:
        for key, item in value.items():
            yield from _lists_in(item, (*path, key), depth - 1)


def path_text(path: tuple[str, ...]) -> str:
    """Return ``path`` as ``--path`` takes it; the list itself where it is any item of one."""
    steps = path[:-1] if path[-1:] == (ITEM,) else path
    return "".join(ITEM if step == ITEM else f".{step.replace('.', chr(92) + '.')}" for step in steps).removeprefix(".")
