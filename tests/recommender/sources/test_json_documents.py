"""JSON documents: where the articles are found, and what one bad value costs."""

import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from recommender.errors import SourceError
from recommender.sources import json_documents
from recommender.sources.items import Entry, Note
from recommender.sources.json_scanner import Scanner
from recommender.sources.opened import from_stream
from recommender.sources.options import ReadOptions
from tests.recommender.sources.source_items import entries, errors, items, records, source

A = '{"id":1,"title":"A","body":"a"}'
B = '{"id":2,"title":"B","body":"b"}'
C = '{"id":3,"title":"C","body":"c"}'


def read(data: bytes | str, **options: Any) -> list[Any]:
    return items(json_documents.read, data, **options)


def places(data: bytes | str, **options: Any) -> list[tuple[Any, str]]:
    return [(item.fields["id"], item.place) for item in read(data, **options) if isinstance(item, Entry)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (f"[{A},\r\n{B}]", [(1, "f: [0]"), (2, "f: [1]")]),
        (f"\ufeff \r\n[{A}]", [(1, "f: [0]")]),
        (f'{{"articles":[{A},{B}]}}', [(1, "f: articles[0]"), (2, "f: articles[1]")]),
        (f'{{"meta":{{"tags":["x"],"n":2}},"data":{{"a":{{"posts":[{A}]}}}}}}', [(1, "f: data.a.posts[0]")]),
        ('{\n"id":1,"title":"A"}', [(1, "f")]),
        (f"{A}\n{B} {C}", [(1, "f"), (2, "f: document 2"), (3, "f: document 3")]),
        (f"[{A}]\n[{B}]", [(1, "f: [0]"), (2, "f: document 2: [0]")]),
        (f"[[{A},{B}],[{C}]]", [(1, "f: [0][0]"), (2, "f: [0][1]"), (3, "f: [1][0]")]),
        (f'[{{"page":1,"posts":[{A}]}},{{"page":2,"posts":[{B}]}}]', [(1, "f: [0].posts[0]"), (2, "f: [1].posts[0]")]),
        (f'{{"posts":{{"7":{A},"8":{B}}}}}', [(1, "f: posts.7"), (2, "f: posts.8")]),
        (f'{{"a.b":{{"list":[{A}]}}}}', [(1, "f: a.b.list[0]")]),
        (f'{{"featured":[{A}],"posts":[{A},{B},{C}]}}', [(1, "f: posts[0]"), (2, "f: posts[1]"), (3, "f: posts[2]")]),
        (
            f'{{"comments":[{{"id":9,"body":"c"}},{{"id":8,"body":"c"}},{{"id":7,"body":"c"}}],"posts":[{A}]}}',
            [(1, "f: posts[0]")],
        ),
        (f'{{"title":"Site","url":"https://a.example","items":[{A}]}}', [(1, "f: items[0]")]),
        (f"[{A},{B},]", [(1, "f: [0]"), (2, "f: [1]")]),
        (f"[{A} {B}]", [(1, "f: [0]"), (2, "f: [1]")]),
        ('[{"id":1,"id":2,"title":"A"}]', [(2, "f: [0]")]),
        ('[{"id":1,"kurz":"x"}]', [(1, "f: [0]")]),
        ("[]", []),
        ("", []),
        (" \n", []),
    ],
)
def test_the_articles_are_found(data: str, expected: list[tuple[Any, str]]) -> None:
    assert places(data) == expected
    assert errors(read(data)) == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_document_may_be_in_another_unicode(encoding: str) -> None:
    data = '[{"id":1,"title":"Käse \U0001f6a2"}]'.encode(encoding)
    assert entries(read(data)) == [{"id": 1, "title": "Käse \U0001f6a2"}]
    assert json_documents.fits(source(data))


def test_what_a_search_engine_wraps_is_taken_out_of_it() -> None:
    data = '{"hits":{"total":1,"hits":[{"_id":"x","_source":{"title":"T","body":"B"}}]}}'
    assert [record.article.id for record in records(read(data))] == ["x"]
    strapi = '{"data":[{"id":4,"attributes":{"title":"T","content":"B"}}]}'
    assert [(record.article.id, record.article.body) for record in records(read(strapi))] == [("4", "B")]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("data.posts", [1, 2]),
        ("data.posts.item", [1, 2]),
        ("data.posts[*]", [1, 2]),
        ("data.posts[1]", [2]),
        ("data.*", [1, 2, 3]),
        ("x.y", [3]),
        (r"x\.y", [3]),
    ],
)
def test_a_path_says_where_they_are(path: str, expected: list[int]) -> None:
    data = f'{{"data":{{"posts":[{A},{B}],"more":[{C}]}},"x.y":[{C}]}}'
    assert [fields["id"] for fields in entries(read(data, path=path))] == expected


