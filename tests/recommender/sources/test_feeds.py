"""RSS, Atom and JSON Feed: what is read of them, their odd forms, and what is no feed."""

import io
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles import Record, parse_article
from recommender.errors import ArticleError, SourceError
from recommender.sources import ReadOptions, feeds
from recommender.sources.items import Entry, Item, LeftOut, Note
from recommender.sources.opened import from_stream, opened
from tests.conftest import ROOT

SAMPLES = ROOT.parent / "shared" / "samples"
LONG = "The quay was rebuilt after the flood, and ships came back in spring. " * 30


def read(
    data: bytes | str, *, url: str = "", content_type: str = "", options: ReadOptions = ReadOptions()
) -> list[Item]:
    raw = data.encode() if isinstance(data, str) else data
    source = from_stream(io.BytesIO(raw), "feed.xml", url=url, content_type=content_type)
    return list(feeds.read(source, options))


def fits(data: bytes | str, content_type: str = "") -> bool:
    raw = data.encode() if isinstance(data, str) else data
    return feeds.fits(from_stream(io.BytesIO(raw), "whatever", content_type=content_type))


def records(items: Sequence[Item]) -> list[Record]:
    return [parse_article(item.fields, item.place) for item in items if isinstance(item, Entry)]


def notes(items: Sequence[Item]) -> list[str]:
    return [item.text for item in items if isinstance(item, Note)]


def rss(items: str, channel: str = "") -> str:
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    return f'<?xml version="1.0"?><rss version="2.0" {spaces}><channel>{channel}{items}</channel></rss>'


def atom(entries: str, attributes: str = "") -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {attributes}><title>A paper</title>{entries}</feed>'


def item(title: str = "Quay", more: str = "", link: str = "https://a.example/quay") -> str:
    return f"<item><title>{title}</title><link>{link}</link>{more}</item>"


# --- What is a feed


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (rss(item()), True),
        ("\n\n  " + rss(item()), True),
        ("\ufeff" + rss(item()), True),
        (rss(item()).encode("utf-16"), True),
        (rss(item()).encode("utf-16-le"), True),
        ("<!-- a feed --><!DOCTYPE rss [<!ENTITY a 'b>c'>]>\n<rss version='0.91'><channel/></rss>", True),
        (atom(""), True),
        ('<atom:feed xmlns:atom="http://www.w3.org/2005/Atom"/>', True),
        ('<feed version="0.3" xmlns="http://purl.org/atom/ns#"/>', True),
        ('<rdf:RDF xmlns:rdf="x" xmlns="http://purl.org/rss/1.0/"/>', True),
        ('{"version": "https://jsonfeed.org/version/1.1", "items": []}', True),
        ('{"items": [], "version": "https:\\/\\/jsonfeed.org\\/version\\/1"}', True),
        ('<rdf:RDF xmlns:rdf="x"/>', False),
        ('<feed xmlns="urn:of-animals"/>', False),
        ('<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"><channel/></rss>', False),
        ('<rss version="2.0" xmlns:wp="https://wordpress.org/export/1.0/"><channel/></rss>', False),
        ('<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>', False),
        ("<!DOCTYPE html><html><body>&lt;rss&gt;<p>Not found</p></body></html>", False),
        ('{"version": "1", "items": []}', False),
        ("", False),
        ("rss", False),
        ("<?xml version='1.0'?>", False),
        ("<!-- <rss", False),
        (b"\x00\xff\xfe<rss", False),
    ],
)
def test_what_is_a_feed_is_seen_by_its_first_bytes(data: bytes | str, expected: bool) -> None:
    assert fits(data) is expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("<!DOCTYPE html><html><head><title>502</title></head></html>", "not a feed: it begins with <html>"),
        ("<html><body>Sorry</body></html>", "not a feed: it begins with <html>"),
        ("Service unavailable", "not a feed: it is no XML"),
        ("", "not a feed: it is no XML"),
        ("/etc/passwd", "not a feed: it is no XML"),
        ("{", "not a feed: it cannot be read as JSON"),
        ('{"a": 1}', 'not a feed: it has no list of "items"'),
        ("<rss", "not a feed that can be read: the feed is cut off"),
        ("<rss><channel>", "not a feed that can be read: the feed is cut off"),
        ("<rss><!DOCTYPE a></rss>", "not a feed that can be read: the feed is not well-formed"),
    ],
)
def test_an_error_page_is_no_empty_feed(data: str, message: str) -> None:
    with pytest.raises(SourceError, match="feed.xml: not a feed") as caught:
        read(data, content_type="application/rss+xml")
    assert caught.value.message.startswith(message)


