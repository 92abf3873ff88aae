"""Exports of WordPress: every form that sites write, and every damage that files have."""

import tracemalloc
from collections import Counter
from datetime import UTC, datetime

import pytest

from recommender.errors import SourceError
from recommender.sources.options import ReadOptions
from recommender.sources.wordpress import images, wxr
from tests.recommender.sources.exported import Outcome, outcome, sample, source_of

NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:wp="{wp}" xmlns:excerpt="{wp}excerpt/"'
)
HTTP = "http://wordpress.org/export/1.2/"


def export(
    *items: str, wp: str = HTTP, header: str = "<language>en-GB</language>", end: str = "</channel></rss>"
) -> str:
    return (
        f'<?xml version="1.0"?>\n<rss version="2.0" {NAMESPACES.format(wp=wp)}><channel>{header}\n{"".join(items)}{end}'
    )


def item(body: str = "<![CDATA[<p>Ropes.</p>]]>", number: int = 12, more: str = "", **fields: str) -> str:
    values = {"status": "publish", "post_type": "post", "post_name": "ship", "post_date_gmt": "2024-03-14 09:00:00"}
    plain = "".join(f"<wp:{key}>{value}</wp:{key}>" for key, value in (values | fields).items())
    return (
        f"<item><title>The ship</title><link>https://a.example/{number}/</link><content:encoded>{body}</content:encoded>"
        f"<wp:post_id>{number}</wp:post_id>{plain}{more}</item>\n"
    )


def meta(key: str, value: str) -> str:
    return (
        f"<wp:postmeta><wp:meta_key>{key}</wp:meta_key><wp:meta_value><![CDATA[{value}]]></wp:meta_value></wp:postmeta>"
    )


def read(text: str | bytes, **options: object) -> Outcome:
    data = text if isinstance(text, bytes) else text.encode()
    return outcome(wxr.read(source_of(data, "site.xml"), ReadOptions(**options)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wp",
    [HTTP, "https://wordpress.org/export/1.2/", "http://wordpress.org/export/1.0/", "http://wordpress.org/export/1.1/"],
)
def test_every_version_and_scheme_of_the_namespace_is_read(wp: str) -> None:
    text = export(item(more="<excerpt:encoded>On ropes</excerpt:encoded>"), wp=wp)
    assert wxr.fits(source_of(text.encode()))
    article = read(text).article
    assert (article.id, article.title, article.teasers, article.body) == ("12", "The ship", ("On ropes",), "Ropes.")


def test_another_prefix_for_the_namespace_is_read() -> None:
    text = export(item()).replace("wp:", "w:").replace("xmlns:wp", "xmlns:w")
    assert read(text).article.published_at == datetime(2024, 3, 14, 9, tzinfo=UTC)


def test_prefixes_that_are_not_declared_are_read() -> None:
    article = read(f"<rss><channel>{item()}</channel></rss>").article
    assert (article.id, article.body) == ("12", "Ropes.")


@pytest.mark.parametrize(
    ("utc", "local", "read_as", "notes"),
    [
        ("2024-03-14 09:00:00", "2024-03-14 04:00:00", datetime(2024, 3, 14, 9, tzinfo=UTC), ()),
        ("0000-00-00 00:00:00", "2024-03-14 04:00:00", datetime(2024, 3, 14, 4, tzinfo=UTC), (wxr.LOCAL_DATE,)),
        ("0000-00-00 00:00:00", "0000-00-00 00:00:00", None, ()),
        ("", "", None, ()),
    ],
)
def test_dates(utc: str, local: str, read_as: datetime | None, notes: tuple[str, ...]) -> None:
    found = read(export(item(post_date_gmt=utc, post_date=local)))
    assert found.article.published_at == read_as
    assert found.entries[0].notes == notes


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        ("<![CDATA[a]]]]><![CDATA[>b]]>", "a]]>b"),
        ('<![CDATA[[caption id="x"]<img src="q.png" />A quay[/caption]]]>', "A quay"),
        ('<![CDATA[Before\n\n[gallery ids="1,2"]\n\nAfter]]>', "Before\n\nAfter"),
        ("<![CDATA[[my_box]text[/my_box] of teh [sic] ship]]>", "text of teh [sic] ship"),
        ('<![CDATA[<!-- wp:paragraph {"a":"b"} -->\n<p>Ropes</p>\n<!-- /wp:paragraph -->]]>', "Ropes"),
        ("<![CDATA[One <em>rope</em>\n\nAnother]]>", "One rope\n\nAnother"),
        ("<![CDATA[One\n\nTwo]]>", "One\n\nTwo"),
        ("<![CDATA[a\x0bb]]>", "a b"),
        ("<![CDATA[<item>of a feed</item> and </channel>]]>", "<item>of a feed</item> and </channel>"),
        ("a &eacute; &amp; b & c", "a é & b & c"),
        ("<p>not in <b>CDATA</b></p>", "not in CDATA"),
        ("<![CDATA[one]]> two ]]&gt; &lt;b&gt;three&lt;/b&gt;", "one two ]]> three"),
    ],
)
def test_bodies(body: str, plain: str) -> None:
    assert read(export(item(body))).article.body == plain


