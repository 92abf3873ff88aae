"""Do two titles name different parts of a series? A template's date, part or version number says so."""

from recommender.ranking.markers import Facets, markers

ALIKE = 0.75
"""Two titles are otherwise equal if, without their markers, they share this much of the words of both (Jaccard)."""
COUNTED_ANEW = 1.0
"""Days within which another number in an otherwise equal title is news of the same event: "kills 12", "kills 37"."""


def parts_of_series(a: str, b: str, days_apart: float | None) -> bool:
    """Say whether the titles ``a`` and ``b`` name different parts of a series.

    Part numbers, versions of software and days of a month are enough by themselves. Other dates, ordinals, a part
    number that only one has, and any other number must stand in titles that are otherwise equal (see ALIKE); the last
    speaks for a series only where the articles lie more than COUNTED_ANEW apart, or ``days_apart`` is not known.
    """
    ours, theirs = markers(a), markers(b)
    if _differ(ours.parts, theirs.parts) or _apart(ours.releases, theirs.releases):
        return True
    both = ours.rest | theirs.rest
    days = [{"day", "month"} <= each.dates.keys() or "digits" in each.dates for each in (ours, theirs)]
    if len(ours.rest & theirs.rest) < ALIKE * len(both) and not all(days):
        return False
    if _differ(ours.dates, theirs.dates):
        return True
    if len(ours.rest & theirs.rest) < ALIKE * len(both):
        return False
    counted = bool(ours.ordinals and theirs.ordinals) and ours.ordinals != theirs.ordinals
    roman = bool(ours.roman and theirs.roman) and ours.roman != theirs.roman
    if counted or roman or ours.parts != theirs.parts:
        return True
    if days_apart is not None and days_apart <= COUNTED_ANEW:
        return False
    return bool(ours.numbers and theirs.numbers) and ours.numbers != theirs.numbers


def _differ(ours: Facets, theirs: Facets) -> bool:
    """Say whether a facet that both have (such as the month) has no number in common."""
    if not ours or not theirs:
        return False
    shared = ours.keys() & theirs.keys()
    return any(_apart(ours[name], theirs[name]) for name in shared)


def _apart(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    return bool(ours and theirs) and ours.isdisjoint(theirs)
