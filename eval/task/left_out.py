"""Curated lists on which nothing can be measured, and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum

from recommender.corpus.corpus import Corpus


class Reason(StrEnum):
    """Why a curated list is no query: none of its articles is a candidate; MIXED where they have different reasons."""

    UNKNOWN = "unknown"
    HIDDEN = "hidden"
    SAME_STORY = "same_story"
    NEWER = "newer"
    MIXED = "mixed"


MEANING = {
    Reason.UNKNOWN: "name only articles that are not in the index",
    Reason.HIDDEN: "only drafts, articles that are gone, or dated ahead",
    Reason.SAME_STORY: "only versions, copies or translations of the article itself",
    Reason.NEWER: "only articles newer than their own (said by --as-of published)",
    Reason.MIXED: "only articles barred for several of these reasons",
}


def reason(corpus: Corpus, row: int, targets: Sequence[int | None]) -> Reason:
    """Return why none of ``targets`` (rows, None for unknown ids) is a candidate of the query at ``row``."""
    found = {_barred(corpus, row, target) for target in targets}
    return found.pop() if len(found) == 1 else Reason.MIXED


def sentence(left_out: Mapping[Reason, int], lists: int) -> str:
    """Return how many of ``lists`` curated lists are left out and why, in words; empty for none."""
    count = sum(left_out.values())
    if not count:
        return ""
    why = "; ".join(f"{left_out[each]:,} {MEANING[each]}" for each in Reason if left_out.get(each))
    return f"{count:,} of {lists:,} curated lists cannot be asked for: {why}."


def counted(reasons: Sequence[Reason]) -> dict[Reason, int]:
    """Return how often each stands in ``reasons``, in the order of Reason."""
    counts = Counter(reasons)
    return {each: counts[each] for each in Reason if counts[each]}


def _barred(corpus: Corpus, row: int, target: int | None) -> Reason:
    if target is None:
        return Reason.UNKNOWN
    if not corpus.directory.visible[target]:
        return Reason.HIDDEN
    if target == row or corpus.story_ids[target] == corpus.story_ids[row]:
        return Reason.SAME_STORY
    return Reason.NEWER  # all that a task's filters leave to bar it
