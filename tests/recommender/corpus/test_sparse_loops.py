"""SciPy's private loops still exist, and give what plain Python gives; a failure here says what to do."""

import numpy as np
import pytest
import scipy
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recommender.corpus.sparse_loops import rows_times_vector, times_vector

REPLACE = (
    f"SciPy {scipy.__version__} changed a private function that recommender/corpus/sparse_loops.py calls."
    " Use `matrix[rows] @ vector` there (slower, public), or adapt the call."
)
NUMBERS = st.sampled_from([0.0, 0.25, -0.5, 1.0, 3.0])


Product = tuple[list[list[float]], list[int], list[float]]


@st.composite
def products(draw: st.DrawFn) -> Product:
    """A table, some of its rows in any order (also twice), and a vector; float32 adds these numbers exactly."""
    width = draw(st.integers(1, 6))
    line = st.lists(NUMBERS, min_size=width, max_size=width)
    table = draw(st.lists(line, min_size=1, max_size=6))
    return table, draw(st.lists(st.integers(0, len(table) - 1), max_size=8)), draw(line)


def plain(table: list[list[float]], rows: list[int], vector: list[float]) -> list[float]:
    return [sum(a * b for a, b in zip(table[row], vector, strict=True)) for row in rows]


def csr(table: list[list[float]], index: type) -> sp.csr_matrix:
    matrix = sp.csr_matrix(np.array(table, dtype=np.float32))
    matrix.indices, matrix.indptr = matrix.indices.astype(index), matrix.indptr.astype(index)
    return matrix


def test_scipy_has_the_private_loops() -> None:
    tools = getattr(sp, "_sparsetools", None)
    assert [name for name in ("csr_matvec", "csr_row_index") if not hasattr(tools, name)] == [], REPLACE


@pytest.mark.parametrize("index", [np.int32, np.int64])
@given(drawn=products())
def test_products_are_those_of_plain_python(index: type, drawn: Product) -> None:
    table, rows, vector = drawn
    matrix, column = csr(table, index), np.array(vector, dtype=np.float32)
    try:
        some = rows_times_vector(matrix, np.array(rows, dtype=np.int64), column)
        every = times_vector(matrix, 2 * matrix.data, column)
    except (TypeError, ValueError) as error:
        pytest.fail(f"{REPLACE} ({error})")
    assert some.dtype == every.dtype == np.float32
    assert some.tolist() == plain(table, rows, vector), REPLACE
    assert every.tolist() == [2 * value for value in plain(table, list(range(len(table))), vector)], REPLACE
