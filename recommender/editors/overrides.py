"""What editors decide about the list of one article: pins, blocks, and whether the rest is filled."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Self

from pydantic import Field

from recommender.editors.rule_file import read_rules
from recommender.editors.rules import Moment, SiteRules


class Fill(StrEnum):
    """``fill``: ranked articles take the places that pins leave. ``replace``: only the pins are shown."""

    FILL = "fill"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Pin:
    """An article (id, former id or URL) that stands at ``position``, from 1, until it expires."""

    id: str
    position: int
    until: Moment | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """An article (id, former id or URL) that is not shown, until that expires."""

    id: str
    until: Moment | None = None


@dataclass(frozen=True, slots=True)
class Overrides:
    """What an editor decided for the list of one article. Empty: nothing."""

    pins: Annotated[tuple[Pin, ...], Field(alias="pin")] = ()
    blocks: Annotated[tuple[Block, ...], Field(alias="block")] = ()
    mode: Fill = Fill.FILL

    def __bool__(self) -> bool:
        return bool(self.pins or self.blocks or self.mode is Fill.REPLACE)

    def in_force_at(self, now: datetime) -> "Overrides":
        """Return what of them is in force at ``now``. When the last pin is over, the list is filled again."""
        pins = tuple(pin for pin in self.pins if _lasts(pin.until, now))
        blocks = tuple(block for block in self.blocks if _lasts(block.until, now))
        return Overrides(pins, blocks, Fill.FILL if self.pins and not pins else self.mode)


@dataclass(frozen=True, slots=True)
class Editorial:
    """All that editors decided: rules for the site, and overrides by article id. ``expired``: how much is over.

    ``text`` is what the rules were read from, and all that is kept of them.
    """

    rules: SiteRules = field(default_factory=SiteRules)
    overrides: Mapping[str, Overrides] = field(default_factory=dict)
    expired: int = 0
    text: str = ""

    @classmethod
    def from_text(cls, text: str, overrides: Mapping[str, Overrides]) -> Self:
        """Return what the rules in ``text`` and ``overrides`` say. Raises RulesError."""
        return cls(_rules(text), overrides, text=text)

    def with_current_ids(self, aliases: Mapping[str, str]) -> "Editorial":
        """Return all of it with present ids in the rules; pins and blocks find their articles by former ids, too."""
        return replace(self, rules=self.rules.with_current_ids(aliases))

    def about(self, identity: str) -> Overrides:
        """Return what was decided for the list of the article with this id."""
        return self.overrides.get(identity, Overrides())

    def in_force_at(self, now: datetime) -> "Editorial":
        """Return what is in force at ``now``: this itself if nothing more has expired. ``until`` is exclusive."""
        over = sum(not _lasts(moment, now) for moment in self._ends())
        if not over:
            return self
        overrides = {name: item.in_force_at(now) for name, item in self.overrides.items()}
        return replace(self, rules=self.rules.in_force_at(now), overrides=overrides, expired=self.expired + over)

    @property
    def next_end(self) -> datetime | None:
        """When the next of it expires, if anything does."""
        return min(self._ends(), default=None)

    def _ends(self) -> list[datetime]:
        decided = [until for each in self.overrides.values() for until in _untils(each)]
        ruled = [rule.until for rule in self.rules.never_beside]
        return [until for until in (*decided, *ruled) if until is not None]


@lru_cache(8)
def _rules(text: str) -> SiteRules:
    """Read the rules, and remember the last: they are read again whenever anything changes, mostly unchanged."""
    return read_rules(text)


def _untils(overrides: Overrides) -> list[datetime | None]:
    return [*(pin.until for pin in overrides.pins), *(block.until for block in overrides.blocks)]


def _lasts(until: datetime | None, now: datetime) -> bool:
    return until is None or until > now
