"""Whatever bytes come in, the reader of JSON lines gives records and named errors, never an exception."""

import gzip
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles import Article
from recommender.catalog import Catalog
from recommender.errors import ArticleError, SourceError
from tests.recommender.makers import lines, split


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lines")


KEYS = ["id", "url", "title", "teaser", "teasers", "body", "published_at", "section", "tags", "language", "related"]
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(["", "a", "\x00", "https://a.example/b", "2024-01-01T9:00", "2024-01-01", "\ufeff", "e\u0301"]),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
RECORDS = st.one_of(
    VALUES,
    st.dictionaries(st.one_of(st.sampled_from(KEYS), TEXTS), VALUES, max_size=6),
    st.dictionaries(st.sampled_from(KEYS[:-3]), TEXTS, max_size=6).map(
        lambda found: {"id": "a", "title": "T", **found}
    ),
)
BLOWS = st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3)), max_size=4)


def damaged(line: bytes, blows: list[tuple[int, bytes]]) -> bytes:
    for position, piece in blows:
        line = line[:position] + piece + line[position + 1 :]
    return line


@settings(max_examples=200)
@given(
    raw=st.one_of(st.binary(max_size=200), st.builds(damaged, RECORDS.map(orjson.dumps), BLOWS)), zipped=st.booleans()
)
def test_no_line_whatever_breaks_the_reader(raw: bytes, zipped: bool, scratch: Path) -> None:
    path = scratch / ("any.jsonl.gz" if zipped else "any.jsonl")
    last = {"id": "the last line", "title": "Read all the same"}
    content = raw + b"\n" + orjson.dumps(last)
    path.write_bytes(gzip.compress(content) if zipped else content)
    found, errors = split([path])
    assert found[-1].article == Article(id="the last line", title="Read all the same")
    assert len(found) + len(errors) == 1 + len([line for line in raw.split(b"\n") if lstripped(line)])
    assert all(isinstance(e, ArticleError) and e.place.startswith(f"{path}:") and e.message for e in errors)


def lstripped(line: bytes) -> bytes:
    return line.removeprefix(b"\xef\xbb\xbf").strip()


@settings(max_examples=60)
@given(value=RECORDS)
def test_whatever_is_read_can_be_stored_and_read_back(value: object, scratch: Path) -> None:
    found, _ = split([lines(scratch / "store.jsonl", [value])])
    catalog = Catalog.open("sqlite://")
    try:
        catalog.put(found)
        assert list(catalog.articles()) == [item.article for item in found]
    finally:
        catalog.close()


@settings(max_examples=60)
@given(raw=st.binary(max_size=200))
def test_no_bytes_whatever_break_the_gzip_reader(raw: bytes, scratch: Path) -> None:
    path = scratch / "noise.jsonl.gz"
    path.write_bytes(raw)
    found, errors = split([path])
    assert not found
    assert [(type(error), error.place) for error in errors] == [(SourceError, str(path))]
