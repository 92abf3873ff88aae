"""Reader of a WordPress site that is online, by its REST API, page by page."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urljoin

import orjson

from recommender.errors import SourceError, shown
from recommender.sources.items import Item, Note
from recommender.sources.json_objects import json_start
from recommender.sources.options import ReadOptions
from recommender.sources.wordpress.post import LAST_PAGE, error_of, item_of

Fetch = Callable[[str], tuple[int, Mapping[str, str], bytes]]
"""Fetches an address → status, headers, body. It decides which addresses may be fetched, and raises SourceError."""

PER_PAGE = 100
"""Posts of a page: no WordPress gives more."""
_API = re.compile(r"/wp-json(?=[/?#]|\Z)")
_LINK_HEADER = re.compile(r"<([^<>]{1,2000})>\s*;[^,]{0,200}\brel=\"?https://api\.w\.org/")
_LINK = re.compile(r"<link\b[^<>]{0,3000}>", re.IGNORECASE)
_REL = re.compile(r"\brel\s*=\s*[\"']?https://api\.w\.org/")
_HREF = re.compile(r"\bhref\s*=\s*[\"']?([^\"'\s<>]{1,2000})")
_HEAD = 256 * 1024


def read_live(base_url: str, fetch: Fetch, options: ReadOptions) -> Iterator[Item]:
    """Yield an Entry for each published post of the site at ``base_url``, newest first, and what else there is to say.

    ``base_url`` is any page of the site, or its API's address (``…/wp-json/``). Of each of ``options.post_types`` at
    most ``options.max_pages`` pages of 100 posts are fetched.

    Raises SourceError where the site does not answer as the API does: what was yielded before is all that was read.
    """
    root = api_root(base_url, fetch)
    for route in _routes(root, fetch, options):
        yield from _Pages(root, route, fetch, options).read()


def api_root(base_url: str, fetch: Fetch) -> str:
    """Return the address of the API: the one the page at ``base_url`` links to, else ``/wp-json/`` below it."""
    if "rest_route=/" in base_url:
        return base_url[: base_url.index("rest_route=/") + len("rest_route=/")]
    if known := _API.search(base_url):
        return f"{base_url[: known.start()]}/wp-json/"
    status, headers, body = fetch(base_url)
    linked = [found[1] for found in [_LINK_HEADER.search(_header(headers, "link"))] if found]
    for href_of_api in [*linked, *(api_links(body) if status == 200 else ())]:
        with suppress(ValueError):
            return str(urljoin(base_url, href_of_api))
    folder = base_url.split("?")[0].split("#")[0]
    return f"{folder.rstrip('/')}/wp-json/"


def api_links(page: bytes) -> list[str]:
    """Return where the head of ``page`` says that the API is, as it is written there; no page but WordPress's does."""
    links = _LINK.finditer(page[:_HEAD].decode("utf-8", "replace"))
    hrefs = (_HREF.search(link[0]) for link in links if _REL.search(link[0]))
    return [unescape(href[1]) for href in hrefs if href]


def _routes(root: str, fetch: Fetch, options: ReadOptions) -> list[str]:
    """What the posts of each type are called in addresses. Raises SourceError if the site has no such type."""
    usual = {"post": "posts", "page": "pages"}
    if all(post_type in usual for post_type in options.post_types):
        return [usual[post_type] for post_type in options.post_types]
    answer = _fetched(fetch, _address(root, "wp/v2/types"))
    types = answer.value if isinstance(answer.value, Mapping) and answer.status == 200 else None
    if types is None:
        raise SourceError(f"the API does not say which types of posts there are ({answer.told})", answer.url)
    routes = []
    for post_type in options.post_types:
        known = types.get(post_type)
        route = known.get("rest_base") if isinstance(known, Mapping) else None
        if not isinstance(route, str) or not re.fullmatch(r"[\w-]{1,100}", route):
            names = ", ".join(str(name)[:40] for name in list(types)[:30])
            raise SourceError(f"the API has no type of posts {shown(post_type)}; it has: {names}", answer.url)
        routes.append(route)
    return routes


@dataclass(frozen=True, slots=True)
class _Answer:
    url: str
    status: int
    headers: Mapping[str, str]
    value: object
    """What the JSON says, None if there is none."""
    told: str
    """The answer in a few words, for an error."""


class _Pages:
    """The pages of one type of posts."""

    def __init__(self, root: str, route: str, fetch: Fetch, options: ReadOptions) -> None:
        self._root = root
        self._route = route
        self._fetch = fetch
        self._options = options
        self._seen: set[object] = set()
        self._warned: set[str] = set()

    def read(self) -> Iterator[Item]:
        """Yield the posts of page after page. A post that moved to the next page meanwhile is yielded once."""
        total = None
        for number in range(1, self._options.max_pages + 1):
            answer = _fetched(self._fetch, self._url(number))
            posts = self._posts(answer, number)
            if posts is None:
                return
            fresh = [post for post in posts if self._is_new(post.get("id"))]
            if posts and not fresh:
                told = f"page {number:,} holds the same posts as the pages before: the rest is not read"
                raise SourceError(told, answer.url)
            for post in fresh:
                yield item_of(post, answer.url, self._options)
            total = _whole(_header(answer.headers, "x-wp-totalpages"))
            if not posts or (total is not None and number >= total):
                return
        of = f" of {total:,}" if total else ""
        yield Note(f"only the first {self._options.max_pages:,} pages{of} were fetched", self._root, partial=True)

    def _url(self, number: int) -> str:
        query = f"per_page={PER_PAGE}&page={number}&_embed=wp:term,wp:featuredmedia"
        return _address(self._root, f"wp/v2/{self._route}", query)

    def _posts(self, answer: _Answer, number: int) -> list[Mapping[str, Any]] | None:
        """The posts of a page, None after the last one. Raises SourceError if it is none."""
        error = error_of(answer.value) if isinstance(answer.value, Mapping) else None
        if error and error[0] == LAST_PAGE and number > 1:
            return None
        if answer.status != 200 or not isinstance(answer.value, list):
            before = f"; the {number - 1:,} pages before it were read" if number > 1 else ""
            raise SourceError(f"page {number:,} of the posts cannot be read: {answer.told}{before}", answer.url)
        return [post for post in answer.value if isinstance(post, Mapping)]

    def _is_new(self, number: object) -> bool:
        if not isinstance(number, int | str):
            return True
        if number in self._seen:
            return False
        self._seen.add(number)
        return True


def _fetched(fetch: Fetch, url: str) -> _Answer:
    status, headers, body = fetch(url)
    value = _json(body)
    error = error_of(value) if isinstance(value, Mapping) else None
    if error:
        told = f"status {status}, {error[0]}: {error[1]}"
    elif value is None:
        told = f"status {status}, and no JSON but {shown(body[:60].decode('utf-8', 'replace'))}"
    else:
        told = f"status {status}, with JSON of another form"
    return _Answer(url, status, headers, value, told)


def _json(body: bytes) -> object:
    """What the JSON in ``body`` says, also after warnings of PHP; None if there is none."""
    start = json_start(body)
    if start < 0:
        return None
    try:
        return orjson.loads(body[start:].decode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        return None


def _address(root: str, route: str, query: str = "") -> str:
    if "?" in root:  # a site without pretty addresses: /?rest_route=/
        return f"{root}{'' if root.endswith('/') else '/'}{route}{'&' if query else ''}{query}"
    return f"{root.rstrip('/')}/{route}{'?' if query else ''}{query}"


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((str(value) for key, value in headers.items() if str(key).lower() == name), "")


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
