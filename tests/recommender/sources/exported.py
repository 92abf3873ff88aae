"""What tests of exports make again and again: bytes read by a reader, and what came of them."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from recommender.articles import Article, Record, parse_article
from recommender.errors import ArticleError
from recommender.sources.items import Entry, Item, LeftOut, Note
from recommender.sources.opened import Opened, from_stream, opened
from recommender.sources.options import ReadOptions

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
Reader = Callable[[Opened, ReadOptions], Iterator[Item]]


@dataclass
class Outcome:
    """What a reader yielded, sorted by kind."""

    entries: list[Entry] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    errors: list[ArticleError] = field(default_factory=list)
    site_url: str = ""

    @property
    def records(self) -> list[Record]:
        """The entries as records of the input contract."""
        return [parse_article(entry.fields, entry.place, site_url=self.site_url) for entry in self.entries]

    @property
    def article(self) -> Article:
        """The only article; nothing else may have come."""
        assert len(self.entries) == 1
        assert not self.errors
        return self.records[0].article

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the only entry."""
        assert len(self.entries) == 1
        return dict(self.entries[0].fields)


def outcome(items: Iterator[Item], site_url: str = "") -> Outcome:
    """Return what came of ``items``."""
    found = Outcome(site_url=site_url)
    for item in items:
        match item:
            case Entry():
                found.entries.append(item)
            case LeftOut():
                found.left_out.append(item.kind)
            case Note():
                found.notes.append(item.text)
            case ArticleError():
                found.errors.append(item)
            case _:
                raise AssertionError(f"{item!r} is no item")
    return found


def source_of(data: bytes, name: str = "file") -> Opened:
    """Return ``data`` as an opened file."""
    return from_stream(io.BytesIO(data), name)


def sample(name: str, reader: Reader, options: ReadOptions = ReadOptions()) -> Outcome:
    """Return what ``reader`` makes of one of the shared samples, if they are there."""
    if not (SAMPLES / name).is_file():
        pytest.skip(f"{SAMPLES / name} is not here")
    with opened(SAMPLES / name) as source:
        return outcome(reader(source, options), options.site_url)
