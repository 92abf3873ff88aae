"""One decoded JSON value → a Record: the project's input contract (README, "Articles as JSON lines")."""

from collections.abc import Collection, Mapping
from typing import Any

from recommender.articles.article import ALIASES, MAX_ID, Article, Record
from recommender.articles.fields import Fields
from recommender.articles.status import published_of
from recommender.articles.url import url_key_or_none
from recommender.articles.values import id_of
from recommender.errors import ArticleError, shown
from recommender.text import clean

MAX_NESTING = 50
RESERVED = ("/related", "/overrides")
"""No id ends so: over HTTP it would lead to something about another article."""
UNREADABLE = "\ufffd"
"""What stands for bytes that are no UTF-8: two different ids may have become one."""
_FIELDS = frozenset("id url title teaser teasers body published_at section tags language image".split())


def parse_article(record: object, place: str = "", *, curated_key: str = "related", site_url: str = "") -> Record:
    """Turn one decoded JSON value into a Record; ``curated_key`` names the key of its curated list.

    Relative addresses are resolved against ``site_url``. What cannot be read of any field but the id and the texts is
    left out, and a warning of the Record says so.

    Raises ArticleError naming the field, the value, what was expected, and ``place``.
    """
    try:
        return _parse(record, place, curated_key, site_url)
    except ArticleError as error:
        raise ArticleError(error.message, place) from None


def _parse(record: object, place: str, curated_key: str, site_url: str) -> Record:
    if is_too_deep(record):
        raise ArticleError(f"the record is nested more than {MAX_NESTING} levels deep")
    if not isinstance(record, Mapping):
        raise ArticleError(f"expected a JSON object, found {shown(record)}")
    fields = Fields(record, site_url)
    given = _given_id(record)
    url, stand_in = fields.url(needed=not given)
    identity = given or stand_in
    if not identity:
        raise ArticleError('the record has neither "id" nor "url"')
    _check_id(identity)
    title, teasers, body = fields.title(), fields.teasers(), fields.body()
    if not (title or teasers or body):
        raise ArticleError(f"article {shown(identity)} has no text: title, teaser and body are all missing")
    published_at = fields.published_at()
    published, warning = published_of(record, published_at is not None)
    kept = {k: v for k, v in record.items() if k not in _FIELDS and k != curated_key}
    article = Article(
        id=identity,
        url=url,
        title=title,
        teasers=teasers,
        body=body,
        published_at=published_at,
        section=fields.section(),
        tags=fields.tags(),
        language=fields.language(),
        image=fields.image(),
        extra=kept | _same_story(record, fields) | _former_names(record, fields, {identity, url_key_or_none(url)}),
        published=published,
    )
    related = fields.names(curated_key)
    if related is not None:
        related = tuple(name for name in related if name != identity)
    return Record(article, place, related, warnings=(*fields.warnings, *([warning] if warning else ())))


def is_too_deep(value: object) -> bool:
    """Say whether ``value`` would exhaust the stack of whatever writes or shows it later: over MAX_NESTING levels."""
    level: list[object] = [value]
    for _ in range(MAX_NESTING + 1):
        deeper: list[object] = []
        for item in level:
            if isinstance(item, dict):
                deeper += item.values()
            elif isinstance(item, list):
                deeper += item
        if not deeper:
            return False
        level = deeper
    return True


def _given_id(record: Mapping[str, Any]) -> str:
    value = record.get("id")
    if value is None or value == "" or value != value:  # pandas' NaN
        return ""
    try:
        identity = id_of(value)
    except ArticleError:
        raise ArticleError(f"id is {shown(value)}, expected a string or a whole number") from None
    if len(identity) > MAX_ID:
        raise ArticleError(f"id is {len(identity):,} characters long, the limit is {MAX_ID:,}")
    return identity


def _check_id(identity: str) -> None:
    """Raise ArticleError for an id under which a request could not name the article."""
    if "\n" in identity:
        raise ArticleError(f"id {shown(identity)} contains a line break")
    if clean(identity) != identity or UNREADABLE in identity:
        raise ArticleError(
            f"id {shown(identity)} is not NFC in UTF-8, or holds control, invisible or surplus characters"
        )
    for reserved in RESERVED:
        if identity.endswith(reserved):
            raise ArticleError(f'id {shown(identity)} ends in "{reserved}", which the HTTP paths reserve')


def _former_names(record: Mapping[str, Any], fields: Fields, own: Collection[str | None]) -> dict[str, list[str]]:
    """Return the key of ``extra`` with the former ids and addresses, without the article's ``own``, if it is given."""
    if ALIASES not in record:
        return {}
    names = fields.names(ALIASES) or ()
    return {ALIASES: [name for name in names if name not in own and (url_key_or_none(name) or "") not in own]}


def _same_story(record: Mapping[str, Any], fields: Fields) -> dict[str, str | None]:
    """Return the keys of ``extra`` that declare another article the same story, if they are given."""
    found = {"canonical_url": fields.canonical_url(), "translation_of": fields.name("translation_of")}
    return {key: value for key, value in found.items() if key in record}
