"""An address on the web as a source: a feed, a WordPress site, a site by its sitemaps, or one page."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast
from urllib.parse import urljoin, urlsplit

from recommender.errors import SourceError
from recommender.sources import html
from recommender.sources.fetch import (
    CrawlOptions,
    DiskPageCache,
    Fetched,
    Fetcher,
    PageCache,
    Progress,
    StatusError,
    crawl,
)
from recommender.sources.formats import Format, format_named, format_of
from recommender.sources.items import Item, Note, Rejected
from recommender.sources.opened import Opened, from_stream
from recommender.sources.options import ReadOptions
from recommender.sources.wordpress.live import api_links, read_live

WEB = ("http://", "https://")
_FEED = re.compile(
    rb"<link\b(?=[^<>]{0,2000}application/(?:rss|atom)\+xml)[^<>]{0,2000}?\bhref=[\"']([^\"'<>]{1,2000})", re.IGNORECASE
)
_SITEMAP = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?[^>]{0,2000}>\s*|<!--.{0,5000}?-->\s*){0,9}<(?:\w+:)?(?:urlset|sitemapindex)\b",
    re.DOTALL,
)
Found = Item | Rejected
Reads = Callable[[Opened, Format], Iterator[Found]]


def is_address(source: str) -> bool:
    """Say whether ``source`` is read over the network."""
    return source.lower().startswith(WEB)


def read_address(url: str, options: ReadOptions, read: Reads, progress: Callable[[str], None]) -> Iterator[Found]:
    """Yield what is found at ``url``: of a front page or a sitemap the whole site, else the one document.

    ``read`` reads a document in a format; ``progress`` is told how far a crawl is. Pages are kept in
    ``options.pages_folder``, where the next run finds what has not changed. Raises SourceError.
    """
    with TemporaryDirectory(prefix="related-") as folder:
        cache = DiskPageCache(Path(options.pages_folder or folder))
        with Fetcher(cache, allow_hosts=options.allow_hosts, delay=options.delay) as fetcher:
            yield from _Site(url, options, fetcher, cache, progress).read(read)


class _Site:
    def __init__(
        self, url: str, options: ReadOptions, fetcher: Fetcher, cache: PageCache, progress: Callable[[str], None]
    ) -> None:
        self._url, self._options, self._fetcher, self._cache = url, options, fetcher, cache
        self._progress = progress

    def read(self, read: Reads) -> Iterator[Found]:
        if self._options.format == "wordpress":
            yield from self._wordpress()
            return
        found = self._fetcher.get(self._url)
        if _SITEMAP.match(found.data[:20_000]) or (found.data.startswith(b"\x1f\x8b") and "sitemap" in found.url):
            yield from self._pages(sitemap_url=self._url)
            return
        source = _opened(found)
        form = format_of(source, self._options)
        if form is None:
            raise SourceError(f"it is {found.content_type or 'of an unknown kind'}, which is not read", self._url)
        if form.name != "html" or urlsplit(found.url).path.strip("/"):
            yield from read(source, form)
        elif not (self._options.format or self._options.related_selector) and api_links(found.data):
            yield from self._wordpress()
        else:
            yield from self._front_page(found, read)

    def _front_page(self, found: Fetched, read: Reads) -> Iterator[Found]:
        """The site whose front page it is, by its sitemaps; where there is none by its feed."""
        try:
            yield from self._pages(site_url=found.url)
        except SourceError as error:
            feed = _FEED.search(found.data[:500_000])
            if "no sitemap" not in error.message or feed is None:
                raise
            address = urljoin(found.url, feed[1].decode("utf-8", "replace").replace("&amp;", "&"))
            yield Note(f"there is no sitemap; its feed is read, {address}", self._url)
            yield from read(_opened(self._fetcher.get(address)), format_named("feed"))

    def _pages(self, *, site_url: str = "", sitemap_url: str = "") -> Iterator[Item]:
        """All pages that the sitemaps name: fetched first, and read then, for what a page is depends on the others."""
        pages = list[html.Page]()
        how = CrawlOptions(max_pages=self._options.max_pages, on_progress=self._told)
        for item in crawl(self._fetcher, _read_sitemap, site_url=site_url, sitemap_url=sitemap_url, options=how):
            if isinstance(item, Fetched):
                pages.append(self._page(item))
            elif isinstance(item, Note):
                yield Note(item.text, item.place, partial=True)
            else:
                yield item
        yield from html.read_pages(pages, self._options, self._url)

    def _page(self, found: Fetched) -> html.Page:
        load = partial(self._load, self._fetcher.normal(found.url))
        return html.Page(found.url, urlsplit(found.url).path or "/", found.url, load, found.content_type)

    def _load(self, url: str) -> bytes:
        kept = self._cache.get(url)
        return kept.data if kept else self._fetcher.get(url).data

    def _wordpress(self) -> Iterator[Item]:
        return read_live(self._url, self._ask, self._options)

    def _ask(self, url: str) -> tuple[int, dict[str, str], bytes]:
        try:
            found = self._fetcher.get(url)
        except StatusError as error:
            return error.status, {}, error.data
        return found.status, {"content-type": found.content_type}, found.data

    def _told(self, progress: Progress) -> None:
        self._progress(f"{progress.done:,} of {progress.known:,} pages, {progress.fetched:,} fetched")


def _opened(found: Fetched) -> Opened:
    return from_stream(cast(BinaryIO, BytesIO(found.data)), found.url, url=found.url, content_type=found.content_type)


def _read_sitemap(data: bytes, place: str) -> tuple[list[tuple[str, object]], list[str]]:
    found = html.read_sitemap(data, place)
    return [(each.url, each.lastmod or None) for each in found.locations], [each.url for each in found.children]
