"""Why an article is in a list: what can be shown of it, short, the same every time, and true.

It is looked up in the two articles, not in the corpus; what their texts no longer hold is not said.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from recommender.articles import Article
from recommender.articles.card import Card
from recommender.explain.quotes import Quote, closest_to_each
from recommender.explain.shared import distinct, rarity, shared_names, shared_tags, shared_terms
from recommender.explain.texts import ReasonText
from recommender.explain.wording import line
from recommender.ranking.hits import Hit
from recommender.ranking.pool import Pool
from recommender.ranking.signals import SIGNALS
from recommender.text import normalise

__all__ = ["Quote", "Why", "why_each"]

MOST = 5
"""Names, and terms, that are given at most."""
STRONGEST = 3


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
        quotes = iter(closest_to_each(ours, known, corpus.lexicon.words, rarity(pool)))
    found = []
    for hit, article in zip(hits, theirs, strict=True):
        text = ReasonText(article, corpus.cards[hit.row])
        found.append(_why(pool, hit, (mine, text), next(quotes) if ours and quoted and article else None))
    return found


def _why(pool: Pool, hit: Hit, texts: "tuple[ReasonText, ReasonText]", quote: Quote | None) -> Why:
    cards = (pool.query.card, pool.corpus.cards[hit.row])
    terms = (pool.query.terms, pool.corpus.query(hit.row).terms)
    names = list(shared_names(pool, terms, texts))
    said = {word for name in names for word in normalise(name).split()}
    found = Why(
        text="",
        quote=quote,
        names=tuple(distinct(names)[:MOST]),
        terms=tuple(islice(shared_terms(pool, terms, texts, said), MOST)),
        tags=shared_tags(pool, terms, cards[1]),
        days_apart=_days_apart(*cards),
        picked_by=_picked_by(pool, hit.row),
        strongest=_strongest(hit.parts),
    )
    shared = (found.names, found.terms, found.tags)
    return replace(found, text=line(hit.source, shared, found.picked_by, found.strongest, found.days_apart))


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
