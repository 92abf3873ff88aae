"""What goes over the wire. Field order is the order of the JSON."""

import math
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from index.snapshot import Snapshot
from recommender.article import MAX_TAGS, MAX_TEASER, MAX_TEASERS, MAX_TITLE, MAX_URL, parse_time
from recommender.register import Card
from recommender.related import Hit

MAX_DRAFT = 200_000
"""Characters of a draft's body: far more than any story, far less than what keeps a server busy."""


def _moment(value: object) -> object:
    """As in the articles: ISO 8601 and nothing else (pydantic alone would take "0" for 1970)."""
    if value is None or isinstance(value, datetime):
        return value
    try:
        return parse_time(value if isinstance(value, str) else "")
    except ValueError:
        raise PydanticCustomError("moment", "Input should be a date or a time in ISO 8601") from None


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]}, mode="validation"),
]
"""A date or time in ISO 8601, in UTC where it does not say."""


class Status(StrEnum):
    """``ok``: as many items as asked for. ``thin``: fewer; there were no more to recommend honestly."""

    OK = "ok"
    THIN = "thin"


class Source(StrEnum):
    """Why an item is in the list. ``ranked``: by its score."""

    RANKED = "ranked"


class Item(BaseModel):
    """One recommended article. ``title`` is null for a stub, of which only the teaser is known."""

    id: str = Field(examples=["2025-02-dredging-licence-granted"])
    url: str | None = Field(examples=["https://tesslecourier.example/business/2025-02-dredging-licence-granted"])
    title: str | None = Field(examples=["Dredging licence granted"])
    teaser: str | None = Field(examples=["The harbour may be dug deeper, on eleven conditions."])
    image: str | None = None
    published_at: datetime | None = Field(examples=["2025-02-11T16:40:00Z"])
    section: str | None = Field(examples=["business"])
    score: float = Field(ge=0, le=1, examples=[0.61])
    position: int = Field(ge=1, examples=[1])
    source: Source

    @classmethod
    def of(cls, card: Card, hit: Hit, position: int) -> Self:
        """Return the item of an article at its place in the list."""
        return cls(
            id=card.id,
            url=card.url,
            title=card.title or None,
            teaser=next(iter(card.teasers), None),
            image=card.image,
            published_at=card.published_at,
            section=card.section or None,
            score=math.floor(hit.score * 1e6) / 1e6,  # never more than it is: as min_score it lets the item pass
            position=position,
            source=Source.RANKED,
        )


class Related(BaseModel):
    """A related list, best first. ``id`` is null for a draft."""

    id: str | None = Field(examples=["2025-07-first-deep-ship"])
    status: Status
    index_version: str = Field(examples=["51f1a05f2c286516"])
    count: int = Field(ge=0, examples=[1])
    items: list[Item]


class ArticleOut(BaseModel):
    """One article as the index knows it."""

    id: str = Field(examples=["2025-07-first-deep-ship"])
    url: str | None
    title: str | None
    teasers: list[str]
    image: str | None
    published_at: datetime | None
    section: str | None
    tags: list[str]
    language: str | None
    stub: bool
    index_version: str

    @classmethod
    def of(cls, card: Card, version: str) -> Self:
        """Return the article of ``card`` as snapshot ``version`` holds it."""
        return cls(
            id=card.id,
            url=card.url,
            title=card.title or None,
            teasers=list(card.teasers),
            image=card.image,
            published_at=card.published_at,
            section=card.section or None,
            tags=list(card.tags),
            language=card.language or None,
            stub=card.is_stub,
            index_version=version,
        )


class ModelOut(BaseModel):
    """The embedding model."""

    name: str
    revision: str
    dim: int


class IndexOut(BaseModel):
    """What is in service."""

    version: str
    built_at: datetime
    model: ModelOut
    index: str
    articles: int
    stubs: int
    curated_lists: int
    newest_article: datetime | None
    problem: bool = Field(description="Whether a newer snapshot was published but could not be opened.")

    @classmethod
    def of(cls, snapshot: Snapshot, *, problem: bool) -> Self:
        """Return the facts about ``snapshot``."""
        m = snapshot.manifest
        return cls(
            version=m.version,
            built_at=m.built_at,
            model=ModelOut(**m.model.model_dump()),
            index=m.index,
            articles=m.articles,
            stubs=m.stubs,
            curated_lists=m.curated_lists,
            newest_article=m.newest_article,
            problem=problem,
        )


class Health(BaseModel):
    """A probe's answer."""

    status: str = Field(examples=["ok"])


class Draft(BaseModel):
    """An article that is not published yet. One of title, teaser, teasers and body is needed."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "anyOf": [{"required": [field]} for field in ("title", "teaser", "teasers", "body")],
            "examples": [
                {
                    "title": "A second ship runs aground off the deepened channel",
                    "body": "A timber carrier grounded on the edge of the dredged channel before dawn on Tuesday.",
                }
            ],
        },
    )

    url: str | None = Field(None, max_length=MAX_URL)
    title: str | None = Field(None, max_length=MAX_TITLE)
    teaser: str | None = Field(None, max_length=MAX_TEASER)
    teasers: list[Annotated[str, Field(max_length=MAX_TEASER)]] = Field(default_factory=list, max_length=MAX_TEASERS)
    body: str | None = Field(None, max_length=MAX_DRAFT)
    published_at: Moment | None = None
    section: str | None = Field(None, max_length=MAX_TITLE)
    tags: list[Annotated[str, Field(max_length=MAX_TITLE)]] = Field(default_factory=list, max_length=MAX_TAGS)
    language: str | None = Field(None, max_length=35)
