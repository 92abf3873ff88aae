"""The vector cache: what was embedded once is never embedded again.

A vector is kept under the model (name and weights' digest) and the SHA-256 of the text, so a changed
article costs its changed views only, and two articles with the same text share one vector.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from recommender.catalog.database import reason_of
from recommender.catalog.tables import vectors
from recommender.corpus.encoder import Encoder, Matrix
from recommender.errors import BuildInterruptedError, CatalogError
from recommender.text import sha256

CHUNK = 256
"""Texts embedded and committed together: what an interruption can cost at most."""
LOOKUP = 500

Progress = Callable[[int, int], None]
"""Called with (characters, texts) just embedded or found."""


class VectorCache:
    """Vectors of texts under one encoder, kept in a database."""

    def __init__(self, engine: Engine, encoder: Encoder) -> None:
        self._engine = engine
        self._encoder = encoder
        self._model = f"{encoder.name}@{encoder.revision}"

    def missing(self, texts: Iterable[str]) -> list[str]:
        """Return the distinct texts that have no vector yet, shortest first."""
        by_key = {sha256(text): text for text in texts}
        known = self._read(list(by_key))
        return sorted((text for key, text in by_key.items() if key not in known), key=lambda t: (len(t), t))

    def embed(self, texts: Sequence[str], progress: Progress = lambda _chars, _texts: None) -> None:
        """Embed ``texts`` (as ``missing`` returns them) and commit them a chunk at a time.

        Raises BuildInterruptedError on Ctrl-C; the chunks already committed stay.
        """
        done = 0
        try:
            for start in range(0, len(texts), CHUNK):
                chunk = texts[start : start + CHUNK]
                self._write(chunk, self._encoder.encode(chunk))
                done += len(chunk)
                progress(sum(map(len, chunk)), len(chunk))
        except KeyboardInterrupt:
            raise BuildInterruptedError(
                f"interrupted: {done:,} of {len(texts):,} texts are embedded and kept; run it again to go on"
            ) from None

    def lookup(self, texts: Sequence[str]) -> Matrix:
        """Return ``(len(texts), d)`` float32, the vectors of ``texts`` in their order.

        Raises CatalogError if one was never embedded.
        """
        keys = [sha256(text) for text in texts]
        known = self._read(keys)
        rows = np.empty((len(keys), self._encoder.dim), dtype=np.float32)
        for row, key, text in zip(rows, keys, texts, strict=True):
            if key not in known:
                raise CatalogError(f"no vector of {self._model} for the text {text[:60]!r}")
            row[:] = np.frombuffer(known[key], dtype="<f4")
        return rows

    def _read(self, keys: Sequence[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        try:
            with self._engine.connect() as connection:
                for start in range(0, len(keys), LOOKUP):
                    query = select(vectors.c.text_sha256, vectors.c.vector).where(
                        vectors.c.model == self._model, vectors.c.text_sha256.in_(keys[start : start + LOOKUP])
                    )
                    found.update((key, vector) for key, vector in connection.execute(query))
        except SQLAlchemyError as error:
            raise CatalogError(f"the vector cache cannot be read ({reason_of(error)})") from error
        size = 4 * self._encoder.dim
        return {key: vector for key, vector in found.items() if len(vector) == size}

    def _write(self, texts: Sequence[str], rows: Matrix) -> None:
        if not np.isfinite(rows).all():
            bad = texts[int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])]
            raise CatalogError(f"{self._model} gave a vector that is not finite for the text {bad[:60]!r}")
        values = [
            {"model": self._model, "text_sha256": sha256(text), "vector": row.astype("<f4").tobytes()}
            for text, row in zip(texts, rows, strict=True)
        ]
        try:
            with self._engine.begin() as connection:
                stale = vectors.c.text_sha256.in_([value["text_sha256"] for value in values])
                connection.execute(delete(vectors).where(vectors.c.model == self._model, stale))
                connection.execute(insert(vectors), values)
        except SQLAlchemyError as error:
            raise CatalogError(f"the vector cache cannot be written ({reason_of(error)})") from error
