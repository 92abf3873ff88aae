"""The query path once more, in plain numpy and Python, to compare the product with."""

import math

import numpy as np

from index.snapshot import Snapshot
from recommender.article import canonical_url
from recommender.corpus import Card

WEIGHTS = {"tfidf": 0.40, "fused": 0.40, "body_title": 0.20, "body_body": 0.15, "body_teaser": 0.10, "closeness": 0.25}
BIAS = -5.4
POOL = 200


def related_rows(
    snapshot: Snapshot, query: int, barred: frozenset[int] = frozenset(), limit: int = 0
) -> list[tuple[int, float]]:
    """Return (row, score) of every story in the pool of the article at row ``query``, best first.

    The pool is widened fourfold until it holds ``limit`` stories or all there are.
    """
    corpus = snapshot.corpus
    cards, fused, views = corpus.cards, np.asarray(corpus.fused), np.asarray(corpus.views)
    tfidf = corpus.lexical.toarray()
    me = cards[query]
    url = canonical_url(me.url) if me.url else None
    rows = [
        row
        for row, card in enumerate(cards)
        if row != query
        and row not in barred
        and card.text_sha256 != me.text_sha256
        and not (url and card.url and canonical_url(card.url) == url)
    ]
    if not fused[query].any():
        return []
    rows.sort(key=lambda row: (-float(np.float32(fused[row] @ fused[query])), row))
    story = stories(snapshot)
    size = max(POOL, limit)
    while size <= len(rows) and len({story[row] for row in rows[:size]}) < limit:
        size *= 4
    rows = rows[:size]
    title, teaser, _, body = range(4)
    columns = {
        "tfidf": [float(tfidf[row] @ tfidf[query]) for row in rows],
        "fused": [float(fused[row] @ fused[query]) for row in rows],
        "body_title": [_cosine(views[query, body], views[row, title]) for row in rows],
        "body_body": [_cosine(views[query, body], views[row, body]) for row in rows],
        "body_teaser": [_cosine(views[query, body], views[row, teaser]) for row in rows],
        "closeness": [_closeness(snapshot, query, row) for row in rows],
    }
    totals = np.full(len(rows), BIAS)
    for name, column in columns.items():
        known = [value for value in column if not math.isnan(value)]
        spread = float(np.std(known)) if known else 0.0
        if spread > 1e-6:
            mean = float(np.mean(known))
            totals += [0.0 if math.isnan(v) else WEIGHTS[name] * (v - mean) / spread for v in column]
    scored = [(row, 1 / (1 + math.exp(-total))) for row, total in zip(rows, totals, strict=True)]
    ranked = sorted(scored, key=lambda pair: (-round(pair[1], 7), pair[0]))
    first = {story[row]: row for row, _ in reversed(ranked)}
    return [(row, score) for row, score in ranked if first[story[row]] == row]


def stories(snapshot: Snapshot) -> dict[int, int]:
    """Return row → the smallest row of its story: all that share a text or an address, directly or by others."""
    cards = snapshot.corpus.cards
    story = {row: row for row in range(len(cards))}
    while True:
        smallest: dict[str, int] = {}
        for row, card in enumerate(cards):
            for key in _keys(card):
                smallest[key] = min(smallest.get(key, row), story[row])
        found = {row: min(smallest[key] for key in _keys(card)) for row, card in enumerate(cards)}
        if found == story:
            return story
        story = found


def _keys(card: Card) -> list[str]:
    return [card.text_sha256, *([canonical_url(card.url)] if card.url else [])]


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b) if a.any() and b.any() else math.nan


def _closeness(snapshot: Snapshot, a: int, b: int) -> float:
    first, second = snapshot.corpus.cards[a].published_at, snapshot.corpus.cards[b].published_at
    if first is None or second is None:
        return math.nan
    return -math.log1p(abs((first - second).total_seconds()) / 86_400)
