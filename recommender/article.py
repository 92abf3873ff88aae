"""Article and CuratedList: the two things a newsroom gives us, checked once at the edge.

The JSON form is the project's input contract (README, "Articles as JSON lines").
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from recommender.errors import ArticleError
from recommender.text import clean, normalise, sha256

MAX_ID = 512
MAX_URL = 2_048
MAX_TITLE = 1_000
MAX_TEASER = 50_000
MAX_BODY = 2_000_000
MAX_TEASERS = 50
MAX_TAGS = 200
MAX_RELATED = 1_000
MAX_NESTING = 50
RESERVED = ("/related", "/overrides")
"""No id ends so: over HTTP it would lead to something about another article."""

_TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|mc_cid|mc_eid|igshid)$", re.IGNORECASE)
_FIELDS = frozenset("id url title teaser teasers body published_at section tags language image".split())
# ISO 8601 as archives really write it: an unpadded hour ("2011-11-28T8:32:24") is still unambiguous.
_LOOSE_TIME = re.compile(r"^(\d{4}-\d{2}-\d{2})[T ](\d:\d{2}.*)$")


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


def canonical_url(url: str) -> str:
    """Return the form of an http(s) URL under which equal addresses compare equal.

    Lower-cases scheme and host, drops default port, credentials, fragment and tracking parameters,
    sorts the query, re-encodes the path and drops its trailing slash; http and https are one.

    Raises ArticleError if it is no absolute http(s) URL.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
        path = quote(unquote(parts.path), safe="/:@!$&'()*+,;=~-._").rstrip("/")
        query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(k)]
        encoded = urlencode(sorted(query))
    except ValueError as error:
        raise ArticleError(f"url {_shown(url)} cannot be parsed ({error})") from None
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise ArticleError(f"url {_shown(url)} is not an absolute http(s) URL")
    netloc = f"[{host}]" if ":" in host else host.lower()
    if port and port not in (80, 443):
        netloc += f":{port}"
    return urlunsplit(("https", netloc, path, encoded, ""))


def canonical_or_none(url: str | None) -> str | None:
    """Return ``canonical_url(url)``, None if it is no absolute http(s) URL."""
    try:
        return canonical_url(url) if url else None
    except ArticleError:
        return None


def parse_time(value: str) -> datetime:
    """Parse an ISO 8601 date or time; without an offset it is taken as UTC. Raises ValueError."""
    text = value.strip()
    if loose := _LOOSE_TIME.match(text):
        text = f"{loose[1]}T0{loose[2]}"
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{value} lies outside the calendar") from None


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
        raise ArticleError(f"expected a JSON object, found {_shown(record)}")
    url = _text(record, "url", MAX_URL)
    identity = _text(record, "id", MAX_ID, coerce=True) or (canonical_url(url) if url else "")
    if not identity:
        raise ArticleError('the record has neither "id" nor "url"')
    _check_id(identity)
    title = _text(record, "title", MAX_TITLE).replace("\n", " ")
    teasers = _teasers(record)
    body = _text(record, "body", MAX_BODY)
    if not (title or teasers or body):
        raise ArticleError(f"article {_shown(identity)} has no text: title, teaser and body are all missing")
    article = Article(
        id=identity,
        url=url if not url or canonical_url(url) else None,
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
        raise ArticleError(f"id {_shown(identity)} contains a line break")
    for reserved in RESERVED:
        if identity.endswith(reserved):
            raise ArticleError(f'id {_shown(identity)} ends in "{reserved}", which the HTTP paths reserve')


def _teasers(record: Mapping[str, Any]) -> tuple[str, ...]:
    single = _text(record, "teaser", MAX_TEASER)
    several = _strings(record, "teasers", MAX_TEASERS, MAX_TEASER)
    return tuple(dict.fromkeys(t for t in (single, *several) if t))


def _same_story(record: Mapping[str, Any]) -> dict[str, str | None]:
    """The keys of ``extra`` that have a meaning here, if they are given."""
    original = _text(record, "canonical_url", MAX_URL)
    if original:
        canonical_url(original)  # raises
    found = {"canonical_url": original, "translation_of": _text(record, "translation_of", MAX_URL, coerce=True)}
    return {key: value or None for key, value in found.items() if key in record}


def _time(record: Mapping[str, Any]) -> datetime | None:
    value = record.get("published_at")
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ArticleError(f"published_at is {_shown(value)}, expected an ISO 8601 string or null")
    try:
        return parse_time(value)
    except ValueError:
        raise ArticleError(f"published_at is {_shown(value)}, which is no ISO 8601 date or time") from None


def _text(record: Mapping[str, Any], key: str, limit: int, *, coerce: bool = False) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if coerce and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ArticleError(f"{key} is {_shown(value)}, expected a string")
    text = clean(value)
    if len(text) > limit:
        raise ArticleError(f"{key} is {len(text):,} characters long, the limit is {limit:,}")
    return text


def _strings(record: Mapping[str, Any], key: str, count: int, limit: int) -> tuple[str, ...]:
    value = record.get(key)
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ArticleError(f"{key} is {_shown(value)}, expected a list of strings")
    if len(value) > count:
        raise ArticleError(f"{key} has {len(value):,} entries, the limit is {count:,}")
    items = (_text({key: item}, key, limit, coerce=True) for item in value)
    return tuple(dict.fromkeys(item for item in items if item))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
