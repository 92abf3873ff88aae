"""What editors decide about the list of one article: pins, blocks, and whether the rest is filled."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from recommender.rules import SiteRules


class Fill(StrEnum):
    """``fill``: ranked articles take the places that pins leave. ``replace``: only the pins are shown."""

    FILL = "fill"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Pin:
    """An article (id, former id or URL) that stands at ``position``, from 1, until it expires."""

    id: str
    position: int
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """An article (id, former id or URL) that is not shown, until that expires."""

    id: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Overrides:
    """What an editor decided for the list of one article. Empty: nothing."""

    pins: tuple[Pin, ...] = ()
    blocks: tuple[Block, ...] = ()
    mode: Fill = Fill.FILL

    def __bool__(self) -> bool:
        return bool(self.pins or self.blocks or self.mode is Fill.REPLACE)


@dataclass(frozen=True, slots=True)
class Editorial:
    """All that editors decided: rules for the site, and overrides by article id. ``expired``: how much is over."""

    rules: SiteRules = field(default_factory=SiteRules)
    overrides: Mapping[str, Overrides] = field(default_factory=dict)
    expired: int = 0

    def at(self, now: datetime) -> "Editorial":
        """Return what is in force at ``now``: this itself if nothing more has expired. ``until`` is exclusive."""
        over = sum(moment <= now for moment in self._ends())
        if not over:
            return self
        overrides = {
            name: replace(
                item,
                pins=tuple(pin for pin in item.pins if _lasts(pin.until, now)),
                blocks=tuple(block for block in item.blocks if _lasts(block.until, now)),
            )
            for name, item in self.overrides.items()
        }
        return Editorial(self.rules.at(now), overrides, self.expired + over)

    def _ends(self) -> list[datetime]:
        decided = (item.until for each in self.overrides.values() for item in (*each.pins, *each.blocks))
        ruled = (rule.until for rule in self.rules.never_beside)
        return [until for until in (*decided, *ruled) if until is not None]


def _lasts(until: datetime | None, now: datetime) -> bool:
    return until is None or until > now
