"""One row of Ghost's posts → its fields, with what other tables say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recommender.errors import SourceError
from recommender.sources.ghost.bodies import body_of
from recommender.sources.ghost.permalinks import PLAIN, address_of
from recommender.sources.options import ReadOptions

MAX_ROWS = 5_000_000
"""Rows of all tables but posts."""
GHOST_URL = "__GHOST_URL__"
"""What stands for the site's address in exports."""
_STATUSES = {
    "draft": "a draft",
    "scheduled": "a post that is scheduled",
    "sent": "a newsletter that was only sent",
}
_LONGEST_NAME = 40
_LANGUAGE_SETTINGS = ("locale", "lang", "default_locale", "defaultLang")
_ZONES = ("timezone", "activeTimezone", "active_timezone")
_KEPT = {
    "tags": ("name", "visibility"),
    "posts_tags": ("post_id", "tag_id", "sort_order"),
    "posts_meta": ("post_id", "og_image", "canonical_url"),
    "users": ("name",),
    "posts_authors": ("post_id", "author_id", "sort_order"),
}
TABLES = ("posts", "settings", *_KEPT)


@dataclass(slots=True)
class Tables:
    """What is remembered of an export's tables."""

    place: str
    tags: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Number → name and slug, as in ``users``."""
    users: dict[str, tuple[str, str]] = field(default_factory=dict)
    meta: dict[str, tuple[str, str]] = field(default_factory=dict)
    tags_of: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    authors_of: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    rows: int = 0

    def learn(self, table: str, row: Mapping[str, Any]) -> None:
        """Remember one row. Raises SourceError over MAX_ROWS."""
        self.rows += 1
        if self.rows > MAX_ROWS:
            raise SourceError(f"the export holds more than {MAX_ROWS:,} rows beside the posts", self.place)
        number, post = key_of(row.get("id")), key_of(row.get("post_id"))
        if table == "tags" and _is_public(row):
            self.tags[number] = (text_of(row.get("name")), text_of(row.get("slug")))
        elif table == "users":
            self.users[number] = (text_of(row.get("name")), text_of(row.get("slug")))
        elif table == "posts_meta":
            self.meta[post] = (text_of(row.get("canonical_url")), text_of(row.get("og_image")))
        elif table == "posts_tags":
            self.tags_of.setdefault(post, []).append((_order(row), key_of(row.get("tag_id"))))
        elif table == "posts_authors":
            self.authors_of.setdefault(post, []).append((_order(row), key_of(row.get("author_id"))))
        elif table == "settings" and text_of(row.get("key")) in (*_LANGUAGE_SETTINGS, *_ZONES, "permalinks"):
            self.settings[text_of(row.get("key"))] = text_of(row.get("value"))

    def complete(self, fields: dict[str, Any], options: ReadOptions) -> dict[str, Any]:
        """Return ``fields``, as ``fields_of`` made them, with tags, author, language and addresses."""
        row = fields.pop("row")
        found = [self.tags[tag] for _, tag in sorted(self.tags_of.get(row, ())) if tag in self.tags]
        tags = fields.get("tags") or [name for name, _ in found if name]
        users = [self.users[user] for _, user in sorted(self.authors_of.get(row, ())) if user in self.users]
        authors = [name for name, _ in users if name]
        canonical, image = self.meta.get(row, ("", ""))
        language = next((self.settings[key] for key in _LANGUAGE_SETTINGS if self.settings.get(key)), "")
        writer = self.users.get(fields.pop("writer"), ("", ""))
        self._address(fields, options, [slug for _, slug in found], [slug for _, slug in (*users, writer)])
        fields |= {
            "section": fields.get("section") or (tags[0] if tags else ""),
            "tags": tags,
            "author": fields.get("author") or (authors[0] if authors else writer[0]),
            "language": fields.get("language") or language,
            "canonical_url": address(fields.get("canonical_url") or canonical, options.site_url),
            "image": address(fields.get("image") or image, options.site_url),
        }
        return {key: value for key, value in fields.items() if value}

    def _address(self, fields: dict[str, Any], options: ReadOptions, tags: list[str], authors: list[str]) -> None:
        """Say in ``fields["permalink"]`` where the site has the post, by the form of its addresses."""
        pattern = options.permalink or self.settings.get("permalinks") or PLAIN
        primary = next(filter(None, (*fields.pop("slugs"), *tags)), "")
        author = next(filter(None, (*fields.pop("writers"), *authors)), "")
        values = {"slug": fields["slug"], "id": fields["id"], "primary_tag": primary, "primary_author": author}
        zone = next((self.settings[key] for key in _ZONES if self.settings.get(key)), "")
        fields["permalink"] = address_of(pattern, values | {"author": author}, fields.get("published_at"), zone)


def left_out_of(post: Mapping[str, Any], wanted: Sequence[str]) -> str:
    """Return what the row is called if it is no published article; empty: it is."""
    kind = text_of(post.get("type")) or ("page" if post.get("page") in (1, True, "1") else "post")
    if kind not in wanted:
        name = " ".join(kind.split())[:_LONGEST_NAME]
        called = "a page" if name == "page" else f"a post of the type {name}"
        return f"{called}; --post-type {name} reads it"
    status = text_of(post.get("status"))
    if status in ("", "published"):
        return ""
    return _STATUSES.get(status) or f"a post with the status {' '.join(status.split())[:_LONGEST_NAME]}"


def fields_of(post: Mapping[str, Any], options: ReadOptions) -> dict[str, Any]:
    """Return the fields that the row itself tells, ``row`` (its number) and ``writer`` (its author's) among them."""
    slug, url = text_of(post.get("slug")), text_of(post.get("url"))
    number = key_of(post.get("id"))
    published_at = post.get("published_at")
    public = [tag for tag in _mappings(post.get("tags")) if _is_public(tag)]
    names = [text_of(tag.get("name")) for tag in public]
    primary, author = post.get("primary_tag"), next(iter(_mappings(post.get("authors"))), {})
    mapped = {path: post[path] for path in options.fields.values() if path in post}
    return mapped | {
        "row": number,
        "writer": key_of(post.get("author_id")),
        "slugs": [text_of(tag.get("slug")) for tag in public],
        "writers": [text_of(author.get("slug"))],
        "id": number or text_of(post.get("uuid")) or slug,
        "url": address(url, options.site_url),
        "slug": slug,
        "title": text_of(post.get("title")),
        "teaser": text_of(post.get("custom_excerpt")),
        "body": body_of(post),
        "published_at": published_at if isinstance(published_at, str | int | float) else None,
        "section": text_of(primary.get("name")) if isinstance(primary, Mapping) and _is_public(primary) else "",
        "tags": [name for name in names if name],
        "author": text_of(author.get("name")),
        "language": text_of(post.get("language") or post.get("locale")),
        "image": text_of(post.get("feature_image") or post.get("image") or post.get("og_image")),
        "canonical_url": text_of(post.get("canonical_url")),
        options.curated_key: next((post[key] for key in options.curated_keys if post.get(key)), None),
    }


def address(url: str, site_url: str) -> str:
    """Return ``url`` with the site's address where the export left it out; empty where that is not known."""
    if GHOST_URL in url:
        url = url.replace(GHOST_URL, "", 1)
        url = url if url.startswith("/") else f"/{url}"
    return "" if url.startswith("/") and not url.startswith("//") and not site_url else url


def text_of(value: object) -> str:
    """Return a text without outer spaces; empty for anything else."""
    return value.strip() if isinstance(value, str) else ""


def key_of(value: object) -> str:
    """Return a row's number as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text_of(value)


def _is_public(tag: Mapping[str, Any]) -> bool:
    """Say whether readers see the tag: not "#feature", which Ghost calls internal."""
    return not text_of(tag.get("name")).startswith("#") and tag.get("visibility") != "internal"


def _order(row: Mapping[str, Any]) -> float:
    order = row.get("sort_order")
    return float(order) if isinstance(order, int | float) else 0.0


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
