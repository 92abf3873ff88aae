"""Whatever bytes come in, the readers of WordPress and Ghost give items or a SourceError, in bounded memory."""

import io
import json
import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.articles import parse_article
from recommender.errors import ArticleError, SourceError
from recommender.sources import ghost
from recommender.sources.items import Entry, Item, LeftOut, Note
from recommender.sources.opened import from_stream
from recommender.sources.options import ReadOptions
from recommender.sources.wordpress import rest, wxr
from recommender.sources.wordpress.live import read_live
from tests.recommender.sources.exported import Reader

BOUND = 24 * 1024**2
"""Bytes that reading a document of some kB may take: buffers, and what parsers cost."""
META = (
    "<wp:postmeta><wp:meta_key>related</wp:meta_key><wp:meta_value><![CDATA[a:2:{i:0;i:12;i:1;i:15;}]]></wp:meta_value>"
    "</wp:postmeta>"
)
ITEM = (
    "<item><title>The ship</title><link>https://a.example/12/</link>"
    '<category domain="post_tag"><![CDATA[rope]]></category>'
    '<content:encoded><![CDATA[<p>One &amp; two</p><!-- wp:block {"ref":9} /--> [caption id="x"]A quay[/caption]]]>'
    "</content:encoded><wp:post_id>12</wp:post_id><wp:post_date_gmt>2024-03-14 09:00:00</wp:post_date_gmt>"
    f"<wp:status>publish</wp:status><wp:post_type>post</wp:post_type>{META}</item>"
)
WXR = (
    '<?xml version="1.0" encoding="UTF-8"?><rss xmlns:wp="http://wordpress.org/export/1.2/"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><language>en</language>'
    f"<wp:author><wp:author_login>a</wp:author_login></wp:author>{ITEM * 2}</channel></rss>"
).encode()
POST = {
    "id": 12,
    "date_gmt": "2024-03-14T09:00:00",
    "link": "https://a.example/12/",
    "title": {"rendered": "A &#038; B"},
    "content": {"rendered": "<p>Ropes</p>", "protected": False},
    "excerpt": {"rendered": "Ropes [&hellip;] <a href='#'>More</a>"},
    "tags": [1],
    "acf": {"related": [{"ID": 15}, "16,17"]},
    "_embedded": {"wp:term": [[{"taxonomy": "post_tag", "name": "x"}]], "wp:featuredmedia": [{"source_url": "u"}]},
}
REST = json.dumps([POST, [POST], {"code": "rest_x", "message": "m"}]).encode()
LINES = b"\n".join([json.dumps(POST).encode()] * 3)
LEXICAL = json.dumps({"root": {"children": [{"type": "paragraph", "children": [{"type": "text", "text": "a"}]}]}})
MOBILEDOC = json.dumps(
    {"cards": [["html", {"html": "x"}]], "sections": [[1, "p", [[0, [], 0, "a"]]], [10, 0], [3, "ul", [[]]]]}
)
GHOST = json.dumps(
    {
        "db": [
            {
                "meta": {"exported_on": 1},
                "data": {
                    "posts": [
                        {"id": 1, "title": "T", "slug": "s", "lexical": LEXICAL, "published_at": 1710406800000},
                        {
                            "id": 2,
                            "title": "T",
                            "slug": "s",
                            "mobiledoc": MOBILEDOC,
                            "page": 0,
                            "tags": [{"name": "x"}],
                        },
                        {"id": 3, "title": "T", "slug": "t", "html": '<div class="kg-bookmark-card">x</div>'},
                    ],
                    "tags": [{"id": 1, "name": "x"}],
                    "posts_tags": [{"post_id": 1, "tag_id": 1, "sort_order": 0}],
                    "settings": [{"key": "locale", "value": "fr"}],
                },
            }
        ]
    }
).encode()
MARKUP = (
    b"<item>",
    b"</item>",
    b"<![CDATA[",
    b"]]>",
    b"<!DOCTYPE a>",
    b"<!--",
    b"&a;",
    b"&#0;",
    b"<a>",
    b"\x00",
    b"\xff",
)
JSON = (b'"', b"{", b"}", b"[", b"]", b"null", b"1e999", b"-1", b"9" * 20, b"\\ud800", b"\n", b"a:9:{", b"http://[")
PIECES = st.one_of(st.binary(max_size=4), st.sampled_from([*MARKUP, *JSON]))
BLOWS = st.lists(st.tuples(st.integers(0, 1400), st.integers(0, 12), PIECES), max_size=6)
KINDS: list[tuple[Reader, bytes]] = [(wxr.read, WXR), (rest.read, REST), (rest.read, LINES), (ghost.read, GHOST)]


