"""The ranker: values and ranks within the pool, one logistic score, and its file."""

import math
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from recommender.errors import RankerError
from recommender.ranking import ranker as module
from recommender.ranking.ranker import Ranker, default_ranker, features, read_weights
from recommender.ranking.signals import RELATIVE, SIGNALS

S = len(SIGNALS)
DEFAULT = default_ranker()


def standardise(columns: np.ndarray) -> np.ndarray:
    known = np.isfinite(columns)
    return module._standardised(np.where(known, columns, np.float32(0)), known)


def log_ranks(columns: np.ndarray) -> np.ndarray:
    known = np.isfinite(columns)
    return np.where(known, module._log_ranks(columns, known), np.float32(np.nan))


def pool(m: int, *, missing: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(m)
    table = (rng.normal(size=(m, S)) * rng.uniform(0.1, 50, S) + rng.uniform(-9, 9, S)).astype(np.float32)
    table[rng.random((m, S)) < missing] = np.nan
    return table


@pytest.mark.parametrize("m", [2, 10, 200])
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_z_scores_are_scipys(m: int, missing: float) -> None:
    columns = pool(m, missing=missing).T
    expected = np.zeros(columns.shape)
    for row, known in zip(range(S), np.isfinite(columns), strict=True):
        if known.sum() > 1:
            expected[row, known] = stats.zscore(columns[row, known].astype(float))
    np.testing.assert_allclose(standardise(columns), expected, atol=1e-4)
    assert standardise(columns).dtype == np.float32


@given(st.lists(st.one_of(st.integers(-3, 3).map(float), st.just(math.nan)), min_size=1, max_size=12))
def test_ranks_are_scipys_with_ties_sharing_the_best(values: list[float]) -> None:
    column = np.array([values], dtype=np.float32)
    expected = np.full(len(values), np.nan)
    known = np.isfinite(column[0])
    if known.any():
        expected[known] = -np.log(stats.rankdata(-column[0, known], method="min"))
    np.testing.assert_allclose(log_ranks(column)[0], expected, atol=1e-6)


def test_an_unknown_value_counts_as_the_average() -> None:
    ((one, unknown, three, two),) = standardise(np.array([[1.0, np.nan, 3.0, 2.0]], dtype=np.float32))
    assert (one, three) == (pytest.approx(-math.sqrt(1.5)), pytest.approx(math.sqrt(1.5)))
    assert unknown == two == 0


@pytest.mark.parametrize("column", [[5.0, 5.0, 5.0], [np.nan, np.nan, np.nan], [np.nan, 7.0, np.nan]])
def test_a_relative_signal_that_does_not_vary_counts_nothing(column: list[float]) -> None:
    table = pool(3)
    before = features(table)
    table[:, 2] = column
    found = features(table)
    assert not found[:, 2].any()
    np.testing.assert_array_equal(np.delete(found, 2, axis=1), np.delete(before, 2, axis=1))


def test_what_is_not_relative_counts_as_it_is() -> None:
    table = pool(12, missing=0.3)
    found = features(table)
    np.testing.assert_array_equal(found[:, ~RELATIVE, 0], np.nan_to_num(table[:, ~RELATIVE]))
    assert not found[:, ~RELATIVE, 1].any()


def test_a_ranker_saved_under_former_names_is_the_same() -> None:
    former = DEFAULT.to_json()
    for old, new in module.RENAMED.items():
        assert new in SIGNALS
        former = former.replace(f'"{new}"'.encode(), f'"{old}"'.encode())
    assert b"picked_often" in former
    assert Ranker.from_json(former, "a.json").to_json() == DEFAULT.to_json()


def test_a_signal_is_relative_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative signal behind those that are not, or among them, changes no other one's meaning."""
    table, order = pool(12, missing=0.3), np.random.default_rng(3).permutation(S)
    assert RELATIVE[order].tolist() != sorted(RELATIVE.tolist(), reverse=True)
    before, listed = features(table), DEFAULT.explain(table)
    monkeypatch.setattr(module, "RELATIVE", RELATIVE[order])
    np.testing.assert_array_equal(features(table[:, order]), before[:, order])
    moved = Ranker(DEFAULT.weights[order], DEFAULT.bias, DEFAULT.bias_alone)
    np.testing.assert_allclose(moved.explain(table[:, order])[1], listed[1], rtol=1e-5)


@pytest.mark.parametrize("ranker", [DEFAULT, Ranker(np.linspace(0, 1, 2 * S, dtype=np.float32).reshape(S, 2), 0.3, 7)])
def test_the_score_by_hand(ranker: Ranker) -> None:
    table = pool(20, missing=0.2)
    parts, scores = ranker.explain(table)
    assert scores.dtype == parts.dtype == np.float32
    assert (scores.shape, parts.shape) == ((20,), (20, S))
    inputs = features(table).astype(float)
    for row in range(20):
        added = [float(a @ b) for a, b in zip(inputs[row], ranker.weights.astype(float), strict=True)]
        assert parts[row].tolist() == pytest.approx(added, abs=1e-4)
        total = ranker.bias + math.fsum(added)
        assert scores[row] == pytest.approx(1 / (1 + math.exp(-total)), abs=1e-6)
    np.testing.assert_array_equal(ranker.score(table), scores)
    np.testing.assert_array_equal(ranker.parts(table), parts)


def test_another_bias_serves_where_no_list_is_known() -> None:
    ranker = Ranker.from_weights({"tfidf": (0.0, 0.0)}, -1.0, bias_alone=2.0)
    table = pool(4)
    assert ranker.score(table).tolist() == pytest.approx([1 / (1 + math.e)] * 4)
    table[:, ~RELATIVE] = np.nan
    assert ranker.score(table).tolist() == pytest.approx([1 / (1 + math.exp(-2))] * 4)
    table[0, -1] = 0.0  # known to be in no list is something else than unknown
    assert ranker.score(table).tolist() == pytest.approx([1 / (1 + math.e)] * 4)


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("weights", [(0.7, 0.0), (0.0, 0.7), (0.3, 0.2)])
def test_more_likeness_never_lowers_a_score(signal: str, weights: tuple[float, float]) -> None:
    table = (pool(50) / 10).astype(np.float32)
    column = table[:, list(SIGNALS).index(signal)]
    scores = Ranker.from_weights({signal: weights}, bias=-1.0).score(table)
    assert (np.diff(scores[np.argsort(column)]) >= 0).all()
    if SIGNALS[signal].relative:
        np.testing.assert_array_equal(np.argsort(scores), np.argsort(column))
    assert ((scores > 0) & (scores < 1)).all()


def test_a_pool_of_one_gets_the_bias_and_what_is_not_relative() -> None:
    table = pool(1)
    total = DEFAULT.bias + float(table[0, ~RELATIVE] @ DEFAULT.weights[~RELATIVE, 0])
    assert DEFAULT.score(table).tolist() == [pytest.approx(1 / (1 + math.exp(-total)), rel=1e-5)]
    assert DEFAULT.score(pool(2)[:0]).tolist() == []


def test_the_shipped_weights_are_sound() -> None:
    assert set(DEFAULT.named()) == set(SIGNALS)
    assert (DEFAULT.weights >= 0).all()
    assert not DEFAULT.weights[~RELATIVE, 1].any()
    assert DEFAULT.bias < DEFAULT.bias_alone < 0  # lists only ever add
    assert "digitalgov" in DEFAULT.origin


def test_it_is_the_same_after_a_way_through_its_file(tmp_path: Path) -> None:
    ranker = Ranker.from_weights({"tfidf": (0.1234, 0.5), "tags": (0.0, 1e-4)}, -2.5, "here", bias_alone=-1.5)
    path = tmp_path / "ranker.json"
    path.write_bytes(ranker.to_json())
    again = read_weights(path)
    assert again.to_json() == ranker.to_json()
    assert (again.bias, again.bias_alone, again.origin) == (-2.5, -1.5, "here")
    np.testing.assert_array_equal(again.weights, ranker.weights)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(RankerError, match="^the ranker weighs unknown signals: beauty, luck$"):
        Ranker.from_weights({"tfidf": (1, 0), "luck": (1, 0), "beauty": (2, 0)}, bias=0)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": 9}, "format 9, this version reads 1"),
        ({"weights": {"tfidf": [1.0]}}, "the weights of tfidf are (1.0,), expected two finite numbers"),
        ({"weights": {"tfidf": [1.0, 2.0, 3.0]}}, "expected two finite numbers"),
        ({"weights": {"tfidf": ["x", 1]}}, "no ranker of this project"),
        ({"weights": {"luck": [1, 1]}}, "unknown signals: luck"),
        ({"weights": [1, 2]}, "no ranker of this project"),
        ({"bias": "high"}, "no ranker of this project"),
        ({"bias": None}, "no ranker of this project"),
        ({"bias_alone": "nan"}, "expected finite numbers"),
    ],
)
def test_a_damaged_file_is_named_with_what_is_wrong(change: dict[str, object], told: str, tmp_path: Path) -> None:
    path = tmp_path / "w.json"
    path.write_bytes(orjson.dumps({**orjson.loads(DEFAULT.to_json()), **change}))
    with pytest.raises(RankerError) as caught:
        read_weights(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"\xff", b"7"])
