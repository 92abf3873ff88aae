"""All pages of a site, as its sitemaps name them; what an earlier or interrupted run fetched is not fetched again."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from recommender.articles.dates import parse_span, read_time
from recommender.errors import ArticleError, SourceError
from recommender.sources.fetch.client import Fetched, Fetcher, StatusError
from recommender.sources.fetch.robots import DisallowedError
from recommender.sources.items import LeftOut, Note

Sitemap = tuple[Sequence[tuple[str, object]], Sequence[str]]
"""The pages that a sitemap names, each with when it was last changed (None: not said), and other sitemaps."""
ReadSitemap = Callable[[bytes, str], Sitemap]
"""The bytes of a sitemap and its address → what it names. Raises SourceError."""
CrawlItem = Fetched | LeftOut | Note | ArticleError

GUESSES = ("/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml")
"""Where sitemaps are that robots.txt does not name."""
MAX_SITEMAPS = 2_000
MAX_FAILURES = 20
"""Pages in a row of which the server gives no answer, or only that it is broken, after which a site counts as gone."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a crawl is: ``done`` pages of the ``known`` ones, ``fetched`` of them over the network; now ``url``."""

    done: int
    known: int
    fetched: int
    url: str


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """``max_pages``: of one crawl. ``hosts``: also of the site, beside that of the addresses it begins with.

    ``fresh_seconds``: a page that the cache got in this time is taken from there if the sitemap names no later change;
    so an interrupted crawl goes on where it was.
    """

    max_pages: int = 10_000
    hosts: tuple[str, ...] = ()
    fresh_seconds: float = 12 * 3600.0
    on_progress: Callable[[Progress], None] = field(default=lambda _: None)


def crawl(
    fetcher: Fetcher,
    read_sitemap: ReadSitemap,
    *,
    start_urls: Sequence[str] = (),
    sitemap_url: str = "",
    site_url: str = "",
    options: CrawlOptions = CrawlOptions(),
) -> Iterator[CrawlItem]:
    """Yield the pages of ``start_urls``, and those that the sitemaps name, each once, as they are fetched.

    The sitemaps are ``sitemap_url`` and those it leads to, or of ``site_url`` those that robots.txt names, or are found
    at the usual addresses. Only pages of these hosts are fetched. A page that cannot be had is an ArticleError, its
    place the URL; what robots.txt forbids, or is on another site, a LeftOut.

    Raises SourceError if no sitemap can be read and there is nothing else, or where the site is gone.
    """
    run = _Crawl(fetcher, read_sitemap, options)
    for url in filter(None, (site_url, sitemap_url, *start_urls)):
        run.hosts.add(_host(fetcher.normal(url)))
    yield from run.pages([(url, None) for url in start_urls])
    if sitemap_url:
        yield from run.sitemaps([sitemap_url])
    elif site_url:
        named = [url for url in fetcher.sitemaps(site_url) if url]
        run.hosts_of_sitemaps.update(_host(url) for url in named)
        yield from run.sitemaps(named or [urljoin(site_url, guess) for guess in GUESSES], guessed=not named)


class _Crawl:
    def __init__(self, fetcher: Fetcher, read_sitemap: ReadSitemap, options: CrawlOptions) -> None:
        self.hosts: set[str] = {_bare(host) for host in options.hosts}
        self.hosts_of_sitemaps: set[str] = set()
        self._fetcher, self._read_sitemap, self._options = fetcher, read_sitemap, options
        self._seen: set[str] = set()
        self._done = self._fetched = self._failures = 0

    def sitemaps(self, urls: Sequence[str], *, guessed: bool = False) -> Iterator[CrawlItem]:
        """Yield the pages of the sitemaps at ``urls`` and below; of guessed ones the first that is there."""
        left, seen, read = deque(urls), set(), 0
        error: SourceError | None = None
        while left and self._done < self._options.max_pages:
            url = left.popleft()
            try:
                normal = self._fetcher.normal(url)
                if normal in seen:
                    continue
                seen.add(normal)
                if len(seen) > MAX_SITEMAPS:
                    yield Note(f"the site has more than {MAX_SITEMAPS:,} sitemaps: the rest is not read", normal)
                    return
                if not {_host(normal)} & (self.hosts | self.hosts_of_sitemaps):
                    yield LeftOut("a sitemap on another site", normal)
                    continue
                pages, others = self._read_sitemap(self._fetcher.get(normal).data, normal)
            except SourceError as failed:
                error = failed
                if not (guessed and isinstance(failed, StatusError)):
                    yield Note(f"a sitemap is not read: {failed.message}", failed.place or url)
                continue
            read += 1
            if guessed:
                left.clear()
                guessed = False
            left.extend(others)
            yield from self.pages(pages)
        if not read:
            message = f"no sitemap can be read ({error.message})" if error else "no sitemap can be read"
            raise SourceError(message, error.place if error else "")

    def pages(self, pages: Sequence[tuple[str, object]]) -> Iterator[CrawlItem]:
        """Yield pages, each once in the whole crawl."""
        known = self._done + len(pages)
        for url, changed in pages:
            try:
                normal = self._fetcher.normal(url)
            except SourceError as error:
                yield ArticleError(error.message, error.place)
                continue
            if normal in self._seen:
                continue
            if self._done >= self._options.max_pages:
                yield Note(f"more than {self._options.max_pages:,} pages: the rest is not fetched", url)
                return
            self._seen.add(normal)
            if _host(normal) not in self.hosts:
                yield LeftOut("a page on another site", normal)
                continue
            self._done += 1
            yield self._page(normal, changed)
            self._options.on_progress(Progress(self._done, max(known, self._done), self._fetched, normal))

    def _page(self, url: str, changed: object) -> CrawlItem:
        kept = self._fetcher.cache.get(url) if self._fetcher.cache else None
        if kept and self._is_fresh(kept.fetched_at, changed):
            return Fetched(url, 200, kept.content_type, kept.data, unchanged=True, requested=url)
        try:
            self._fetched += 1
            found = self._fetcher.get(url)
        except DisallowedError:
            return LeftOut("a page that robots.txt forbids", url)
        except SourceError as error:
            self._failures += not (isinstance(error, StatusError) and error.status < 500)
            if self._failures >= MAX_FAILURES:
                said = f"{MAX_FAILURES} pages in a row cannot be fetched, this one because {error.message}"
                raise SourceError(said, url) from None
            return ArticleError(error.message, url)
        self._failures = 0
        if _host(found.url) not in self.hosts:
            return LeftOut("a page that leads to another site", url)
        return found

    def _is_fresh(self, fetched_at: float, changed: object) -> bool:
        moment = _last_moment(changed)
        if moment is not None:
            return moment.timestamp() <= fetched_at
        return 0 <= self._fetcher.now() - fetched_at <= self._options.fresh_seconds


def _last_moment(changed: object) -> datetime | None:
    """The latest moment that a sitemap's ``lastmod`` may mean: of a day alone its end."""
    if isinstance(changed, str):
        try:
            return parse_span(changed)[1]
        except (ValueError, OverflowError):
            pass
    if isinstance(changed, datetime) and changed.tzinfo is None:
        changed = changed.replace(tzinfo=UTC)
    return read_time(changed)[0]


def _host(url: str) -> str:
    return _bare(urlsplit(url).netloc)


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")