def damaged(data: bytes, blows: list[tuple[int, int, bytes]]) -> bytes:
    for position, removed, piece in blows:
        data = data[:position] + piece + data[position + removed :]
    return data


def any_document(valid: bytes) -> st.SearchStrategy[bytes]:
    cut = st.builds(lambda blows, end: damaged(valid, blows)[:end], BLOWS, st.integers(0, len(valid)))
    return st.one_of(st.binary(max_size=300), BLOWS.map(lambda blows: damaged(valid, blows)), cut)


def check(reader: Reader, data: bytes) -> None:
    for fits in (wxr.fits, rest.fits, ghost.fits):
        assert fits(from_stream(io.BytesIO(data), "any")) in (True, False)
    for options in (ReadOptions(), ReadOptions(site_url="https://a.example", fields={"title": "title.rendered"})):
        with suppress(SourceError):
            for item in reader(from_stream(io.BytesIO(data), "any"), options):
                check_item(item)


def check_item(item: Item) -> None:
    assert isinstance(item, Entry | LeftOut | Note | ArticleError)
    if isinstance(item, Entry):
        assert item.fields.get("id") or item.fields.get("url")
        with suppress(ArticleError):
            parse_article(item.fields, item.place)


def memory_of(work: Callable[[], None]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("reader", "valid"), KINDS)
def test_the_documents_are_read_when_whole(reader: Reader, valid: bytes) -> None:
    items = list(reader(from_stream(io.BytesIO(valid), "any"), ReadOptions()))
    assert sum(isinstance(item, Entry) for item in items) >= 2


@pytest.mark.parametrize(("reader", "valid"), KINDS)
def test_no_bytes_whatever_break_a_reader(reader: Reader, valid: bytes) -> None:
    fuzz(reader, valid, 200)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("reader", "valid"), KINDS)
def test_no_bytes_whatever_break_a_reader_20000(reader: Reader, valid: bytes) -> None:
    fuzz(reader, valid, 20_000)


def fuzz(reader: Reader, valid: bytes, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=any_document(valid))
    def run(data: bytes) -> None:
        check(reader, data)

    run()


@settings(max_examples=100, deadline=None)
@given(
    data=any_document(REST),
    status=st.sampled_from([200, 400, 500]),
    headers=st.dictionaries(st.text(max_size=5), st.text(max_size=5)),
)
def test_no_answer_whatever_breaks_the_reader_of_sites(data: bytes, status: int, headers: dict[str, str]) -> None:
    options = ReadOptions(post_types=("post", "recipe"), max_pages=3)
    for base in ("https://a.example", "https://a.example/wp-json/"):
        for each in (options, ReadOptions(max_pages=3)):
            with suppress(SourceError):
                for item in read_live(base, lambda _: (status, headers, data), each):
                    check_item(item)


HOSTILE = {
    "cdata": (wxr.read, WXR[:-20] + b"<item>" + b"<![CDATA[" * 300_000),
    "tags": (wxr.read, WXR[:-20] + b"<item>" + b"<a>" * 600_000 + b"</item>"),
    "header": (wxr.read, b"<rss " + b"<wp:author>" * 300_000),
    "comments": (wxr.read, b"<rss>" + b"<!--" * 60_000 + b"<channel "),
    "blocks": (wxr.read, WXR.replace(b"/-->", b"/-->" + b'<!-- wp:block {"ref":9 ' * 100_000, 1)),
    "packed": (wxr.read, WXR.replace(b"a:2:{", b"a:2:{" + b"a:1:{i:0;" * 20_000, 1)),
    "numbers": (wxr.read, WXR.replace(b"a:2:{i:0;i:12;i:1;i:15;}", b"1" + b" " * 300_000 + b"x" + b"1 , " * 50_000)),
    "links": (rest.read, json.dumps(POST | {"excerpt": "<a class='" * 20_000 + "[&hellip;]"}).encode()),
    "arrays": (rest.read, REST[:-1] + b"," + b"[]," * 50_000),
    "depth": (ghost.read, b'{"data":{"posts":[{"id":1,"lexical":' + b'{"root":' * 300_000),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_cost_no_more_than_their_length(name: str) -> None:
    reader, data = HOSTILE[name]
    assert memory_of(lambda: check(reader, data)) < BOUND + 12 * len(data)
