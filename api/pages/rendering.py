"""Templates to answers: escaped by default, under a content policy that runs our own files and nothing else."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.pages.assets import assets
from api.pages.pictures import picture
from recommender.articles import http_url

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: https:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
RESERVED = (".example", ".test", ".invalid", ".localhost", "example.com", "example.net", "example.org")
"""Ends of hosts that nobody has (RFC 2606, RFC 6761): their addresses lead nowhere and are shown as text."""


def render(request: Request, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return the page of ``template``; ``values`` are what it shows, beside what every page has."""
    config = request.app.state.config
    shared = {
        "here": Here(request),
        "site_name": config.site_name or urlsplit(config.site_url).hostname or "Related articles",
        "named": bool(config.site_name),
        "has_pages": config.pages != "off",
        "has_docs": config.docs,
    }
    body = _templates().get_template(template).render({**shared, **values})
    return HTMLResponse(body, status, headers=HEADERS)


class Here:
    """Addresses on this server, under whatever path it is mounted."""

    def __init__(self, request: Request) -> None:
        self._root = request.scope.get("root_path", "").rstrip("/")
        self.path = request.url.path

    def to(self, path: str, parameters: Mapping[str, Any] | None = None, /, **more: object) -> str:
        """Return the address of ``path`` with these parameters, but for those that are empty."""
        given = {name: value for name, value in {**(parameters or {}), **more}.items() if value not in (None, "", [])}
        return f"{self._root}{path}{'?' if given else ''}{urlencode(given, doseq=True)}"

    def article(self, identity: str) -> str:
        """Return the address of an article's page."""
        return self.to("/pages/article", id=identity)

    def asset(self, name: str) -> str:
        """Return the address of a stylesheet or script."""
        return self.to(f"/assets/{name}", v=assets()[name].digest)


def address(url: str | None) -> str | None:
    """Return ``url`` if a link may lead there: http(s), without credentials, of a host that may exist; else None."""
    found = http_url(url)
    host = (urlsplit(found).hostname or "") if found else ""
    return None if not found or host.endswith(RESERVED) else found


def image(url: str | None) -> str | None:
    """Return ``url`` if a page may show the image: https, of a host that may exist; else None."""
    found = address(url)
    return found if found and found.startswith("https:") else None


def day(moment: datetime | None) -> str:
    """Return the date as people write it; empty where there is none."""
    return f"{moment.day} {moment:%B %Y}" if moment else ""


def ago(moment: datetime, now: datetime | None = None) -> str:
    """Return how long ago a moment was, in words."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count:,} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def count(number: int, one: str, more: str = "") -> str:
    """Return a number and what it counts: "1 article", "2 articles"."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


@cache
def _templates() -> Environment:
    found = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"address": address, "image": image, "day": day, "ago": ago, "count": count}
    found.globals["picture"] = picture
    return found
