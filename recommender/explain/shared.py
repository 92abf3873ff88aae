"""What two articles have in common that can be shown: rare names and words as their texts have them, and tags."""

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from recommender.articles import Article
from recommender.articles.card import Card
from recommender.corpus.terms import TermRows
from recommender.corpus.views import whole_text
from recommender.explain.quotes import DECIMALS
from recommender.ranking.pool import Pool
from recommender.text import normalise
from recommender.text.names import written

RARE = 5
"""One in so many articles, or two articles, is what a rare term or name stands in at most."""
TOLERANCE = 1e-4
"""Of idf, which is kept in 32 bits."""

_CALENDAR = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december".split()
)
"""Written like names, and naming nothing."""
_CONTRACTED = re.compile("(?<=[^\\W_])['’](?=(?:ve|ll|re|d|t|m)\\b)", re.IGNORECASE)
"""The lexical model reads "I've" as "ve", which is no word to show."""


class ArticleText:
    """The names and words of an article's text, each computed when it is first needed.

    ``names``: case-folded form → as written, ``words`` normalised; ``whole``: that it is all there is to read,
    not only what stands on the card.
    """

    def __init__(self, article: Article | None, card: Card) -> None:
        self._text = whole_text(article) if article else "\n".join((card.title, *card.teasers))
        self.whole = article is not None

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Case-folded form → as it is written first."""
        return {name.casefold(): name for name in reversed(written(self._text))}  # the first of each

    @cached_property
    def words(self) -> str:
        """The text normalised, between blanks."""
        return f" {normalise(_CONTRACTED.sub('', self._text))} "

    def has_name(self, name: str) -> bool:
        """Say whether the text holds the name; one that is not known may."""
        return name in self.names or not self.whole

    def has_words(self, words: Sequence[str]) -> bool:
        """Say whether the text holds normalised ``words`` side by side; one not known may hold any single word."""
        return f" {' '.join(words)} " in self.words or not (self.whole or len(words) > 1)


Pair = tuple[TermRows, TermRows]
"""The terms of the query and of the candidate."""


def shared_names(pool: Pool, terms: Pair, texts: tuple[ArticleText, ArticleText]) -> Iterator[str]:
    """Yield rare names of both texts, as they are written there, the rarest first."""
    model, (ours, theirs) = pool.corpus.lexicon.names, texts
    shared = np.intersect1d(terms[0].columns("names"), terms[1].columns("names")) - pool.corpus.lexicon.first_name
    shared = shared[model.idf[shared] >= rarity(pool)]
    for column in shared[np.argsort(-model.idf[shared], kind="stable")].tolist():
        name = model.terms[column]
        if ours.has_name(name) and theirs.has_name(name) and not _CALENDAR.issuperset(name.split()):
            yield theirs.names.get(name) or ours.names.get(name) or name


def shared_terms(
    pool: Pool, terms: Pair, texts: tuple[ArticleText, ArticleText], taken: Collection[str]
) -> Iterator[str]:
    """Yield rare terms of both texts, the weightiest first.

    No two have a word in common, and none is made only of words that are ``taken``.
    """
    model, (mine, theirs) = pool.corpus.lexicon.words, (each.whole for each in terms)
    shared, at, there = np.intersect1d(mine.indices, theirs.indices, return_indices=True)
    weights = np.where(model.idf[shared] >= rarity(pool), mine.data[at] * theirs.data[there], 0)
    used: set[str] = set()
    for place in np.argsort(-np.round(weights, DECIMALS), kind="stable")[: np.count_nonzero(weights)].tolist():
        term = model.terms[shared[place]]
        words = normalise(term).split()
        if not used.isdisjoint(words) or all(word in taken or word.isnumeric() for word in words):
            continue
        if all(text.has_words(words) for text in texts):
            used.update(words)
            yield term


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