def test_lists_within_lists_have_a_limit() -> None:
    data = f'{{"a":[{A},{"[" * 9_000}{B}{"]" * 9_000},{C}]}}'
    found = read(data, path="a")
    assert [fields["id"] for fields in entries(found)] == [1, 3]
    assert len(errors(found)) == 1
    assert [fields["id"] for fields in entries(read(data))] == [1, 3]


def test_a_path_may_go_on_within_the_items() -> None:
    data = f'{{"edges":[{{"node":{{"post":{A}}}}},{{"node":{{"post":{B}}}}}]}}'
    assert [fields["id"] for fields in entries(read(data, path="edges.node.post"))] == [1, 2]
    assert [fields["id"] for fields in entries(read(f'[{{"p":[{A}]}},{{"p":[{B}]}}]', path="p"))] == [1, 2]


def test_a_map_says_what_an_article_is() -> None:
    data = '{"x":[{"nr":1,"kopf":"T"}],"y":[{"nr":2}]}'
    assert entries(read(data, fields={"id": "nr", "title": "kopf"})) == [{"nr": 1, "kopf": "T"}]


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (f'{{"a":[{A},{B}],"b":[{C}]}}', {}, "several lists look like articles: `a` (2), `b` (1); --path says which"),
        (f'{{"a":{{"b":[{A}]}}}}', {"path": "a.c"}, "nothing stands at `a.c`; the first keys are a, a.b"),
        (
            '{"data":{"rows":[{"k":1},{"k":2}]}}',
            {},
            "nothing in it looks like an article; there are lists of objects: `data.rows` (2); --path reads one",
        ),
        (
            '{"code":"gone","message":"No"}',
            {},
            "an error message in place of an article: {'code': 'gone', 'message': 'No'}",
        ),
        (f"[{A}] x", {}, "'x' at byte 34 where a list or an object was expected: the rest is not read"),
        (f"[{A}; {B}]", {}, "';' at byte 32 where a comma or ] after [0] was expected: the rest is not read"),
        (f'{{"a":[{A}],b:1}}', {}, "'b' at byte 39 where a key was expected"),
        ('{"a" 1}', {}, "'1' at byte 5 where the value of a was expected"),
        ("hello", {}, "'h' at byte 0 where a list or an object was expected"),
        ("{}", {}, "nothing in it looks like an article"),
    ],
)
def test_what_cannot_be_decided_or_read_stops(data: str, options: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(data, **options)
    assert message in str(caught.value)
    assert caught.value.place == "f"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('{"code":"x","message":"bad"}', "an error message in place of an article: {'code': 'x', 'message': 'bad'}"),
        ("7", "expected a JSON object, found 7"),
        ('"x"', "expected a JSON object, found 'x'"),
        ('{"id" 2}', "not valid JSON ("),
        ('{"id":2,"title":"a" "b"}', "not valid JSON ("),
        ('{"id":2,"title":]', "not valid JSON ("),
        ('{"id":2,"title":' + "[" * 60 + "NaN" + "]" * 60 + "}", "nested more than 50 levels deep"),
        ('{"id":2,"title":' + "[" * 9_000 + "]" * 9_000 + "}", "nested more than 50 levels deep"),
        ('{"id":2,"title":"' + "x" * (16 * 1024**2) + '"}', "it is longer than the limit of 16,777,216 bytes"),
        (b'{"id":2,"title":"caf\xe9"}', "byte 0xe9 is not UTF-8"),
    ],
    ids=range(10),
)
def test_one_bad_item_costs_no_other(value: str | bytes, message: str) -> None:
    raw = value.encode() if isinstance(value, str) else value
    data = b'{"posts":[' + A.encode() + b"," + raw + b"," + C.encode() + b"]}"
    found = read(data)
    assert [fields["id"] for fields in entries(found)] == [1, 3]
    (error,) = errors(found)
    assert error.startswith("f: posts[1]: ")
    assert message in error


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ("NaN", None),
        ("-Infinity", None),
        ("1e400", None),
        (r'"\ud800x"', "\ufffdx"),
        (r'"\ud83d\udea2"', "\U0001f6a2"),
        (r'"a\u0000b"', "a\x00b"),
        ('"a\tb\nc"', "a\tb\nc"),
        ("12345678901234567890", 12345678901234567890),
        ("1.5", 1.5),
        (r'"\"]}\\"', '"]}\\'),
    ],
)
def test_values_as_programs_write_them(value: str, title: object) -> None:
    found = read(f'[{{"id":1,"title":{value}}},{B}]')
    assert entries(found) == [{"id": 1, "title": title}, json.loads(B)]
    assert errors(found) == []


def test_what_was_put_right_is_said() -> None:
    (entry,) = read('[{"id":1,"title":NaN}]')
    assert entry.notes == ("not strict JSON (unexpected character, expected a JSON value): read all the same",)


@pytest.mark.parametrize("id_", [12, "12", 12.0])
def test_an_id_that_is_a_number_is_the_same_as_text(id_: object) -> None:
    assert [record.article.id for record in records(read(json.dumps([{"id": id_, "title": "T"}])))] == ["12"]


