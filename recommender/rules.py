"""The site's own rules: who never stands beside whom, and which tags say nothing about likeness."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from recommender.errors import RulesError
from recommender.register import Card


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which articles a rule is about: those that fit every kind of test given, each by any one of its values.

    ``ids``, ``tags`` and ``sections`` compare whole values, the latter two whatever their case; ``titles`` and ``urls``
    are patterns in which ``*`` stands for anything and ``?`` for one character, whatever the case.
    """

    ids: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    sections: frozenset[str] = frozenset()
    titles: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    def fits(self, card: Card) -> bool:
        """Say whether the rule is about the article of ``card``."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class NeverBeside:
    """Articles that fit ``target`` never stand in the lists of those that fit ``source``; None: any article.

    ``both``: nor the other way round.
    """

    source: Matcher | None
    target: Matcher | None
    both: bool
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SiteRules:
    """The rules of a site. ``ignore_tags``, case-folded, count nothing when articles are compared."""

    never_beside: tuple[NeverBeside, ...] = ()
    ignore_tags: frozenset[str] = frozenset()

    def at(self, now: datetime) -> "SiteRules":
        """Return the rules in force at ``now``."""
        kept = tuple(rule for rule in self.never_beside if rule.until is None or rule.until > now)
        return replace(self, never_beside=kept)

    def against(self, card: Card) -> Sequence[Matcher | None]:
        """Return what may not stand in the list of the article of ``card``: whatever fits one of these (None: any)."""
        found: list[Matcher | None] = []
        for rule in self.never_beside:
            if rule.source is None or rule.source.fits(card):
                found.append(rule.target)
            if rule.both and (rule.target is None or rule.target.fits(card)):
                found.append(rule.source)
        return found


def read_rules(text: str, place: str = "") -> SiteRules:
    """Return the rules that ``text`` says; empty: none. Raises RulesError naming what does not fit."""
    if text.strip():
        raise RulesError("site rules cannot be read yet", place)
    return SiteRules()
