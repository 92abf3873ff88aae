"""The request for a related list, in the domain's terms."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

VERSION_DAYS = 5.0
"""Days within which a text told again, grown or mended, is a version: a week later it is the next part of a series."""


class Mode(StrEnum):
    """``similar``: whatever is related. ``background``: older articles only, however old. ``next``: newer ones only.

    In the last two an article without a date is not shown, and one that has none gets no ranked list.
    """

    SIMILAR = "similar"
    BACKGROUND = "background"
    NEXT = "next"


class Fallback(StrEnum):
    """What fills a list that would be short: the latest articles, or the latest of the article's own section."""

    LATEST = "latest"
    SECTION = "section"


@dataclass(frozen=True, slots=True)
class Filters:
    """What may stand in the list. Empty means no restriction, but for ``language``.

    ``exclude`` holds ids, former ids or URLs, and leaves out the other versions of those articles too. Dates are
    inclusive; an article whose date is not known passes both. ``section`` keeps only the articles that carry one of
    those values. ``language`` holds language ranges (RFC 4647, 3.3.1: "en" is also "en-GB", ``*`` is any); without
    one, articles known to be in another language than the query's are left out.
    """

    exclude: Collection[str] = ()
    section: Collection[str] = ()
    language: Collection[str] = ()
    published_after: datetime | None = None
    published_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class RelatedRequest:
    """A request: at most ``limit`` items, none scored below ``min_score``.

    ``diversity`` 0..1: how much likeness to what stands above counts against an article (see placing.diversified).
    ``fallback``: None leaves a short list short. ``version_days``: see VERSION_DAYS.
    """

    limit: int = 8
    min_score: float = 0.0
    filters: Filters = Filters()
    mode: Mode = Mode.SIMILAR
    diversity: float = 0.0
    fallback: Fallback | None = None
    version_days: float = VERSION_DAYS
