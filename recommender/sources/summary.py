"""What came of reading: how many articles have what, and what was dropped or not understood, each kind counted."""

import re
from collections import Counter
from dataclasses import dataclass, field

from recommender.articles import Record
from recommender.errors import InputError
from recommender.sources.items import LeftOut, Note

HAD = ("title", "body", "teaser", "date", "section", "tags", "language", "address", "image", "curated list")
"""What a reader may find of an article."""
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\[.*\]|\{.*\}|\b\d[\d,.:]*")


@dataclass(slots=True)
class Kind:
    """Several things of one kind: how many, and the first of them as it was told."""

    count: int
    example: str


@dataclass(slots=True)
class Summary:
    """Counts what is read of some sources. ``had``: how many records have each of HAD; ``links``: of all lists."""

    records: int = 0
    links: int = 0
    had: Counter[str] = field(default_factory=Counter)
    rejected: dict[str, Kind] = field(default_factory=dict)
    warnings: dict[str, Kind] = field(default_factory=dict)
    left_out: dict[str, Kind] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Count ``record``, and its warnings."""
        article = record.article
        values = (
            article.title,
            article.body,
            article.teasers,
            article.published_at,
            article.section,
            article.tags,
            article.language,
            article.url,
            article.image,
            record.related,
        )
        self.records += 1
        self.links += len(record.related or ())
        self.had.update(name for name, value in zip(HAD, values, strict=True) if value)
        for warning in record.warnings:
            self.warn(f"{record.place}: {warning}", warning)

    def warn(self, text: str, message: str = "") -> None:
        """Count a warning; ``message`` is ``text`` without the place."""
        _count(self.warnings, kind_of(message or text), text)

    def reject(self, error: InputError) -> None:
        """Count what could not be used."""
        _count(self.rejected, kind_of(error.message), str(error))

    def tell(self, item: LeftOut | Note) -> None:
        """Count what was left out on purpose, or keep a note about a source."""
        if isinstance(item, Note):
            self.notes.append(f"{item.place}: {item.text}")
        else:
            _count(self.left_out, item.kind, item.place)


def kind_of(message: str) -> str:
    """Return ``message`` without the values in it: what messages of one kind share."""
    return _QUOTED.sub("…", message)


def counted(kinds: dict[str, Kind]) -> int:
    """Return how many there are of all ``kinds``."""
    return sum(kind.count for kind in kinds.values())


def _count(kinds: dict[str, Kind], kind: str, text: str) -> None:
    if kind in kinds:
        kinds[kind].count += 1
    else:
        kinds[kind] = Kind(1, text)