def test_what_is_no_published_post_is_left_out_by_kind() -> None:
    kinds = [("page", "publish"), ("attachment", "inherit"), ("revision", "inherit"), ("nav_menu_item", "publish")]
    kinds += [("recipe", "publish"), ("post", "draft"), ("post", "private"), ("post", "future"), ("post", "trash")]
    kinds += [("post", "archived")]
    found = read(export(*(item(post_type=kind, status=status) for kind, status in kinds)))
    assert not found.entries
    assert found.left_out == [
        "a page; --post-type page reads it",
        "an attachment",
        "a revision",
        "a menu item",
        "a post of the type recipe; --post-type recipe reads it",
        "a draft",
        "a private post",
        "a post that is scheduled",
        "a post in the trash",
        "a post with the status archived",
    ]


def test_a_password_keeps_a_post_out() -> None:
    found = read(export(item(post_password="open"), item(number=13, post_password="")))
    assert [entry.fields["id"] for entry in found.entries] == ["13"]
    assert found.left_out == ["a password-protected post"]


def test_other_types_are_read_if_asked_for() -> None:
    found = read(export(item(post_type="recipe"), item(number=13)), post_types=("post", "recipe"))
    assert [entry.fields["id"] for entry in found.entries] == ["12", "13"]


def test_terms_author_language_and_addresses() -> None:
    terms = (
        '<category domain="category" nicename="uncategorized"><![CDATA[Uncategorized]]></category>'
        '<category domain="category" nicename="sea"><![CDATA[Sea &amp; shore]]></category>'
        '<category domain="category" nicename="land"><![CDATA[Land]]></category>'
        '<category domain="post_tag" nicename="rope"><![CDATA[rope]]></category>'
        '<category domain="post_format" nicename="aside"><![CDATA[Aside]]></category>'
        '<guid isPermaLink="false">https://a.example/?p=12</guid><dc:creator>ada</dc:creator>'
    )
    names = "<wp:author_login>ada</wp:author_login><wp:author_display_name>Ada L.</wp:author_display_name>"
    author = f"<wp:author>{names}</wp:author>"
    found = read(export(item(more=terms), header=f"<language>en-GB</language>{author}"))
    article = found.article
    assert (article.section, article.tags, article.language) == ("Sea & shore", ("rope",), "en-gb")
    assert article.url == "https://a.example/12/"
    assert found.fields["author"] == "Ada L."
    assert found.fields["aliases"] == ["ship", "https://a.example/?p=12"]


def test_polylang_says_the_language_of_a_post() -> None:
    term = '<category domain="language" nicename="fr"><![CDATA[Français]]></category>'
    assert read(export(item(more=term))).article.language == "fr"


def test_a_post_without_pretty_link_has_its_guid_as_address() -> None:
    text = item().replace("<link>https://a.example/12/</link>", "<link></link><guid>https://a.example/?p=12</guid>")
    assert read(export(text)).article.url == "https://a.example/?p=12"


@pytest.mark.parametrize(
    ("key", "value", "related"),
    [
        ("_related_posts", "a:2:{i:0;i:12;i:1;i:15;}", ["12", "15"]),
        ("yarpp", "a:2:{i:0;i:12;i:1;i:15;}", ["12", "15"]),
        ("related_articles", 'a:2:{i:0;s:2:"15";i:1;s:2:"12";}', ["15", "12"]),
        ("related", "15, 12", ["15", "12"]),
        ("related_posts", "15", ["15"]),
        ("crp_post_meta", 'a:2:{s:16:"crp_disable_here";i:0;s:14:"manual_related";s:6:"15, 12";}', ["15", "12"]),
        ("crp_relations_to", 'a:1:{i:15;a:1:{s:5:"title";s:3:"Sea";}}', ["15"]),
        ("_msrp_manual_posts", "a:1:{i:0;i:15;}", ["15"]),
        ("related", "https://a.example/15/, https://a.example/16/", ["https://a.example/15/", "https://a.example/16/"]),
        ("_related_posts", "field_5f3a", None),
        ("related", "the-sea, the-land", ["the-sea", "the-land"]),
        ("related", "1", None),
        ("related", "on", None),
        ("related", "", None),
        ("related", "a:0:{}", None),
        ("related", "a:2:{i:0;i:12;", None),
        ("related", "a:1:{i:0;" * 5000, None),
        ("jetpack-related-posts", "a:1:{i:0;i:15;}", None),
        ("unknown", "a:1:{i:0;i:15;}", None),
    ],
)
def test_curated_lists(key: str, value: str, related: list[str] | None) -> None:
    assert read(export(item(more=meta(key, value)))).fields.get("related") == related


