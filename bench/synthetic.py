"""A large archive without texts: seeded arrays with the structure of real ones, for measuring speed.

No text is written and none is read, so 100,000 articles take a minute. What speed depends on is as in the public
corpora this project was measured on: terms a row and how they spread over the columns, passages an article, what
is missing. Articles of one topic lie near one another in every respect, so candidates share terms with their query.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import normalize

from bench.candidates import CLUSTERS, DIM, clustered
from index.store.manifest import ModelEntry
from index.store.writing import Contents, contents
from recommender.articles import CuratedList
from recommender.articles.card import Card
from recommender.articles.directory import Directory
from recommender.boilerplate.boilerplate import Boilerplate
from recommender.corpus.corpus import Corpus, read_vectors, semantic
from recommender.corpus.encoder import Matrix
from recommender.corpus.fingerprints import Fingerprints, Rarity
from recommender.corpus.fusion import Fusion, unit
from recommender.corpus.lexical import MAX_TERMS, SVD_DIM, LexicalModel
from recommender.corpus.lexicon import BagModel, Lexicon
from recommender.corpus.quantized import QuantizedVectors
from recommender.corpus.terms import TermRows
from recommender.corpus.views import MAX_PASSAGES, Views
from recommender.ranking.ranker import default_ranker

Counts = npt.NDArray[np.int64]

VIEW_DIM = DIM - SVD_DIM
WORDS, BRIEF_WORDS, TITLE_WORDS, NAMES, TAGS = 330, 25, 6, 15, 3
"""How many of them an article has, on average."""
NAME_COLUMNS, TAG_COLUMNS = 50_000, 2_000
TOPIC_COLUMNS = 0.01
"""The share of the columns that a topic has of its own, and draws TOPICAL of its terms from."""
TOPICAL = 0.3
LIKENESS = 0.4
"""The mean cosine of two texts on one topic."""
STUBS, UNTEASED, UNTAGGED, UNDATED = 0.1, 0.3, 0.2, 0.05
LISTED, LIST = 0.1, (2, 9)
SECTIONS = 30
DAYS = 3_650
BATCH = 2_000


def archive(size: int) -> Contents:
    """Return the contents of a snapshot of ``size`` articles; the same for the same ``size``."""
    rng = np.random.default_rng(0)
    fused, topics = clustered(size)
    stubs = rng.random(size) < STUBS
    means, quantized = vectors(topics, stubs, rng)
    lexicon, terms = bags(topics, stubs, rng)
    cards = tuple(card(row, topic, stub, rng) for row, (topic, stub) in enumerate(zip(topics, stubs, strict=True)))
    fusion = Fusion(means.mean(axis=0), 1.0, 1.0)
    words = terms.whole.indices.astype(np.uint32)  # a term for a word: as many, and spread alike
    told = Fingerprints(words, terms.whole.indptr.astype(np.int64), Rarity.from_words(words, size))
    corpus = Corpus(Directory.from_cards(cards, {}), quantized, terms, told, fused, lexicon, fusion, Boilerplate())
    lists = curated(cards, topics, rng)
    return contents(corpus, lists, default_ranker(), ModelEntry(name="synthetic", revision="", dim=VIEW_DIM))


def card(row: int, topic: int, stub: bool, rng: np.random.Generator) -> Card:
    """Return the card of one article."""
    published = datetime(2015, 1, 1, tzinfo=UTC) + timedelta(days=DAYS * rng.random())
    return Card(
        id=f"a{row:07}",
        url=None,
        title=f"Article {row}",
        teasers=(),
        image=None,
        published_at=None if rng.random() < UNDATED else published,
        section=f"section {topic % SECTIONS}",
        tags=(),
        language="en",
        is_stub=bool(stub),
        text_sha256=f"{row:064x}",
    )


def vectors(topics: Counts, stubs: npt.NDArray[np.bool_], rng: np.random.Generator) -> tuple[Matrix, QuantizedVectors]:
    """Return the mean and quantized vectors that the product makes when every text's vector lies around its topic's."""
    centres = unit(rng.standard_normal((CLUSTERS, VIEW_DIM), dtype=np.float32))
    noise = np.float32((1 / LIKENESS - 1) ** 0.5 / VIEW_DIM**0.5)

    def lookup(texts: list[str]) -> Matrix:
        around = centres[[int(text) for text in texts]]
        return unit(around + noise * rng.standard_normal(around.shape, dtype=np.float32))

    teasers = np.where(rng.random(len(topics)) < UNTEASED, 0, 1) | stubs
    lengths = np.where(stubs, 0, rng.integers(1, MAX_PASSAGES + 1, size=len(topics)))
    articles = [
        Views("" if stub else str(topic), (str(topic),) * count, (str(topic),) * length)
        for topic, stub, count, length in zip(topics, stubs, teasers, lengths, strict=True)
    ]
    parts = [read_vectors(articles[at : at + BATCH], lookup, VIEW_DIM) for at in range(0, len(articles), BATCH)]
    return np.concatenate([semantic(part[0]) for part in parts]), QuantizedVectors.joined([part[1] for part in parts])


def bags(topics: Counts, stubs: npt.NDArray[np.bool_], rng: np.random.Generator) -> tuple[Lexicon, TermRows]:
    """Return the terms of the articles, and models of that many columns that know no text."""
    sizes = lengths(len(topics), WORDS, rng)
    words, whole = weighted(drawn(topics, np.where(stubs, BRIEF_WORDS, sizes), MAX_TERMS, rng))
    brief = excerpt(whole, BRIEF_WORDS, rng)
    title = excerpt(brief, TITLE_WORDS, rng)
    title.data = words[title.indices]
    names, name_rows = weighted(drawn(topics, lengths(len(topics), NAMES, rng), NAME_COLUMNS, rng))
    tagged = np.where(rng.random(len(topics)) < UNTAGGED, 0, lengths(len(topics), TAGS, rng))
    tags, tag_rows = weighted(drawn(topics, tagged, TAG_COLUMNS, rng))
    title = normalize(title, norm="l1")
    rows = TermRows.from_matrices(whole, brief=normalize(brief), title=title, names=name_rows, tags=tag_rows)
    model = LexicalModel(_terms(words), (), words, np.zeros((MAX_TERMS, SVD_DIM), np.float32))
    return Lexicon(model, BagModel(_terms(names), names), BagModel(_terms(tags), tags)), rows


def lengths(count: int, mean: float, rng: np.random.Generator) -> Counts:
    """Return ``(count,)`` lengths, spread as those of articles are: log-normal, a third above and below."""
    spread = 0.5
    return np.rint(mean * rng.lognormal(-(spread**2) / 2, spread, count)).astype(np.int64)


def drawn(topics: Counts, sizes: Counts, width: int, rng: np.random.Generator) -> sp.csr_matrix:
    """Return ``(n, width)`` float32 counts of ``sizes`` terms a row, drawn by Zipf and Mandelbrot's law.

    TOPICAL of them are the row's topic's own, TOPIC_COLUMNS of all columns.
    """
    total = int(sizes.sum())
    columns = _zipf(width, total, rng)
    special = rng.random(total) < TOPICAL
    own = rng.integers(width, size=(CLUSTERS, int(width * TOPIC_COLUMNS)))
    columns[special] = own[np.repeat(topics, sizes)[special], _zipf(own.shape[1], int(special.sum()), rng)]
    ends = np.concatenate([[0], np.cumsum(sizes)])
    rows = sp.csr_matrix((np.ones(total, np.float32), columns, ends), shape=(len(topics), width))
    rows.sum_duplicates()
    return rows


def weighted(counts: sp.csr_matrix) -> tuple[npt.NDArray[np.float32], sp.csr_matrix]:
    """Return the columns' idf and the rows in tf-idf as the product weighs them."""
    model = TfidfTransformer(sublinear_tf=True)
    rows = model.fit_transform(counts)
    return model.idf_.astype(np.float32), rows


