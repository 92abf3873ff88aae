"""Front matter → the fields of a record."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urljoin

from recommender.articles.dates import read_time
from recommender.sources.markdown.front_matter import FrontMatter
from recommender.sources.markdown.pages import Where, date_in_name
from recommender.sources.markdown.sites import Site
from recommender.sources.markdown.slugs import undated

DATES = (
    "date",
    "pubdate",
    "publishdate",
    "publish_date",
    "published_at",
    "publishedat",
    "published",
    "publisheddate",
    "published_date",
    "date_published",
    "datepublished",
    "pub_date",
    "created",
    "created_at",
)
_TEASERS = ("description", "summary", "excerpt", "teaser", "lead", "abstract", "dek", "standfirst")
_IMAGES = ("cover", "image", "images", "featured_image", "featuredimage", "feature_image", "heroimage", "hero_image",
           "hero", "featured", "thumbnail", "banner", "og_image", "header")  # fmt: skip
_IN_IMAGES = ("url", "src", "image", "path", "teaser", "og_image", "overlay_image")
_CANONICAL = ("canonical_url", "canonicalurl", "canonical")
_ALIASES = ("aliases", "alias", "redirect_from", "redirects")
_USED = frozenset(
    (*_CANONICAL, *_ALIASES, "id", "url", "body", "title", "teaser", "teasers", "published_at", "section", "tags",
     "language", "image", "translation_of", "draft", "published")
)  # fmt: skip
_WORDS = re.compile(r"[-_\s]+")


def title_of(matter: FrontMatter) -> str:
    """Return the title that front matter gives, "" if it gives none."""
    return matter.text("title", "headline")


def title_of_file(path: PurePosixPath) -> str:
    """Return the words of a file's name."""
    words = _WORDS.sub(" ", undated(path.name)).strip()
    return words[:1].upper() + words[1:]


def date_of(site: Site, matter: FrontMatter, path: PurePosixPath) -> Any:  # noqa: ANN401 - as it is written
    """Return the date as front matter or the file's name has it, None if there is none."""
    names = ("publishdate", *DATES) if site.generator == "hugo" else DATES
    for name in names:
        value = matter.first(name)
        if isinstance(value, dict):  # as MkDocs' blog has it
            value = value.get("created") or value.get("date")
        if value is None or isinstance(value, bool | list):
            continue
        if name == "published" and read_time(value)[0] is None:  # whether, not when
            continue
        return value
    return date_in_name(path) or None


def tags_of(site: Site, matter: FrontMatter) -> Any:  # noqa: ANN401 - as it is written
    """Return the tags, None if there are none."""
    taxonomies = matter.first("taxonomies")
    value = matter.first("tags", "tag", "keywords")
    if value is None and isinstance(taxonomies, dict):
        value = taxonomies.get("tags")
    if isinstance(value, str) and site.generator in ("jekyll", "hexo") and "," not in value:
        return value.split()
    return value


def section_of(site: Site, matter: FrontMatter, where: Where, path: PurePosixPath) -> str:
    """Return the section: a category, or the folder in which generators keep one."""
    section = matter.text("section")
    if section:
        return section
    if found := categories_of(site, matter):
        return found[0]
    if where.categories:
        return where.categories[-1]
    return path.parts[0] if site.generator in ("hugo", "zola") and len(path.parts) > 1 else ""


def categories_of(site: Site, matter: FrontMatter) -> Sequence[str]:
    """Return the categories in order."""
    taxonomies = matter.first("taxonomies")
    value = matter.first("category", "categories")
    if value is None and isinstance(taxonomies, dict):
        value = taxonomies.get("categories") or taxonomies.get("category")
    if isinstance(value, str):
        between = "," if "," in value or matter.first("category") or site.generator != "jekyll" else None
        return [part.strip() for part in value.split(between) if part.strip()]
    named = value if isinstance(value, list) else [value]
    texts = [item.get("name") or item.get("title") if isinstance(item, dict) else item for item in named]
    return [text.strip() for text in texts if isinstance(text, str) and text.strip()]


def teasers_of(matter: FrontMatter) -> list[str]:
    """Return the page's summaries of itself, each once."""
    given = matter.first("teasers")
    texts = [item for item in given if isinstance(item, str)] if isinstance(given, list) else []
    texts += [text for name in _TEASERS if (text := matter.text(name))]
    return list(dict.fromkeys(texts))


def image_of(matter: FrontMatter, site: Site, address: str | None) -> str | None:
    """Return the address of the page's picture, None where it has none or it is not known to what it is relative."""
    for name in _IMAGES:
        value = matter.first(name)
        if isinstance(value, list):
            value = next((item for item in value if isinstance(item, str | dict)), None)
        if isinstance(value, dict):
            value = next((value[key] for key in _IN_IMAGES if isinstance(value.get(key), str)), None)
        if not isinstance(value, str) or not re.search(r"[/.]", value) or "{{" in value:
            continue
        return _absolute(value.strip(), site, address)
    return None


def _absolute(image: str, site: Site, address: str | None) -> str | None:
    if "://" in image or image.startswith("//"):
        return image
    if not site.origin or image.startswith(("../", "@", "~")):
        return None
    try:
        return urljoin(site.url(address if address and image.startswith("./") else "/"), image)
    except ValueError:
        return None


def canonical_of(matter: FrontMatter) -> str:
    """Return the address of the original, "" if none is named."""
    value = matter.text(*_CANONICAL)
    return value if "/" in value else ""


def aliases_of(matter: FrontMatter, address: str | None) -> list[str]:
    """Return the page's other addresses, from the site's root or with a host."""
    found: list[str] = []
    for name in _ALIASES:
        value = matter.first(name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str) and item.strip() and not any(map(str.isspace, item.strip())):
                found.append(_rooted(item.strip(), address))
    return list(dict.fromkeys(found))


def _rooted(alias: str, address: str | None) -> str:
    if alias.startswith("/") or "://" in alias:
        return alias
    folder = (address or "/").rstrip("/").rpartition("/")[0]
    return f"{folder}/{alias}"


def own_fields(matter: FrontMatter) -> dict[str, Any]:
    """Return the values of front matter that no field of the record's takes."""
    return {key: value for key, value in matter.values.items() if key.lower() not in _USED}
