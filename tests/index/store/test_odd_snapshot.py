"""Files that are wrong under a manifest whose SHA-256 are right: refused, whatever is in them."""

import random
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import numpy as np
import orjson
import pytest

from index.candidates.neighbours import Neighbours, read_hnsw
from index.store.arrays import ARRAYS, SPARSE
from index.store.manifest import HNSW
from index.store.reading import open_snapshot
from recommender.articles import Article, Record
from recommender.errors import SnapshotError
from tests.index.samples import FILES, contents_of, lists_of, reseal, written


def arrays(whole: Path, rng: random.Random, name: str) -> Iterator[bytes]:
    """Things that begin like an array, then are not."""
    header = b"{'descr': %b, 'fortran_order': False, 'shape': %b, }"
    kind = np.dtype(ARRAYS[name]).str.encode() if name in ARRAYS else b"<f4"
    for descr, shape in (
        (b"'%b'" % kind, b"(%d,)" % 2**40),
        (b"'%b'" % kind, b"(-3, 4)"),
        (b"'%b'" % kind, b"(%d, %d, %d)" % (2**31, 2**31, 2**31)),
        (b"'%b'" % kind, b"()"),
        (b"'%b'" % kind, b"(0,)"),
        (b"'%b'" % kind, b"'x'"),
        (b"'|O'", b"(3,)"),
        (b"'<f8'", b"(3,)"),
        (b"'|S0'", b"(3,)"),
        (b"-" * 9_000 + b"1", b"(3,)"),
        (b"(" * 9_000, b"(3,)"),
    ):
        text = header % (descr, shape) + b"\n"
        for version in (1, 2, 9):
            length = len(text).to_bytes(2 if version == 1 else 4, "little")
            yield b"\x93NUMPY" + bytes([version, 0]) + length + text + rng.randbytes(rng.randrange(200))
    for start in (b"\x93NUMPY", b"\x93NUMPY\x01\x00\xff\xff", b"PK\x03\x04", b"PK\x05\x06", b"\x80\x04", b"\x1f\x8b"):
        yield start + rng.randbytes(rng.randrange(200))
    array = np.load(whole / name) if name in ARRAYS else np.zeros((3, 3), dtype=np.float32)
    for odd in (array[:-1], array.T.copy(), array.astype(np.float64), np.full_like(array, 7)):
        (whole.parent / "odd.npy").unlink(missing_ok=True)
        np.save(whole.parent / "odd.npy", odd)
        yield (whole.parent / "odd.npy").read_bytes()


def texts(whole: Path) -> Iterator[bytes]:
    """JSON of the wrong form."""
    yield from (
        b"null",
        b"[]",
        b"{}",
        b"3",
        b'"x"',
        b"[[",
        b"[" * 5_000,
        b'{"a": 1}',
        b'{"a": null}',
        b'{"a": [1, {}]}',
    )
    yield from (b'{"terms": null, "stop_words": []}', b'{"terms": [1, 2], "stop_words": 3}', b'{"terms": {}}')
    terms = orjson.loads((whole / "terms.json").read_bytes())
    for key, known in terms.items():
        yield orjson.dumps({k: v for k, v in terms.items() if k != key})
        values: list[object] = [None, 3, {}, [], [*known, "more"], known[:-1], [None] * len(known), [[]] * len(known)]
        for value in values:
            if value != known:
                yield orjson.dumps({**terms, key: value})
    cards = (whole / "cards.jsonl").read_bytes().splitlines()
    first = orjson.loads(cards[0])
    for key in first:
        for value in (None, 3, "\x00", [], {}, [3], "http://[", 1e308, -(2**63)):
            yield b"\n".join((orjson.dumps({**first, key: value}), *cards[1:]))
        yield b"\n".join((orjson.dumps({k: v for k, v in first.items() if k != key}), *cards[1:]))
    yield b"\n".join((orjson.dumps({**first, "extra": 1}), *cards[1:]))
    yield b"\n".join((cards[1], cards[0], *cards[2:]))
    yield b"\n".join((cards[0], cards[0], *cards[2:]))


