"""What answers hold. Field order is the order of the JSON; related lists are those of ``index.response``."""

from datetime import UTC, datetime
from typing import Self

from pydantic import BaseModel, Field

from api.problems import Problem
from index.response import Address, Related
from index.store.snapshot import Snapshot
from recommender.articles.card import Card


class Lists(BaseModel):
    """What became of a batch: a list or a problem each, in the order of the requests."""

    index_version: str = Field(examples=["51f1a05f2c286516"])
    results: list[Related | Problem]


class ArticleOut(BaseModel):
    """One article as the index knows it."""

    id: str = Field(examples=["2025-07-first-deep-ship"])
    url: Address
    title: str | None
    teasers: list[str]
    image: Address
    published_at: datetime | None
    section: str | None
    tags: list[str]
    language: str | None
    stub: bool
    index_version: str

    @classmethod
    def from_card(cls, card: Card, version: str) -> Self:
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

    version: str = Field(description="What answers name as `index_version`: the snapshot, and its tail.")
    snapshot: str = Field(description="The snapshot, as `related-index list` names it.")
    built_at: datetime
    model: ModelOut
    index: str
    articles: int
    stubs: int
    curated_lists: int
    newest_article: datetime | None
    tail: int = Field(description="Articles changed or removed since it was built.")
    pending: int = Field(description="Articles that are stored and wait to be embedded.")
    problem: bool = Field(description="Whether a newer snapshot was published but could not be opened.")

    @classmethod
    def from_snapshot(cls, snapshot: Snapshot, *, problem: bool) -> Self:
        """Return the facts about ``snapshot``."""
        m = snapshot.manifest
        return cls(
            version=snapshot.version,
            snapshot=m.version,
            built_at=m.built_at,
            model=ModelOut(**m.model.model_dump()),
            index=m.index,
            articles=m.articles,
            stubs=m.stubs,
            curated_lists=m.curated_lists,
            newest_article=snapshot.corpus.directory.newest(datetime.now(UTC)),
            tail=snapshot.tail_size,
            pending=len(snapshot.pending),
            problem=problem,
        )


class Health(BaseModel):
    """A probe's answer."""

    status: str = Field(examples=["ok"])
