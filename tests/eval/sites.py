"""Made-up sites whose editors follow a rule, for the tests of what learns from lists; all are built in a moment."""

import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson

from eval.systems.context import SystemContext
from eval.task.task import AsOf, Task, make_task
from recommender.articles import Article, Record
from recommender.catalog.database import open_engine
from recommender.catalog.vector_cache import VectorCache
from recommender.corpus.encoder import Encoder, HashEncoder
from tests.conftest import snapshot_of

ENCODER = HashEncoder(dim=32)
CLUSTERS = 15
CORPORA = {"digitalgov": "related", "eighteenf": "related", "mdn": "related_noparent", "optech_topics": "related"}
"""The development corpora, each with the key of its curated lists."""
START = datetime(2024, 1, 1, tzinfo=UTC)


def task_of(items: Sequence[Record], as_of: AsOf, encoder: Encoder = ENCODER) -> Task:
    """Return the task of the lists of ``items``, none of which makes a stub."""
    snapshot = snapshot_of(list(items), encoder)
    by_id = {record.article.id: record.article for record in items}
    return make_task(snapshot, [by_id[card.id] for card in snapshot.corpus.cards], snapshot.lists, as_of)


def lab_of(task: Task, encoder: Encoder = ENCODER, seed: int = 1) -> SystemContext:
    """Return what systems prepare themselves from, with vectors in memory."""
    vectors = VectorCache(open_engine("sqlite://"), encoder)
    return SystemContext(task, vectors, seed, lambda texts: vectors.embed(vectors.missing(texts)))


def tagged(topics: int, *, prefix: str = "t") -> list[Record]:
    """A site whose editors list what has the same tag, while the words of every article point elsewhere.

    A list a topic, of two articles that stand in no other: what other editors picked says nothing about it. Words
    are shared by a dozen articles of as many other topics. The first article of each is the newest of its topic.
    """
    items = []
    for topic in range(topics):
        for place in range(3):
            cluster = (topic + 7 * place) % CLUSTERS
            words = " ".join(f"{word}{cluster}" for word in ("harbour", "ferry", "storm", "pier", "tide"))
            article = Article(
                id=f"{prefix}{topic:02}-{place}",
                title=f"Harbour{cluster} ferry{cluster}",
                body=f"{words}. Only{topic}x{place}.",
                tags=(f"topic{topic}",),
                published_at=START + timedelta(days=200 - 50 * place + topic % 40),
            )
            picked = (f"{prefix}{topic:02}-1", f"{prefix}{topic:02}-2") if place == 0 else ()
            items.append(Record(article, f"made:{article.id}", picked))
    return items


def random_lists(count: int, seed: int, listed: int = 3) -> list[Record]:
    """A site of ``count`` articles about nothing in particular, whose lists are drawn by lot."""
    rng = np.random.default_rng(seed)
    items = []
    for number in range(count):
        words = " ".join(f"word{word}" for word in rng.integers(0, 40, size=12))
        moment = START + timedelta(days=int(rng.integers(0, 400)))
        others = [f"r{int(other):03}" for other in rng.permutation(count)[:listed] if other != number]
        article = Article(id=f"r{number:03}", title=f"Title {number}", body=words, published_at=moment)
        items.append(Record(article, f"made:{number}", tuple(others) if number % 2 == 0 else ()))
    return items


def tiny_corpora(folder: Path) -> Path:
    """Write four corpora of a few articles into ``folder``, under the names of the development corpora."""
    for number, (name, key) in enumerate(CORPORA.items()):
        lines = [
            {
                "id": record.article.id,
                "title": record.article.title,
                "body": record.article.body,
                "tags": record.article.tags,
                "published_at": record.article.published_at,
                "page_type": "guide" if place % 5 else "web-api-interface",
                key: record.related,
            }
            for place, record in enumerate(tagged(6 + number, prefix=name[0]))
        ]
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(b"".join(orjson.dumps(line) + b"\n" for line in lines)))
    return folder
