"""JSON lines: the contract, and every way a line or a file can be wrong."""

import gzip
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from recommender.articles import Article, Record, article
from recommender.errors import ArticleError, SourceError
from recommender.sources import jsonl
from tests.recommender.makers import lines, split

GOOD = {"id": "good", "title": "A good one"}


def test_a_line_becomes_an_article(tmp_path: Path) -> None:
    raw: dict[str, Any] = {
        "id": 7,
        "url": "https://news.example/7",
        "teaser": "One.",
        "teasers": ["Two.", "One."],
        "body": "First.\n\nSecond.",
        "published_at": "2011-11-28T8:32:24",
        "related": [8, "nine", "https://news.example/10"],
        "byline": "Ada",
        "paid": True,
    }
    path = lines(tmp_path / "a.jsonl", [raw])
    expected = Article(
        id="7",
        url="https://news.example/7",
        teasers=("One.", "Two."),
        body="First.\n\nSecond.",
        published_at=datetime(2011, 11, 28, 8, 32, 24, tzinfo=UTC),
        extra={"byline": "Ada", "paid": True},
    )
    assert split([path]) == ([Record(expected, f"{path}:1", ("8", "nine", "https://news.example/10"))], [])


@pytest.mark.parametrize("name", ["a.jsonl", "a.JSONL", "a.jsonl.gz", "a.ndjson", "a.ndjson.GZ"])
def test_every_suffix_reads_the_same(name: str, tmp_path: Path) -> None:
    raw = b'\xef\xbb\xbf{"id":"a","title":"A"}\r\n\r\n  \n{"id":"b","title":"B"}'
    path = tmp_path / name
    path.write_bytes(gzip.compress(raw, mtime=0) if name.lower().endswith("gz") else raw)
    found, errors = split([path])
    assert [(item.article.id, item.place) for item in found] == [("a", f"{path}:1"), ("b", f"{path}:4")]
    assert not errors