def test_a_feed_of_nothing_says_so() -> None:
    assert notes(read(rss(""))) == ["the feed holds no entry"]


def test_a_feed_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.sources.feeds.reading.MAX_FEED", 1_000)
    assert records(read(rss(item())))
    with pytest.raises(SourceError, match="larger than the limit of 1,000 bytes"):
        read(rss(item() * 20))


def test_a_feed_is_a_window() -> None:
    assert feeds.WINDOW is True


# --- The nasties


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Thu, 14 Mar 2024 09:00:00 GMT", datetime(2024, 3, 14, 9, tzinfo=UTC)),
        ("Thu, 14 Mar 2024 23:30:00 -0500\n  ", datetime(2024, 3, 15, 4, 30, tzinfo=UTC)),
        ("14 Mar 24 09:00 EST", datetime(2024, 3, 14, 14, tzinfo=UTC)),
        ("Mon, 14 Mar 94 09:00:00 GMT", datetime(1994, 3, 14, 9, tzinfo=UTC)),
        ("2024-03-14T09:00:00+02:00", datetime(2024, 3, 14, 7, tzinfo=UTC)),
        ("3 hours ago", None),
        ("Mi, 13 Mrz 2024", None),
        ("Seg, 24 Set 2018", None),
        ("13/03/2024", None),
        ("0000-00-00 00:00:00", None),
    ],
)
def test_dates_are_read_or_none_and_counted(written: str, expected: datetime | None) -> None:
    items = read(rss(item("A", f"<pubDate>{written}</pubDate>") + item("B", link="https://a.example/b")))
    assert records(items)[0].article.published_at == expected
    undated = 1 if expected else 2
    assert f"{undated} of 2 entries have no date that can be read" in notes(items)


def test_a_wrong_charset_of_http_does_not_spoil_the_text() -> None:
    data = rss(item("Набережная", "<description>Восстановлена</description>"))
    declared = data.replace('"1.0"?', '"1.0" encoding="windows-1251"?')
    for charset in ("utf-8", "iso-8859-1", "koi8-r", "nonsense", ""):
        (found,) = records(read(declared.encode("cp1251"), content_type=f"text/xml; charset={charset}"))
        assert (found.article.title, found.article.teasers) == ("Набережная", ("Восстановлена",))
    (undeclared,) = records(read(data.encode("cp1251"), content_type="text/xml; charset=windows-1251"))
    assert undeclared.article.title == "Набережная"
    (plain,) = records(read(data.encode(), content_type="text/xml; charset=iso-8859-1"))
    assert plain.article.title == "Набережная"


def test_a_wrong_declaration_is_said() -> None:
    data = rss(item("Küste")).replace('"1.0"?', '"1.0" encoding="utf-8"?').encode("cp1252")
    items = read(data)
    assert records(items)[0].article.title == "Küste"
    assert "the feed calls itself utf-8 and was read as cp1252" in notes(items)


def test_one_damaged_byte_does_not_change_the_encoding_of_the_rest() -> None:
    data = rss(item("Küste öde über größer Übel ähnlich", "<description>Grün\x00 und ärger</description>"))
    (found,) = records(read(data.encode().replace(b"\x00", b"\xfc")))
    assert found.article.title == "Küste öde über größer Übel ähnlich"


@pytest.mark.parametrize("name", ["punycode", "idna", "unicode_escape", "zlib", "rot13", "utf-7", "undefined"])
def test_an_encoding_that_is_none_is_not_tried(name: str) -> None:
    (found,) = records(read(rss(item()).replace('"1.0"?', f'"1.0" encoding="{name}"?')))
    assert found.article.title == "Quay"


def test_without_a_guid_the_link_is_the_id() -> None:
    (found,) = records(read(rss(item())))
    assert (found.article.id, found.article.url) == ("https://a.example/quay", "https://a.example/quay")


def test_a_guid_that_is_no_permalink_is_no_url() -> None:
    guid = '<guid isPermaLink="false">https://a.example/?p=12</guid>'
    (found,) = records(read(rss(item(more=guid))))
    assert (found.article.id, found.article.url) == ("https://a.example/?p=12", "https://a.example/quay")
    (alone,) = records(read(rss(f"<item><title>Quay</title>{guid}</item>"), url="https://a.example/feed"))
    assert (alone.article.id, alone.article.url) == ("https://a.example/?p=12", None)
    (number,) = records(read(rss('<item><title>A</title><guid isPermaLink="false">12</guid></item>')))
    assert (number.article.id, number.article.url) == ("12", None)


