"""The formats of a file, and how they are told apart: by the first bytes, where these say nothing by the name."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from recommender.errors import SourceError
from recommender.sources import jsonl, page
from recommender.sources.items import Item
from recommender.sources.opened import Opened
from recommender.sources.options import ReadOptions


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of file is found and read; ``about`` and ``example`` are for people."""

    name: str
    about: str
    example: str
    suffixes: tuple[str, ...]
    fits: Callable[[Opened], bool]
    read: Callable[[Opened, ReadOptions], Iterator[Item]]


FORMATS: Sequence[Format] = (
    Format(
        "jsonl",
        "JSON lines, one article a line (.jsonl, .ndjson)",
        "related-index build articles.jsonl.gz",
        (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"),
        jsonl.fits,
        jsonl.read,
    ),
    Format(
        "page",
        'an article page saved as text (.txt), its list under "Related Articles"',
        "related-index build seeds/aras-2025.txt",
        (".txt",),
        page.fits,
        page.read,
    ),
)
"""The first that fits reads a file: those that are sure of their first bytes stand before those that go by a name."""

SUFFIXES = tuple(suffix for each in FORMATS for suffix in each.suffixes)


def format_named(name: str) -> Format:
    """Return the format of that name. Raises SourceError naming those there are."""
    found = next((each for each in FORMATS if each.name == name), None)
    if found is None:
        raise SourceError(f"{name!r} is no format; known: {', '.join(each.name for each in FORMATS)}")
    return found


def format_of(source: Opened, options: ReadOptions) -> Format | None:
    """Return the format that ``options`` name, or else the first that fits ``source``; None if there is none."""
    if options.format:
        return format_named(options.format)
    return next((each for each in FORMATS if each.fits(source)), None)
