"""The one place that calls private functions of SciPy: two compiled loops over CSR arrays.

SciPy's own operators call the same loops, with checks around them that cost as much again for the few hundred rows of
one request. ``tests/recommender/corpus/test_sparse_loops.py`` compares them with plain Python: run it after every
update of SciPy.
"""

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.corpus.quantized import Column


def times_vector(matrix: sp.csr_matrix, weights: Column, vector: Column) -> Column:
    """Return ``(n,)`` float32, ``matrix @ vector`` with ``weights`` in place of the float32 entries of ``matrix``.

    ``matrix`` is ``(n, V)``, ``vector`` ``(V,)`` contiguous float32. Nothing is checked.
    """
    found = np.zeros(matrix.shape[0], dtype=np.float32)
    sp._sparsetools.csr_matvec(*matrix.shape, matrix.indptr, matrix.indices, weights, vector, found)
    return found


def rows_times_vector(matrix: sp.csr_matrix, rows: npt.NDArray[np.int64], vector: Column) -> Column:
    """Return ``(m,)`` float32, ``matrix[rows] @ vector``.

    ``matrix`` is ``(n, V)`` float32, ``rows`` ``(m,)`` lie in 0..n-1, ``vector`` is ``(V,)`` contiguous float32.
    Nothing is checked.
    """
    indptr, indices, data = matrix.indptr, matrix.indices, matrix.data
    lines = rows.astype(indices.dtype)
    ends = np.zeros(len(rows) + 1, dtype=indices.dtype)
    np.cumsum(indptr.take(rows + 1) - indptr.take(rows), out=ends[1:])
    columns, weights = np.empty(ends[-1], dtype=indices.dtype), np.empty(ends[-1], dtype=np.float32)
    found = np.zeros(len(rows), dtype=np.float32)
    sp._sparsetools.csr_row_index(len(rows), lines, indptr, indices, data, columns, weights)
    sp._sparsetools.csr_matvec(len(rows), matrix.shape[1], ends, columns, weights, vector, found)
    return found
