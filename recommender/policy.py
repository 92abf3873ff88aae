"""Which articles may stand in a list at all. Decided before the cut, so that filters never empty a list."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from recommender.corpus import Corpus, Query
from recommender.register import DAY, Rows

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the caller asked to leave out. Empty means no restriction.

    ``exclude`` holds ids, former ids or URLs, and leaves out the copies of those articles too.
    Dates are inclusive; an article whose date is not known passes both. ``section`` and ``language`` keep
    only the articles that carry exactly one of those values.
    """

    exclude: Collection[str] = ()
    section: Collection[str] = ()
    language: Collection[str] = ()
    published_after: datetime | None = None
    published_before: datetime | None = None


def allowed(query: Query, corpus: Corpus, rules: Rules = Rules()) -> Mask:
    """Return ``(n,)`` bool: the articles that may be recommended for ``query`` under ``rules``.

    Never the query itself, nor a copy of it (the same text or the same canonical URL).
    """
    mask, days = corpus.register.present.copy(), corpus.register.days
    _drop_self(mask, query, corpus)
    for identity in rules.exclude:
        if (row := corpus.find(identity)) is not None:
            mask &= corpus.copies != corpus.copies[row]
    if rules.section:
        mask &= np.fromiter((card.section in rules.section for card in corpus.cards), bool, len(corpus))
    if rules.language:
        mask &= np.fromiter((card.language in rules.language for card in corpus.cards), bool, len(corpus))
    if rules.published_after:
        mask &= ~(days < rules.published_after.timestamp() / DAY)
    if rules.published_before:
        mask &= ~(days > rules.published_before.timestamp() / DAY)
    return mask


def distinct(rows: Rows, corpus: Corpus) -> Rows:
    """Return the places in ``rows``, in their order, of the first article of each story: copies behind it are out."""
    _, first = np.unique(corpus.copies[rows], return_index=True)
    return np.sort(first)


def _drop_self(mask: Mask, query: Query, corpus: Corpus) -> None:
    for row in corpus.register.same_as(query.card) if query.row is None else (query.row,):
        mask &= corpus.copies != corpus.copies[row]
