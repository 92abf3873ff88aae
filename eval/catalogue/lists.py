"""Every article's related list as it is served: what is measured beyond accuracy, and compared between builds."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.response import default_request
from index.store.snapshot import Snapshot
from recommender.articles.card import Card
from recommender.articles.directory import Rows
from recommender.errors import EvaluationError

ENDED = -1
"""Fills the places behind the end of a list that is shorter than k."""
TITLE_CHARS = 120


@dataclass(frozen=True, slots=True)
class Lists:
    """``rows`` ``(n, k)`` int64: the related list of the article at each row, best first, then ENDED."""

    rows: npt.NDArray[np.int64]

    @property
    def k(self) -> int:
        """The length of a full list."""
        return int(self.rows.shape[1])

    @property
    def lengths(self) -> Rows:
        """``(n,)`` int64, 0..k: the length of each list."""
        return np.asarray((self.rows != ENDED).sum(axis=1), dtype=np.int64)

    @property
    def in_degree(self) -> Rows:
        """``(n,)`` int64: in how many lists each article stands."""
        return np.bincount(self.rows[self.rows != ENDED], minlength=len(self.rows)).astype(np.int64)

    def items_of(self, row: int) -> list[int]:
        """Return the list of the article at ``row``, best first."""
        return [int(hit) for hit in self.rows[row] if hit != ENDED]


def related_lists(snapshot: Snapshot, k: int, on_article: Callable[[int], None] = lambda _: None) -> Lists:
    """Return the list of length ``k`` that ``snapshot`` serves by default for each of its articles, stubs included.

    ``on_article`` is called with the number of lists that were just made. Raises EvaluationError if ``k`` is below 1.
    """
    if k < 1:
        raise EvaluationError(f"k is {k}, expected 1 or more")
    corpus, request = snapshot.corpus, default_request(snapshot, k)
    rows = np.full((len(corpus), k), ENDED, dtype=np.int64)
    for row, line in enumerate(rows):
        hits = snapshot.recommender.related(corpus.query(row), request)
        line[: len(hits)] = [hit.row for hit in hits]
        on_article(1)
    return Lists(rows)


def title_of(card: Card) -> str:
    """Return one line that names an article: its title, else its teaser, else its id."""
    return shorten(" ".join(card.label.split()), TITLE_CHARS)


def shorten(text: str, width: int) -> str:
    """Return ``text`` cut at a word to at most ``width`` characters, with an ellipsis if it was cut."""
    return text if len(text) <= width else text[: width - 1].rsplit(" ", 1)[0] + "…"


def rounded(value: object) -> object:
    """Return ``value`` (of dicts, tuples, lists and scalars) as JSON has it, its numbers rounded to six digits."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [rounded(item) for item in value]
    return value
