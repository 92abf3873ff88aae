"""Addresses: the form under which equal ones compare equal."""

import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from recommender.errors import ArticleError, shown

_TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|mc_cid|mc_eid|igshid)$", re.IGNORECASE)


def url_key(url: str) -> str:
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
        raise ArticleError(f"url {shown(url)} cannot be parsed ({error})") from None
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise ArticleError(f"url {shown(url)} is not an absolute http(s) URL")
    netloc = f"[{host}]" if ":" in host else host.lower()
    if port and port not in (80, 443):
        netloc += f":{port}"
    return urlunsplit(("https", netloc, path, encoded, ""))


def url_key_or_none(url: str | None) -> str | None:
    """Return ``url_key(url)``, None if it is no absolute http(s) URL."""
    try:
        return url_key(url) if url else None
    except ArticleError:
        return None