def test_a_list_of_a_row_for_each_post() -> None:
    rows = meta("_msrp_manual", "15") + meta("_msrp_manual", "12")
    assert read(export(item(more=rows))).fields["related"] == ["15", "12"]


def test_a_list_under_a_key_of_the_sites_own() -> None:
    found = read(export(item(more=meta("next_reads", "a:1:{i:0;i:15;}"))), curated_key="next_reads")
    assert found.fields["next_reads"] == ["15"]


def test_lists_go_across_the_parts_of_an_export() -> None:
    first = read(export(item(number=12, more=meta("related", "15"))))
    second = read(export(item(number=15)))
    assert first.records[0].related == (second.article.id,)


def test_post_meta_that_the_field_map_names() -> None:
    found = read(export(item(more=meta("story", "Long") + meta("other", "x"))), fields={"body": "meta.story"})
    assert found.fields["meta"] == {"story": "Long"}


@pytest.mark.parametrize("block_first", [True, False])
def test_a_reusable_block_stands_where_it_is_named(block_first: bool) -> None:
    block = item("<![CDATA[<p>Shared words</p>]]>", number=9, post_type="wp_block")
    post = item('<![CDATA[<p>One</p><!-- wp:block {"ref":9} /--><p>Two</p>]]>')
    found = read(export(*((block, post) if block_first else (post, block))))
    assert found.article.body == "One\n\nShared words\n\nTwo"
    assert found.left_out == ["a reusable block"]


def picture(number: int, address: str = "https://a.example/quay.jpg") -> str:
    more = f"<wp:attachment_url>{address}</wp:attachment_url>" if address else "<guid>https://a.example/guid.jpg</guid>"
    return item(number=number, more=more, post_type="attachment", status="inherit")


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("room", [0, 10**6])
def test_a_featured_image_is_an_item_of_its_own(first: bool, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "IN_MEMORY", room)
    posts = [item(number=n, more=meta("_thumbnail_id", str(20 + n)), post_name=f"p{n}") for n in (1, 2, 3)]
    pictures = [picture(21), picture(22, "")]
    found = read(export(*(pictures + posts if first else posts + pictures), item(number=4)))
    assert {entry.fields["id"]: entry.fields.get("image") for entry in found.entries} == {
        "1": "https://a.example/quay.jpg",
        "2": "https://a.example/guid.jpg",
        "3": None,
        "4": None,
    }
    assert not any("_thumbnail_id" in entry.fields for entry in found.entries)
    assert found.left_out == ["an attachment"] * 2


def test_former_names_of_a_post() -> None:
    more = meta("_wp_old_slug", "old-ship") + meta("_wp_old_slug", "older") + meta("_wp_old_slug", "old-ship")
    text = export(item(more=more, post_name="12"))
    assert read(text).fields["aliases"] == [
        *("12", "old-ship", "https://a.example/old-ship/", "older", "https://a.example/older/")
    ]


def test_a_reusable_block_that_is_not_there_is_said() -> None:
    found = read(export(item('<![CDATA[<p>One</p><!-- wp:block {"ref":9} /-->]]>')))
    assert found.article.body == "One"
    assert found.entries[0].notes == ("reusable block 9 is not in the file: its text is missing",)


def test_blocks_in_a_circle_end() -> None:
    blocks = [
        item(f'<![CDATA[w<!-- wp:block {{"ref":{8 + n}}} /-->]]>', number=9 - n, post_type="wp_block") for n in (0, 1)
    ]
    found = read(export(*blocks, item('<![CDATA[<!-- wp:block {"ref":9} /-->]]>')))
    assert 1 <= found.article.body.count("w") <= 6


def test_a_file_that_is_cut_off_gives_what_was_whole() -> None:
    whole = export(item(), item(number=13), item(number=14))
    found = read(whole[: whole.index("<wp:post_id>14")])
    assert [entry.fields["id"] for entry in found.entries] == ["12", "13"]
    assert found.notes[0] == "the file ends in the middle of an item, which is not read: the export is cut off"


def test_a_file_that_ends_between_items_is_said_to_be_cut_off() -> None:
    found = read(export(item(), end=""))
    assert len(found.entries) == 1
    assert found.notes == ["the file ends without </rss>: the export may be cut off"]


