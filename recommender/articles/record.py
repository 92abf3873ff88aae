"""One decoded JSON value → a Record: the project's input contract (README, "Articles as JSON lines")."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from recommender.articles.article import (
    MAX_BODY,
    MAX_ID,
    MAX_RELATED,
    MAX_TAGS,
    MAX_TEASER,
    MAX_TEASERS,
    MAX_TITLE,
    MAX_URL,
    Article,
    Record,
)
from recommender.articles.dates import parse_time
from recommender.articles.url import url_key
from recommender.errors import ArticleError, shown
from recommender.text import clean

MAX_NESTING = 50
RESERVED = ("/related", "/overrides")
"""No id ends so: over HTTP it would lead to something about another article."""
_FIELDS = frozenset("id url title teaser teasers body published_at section tags language image".split())


def parse_article(record: object, place: str = "", *, curated_key: str = "related") -> Record:
    """Turn one decoded JSON value into a Record; ``curated_key`` names the key of its curated list.

    Raises ArticleError naming the field, the value, what was expected, and ``place``.
    """
    try:
        return _parse(record, place, curated_key)
    except ArticleError as error:
        raise ArticleError(error.message, place) from None


def _parse(record: object, place: str, curated_key: str) -> Record:
    _check_nesting(record)
    if not isinstance(record, Mapping):
        raise ArticleError(f"expected a JSON object, found {shown(record)}")
    url = _text(record, "url", MAX_URL)
    identity = _text(record, "id", MAX_ID, coerce=True) or (url_key(url) if url else "")
    if not identity:
        raise ArticleError('the record has neither "id" nor "url"')
    _check_id(identity)
    title = _text(record, "title", MAX_TITLE).replace("\n", " ")
    teasers = _teasers(record)
    body = _text(record, "body", MAX_BODY)
    if not (title or teasers or body):
        raise ArticleError(f"article {shown(identity)} has no text: title, teaser and body are all missing")
    article = Article(
        id=identity,
        url=url if not url or url_key(url) else None,
        title=title,
        teasers=teasers,
        body=body,
        published_at=_time(record),
        section=_text(record, "section", MAX_TITLE),
        tags=_strings(record, "tags", MAX_TAGS, MAX_TITLE),
        language=_text(record, "language", 35).lower().replace("_", "-"),
        image=_text(record, "image", MAX_URL) or None,
        extra={k: v for k, v in record.items() if k not in _FIELDS and k != curated_key} | _same_story(record),
    )
    related = tuple(name for name in _strings(record, curated_key, MAX_RELATED, MAX_URL) if name != identity)
    return Record(replace(article, url=url or None), place, None if record.get(curated_key) is None else related)


def _check_nesting(value: object) -> None:
    """Refuse what would exhaust the stack of whatever writes or shows it later."""
    level: list[object] = [value]
    for _ in range(MAX_NESTING + 1):
        deeper: list[object] = []
        for item in level:
            if isinstance(item, dict):
                deeper += item.values()
            elif isinstance(item, list):
                deeper += item
        if not deeper:
            return
        level = deeper
    raise ArticleError(f"the record is nested more than {MAX_NESTING} levels deep")


def _check_id(identity: str) -> None:
    if "\n" in identity:
        raise ArticleError(f"id {shown(identity)} contains a line break")
    for reserved in RESERVED:
        if identity.endswith(reserved):
            raise ArticleError(f'id {shown(identity)} ends in "{reserved}", which the HTTP paths reserve')


def _teasers(record: Mapping[str, Any]) -> tuple[str, ...]:
    single = _text(record, "teaser", MAX_TEASER)
    several = _strings(record, "teasers", MAX_TEASERS, MAX_TEASER)
    return tuple(dict.fromkeys(t for t in (single, *several) if t))


def _same_story(record: Mapping[str, Any]) -> dict[str, str | None]:
    """The keys of ``extra`` that have a meaning here, if they are given."""
    original = _text(record, "canonical_url", MAX_URL)
    if original:
        url_key(original)  # raises
    found = {"canonical_url": original, "translation_of": _text(record, "translation_of", MAX_URL, coerce=True)}
    return {key: value or None for key, value in found.items() if key in record}


def _time(record: Mapping[str, Any]) -> datetime | None:
    value = record.get("published_at")
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ArticleError(f"published_at is {shown(value)}, expected an ISO 8601 string or null")
    try:
        return parse_time(value)
    except ValueError:
        raise ArticleError(f"published_at is {shown(value)}, which is no ISO 8601 date or time") from None


def _text(record: Mapping[str, Any], key: str, limit: int, *, coerce: bool = False) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if coerce and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ArticleError(f"{key} is {shown(value)}, expected a string")
    text = clean(value)
    if len(text) > limit:
        raise ArticleError(f"{key} is {len(text):,} characters long, the limit is {limit:,}")
    return text


def _strings(record: Mapping[str, Any], key: str, count: int, limit: int) -> tuple[str, ...]:
    value = record.get(key)
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ArticleError(f"{key} is {shown(value)}, expected a list of strings")
    if len(value) > count:
        raise ArticleError(f"{key} has {len(value):,} entries, the limit is {count:,}")
    items = (_text({key: item}, key, limit, coerce=True) for item in value)
    return tuple(dict.fromkeys(item for item in items if item))
