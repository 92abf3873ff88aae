"""What is worth saying of rules that are no errors: that they are over, double, without effect, or too strong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from recommender.articles.card import Card
from recommender.editors.rules import Matcher, NeverBeside, SiteRules, heading, matches


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on the rule of this number, from 1, read on this line; both None: on the tags that are ignored."""

    rule: int | None
    line: int | None
    message: str

    def __str__(self) -> str:
        """Return the remark with its place, as a line to print."""
        if self.rule is None:
            return self.message
        return f"rule {self.rule}{f' (line {self.line})' if self.line else ''}: {self.message}"


def lint(rules: SiteRules, cards: Sequence[Card], now: datetime) -> list[Finding]:
    """Return what is to be said of ``rules`` at ``now``, with ``cards`` those of all articles that are there.

    In the order of the rules, then the ignored tags in alphabetical order.
    """
    known = _Known.from_cards(cards)
    found: list[Finding] = []
    first: dict[object, int] = {}
    for number, rule in enumerate(rules.never_beside, start=1):
        same = first.setdefault(_meaning(rule), number)
        remarks = [f"says the same as rule {same}"] if same != number else []
        remarks += _remarks(rule, known, now)
        found += [Finding(number, rule.line, remark) for remark in remarks]
    unused = sorted(rules.ignore_tags - known.tags)
    return found + [Finding(None, None, f"ignore_tags: no article has the tag {tag!r}") for tag in unused]


@dataclass(frozen=True, slots=True)
class _Known:
    """What the articles have, to look values up in."""

    cards: Sequence[Card]
    ids: frozenset[str]
    tags: frozenset[str]
    sections: frozenset[str]
    titles: frozenset[str]
    urls: frozenset[str]

    @classmethod
    def from_cards(cls, cards: Sequence[Card]) -> "_Known":
        return cls(
            cards,
            frozenset(card.id for card in cards),
            frozenset(tag.casefold() for card in cards for tag in card.tags),
            frozenset(card.section.casefold() for card in cards),
            frozenset(heading(card) for card in cards),
            frozenset(card.url or "" for card in cards),
        )


def _remarks(rule: NeverBeside, known: _Known, now: datetime) -> Iterator[str]:
    if rule.until is not None and rule.until <= now:
        yield f"is over since {rule.until:%Y-%m-%d %H:%M} UTC"
    for key, matcher in (("from", rule.source), ("to", rule.target)):
        if matcher is not None:
            yield from _without_effect(key, matcher, known)
    if all(_fits_all(matcher, known.cards) for matcher in (rule.source, rule.target)):
        yield "forbids every article in every list"


def _without_effect(key: str, matcher: Matcher, known: _Known) -> Iterator[str]:
    """The values that fit no article; the matcher as a whole, where it is only the values together that fit none."""
    tests = {
        "id": [(name, name in known.ids) for name in sorted(matcher.ids)],
        "tag": [(tag, tag.casefold() in known.tags) for tag in sorted(matcher.tags)],
        "section": [(name, name.casefold() in known.sections) for name in sorted(matcher.sections)],
        "title": [(pattern, any(matches(pattern, text) for text in known.titles)) for pattern in matcher.titles],
        "url": [(pattern, any(matches(pattern, text) for text in known.urls)) for pattern in matcher.urls],
    }
    for kind, values in tests.items():
        yield from (f"{key}.{kind} {value!r} fits no article" for value, fits in values if not fits)
    possible = all(any(fits for _, fits in values) for values in tests.values() if values)
    if possible and not any(matcher.fits(card) for card in known.cards):
        yield f"{key} fits no article, though each of its tests alone does"


def _fits_all(matcher: Matcher | None, cards: Sequence[Card]) -> bool:
    return matcher is None or (bool(cards) and all(matcher.fits(card) for card in cards))


def _meaning(rule: NeverBeside) -> object:
    """What two rules have in common that forbid the same, for whatever reason and however long."""
    sides = (_tests(rule.source), _tests(rule.target))
    return frozenset(sides) if rule.both else sides


def _tests(matcher: Matcher | None) -> tuple[frozenset[str], ...] | None:
    if matcher is None:
        return None
    folded = (matcher.tags, matcher.sections, matcher.titles, matcher.urls)
    return (matcher.ids, *(frozenset(value.casefold() for value in values) for values in folded))