def test_a_permalink_is_a_url() -> None:
    (found,) = records(read(rss("<item><title>A</title><guid>https://a.example/a?utm_source=rss</guid></item>")))
    assert (found.article.id, found.article.url) == ("https://a.example/a", "https://a.example/a?utm_source=rss")


@pytest.mark.parametrize("guid", ["x" * 600, "a\u200bb", "https://a.example/x/related"])
def test_a_guid_that_can_be_no_id_gives_way_to_the_link(guid: str) -> None:
    (found,) = records(read(rss(item(more=f"<guid isPermaLink='false'>{guid}</guid>"))))
    assert found.article.id == "https://a.example/quay"


@pytest.mark.parametrize("newer_first", [False, True])
def test_of_one_guid_twice_the_latest_is_kept(newer_first: bool) -> None:
    def entry(text: str, day: int) -> str:
        updated = f"<updated>2024-03-{day:02}T09:00:00Z</updated>"
        return f"<entry><id>urn:a</id><title>{text}</title>{updated}</entry>"

    both = [entry("Old", 1), entry("New", 2)]
    items = read(atom("".join(reversed(both) if newer_first else both)))
    assert [record.article.title for record in records(items)] == ["New"]
    assert len([each for each in items if isinstance(each, LeftOut)]) == 1


def test_of_one_guid_twice_without_dates_the_last_is_kept() -> None:
    guid = "<guid isPermaLink='false'>1</guid>"
    items = read(rss(item("Old", guid) + item("New", guid)))
    assert [record.article.title for record in records(items)] == ["New"]


@pytest.mark.parametrize("body_first", [False, True])
def test_a_description_is_the_teaser_and_the_encoded_content_the_body(body_first: bool) -> None:
    parts = [
        "<description>A short note.</description>",
        f"<content:encoded><![CDATA[<p>{LONG}</p>]]></content:encoded>",
    ]
    items = read(rss(item(more="".join(reversed(parts) if body_first else parts))))
    article = records(items)[0].article
    assert (article.teasers, article.body) == (("A short note.",), LONG.strip())
    assert not [text for text in notes(items) if "full text" in text]


def test_a_content_without_a_description_has_no_teaser() -> None:
    article = records(read(rss(item(more=f"<content:encoded>{LONG}</content:encoded>"))))[0].article
    assert (article.teasers, article.body) == ((), LONG.strip())


def test_a_content_that_only_repeats_the_summary_is_no_body() -> None:
    parts = "<description>A note.</description><content:encoded>&lt;p&gt;A note.&lt;/p&gt;</content:encoded>"
    items = read(rss(item(more=parts)))
    assert (records(items)[0].article.teasers, records(items)[0].article.body) == (("A note.",), "")
    assert "the feed has no full texts: title and summary only" in notes(items)


def test_long_descriptions_of_a_feed_without_contents_are_its_texts() -> None:
    items = read(rss(item("A", f"<description>{LONG}</description>")))
    assert (records(items)[0].article.teasers, records(items)[0].article.body) == ((), LONG.strip())


def test_relative_links_start_from_xml_base() -> None:
    entry = '<entry xml:base="2024/"><id>urn:a</id><title>A</title><link href="quay.html"/></entry>'
    (found,) = records(read(atom(entry, 'xml:base="https://a.example/news/"'), url="https://b.example/feed"))
    assert found.article.url == "https://a.example/news/2024/quay.html"


def test_relative_links_start_from_the_address_of_the_feed_or_the_site() -> None:
    data = rss(item(link="/quay"))
    assert records(read(data, url="https://a.example/feed.xml"))[0].article.url == "https://a.example/quay"
    options = ReadOptions(site_url="https://b.example")
    assert records(read(data, options=options))[0].article.url == "https://b.example/quay"


