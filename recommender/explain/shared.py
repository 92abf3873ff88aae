"""What two articles have in common that can be shown: rare names and words as their texts have them, and tags."""

import math
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from recommender.articles.card import Card
from recommender.corpus.terms import TermRows
from recommender.explain.quotes import DECIMALS
from recommender.explain.texts import ReasonText, names_nobody, same_word, says_something, too_short
from recommender.ranking.pool import Pool
from recommender.text import normalise

RARE = 5
"""One in so many articles, or two articles, is what a rare term or name stands in at most."""
TOLERANCE = 1e-4
"""Of idf, which is kept in 32 bits."""

Pair = tuple[TermRows, TermRows]
"""The terms of the query and of the candidate."""


def shared_names(pool: Pool, terms: Pair, texts: tuple[ReasonText, ReasonText]) -> Iterator[str]:
    """Yield rare names of both texts, as they are written there, the rarest first."""
    model, (ours, theirs) = pool.corpus.lexicon.names, texts
    shared = np.intersect1d(terms[0].columns("names"), terms[1].columns("names")) - pool.corpus.lexicon.first_name
    shared = shared[model.idf[shared] >= rarity(pool)]
    for column in shared[np.argsort(-model.idf[shared], kind="stable")].tolist():
        name = model.terms[column]
        found = theirs.names.get(name) or ours.names.get(name) or name
        if not all(text.has_name(name) for text in texts) or names_nobody(found):
            continue
        if not any(text.has_small(found) for text in texts):
            yield found


def distinct(names: Sequence[str]) -> list[str]:
    """Return ``names`` without those that are a part of another: Mattock beside Clive Mattock."""
    words = [frozenset(normalise(name).split()) for name in names]
    return [name for name, mine in zip(names, words, strict=True) if not any(mine < others for others in words)]


def shared_terms(
    pool: Pool, terms: Pair, texts: tuple[ReasonText, ReasonText], taken: Collection[str]
) -> Iterator[str]:
    """Yield rare terms of both texts, the weightiest first.

    No two have a word in common, and none is made only of words that are ``taken``.
    """
    model, (mine, theirs) = pool.corpus.lexicon.words, (each.whole for each in terms)
    shared, at, there = np.intersect1d(mine.indices, theirs.indices, return_indices=True)
    weights = np.where(model.idf[shared] >= rarity(pool), mine.data[at] * theirs.data[there], 0)
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


def shared_tags(pool: Pool, terms: Pair, card: Card) -> tuple[str, ...]:
    """Return the candidate's tags that the query has, too, but for those the site ignores."""
    lexicon = pool.corpus.lexicon
    shared = np.intersect1d(terms[0].columns("tags"), terms[1].columns("tags")) - lexicon.first_tag
    known = {lexicon.tags.terms[column] for column in shared.tolist()}
    return tuple(tag for tag in card.tags if tag.casefold() in known)


def rarity(pool: Pool) -> float:
    """Return the idf (smoothed, as scikit-learn has it) of a term in one article in RARE, or in two if that is more."""
    count = pool.corpus.terms.whole.shape[0]
    return math.log((1 + count) / (1 + max(2, count / RARE))) + 1 - TOLERANCE