@pytest.mark.parametrize(
    ("data", "kept", "cut"),
    [
        (f"[{A},{B[:20]}", [1], "[1]"),
        (f"[{A},{B},", [1, 2], "[1]"),
        (f"[{A},{B}", [1, 2], "[1]"),
        (f'{{"data":{{"posts":[{A},{B[:-1]}', [1], "data.posts[1]"),
        (f'[{{"page":1,"posts":[{A},{B}, {{"id":3,"ti', [1, 2], "[0].posts[2]"),
        (f'[{A},{{"id":2,"title":"B","related":[{{"title":"x","url":"https://a.example/"}}', [1], "[1]"),
        (A[:-3], [], "body"),
    ],
)
def test_a_file_that_is_cut_off_is_read_up_to_there(data: str, kept: list[int], cut: str) -> None:
    found = read(data)
    assert [fields["id"] for fields in entries(found)] == kept
    assert found[-1] == Note(f"the file is cut off within {cut}: what stands before was read", "f", partial=True)
    assert errors(found) == []


def test_other_lists_that_look_like_articles_are_named() -> None:
    found = read(f'{{"featured":[{A}],"posts":[{A},{B},{C}],"users":[{{"id":1,"name":"Ada","url":"/ada"}}]}}')
    assert found[-1] == Note("not read, but also like articles: `featured` (1); --path reads one", "f")


def test_in_a_large_document_the_largest_list_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.sources.json_choice.MAX_HELD", 200)
    found = read(f'{{"a":[{A}],"b":[{",".join([B] * 20)}],"c":[{C}]}}')
    assert [fields["id"] for fields in entries(found)] == [2] * 20
    assert found[-1] == Note("not read, but also like articles: `a` (1), `c` (1); --path reads one", "f")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (f"[{A}]", True),
        (f" [\n [ {A}", True),
        ("[]", True),
        (f'{{"articles":[{A}]}}', True),
        (f'{{"p":1,"posts":[{A}]}}\n{{"p":2,"posts":[{B}]}}\n', True),
        ('{\n  "id": 1,\n  "title": "T"\n}', True),
        ('{"articles":[\n' + ",\n".join([A] * 4) + "\n]}", True),
        ('{"articles":[' + f"{A}," * 4_000, True),
        (A, False),
        (f"{A}\n{B}", False),
        (f"{A}\r\n\r\n{B}\r\n", False),
        (f"{A}\n{{bad\n{B}\n", False),
        ('{"id":1,"title":"T","body":"' + "x" * 100_000, False),
        ("[section]\nkey=1", False),
        ("[[article]]\nid=1", False),
        ("[A link](https://a.example)", False),
        ("{{% figure %}}", False),
        ("id,title\n1,[x]", False),
        ("", False),
        ("\x00\x01", False),
    ],
)
def test_it_is_known_by_how_it_begins(head: str, expected: bool) -> None:
    assert json_documents.fits(source(head)) is expected


class Endless(io.RawIOBase):
    """Bytes that are made as they are read."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = next(self._parts, b"")
        part, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


def peak_of(parts: Iterator[bytes]) -> tuple[int, int]:
    tracemalloc.start()
    try:
        opened = from_stream(io.BufferedReader(Endless(parts)), "f")  # type: ignore[arg-type]
        count = sum(isinstance(item, Entry) for item in json_documents.read(opened, ReadOptions()))
        return count, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_long_list_is_read_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.sources.json_choice.MAX_HELD", 100_000)
    monkeypatch.setattr("recommender.sources.json_walk.MAX_HOLDER", 100_000)
    article = json.dumps({"id": 1, "title": "T", "body": 'He said "no". ' * 300}).encode()
    count, peak = peak_of(iter([b'{"meta":{},"posts":[', *[article + b","] * 1_000, article, b"]}"]))
    assert count == 1_001  # 5 MB
    assert peak < 4e6


def test_a_long_text_is_passed_over_in_little_memory() -> None:
    parts = [b'[{"id":1,"title":"', *[rb"\\\"x" * 1_000] * 4_500, b'"}]']
    count, peak = peak_of(iter(parts))  # 20 MB of backslashes and quotes
    assert count == 0
    assert peak < 60e6


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_where_values_end_does_not_depend_on_how_they_are_read(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.sources.json_scanner.CHUNK", size)
    value = rb'{"a\\":["\"]}",{"b":"\\\\\""},[1.5e3,null]]}'
    scanner = Scanner(io.BytesIO(b"  " + value + b" , 12 "), "f")
    assert scanner.value(1_000) == value
    assert scanner.value(len(value)) == value
    assert scanner.value(len(value) - 1) is None
    scanner.pass_over()
    assert scanner.skip(",") == ","
    assert scanner.value(10) == b"12"
    scanner.pass_over()
    assert scanner.peek() == ""
