"""What requests ask for and bring, and within which bounds."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from recommender.articles import MAX_ID, MAX_TAGS, MAX_TEASER, MAX_TEASERS, MAX_TITLE, MAX_URL, parse_time
from recommender.wanted import Fallback, Filters, Mode, Wanted

MAX_LIMIT = 100
MAX_BATCH = 50
"""Lists in one batch."""
MAX_ITEMS = 500
"""Items that the lists of one batch may have together: a page shows fewer, and each takes its time."""
MAX_EXCLUDED = 500
MAX_VALUES = 100
"""Sections, and languages, of one request."""

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


class Asked(BaseModel):
    """The parameters every related list takes."""

    limit: int = Field(8, ge=1, le=MAX_LIMIT, description="Length of the list.")
    min_score: float | None = Field(
        None, ge=0, le=1, description="Leave out what scores below; the server's own bound if not given."
    )
    exclude: list[str] = Field(
        default_factory=list, max_length=MAX_EXCLUDED, description="Ids or URLs to leave out, with all their versions."
    )
    section: list[str] = Field(default_factory=list, max_length=MAX_VALUES, description="Only these sections.")
    language: list[str] = Field(
        default_factory=list,
        max_length=MAX_VALUES,
        description="Only these languages: `en` is also `en-GB`, `*` any. If not given: the article's own.",
    )
    published_after: Moment | None = Field(None, description="Nothing older; undated pass.")
    published_before: Moment | None = Field(None, description="Nothing newer; undated pass.")
    mode: Mode = Field(Mode.SIMILAR, description="`background`: older articles only; `next`: newer ones only.")
    diversity: float = Field(0, ge=0, le=1, description="How much likeness to the items above counts against one.")
    fallback: Fallback | None = Field(
        None, description="Fill a short list with the latest articles, or the latest of the article's section."
    )
    explain: bool = Field(False, description="Say of each item why it is there.")

    def wanted(self, min_score: float) -> Wanted:
        """Return what is asked for; ``min_score`` holds where none was given."""
        return Wanted(
            limit=self.limit,
            min_score=(min_score if self.min_score is None else self.min_score) + 0.0,  # -0.0 is 0.0
            filters=Filters(
                exclude=tuple(self.exclude),
                section=frozenset(self.section),
                language=frozenset(value.lower().replace("_", "-") for value in self.language),
                published_after=self.published_after,
                published_before=self.published_before,
            ),
            mode=self.mode,
            diversity=self.diversity + 0.0,
            fallback=self.fallback,
        )


class AskedByUrl(Asked):
    """The parameters of a list that is asked for by URL."""

    url: str = Field(description="Address of a known article; compared in canonical form.")


class InBatch(Asked):
    """One list of several: that of the article with an id, a former id or a URL.

    Values as JSON has them: a number is no text and no truth value.
    """

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"oneOf": [{"required": ["id"]}, {"required": ["url"]}]}
    )

    id: str = Field("", min_length=1, max_length=MAX_ID)
    url: str = Field("", min_length=1, max_length=MAX_URL)

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, values: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
        if not isinstance(values, dict):
            return values
        if not values.keys() <= cls.model_fields.keys():  # in one error, however many there are
            known = ", ".join(cls.model_fields)
            raise PydanticCustomError("unknown", "only these can be asked for: {known}", {"known": known})
        if ("id" in values) == ("url" in values):
            raise PydanticCustomError("named", "id or url is needed, and not both")
        for name in ("limit", "min_score", "diversity"):
            if isinstance(values.get(name), str | bool):
                raise PydanticCustomError("number", "{name} should be a number", {"name": name})
        if not isinstance(values.get("explain", False), bool):
            raise PydanticCustomError("truth", "explain should be true or false")
        return values

    @property
    def name(self) -> str:
        """The id or the URL."""
        return self.id or self.url


class Batch(BaseModel):
    """Several lists of one page, of MAX_ITEMS items at most together.

    ``distinct``: no article twice on it, the first list that has it keeps it.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"requests": [{"id": "2025-07-first-deep-ship", "limit": 3}], "distinct": True}]
        },
    )

    requests: list[InBatch] = Field(min_length=1, max_length=MAX_BATCH)
    distinct: StrictBool = Field(
        False, description="No article stands in two of the lists, and none of the articles asked about in any."
    )

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        items = sum(asked.limit for asked in self.requests)
        if items > MAX_ITEMS:
            numbers = {"items": items, "most": MAX_ITEMS}
            raise PydanticCustomError(
                "items", "the limits add up to {items}, at most {most} are given at once", numbers
            )
        return self


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
    canonical_url: str | None = Field(
        None, max_length=MAX_URL, description="Address of the original, of which it is a version or a copy."
    )
    translation_of: str | None = Field(
        None, max_length=MAX_URL, description="Id or URL of the article of which it is a translation."
    )
