"""Which articles may stand in a list: filters, the query's own story, blocks and the site's rules.

Decided before anything is ranked, so that no filter ever empties a list that could have been full.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from recommender.articles.card import DAY
from recommender.corpus.corpus import Corpus, Query
from recommender.editors.overrides import Editorial
from recommender.ranking.pool import Mask
from recommender.ranking.request import Filters, Mode, RelatedRequest


def eligible(
    query: Query,
    corpus: Corpus,
    request: RelatedRequest = RelatedRequest(),
    editorial: Editorial = Editorial(),
    within: Mask | None = None,
) -> Mask:
    """Return ``(n,)`` bool: the visible articles that may be recommended for ``query``.

    Never the query itself, nor another version or a translation of it (see Card.identity_keys), nor what editors
    blocked for it or keep away from it by a rule. ``within``: what ``requested`` gives, where it is known already.
    """
    within = requested(query, corpus, request.filters, request.mode) if within is None else within
    mask = within & ~_stories_of(corpus, named(corpus, (block.id for block in editorial.about(query.card.id).blocks)))
    if not request.filters.language and query.card.language:
        mine = query.card.language.partition("-")[0]
        mask &= corpus.directory.languages.where(lambda tag: not tag or tag.partition("-")[0] == mine)
    for matcher in editorial.rules.against(query.card):
        mask[... if matcher is None else corpus.directory.fitting(matcher)] = False
    return mask


def requested(query: Query, corpus: Corpus, filters: Filters, mode: Mode) -> Mask:
    """Return ``(n,)`` bool: the articles that the request itself lets stand in the list, pinned or not."""
    directory = corpus.directory
    mask, days = directory.visible.copy(), directory.days
    mask[own_rows(query, corpus)] = False
    mask &= ~_stories_of(corpus, named(corpus, filters.exclude))
    if filters.section:
        sections = {name.casefold() for name in filters.section}
        mask &= directory.sections.where(lambda name: name.casefold() in sections)
    if filters.language:
        mask &= directory.languages.where(lambda tag: any(_in_range(tag, each) for each in filters.language))
    if filters.published_after:
        mask &= ~(days < filters.published_after.timestamp() / DAY)
    if filters.published_before:
        mask &= ~(days > filters.published_before.timestamp() / DAY)
    if mode is Mode.BACKGROUND:
        mask &= days < query.day
    elif mode is Mode.NEXT:
        mask &= days > query.day
    return mask


def named(corpus: Corpus, identities: Iterable[str]) -> list[int]:
    """Return the rows that ``identities`` (ids, former ids, URLs) name, each once, where there are any."""
    found = (corpus.find(identity) for identity in identities)
    return list(dict.fromkeys(row for row in found if row is not None))


def own_rows(query: Query, corpus: Corpus) -> list[int]:
    """Return the rows of the query's own story, itself among them, rising."""
    own = corpus.directory.same_as(query.card) if query.row is None else {query.row}
    return sorted({int(row) for found in own for row in corpus.directory.story(found)})


def _stories_of(corpus: Corpus, rows: Sequence[int]) -> Mask:
    """``(n,)`` bool: the articles at ``rows`` with all that are one story with them by an identity key."""
    story_ids = corpus.directory.story_ids
    return np.isin(story_ids, story_ids[list(rows)]) if rows else np.zeros(len(corpus), dtype=bool)


def _in_range(tag: str, language_range: str) -> bool:
    """Say whether a language tag is in a range by basic filtering (RFC 4647, 3.3.1)."""
    return language_range in ("*", tag) or (bool(language_range) and tag.startswith(f"{language_range}-"))
