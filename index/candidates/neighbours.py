"""FAISS: nearest neighbours by inner product, exact for small corpora and HNSW for large ones."""

from pathlib import Path
from typing import Literal

import faiss
import numpy as np
import numpy.typing as npt

from recommender.articles.directory import Rows
from recommender.corpus.encoder import Matrix
from recommender.corpus.quantized import Column
from recommender.errors import SnapshotError
from recommender.ranking.pool import Mask

IndexKind = Literal["exact", "hnsw"]

EXACT_UP_TO = 20_000
"""Articles up to which every vector is compared (DECISIONS.md has the measurement)."""
HNSW_LINKS = 32
HNSW_BUILD = 200
HNSW_SEARCH = 512
FEW = 64
"""So many barred rows are cheaper to over-fetch than to hand FAISS a bitmap for."""


def index_kind(articles: int, given: IndexKind | None = None) -> IndexKind:
    """Return the kind of index for a corpus of that size, unless one is given."""
    return given or ("exact" if articles <= EXACT_UP_TO else "hnsw")


def build_hnsw(vectors: Matrix) -> faiss.IndexHNSWFlat:
    """Build the graph (Malkov & Yashunin, 2018) over ``(n, D)`` vectors, on one thread: reproducibly."""
    index = faiss.IndexHNSWFlat(vectors.shape[1], HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = HNSW_BUILD
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        index.add(vectors)
    finally:
        faiss.omp_set_num_threads(threads)
    return index


def read_hnsw(path: Path, shape: tuple[int, int]) -> faiss.IndexHNSWFlat:
    """Read the graph in ``path``, whose SHA-256 the caller has checked. Raises SnapshotError."""
    try:
        faiss.set_deserialization_vector_byte_limit(path.stat().st_size)  # a length that lies allocates nothing
        index = faiss.read_index(str(path))  # of its own class already; downcast_index would not own it
    except RuntimeError as error:
        raise SnapshotError(f"{path}: FAISS cannot read it") from error
    if not isinstance(index, faiss.IndexHNSWFlat) or (index.ntotal, index.d) != shape:
        raise SnapshotError(f"{path}: not an HNSW index of {shape[0]:,} vectors of {shape[1]}")
    return index


class Neighbours:
    """The candidates of a corpus: implements ``recommender.ranking.pool.Candidates``."""

    def __init__(
        self, vectors: Matrix, hnsw: faiss.IndexHNSWFlat | None = None, *, exact_up_to: int = EXACT_UP_TO
    ) -> None:
        self._hnsw = hnsw
        self._exact_up_to = exact_up_to
        if hnsw is None:
            self._flat = faiss.IndexFlatIP(vectors.shape[1])
            self._flat.add(np.ascontiguousarray(vectors))
        else:
            self._flat = faiss.downcast_index(hnsw.storage)

    @property
    def kind(self) -> IndexKind:
        """Which kind of index answers unfiltered queries."""
        return "exact" if self._hnsw is None else "hnsw"

    def search(self, vector: npt.NDArray[np.float32], k: int, allowed: Mask) -> tuple[Rows, Column]:
        """Return ``min(k, allowed.sum())`` allowed rows and their inner products, highest first, ties by row."""
        count = int(allowed.sum())
        k = min(k, count)
        if k == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        query = np.ascontiguousarray(vector, dtype=np.float32)[np.newaxis]
        if self._hnsw is not None and count > self._exact_up_to:
            found = self._approximate(self._hnsw, query, k, allowed)
            if len(found[0]) == k:
                return found
        return self._exact(query, k, allowed)

    def _exact(self, query: Matrix, k: int, allowed: Mask) -> tuple[Rows, Column]:
        barred = len(allowed) - int(allowed.sum())
        if barred <= FEW:
            parameters, fetch = None, k + barred
        else:
            parameters, fetch = faiss.SearchParameters(sel=_selector(allowed)), k
        scores, rows = self._flat.search(query, min(fetch + 1, len(allowed)), params=parameters)
        if scores[0, -1] == scores[0, min(fetch, len(allowed)) - 1]:
            # The last ones tie, and FAISS breaks ties as it likes: take every row that ties with them.
            radius = float(np.nextafter(scores[0, -1], np.float32(-np.inf)))
            _, scores, rows = self._flat.range_search(query, radius, params=parameters)
            return _best(scores, rows, k, allowed)
        return _best(scores[0], rows[0], k, allowed)

    def _approximate(self, hnsw: faiss.IndexHNSWFlat, query: Matrix, k: int, allowed: Mask) -> tuple[Rows, Column]:
        barred = len(allowed) - int(allowed.sum())
        few = barred <= FEW
        selector = None if few else _selector(allowed)
        fetch = k + barred if few else k
        parameters = faiss.SearchParametersHNSW(efSearch=max(HNSW_SEARCH, 2 * fetch), sel=selector)
        scores, rows = hnsw.search(query, fetch, params=parameters)
        found = rows[0] >= 0
        return _best(scores[0][found], rows[0][found], k, allowed)


def _best(scores: npt.NDArray[np.float32], rows: Rows, k: int, allowed: Mask) -> tuple[Rows, Column]:
    keep = allowed[rows]
    scores, rows = scores[keep], rows[keep]
    order = np.lexsort((rows, -scores))[:k]
    return rows[order].astype(np.int64), scores[order]


def _selector(allowed: Mask) -> faiss.IDSelectorBitmap:
    return faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
