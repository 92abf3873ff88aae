"""The site's own rules: who never stands beside whom, and which tags say nothing about likeness."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

from recommender.articles import parse_time
from recommender.articles.card import Card

_REMEMBERED = 8_192
Moment = Annotated[
    datetime,
    BeforeValidator(lambda value: parse_time(value) if isinstance(value, str) else value),
    PlainSerializer(lambda moment: moment.astimezone(UTC).isoformat()),
]
"""A time; in texts in ISO 8601, written in UTC, which is also what a time without an offset is read as."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which articles a rule is about: those that fit every kind of test given, each by any one of its values.

    ``ids``, ``tags`` and ``sections`` compare whole values, the latter two whatever their case; ``titles`` and ``urls``
    are patterns in which ``*`` stands for anything and ``?`` for one character, whatever the case. Without any test
    it fits every article.
    """

    ids: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    sections: frozenset[str] = frozenset()
    titles: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    def fits(self, card: Card) -> bool:
        """Say whether the rule is about the article of ``card``."""
        if self.ids and card.id not in self.ids:
            return False
        if self.sections and card.section.casefold() not in _folded(self.sections):
            return False
        if self.tags and _folded(self.tags).isdisjoint(tag.casefold() for tag in card.tags):
            return False
        if self.titles and not any(matches(pattern, heading(card)) for pattern in self.titles):
            return False
        return not self.urls or any(matches(pattern, card.url or "") for pattern in self.urls)

    def with_current_ids(self, aliases: Mapping[str, str]) -> "Matcher":
        """Return the matcher with the present ids of articles that it names by a former one."""
        ids = frozenset(aliases.get(identity, identity) for identity in self.ids)
        return self if ids == self.ids else replace(self, ids=ids)


@dataclass(frozen=True, slots=True)
class NeverBeside:
    """Articles that fit ``target`` never stand in the lists of those that fit ``source``; None: any article.

    ``both``: nor the other way round. ``line`` is where the rule was read, if it was.
    """

    source: Matcher | None
    target: Matcher | None
    both: bool
    reason: str
    until: datetime | None = None
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class SiteRules:
    """The rules of a site. ``ignore_tags``, case-folded, count nothing when articles are compared."""

    never_beside: tuple[NeverBeside, ...] = ()
    ignore_tags: frozenset[str] = frozenset()

    def with_current_ids(self, aliases: Mapping[str, str]) -> "SiteRules":
        """Return the rules with present ids in place of former ones; ``aliases``: former id → present id."""
        rules = (
            replace(
                rule,
                source=rule.source and rule.source.with_current_ids(aliases),
                target=rule.target and rule.target.with_current_ids(aliases),
            )
            for rule in self.never_beside
        )
        return replace(self, never_beside=tuple(rules))

    def in_force_at(self, now: datetime) -> "SiteRules":
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


def heading(card: Card) -> str:
    """Return what title patterns are compared with: the title, or the first teaser of an article without one."""
    return card.title or next(iter(card.teasers), "")


def matches(pattern: str, text: str) -> bool:
    """Say whether the whole of ``text`` is as ``pattern`` says: ``*`` anything, ``?`` one character, in any case."""
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=_REMEMBERED)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile ``pattern`` so that it never takes longer than the two lengths multiplied.

    The pieces between stars are each taken where they first occur, in atomic groups: a later place would leave less
    to the pieces behind it, so nothing is ever tried again.
    """
    first, *rest = (_piece(piece) for piece in re.sub(r"\*+", "*", pattern).split("*"))
    if not rest:
        return re.compile(first, re.IGNORECASE | re.DOTALL)
    *between, last = rest
    found = first + "".join(f"(?>.*?{piece})" for piece in between) + f".*{last}"
    return re.compile(found, re.IGNORECASE | re.DOTALL)


def _piece(text: str) -> str:
    return "".join("." if letter == "?" else re.escape(letter) for letter in text)


@lru_cache(maxsize=_REMEMBERED)
def _folded(values: frozenset[str]) -> frozenset[str]:
    return frozenset(value.casefold() for value in values)
