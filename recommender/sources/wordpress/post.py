"""One post as WordPress's REST API gives it → what is yielded of it."""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from recommender.errors import ArticleError, shown
from recommender.sources.items import Entry, Item, LeftOut
from recommender.sources.options import ReadOptions
from recommender.sources.wordpress.left_out import of_status, of_type
from recommender.sources.wordpress.related import COMPUTED, related_of

LOCAL_DATE = "its date is the site's local time, taken as UTC: there is none in UTC"
NO_NAMES = "its categories and tags are numbers: fetched with _embed=wp:term they have names"
LAST_PAGE = "rest_post_invalid_page_number"
"""What the API says to a page after the last one."""
MAX_EXCERPT = 200_000
_NO_SECTION = "uncategorized"
_TEXT_KEYS = ("title", "content", "excerpt")
_LONGEST_END = 5_000
_MORE = re.compile(r"\b(?:more-link|read-more|readmore|continue-reading)\b")
_LINK = re.compile(r"<a\b[^<>]{0,2000}>")
_ELLIPSIS = re.compile(r"\[\s?(?:&hellip;|&#8230;|&#x2026;|…|\.\.\.)\s?\]", re.IGNORECASE)
_WHOLE_LINK = re.compile(r"<a\b[^<>]*>.*?</a>", re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
_LAST_ELLIPSIS = re.compile(r"(?:&hellip;|&#8230;|&#x2026;|…|\.\.\.)\s{0,9}\Z", re.IGNORECASE)
_HEAD_OF_PATH = re.compile(r"[^.\[]+")


def error_of(value: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the code and the message if ``value`` is an error of the API and no post."""
    code, message = value.get("code"), value.get("message")
    if isinstance(code, str) and not any(key in value for key in ("id", *_TEXT_KEYS)):
        return code[:100], str(message)[:200] if message else "without a message"
    return None


def item_of(post: Mapping[str, Any], place: str, options: ReadOptions) -> Item:
    """Return the Entry that ``post`` comes to, or why it is none."""
    number = post.get("id")
    where = f"{place}, post {number}" if isinstance(number, int | str) and str(number)[:40] else place
    if kind := _left_out(post, options):
        return LeftOut(kind, where)
    if not any(key in post for key in _TEXT_KEYS):
        keys = shown(", ".join(list(post)[:8]))
        return ArticleError(f"expected a post with title and content, found an object with {keys}", where)
    notes: list[str] = []
    fields = _fields(post, options, notes)
    if not (fields.get("id") or fields.get("url")):
        return ArticleError("the post has neither id nor link", where)
    return Entry(fields, where, tuple(notes))


def _left_out(post: Mapping[str, Any], options: ReadOptions) -> str:
    if isinstance(post.get("taxonomy"), str) and "content" not in post:
        return "a category or a tag"
    post_type, status = post.get("type"), post.get("status")
    if isinstance(post_type, str) and (kind := of_type(post_type, options.post_types)):
        return kind
    if isinstance(status, str) and (kind := of_status(status)):
        return kind
    return of_status("protected") if any(_is_protected(post.get(key)) for key in ("content", "excerpt")) else ""


def _is_protected(value: object) -> bool:
    return isinstance(value, Mapping) and value.get("protected") is True


def _fields(post: Mapping[str, Any], options: ReadOptions, notes: list[str]) -> dict[str, Any]:
    section, tags = _terms(post, notes)
    related = _related(post, options.curated_key)
    url, guid = _string(post.get("link")), _rendered(post.get("guid"))
    slug = _string(post.get("slug"))
    guid = guid if guid.startswith(("http://", "https://")) else ""
    seo = post.get("yoast_head_json")
    wanted = {head[0] for path in options.fields.values() if (head := _HEAD_OF_PATH.match(path))}
    mapped = {key: value for key, value in post.items() if key in wanted or key in options.fields.values()}
    fields: dict[str, Any] = {
        "id": _number(post.get("id")),
        "url": url or guid,
        "title": _rendered(post.get("title")),
        "teaser": excerpt_of(_rendered(post.get("excerpt"))),
        "body": _rendered(post.get("content")),
        "published_at": _date(post, notes),
        "section": section,
        "tags": tags,
        "language": _string(post.get("lang")),
        "image": _image(post),
        "author": _author(post),
        "canonical_url": _string(seo.get("canonical")) if isinstance(seo, Mapping) else "",
        "aliases": [alias for alias in (slug, guid) if alias and alias != url],
        options.curated_key: related,
    }
    return {key: value for key, value in (fields | mapped).items() if value and key not in COMPUTED}


def excerpt_of(text: str) -> str:
    """Return an excerpt without the mark that it was cut, and without the link to read on."""
    text = text[:MAX_EXCERPT]
    ellipsis = _last(_ELLIPSIS, text)
    if ellipsis and _is_link_only(text[ellipsis.end() :]):
        return text[: ellipsis.start()].rstrip()
    link = _last(_LINK, text)
    if not link or not _is_link_only(text[link.start() :]):
        return text
    before = text[: link.start()].rstrip()
    cut = _LAST_ELLIPSIS.sub("", before).rstrip()
    return cut if cut != before or _MORE.search(link[0]) else text


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return next(iter(deque(pattern.finditer(text), maxlen=1)), None)


def _is_link_only(text: str) -> bool:
    """Say whether nothing is left of ``text`` without links and tags."""
    return len(text) <= _LONGEST_END and not _TAG.sub("", _WHOLE_LINK.sub("", text)).strip()


def _terms(post: Mapping[str, Any], notes: list[str]) -> tuple[str, list[str]]:
    """Section and tags, by the names that are embedded."""
    section, tags = "", []
    terms = list(_embedded(post, "wp:term"))
    for term in terms:
        name, slug = _string(term.get("name")), _string(term.get("slug"))
        if term.get("taxonomy") == "post_tag" and name:
            tags.append(name)
        elif term.get("taxonomy") == "category" and _NO_SECTION not in (slug, name.lower()):
            section = section or name
    if not terms and (_has_numbers(post.get("categories")) or _has_numbers(post.get("tags"))):
        notes.append(NO_NAMES)
    return section, list(dict.fromkeys(tags))


def _has_numbers(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(each, int) for each in value)


def _related(post: Mapping[str, Any], curated_key: str) -> list[str]:
    """The first list of the post, its custom fields (ACF) or its meta."""
    for fields in (post, post.get("acf"), post.get("meta")):
        if isinstance(fields, Mapping) and (related := related_of(fields, curated_key)):
            return related
    return []


def _image(post: Mapping[str, Any]) -> str:
    media = next(_embedded(post, "wp:featuredmedia"), {})
    return _string(media.get("source_url")) or _string(post.get("jetpack_featured_media_url"))


def _author(post: Mapping[str, Any]) -> str:
    return _string(next(_embedded(post, "author"), {}).get("name"))


def _embedded(post: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    """The objects that are embedded under ``key``, also in lists of lists."""
    embedded = post.get("_embedded")
    found = embedded.get(key) if isinstance(embedded, Mapping) else None
    for each in found if isinstance(found, list) else []:
        yield from (inner for inner in (each if isinstance(each, list) else [each]) if isinstance(inner, Mapping))


def _date(post: Mapping[str, Any], notes: list[str]) -> str:
    utc, local = _string(post.get("date_gmt")), _string(post.get("date"))
    if utc and not utc.startswith(("0000", "-0001")):
        return utc
    if local and not local.startswith(("0000", "-0001")):
        notes.append(LOCAL_DATE)
        return local
    return ""


def _rendered(value: object) -> str:
    """The text of a field: what is rendered, else as its editor wrote it."""
    if isinstance(value, Mapping):
        value = value.get("rendered") or value.get("raw")
    return _string(value)


def _string(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _number(value: object) -> str:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _string(value)