def test_the_curated_list_may_have_another_key(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", [{**GOOD, "see_also": ["x"], "related": ["y"]}])
    assert [item.related for item in split([path])[0]] == [("y",)]
    assert [item.related for item in split([path], curated_key="see_also")[0]] == [("x",)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"id":"x","title":', "not valid JSON"),
        (b'{"id":"x","title":"T"} {"id":"y","title":"T"}', "not valid JSON"),
        (b'{"id":"x","title":"a\x00b"}', "not valid JSON"),
        (rb'{"id":"x","title":"\ud800"}', "not valid JSON"),
        (rb'{"id":"x","title":"T","k":"\udc00\ud800"}', "not valid JSON"),
        (b'{"id":"x","title":NaN}', "not valid JSON"),
        (b"[" * 5_000 + b"]" * 5_000, "not valid JSON"),
        (b"[" * 1_000 + b"]" * 1_000, "nested more than 50 levels deep"),
        (b'{"id":"x","title":' + b"[" * 1_000 + b"]" * 1_000 + b"}", "nested more than 50 levels deep"),
        (b'{"id":"x","title":"T","k":' + b"[" * 1_000 + b"]" * 1_000 + b"}", "nested more than 50 levels deep"),
        (b"[1,2]", "expected a JSON object, found [1, 2]"),
        (b'"text"', "expected a JSON object, found 'text'"),
        (b"null", "expected a JSON object, found None"),
        (b"3", "expected a JSON object, found 3"),
        ('{"id":"x","title":"café"}'.encode("latin-1"), "byte 0xe9 at column 23 is not UTF-8"),
        ('{"id":"x"}'.encode("utf-16-le"), "not valid JSON"),
        (b'{"id":"x","title":"\xed\xa0\x80"}', "byte 0xed at column 20 is not UTF-8"),
        ({"title": "T"}, 'the record has neither "id" nor "url"'),
        ({"id": "", "url": " ", "title": "T"}, 'the record has neither "id" nor "url"'),
        ({"id": None, "title": "T"}, 'the record has neither "id" nor "url"'),
        ({"id": "\u0000\u200b", "title": "T"}, "not NFC in UTF-8, or holds control, invisible or surplus"),
        ({"id": "x"}, "article 'x' has no text: title, teaser and body are all missing"),
        ({"id": "x", "title": " ", "teasers": [""], "body": "\u0000\n"}, "article 'x' has no text"),
        ({"id": "x\ny", "title": "T"}, "id 'x\\ny' contains a line break"),
        ({"id": "x/related", "title": "T"}, "id 'x/related' ends in \"/related\""),
        ({"id": "x/overrides", "title": "T"}, "id 'x/overrides' ends in \"/overrides\", which the HTTP paths"),
        ({"id": 1.5, "title": "T"}, "id is 1.5, expected a string"),
        ({"id": True, "title": "T"}, "id is True, expected a string"),
        ({"id": ["x"], "title": "T"}, "id is ['x'], expected a string"),
        ({"id": "x", "body": {"html": "T"}}, "article 'x' has no text"),
        ({"id": "x", "teasers": {"0": "T"}}, "article 'x' has no text"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_read(line: object, message: str, tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", [{**GOOD, "id": "first"}, line, {**GOOD, "id": "last"}])
    found, errors = split([path])
    assert [item.article.id for item in found] == ["first", "last"]
    assert [type(error) for error in errors] == [ArticleError]
    assert errors[0].place == f"{path}:2"
    assert message in errors[0].message
    assert str(errors[0]) == f"{path}:2: {errors[0].message}"


LENGTHS = {"id": article.MAX_ID, "title": article.MAX_TITLE, "teaser": article.MAX_TEASER, "body": article.MAX_BODY}
SIDE_LENGTHS = {"url": article.MAX_URL, "section": article.MAX_TITLE, "language": 35, "image": article.MAX_URL}
COUNTS = {"teasers": article.MAX_TEASERS, "tags": article.MAX_TAGS, "related": article.MAX_RELATED}


@pytest.mark.parametrize(("field", "limit"), LENGTHS.items())
def test_a_text_may_be_as_long_as_the_limit(field: str, limit: int, tmp_path: Path) -> None:
    values = [{**GOOD, "id": "a", field: "x" * (limit + more)} for more in (0, 1)]
    path = lines(tmp_path / "a.jsonl", values)
    (found,), errors = split([path])
    stored = found.article.teasers[0] if field == "teaser" else getattr(found.article, field)
    assert stored == values[0][field]
    assert [str(error) for error in errors] == [
        f"{path}:2: {field} is {limit + 1:,} characters long, the limit is {limit:,}"
    ]


@pytest.mark.parametrize(("field", "limit"), SIDE_LENGTHS.items())
def test_a_side_field_over_its_limit_is_left_out_and_said(field: str, limit: int, tmp_path: Path) -> None:
    start = "https://a.example/" if field in ("url", "image") else ""
    values = [{**GOOD, "id": str(more), field: start + "x" * (limit + more - len(start))} for more in (0, 1)]
    (full, cut), errors = split([lines(tmp_path / "a.jsonl", values)])
    assert (getattr(full.article, field), full.warnings) == (values[0][field], ())
    assert not getattr(cut.article, field)
    assert [warning.partition(" is ")[0] for warning in cut.warnings] == [field]
    assert not errors


@pytest.mark.parametrize(("field", "limit"), COUNTS.items())
def test_a_list_over_its_limit_is_cut_and_said(field: str, limit: int, tmp_path: Path) -> None:
    values = [{**GOOD, "id": f"a{more}", field: [str(n) for n in range(limit + more)]} for more in (0, 1)]
    found, errors = split([lines(tmp_path / "a.jsonl", values)])
    for record in found:
        stored = record.related if field == "related" else getattr(record.article, field)
        assert stored == tuple(map(str, range(limit)))
    said = f"{field} has {limit + 1:,} entries, the limit is {limit:,}: the others are left out"
    assert [record.warnings for record in found] == [(), (said,)]
    assert not errors


@pytest.mark.parametrize("length", [99, 100, 101, 5_000])
def test_a_line_over_the_limit_is_named(length: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "MAX_LINE", 100)
    frame = len(orjson.dumps({"id": "long", "title": ""}))
    long = {"id": "long", "title": "t" * (length - frame - 1)}  # and its line break
    path = lines(tmp_path / "a.jsonl", [{**GOOD, "id": "first"}, long, {**GOOD, "id": "last"}])
    found, errors = split([path])
    kept = length <= 100
    assert [item.article.id for item in found] == ["first", *(["long"] if kept else []), "last"]
    limit = ArticleError("the line is longer than the limit of 100 bytes", f"{path}:2")
    assert [str(error) for error in errors] == ([] if kept else [str(limit)])


def test_an_over_long_line_at_the_end_without_a_line_break(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "MAX_LINE", 100)
    path = tmp_path / "a.jsonl"
    path.write_bytes(orjson.dumps(GOOD) + b"\n" + b"x" * 250)
    found, errors = split([path])
    assert [item.article.id for item in found] == ["good"]
    assert [error.place for error in errors] == [f"{path}:2"]


def test_an_enormous_line_is_not_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        for _ in range(160):
            file.write(b"x" * 1_048_576)
        file.write(b"\n" + orjson.dumps(GOOD))
    tracemalloc.start()
    try:
        found, errors = split([path])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [item.article.id for item in found] == ["good"]
    assert [str(error) for error in errors] == [f"{path}:1: the line is longer than the limit of 16,777,216 bytes"]
    assert peak < 80 * 1_048_576


def test_a_truncated_gzip_gives_what_came_before_and_is_named(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(orjson.dumps({**GOOD, "id": f"{n:05}"}) + b"\n" for n in range(2_000)))
    path, good = tmp_path / "a.jsonl.gz", lines(tmp_path / "good.jsonl", [GOOD])
    path.write_bytes(whole[: len(whole) // 2])
    found, errors = split([path, good])
    ids = [item.article.id for item in found]
    assert ids == [*(f"{n:05}" for n in range(len(ids) - 1)), "good"]
    assert len(ids) > 500
    assert [(type(error), error.place) for error in errors] == [(SourceError, str(path))]
    assert "the gzip stream is damaged" in errors[0].message


@pytest.mark.parametrize(
    "raw",
    [
        gzip.compress(orjson.dumps(GOOD), mtime=0)[:5],
        gzip.compress(orjson.dumps(GOOD), mtime=0)[:-4] + b"\x00\x00\x00\x00",
        gzip.compress(orjson.dumps(GOOD), mtime=0)[:10] + b"\xff" * 20,
        b"\x1f\x8b\x08",
    ],
)
def test_a_damaged_gzip_is_named(raw: bytes, tmp_path: Path) -> None:
    path, good = tmp_path / "a.jsonl.gz", lines(tmp_path / "z.jsonl", [{**GOOD, "id": "z"}])
    path.write_bytes(raw)
    found, errors = split([path, good])
    assert found[-1].article.id == "z"
    assert (type(errors[-1]), errors[-1].place) == (SourceError, str(path))
    assert "the gzip stream is damaged" in errors[-1].message


@pytest.mark.parametrize(("name", "packed"), [("a.jsonl.gz", False), ("a.jsonl", True), ("articles", True)])
def test_what_is_packed_is_told_by_its_bytes(name: str, packed: bool, tmp_path: Path) -> None:
    raw = orjson.dumps(GOOD) + b"\n" + orjson.dumps({**GOOD, "id": "other"})
    path = tmp_path / name
    path.write_bytes(gzip.compress(raw, mtime=0) if packed else raw)
    found, errors = split([path])
    assert [(item.article.id, item.place) for item in found] == [("good", f"{path}:1"), ("other", f"{path}:2")]
    assert not errors