def noise(whole: Path, rng: random.Random, name: str) -> Iterator[bytes]:
    """Bytes without meaning, and the true file with a few bytes changed."""
    data = (whole / name).read_bytes()
    for _ in range(12):
        yield rng.randbytes(rng.choice([0, 1, 7, 64, 128, 5_000]))
    for _ in range(12):
        changed = bytearray(data)
        for _ in range(rng.choice([1, 1, 3, 30])):
            changed[rng.randrange(min(len(data), rng.choice([128, 10**9])))] = rng.randrange(256)
        yield bytes(changed)
        yield data[: rng.randrange(len(data))]


def odd_files(whole: Path, seed: int) -> Iterator[tuple[str, bytes]]:
    for name in FILES:
        rng = random.Random(f"{name}/{seed}")
        for data in (*arrays(whole, rng, name), *texts(whole), *noise(whole, rng, name)):
            yield name, data


def outcomes(folder: Path, whole: Path, seed: int, step: int) -> tuple[int, int]:
    """Try every ``step``-th odd file; return how many were tried and how many opened.

    One that opens has to answer, too. Anything but a SnapshotError comes through.
    """
    tried = opened = 0
    for name, data in islice(odd_files(whole, seed), seed % step, None, step):
        (folder / name).write_bytes(data)
        reseal(folder)
        tried += 1
        with suppress(SnapshotError), np.errstate(all="ignore"):  # finite numbers can still be too large to multiply
            snapshot = open_snapshot(folder)
            opened += 1
            lists_of(snapshot, limit=3)
            graph = Neighbours(
                snapshot.corpus.fused, read_hnsw(folder / HNSW, snapshot.corpus.fused.shape), exact_up_to=0
            )
            assert len(graph.search(snapshot.corpus.fused[0], 5, np.ones(12, dtype=bool))[0]) == 5
        shutil.copy(whole / name, folder / name)
    return tried, opened


def test_odd_files_are_refused_or_answer(folder: Path, whole: Path) -> None:
    tried, opened = outcomes(folder, whole, seed=0, step=11)
    assert tried > 220
    assert 0 < opened < tried / 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_odd_files_are_refused_or_answer_all(folder: Path, whole: Path, seed: int) -> None:
    tried, opened = outcomes(folder, whole, seed, step=1)
    print(f"\n{tried:,} odd files, {opened:,} of them harmless")  # noqa: T201 - the count it really ran
    assert tried > 2_500
    assert 0 < opened < tried / 10


def test_a_length_that_lies_allocates_nothing(folder: Path) -> None:
    path = folder / HNSW
    shape = open_snapshot(folder).corpus.fused.shape
    floats = np.uint64(shape[0] * shape[1]).tobytes()
    data = path.read_bytes()
    assert data.count(floats) == 1
    path.write_bytes(data.replace(floats, np.uint64(2**28).tobytes()))  # floats: one gibibyte
    reseal(folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SnapshotError, match=HNSW):
        open_snapshot(folder)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


@pytest.mark.parametrize("name", [name for name, kind in ARRAYS.items() if kind is np.float32])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_not_finite_is_refused(folder: Path, name: str, value: float) -> None:
    array = np.load(folder / name)
    array.flat[-1] = value
    np.save(folder / name, array)
    reseal(folder)
    with pytest.raises(SnapshotError, match=f"{name}: a number in it is not finite"):
        open_snapshot(folder)


def grown(array: np.ndarray) -> np.ndarray:
    """The same with one more entry along its first axis: of zeros, or of the last value where it counts upwards."""
    more = array[-1:] if array.dtype == np.int64 else np.zeros_like(array, shape=(1, *array.shape[1:]))
    return np.concatenate([array, more])


BLAMED = {
    "packed.npy": "packed_scales.npy",
    "fingerprints.npy": "fingerprint_ends.npy",
    "shared_words.npy": "shared_words_holders.npy",
    "components.npy": "fused.npy",
    **{f"{name}_data.npy": f"{name}_indices.npy" for name in SPARSE},
}
"""Arrays whose length others are measured by: what is named is the first that does not fit."""


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize(
    "change", [lambda a: a[:-1], grown, lambda a: a[..., None], lambda a: a[None]], ids=["less", "more", "deep", "wide"]
)
def test_an_array_of_another_shape_is_named(
    folder: Path, name: str, change: Callable[[np.ndarray], np.ndarray]
) -> None:
    changed = change(np.load(folder / name))
    (folder / name).unlink()
    np.save(folder / name, changed)
    reseal(folder)
    blamed = {name, BLAMED.get(name, name)}
    with pytest.raises(SnapshotError, match=f"^{folder}/({'|'.join(blamed)}): (has shape|does not divide)"):
        open_snapshot(folder)