def excerpt(rows: sp.csr_matrix, mean: float, rng: np.random.Generator) -> sp.csr_matrix:
    """Return about ``mean`` terms of each of ``rows``."""
    held = np.diff(rows.indptr)
    sizes = np.minimum(lengths(len(held), mean, rng), held)
    owners = np.repeat(np.arange(len(held)), sizes)
    places = rows.indptr[owners] + (rng.random(len(owners)) * held[owners]).astype(np.int64)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    found = sp.csr_matrix((rows.data[places], rows.indices[places], ends), shape=rows.shape)
    found.sum_duplicates()
    return found


def curated(cards: tuple[Card, ...], topics: Counts, rng: np.random.Generator) -> tuple[CuratedList, ...]:
    """Return the lists of LISTED of the articles: others on their topic."""
    members = [np.flatnonzero(topics == topic) for topic in range(CLUSTERS)]
    owners = np.flatnonzero(rng.random(len(cards)) < LISTED)
    chosen = (rng.permutation(members[topics[row]])[: rng.integers(*LIST)] for row in owners)
    return tuple(
        CuratedList(cards[row].id, tuple(cards[target].id for target in targets if target != row))
        for row, targets in zip(owners, chosen, strict=True)
    )


def _zipf(width: int, count: int, rng: np.random.Generator) -> npt.NDArray[np.int32]:
    """Columns by Zipf and Mandelbrot's law: column r with a weight of 1 / (r + width / 1000)."""
    ranks = (1_001.0 ** rng.random(count) - 1.0) * width / 1_000
    return np.minimum(ranks, width - 1).astype(np.int32)


def _terms(columns: npt.NDArray[np.float32]) -> tuple[str, ...]:
    return tuple(f"t{column}" for column in range(len(columns)))
