"""What the first page lists: the newest articles, sections, what a search finds, and lists that editors picked."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from index.store.snapshot import Snapshot
from recommender.articles.card import Card
from recommender.articles.directory import Rows
from recommender.corpus.corpus import Corpus

PER_PAGE = 25
"""Articles of one page: a lead and three or four columns of others."""
MAX_FOUND = 50
MAX_SECTIONS = 14
MAX_QUERY = 300
"""Characters of a search that are heeded."""
COMPARED = 5


@dataclass(frozen=True, slots=True)
class Section:
    """A section and how many articles of it may be recommended."""

    name: str
    articles: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: ``cards``, at most MAX_FOUND of ``total``, what was named exactly first, then the newest."""

    cards: list[Card]
    total: int


@dataclass(frozen=True, slots=True)
class Picked:
    """An article and the number of articles that its editor listed beside it."""

    card: Card
    targets: int


def newest(corpus: Corpus, section: str, page: int) -> tuple[list[Card], bool]:
    """Return the newest articles of ``section`` ("" for all), no stubs, of a page from 1; and whether there are more.

    What has no date comes last.
    """
    directory = corpus.directory
    allowed = directory.visible
    if section:
        allowed = allowed & directory.sections.where(lambda name: name == section)
    start = (page - 1) * PER_PAGE
    found = list(islice(_articles(corpus, _by_date(corpus, np.flatnonzero(allowed))), start, start + PER_PAGE + 1))
    return found[:PER_PAGE], len(found) > PER_PAGE


def sections(corpus: Corpus) -> list[Section]:
    """Return the largest sections, at most MAX_SECTIONS, the largest first."""
    labels = corpus.directory.sections
    numbers = labels.numbers[corpus.directory.visible]
    counts = np.bincount(numbers[numbers >= 0], minlength=len(labels.codes))
    found = [Section(name, int(counts[code])) for name, code in labels.codes.items() if counts[code]]
    return sorted(found, key=lambda each: (-each.articles, each.name))[:MAX_SECTIONS]


def search(corpus: Corpus, text: str) -> Found:
    """Return the articles and stubs with this id or URL, then those that have all its words in title, id or URL."""
    text = text[:MAX_QUERY].strip()
    words, visible = text.casefold().split(), corpus.directory.visible
    if not words:
        return Found([], 0)
    named = corpus.find(text)
    rows = [row for row in np.flatnonzero(visible).tolist() if row != named and _has(corpus.cards[row], words)]
    best = _by_date(corpus, np.array(rows, dtype=np.int64))[:MAX_FOUND].tolist()
    if named is not None and visible[named]:
        best, rows = [named, *best][:MAX_FOUND], [*rows, named]
    return Found([corpus.cards[row] for row in best], len(rows))


def picked(snapshot: Snapshot) -> list[Picked]:
    """Return the articles with the longest curated lists, at most COMPARED, ties by id: the ones to compare with."""
    directory = snapshot.corpus.directory
    rows = ((directory.row_of(name), len(targets)) for name, targets in snapshot.lists.items())
    shown = (Picked(directory.cards[row], count) for row, count in rows if row is not None and directory.visible[row])
    return heapq.nsmallest(COMPARED, shown, key=lambda each: (-each.targets, each.card.id))


def _has(card: Card, words: list[str]) -> bool:
    hay = f"{card.label} {card.id} {card.url or ''}".casefold()
    return all(word in hay for word in words)


def _by_date(corpus: Corpus, rows: Rows) -> Rows:
    """Return ``rows`` newest first, undated last, ties by id."""
    directory = corpus.directory
    return rows[np.lexsort((directory.id_rank[rows], -directory.days[rows]))]


def _articles(corpus: Corpus, rows: Rows) -> Iterator[Card]:
    return (card for card in (corpus.cards[row] for row in rows.tolist()) if not card.is_stub)
