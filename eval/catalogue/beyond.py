"""Beyond accuracy: what all related lists together do to a catalogue, whatever an editor would have picked.

Over the lists of every article as served: who is exposed and how evenly, how varied a list is, how often it
repeats itself, how old it is, and why it is short. Nothing here says whether a list is good.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from eval.catalogue.duplicates import repeated
from eval.catalogue.lists import ENDED, Lists, rounded, title_of
from index.response import default_request
from index.store.snapshot import Snapshot
from recommender.articles import Article
from recommender.articles.directory import Rows
from recommender.corpus.corpus import Corpus
from recommender.corpus.views import whole_text
from recommender.errors import EvaluationError
from recommender.ranking.placing import leaves_room

SHOWN = 10
"""Hubs and orphans that are named."""
CURVE_POINTS = 100
BLOCK = 512


@dataclass(frozen=True, slots=True)
class Exposed:
    """One article and its in-degree: in how many lists it stands."""

    id: str
    title: str
    in_degree: int


@dataclass(frozen=True, slots=True)
class Age:
    """Days from a recommended article to its query, over the pairs with both dates: positive is older than the query.

    ``lower`` and ``upper`` are the quartiles; ``newer`` the share of those pairs below 0.
    """

    lower: float
    median: float
    upper: float
    newer: float


@dataclass(frozen=True, slots=True)
class ShortList:
    """An article whose list is shorter than k, and why.

    ``candidates``: the different stories that could stand in it; ``copies``: other articles that are copies of it.
    """

    id: str
    title: str
    length: int
    candidates: int
    copies: int
    reason: str


@dataclass(frozen=True, slots=True)
class Beyond:
    """Figures of the lists of length k of n articles. "In-degree" of an article: how many of the n lists hold it.

    - ``items``: places filled in all lists together.
    - ``coverage`` (catalogue coverage@k, 0..1): share of the articles that stand in at least one list
      (Herlocker et al., 2004; Ge et al., 2010).
    - ``gini`` (0..1 - 1/n): Gini coefficient of the in-degree; 0: every article in equally many lists.
    - ``skewness``: third standardised moment of the in-degree, the hubness S_k of Radovanović, Nanopoulos &
      Ivanović (2010); 0 where all are equal. ``largest``: the greatest in-degree.
    - ``orphans``: articles in no list.
    - ``diversity`` (0..1): 1 - tf-idf cosine, averaged over the pairs of a list, then over the lists of two or more
      (Ziegler et al., 2005); an article without a known term is like no other. None without such a list.
    - ``near_duplicates`` (0..1): share of the items whose word 5-grams have a Jaccard similarity of .8 or more with
      those of the query article or of an item above them (see eval.catalogue.duplicates). None without an item.
    - ``age``: of the items with a date under queries with one; None without any. ``undated``: share of the other items.
    - ``lorenz``: the exposure curve (Lorenz, 1905) at no more than CURVE_POINTS points from (0, 0) to (1, 1): the
      least exposed share x of the articles has the share y of all places.
    - ``hubs``, ``orphan_examples``: at most SHOWN, the hubs greatest first, ties by id.
    """

    articles: int
    k: int
    items: int
    coverage: float
    gini: float
    skewness: float
    largest: int
    orphans: int
    diversity: float | None
    near_duplicates: float | None
    age: Age | None
    undated: float
    short_lists: tuple[ShortList, ...]
    lorenz: tuple[tuple[float, float], ...]
    hubs: tuple[Exposed, ...]
    orphan_examples: tuple[Exposed, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the fields by name, for JSON: dictionaries and lists, numbers rounded to six digits."""
        return {name: rounded(value) for name, value in asdict(self).items()}


def beyond_accuracy(lists: Lists, snapshot: Snapshot, articles: Sequence[Article]) -> Beyond:
    """Return the figures of ``lists``. ``articles`` are those of ``snapshot``, by row.

    Raises EvaluationError if the three do not belong together.
    """
    corpus = snapshot.corpus
    _check(lists, corpus, articles)
    degrees = lists.in_degree
    items = int(degrees.sum())
    again = repeated(lists, [whole_text(corpus.boilerplate.strip(article)) for article in articles])
    age, undated = ages(lists, corpus.directory.days)
    greatest = np.lexsort((np.arange(len(degrees)), -degrees))[:SHOWN]
    orphans = np.flatnonzero(degrees == 0)
    return Beyond(
        articles=len(corpus),
        k=lists.k,
        items=items,
        coverage=float((degrees > 0).mean()),
        gini=gini(degrees),
        skewness=skewness(degrees),
        largest=int(degrees.max()),
        orphans=len(orphans),
        diversity=diversity(lists, corpus.terms.whole),
        near_duplicates=float(again.sum() / items) if items else None,
        age=age,
        undated=undated,
        short_lists=tuple(
            _short_list(row, lists, snapshot) for row in np.flatnonzero(lists.lengths < lists.k).tolist()
        ),
        lorenz=lorenz(degrees),
        hubs=tuple(_exposed(row, degrees, corpus) for row in greatest if degrees[row]),
        orphan_examples=tuple(_exposed(row, degrees, corpus) for row in orphans[:SHOWN]),
    )


