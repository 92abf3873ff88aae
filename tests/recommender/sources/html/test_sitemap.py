"""Sitemaps: what they name, within limits, whatever they are written in."""

import gzip
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.errors import SourceError
from recommender.sources.html import Location, Sitemap, read_sitemap
from recommender.sources.html.sitemap import MAX_BYTES, MAX_URLS

SAMPLE = Path(__file__).parents[4].parent / "shared" / "samples" / "sitemap-hreflang.xml"
PLACE = "https://gazette.example/sitemap.xml"
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urls(data: bytes, place: str = PLACE) -> list[str]:
    return [each.url for each in read_sitemap(data, place).locations]


def urlset(*entries: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {NS}>{"".join(entries)}</urlset>'.encode()


def entry(path: str, more: str = "") -> str:
    return f"<url><loc>https://gazette.example{path}</loc>{more}</url>"


def test_the_sample_names_four_addresses() -> None:
    if not SAMPLE.exists():
        pytest.skip("the sample files are not here")
    found = read_sitemap(SAMPLE.read_bytes(), "http://www.example.com/sitemap.xml")
    assert [each.url for each in found.locations] == [
        "http://www.example.com/english/page.html",
        "http://www.example.com/deutsch/page.html",
        "http://www.example.com/schweiz-deutsch/page.html",
    ]
    assert [each.url for each in found.children] == ["http://www.example.com/sitemap2.xml.gz"]
    assert [len(each.alternates) for each in (*found.locations, *found.children)] == [3, 3, 3, 2]


def test_pages_with_when_they_changed_and_what_news_says() -> None:
    news = (
        '<news:news xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><news:publication><news:name>Gazette'
        "</news:name></news:publication><news:publication_date>2024-03-14T23:30:00-05:00</news:publication_date>"
        "<news:title>A new quay</news:title></news:news>"
    )
    image = '<i:image xmlns:i="http://www.google.com/schemas/sitemap-image/1.1"><i:loc>https://x.example/a.jpg</i:loc></i:image>'
    data = urlset(entry("/a", f"{image}<lastmod> 2024-03-15 </lastmod>{news}"), entry("/b", "<lastmod>soon</lastmod>"))
    assert read_sitemap(data, PLACE) == Sitemap(
        (
            Location(
                "https://gazette.example/a",
                "2024-03-15",
                title="A new quay",
                published_at="2024-03-14T23:30:00-05:00",
            ),
            Location("https://gazette.example/b"),
        )
    )


@pytest.mark.parametrize(
    "data",
    [
        urlset(entry("/a?x=1&amp;y=2")),
        urlset(entry("/a?x=1&amp;y=2")).replace(NS.encode(), b'xmlns="https://www.google.com/schemas/sitemap/0.84"'),
        urlset(entry("/a?x=1&amp;y=2")).replace(NS.encode(), b""),
        urlset("<url><loc><![CDATA[https://gazette.example/a?x=1&y=2]]></loc></url>"),
        urlset("<url><loc>/a?x=1&amp;y=2</loc></url>"),
        gzip.compress(urlset(entry("/a?x=1&amp;y=2"))),
        b"\xef\xbb\xbfhttps://gazette.example/a?x=1&y=2\r\n\r\n",
        b"  \n" + urlset(entry("/a?x=1&amp;y=2")).replace(b'<?xml version="1.0" encoding="UTF-8"?>', b""),
        urlset(entry("/a?x=1&amp;y=2"), "<url></url>", "<url><loc> </loc></url>"),
    ],
)
def test_however_it_is_written(data: bytes) -> None:
    assert urls(data) == ["https://gazette.example/a?x=1&y=2"]


def test_other_hosts_are_left_out_and_counted() -> None:
    foreign = "<url><loc>http://169.254.169.254/meta</loc></url><url><loc>https://other.example/a</loc></url>"
    found = read_sitemap(urlset(entry("/a"), foreign, "<url><loc>file:///etc/passwd</loc></url>"), PLACE)
    assert [each.url for each in found.locations] == ["https://gazette.example/a"]
    assert found.notes == (
        "2 addresses on other hosts are left out",
        "1 entries are no http(s) addresses and are left out",
    )


def test_a_damaged_one_keeps_what_was_read() -> None:
    whole = urlset(*(entry(f"/{n}") for n in range(100)))
    half = whole[: len(whole) // 2]
    assert len(urls(half)) == half.count(b"</loc>") > 40
    assert urls(urlset(entry("/a"), entry("/b\x0b"), "<x:y>", entry("/c")))[0] == "https://gazette.example/a"
    packed = gzip.compress(whole)
    found = read_sitemap(packed[:-20], PLACE)
    assert 0 < len(found.locations) <= 100
    assert "ends too early" in found.notes[0]


def test_an_entity_bomb_says_nothing() -> None:
    bomb = (
        b'<!DOCTYPE x [<!ENTITY a "/aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/hostname">]>'
    )
    data = bomb + urlset(entry("/&b;"), entry("/&f;"), entry("/c"))[38:]
    assert not any("aaa" in url or len(url) > 30 for url in urls(data))


def test_a_gzip_of_zeros_is_read_no_further_than_the_limit() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1024**2)) for _ in range(60)) + packer.flush()
    with pytest.raises(SourceError, match="it is no sitemap"):
        read_sitemap(bomb, PLACE)
    rest = gzip.compress(urlset(entry("/a")) + b" " * MAX_BYTES)
    assert "larger than 52,428,800 bytes" in read_sitemap(rest, PLACE).notes[0]


def test_more_addresses_than_the_protocol_allows_are_not_read() -> None:
    found = read_sitemap(urlset(*(entry(f"/{n}") for n in range(MAX_URLS + 5))), PLACE)
    assert len(found.locations) == MAX_URLS
    assert found.notes == ("the sitemap names more than 50,000 addresses: the others are not read",)


@pytest.mark.parametrize("data", [b"<html><body>404</body></html>", b"not found", b"<rss></rss>", b"\x1f\x8bxx"])
def test_what_is_no_sitemap_is_refused(data: bytes) -> None:
    with pytest.raises(SourceError):
        read_sitemap(data, PLACE)


VALID = urlset(entry("/a", '<lastmod>2024-03-14</lastmod><link hreflang="de" href="/de"/>'), entry("/b"), entry("/c"))


def damaged(data: bytes, blows: list[tuple[int, bytes]]) -> bytes:
    for position, piece in blows:
        data = data[:position] + piece + data[position + 1 :]
    return data


DAMAGED = st.one_of(
    st.binary(max_size=300),
    st.builds(damaged, st.just(VALID), st.lists(st.tuples(st.integers(0, 300), st.binary(max_size=4)), max_size=6)),
    st.builds(damaged, st.just(gzip.compress(VALID)), st.lists(st.tuples(st.integers(0, 90), st.binary(max_size=2)))),
)


def check(data: bytes) -> None:
    try:
        found = read_sitemap(data, PLACE)
    except SourceError:
        return
    assert all(each.url.startswith(("http://", "https://")) for each in found.locations + found.children)


@settings(max_examples=200, deadline=None)
@given(DAMAGED)
def test_no_bytes_whatever_break_it(data: bytes) -> None:
    check(data)


@pytest.mark.slow
@settings(max_examples=20_000, deadline=None)
@given(DAMAGED)
def test_no_bytes_whatever_break_it_at_length(data: bytes) -> None:
    check(data)