def test_one_ill_formed_item_harms_no_other() -> None:
    bad = item(number=13).replace("<title>The ship</title>", "<title>The <br> ship</title>")
    found = read(export(item(), bad, item(number=14)))
    whole = [entry.fields["id"] for entry in found.entries if not entry.notes]
    assert whole == ["12", "14"]
    assert len(found.errors) + sum(bool(entry.notes) for entry in found.entries) == 1


def test_an_item_whose_status_is_lost_is_not_taken_for_published() -> None:
    bad = item("<p>open<br>", status="private")
    found = read(export(bad))
    assert not found.entries
    assert "status cannot be read" in found.errors[0].message


def test_an_item_without_status_is_not_taken_for_published() -> None:
    found = read("<rss><channel><item><title>Of a feed</title><link>https://a.example/</link></item></channel></rss>")
    assert [error.message for error in found.errors] == ["its status cannot be read"]


def test_an_item_without_end_ends_where_the_next_begins() -> None:
    found = read(export(item()[: -len("</item>\n")], item(number=13)))
    assert [entry.fields["id"] for entry in found.entries] == ["12", "13"]


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE rss SYSTEM "file:///etc/passwd">',
        "<!-- <rss > --><!DOCTYPE rss>",
    ],
)
def test_a_document_type_is_refused_at_once(prolog: str) -> None:
    with pytest.raises(SourceError, match="document type"):
        read(prolog + export(item()).removeprefix('<?xml version="1.0"?>'))


def test_a_post_about_entities_is_read() -> None:
    assert (
        "!ENTITY" in read(export(item("<![CDATA[Write &lt;!ENTITY a&gt;, <code><!DOCTYPE x></code>]]>"))).article.body
    )


def test_encodings() -> None:
    text = export(item("<![CDATA[café]]>"))
    declared = text.replace('version="1.0"', 'version="1.0" encoding="windows-1252"')
    for data in (declared.encode("cp1252"), text.encode("utf-16"), text.encode("utf-8-sig")):
        assert wxr.fits(source_of(data))
        assert read(data).article.body == "café"


def test_bytes_that_are_no_utf8_are_counted() -> None:
    found = read(export(item("<![CDATA[caf@]]>")).encode().replace(b"@", b"\xe9"))
    assert found.article.body == "caf\ufffd"
    assert found.notes == ["1 characters are not valid utf-8: they were replaced"]


def test_places_name_the_line() -> None:
    found = read(export(item(), item("<![CDATA[a\nb\nc]]>", number=13), item(number=14)))
    assert [entry.place for entry in found.entries] == ["site.xml:3", "site.xml:4", "site.xml:7"]


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (export(), True),
        ("<rss><channel><generator>https://wordpress.org/?v=6.4</generator></channel></rss>", False),
        ("<!doctype html><html><body>&lt;rss xmlns:wp= <pre><wp:wxr_version></pre>", False),
        ("{}", False),
        ("", False),
    ],
)
def test_what_is_an_export(text: str, fits: bool) -> None:
    assert wxr.fits(source_of(text.encode())) is fits


def test_no_export_is_said() -> None:
    with pytest.raises(SourceError, match="no WordPress export"):
        read("<html></html>")


def test_an_item_that_is_too_long_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.sources.wordpress.wxr_items.MAX_ITEM", 10_000)
    long = item(f"<![CDATA[{'word ' * 200_000}]]>", number=13)
    found = read(export(item(), long, item(number=14)))
    assert [entry.fields["id"] for entry in found.entries] == ["12", "14"]
    assert [error.message for error in found.errors] == ["the item is longer than the limit of 10,000 characters"]


def test_memory_does_not_grow_with_the_file() -> None:
    def peak(count: int) -> int:
        data = export(
            *(item(f"<![CDATA[{'<p>Ropes and sails.</p>' * 100}]]>", number=n) for n in range(count))
        ).encode()
        tracemalloc.start()
        try:
            assert sum(1 for _ in wxr.read(source_of(data), ReadOptions())) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(2_000) < 1.5 * peak(500)


@pytest.mark.parametrize(
    ("name", "posts", "left_out"),
    [
        (
            "theme-unit-test-data.xml",
            55,
            {
                "an attachment": 37,
                "a menu item": 70,
                "a page; --post-type page reads it": 21,
                "a draft": 1,
                "a post that is scheduled": 1,
                "a password-protected post": 1,
            },
        ),
        ("nikola-wordpress_export_example.xml", 4, {"an attachment": 3, "a page; --post-type page reads it": 1}),
    ],
)
def test_samples(name: str, posts: int, left_out: dict[str, int]) -> None:
    """The theme's 56 published posts are 55 and one with a password."""
    found = sample(name, wxr.read)
    dated = [record for record in found.records if record.article.published_at]
    assert (len(found.entries), len(dated), len(found.errors), found.notes) == (posts, posts, 0, [])
    assert Counter(found.left_out) == left_out