def gini(values: Rows) -> float:
    """Return the Gini coefficient (Gini, 1912) of ``(n,)`` counts: mean |xi - xj| over all i, j, by twice the mean.

    0..1 - 1/n; 0 where all are equal, nothing but zeros included.
    """
    total, n = int(values.sum()), len(values)
    if total == 0:
        return 0.0
    ranks = np.arange(1, n + 1)
    return float(2 * (ranks @ np.sort(values)) / (n * total) - (n + 1) / n)


def skewness(values: Rows) -> float:
    """Return the third standardised moment of ``(n,)`` counts (population moments), 0 where all are equal."""
    deviation = values - values.mean()
    spread = float((deviation**2).mean())
    return float((deviation**3).mean() / spread**1.5) if spread > 0 else 0.0


def lorenz(values: Rows) -> tuple[tuple[float, float], ...]:
    """Return points (share of the articles, share of their counts) of ``(n,)`` counts in ascending order.

    At most CURVE_POINTS, evenly spread, (0, 0) and (1, 1) included; the diagonal where nothing is counted.
    """
    n, total = len(values), int(values.sum())
    sums = np.concatenate([[0], np.cumsum(np.sort(values))]) if total else np.arange(n + 1)
    chosen = np.unique(np.linspace(0, n, min(n + 1, CURVE_POINTS)).round().astype(int))
    return tuple((float(i / n), float(sums[i] / sums[-1])) for i in chosen)


def diversity(lists: Lists, lexical: sp.csr_matrix) -> float | None:
    """Return the mean over lists of two or more of their mean pairwise 1 - inner product of ``(n, V)`` unit rows.

    Over a list of m rows the inner products of its pairs sum up to (|sum of rows|² - sum of |row|²) / 2.
    """
    chosen = np.flatnonzero(lists.lengths >= 2)
    if not len(chosen):
        return None
    squares = np.asarray(lexical.multiply(lexical).sum(axis=1), dtype=np.float64).ravel()
    means = []
    for block in np.array_split(chosen, -(-len(chosen) // BLOCK)):
        sizes = lists.lengths[block]
        owners = np.repeat(np.arange(len(block)), sizes)
        hits = lists.rows[block][lists.rows[block] != ENDED]
        sums = sp.csr_matrix((np.ones(len(hits)), (owners, hits)), shape=(len(block), lexical.shape[0])) @ lexical
        whole = np.asarray(sums.multiply(sums).sum(axis=1)).ravel()
        own = np.bincount(owners, weights=squares[hits], minlength=len(block))
        means.append(1 - (whole - own) / (sizes * (sizes - 1)))
    return float(np.concatenate(means).mean())


def ages(lists: Lists, days: npt.NDArray[np.float64]) -> tuple[Age | None, float]:
    """Return (age of the items with a date under queries with one, share of the other items).

    ``days`` ``(n,)`` float64, NaN where unknown. Without an item the share is 0.
    """
    owners, places = np.nonzero(lists.rows != ENDED)
    older = days[owners] - days[lists.rows[owners, places]]
    known = older[~np.isnan(older)]
    undated = 1 - len(known) / len(older) if len(older) else 0.0
    if not len(known):
        return None, undated
    lower, median, upper = np.percentile(known, (25, 50, 75))
    return Age(float(lower), float(median), float(upper), float((known < 0).mean())), undated


def _short_list(row: int, lists: Lists, snapshot: Snapshot) -> ShortList:
    corpus, recommender = snapshot.corpus, snapshot.recommender
    query = corpus.query(row)
    others = np.flatnonzero(recommender.eligible(query))
    length, candidates = int(lists.lengths[row]), len(np.unique(corpus.story_ids[others]))
    copies = int((corpus.story_ids == corpus.story_ids[row]).sum()) - 1
    if not leaves_room(recommender.editorial.about(query.card.id), corpus):
        reason = "its editor shows nothing but what is pinned"
    elif not query.fused.any():
        reason = "not one word or view of it is known, so nothing is near it"
    elif length == candidates:
        twins = ((copies, "its copies"), (len(others) - candidates, "copies of one another"))
        left_out = ["itself", *(f"{what} ({count:,})" for count, what in twins if count)]
        reason = f"of {len(corpus):,} in all, {candidates:,} are left without {', '.join(left_out)}"
    elif least := default_request(snapshot, lists.k).min_score:
        reason = f"no more than {length:,} of its {candidates:,} candidates score {least:g}"
    else:
        reason = f"not explained: {candidates:,} candidates are left without itself and copies"
    return ShortList(query.card.id, title_of(query.card), length, candidates, copies, reason)


def _exposed(row: int, degrees: Rows, corpus: Corpus) -> Exposed:
    return Exposed(corpus.cards[row].id, title_of(corpus.cards[row]), int(degrees[row]))


def _check(lists: Lists, corpus: Corpus, articles: Sequence[Article]) -> None:
    if not len(lists.rows) == len(corpus) == len(articles):
        raise EvaluationError(
            f"{len(lists.rows):,} lists, {len(corpus):,} articles in the corpus and {len(articles):,} texts"
            " do not belong together"
        )
    for card, article in zip(corpus.cards, articles, strict=True):
        if card.id != article.id:
            raise EvaluationError(f"the texts are not in the corpus's order: found {article.id!r} for {card.id!r}")
