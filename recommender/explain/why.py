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
from recommender.explain.shared import ArticleText, rarity, shared_names, shared_tags, shared_terms
from recommender.ranking.hits import Hit, Source
from recommender.ranking.pool import Pool
from recommender.ranking.signals import SIGNALS
from recommender.text import normalise

__all__ = ["PHRASES", "Quote", "Why", "why_each"]

MOST = 5
"""Names, and terms, that are given at most."""
STRONGEST = 3
NEAR = 7
"""Days apart that are worth a word."""
CLOSE = {"closeness": 30, "same_year": 366}
"""Days apart of which the words for a signal of time are true; it may add to a score for less far than others, too."""
PHRASES = {
    "tfidf": "many words in common",
    "fused": "the same broad topic",
    "body_body": "similar in meaning over the whole story",
    "body_teaser": "its summary is close in meaning to the whole story",
    "passage_passage": "a part of one is close in meaning to a part of the other",
    "passage_title": "its title is close in meaning to a part of the story",
    "brief_in_text": "the words of its title and summary occur in the story",
    "title_in_text": "words of its title occur in the story",
    "names": "the same names",
    "tags": "the same tags",
    "section": "in the same section",
    "closeness": "published close in time",
    "same_year": "published at about the same time",
    "listed_by_neighbours": "editors listed it beside similar articles",
    "lists_neighbours": "its own editor's list holds this story or similar ones",
    "list_popularity": "editors listed it before",
}
"""What it means in words that a signal added to the score."""
_STANDS = {
    Source.PINNED: "an editor put it here",
    Source.FALLBACK: "it fills the list up: one of the latest that may stand here",
}


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


def why_each(pool: Pool, hits: Sequence[Hit], ours: Article | None, theirs: Sequence[Article | None]) -> list[Why]:
    """Return why each of ``hits`` stands in the list of the query of ``pool``, in their order.

    ``ours`` is the query's full article (or the draft), ``theirs`` those of the hits, None where not known: then
    nothing is quoted, names may be case-folded, and the terms are single words.
    """
    corpus = pool.corpus
    strip = corpus.boilerplate.strip
    ours, theirs = ours and strip(ours), [article and strip(article) for article in theirs]
    mine = ArticleText(ours, pool.query.card)
    quotes: Iterator[Quote | None] = iter(())
    if ours:
        known = [article for article in theirs if article]
        quotes = iter(closest_to_each(ours, known, corpus.lexicon.words, rarity(pool)))
    found = []
    for hit, article in zip(hits, theirs, strict=True):
        text = ArticleText(article, corpus.cards[hit.row])
        found.append(_why(pool, hit, (mine, text), next(quotes) if ours and article else None))
    return found


def _why(pool: Pool, hit: Hit, texts: tuple[ArticleText, ArticleText], quote: Quote | None) -> Why:
    cards = (pool.query.card, pool.corpus.cards[hit.row])
    terms = (pool.query.terms, pool.corpus.query(hit.row).terms)
    names = list(shared_names(pool, terms, texts))
    said = {word for name in names for word in normalise(name).split()}
    found = Why(
        text="",
        quote=quote,
        names=tuple(names[:MOST]),
        terms=tuple(islice(shared_terms(pool, terms, texts, said), MOST)),
        tags=shared_tags(pool, terms, cards[1]),
        days_apart=_days_apart(*cards),
        picked_by=_picked_by(pool, hit.row),
        strongest=_strongest(hit.parts),
    )
    return replace(found, text=_text(found, hit.source))


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


def _text(found: Why, source: Source) -> str:
    said = [_STANDS[source]] if source in _STANDS else []
    shared = [f"name {_listed(found.names[:3])}"] if found.names else []
    shared += [f"speak of {_listed(found.terms[:3])}"] if found.terms else []
    shared += [f"are tagged {_listed(found.tags[:3])}"] if found.tags else []
    said += [f"both {_listed(shared)}"] if shared else []
    if found.picked_by:
        articles = "a similar article" if found.picked_by == 1 else f"{found.picked_by} similar articles"
        said.append(f"editors listed it beside {articles}")
    said = said or [PHRASES[name] for name in found.strongest if _holds(name, found.days_apart)]
    said = said or ["among the nearest articles there are"]
    if found.days_apart is not None and abs(found.days_apart) <= NEAR:
        said.append(_when(int(found.days_apart)))
    line = " ".join("; ".join(said).split())
    return line[0].upper() + line[1:]


def _holds(name: str, days_apart: float | None) -> bool:
    return name not in CLOSE or (days_apart is not None and abs(days_apart) <= CLOSE[name])


def _listed(items: Sequence[str]) -> str:
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last


def _when(days: int) -> str:
    if not days:
        return "published on the same day"
    return f"published {abs(days)} day{'s' if abs(days) > 1 else ''} {'later' if days > 0 else 'earlier'}"
