"""How sources are to be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

CURATED_KEYS = ("related", "related_posts", "relatedPosts", "relatedArticles", "see_also", "seealso", "recommended")
"""What sites call an editor's list, in front matter, records and columns."""

SWITCHES = frozenset("0 1 on off yes no true false none default show hide enable disable enabled disabled".split())
"""What stands under such a key where themes keep whether a list is shown."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How sources are to be read.

    ``curated_key``: the key of curated lists; the usual one stands for all of CURATED_KEYS. ``site_url``: what relative
    addresses start from; empty: unknown.
    ``format``: the name of the only format that is tried; empty: found by content. ``fields``: input contract's field
    → path in the source's records (``body`` → ``content.rendered``). ``related_selector``: CSS selector of the links
    of a page's own related box. ``post_types``: what of a content system's export is an article. ``query``: of a
    database. ``path``: where in a JSON document the articles are (``data.posts``); empty: found. ``max_pages``: pages
    that are fetched of one source, at most. ``date_format``: strptime(3)'s, for dates that say themselves in no other
    way. ``allow_hosts`` (``host`` or ``host:port``): may be in a network that is not public. ``delay``: seconds between
    two requests to one host. ``pages_folder``: where fetched pages are kept for the next run; empty: nowhere.
    ``permalink``: the form of a Ghost site's addresses (``/:year/:month/:slug/``); empty: as its export says.
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
    permalink: str = ""

    @property
    def curated_keys(self) -> tuple[str, ...]:
        """The keys of curated lists, the first that holds one counts."""
        return CURATED_KEYS if self.curated_key == CURATED_KEYS[0] else (self.curated_key,)
