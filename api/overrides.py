"""What editors decide about one related list, over HTTP: pins, blocks, and whether the rest is filled.

Both operations need a key: what an editor means to show, or to hide, is nobody else's business.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, HTTPException, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field

from api.articles import Writing
from api.keys import require_key
from api.problems import RESPONSES, ProblemError
from api.scalars import IdOrUrl, Moment
from api.service import Current
from index.store.snapshot import Snapshot
from recommender.editors.overrides import Block, Fill, Overrides, Pin
from recommender.errors import UnknownArticleError

MAX_POSITION = 100
MAX_DECIDED = 100
"""Pins of one article, and blocks."""

PATH = "/v1/articles/{id:path}/overrides"

Identity = Annotated[IdOrUrl, Field(description="An id, a former id or a URL.")]
Until = Annotated[Moment | None, Field(description="Over from then on; null: it lasts.")]
Fault = tuple[tuple[str | int, ...], str]
"""Where in the request, and what is wrong with it."""

router = APIRouter(tags=["overrides"])
guarded: dict[str, Any] = {
    "dependencies": [Depends(require_key)],
    "responses": {status: RESPONSES[status] for status in (401, 404, 503)},
}


class _Part(BaseModel):
    """A name that is misspelt is refused: it would undo what it was to change."""

    model_config = ConfigDict(extra="forbid")


class PinnedAt(_Part):
    """An article that stands at a position of the list, from 1."""

    id: Identity
    position: int = Field(ge=1, le=MAX_POSITION)
    until: Until = None


class Blocked(_Part):
    """An article that is not in the list."""

    id: Identity
    until: Until = None


class Decided(_Part):
    """What is decided about one related list. ``fill``: ranked articles take the other places; ``replace``: none do."""

    pin: list[PinnedAt] = Field(default_factory=list, max_length=MAX_DECIDED)
    block: list[Blocked] = Field(default_factory=list, max_length=MAX_DECIDED)
    mode: Fill = Fill.FILL

    @classmethod
    def from_overrides(cls, overrides: Overrides) -> Self:
        """Return ``overrides`` as they are answered."""
        return cls(
            pin=[PinnedAt(id=pin.id, position=pin.position, until=pin.until) for pin in overrides.pins],
            block=[Blocked(id=block.id, until=block.until) for block in overrides.blocks],
            mode=overrides.mode,
        )

    def overrides(self) -> Overrides:
        """Return them as they are kept."""
        return Overrides(
            tuple(Pin(pin.id, pin.position, pin.until) for pin in self.pin),
            tuple(Block(block.id, block.until) for block in self.block),
            self.mode,
        )


@router.get(PATH, **guarded)
def read_overrides(id: str, store: Writing) -> Decided:  # noqa: A002 - the parameter's public name
    """Return what is decided about the related list of an article, without what is over."""
    return Decided.from_overrides(_stored(store, id, datetime.now(UTC)))


@router.put(
    PATH,
    dependencies=guarded["dependencies"],
    responses=guarded["responses"]
    | {202: {"model": Decided}}
    | {status: RESPONSES[status] for status in (400, 413, 422)},
)
def put_overrides(
    id: str,  # noqa: A002 - the parameter's public name
    decided: Decided,
    response: Response,
    store: Writing,
    snapshot: Current,
) -> Decided:
    """Decide about the related list of an article, in place of what was decided; answered when it is in force.

    An empty object undoes everything. Answers 202 where it is stored, but cannot be put in force at the moment: it is
    tried again.
    """
    now = datetime.now(UTC)
    _stored(store, id, now)
    if faults := [*_faults(id, decided, snapshot), *_over(decided, now)]:
        raise RequestValidationError([{"loc": ("body", *where), "msg": text} for where, text in faults])
    try:
        response.status_code = 200 if store.override(id, decided.overrides()) else 202
    except UnknownArticleError:
        raise _unknown(id) from None
    return Decided.from_overrides(_stored(store, id, now))


@router.delete(PATH, include_in_schema=False)
async def no_article() -> None:
    """Refuse: else this were an article whose id ends like a path."""
    raise HTTPException(405)


def _stored(store: Writing, identity: str, now: datetime) -> Overrides:
    try:
        return store.overrides_of(identity).in_force_at(now)
    except UnknownArticleError:
        raise _unknown(identity) from None


def _unknown(identity: str) -> ProblemError:
    return ProblemError(404, "article_not_found", f"no article has the id {identity!r}")


def _faults(identity: str, decided: Decided, snapshot: Snapshot) -> Iterator[Fault]:
    """Yield what does not fit together, or names no article; ids and URLs of one article count as the same."""
    find = snapshot.corpus.find
    itself, pinned, taken = find(identity), dict[int, str](), dict[int, str]()
    for number, pin in enumerate(decided.pin):
        if pin.position in taken:
            yield ("pin", number, "position"), f"position {pin.position} is {taken[pin.position]!r}'s already"
        taken.setdefault(pin.position, pin.id)
        row = find(pin.id)
        if row is None:
            yield ("pin", number, "id"), f"no article has the id or URL {pin.id!r}"
        elif row == itself:
            yield ("pin", number, "id"), f"{pin.id!r} is the article itself"
        elif row in pinned:
            yield ("pin", number, "id"), f"{pin.id!r} is pinned already, as {pinned[row]!r}"
        else:
            pinned[row] = pin.id
    for number, block in enumerate(decided.block):
        row = find(block.id)
        if row is None:
            yield ("block", number, "id"), f"no article has the id or URL {block.id!r}"
        elif row in pinned:
            yield ("block", number, "id"), f"{block.id!r} is pinned, too, as {pinned[row]!r}"


def _over(decided: Decided, now: datetime) -> Iterator[Fault]:
    fields: dict[str, Sequence[PinnedAt | Blocked]] = {"pin": decided.pin, "block": decided.block}
    for field, parts in fields.items():
        for number, part in enumerate(parts):
            if part.until is not None and part.until <= now:
                yield (field, number, "until"), f"{part.until.isoformat()} is over already"
