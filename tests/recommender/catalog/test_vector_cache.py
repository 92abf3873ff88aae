"""The vector cache: embedded once, kept by model and text, committed a chunk at a time."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select, update

from recommender.catalog import Catalog
from recommender.catalog import vector_cache as module
from recommender.catalog.tables import vectors
from recommender.catalog.vector_cache import VectorCache
from recommender.corpus.encoder import HashEncoder, Matrix
from recommender.errors import BuildInterruptedError, CatalogError


class Counting(HashEncoder):
    """Keeps the texts of every call; breaks at the call numbered ``breaks_at``."""

    def __init__(self, dim: int = 16, *, name: str = "hash", breaks_at: int = 0) -> None:
        super().__init__(dim)
        self.name = name
        self.calls: list[list[str]] = []
        self._breaks_at = breaks_at

    def encode(self, texts: Sequence[str]) -> Matrix:
        self.calls.append(list(texts))
        if len(self.calls) == self._breaks_at:
            raise KeyboardInterrupt
        return super().encode(texts)


def stored(catalog: Catalog) -> int:
    with catalog.engine.connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(vectors)) or 0)


TEXTS = [f"{'word ' * (n % 4)}ship {n}" for n in range(10)]


def test_vectors_come_back_in_the_order_asked_for(catalog: Catalog) -> None:
    cache = VectorCache(catalog.engine, Counting())
    cache.embed(cache.missing(TEXTS))
    wanted = [TEXTS[3], TEXTS[0], TEXTS[3], TEXTS[9]]
    rows = cache.lookup(wanted)
    np.testing.assert_array_equal(rows, HashEncoder(16).encode(wanted))
    assert rows.dtype == np.float32
    assert cache.lookup([]).shape == (0, 16)


def test_a_text_is_embedded_once(catalog: Catalog) -> None:
    encoder = Counting()
    cache = VectorCache(catalog.engine, encoder)
    assert cache.missing(["bb", "z", "bb", "z", "aaa", "ab"]) == ["z", "ab", "bb", "aaa"]
    cache.embed(cache.missing(["bb", "a", "bb", "a"]))
    assert encoder.calls == [["a", "bb"]]
    assert cache.missing(["bb", "new", "a"]) == ["new"]
    cache.embed(cache.missing(["bb", "new", "a"]))
    assert encoder.calls == [["a", "bb"], ["new"]]
    assert cache.missing(["bb", "new", "a"]) == []
    assert stored(catalog) == 3


def test_more_texts_than_one_question_to_the_database_may_hold(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOKUP", 3)
    cache = VectorCache(catalog.engine, Counting())
    cache.embed(cache.missing(TEXTS))
    np.testing.assert_array_equal(cache.lookup(TEXTS), HashEncoder(16).encode(TEXTS))


@pytest.mark.parametrize("breaks_at", [1, 2, 4])
def test_an_interruption_costs_the_chunk_it_hits(
    breaks_at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 3)
    catalog = Catalog.open(tmp_path)
    broken = VectorCache(catalog.engine, Counting(breaks_at=breaks_at))
    order = broken.missing(TEXTS)
    done = 3 * (breaks_at - 1)
    with pytest.raises(BuildInterruptedError, match=f"^interrupted: {done} of 10 texts are embedded and kept"):
        broken.embed(order)
    catalog.close()

    catalog = Catalog.open(tmp_path)
    assert stored(catalog) == done
    encoder, seen = Counting(), []
    cache = VectorCache(catalog.engine, encoder)
    cache.embed(cache.missing(TEXTS), lambda characters, texts: seen.append((characters, texts)))
    assert [text for call in encoder.calls for text in call] == order[done:]
    assert seen == [(sum(map(len, call)), len(call)) for call in encoder.calls]
    np.testing.assert_array_equal(cache.lookup(TEXTS), HashEncoder(16).encode(TEXTS))
    catalog.close()


@pytest.mark.parametrize("other", [Counting(name="other"), Counting(dim=8)], ids=["name", "revision"])
def test_another_models_vectors_do_not_mix(other: Counting, catalog: Catalog) -> None:
    first = VectorCache(catalog.engine, Counting())
    first.embed(TEXTS)
    second = VectorCache(catalog.engine, other)
    assert second.missing(TEXTS) == first_order(TEXTS)
    with pytest.raises(CatalogError, match=f"no vector of {other.name}@{other.revision} for the text 'ship 0'"):
        second.lookup(TEXTS)
    second.embed(TEXTS[:5])
    np.testing.assert_array_equal(first.lookup(TEXTS), HashEncoder(16).encode(TEXTS))
    np.testing.assert_array_equal(second.lookup(TEXTS[:5]), HashEncoder(other.dim).encode(TEXTS[:5]))
    assert stored(catalog) == 15


def first_order(texts: list[str]) -> list[str]:
    return sorted(texts, key=lambda text: (len(text), text))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_vector_that_is_not_finite_is_refused(bad: float, catalog: Catalog) -> None:
    class Broken(HashEncoder):
        def encode(self, texts: Sequence[str]) -> Matrix:
            rows = super().encode(texts)
            rows[[text == "sick" for text in texts], 5] = bad
            return rows

    cache = VectorCache(catalog.engine, Broken(16))
    with pytest.raises(CatalogError, match="^hash@blake2b-16 gave a vector that is not finite for the text 'sick'$"):
        cache.embed(["well", "sick"])
    assert stored(catalog) == 0


def test_a_damaged_vector_is_embedded_again(catalog: Catalog) -> None:
    cache = VectorCache(catalog.engine, Counting())
    cache.embed(["a", "b"])
    with catalog.engine.begin() as connection:
        connection.execute(update(vectors).values(vector=b"cut off"))
    with pytest.raises(CatalogError, match="no vector of"):
        cache.lookup(["a"])
    assert cache.missing(["a", "b"]) == ["a", "b"]
    cache.embed(["a", "b"])
    np.testing.assert_array_equal(cache.lookup(["a", "b"]), HashEncoder(16).encode(["a", "b"]))
