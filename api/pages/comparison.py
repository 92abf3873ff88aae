"""An article's list as it is served, beside its editor's own and what a plain embedding would show."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.response import Item, Related, answer
from index.store.snapshot import Snapshot
from recommender.articles.card import Card
from recommender.corpus.corpus import Query
from recommender.ranking.request import RelatedRequest
from recommender.recommender import Texts


@dataclass(frozen=True, slots=True)
class Served:
    """One item of the list as served; ``picked``: the editor listed it, or another version of its story, too."""

    item: Item
    card: Card
    picked: bool


@dataclass(frozen=True, slots=True)
class Pick:
    """One entry of the editor's list: its card, None where it may not be shown; its places in the two other lists."""

    card: Card | None
    served_at: int | None
    plain_at: int | None


@dataclass(frozen=True, slots=True)
class Plain:
    """One of the nearest articles by one embedding each: the cosine, and whether the editor listed it, too."""

    card: Card
    cosine: float
    picked: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Three lists for one article. ``related`` is what the API answers; ``picks`` is empty where no editor made one."""

    related: Related
    served: Sequence[Served]
    picks: Sequence[Pick]
    plain: Sequence[Plain]

    @property
    def served_finds(self) -> int:
        """How many of the editor's entries stand in the list as served."""
        return sum(pick.served_at is not None for pick in self.picks)

    @property
    def plain_finds(self) -> int:
        """How many of the editor's entries a plain embedding would show."""
        return sum(pick.plain_at is not None for pick in self.picks)


def compare(snapshot: Snapshot, query: Query, request: RelatedRequest, texts: Texts) -> Comparison:
    """Return the three lists of ``query``, each no longer than the request's limit but for the editor's own."""
    corpus = snapshot.corpus
    related = answer(snapshot, query, request, texts)
    rows = [corpus.row(item.id) for item in related.items]
    near = nearest_by_embedding(snapshot, query, request)
    targets = [corpus.find(name) for name in snapshot.lists.get(query.card.id, ())]
    stories = corpus.story_ids
    listed = {int(stories[row]) for row in targets if row is not None}
    visible = corpus.directory.visible
    served_at, plain_at = (
        {int(stories[row]): at for at, row in enumerate(each, 1)} for each in (rows, [r for r, _ in near])
    )
    picks = [
        Pick(None, None, None)
        if row is None or not visible[row]
        else Pick(corpus.cards[row], served_at.get(int(stories[row])), plain_at.get(int(stories[row])))
        for row in targets
    ]
    return Comparison(
        related,
        [
            Served(item, corpus.cards[row], int(stories[row]) in listed)
            for item, row in zip(related.items, rows, strict=True)
        ],
        picks,
        [Plain(corpus.cards[row], cosine, int(stories[row]) in listed) for row, cosine in near],
    )


def nearest_by_embedding(snapshot: Snapshot, query: Query, request: RelatedRequest) -> list[tuple[int, float]]:
    """Return the rows nearest to ``query`` by one vector an article, with their cosines, best first.

    The vector is the mean of the embeddings of title, teasers and text, without what all articles have in common: the
    semantic half of the fused vector. The same articles are allowed as in the list as served.
    """
    fusion = snapshot.corpus.fusion
    half = len(fusion.centre)
    semantic = np.zeros_like(query.fused)
    semantic[:half] = query.fused[:half]
    if not semantic.any():
        return []
    allowed = snapshot.recommender.eligible(query, request)
    rows, products = snapshot.neighbours.search(semantic, request.limit, allowed)
    return list(zip(rows.tolist(), (products / fusion.semantic_scale**2).tolist(), strict=True))
