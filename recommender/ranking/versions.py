"""Which articles tell one story again: the same text grown, mended or under another id; never parts of a series.

How much of the shorter text stands in the longer is containment (Broder, "On the resemblance and containment of
documents", 1997), of words weighed by their rarity. A version adds words, a page of the same template swaps them: so
what the shorter has alone counts up to three times, the more so the more evenly both have words alone. Thresholds and
SWAPPED were chosen on the development half of eval/labels/versions.jsonl.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Self

import numpy as np
import numpy.typing as npt

from recommender.articles.directory import Rows
from recommender.corpus.corpus import Corpus, Query
from recommender.corpus.fingerprints import Hashes, Rarity, among, hashed
from recommender.corpus.quantized import Column
from recommender.corpus.terms import Containment, TermRows
from recommender.ranking.markers import REMEMBERED, markers
from recommender.ranking.series import parts_of_series
from recommender.text.distinct_words import LEAST_WORDS, compared

GROWN = 3
"""Times the words of a text that a version of it may have; one that quotes it and tells much more is another story."""
SWAPPED = 2.0
"""Times that a word of the shorter text counts as lost once more, where the longer has as many words alone."""
VERSION = 0.7
"""Two texts published within days are versions from this much ``kept`` on: those of the labels have .74 and more, parts
of a series and pages of a template .61 and less where their titles do not tell them."""
COPY = 0.85
RESEMBLING = 0.75
"""Two texts of any date are copies if they have kept COPY and resemble each other (Jaccard, weighed) by RESEMBLING."""
LIKELY, LIKELY_COPY = 0.6, 0.7
"""Of the terms of the lexical model, less exact and looked at first: how much two such texts share at least."""
FEW_TERMS, LIKELY_OF_FEW = 30, 0.3
"""Of so few terms it says less: where a script has no spaces, a term is a clause, which one letter changes."""


class Reason(StrEnum):
    """Why an article is a version of another: grown or mended, nearly the same text, or one says so itself."""

    VERSION = "version"
    COPY = "copy"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class Told:
    """What of an article is compared: its ``title``, its ``words``, and the ``day`` it was published, NaN if unknown.

    ``anytime``: it may be compared with articles of any date, being a draft.
    """

    title: str
    day: float
    words: Hashes
    anytime: bool = False

    @classmethod
    def from_query(cls, query: Query) -> Self:
        """Return what is compared of ``query``."""
        return cls(query.card.title, query.day, query.fingerprint, query.row is None and math.isnan(query.day))

    @classmethod
    def from_row(cls, corpus: Corpus, row: int) -> Self:
        """Return what is compared of the article at ``row``."""
        card = corpus.cards[row]
        return cls(card.title, card.day, corpus.fingerprint(row))


def retold(ours: Told, theirs: Told, rarity: Rarity, version_days: float) -> Reason | None:
    """Return why one of two articles tells the other again, None if it does not: the same whichever comes first."""
    apart = 0.0 if ours.anytime or theirs.anytime else abs(ours.day - theirs.day)
    if not _comparable(len(ours.words), len(theirs.words)):
        return None
    if parts_of_series(ours.title, theirs.title, None if math.isnan(apart) else apart):
        return None
    kept, resemblance = word_overlap(ours.words, theirs.words, rarity)
    copied = kept >= COPY and resemblance >= RESEMBLING
    if not copied and not (kept >= VERSION and apart <= version_days):
        return None
    if _tells(ours, theirs, rarity) and _tells(theirs, ours, rarity):
        return None
    return Reason.COPY if copied else Reason.VERSION


def word_overlap(ours: Hashes, theirs: Hashes, rarity: Rarity) -> tuple[float, float]:
    """Return (kept, resemblance) of two texts, 0 to 1 each: see above. Neither may be empty."""
    mine, total = rarity.weights(ours), float(rarity.weights(theirs).sum(dtype=np.float64))
    both = float(mine[among(ours, theirs)].sum(dtype=np.float64))
    fewer, more = sorted((max(0.0, float(mine.sum(dtype=np.float64)) - both), max(0.0, total - both)))
    lost = fewer * (1 + SWAPPED * (fewer / more if more else 0))
    return both / (both + lost), both / (both + fewer + more)


class Tellings:
    """Which of the articles at ``rows`` tell a text again."""

    def __init__(self, corpus: Corpus, rows: Rows, version_days: float) -> None:
        self._corpus = corpus
        self._rows = rows
        self._version_days = version_days
        terms = corpus.terms_of(rows)
        self._contained, self._terms = Containment(terms), np.diff(terms.whole.indptr)
        self._days = corpus.directory.days[rows]
        self._sizes = corpus.fingerprint_sizes(rows)

    def retelling(self, told: Told, terms: TermRows) -> npt.NDArray[np.bool_]:
        """Return ``(m,)`` bool: the articles that tell the text ``told``, whose terms are ``terms``, again."""
        return self._checked(told, terms.whole.nnz, self._contained.shares_of(terms))

    def retelling_of_place(self, place: int) -> npt.NDArray[np.bool_]:
        """Return ``(m,)`` bool: the articles that tell the one at ``place`` again, itself not among them."""
        shares = self._contained.shares_of_text(place)
        shares[place] = 0
        return self._checked(Told.from_row(self._corpus, int(self._rows[place])), int(self._terms[place]), shares)

    def _checked(self, told: Told, terms: int, shares: Column) -> npt.NDArray[np.bool_]:
        """Return ``(m,)`` bool: the articles that tell ``told`` again; words are compared where ``shares`` are high."""
        close = told.anytime | (np.abs(self._days - told.day) <= self._version_days)
        size = len(told.words)
        smaller, larger = np.minimum(size, self._sizes), np.maximum(size, self._sizes)
        few = np.minimum(terms, self._terms) < FEW_TERMS
        likely = np.where(few, LIKELY_OF_FEW, np.where(close, LIKELY, LIKELY_COPY))
        found = (shares >= likely) & (smaller >= LEAST_WORDS) & (larger <= GROWN * smaller)
        rarity = self._corpus.fingerprints.rarity
        for place in np.flatnonzero(found).tolist():
            other = Told.from_row(self._corpus, int(self._rows[place]))
            found[place] = retold(told, other, rarity, self._version_days) is not None
        return found


def _comparable(ours: int, theirs: int) -> bool:
    return min(ours, theirs) >= LEAST_WORDS and max(ours, theirs) <= GROWN * min(ours, theirs)


def _tells(ours: Told, theirs: Told, rarity: Rarity) -> bool:
    """Say whether a word of our title, one that our text is about, is nowhere in theirs: another team, another dish.

    A new headline for the same text has words of its own, too; but these are not words of the text that changed.
    """
    words = _title_words(ours.title)
    words = words[among(words, ours.words) & ~among(words, theirs.words)]
    return bool(rarity.telling(words[~among(words, _title_words(theirs.title))]).any())


@lru_cache(maxsize=REMEMBERED)
def _title_words(title: str) -> Hashes:
    """The words of a title but numbers and dates, which are the series' business (see markers)."""
    return hashed({part for word in markers(title).rest for part in compared(word)})
