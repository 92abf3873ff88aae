"""Why articles share one place in a list: what made each a version of the one that is shown, or of another version."""

from collections.abc import Sequence
from dataclasses import dataclass

from recommender.articles.card import Card
from recommender.corpus.corpus import Corpus
from recommender.ranking.versions import Reason, Told, retold

_UNITS = (("day", 86_400, 172_800), ("hour", 3_600, 3_600), ("minute", 60, 60))
"""A unit, its seconds, and the seconds from which it is used: 36 hours are not said to be two days."""


@dataclass(frozen=True, slots=True)
class Folded:
    """An article that stands under another: its ``id``, why, and the same in a line of ``text``."""

    id: str
    reason: Reason
    text: str


def folded(corpus: Corpus, shown: int, also: Sequence[int], version_days: float) -> list[Folded]:
    """Return why each row of ``also`` stands under ``shown``, in the order of ``also``.

    Versions of versions are one story: such a text names the version it is one of.
    """
    found: dict[int, Folded] = {}
    known = [shown]
    for parent in known:
        for row in also:
            if row not in found and (link := _link(corpus, parent, row, parent == shown, version_days)):
                found[row] = link
                known.append(row)
    return [found.get(row) or _far(corpus.cards[row]) for row in also]


def _link(corpus: Corpus, parent: int, row: int, direct: bool, version_days: float) -> Folded | None:
    ours, theirs = corpus.cards[parent], corpus.cards[row]
    other = "" if direct else f" as {ours.id}"
    shared = {key.partition(":")[0] for key in set(ours.identity_keys) & set(theirs.identity_keys)}
    if "text" in shared:
        return Folded(theirs.id, Reason.COPY, f"the same text{other or ' under another id'}")
    if shared:
        return Folded(theirs.id, Reason.DECLARED, _declared(ours, theirs) + (f", of {ours.id}" if other else ""))
    told = Told.from_row(corpus, parent), Told.from_row(corpus, row)
    reason = retold(*told, corpus.fingerprints.rarity, version_days)
    if reason is None:
        return None
    if reason is Reason.COPY and direct:
        other = " under another id"
    return Folded(theirs.id, reason, f"nearly the same text{other}{_apart(ours, theirs)}")


def _declared(ours: Card, theirs: Card) -> str:
    if ours.url_key and ours.url_key == theirs.url_key:
        return "under the same address"
    if ours.translation_of or theirs.translation_of:
        return "declared as a translation"
    return "declared to have the same original"


def _far(card: Card) -> Folded:
    """Return the reason of a version whose link to the shown one is not in this list."""
    return Folded(card.id, Reason.VERSION, "a version of another version of the story")


def _apart(ours: Card, theirs: Card) -> str:
    if ours.published_at is None or theirs.published_at is None:
        return ""
    seconds = abs((ours.published_at - theirs.published_at).total_seconds())
    for name, unit, least in _UNITS:
        if seconds >= least:
            count = round(seconds / unit)
            return f", published {count} {name}{'s' if count != 1 else ''} apart"
    return ", published at the same time"
