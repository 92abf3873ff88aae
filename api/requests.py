"""What requests ask for and bring, and within which bounds."""

import json
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator, model_validator
from pydantic_core import PydanticCustomError

from api.scalars import ArticleId, FirstMoment, LastMoment, Name
from recommender.articles import MAX_URL
from recommender.ranking.request import Fallback, Filters, Mode, RelatedRequest

MAX_LIMIT = 100
MAX_BATCH = 50
"""Lists in one batch."""
MAX_ITEMS = 500
"""Items that the lists of one batch may have together: a page shows fewer, and each takes its time."""
MAX_EXCLUDED = 500
MAX_BATCH_EXCLUDED = 2_000
"""Names that the lists of one batch may exclude together."""
MAX_EXPLAINED = 16
"""Items that are explained in one request, of a batch in all its lists: each has its two texts read."""
MAX_VALUES = 100
"""Sections, and languages, of one request."""

MAX_DRAFT = 60_000
"""Characters of a draft's body: far more than any story, far less than what keeps a server busy."""


class RelatedParams(BaseModel):
    """The parameters every related list takes."""

    limit: int = Field(8, ge=1, le=MAX_LIMIT, description="Length of the list.")
    min_score: float | None = Field(
        None, ge=0, le=1, description="Leave out what scores below; the server's own bound if not given."
    )
    exclude: list[Name] = Field(
        default_factory=list, max_length=MAX_EXCLUDED, description="Ids or URLs to leave out, with all their versions."
    )
    section: list[Name] = Field(default_factory=list, max_length=MAX_VALUES, description="Only these sections.")
    language: list[str] = Field(
        default_factory=list,
        max_length=MAX_VALUES,
        description="Only these languages: `en` is also `en-GB`, `*` any. If not given: the article's own.",
    )
    published_after: FirstMoment | None = Field(
        None, description="Nothing older; undated pass. A date, or a month (`2024-02`), begins with its first moment."
    )
    published_before: LastMoment | None = Field(
        None, description="Nothing newer; undated pass. A date, or a month, is included to its last moment."
    )
    mode: Mode = Field(Mode.SIMILAR, description="`background`: older articles only; `next`: newer ones only.")
    diversity: float = Field(0, ge=0, le=1, description="How much likeness to the items above counts against one.")
    fallback: Fallback | None = Field(
        None, description="Fill a short list with the latest articles, or the latest of the article's section."
    )
    explain: bool = Field(False, description="Say of each item why it is there.")

    @model_validator(mode="after")
    def _explainable(self) -> Self:
        if self.explain and self.limit > MAX_EXPLAINED:
            numbers = {"limit": self.limit, "most": MAX_EXPLAINED}
            message = "a list of {limit} is too long to be explained: with explain, limit is at most {most}"
            raise PydanticCustomError("explained", message, numbers)
        return self

    def related_request(self, min_score: float, version_days: float) -> RelatedRequest:
        """Return what is asked for; ``min_score`` holds where none was given, ``version_days`` always."""
        return RelatedRequest(
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
            version_days=version_days,
        )


class RelatedByUrlParams(RelatedParams):
    """The parameters of a list that is asked for by URL."""

    url: str = Field(description="Address of a known article; compared in canonical form.")


class BatchItem(RelatedParams):
    """One list of several: that of the article with an id, a former id or a URL.

    Values as JSON has them: a number is no text and no truth value.
    """

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"oneOf": [{"required": ["id"]}, {"required": ["url"]}]}
    )

    id: ArticleId = ""
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

    requests: list[BatchItem] = Field(min_length=1, max_length=MAX_BATCH)
    distinct: StrictBool = Field(
        False, description="No article stands in two of the lists, and none of the articles asked about in any."
    )

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        explained = sum(params.limit for params in self.requests if params.explain)
        excluded = sum(len(params.exclude) for params in self.requests)
        for found, most, message in (
            (
                sum(params.limit for params in self.requests),
                MAX_ITEMS,
                "the limits add up to {found}, at most {most} are given at once",
            ),
            (
                explained,
                MAX_EXPLAINED,
                "the limits of the lists to explain add up to {found}, at most {most} are explained at once",
            ),
            (
                excluded,
                MAX_BATCH_EXCLUDED,
                "exclude names {found} articles in all, at most {most} can be left out at once",
            ),
        ):
            if found > most:
                raise PydanticCustomError("items", message, {"found": found, "most": most})
        return self


class ArticleFields(BaseModel):
    """An article's fields, in whatever shape a content system gives them. One of the texts is needed.

    What they mean is read where JSON lines are read (recommender.articles): whatever else cannot be read is left out.
    """

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

    url: Any = Field(None, description="Its address.")
    title: Any = Field(None, description='A text, plain or HTML; also `{"rendered": …}`, a number, a list of texts.')
    teaser: Any = Field(None, description="A text like the title.")
    teasers: Any = Field(None, description="Several such texts.")
    body: Any = Field(None, description="A text like the title; a list is one of paragraphs.")
    published_at: Any = Field(
        None,
        description="ISO 8601, or any unambiguous date; seconds or milliseconds since 1970.",
        examples=["2024-03-14"],
    )
    section: Any = Field(None, description="A text or number, a list of which the first counts, or an object's name.")
    tags: Any = Field(
        None, description="Texts, numbers, or objects with a name; or one text with commas.", examples=[["harbour"]]
    )
    language: Any = Field(None, description="A language tag, or several of which the first counts.", examples=["en"])
    canonical_url: Any = Field(None, description="Address of the original, of which it is a version or a copy.")
    translation_of: Any = Field(None, description="Id or URL of the article of which it is a translation.")
    status: Any = Field(None, description="`draft`, `private`, `trash` and the like: it is in no list.")
    draft: Any = Field(None, description="`true`: it is in no list.")
    visibility: Any = Field(None, description="`private`, `hidden` and the like: it is in no list.")
    published: Any = Field(None, description="`false`: it is in no list.")

    @model_validator(mode="before")
    @classmethod
    def _readable(cls, values: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
        """JSON can spell halves of characters, which nothing can store; JSON lines that do are refused as well."""
        try:
            if isinstance(values, dict):
                json.dumps(values, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise PydanticCustomError("unicode", "holds half of a character (a lone surrogate)") from None
        return values


class Draft(ArticleFields):
    """An article that is not published yet. One of title, teaser, teasers and body is needed."""

    @field_validator("body")
    @classmethod
    def _bounded(cls, body: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
        length = _length(body)
        if length > MAX_DRAFT:
            numbers = {"length": length, "most": MAX_DRAFT}
            raise PydanticCustomError("draft", "{length} characters, a draft's body has at most {most}", numbers)
        return body

    @property
    def length(self) -> int:
        """How many characters its body has."""
        return _length(self.body)


def _length(body: Any) -> int:  # noqa: ANN401 - whatever JSON can hold
    items = body.values() if isinstance(body, dict) else body if isinstance(body, list) else [body]
    return sum(len(item) for item in items if isinstance(item, str))