def test_markup_that_was_escaped_twice_is_markup() -> None:
    twice = "&amp;lt;p&amp;gt;The quay &amp;amp;amp; the ship.&amp;lt;/p&amp;gt;"
    (found,) = records(read(rss(item(more=f"<description>{twice}</description>"))))
    assert found.article.teasers == ("The quay & the ship.",)


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ('<title type="html">A &amp;amp; B</title>', "A & B"),
        ("<title>A &amp; B</title>", "A & B"),
        ('<title type="html">&lt;em&gt;A&lt;/em&gt; B</title>', "A B"),
        ('<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><b>A</b> &amp; B</div></title>', "A & B"),
        ("<title><![CDATA[A & B]]></title>", "A & B"),
    ],
)
def test_a_title_is_plain_text(written: str, title: str) -> None:
    (found,) = records(read(atom(f"<entry><id>urn:a</id>{written}</entry>")))
    assert found.article.title == title


def test_links_that_differ_in_tracking_are_one_article() -> None:
    first = item("Old", link="https://a.example/quay?utm_source=rss")
    items = read(rss(first + item("New", link="https://a.example/quay?utm_source=rss&amp;utm_medium=feed")))
    assert [(each.article.id, each.article.title) for each in records(items)] == [("https://a.example/quay", "New")]


def test_of_a_feed_that_is_cut_off_the_whole_entries_are_read() -> None:
    data = rss(
        "".join(item(f"N{n}", f"<description>Text {n}.</description>", f"https://a.example/{n}") for n in range(9))
    )
    cut = data.index("Text 6") + 3
    items = read(data[:cut])
    assert [record.article.title for record in records(items)] == [f"N{n}" for n in range(6)]
    assert any("the feed is cut off" in text for text in notes(items))
    errors = [each for each in items if isinstance(each, ArticleError)]
    assert [(each.place, each.message) for each in errors] == [
        ("feed.xml, entry 7", "the feed ends within this entry: it is not read")
    ]


@pytest.mark.parametrize("end", ["</rss>", "</channel></rss>", "</item></channel></rss>"])
def test_a_feed_cut_between_entries_loses_none(end: str) -> None:
    items = read(rss(item()).removesuffix(end)) if end != "</item></channel></rss>" else read(rss(item())[:-1])
    assert [record.article.title for record in records(items)] == ["Quay"]
    assert any("the feed is cut off" in text for text in notes(items))


def test_a_feed_cut_within_a_character_keeps_its_encoding() -> None:
    data = rss(item("Küste") + item("Ü", link="https://a.example/b")).encode()
    items = read(data[: data.rindex(b"\x9c")])
    assert records(items)[0].article.title == "Küste"


# --- Other odd things


def test_items_nested_by_mistake_leave_no_empty_shells() -> None:
    nested = f"<item>{item('A', link='https://a.example/a')}</item><item>{item('B', link='https://a.example/b')}</item>"
    items = read(rss(nested))
    assert [record.article.title for record in records(items)] == ["A", "B"]
    assert [each.kind for each in items if isinstance(each, LeftOut)] == ["an empty entry of a feed"] * 2


def test_entities_of_html_and_bare_ampersands_are_read() -> None:
    data = rss(item("Caf&eacute; &nbsp;AT&T", link="https://a.example/?a=1&b=2"))
    items = read(data)
    assert (records(items)[0].article.title, records(items)[0].article.url) == (
        "Café AT&T",
        "https://a.example/?a=1&b=2",
    )
    assert not [text for text in notes(items) if "well-formed" in text]


def test_control_characters_and_unbound_prefixes_are_read() -> None:
    data = rss(item("A\x0bB", "<foo:bar>1</foo:bar><media:thumbnail url='https://a.example/i.jpg'/>"))
    items = read(data)
    assert (records(items)[0].article.title, records(items)[0].article.image) == ("AB", "https://a.example/i.jpg")
    assert records(items)[0].article.extra["foo_bar"] == "1"


def test_a_wrong_tag_is_mended_and_said() -> None:
    items = read(rss(item("A") + item("B<br>C", link="https://a.example/b")))
    entries = [each for each in items if isinstance(each, Entry)]
    assert [each.fields["title"][:1] for each in entries] == ["A", "B"]
    assert any("not well-formed" in text for text in notes(items))


BOMB = '<!DOCTYPE rss [<!ENTITY a "lollollol">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12)
)


