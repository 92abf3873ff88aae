"""A page that can be loaded, from a folder or from where a crawler keeps it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """A page of HTML. ``place``: what messages call it; ``path``: its address path on the site (``/posts/x/``).

    ``url``: where it was fetched, empty for a file. ``load`` returns its bytes, as often as it is called; it raises
    OSError or SourceError where it cannot. ``content_type``: what the server called it.
    """

    place: str
    path: str
    url: str
    load: Callable[[], bytes]
    content_type: str = ""