@pytest.mark.parametrize("name", ["packed_ends.npy", "fingerprint_ends.npy", *(f"{n}_indptr.npy" for n in SPARSE)])
@pytest.mark.parametrize(
    "change",
    [
        lambda ends: ends.__setitem__(0, 1),
        lambda ends: ends.__setitem__(0, -1),
        lambda ends: ends.__setitem__(5, 2**62),
        lambda ends: ends.__setitem__(slice(5, 7), (2**62, -(2**62) - 2**61)),  # their difference wraps round
        lambda ends: ends.__setitem__(5, ends[6] + 1),
        lambda ends: ends.__setitem__(-1, ends[-1] + 1),
        lambda ends: ends.__setitem__(-1, ends[-1] - 1),
    ],
    ids=["late", "negative", "huge", "wrapped", "falling", "beyond", "short"],
)
def test_rows_that_overlap_or_leave_out_are_named(
    folder: Path, name: str, change: Callable[[np.ndarray], object]
) -> None:
    ends = np.load(folder / name)
    change(ends)
    np.save(folder / name, ends)
    reseal(folder)
    with pytest.raises(SnapshotError, match=f"^{folder / name}: does not divide"):
        open_snapshot(folder)


@pytest.mark.parametrize("name", ["fingerprints.npy", "shared_words.npy"])
@pytest.mark.parametrize("change", [lambda words: words[::-1], lambda words: words[[0, 0, *range(2, len(words))]]])
def test_words_that_do_not_rise_are_named(folder: Path, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """They are looked up by bisection."""
    changed = change(np.load(folder / name))
    (folder / name).unlink()
    np.save(folder / name, changed)
    reseal(folder)
    with pytest.raises(SnapshotError, match=f"^{folder / name}: words that do not rise$"):
        open_snapshot(folder)


@pytest.mark.parametrize("count", [-(2**31), -1, 0, 1, 13, 2**31 - 1])
def test_words_in_fewer_than_two_articles_or_more_than_there_are_are_named(folder: Path, count: int) -> None:
    name = "shared_words_holders.npy"
    holders = np.load(folder / name)
    holders[3] = count
    np.save(folder / name, holders)
    reseal(folder)
    with pytest.raises(
        SnapshotError, match=f"^{folder / name}: expected numbers from 2 to 12, the articles there are$"
    ):
        open_snapshot(folder)


def test_row_pointers_into_an_empty_matrix_are_named(tmp_path: Path) -> None:
    """SciPy does not look at them where the last one is 0, and reads whatever lies there: it crashed on this."""
    wordless = [Record(Article(id=f"a{n}", title="the", body="and", language="en"), "") for n in range(4)]
    folder = written(tmp_path / "wordless", contents_of(wordless))
    for name in ("whole_indptr.npy", "short_indptr.npy"):
        ends = np.load(folder / name)
        assert not ends.any()
        ends[2] = 2**40
        np.save(folder / name, ends)
        reseal(folder)
        with pytest.raises(SnapshotError, match=f"{name}: does not divide 0 entries among the articles"):
            open_snapshot(folder)
        np.save(folder / name, np.zeros_like(ends))
        reseal(folder)
    assert len(open_snapshot(folder).corpus) == 4


def test_an_article_without_its_views_is_named(folder: Path) -> None:
    """The first three vectors of an article are its views; with fewer, its passages would be taken for them."""
    path = folder / "packed_ends.npy"
    ends = np.load(path)
    ends[5] = ends[4] + 2
    np.save(path, ends)
    reseal(folder)
    with pytest.raises(SnapshotError, match=f"^{path}: does not divide"):
        open_snapshot(folder)


@pytest.mark.parametrize("name", SPARSE)
@pytest.mark.parametrize("column", [-1, -(2**31), 2**31 - 1, None])
def test_columns_that_are_none_are_refused(folder: Path, name: str, column: int | None) -> None:
    models = {"whole": ["terms"], "short": ["terms", "names", "tags"]}[name]
    columns_of = orjson.loads((folder / "terms.json").read_bytes())
    width = sum(len(columns_of[model]) for model in models)
    columns = np.load(folder / f"{name}_indices.npy")
    columns[-1] = width if column is None else column
    np.save(folder / f"{name}_indices.npy", columns)
    reseal(folder)
    with pytest.raises(SnapshotError, match=f"^{folder}: its files do not fit together"):
        open_snapshot(folder)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("lists.json", b"null"),
        ("lists.json", b'{"a000": "a001"}'),
        ("lists.json", b'{"a000": [1]}'),
        ("aliases.json", b"[]"),
        ("aliases.json", b'{"old": 3}'),
        ("editorial.json", b""),
        ("editorial.json", b"{}"),
        ("terms.json", b'{"terms": []}'),
        ("terms.json", b'{"terms": "ab", "stop_words": []}'),
        ("terms.json", b'{"terms": [], "stop_words": [], "names": []}'),
        ("terms.json", b'{"terms": [], "stop_words": [], "names": [], "tags": []}'),
        ("packed.npy", b""),
        ("whole_indptr.npy", b"PK\x03\x04"),
        ("short_indices.npy", b"\x93NUMPY\x01\x00\x10\x27" + b"-" * 9_999 + b"1"),
        ("idf.npy", b"PK\x03\x04"),
        ("idf.npy", b""),
        ("idf.npy", b"\x93NUMPY\x01\x00\x10\x27" + b"-" * 9_999 + b"1"),
        (HNSW, b""),
        (HNSW, b"IHNf"),
    ],
)
def test_a_file_of_the_wrong_form_is_refused(folder: Path, name: str, data: bytes) -> None:
    (folder / name).write_bytes(data)
    reseal(folder)
    with pytest.raises(SnapshotError, match=f"^{folder}"):
        open_snapshot(folder)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "Input should be an object, found None"),
        ({"rules": ""}, "overrides: Field required, found {'rules': ''}"),
        ({"rules": 3, "overrides": {}}, "rules: Input should be a valid string, found 3"),
        ({"rules": "no: such: rules", "overrides": {}}, "not valid YAML"),
        ({"rules": "", "overrides": {}, "more": 1}, "expected {'rules': '', 'overrides': {}}, found .*'more': 1"),
        ({"rules": "", "overrides": []}, "overrides: Input should be an object, found"),
        ({"rules": "", "overrides": {"a001": {}}}, "expected .*'a001': {'pin': .*, found .*'a001': {}"),
        (
            {"rules": "", "overrides": {"a001": {"pin": [], "block": [], "mode": "x"}}},
            "overrides.a001.mode: Input should be 'fill' or 'replace', found 'x'",
        ),
    ],
)
def test_an_editorial_of_the_wrong_form_is_named(folder: Path, document: object, message: str) -> None:
    (folder / "editorial.json").write_bytes(orjson.dumps(document))
    reseal(folder)
    with pytest.raises(SnapshotError, match=f"editorial.json: cannot be read as what editors decided .*{message}"):
        open_snapshot(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("url", "http://["),
        ("url", "ftp://courier.example/1"),
        ("title", None),
        ("title", 3),
        ("teasers", "one"),
        ("tags", [3]),
        ("is_stub", 1),
        ("published_at", 1_700_000_000),
        ("published_at", "soon"),
        ("text_sha256", []),
    ],
)
def test_a_card_of_the_wrong_form_is_refused(folder: Path, key: str, value: object) -> None:
    edit_cards(folder, lambda cards: cards[3].update({key: value}))
    with pytest.raises(SnapshotError, match="its files do not fit together"):
        open_snapshot(folder)


def edit_cards(folder: Path, change: Callable[[list[dict[str, object]]], object]) -> None:
    cards = [orjson.loads(line) for line in (folder / "cards.jsonl").read_bytes().splitlines()]
    change(cards)
    (folder / "cards.jsonl").write_bytes(b"".join(orjson.dumps(card) + b"\n" for card in cards))
    reseal(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda cards: cards.pop(),
        lambda cards: cards.append(dict(cards[-1], id="zzz")),
        lambda cards: cards[1].update(id=cards[0]["id"]),
        lambda cards: cards.reverse(),
    ],
    ids=["one fewer", "one more", "duplicate id", "out of order"],
)
def test_the_cards_are_as_many_as_the_rows_and_in_order(
    folder: Path, change: Callable[[list[dict[str, object]]], object]
) -> None:
    edit_cards(folder, change)
    with pytest.raises(SnapshotError, match="cards.jsonl: expected 12 cards with distinct ids in order"):
        open_snapshot(folder)