@pytest.mark.parametrize(
    "head",
    [
        BOMB + "]>",
        '<!DOCTYPE rss [<!ENTITY m SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x">',
    ],
)
def test_entities_are_never_expanded(head: str) -> None:
    started = time.process_time()
    (found,) = records(
        read(f'<?xml version="1.0"?>{head}<rss version="2.0"><channel>{item("Quay &m;")}</channel></rss>')
    )
    assert found.article.title == "Quay &m;"
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    "hostile",
    [
        rss("<item>" + "<a>" * 10_000),
        rss("<item>" + "".join(f"<category>{n}</category>" for n in range(100_000)) + "</item>"),
        rss(f"<item><author>{'a' * 3_000_000}</author></item>"),
        rss(f"<item><dc:creator>{'a.' * 1_000_000}</dc:creator></item>"),
        rss(f"<item><keywords>{'a,b,' * 1_000_000}</keywords></item>"),
        rss(f"<item><pubDate>{'1 ' * 1_000_000}</pubDate></item>"),
        rss("<item><title>" + "<![CDATA[" * 300_000),
        rss("<item " + " ".join(f"a{n}='1'" for n in range(100_000)) + "/>"),
        rss("<item><description>" + "<div>" * 300_000),
        "<!DOCTYPE rss [" + "]" * 1_000_000,
        "<!--" * 500_000,
        "<?a" * 500_000,
        rss("<item><title>" + "&" * 1_000_000 + "</title></item>"),
        rss("<item>" * 100_000),
    ],
    ids=lambda data: data[150:180] if isinstance(data, str) else "",
)
def test_hostile_feeds_cost_little(hostile: str) -> None:
    started = time.process_time()
    try:
        read(hostile)
    except SourceError as error:
        assert "feed.xml" in str(error)  # noqa: PT017
    assert time.process_time() - started < 20


def test_other_fields_of_an_entry() -> None:
    more = (
        "<category>Harbour</category><category>Ships</category><dc:creator>A. Writer</dc:creator>"
        '<enclosure url="/quay.jpg" type="image/jpeg" length="1"/><related>12, 15</related><place>Port</place>'
    )
    data = rss(item(more=more), "<language>en-GB</language><link>https://a.example/</link>")
    (found,) = records(read(data))
    article = found.article
    assert (article.tags, article.language, article.image) == (
        ("Harbour", "Ships"),
        "en-gb",
        "https://a.example/quay.jpg",
    )
    assert (article.extra["author"], article.extra["place"], found.related) == ("A. Writer", "Port", ("12", "15"))


def test_the_address_behind_feedburner_is_the_url() -> None:
    data = rss(
        item(
            link="https://feeds.example/~r/1",
            more='<f:origLink xmlns:f="http://rssnamespace.org/feedburner/ext/1.0">https://a.example/quay</f:origLink>',
        )
    )
    (entry,) = (each for each in read(data) if isinstance(each, Entry))
    assert (entry.fields["url"], entry.fields["aliases"]) == ("https://a.example/quay", ["https://feeds.example/~r/1"])


def test_related_links_of_the_same_site_are_a_curated_list() -> None:
    links = "".join(
        f'<link rel="related" href="{url}"/>' for url in ("https://a.example/b", "https://other.example/", "/c")
    )
    entry = f'<entry><id>urn:a</id><title>A</title><link href="https://a.example/a"/>{links}</entry>'
    (found,) = records(read(atom(entry), url="https://a.example/feed"))
    assert found.related == ("https://a.example/b", "https://a.example/c")


def test_an_entry_of_which_only_the_change_is_dated_is_dated_by_it_and_that_is_said() -> None:
    items = read(atom("<entry><id>urn:a</id><title>A</title><updated>2024-03-14T09:00:00Z</updated></entry>"))
    assert records(items)[0].article.published_at == datetime(2024, 3, 14, 9, tzinfo=UTC)
    assert "1 of 1 entries are dated by their last change: they say no other date" in notes(items)


def test_rss_1_keeps_its_items_beside_the_channel() -> None:
    data = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://a.example/"><title>P</title></channel>'
        '<item rdf:about="https://a.example/a"><title>A</title><link>https://a.example/a</link>'
        "<dc:date>2024-03-14T09:00:00Z</dc:date><description>Short.</description></item></rdf:RDF>"
    )
    (found,) = records(read(data))
    assert (found.article.id, found.article.title, found.article.teasers) == ("https://a.example/a", "A", ("Short.",))
    assert found.article.published_at == datetime(2024, 3, 14, 9, tzinfo=UTC)


