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
MAX_TEASERS = 50
MAX_TAGS = 200
MAX_RELATED = 1_000


@dataclass(frozen=True, slots=True)
class Article:
    """One published piece. A stub is an Article without a body: only its teasers (or title) are known.

    ``published_at`` is timezone-aware UTC or None. ``extra`` keeps unknown keys of the input as given.
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

    @property
    def is_stub(self) -> bool:
        """Whether the article's body is not known yet."""
        return not self.body

    @property
    def canonical_url(self) -> str | None:
        """The address of the original of which it is a syndicated copy or a version, if it says so."""
        return self.extra.get("canonical_url")

    @property
    def translation_of(self) -> str | None:
        """The id or URL of the article of which it is a translation, if it says so."""
        return self.extra.get("translation_of")

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

    ``related``: None where the source says nothing of a list, so that a stored one stays.
    """

    article: Article
    place: str
    related: tuple[str, ...] | None = None
    stubs: tuple[Article, ...] = ()


def stub_from_teaser(teaser: str) -> Article:
    """Return the stub of a teaser that carries no id: its id is made from its normalised text."""
    return Article(id=f"stub-{sha256(normalise(teaser))[:16]}", teasers=(teaser,))
