"""What a site's robots.txt lets us do (RFC 9309)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from recommender.errors import SourceError

MAX_ROBOTS = 500 * 1024
"""Bytes of a robots.txt that are heeded, as the RFC asks at least."""
MAX_DELAY = 30.0
"""Seconds between two requests, at most, whatever a site asks for."""


class DisallowedError(SourceError):
    """The site's robots.txt does not let us fetch this."""


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one site, or why they are not known; ``until``: by our clock, when they must be read again."""

    rules: Any
    until: float
    missing: str = ""

    def check(self, url: str, agent: str) -> None:
        """Raise SourceError if ``url`` may not be fetched."""
        if self.missing:
            raise SourceError(f"the site's robots.txt cannot be read ({self.missing}): not fetched for now", url)
        if self.rules is not None and not self.rules.can_fetch(url, agent):
            raise DisallowedError("the site's robots.txt does not allow it", url)

    def delay(self, agent: str) -> float:
        """Return how many seconds the site wants between two requests, at most MAX_DELAY."""
        if self.rules is None:
            return 0.0
        rate = self.rules.request_rate(agent)
        wanted = [self.rules.crawl_delay(agent) or 0.0, rate.seconds / rate.requests if rate and rate.requests else 0.0]
        return max((min(each, MAX_DELAY) for each in wanted if each > 0), default=0.0)

    def sitemaps(self) -> Iterable[str]:
        """Return the sitemaps that it names."""
        return list(self.rules.sitemaps) if self.rules is not None else []


def rules_of(data: bytes) -> Any:  # noqa: ANN401 - of protego
    """Return the rules in a robots.txt; a line that is cut off at the limit does not count."""
    from protego import Protego

    text = data[:MAX_ROBOTS]
    if len(data) > MAX_ROBOTS:
        text = text[: text.rfind(b"\n") + 1]
    return Protego.parse(text.decode("utf-8-sig", "replace"))