def test_a_json_feed() -> None:
    entry = {
        "id": "https://a.example/a?utm_source=json",
        "url": "/a",
        "title": "A & B",
        "content_html": f"<p>{LONG}</p>",
        "summary": "Short.",
        "date_published": "2024-03-14T09:00:00-05:00",
        "tags": ["Harbour"],
        "image": "/a.jpg",
        "authors": [{"name": "A. Writer"}],
        "_site": {"kicker": "News"},
    }
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "home_page_url": "https://a.example/",
        "next_url": "/feed?page=2",
        "language": "en",
        "items": [entry, {"id": 7, "content_text": "a < b"}, {}, "x"],
    }
    items = read(json.dumps(feed))
    first, second = records(items)
    assert (first.article.id, first.article.url) == ("https://a.example/a", "https://a.example/a")
    assert (first.article.teasers, first.article.body) == (("Short.",), LONG.strip())
    assert (first.article.tags, first.article.image, first.article.language) == (
        ("Harbour",),
        "https://a.example/a.jpg",
        "en",
    )
    assert first.article.published_at == datetime(2024, 3, 14, 14, tzinfo=UTC)
    assert first.article.extra["_site"] == {"kicker": "News"}
    assert (second.article.id, second.article.body) == ("7", "a < b")
    assert "the feed goes on at https://a.example/feed?page=2, which is not read" in notes(items)
    assert len([each for each in items if isinstance(each, LeftOut)]) == 2


@pytest.mark.parametrize(
    ("name", "count"), [("content-encoded.rss", 7), ("encoding.rss", 40), ("heise.atom", 15), ("iconv.xml", 10)]
)
def test_sample_feeds(name: str, count: int) -> None:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip("the sample files are not beside the project")
    with opened(path) as source:
        assert feeds.fits(source)
        found = records(list(feeds.read(source, ReadOptions())))
    assert len(found) == len({each.article.id for each in found}) == count
    assert all(each.article.published_at and each.article.url and not each.warnings for each in found)


@pytest.mark.parametrize("name", ["theme-unit-test-data.xml", "sitemap-hreflang.xml", "single-post.json"])
def test_sample_files_of_other_formats_are_no_feeds(name: str) -> None:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip("the sample files are not beside the project")
    with opened(path) as source:
        assert not feeds.fits(source)


# --- Any bytes whatever

VALID = [
    rss(item("A", "<guid>x</guid><pubDate>Thu, 14 Mar 2024 09:00:00 GMT</pubDate><category>a</category>")).encode(),
    atom(
        '<entry><id>urn:a</id><title type="html">A</title><link href="b"/><content type="html">c</content></entry>'
    ).encode(),
    b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "url": "b", "tags": ["c"], "title": "d"}]}',
]
BITS = '<item> </item> <![CDATA[ ]]> & &amp; < > " \x00 \xff [ { null 1e999 <!DOCTYPE/> <link/> <image> <source>'
PIECES = st.sampled_from([*BITS.encode().split(b" "), b"<content type='xhtml'>", b"xml:base='http://[/'"])
BLOWS = st.lists(
    st.tuples(st.integers(0, 600), st.integers(0, 8), st.one_of(PIECES, st.binary(max_size=3))), max_size=6
)


def damaged(data: bytes, blows: list[tuple[int, int, bytes]]) -> bytes:
    for position, length, piece in blows:
        data = data[:position] + piece + data[position + length :]
    return data


ANY = st.one_of(st.binary(max_size=300), st.builds(damaged, st.sampled_from(VALID), BLOWS))


def check_any(data: bytes) -> None:
    source = from_stream(io.BytesIO(data), "any", url="https://a.example/feed", content_type="text/xml; charset=x")
    try:
        feeds.fits(source)
        found = list(feeds.read(source, ReadOptions()))
    except SourceError as error:
        assert "any" in str(error)  # noqa: PT017
        return
    assert all(isinstance(each, Entry | LeftOut | Note | ArticleError) for each in found)
    for each in found:
        if isinstance(each, Entry):
            try:
                parse_article(each.fields, each.place)
            except ArticleError as error:
                assert error.place == each.place  # noqa: PT017


@settings(max_examples=200, deadline=None)
@given(data=ANY)
def test_no_bytes_whatever_break_the_reader(data: bytes) -> None:
    check_any(data)


@pytest.mark.slow
@settings(max_examples=20_000, deadline=None)
@given(data=ANY)
def test_no_bytes_whatever_break_the_reader_20_000_times(data: bytes) -> None:
    check_any(data)


def test_a_name_of_a_file_is_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "secret.xml"
    path.write_text(rss(item("Secret")))
    with pytest.raises(SourceError, match="not a feed"):
        read(str(path))
