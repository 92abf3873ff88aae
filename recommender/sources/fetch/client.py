"""Fetching from the network: only what is public, politely, and never without an end."""

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urljoin

from recommender.errors import SourceError
from recommender.sources.fetch.addresses import Resolver, Target, resolve, target_of
from recommender.sources.fetch.answers import body_of, seconds_until
from recommender.sources.fetch.cache import PageCache
from recommender.sources.fetch.robots import MAX_ROBOTS, Robots, rules_of

if TYPE_CHECKING:
    import httpx2

AGENT = "related-articles/1.0"
MAX_BYTES = 64 * 1024**2
ERROR_BYTES = 16 * 1024
"""Of the body of an error, as much as says what it is."""
MAX_REDIRECTS = 5
MAX_RETRIES = 2
MAX_WAIT = 120.0
"""Seconds that a server may ask us to wait before we try again; if it asks for more, we do not."""
FIRST_WAIT = 5.0
_ROBOTS_SECONDS, _MISSING_SECONDS = 24 * 3600.0, 300.0
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_BUSY = frozenset((429, 503))


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of a URL. ``url`` is where it was at last, ``requested`` what was asked for.

    ``unchanged``: the server, or its sitemap, said that it is what the cache has.
    """

    url: str
    status: int
    content_type: str
    data: bytes
    unchanged: bool = False
    requested: str = ""


class StatusError(SourceError):
    """The server answered with an error; ``status`` is which, ``data`` the beginning of what it said."""

    def __init__(self, message: str, place: str, status: int, data: bytes = b"") -> None:
        super().__init__(message, place)
        self.status = status
        self.data = data


class Fetcher:
    """Gets pages, one at a time; closed by ``close`` or as a context.

    ``allow_hosts`` (``host`` or ``host:port``) may be at addresses that are not public. ``delay``: seconds between two
    requests to one host, at least. ``timeout``: seconds of one request from the first byte to the last. ``max_bytes``:
    of an answer, packed or unpacked. No proxy, cookie, password or setting of the environment is used.
    """

    def __init__(
        self,
        cache: PageCache | None = None,
        *,
        allow_hosts: Collection[str] = (),
        delay: float = 1.0,
        user_agent: str = AGENT,
        max_bytes: int = MAX_BYTES,
        timeout: float = 60.0,
        resolver: Resolver = resolve,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        from recommender.sources.fetch.transport import CheckedTransport, Deadline

        self.cache = cache
        self.now = now
        self._allowed = frozenset(each.lower() for each in allow_hosts)
        self._delay, self._agent, self._max_bytes, self._timeout = delay, user_agent, max_bytes, timeout
        self._clock, self._sleep = clock, sleep
        self._deadline = Deadline()  # of real time, whatever the clock of the delays
        self._transport = CheckedTransport(resolver, self._allowed, self._deadline)
        self._robots: dict[str, Robots] = {}
        self._last: dict[str, float] = {}
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def get(self, url: str) -> Fetched:
        """Return what is at ``url``, or of the cache what the server says has not changed.

        Raises SourceError, its place the URL: an address that may not be fetched, robots.txt, a status from 400, a
        redirect too many, and whatever is too large, too slow or damaged.
        """
        with self._lock:
            return self._get(url, robots=True)

    def sitemaps(self, url: str) -> list[str]:
        """Return the sitemaps that robots.txt of the site of ``url`` names. Raises SourceError if it cannot be read."""
        with self._lock:
            target = target_of(url, self._allowed)
            robots = self._robots_of(target)
            if robots.missing:
                robots.check(target.url, self._agent)  # raises
            return [urljoin(target.url, each) for each in robots.sitemaps()]

    def normal(self, url: str) -> str:
        """Return the one form of ``url`` under which its page is kept. Raises SourceError if it may not be fetched."""
        return target_of(url, self._allowed).url

    def _get(self, url: str, *, robots: bool, limit: int = 0) -> Fetched:
        target = target_of(url, self._allowed)
        for _ in range(MAX_REDIRECTS + 1):
            if robots:
                self._robots_of(target).check(target.url, self._agent)
            found = self._patiently(target, limit)
            if isinstance(found, Fetched):
                return Fetched(found.url, found.status, found.content_type, found.data, found.unchanged, url)
            target = found
        raise SourceError(f"it redirects more than {MAX_REDIRECTS} times", url)

    def _patiently(self, target: Target, limit: int) -> Fetched | Target:
        """Ask, and ask again where the server is busy, as late as it wants."""
        waited = FIRST_WAIT
        for attempt in range(MAX_RETRIES + 1):
            self._wait_for_turn(target)
            found = self._ask(target, limit)
            if not isinstance(found, float):
                return found
            wait = waited if found < 0 else found
            if attempt == MAX_RETRIES or wait > MAX_WAIT:
                break
            self._sleep(wait)
            waited *= 2
        raise StatusError(f"the server is busy, and wants us to come again in {wait:,.0f} s", target.url, 503)

    def _wait_for_turn(self, target: Target) -> None:
        robots = self._robots.get(target.origin)
        delay = max(self._delay, robots.delay(self._agent) if robots else 0.0)
        wait = self._last.get(target.host, float("-inf")) + delay - self._clock()
        if wait > 0:
            self._sleep(wait)

    def _ask(self, target: Target, limit: int) -> Fetched | Target | float:
        """Return the answer, where to look instead, or how long to wait (negative: the server does not say)."""
        import httpcore2
        import httpx2

        kept = self.cache.get(target.url) if self.cache and not limit else None
        headers = {"User-Agent": self._agent, "Accept": "*/*", "Accept-Encoding": "gzip, deflate, br"}
        if kept and kept.etag:
            headers["If-None-Match"] = kept.etag
        if kept and kept.last_modified:
            headers["If-Modified-Since"] = kept.last_modified
        self._deadline.start(self._timeout)
        library = (
            httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, httpcore2.TimeoutException, httpcore2.NetworkError,
            httpcore2.ProtocolError, httpcore2.UnsupportedProtocol, OSError, ValueError, RuntimeError,
        )  # fmt: skip
        try:
            answer = self._transport.handle_request(httpx2.Request("GET", target.url, headers=headers))
            try:
                return self._answered(target, answer, limit)
            finally:
                answer.close()
        except SourceError as error:
            if error.place.startswith(target.origin) and error.place != target.url:  # where it was connected
                raise SourceError(error.message, target.url) from None
            raise
        except library as error:
            raise SourceError(f"it cannot be fetched ({type(error).__name__}: {error})", target.url) from None
        finally:
            self._last[target.host] = self._clock()

    def _answered(self, target: Target, answer: "httpx2.Response", limit: int) -> Fetched | Target | float:
        status, headers = answer.status_code, answer.headers
        if status in _BUSY and not limit:
            return seconds_until(headers.get("retry-after", ""), self.now())
        if status in _REDIRECTS and "location" in headers:
            return target_of(urljoin(target.url, headers["location"]), self._allowed)
        kept = self.cache.get(target.url) if self.cache and not limit else None
        if status == 304 and self.cache and kept:
            self.cache.put(kept.url, kept.etag, kept.last_modified, kept.content_type, kept.data, self.now())
            return Fetched(target.url, 200, kept.content_type, kept.data, unchanged=True)
        if not 200 <= status < 300:
            said = body_of(answer, target.url, self._deadline, ERROR_BYTES, cut=True)
            raise StatusError(f"the server answers with status {status}", target.url, status, said)
        data = body_of(answer, target.url, self._deadline, limit or self._max_bytes, cut=bool(limit))
        kind = headers.get("content-type", "")
        if self.cache and not limit:
            self.cache.put(
                target.url, headers.get("etag", ""), headers.get("last-modified", ""), kind, data, self.now()
            )
        return Fetched(target.url, status, kind, data)

    def _robots_of(self, target: Target) -> Robots:
        known = self._robots.get(target.origin)
        if known and self._clock() < known.until:
            return known
        try:
            found = self._get(f"{target.origin}/robots.txt", robots=False, limit=MAX_ROBOTS)
            robots = Robots(rules_of(found.data), self._clock() + _ROBOTS_SECONDS)
        except StatusError as error:
            if 400 <= error.status < 500 and error.status != 429:
                robots = Robots(None, self._clock() + _ROBOTS_SECONDS)
            else:
                robots = Robots(None, self._clock() + _MISSING_SECONDS, error.message)
        except SourceError as error:
            robots = Robots(None, self._clock() + _MISSING_SECONDS, error.message)
        self._robots[target.origin] = robots
        return robots