def test_what_is_no_ranker_is_refused(raw: bytes) -> None:
    with pytest.raises(RankerError, match="^here: no ranker of this project"):
        Ranker.from_json(raw, "here")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RankerError, match=r"gone\.json: cannot be read"):
        read_weights(tmp_path / "gone.json")


def test_float_noise_does_not_break_a_tie() -> None:
    """Three titles that stand in the text in full, one of them summed up to a hair less than 1."""
    values = np.array([[1.0, np.nextafter(np.float32(1), np.float32(0)), 1.0, 0.99, 0.0, -1e-9, 1e-9]], np.float32)
    np.testing.assert_allclose(log_ranks(values)[0], -np.log([1, 1, 1, 4, 5, 5, 5]), atol=1e-6)


POOLS = st.lists(
    st.one_of(st.integers(-4, 4).map(float), st.floats(-1, 1, width=32), st.just(math.nan)), min_size=2, max_size=15
)


@settings(max_examples=300)
@given(values=POOLS, data=st.data())
def test_a_candidate_that_grows_more_alike_is_never_scored_lower(values: list[float], data: st.DataObject) -> None:
    """Whatever the others are, and though its growing changes mean, spread and ranks of the pool."""
    column = np.array([values], dtype=np.float32)
    known = np.flatnonzero(np.isfinite(column[0]))
    if not len(known):
        return
    which = int(data.draw(st.sampled_from(known.tolist())))
    more = column.copy()
    more[0, which] += data.draw(st.floats(0.125, 10, width=32))
    for before, after in (
        (standardise(column), standardise(more)),
        (standardise(log_ranks(column)), standardise(log_ranks(more))),
    ):
        assert after[0, which] >= before[0, which] - 1e-4


