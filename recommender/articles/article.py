"""Article, CuratedList and Record: what a newsroom gives us, checked once at the edge (recommender.articles.record)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recommender.text import normalise, sha256

MAX_ID = 512
MAX_URL = 2_048
MAX_TITLE = 1_000
MAX_TEASER = 50_000
MAX_BODY = 2_000_000
MAX_MARKS = 200_000
"""Beginnings of tags and shortcodes in one text: ten times those of a long page of tables."""
MAX_TEASERS = 50
MAX_TAGS = 200
MAX_RELATED = 1_000
ALIASES = "aliases"
"""Where ``extra`` holds an article's former ids and addresses."""


@dataclass(frozen=True, slots=True)
class Article:
    """One piece, with or without a body.

    ``published_at`` is timezone-aware UTC or None. ``extra`` keeps unknown keys of the input as given. ``published`` is
    False for a draft, and whatever else a site keeps from its readers. ``is_stub``: only what a page's related list
    told of it is known, a teaser without id or URL; the id is made from the text (see ``stub_from_teaser``).
    """

    id: str
    url: str | None = None
    title: str = ""
    teasers: tuple[str, ...] = ()
    body: str = ""
    published_at: datetime | None = None
    section: str = ""
    tags: tuple[str, ...] = ()
    language: str = ""
    image: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    published: bool = True
    is_stub: bool = False

    @property
    def canonical_url(self) -> str | None:
        """The address of the original of which it is a syndicated copy or a version, if it says so."""
        return self.extra.get("canonical_url")

    @property
    def translation_of(self) -> str | None:
        """The id or URL of the article of which it is a translation, if it says so."""
        return self.extra.get("translation_of")

    @property
    def aliases(self) -> tuple[str, ...]:
        """The former ids and addresses that it declares."""
        found = self.extra.get(ALIASES)
        return tuple(name for name in found if isinstance(name, str)) if isinstance(found, list | tuple) else ()

    @property
    def paragraphs(self) -> list[str]:
        """The body's paragraphs, in order."""
        return [p for p in self.body.split("\n\n") if p]


@dataclass(frozen=True, slots=True)
class CuratedList:
    """The related list an editor picked by hand for ``article_id``: target ids, best first."""

    article_id: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One article as a source gave it: the article, its curated list, stubs made on the way, its place.

    ``related``: None where the source says nothing of a list, so that a stored one stays. ``warnings`` say, a sentence
    each, what of the record was dropped or read in another way than it was written.
    """

    article: Article
    place: str
    related: tuple[str, ...] | None = None
    stubs: tuple[Article, ...] = ()
    warnings: tuple[str, ...] = ()


def stub_from_teaser(teaser: str) -> Article:
    """Return the stub of a teaser that carries no id: its id is made from its normalised text."""
    return Article(id=f"stub-{sha256(normalise(teaser))[:16]}", teasers=(teaser,), is_stub=True)
