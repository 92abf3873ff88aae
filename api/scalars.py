"""Ids and moments as requests spell them."""

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from recommender.articles import MAX_ID, MAX_URL, id_of, parse_span, parse_time
from recommender.errors import ArticleError


def _name(value: object) -> str:
    """Return the id or tag as articles have it: a number becomes a text."""
    try:
        return id_of(value)
    except ArticleError as error:
        raise PydanticCustomError("name", "{fault}", {"fault": error.message}) from None


def _string_or_integer(**bounds: int) -> WithJsonSchema:
    """Return the schema of what is a text or a number in requests, and always a text in answers."""
    return WithJsonSchema({"anyOf": [{"type": "string", **bounds}, {"type": "integer"}]}, mode="validation")


Name = Annotated[str, BeforeValidator(_name), _string_or_integer()]
"""An id, a URL, a section."""
ArticleId = Annotated[
    str,
    Field(min_length=1, max_length=MAX_ID),
    BeforeValidator(_name),
    _string_or_integer(minLength=1, maxLength=MAX_ID),
]
IdOrUrl = Annotated[
    str,
    Field(min_length=1, max_length=MAX_URL),
    BeforeValidator(_name),
    _string_or_integer(minLength=1, maxLength=MAX_URL),
]


def _span(value: object) -> tuple[datetime, datetime]:
    """Return the first and the last moment of a date in ISO 8601; nothing else is one (pydantic takes "0" for 1970)."""
    if isinstance(value, datetime):
        return value, value
    try:
        return parse_span(value if isinstance(value, str) else "")
    except ValueError:
        raise PydanticCustomError("moment", "Input should be a date or a time in ISO 8601") from None


def _moment(value: object) -> object:
    try:
        return parse_time(value) if isinstance(value, str) else _span(value)[0]
    except ValueError:
        raise PydanticCustomError("moment", "Input should be a date or a time in ISO 8601") from None


_MOMENT = [{"format": "date-time"}, {"format": "date"}]
_MONTH = {"pattern": r"^(19|20)\d{2}-(0[1-9]|1[0-2])$"}

Moment = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "anyOf": _MOMENT}, mode="validation")
]
"""A date or time in ISO 8601, in UTC where it does not say."""
FirstMoment = Annotated[
    datetime,
    BeforeValidator(lambda value: _span(value)[0]),
    WithJsonSchema({"type": "string", "anyOf": [*_MOMENT, _MONTH]}, mode="validation"),
]
"""A moment; of a date or a month (``2024-02``) the first."""
LastMoment = Annotated[
    datetime,
    BeforeValidator(lambda value: _span(value)[1]),
    WithJsonSchema({"type": "string", "anyOf": [*_MOMENT, _MONTH]}, mode="validation"),
]
"""A moment; of a date or a month the last."""