@pytest.mark.parametrize("m", [0, 1, 2])
@pytest.mark.parametrize("listed", [True, False])
def test_small_pools_are_scored_without_complaint(m: int, listed: bool) -> None:
    table = pool(5)[:m].copy()
    if not listed:
        table[:, ~RELATIVE] = np.nan
    parts, scores = DEFAULT.explain(table)
    assert (parts.shape, scores.shape) == ((m, S), (m,))
    assert features(table).shape == (m, S, 2)
    assert np.isfinite(scores).all()
    assert np.isfinite(parts).all()


def test_nothing_known_at_all_is_the_bias_alone() -> None:
    parts, scores = DEFAULT.explain(np.full((3, S), np.nan, dtype=np.float32))
    assert not parts.any()
    assert scores.tolist() == pytest.approx([1 / (1 + math.exp(-DEFAULT.bias_alone))] * 3)


@pytest.mark.parametrize("weight", [1e39, -1e39, math.inf, math.nan])
def test_a_number_that_is_none_in_float32_is_refused(weight: float) -> None:
    """As weight or bias it would make every score 0, 1 or no number at all."""
    with pytest.raises(RankerError, match="the weights of tags are .*, expected two finite numbers"):
        Ranker.from_weights({"tfidf": (1.0, 1.0), "tags": (0.0, weight)}, -1.0)
    for biases in ((weight, -1.0), (-1.0, weight)):
        with pytest.raises(RankerError, match="biases are .*, expected finite numbers"):
            Ranker.from_weights({}, biases[0], bias_alone=biases[1])


@pytest.mark.parametrize("values", [[1e-9, 0.0, 2e-9], [0.3, 0.3 + 3e-8, 0.3 - 3e-8], [np.nan, 1.0, 1.0 + 1e-7]])
def test_what_differs_by_float_noise_alone_does_not_vary(values: list[float]) -> None:
    column = np.array([values], dtype=np.float32)
    assert not standardise(column).any()
    assert not standardise(log_ranks(column)).any()
    assert standardise(column * np.float32(1e6)).any()
