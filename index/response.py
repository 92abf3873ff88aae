"""A related list as it goes out, over HTTP or into a file: the same bytes. Field order is the order of the JSON."""

import math
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, Field

from index.store.snapshot import Snapshot
from recommender.articles import http_url
from recommender.articles.card import Card
from recommender.corpus.corpus import Corpus, Query
from recommender.explain.why import Why
from recommender.ranking.folded import folded
from recommender.ranking.hits import Hit, Source
from recommender.ranking.request import RelatedRequest
from recommender.ranking.versions import Reason
from recommender.recommender import POOL, Texts
from recommender.settings import settings

Address = Annotated[str | None, BeforeValidator(http_url)]
"""An address that is answered: http(s) and without credentials, else null."""


class Status(StrEnum):
    """``ok``: as many articles as asked for that an editor might pick. ``thin``: fewer.

    ``pending``: the article is stored, but not read yet, so nothing can be said to be related.
    """

    OK = "ok"
    THIN = "thin"
    PENDING = "pending"


class QuoteOut(BaseModel):
    """The sentences of the two articles that are closest to each other."""

    ours: str
    theirs: str


class AlsoOut(BaseModel):
    """Why another version of the story shares the item's place: its ``id``, the reason, and that in a line."""

    id: str = Field(examples=["2025-02-dredging-licence-granted-early"])
    reason: Reason = Field(examples=[Reason.VERSION])
    text: str = Field(examples=["nearly the same text, published 3 hours apart"])


class WhyOut(BaseModel):
    """Why an article is in the list: ``text`` says it in a line, the rest is what can be shown for it.

    ``picked_by``: in how many curated lists of similar articles it stands. ``strongest``: signals that added most.
    ``also``: the other versions of the story, those of the item's ``also``.
    """

    text: str = Field(examples=["Both name Harbour Trust and speak of dredging; published 3 days earlier"])
    quote: QuoteOut | None
    names: tuple[str, ...]
    terms: tuple[str, ...]
    tags: tuple[str, ...]
    days_apart: float | None
    picked_by: int
    strongest: tuple[str, ...]
    also: tuple[AlsoOut, ...] = ()


class Item(BaseModel):
    """One recommended article. ``title`` is null for a stub, of which only the teaser is known.

    ``score``, the probability that an editor would pick it, is null where it does not stand here for its score.
    ``also``: ids of other versions of the story that would stand here. ``why`` is null unless it was asked for.
    """

    id: str = Field(examples=["2025-02-dredging-licence-granted"])
    url: Address = Field(examples=["https://tesslecourier.example/business/2025-02-dredging-licence-granted"])
    title: str | None = Field(examples=["Dredging licence granted"])
    teaser: str | None = Field(examples=["The harbour may be dug deeper, on eleven conditions."])
    image: Address = None
    published_at: datetime | None = Field(examples=["2025-02-11T16:40:00Z"])
    section: str | None = Field(examples=["business"])
    score: float | None = Field(ge=0, le=1, examples=[0.61])
    position: int = Field(ge=1, examples=[1])
    source: Source
    also: list[str] = Field(default_factory=list)
    why: WhyOut | None = None

    @classmethod
    def from_hit(cls, hit: Hit, corpus: Corpus, position: int, why: WhyOut | None = None) -> Self:
        """Return the item of a hit at its place in the list."""
        card = corpus.cards[hit.row]
        return cls(
            id=card.id,
            url=card.url,
            title=card.title or None,
            teaser=next(iter(card.teasers), None),
            image=card.image,
            published_at=card.published_at,
            section=card.section or None,
            score=floored(hit.score) if hit.source is Source.RANKED else None,
            position=position,
            source=hit.source,
            also=[corpus.cards[row].id for row in hit.also],
            why=why,
        )


class Related(BaseModel):
    """A related list, best first. ``id`` is null for a draft."""

    id: str | None = Field(examples=["2025-07-first-deep-ship"])
    status: Status
    index_version: str = Field(examples=["51f1a05f2c286516"])
    count: int = Field(ge=0, examples=[1])
    items: list[Item]

    def to_bytes(self) -> bytes:
        """Return the JSON, in UTF-8."""
        return self.model_dump_json().encode()


class Covered(BaseModel):
    """An article that tells the draft's story already."""

    id: str
    url: Address
    title: str | None
    published_at: datetime | None

    @classmethod
    def from_card(cls, card: Card) -> Self:
        """Return what is said of the article of ``card``."""
        return cls(id=card.id, url=card.url, title=card.title or None, published_at=card.published_at)


class RelatedToDraft(Related):
    """The related list of a draft. ``covered``: what tells its story already, in nearly its words."""

    covered: list[Covered]


def answer(snapshot: Snapshot, query: Query, request: RelatedRequest, texts: Texts | None = None) -> Related:
    """Return the related list of ``query``: an article of ``snapshot``, one that waits to be read, or a draft.

    With ``texts``, of each item why it is there.
    """
    recommender, corpus = snapshot.recommender, snapshot.corpus
    if texts:
        found = recommender.explain(query, request, texts)
        reasons: list[WhyOut | None] = [_reason(corpus, hit, why, request) for hit, why in found]
        hits = [hit for hit, _ in found]
    else:
        hits = recommender.related(query, request)
        reasons = [None] * len(hits)
    items = [
        Item.from_hit(hit, corpus, position, reason)
        for position, (hit, reason) in enumerate(zip(hits, reasons, strict=True), start=1)
    ]
    status = Status.THIN if sum(item.source is not Source.FALLBACK for item in items) < request.limit else Status.OK
    return Related(
        id=query.card.id or None,
        status=Status.PENDING if query.row is None and query.card.id in snapshot.pending else status,
        index_version=snapshot.version,
        count=len(items),
        items=items,
    )


def answer_to_draft(
    snapshot: Snapshot, query: Query, request: RelatedRequest, texts: Texts | None = None
) -> RelatedToDraft:
    """Return the related list of a draft, and what covers it already; see ``answer``."""
    rows = snapshot.recommender.covered(query, request.version_days)
    known = [Covered.from_card(snapshot.corpus.cards[row]) for row in rows]
    return RelatedToDraft(covered=known, **dict(answer(snapshot, query, request, texts)))


def _reason(corpus: Corpus, hit: Hit, reason: Why, request: RelatedRequest) -> WhyOut:
    others = folded(corpus, hit.row, hit.also, request.version_days)
    return WhyOut(**asdict(reason), also=tuple(AlsoOut(**asdict(each)) for each in others))


def default_request(snapshot: Snapshot, limit: int) -> RelatedRequest:
    """Return the request for a list of that length, in all else as the operator's settings say."""
    configured = settings()
    min_score = bound(snapshot, configured.min_score)
    return RelatedRequest(limit=limit, min_score=min_score, version_days=configured.version_days)


def bound(snapshot: Snapshot, min_score: float) -> float:
    """Return the bound for scores in this archive: lower than ``min_score`` if it has fewer than POOL articles.

    A score says how likely an editor picks an article among POOL candidates; among fewer, each is likelier.
    """
    there = int(snapshot.corpus.directory.visible.sum())
    return round(min_score * min(1.0, there / POOL), 6)


def floored(score: float) -> float:
    """Return ``score`` with six decimals, never more than it is: as ``min_score`` it lets the item pass."""
    return math.floor(score * 1e6) / 1e6
