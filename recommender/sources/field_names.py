"""What other systems call the fields of the input contract."""

import re
from functools import lru_cache

from recommender.sources.options import CURATED_KEYS

CONTRACT = tuple(
    """
    id url title teaser teasers body published_at section tags language image canonical_url translation_of
    status visibility draft published aliases related
    """.split()
)
"""The names that a record's fields have here (docs/content.md)."""

SYNONYMS: dict[str, tuple[str, ...]] = {
    "url": ("link", "permalink", "href"),
    "id": ("guid", "uuid", "slug"),
    "title": ("headline", "post_title", "name"),
    "teaser": (
        *("excerpt", "post_excerpt", "summary", "description", "dek", "standfirst", "abstract", "subtitle", "lead"),
        "intro",
    ),
    "body": (
        *("content", "html", "content_html", "body_html", "article_body", "post_content", "maintext", "text"),
        "content_text",
    ),
    "published_at": (
        *("published_on", "publish_date", "date_published", "pub_date", "published", "post_date_gmt", "date_gmt"),
        *("date", "post_date", "created_at"),
    ),
    "section": ("category", "categories", "channel", "topic", "desk", "rubric", "department"),
    "tags": ("keywords", "labels", "topics"),
    "language": ("lang", "locale"),
    "image": ("image_url", "thumbnail", "cover", "featured_image", "lead_image"),
    "related": CURATED_KEYS[1:],
    "aliases": ("alias", "redirect_from", "redirects", "old_urls", "former_urls"),
    "status": ("post_status",),
    "draft": ("is_draft",),
    "published": ("is_published",),
}
"""Other names of each field, the likeliest first; in Universal Time before local time. See ``squeezed``."""

_BETWEEN = re.compile(r"[\s_-]+")


@lru_cache(maxsize=4_096)
def squeezed(name: str) -> str:
    """Return ``name`` without what spellings differ in: ``datePublished``, ``Date published``, ``date_published``."""
    return _BETWEEN.sub("", name).casefold()


KNOWN = frozenset(squeezed(name) for field in CONTRACT for name in (field, *SYNONYMS.get(field, ())))
"""Every name by which a field is known, squeezed."""
