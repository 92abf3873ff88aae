"""The two sentences, one of each article, that say most nearly the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np

from recommender.articles import Article
from recommender.corpus.encoder import Matrix
from recommender.corpus.lexical import LexicalModel, Text
from recommender.corpus.views import whole_text
from recommender.text import readable
from recommender.text.sentence_splitter import sentences
from recommender.text.stop_words import list_languages

LONGEST = 300
"""Characters of a sentence that can still be quoted."""
MOST = 200
"""Sentences of an article that are looked at: the first that are not too long."""
SHARED = 2
"""Terms that two sentences must share to be quoted together."""
DECIMALS = 6
"""Likeness that agrees to so many decimals is equal: float noise must not break a tie."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of the query's article and one of the candidate's, as they stand there."""

    ours: str
    theirs: str


def closest_to_each(
    ours: Article, others: Sequence[Article], model: LexicalModel, rarity: float = 0.0
) -> list[Quote | None]:
    """Return, for each of ``others``, the closest pair of a sentence of ``ours`` and one of its own, in their order.

    Closest by the cosine of their words in tf-idf, ties by position; None where no two share SHARED terms with an idf
    of ``rarity`` at least. Sentences that are too long or hold links are not quoted. Every article is read once, and
    all sentences are weighed in one go.
    """
    texts = [_texts(article) for article in (ours, *others)]
    ends = np.cumsum([len(each) for each in texts])
    if not (ends[0] and ends[-1] > ends[0] and model.terms):
        return [None] * len(others)
    mine, theirs = texts[0], [text for each in texts[1:] for text in each]
    rows = model.transform([*mine, *theirs])
    rare = rows.copy()
    rare.data = (model.idf[rows.indices] >= rarity).astype(np.float32)
    likeness, shared = ((each[: len(mine)] @ each[len(mine) :].T).toarray() for each in (rows, rare))
    likeness = np.where(shared >= SHARED, np.round(likeness, DECIMALS), 0)
    for side, axis in ((mine, 0), (theirs, 1)):
        with_links = [i for i in np.flatnonzero(likeness.any(axis=1 - axis)).tolist() if not _plain(side[i])]
        likeness[(slice(None),) * axis + (with_links,)] = 0
    return [
        _best(likeness[:, start:end], mine, theirs[start:end]) for start, end in pairwise((ends - len(mine)).tolist())
    ]


def _texts(article: Article) -> list[Text]:
    """The first sentences that are not too long, of the body or of what stands in for it."""
    languages = list_languages(article.language, whole_text(article))
    parts = (article.body,) if article.body else article.teasers or (article.title,)
    found = (sentence for part in parts for sentence in sentences(part) if len(sentence) <= LONGEST)
    return [Text(sentence, languages) for sentence in islice(found, MOST)]


def _plain(text: Text) -> bool:
    return readable(text.text) == text.text


def _best(likeness: Matrix, mine: Sequence[Text], theirs: Sequence[Text]) -> Quote | None:
    if not likeness.any():
        return None
    i, j = divmod(int(np.argmax(likeness)), len(theirs))
    return Quote(mine[i].text, theirs[j].text)
