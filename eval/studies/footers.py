"""Do footers change what is related? A newspaper's related lists with a common footer, compared with those without.

A footer that many articles share says nothing about any of them. What is measured is how much of every list stays as it
is: the same article, its score and its other versions in the same place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

import numpy as np

from index.live.tail import LiveNeighbours
from index.store.manifest import ModelEntry
from index.store.snapshot import Snapshot
from index.store.writing import contents
from recommender.articles import Article
from recommender.boilerplate.boilerplate import Boilerplate
from recommender.boilerplate.repetition import learn
from recommender.corpus.corpus import Query, build_corpus
from recommender.corpus.encoder import Encoder
from recommender.corpus.live_corpus import LiveCorpus
from recommender.errors import EvaluationError
from recommender.ranking.curated import CuratedLists
from recommender.ranking.ranker import default_ranker
from recommender.ranking.request import RelatedRequest

SHARES = (0.0, 0.2, 1.0)
FOOTER_WORDS = (80, 150, 300)
BODY_WORDS = (80, 250, 600)
LATE = 10
"""Every so manieth article comes after the build: as a live change, and as a draft."""
LIMIT = 8
SEED = 0
SAME = 1e-6
"""Scores that differ by less are equal."""

FOOTER = (
    "About the Estuary Press Association.",
    "The association was founded in 1908 by nine newspapers that could not each afford a telegraph, and still sends the"
    " same report to all of its members.",
    "It employs forty-one reporters, four photographers and a pilot, and is owned in equal parts by the titles that"
    " print its work.",
    "Reports may be shortened but not altered, and must carry the name of the association.",
    "Complaints about a report go to the paper that printed it.",
    "Follow us on the social networks, or subscribe to one of our three newsletters: Morning Tide, which is sent at six"
    " on every working day, Markets at Noon, and The Long Read on Saturdays.",
    "Statements in this report that are not historical facts are forward-looking and involve risks and uncertainties;"
    " actual results may differ materially because of weather, regulation, exchange rates, labour disputes or the loss"
    " of key personnel.",
    "The association undertakes no obligation to update them.",
    "Nothing in this report is advice to buy or sell securities.",
    "If you believe that we have made a mistake, write to the corrections editor, who answers within three working days"
    " and whose decisions are published.",
    "We use cookies and similar techniques to measure how our reports are read, to remember your preferences and to"
    " show advertising that may interest you; some of our partners process data on the ground of their legitimate"
    " interest, to which you can object in the settings of your browser.",
    "Our privacy notice explains what is kept, for how long, and how to ask for its deletion.",
    "Photographs are for single use in connection with this report only and must be credited as shown.",
    "For enquiries of the press telephone the duty desk between seven in the morning and eleven at night, or write to"
    " the address below.",
    "© The Estuary Press Association and its members.",
    "All rights reserved.",
)
"""In the manner of those that press releases and agency reports carry."""

Place = tuple[str, float, tuple[str, ...]]
"""One place of a list: the article's id, its score, the ids of its other versions."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The share of places that are equal with and without a footer, where a ``share`` of the articles carries it.

    ``built``: of the articles in a build; ``live``: of articles that come later; ``drafts``: of these, not stored.
    """

    share: float
    footer_words: int
    body_words: int
    built: float
    live: float
    drafts: float

    @property
    def least(self) -> float:
        """The lowest of ``built``, ``live`` and ``drafts``."""
        return min(self.built, self.live, self.drafts)

    def to_json(self) -> dict[str, Any]:
        """Return the fields by name, the shares rounded to four digits."""
        return {
            "share": self.share,
            "footer_words": self.footer_words,
            "body_words": self.body_words,
            **{name: round(getattr(self, name), 4) for name in ("built", "live", "drafts")},
        }


def footers(
    articles: Sequence[Article], encoder: Encoder, on_cell: Callable[[int], None] = lambda _: None
) -> list[Cell]:
    """Measure every cell over ``articles``, whose bodies are cut or filled up to the length.

    The lists to equal are those of a build that strips nothing. Raises EvaluationError where there are too few bodies.
    """
    known = sorted((article for article in articles if article.body), key=lambda article: article.id)
    if len(known) < 2 * LATE:
        raise EvaluationError(
            f"{len(known):,} articles have a body, expected {2 * LATE} at least; name more files with --articles"
        )
    cells = []
    for body_words in BODY_WORDS:
        plain = of_length(known, body_words)
        expected = _Lists.from_articles(plain, encoder, strip=False)
        for footer_words in FOOTER_WORDS:
            for share in SHARES:
                found = _Lists.from_articles(with_footer(plain, share, footer_words), encoder, strip=True)
                cells.append(Cell(share, footer_words, body_words, *found.equal(expected)))
                on_cell(1)
    return cells


def of_length(articles: Sequence[Article], words: int) -> list[Article]:
    """Return ``articles`` with bodies of so many words: cut, or with paragraphs of others behind their own.

    The others' paragraphs are dealt out in turn, so that none becomes common by it.
    """
    all_of_them = [paragraph for article in articles for paragraph in article.paragraphs]
    order = np.random.default_rng(SEED).permutation(len(all_of_them))
    others = cycle([all_of_them[place] for place in order])
    found = []
    for article in articles:
        paragraphs, left, own = [], words, iter(article.paragraphs)
        while left:
            taken = (next(own, None) or next(others)).split()[:left]
            paragraphs.append(" ".join(taken))
            left -= len(taken)
        found.append(replace(article, body="\n\n".join(paragraphs)))
    return found


def with_footer(articles: Sequence[Article], share: float, words: int) -> list[Article]:
    """Return ``articles``, a ``share`` of them, evenly spread, with a paragraph of about so many words at the end."""
    ends = np.cumsum([len(sentence.split()) for sentence in FOOTER])
    footer = " ".join(FOOTER[: int(np.argmin(np.abs(ends - words))) + 1])
    carries = np.diff(np.floor(np.arange(len(articles) + 1) * share)) > 0
    return [
        replace(article, body=f"{article.body}\n\n{footer}") if mine else article
        for article, mine in zip(articles, carries, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Lists:
    """The lists of the articles in a build, of articles that come later, and of the later ones as drafts."""

    built: list[list[Place]]
    live: list[list[Place]]
    drafts: list[list[Place]]

    @classmethod
    def from_articles(cls, articles: Sequence[Article], encoder: Encoder, *, strip: bool) -> "_Lists":
        """Build from all ``articles`` but every LATE-th one, and let those follow."""
        early = [article for place, article in enumerate(articles) if place % LATE]
        late = articles[::LATE]
        corpus = build_corpus(early, {}, encoder.dim, encoder.encode, learn(early, {}) if strip else Boilerplate())
        model = ModelEntry(name=encoder.name, revision=encoder.revision, dim=encoder.dim)
        snapshot = contents(corpus, (), default_ranker(), model).open(datetime.now(UTC))
        drafts = [corpus.draft(replace(article, id=""), encoder) for article in late]
        live = _followed(snapshot, late, encoder)
        rows = range(len(corpus), len(live.corpus))
        return cls(
            [_places(snapshot, corpus.query(row)) for row in range(len(corpus))],
            [_places(live, live.corpus.query(row)) for row in rows],
            [_places(snapshot, query) for query in drafts],
        )

    def equal(self, others: "_Lists") -> tuple[float, float, float]:
        """Return the share of places that equal those of ``others``, of each of the three kinds."""
        return (
            equal_places(self.built, others.built),
            equal_places(self.live, others.live),
            equal_places(self.drafts, others.drafts),
        )


def equal_places(lists: Sequence[Sequence[Place]], others: Sequence[Sequence[Place]]) -> float:
    """Return the share (0..1) of all places whose items are equal in both; a place that only one list has is not."""
    pairs = list(zip(lists, others, strict=True))
    equal = sum(_same(a, b) for mine, theirs in pairs for a, b in zip(mine, theirs, strict=False))
    return equal / max(1, sum(max(len(mine), len(theirs)) for mine, theirs in pairs))


def _same(a: Place, b: Place) -> bool:
    return (a[0], a[2]) == (b[0], b[2]) and abs(a[1] - b[1]) < SAME


def _followed(snapshot: Snapshot, late: Sequence[Article], encoder: Encoder) -> Snapshot:
    """The snapshot with the ``late`` articles live."""
    tail = snapshot.corpus.transform(late, encoder.encode)
    corpus = LiveCorpus.from_base(snapshot.corpus, tail, (), {})
    neighbours = LiveNeighbours(snapshot.neighbours, len(snapshot.corpus), tail.fused, corpus.directory.id_rank)
    return replace(snapshot, corpus=corpus, neighbours=neighbours, curated=CuratedLists.from_lists(corpus, {}))


def _places(snapshot: Snapshot, query: Query) -> list[Place]:
    corpus = snapshot.corpus
    hits = snapshot.recommender.related(query, RelatedRequest(limit=LIMIT))
    return [(corpus.cards[hit.row].id, hit.score, tuple(corpus.cards[row].id for row in hit.also)) for hit in hits]
