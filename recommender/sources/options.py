"""How sources are to be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

CURATED_KEYS = ("related", "related_posts", "relatedPosts", "relatedArticles", "see_also", "seealso", "recommended")
"""Where generators of sites keep an editor's list in front matter."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How sources are to be read.

    ``curated_key``: the key of curated lists. ``site_url``: what relative addresses start from; empty: unknown.
    ``format``: the name of the only format that is tried; empty: found by content. ``fields``: input contract's field
    → path in the source's records (``body`` → ``content.rendered``). ``related_selector``: CSS selector of the links
    of a page's own related box. ``post_types``: what of a content system's export is an article. ``query``: of a
    database. ``path``: where in a JSON document the articles are (``data.posts``); empty: found. ``max_pages``: pages
    that are fetched of one source, at most. ``date_format``: strptime(3)'s, for dates that say themselves in no other
    way. ``allow_hosts`` (``host`` or ``host:port``): may be in a network that is not public. ``delay``: seconds between
    two requests to one host. ``pages_folder``: where fetched pages are kept for the next run; empty: nowhere.
    """

    curated_key: str = "related"
    site_url: str = ""
    format: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    related_selector: str = ""
    post_types: tuple[str, ...] = ("post",)
    query: str = ""
    path: str = ""
    max_pages: int = 10_000
    date_format: str = ""
    allow_hosts: tuple[str, ...] = ()
    delay: float = 1.0
    pages_folder: str = ""
