"""Whatever bytes come in, the reader of pages gives items, never another exception, and memory stays bounded."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles import parse_article
from recommender.errors import ArticleError
from recommender.sources.html import Page, read_pages
from recommender.sources.items import Entry, LeftOut, Note
from recommender.sources.options import ReadOptions

VALID = b"""<!doctype html><html lang="en"><head><meta charset="utf-8"><base href="/x/"><title>A quay | Gazette</title>
<link rel="canonical" href="https://gazette.example/quay/"><link rel="alternate" hreflang="de" href="/de/kai/">
<meta property="og:title" content="A quay"><meta http-equiv="refresh" content="900; url=/a/">
<meta name="robots" content="all">
<script type="application/ld+json">{"@graph": [{"@type": ["Article"], "headline": "A quay",
"datePublished": "2024-03-14", "image": [{"url": "/a.jpg"}], "keywords": ["a", "b"]}]}</script></head>
<body><nav><a href="/">Home</a></nav><main><article><header>
<h1>A quay</h1><time datetime="2024-03-14T09:00+01:00">x</time></header><p>The council
voted to rebuild the old quay, which has been closed since the flood.</p>
<ul><li>READ MORE: <a href="/b/">B</a></li></ul><pre>&lt;b></pre>
<table><tr><td>one<td>two</table>
<aside class="related"><ul><li><a href="/lamp/">Lamp</a><li><a href="../c/?d=e#f">C</a></ul>
</aside></article></main><footer>Gazette</footer></body></html>"""
PIECES = st.one_of(
    st.binary(max_size=4),
    st.sampled_from(
        [
            *(
                b"<div>",
                b"</div>",
                b"<p>",
                b"</p>",
                b"<!--",
                b"-->",
                b"<a href='",
                b"<![CDATA[",
                b"\x00",
                b"\xff\xfe",
                b"&#0;",
            ),
            *(
                b"http://[",
                b"//x:y@z:99999/",
                b"\xed\xa0\x80",
                b'","',
                b"{",
                b"[[[[",
                b"<table>",
                b"<svg>",
                b"<template>",
            ),
            *(
                b"<body>",
                b"<html>",
                b"<frameset>",
                b"<plaintext>",
                b"<noscript>",
                b"<h1><a href=//>",
                b"%",
                b"&amp;lt;",
            ),
            *(
                "\ud7ff\ufffe\u202e".encode(),
                b"<select>",
                b"<math><mi>",
                b"<script>",
                b"<title>",
                b"<article><h2><a href=b>",
            ),
        ]
    ),
)
BLOWS = st.lists(st.tuples(st.integers(0, len(VALID)), st.integers(0, 40), PIECES), max_size=8)


def damaged(blows: list[tuple[int, int, bytes]]) -> bytes:
    data = VALID
    for position, length, piece in blows:
        data = data[:position] + piece + data[position + length :]
    return data


BYTES = st.one_of(st.binary(max_size=300), st.builds(damaged, BLOWS), st.lists(PIECES, max_size=40).map(b"".join))
ADDRESSES = st.sampled_from(["", "https://gazette.example/quay/", "http://[::1", "https://x.example/\u00e9?a=%ff"])


def check(first: bytes, second: bytes, url: str, content_type: str) -> None:
    pages = [
        Page("one", "/quay/", url, lambda: first, content_type),
        Page("two", "/lamp/", "", lambda: second),
    ]
    found = list(read_pages(pages, ReadOptions(related_selector=".related a, aside"), "set"))
    assert all(isinstance(each, Entry | LeftOut | Note | ArticleError) for each in found)
    assert [each.place for each in found if not isinstance(each, Note)] == ["one", "two"]
    for each in found:
        if isinstance(each, Entry):
            try:
                parse_article(each.fields, each.place)
            except ArticleError as error:
                assert error.message  # noqa: PT017 - such as an id that is none


CONTENT_TYPES = st.sampled_from(
    ["", "text/html; charset=utf-16", "text/html;charset=shift_jis", "text/html; charset=rot13"]
)


@settings(max_examples=200, deadline=None)
@given(BYTES, BYTES, ADDRESSES, CONTENT_TYPES)
def test_no_page_whatever_breaks_the_reader(first: bytes, second: bytes, url: str, content_type: str) -> None:
    check(first, second, url, content_type)


@pytest.mark.slow
@settings(max_examples=20_000, deadline=None)
@given(BYTES, BYTES, ADDRESSES, CONTENT_TYPES)
def test_no_page_whatever_breaks_the_reader_at_length(first: bytes, second: bytes, url: str, content_type: str) -> None:
    check(first, second, url, content_type)


def test_a_thousand_pages_are_not_held_in_memory() -> None:
    text = "".join(
        f"<p>The council voted for the {{n}}th time to rebuild quay number {n}, closed since the flood.</p>"
        for n in range(300)
    )
    whole = f"<html><head><title>Quay {{n}}</title></head><body><main><h1>Quay {{n}}</h1>{text}</main></body></html>"

    def page(n: int) -> Page:
        return Page(f"{n}", f"/{n}/", "", lambda: whole.replace("{n}", str(n)).encode())

    for _ in read_pages([page(n) for n in range(30)], ReadOptions()):
        pass  # what is loaded once
    tracemalloc.start()
    try:
        count = sum(isinstance(each, Entry) for each in read_pages([page(n) for n in range(200)], ReadOptions()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 200
    assert peak < 3_000_000 + 200 * 5_000  # 200 pages of 27 kB are 5.4 MB
