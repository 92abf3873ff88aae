from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import faiss
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.candidates.neighbours import EXACT_UP_TO, FEW, Neighbours, build_hnsw, index_kind, read_hnsw
from index.store.snapshot import Snapshot
from recommender.corpus.encoder import Matrix
from recommender.errors import SnapshotError
from recommender.ranking.pool import Mask

Case = tuple[Matrix, npt.NDArray[np.float32], int, Mask]


def brute_force(vectors: Matrix, query: npt.NDArray[np.float32], k: int, allowed: Mask) -> list[int]:
    scores = vectors.astype(np.float64) @ query.astype(np.float64)
    rows = [row for row in range(len(vectors)) if allowed[row]]
    return sorted(rows, key=lambda row: (-scores[row], row))[:k]


@st.composite
def cases(draw: Callable[..., int]) -> Case:
    """Small-integer vectors, so that every product is exact and many tie; masks that bar none, some, most or all."""
    n = draw(st.one_of(st.integers(1, 4), st.integers(5, 3 * FEW)))
    barred = draw(st.one_of(st.integers(0, min(n, 3)), st.integers(0, n), st.integers(max(0, n - 3), n)))
    k = draw(st.one_of(st.integers(0, 12), st.integers(0, n + 10)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    vectors = rng.integers(-2, 3, (n, draw(st.integers(1, 6)))).astype(np.float32)
    if draw(st.integers(0, 9)) == 0:
        vectors[:] = vectors[0]
    allowed = np.ones(n, dtype=bool)
    allowed[rng.permutation(n)[:barred]] = False
    return vectors, rng.integers(-2, 3, vectors.shape[1]).astype(np.float32), k, allowed


def same_as_brute_force(case: Case) -> None:
    vectors, query, k, allowed = case
    assert Neighbours(vectors).search(query, k, allowed)[0].tolist() == brute_force(vectors, query, k, allowed)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(cases())
def test_exact_is_brute_force(case: Case) -> None:
    same_as_brute_force(case)


@pytest.mark.slow
@settings(max_examples=2_000, deadline=None)
@given(cases())
def test_exact_is_brute_force_many_cases(case: Case) -> None:
    same_as_brute_force(case)


@pytest.mark.parametrize("barred", [0, 1, FEW - 1, FEW, FEW + 1, 150, 299, 300])
@pytest.mark.parametrize("k", [0, 1, 7, 200, 300, 1_000])
def test_rows_that_all_tie_come_in_row_order(barred: int, k: int) -> None:
    vectors = np.tile(np.array([0.6, -0.8, 0.1], dtype=np.float32), (300, 1))
    allowed = np.ones(300, dtype=bool)
    allowed[np.random.default_rng(barred).permutation(300)[:barred]] = False
    found, _ = Neighbours(vectors).search(vectors[0], k, allowed)
    assert found.tolist() == np.flatnonzero(allowed)[:k].tolist()


def test_exact_over_a_real_corpus_is_brute_force(optech: Snapshot) -> None:
    fused = np.array(optech.corpus.fused)
    everything = np.ones(len(fused), dtype=bool)
    for row in range(0, len(fused), 9):
        scores = fused.astype(np.float64) @ fused[row].astype(np.float64)
        found, similar = Neighbours(fused).search(fused[row], 20, everything)
        np.testing.assert_allclose(scores[found], np.sort(scores)[::-1][:20], atol=1e-5)
        np.testing.assert_allclose(similar, scores[found], atol=1e-5)
        assert found[0] == row
        assert len(set(found.tolist())) == 20


def test_the_answer_is_int64_and_the_vectors_are_not_kept_from_writing() -> None:
    vectors = np.eye(3, dtype=np.float32)
    neighbours = Neighbours(vectors)
    vectors[:] = 0  # the index has its own copy
    found, similar = neighbours.search(np.array([0, 1, 0], dtype=np.float32), 1, np.ones(3, dtype=bool))
    assert (found.dtype, similar.dtype) == (np.int64, np.float32)
    assert (found.tolist(), similar.tolist()) == ([1], [1.0])


@pytest.mark.parametrize(
    ("articles", "wanted", "kind"),
    [
        (0, None, "exact"),
        (EXACT_UP_TO, None, "exact"),
        (EXACT_UP_TO + 1, None, "hnsw"),
        (3, "hnsw", "hnsw"),
        (10**6, "exact", "exact"),
    ],
)
def test_the_size_chooses_the_kind_unless_one_is_wanted(articles: int, wanted: str | None, kind: str) -> None:
    assert index_kind(articles, wanted) == kind  # type: ignore[arg-type]


def clustered(n: int, d: int, seed: int) -> Matrix:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((40, d))
    rows = centres[rng.integers(0, 40, n)] + 0.4 * rng.standard_normal((n, d))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def vectors() -> Matrix:
    return clustered(3_000, 24, seed=7)


@pytest.fixture(scope="module")
def hnsw(vectors: Matrix) -> faiss.IndexHNSWFlat:
    return build_hnsw(vectors)


@pytest.mark.parametrize("barred", [0, 20, 400, 2_500])
def test_hnsw_recall(vectors: Matrix, hnsw: faiss.IndexHNSWFlat, barred: int) -> None:
    neighbours = Neighbours(vectors, hnsw, exact_up_to=100)
    rng = np.random.default_rng(barred)
    found, wanted = 0, 0
    for row in rng.permutation(len(vectors))[:100]:
        allowed = np.ones(len(vectors), dtype=bool)
        allowed[rng.permutation(len(vectors))[:barred]] = False
        exact = brute_force(vectors, vectors[row], 10, allowed)
        rows, similar = neighbours.search(vectors[row], 10, allowed)
        np.testing.assert_allclose(similar, vectors[rows] @ vectors[row], atol=1e-5)
        answer = rows.tolist()
        assert allowed[answer].all()
        found += len(set(exact) & set(answer))
        wanted += len(exact)
    assert wanted == 1_000
    assert found / wanted >= 0.99


@pytest.mark.parametrize("count", [101, 150, 1_000, 2_936, 2_999, 3_000])
@pytest.mark.parametrize("k", [1, 10, 700, 5_000])
def test_hnsw_never_returns_too_few(vectors: Matrix, hnsw: faiss.IndexHNSWFlat, count: int, k: int) -> None:
    neighbours = Neighbours(vectors, hnsw, exact_up_to=100)
    allowed = np.zeros(len(vectors), dtype=bool)
    # The farthest rows: the hardest for a graph that is entered from the near side.
    allowed[np.argsort(vectors @ vectors[5])[:count]] = True
    found, similar = neighbours.search(vectors[5], k, allowed)
    assert len(set(found.tolist())) == len(found) == len(similar) == min(k, count)
    assert allowed[found].all()
    scores = (vectors @ vectors[5])[found]
    assert (np.diff(scores) <= 1e-6).all()


@pytest.mark.parametrize("count", [0, 1, 99, 100])
def test_few_allowed_rows_are_searched_exactly(vectors: Matrix, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    hnsw = build_hnsw(vectors[:500])

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("the graph was asked")

    monkeypatch.setattr(hnsw, "search", refuse, raising=False)
    neighbours = Neighbours(vectors[:500], hnsw, exact_up_to=100)
    allowed = np.zeros(500, dtype=bool)
    allowed[np.random.default_rng(count).permutation(500)[:count]] = True
    found = neighbours.search(vectors[0], 40, allowed)[0].tolist()
    assert found == brute_force(vectors[:500], vectors[0], 40, allowed)
    with pytest.raises(AssertionError, match="the graph was asked"):
        neighbours.search(vectors[0], 40, np.ones(500, dtype=bool))


def test_the_graph_is_built_reproducibly(vectors: Matrix) -> None:
    threads = faiss.omp_get_max_threads()
    one, two = (faiss.serialize_index(build_hnsw(vectors)).tobytes() for _ in range(2))
    assert one == two
    assert faiss.omp_get_max_threads() == threads
    assert faiss.serialize_index(build_hnsw(vectors[::-1].copy())).tobytes() != one


def test_the_graph_is_built_on_one_thread(vectors: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    """On several, its links depend on which was first."""
    asked: list[int] = []
    monkeypatch.setattr(faiss, "omp_set_num_threads", asked.append)
    build_hnsw(vectors[:10])
    assert asked == [1, faiss.omp_get_max_threads()]


def test_a_graph_of_another_kind_or_shape_is_refused(vectors: Matrix, tmp_path: Path) -> None:
    path = tmp_path / "graph"
    faiss.write_index(build_hnsw(vectors[:50]), str(path))
    assert read_hnsw(path, (50, 24)).ntotal == 50
    for shape in ((49, 24), (50, 23)):
        with pytest.raises(SnapshotError, match="not an HNSW index of"):
            read_hnsw(path, shape)
    used = read_hnsw(path, (50, 24))
    everything = np.ones(50, dtype=bool)
    for row in range(50):
        found, _ = Neighbours(vectors[:50], used, exact_up_to=0).search(vectors[row], 5, everything)
        assert found.tolist() == brute_force(vectors[:50], vectors[row], 5, everything)
    flat = faiss.IndexFlatIP(24)
    flat.add(vectors[:50])
    faiss.write_index(flat, str(path))
    with pytest.raises(SnapshotError, match="not an HNSW index of 50 vectors of 24"):
        read_hnsw(path, (50, 24))
