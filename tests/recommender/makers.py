"""What the tests of the domain make again and again: a record, a file, a corpus without a catalog."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
from sqlalchemy import select

from recommender.articles import Article, Record
from recommender.boilerplate.boilerplate import Boilerplate
from recommender.catalog import Catalog
from recommender.catalog.tables import metadata
from recommender.corpus.corpus import Corpus, build_corpus
from recommender.corpus.encoder import Encoder, HashEncoder
from recommender.corpus.live_corpus import LiveCorpus
from recommender.errors import InputError
from recommender.ranking.pool import Mask
from recommender.sources import ReadOptions, Rejected, read

ENCODER = HashEncoder(dim=64)

MISSILES = (
    "A missile launched from Yemen was shot down over the desert after sirens sounded in several towns.",
    "Sirens sounded in the valley as a ballistic missile from Yemen was tracked by the air force.",
    "After a projectile was launched from Yemen the army said that it was looking into the incident.",
    "The army intercepted a missile from Yemen, the third this week, and thanked the crews for their work.",
)
"""Four teasers on one subject, as different as an editor's four teasers are."""
TALE = (
    "Two ships came late into the harbour on Monday because a rope had caught in the lock gate since midnight. Their"
    " captains waited outside, drank tea and wrote letters of complaint which nobody at the pilots' office will answer."
)
"""Enough words to say that another text is the same."""


def record(identity: str, *, related: Iterable[str] | None = None, **fields: object) -> Record:
    """Return the record of ``Article(id=identity, **fields)``."""
    known = None if related is None else tuple(related)
    return Record(Article(id=identity, **fields), f"made:{identity}", known)  # type: ignore[arg-type]


def lines(path: Path, values: Iterable[object]) -> Path:
    """Write one line a value into ``path``: bytes as they are, anything else as JSON."""
    path.write_bytes(b"\n".join(v if isinstance(v, bytes) else orjson.dumps(v) for v in values) + b"\n")
    return path


def split(paths: Sequence[Path], *, curated_key: str = "related") -> tuple[list[Record], list[InputError]]:
    """Read ``paths`` and return (records, errors)."""
    items = list(read(paths, options=ReadOptions(curated_key)))
    assert all(isinstance(item, Record | Rejected) for item in items)
    return [i for i in items if isinstance(i, Record)], [i.error for i in items if isinstance(i, Rejected)]


def corpus_of(
    articles: Iterable[Article],
    encoder: Encoder = ENCODER,
    aliases: dict[str, str] | None = None,
    boilerplate: Boilerplate = Boilerplate(),
) -> Corpus:
    """Build the corpus of ``articles``, every text embedded anew."""
    ordered = sorted(articles, key=lambda article: article.id)
    return build_corpus(ordered, aliases or {}, encoder.dim, encoder.encode, boilerplate)


def contents(catalog: Catalog) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with catalog.engine.connect() as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for name, table in metadata.tables.items()
            if name not in ("changed", "meta")
        }


def targets(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """Every curated list, by article id."""
    return {item.article_id: item.targets for item in catalog.curated_lists()}


class BruteForce:
    """Candidates by comparing with every row, in float64, ties by row."""

    def __init__(self, corpus: Corpus) -> None:
        fused = [corpus.fused, *([corpus.tail.fused] if isinstance(corpus, LiveCorpus) else ())]
        self._fused = np.concatenate(fused).astype(np.float64)
        self._order = corpus.directory.id_rank

    def search(
        self, vector: npt.NDArray[np.float32], k: int, allowed: Mask
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        scores = self._fused @ vector.astype(np.float64)
        order = sorted(
            np.flatnonzero(allowed).tolist(), key=lambda row: (-round(float(scores[row]), 7), self._order[row])
        )
        rows = np.array(order[:k], dtype=np.int64)
        return rows, scores[rows].astype(np.float32)
