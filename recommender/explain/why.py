"""Why an article is in a list: what can be shown of it, short, the same every time, and true.

It is looked up in the two articles, not in the corpus; what their texts no longer hold is not said.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from recommender.articles import Article
from recommender.articles.card import Card
from recommender.corpus.terms import TermRows
from recommender.explain.quotes import DECIMALS, Quote, closest_to_each
from recommender.explain.texts import ReasonText, names_nobody, same_word, says_something, too_short
from recommender.explain.wording import line
from recommender.ranking.hits import Hit
from recommender.ranking.pool import Pool
from recommender.ranking.signals import SIGNALS
from recommender.text import normalise

__all__ = ["Quote", "Why", "why_each"]

MOST = 5
"""Names, and terms, that are given at most."""
STRONGEST = 3
RARE = 5
"""One in so many articles, or two articles, is what a rare term or name stands in at most."""
TOLERANCE = 1e-4
"""Of idf, which is kept in 32 bits."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why an article is in the list of another.

    ``text`` one line made from what follows, never empty; ``names`` rare names in both, as written in the texts, rarest
    first, and ``terms`` rare words and pairs of words in both, weightiest first, without those of the names, both at
    most MOST; ``tags`` in both, as the candidate has them; ``days_apart`` calendar days in UTC from the query to the
    candidate, None where either has no date; ``picked_by`` in how many curated lists of the query's neighbours the
    candidate stands, that of the query never counted; ``strongest`` names of the signals that added most to the score,
    at most STRONGEST.
    """

    text: str
    quote: Quote | None
    names: tuple[str, ...]
    terms: tuple[str, ...]
    tags: tuple[str, ...]
    days_apart: float | None
    picked_by: int
    strongest: tuple[str, ...]


def why_each(
    pool: Pool, hits: Sequence[Hit], ours: Article | None, theirs: Sequence[Article | None], *, quoted: bool = True
) -> list[Why]:
    """Return why each of ``hits`` stands in the list of the query of ``pool``, in their order; ``quoted``: with quotes.

    ``ours`` is the query's full article (or the draft), ``theirs`` those of the hits, None where not known: then
    nothing is quoted, names may be case-folded, and the terms are single words.
    """
    corpus = pool.corpus
    strip = corpus.boilerplate.strip
    ours, theirs = ours and strip(ours), [article and strip(article) for article in theirs]
    mine = ReasonText(ours, pool.query.card)
    quotes: Iterator[Quote | None] = iter(())
    if ours and quoted:
        known = [article for article in theirs if article]
        quotes = iter(closest_to_each(ours, known, corpus.lexicon.words, _rarity(pool)))
    found = []
    for hit, article in zip(hits, theirs, strict=True):
        text = ReasonText(article, corpus.cards[hit.row])
        found.append(_why(pool, hit, (mine, text), next(quotes) if ours and quoted and article else None))
    return found


def _why(pool: Pool, hit: Hit, texts: "tuple[ReasonText, ReasonText]", quote: Quote | None) -> Why:
    cards = (pool.query.card, pool.corpus.cards[hit.row])
    terms = (pool.query.terms, pool.corpus.query(hit.row).terms)
    names = list(_names(pool, terms, texts))
    said = {word for name in names for word in normalise(name).split()}
    found = Why(
        text="",
        quote=quote,
        names=tuple(_distinct(names)[:MOST]),
        terms=tuple(islice(_terms(pool, terms, texts, said), MOST)),
        tags=_tags(pool, terms, cards[1]),
        days_apart=_days_apart(*cards),
        picked_by=_picked_by(pool, hit.row),
        strongest=_strongest(hit.parts),
    )
    shared = (found.names, found.terms, found.tags)
    return replace(found, text=line(hit.source, shared, found.picked_by, found.strongest, found.days_apart))


_Pair = tuple[TermRows, TermRows]


def _names(pool: Pool, terms: _Pair, texts: tuple[ReasonText, ReasonText]) -> Iterator[str]:
    model, (ours, theirs) = pool.corpus.lexicon.names, texts
    shared = np.intersect1d(terms[0].columns("names"), terms[1].columns("names")) - pool.corpus.lexicon.first_name
    shared = shared[model.idf[shared] >= _rarity(pool)]
    for column in shared[np.argsort(-model.idf[shared], kind="stable")].tolist():
        name = model.terms[column]
        found = theirs.names.get(name) or ours.names.get(name) or name
        if not all(text.has_name(name) for text in texts) or names_nobody(found):
            continue
        if not any(text.has_small(found) for text in texts):
            yield found


def _distinct(names: Sequence[str]) -> list[str]:
    """Return ``names`` without those that are a part of another: Mattock beside Clive Mattock."""
    words = [frozenset(normalise(name).split()) for name in names]
    return [name for name, mine in zip(names, words, strict=True) if not any(mine < others for others in words)]


def _terms(pool: Pool, terms: _Pair, texts: tuple[ReasonText, ReasonText], taken: Collection[str]) -> Iterator[str]:
    """Yield rare terms of both texts, the weightiest first.

    No two have a word in common, and none is made only of words that are ``taken``.
    """
    model, (mine, theirs) = pool.corpus.lexicon.words, (each.whole for each in terms)
    shared, at, there = np.intersect1d(mine.indices, theirs.indices, return_indices=True)
    weights = np.where(model.idf[shared] >= _rarity(pool), mine.data[at] * theirs.data[there], 0)
    used: list[str] = []
    for place in np.argsort(-np.round(weights, DECIMALS), kind="stable")[: np.count_nonzero(weights)].tolist():
        term = model.terms[shared[place]]
        words = normalise(term).split()
        if any(same_word(word, other) for word in words for other in used):
            continue
        if not says_something(words, taken):
            continue
        if all(text.has_words(words) and text.speaks_of(words) for text in texts):
            as_written = texts[1].written(words) and texts[0].written(words)
            if as_written.istitle() and not any(text.has_name(term) for text in texts):
                continue  # a piece of longer names: the Quay of Carrow Quay
            if as_written and not too_short(words, as_written):
                used += words
                yield as_written


def _tags(pool: Pool, terms: _Pair, card: Card) -> tuple[str, ...]:
    """Return the candidate's tags that the query has, too, but for those the site ignores."""
    lexicon = pool.corpus.lexicon
    shared = np.intersect1d(terms[0].columns("tags"), terms[1].columns("tags")) - lexicon.first_tag
    known = {lexicon.tags.terms[column] for column in shared.tolist()}
    return tuple(tag for tag in card.tags if tag.casefold() in known)


def _rarity(pool: Pool) -> float:
    """Return the idf (smoothed, as scikit-learn has it) of a term in one article in RARE, or in two if that is more."""
    count = pool.corpus.terms.whole.shape[0]
    return math.log((1 + count) / (1 + max(2, count / RARE))) + 1 - TOLERANCE


def _days_apart(ours: Card, theirs: Card) -> float | None:
    if ours.published_at is None or theirs.published_at is None:
        return None
    return float((theirs.published_at.date() - ours.published_at.date()).days)


def _picked_by(pool: Pool, row: int) -> int:
    owners, _ = pool.curated.between(pool.rows, np.array([row]))
    return int(np.count_nonzero(~np.isin(pool.rows[owners], pool.siblings)))


def _strongest(parts: npt.NDArray[np.float32]) -> tuple[str, ...]:
    names, order = list(SIGNALS), np.argsort(-parts, kind="stable")[:STRONGEST]
    return tuple(names[place] for place in order.tolist() if parts[place] > 0)
