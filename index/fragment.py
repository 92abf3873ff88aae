"""A related list as a piece of HTML for a page: the same over HTTP and in exported files, and by /widget.js."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from index.response import Related

if TYPE_CHECKING:
    from jinja2 import Template

REFERRER = "strict-origin-when-cross-origin"
"""What links and images tell of the page they stand on: other sites learn its origin, the site itself its address."""


def fragment(found: Related) -> bytes:
    """Return the list as HTML in UTF-8, every text escaped; empty for no items.

    A schema.org ItemList in microdata, which needs no script. The class names are stable.
    """
    return _template().render(items=found.items, referrer=REFERRER).encode() if found.items else b""


@cache
def _template() -> "Template":
    """Return the template. It is read, and its library imported, for the first list: most servers write none."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined
    )
    return environment.from_string((files("index") / "templates" / "related.html.j2").read_text(encoding="utf-8"))
