"""The two sentences, one of each article, that say most nearly the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from recommender.articles import Article
from recommender.lexical import LexicalModel, Text
from recommender.sentences import sentences
from recommender.text import readable
from recommender.text.stop_words import list_languages
from recommender.views import whole_text

LONGEST = 300
"""Characters of a sentence that can still be quoted."""
MOST = 200
"""Sentences of an article that are looked at: the first."""
SHARED = 2
"""Terms that two sentences must share to be quoted together."""
DECIMALS = 6
"""Likeness that agrees to so many decimals is equal: float noise must not break a tie."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of the query's article and one of the candidate's, as they stand there."""

    ours: str
    theirs: str


def closest(ours: Article, theirs: Article, model: LexicalModel, rarity: float = 0.0) -> Quote | None:
    """Return the closest pair of sentences by the cosine of their words in tf-idf, ties by position.

    None if no two share SHARED terms with an idf of ``rarity`` at least. Only sentences are quoted that are not too
    long, and without links.
    """
    mine, others = (list(islice(_quotable(article), MOST)) for article in (ours, theirs))
    if not (mine and others and model.terms):
        return None
    rows = model.transform([*_texts(ours, mine), *_texts(theirs, others)])
    rare = rows.copy()
    rare.data = (model.idf[rows.indices] >= rarity).astype(np.float32)
    likeness, shared = ((each[: len(mine)] @ each[len(mine) :].T).toarray() for each in (rows, rare))
    likeness = np.where(shared >= SHARED, np.round(likeness, DECIMALS), 0)
    if not likeness.any():
        return None
    i, j = divmod(int(np.argmax(likeness)), len(others))
    return Quote(mine[i], others[j])


def _texts(article: Article, sentences: Sequence[str]) -> list[Text]:
    languages = list_languages(article.language, whole_text(article))
    return [Text(sentence, languages) for sentence in sentences]


def _quotable(article: Article) -> Iterator[str]:
    """The sentences of the body, or of what stands in for it."""
    for text in (article.body,) if article.body else article.teasers or (article.title,):
        for sentence in sentences(text):
            if len(sentence) <= LONGEST and readable(sentence) == sentence:
                yield sentence
