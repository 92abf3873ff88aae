"""Pages of HTML as articles: each nasty of the acceptance table, and what a set of pages says together."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from recommender.articles import parse_article
from recommender.errors import ArticleError, SourceError
from recommender.sources.html import Page, fits, read, read_pages, read_tree
from recommender.sources.items import Entry, Item, LeftOut, Note
from recommender.sources.opened import opened
from recommender.sources.options import ReadOptions
from recommender.sources.tree import tree_of

TEXT = [
    "The council voted on Tuesday to rebuild the old quay, which has been closed to lorries since the last flood.",
    "Engineers found that the piles under its northern half had lost a third of their width to rust and to shipworm.",
    "The work begins in spring and takes eleven months, during which the ferry lands at the fish market instead.",
]
OTHER = [
    "A lamp that had burnt on the breakwater for ninety years was switched off last night, and nobody saw it.",
    "Its keeper retired in 1988; since then a cable from the pump house fed the light and a clock turned it on.",
    "The port authority wants to sell the tower to anyone who promises to keep the stairs open to visitors in summer.",
]


def html(
    title: str = "A new quay", paragraphs: list[str] = TEXT, head: str = "", box: str = "", before: str = ""
) -> str:
    text = "".join(f"<p>{each}</p>" for each in paragraphs)
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title>{head}</head><body>'
        '<nav><a href="/">Home</a> <a href="/news/">News</a></nav>'
        f"<main><article><header><h1>{title}</h1>{before}</header>{text}</article>{box}</main>"
        "<footer><p>All rights reserved, the Gazette.</p></footer></body></html>"
    )


def pages(site: Mapping[str, str | bytes], base: str = "") -> list[Page]:
    found = []
    for path, text in site.items():
        data = text if isinstance(text, bytes) else text.encode()
        found.append(Page(f"public{path}", path, base + path if base else "", lambda data=data: data))
    return found


def items(site: Mapping[str, str | bytes], base: str = "", selector: str = "") -> list[Item]:
    return list(read_pages(pages(site, base), ReadOptions(related_selector=selector), "public"))


def fields(site: Mapping[str, str | bytes], base: str = "", selector: str = "") -> dict[str, dict[str, Any]]:
    """The fields of each entry, by its place without the root."""
    found = [each for each in items(site, base, selector) if isinstance(each, Entry)]
    for each in found:
        parse_article(each.fields, each.place)
    return {each.place.removeprefix("public"): dict(each.fields) for each in found}


def one(text: str | bytes, path: str = "/posts/quay/", base: str = "") -> dict[str, Any]:
    return fields({path: text}, base)[path]


def kinds(found: list[Item]) -> dict[str, str]:
    return {each.place.removeprefix("public"): each.kind for each in found if isinstance(each, LeftOut)}


def notes(found: list[Item]) -> list[str]:
    return [each.text for each in found if isinstance(each, Note)]


def ld(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


# The text


def test_a_page_is_an_article_with_its_path_as_id_and_its_title_once() -> None:
    assert one(html()) == {
        "id": "/posts/quay/",
        "title": "A new quay",
        "language": "en",
        "body": "\n\n".join(TEXT),
    }


def test_a_short_page_has_no_navigation_in_its_body() -> None:
    assert one(html("Harbour plan", ["Short note."]))["body"] == "Short note."


def test_a_page_of_divs_with_a_short_text() -> None:
    page = (
        "<html><title>Harbour plan</title><body><div class=top><a href=/>Home</a> <a href=/n/>News</a></div>"
        "<h1>Harbour plan</h1><div>Short note about the quay.</div><div><a href=/terms>Terms</a></div></body></html>"
    )
    assert one(page)["body"] == "Short note about the quay."


@pytest.mark.parametrize(
    "lead",
    [
        '<p>READ MORE: <a href="/posts/lamp/">The last lamp goes out</a></p>',
        '<p><strong>Related: <a href="/posts/lamp/">The last lamp goes out</a></strong></p>',
        '<ul><li>See also: <a href="/posts/lamp/">The last lamp goes out</a></li></ul>',
        '<div class="x"><p>Lesen Sie auch: <a href="/posts/lamp/">The last lamp goes out</a></p></div>',
        '<p>À lire aussi <a href="/posts/lamp/">The last lamp goes out</a></p>',
    ],
)
def test_a_paragraph_that_leads_to_another_article_is_no_text(lead: str) -> None:
    page = html().replace(f"<p>{TEXT[2]}", f"{lead}<p>{TEXT[2]}")
    assert one(page)["body"] == "\n\n".join(TEXT)


def test_a_sentence_with_a_link_stays() -> None:
    sentence = (
        'Related costs are <a href="/costs/">borne by the port</a>, which will borrow them from the county in June.'
    )
    page = html().replace(f"<p>{TEXT[2]}", f"<p>{sentence}</p><p>{TEXT[2]}")
    assert "Related costs are borne by the port, which" in one(page)["body"]


def test_code_in_a_text_stays_as_it_is_shown() -> None:
    line = "Write &lt;b&gt;quay&lt;/b&gt; for bold letters, as all of the harbour's pages do it."
    found = one(html(paragraphs=[*TEXT, line]))
    article = parse_article(found).article
    assert article.body.endswith("Write <b>quay</b> for bold letters, as all of the harbour's pages do it.")


def test_a_box_of_cards_is_no_text() -> None:
    cards = "".join(
        f'<div><a href="/posts/{n}/"><h3>Card number {n}</h3></a><p>{OTHER[n % 3]}</p></div>' for n in range(5)
    )
    text = "".join(f"<p>{p}</p>" for p in TEXT)
    page = f"<html><title>A new quay</title><body><div><h1>A new quay</h1>{text}</div>"
    assert one(f"{page}<div>{cards}</div></body></html>")["body"] == "\n\n".join(TEXT)


def test_what_a_paywall_leaves_is_kept() -> None:
    wall = '<div class="paywall"><p>Subscribe to read on.</p></div>'
    page = html(box=wall, head=ld({"@type": "NewsArticle", "headline": "A new quay", "isAccessibleForFree": False}))
    body = one(page)["body"]
    assert body.startswith(TEXT[0])
    assert TEXT[2] in body


# What it says of itself

DATES = {
    "@graph": ld(
        {"@graph": [{"@type": "WebSite"}, {"@type": "BlogPosting", "datePublished": "2024-03-14T23:30:00-05:00"}]}
    ),
    "a list of types": ld({"@type": ["Article", "NewsArticle"], "datePublished": "2024-03-14T23:30:00-05:00"}),
    "two blocks": ld({"@type": "Organization"})
    + ld([{"@type": "Article", "datePublished": "2024-03-14T23:30:00-05:00"}]),
    "CDATA": '<script type="application/ld+json">//<![CDATA[\n{"@type":"Article",'
    '"datePublished":"2024-03-14T23:30:00-05:00"}\n//]]></script>',
    "CDATA in comments": '<script type="application/ld+json">/*<![CDATA[*/{"@type":"Article",'
    '"datePublished":"2024-03-14T23:30:00-05:00"}/*]]>*/</script>',
    "a comment": '<script type="application/ld+json"><!-- {"@type":"Article",'
    '"datePublished":"2024-03-14T23:30:00-05:00"} --></script>',
    "a trailing comma": '<script type="application/ld+json">{"@type":"Article","keywords":["a, }",],'
    '"datePublished":"2024-03-14T23:30:00-05:00",}</script>',
    "a line break in a text": '<script type="application/ld+json">{"@type":"Article","description":"One\ntwo",'
    '"datePublished":"2024-03-14T23:30:00-05:00"}</script>',
    "a block that is no JSON before": '<script type="application/ld+json">{oh no</script>'
    + ld({"@type": "Article", "datePublished": "2024-03-14T23:30:00-05:00"}),
    "a main entity": ld(
        {"@type": "WebPage", "mainEntity": {"@type": "Article", "datePublished": "2024-03-14T23:30:00-05:00"}}
    ),
    "a type with its address": ld(
        {"@type": "https://schema.org/Article", "datePublished": "2024-03-14T23:30:00-05:00"}
    ),
    "a meta element": '<meta property="article:published_time" content="2024-03-14T23:30:00-05:00">',
    "JSON-LD without a date": ld({"@type": "Article", "datePublished": "soon"})
    + '<meta property="article:published_time" content="2024-03-14T23:30:00-05:00">',
}


@pytest.mark.parametrize("head", DATES.values(), ids=DATES.keys())
def test_the_date_keeps_its_hour_and_offset(head: str) -> None:
    found = one(html(head=head))
    assert found["published_at"] == "2024-03-14T23:30:00-05:00"
    moment = parse_article(found).article.published_at
    assert moment is not None
    assert moment.isoformat() == "2024-03-15T04:30:00+00:00"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ('<time datetime="2024-03-14T09:00:00+01:00">14 March</time>', "2024-03-14T09:00:00+01:00"),
        (
            '<time class="updated" datetime="2024-05-01">1 May</time><time datetime="2024-03-14">14 March</time>',
            "2024-03-14",
        ),
        ('<span itemprop="datePublished" content="2024-03-14">x</span>', "2024-03-14"),
        ('<span class="date">3 hours ago</span>', None),
        ('<time datetime="3 hours ago">3 hours ago</time>', None),
    ],
)
def test_a_time_above_the_text(before: str, expected: str | None) -> None:
    assert one(html(before=before)).get("published_at") == expected


def test_no_date_is_invented() -> None:
    text = [
        *TEXT,
        'On <time datetime="2011-05-03">3 May 2011</time> the quay burnt. (c) 2024 the Gazette and its friends.',
    ]
    assert "published_at" not in one(html(paragraphs=text))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/2024/03/14/quay/", "2024-03-14"),
        ("/news/2024/3/4/quay.html", "2024-03-04"),
        ("/2024-03-14-quay/", "2024-03-14"),
        ("/2024/13/45/quay/", None),
        ("/2024/03/quay/", None),
        ("/item/20240314/", None),
    ],
)
def test_a_day_in_the_path(path: str, expected: str | None) -> None:
    assert one(html(), path).get("published_at") == expected


def test_all_that_json_ld_says() -> None:
    node = {
        "@type": "NewsArticle",
        "headline": "A new quay",
        "description": "It rusts &amp; leaks.",
        "articleSection": ["Harbour", "News"],
        "keywords": "quay, ferry , rust",
        "image": [{"@type": "ImageObject", "url": "/img/quay.jpg"}],
        "inLanguage": "en-GB",
    }
    found = one(html(head=ld(node)), "/quay/", "https://gazette.example")
    assert found["teaser"] == "It rusts & leaks."
    assert found["section"] == "Harbour"
    assert found["tags"] == ["quay", "ferry", "rust"]
    assert found["image"] == "https://gazette.example/img/quay.jpg"
    assert found["language"] == "en"
    assert found["url"] == "https://gazette.example/quay/"
    assert "id" not in found


def test_all_that_meta_elements_say() -> None:
    head = (
        '<meta property="og:title" content="A new quay | The Gazette">'
        '<meta property="og:site_name" content="The Gazette">'
        '<meta property="og:description" content="It rusts."><meta property="article:section" content="Harbour">'
        '<meta property="article:tag" content="quay"><meta property="article:tag" content="ferry">'
        '<meta property="og:image" content="https://gazette.example/q.jpg">'
    )
    found = one(html("A new quay and more", head=head))
    wanted = {"title": "A new quay", "teaser": "It rusts.", "section": "Harbour", "tags": ["quay", "ferry"]}
    assert {key: found[key] for key in wanted} == wanted
    assert found["image"] == "https://gazette.example/q.jpg"


def test_the_name_of_the_site_is_no_part_of_titles() -> None:
    site = {
        f"/{n}/": html(paragraphs=[f"{n} {each}" for each in TEXT]).replace("<h1>A new quay</h1>", "") for n in range(4)
    }
    site = {
        path: page.replace("<title>A new quay", f"<title>Quay {path[1]} – The Gazette") for path, page in site.items()
    }
    assert [each["title"] for each in fields(site).values()] == ["Quay 0", "Quay 1", "Quay 2", "Quay 3"]


def test_a_description_of_the_whole_site_is_no_teaser() -> None:
    head = '<meta name="description" content="News from the harbour.">'
    site = {f"/{n}/": html(f"Title {n}", [f"{n} {each}" for each in TEXT], head) for n in range(4)}
    assert not any("teaser" in each for each in fields(site).values())


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("utf-16-le", ""),
        ("cp1252", ""),
        ("cp1252", "text/html; charset=ISO-8859-1"),
        ("cp850", "text/html; charset=cp850"),
        ("cp1252", "text/html; charset=no-such"),
        ("utf-8", "text/html; charset=iso-8859-1"),
    ],
)
def test_any_encoding(encoding: str, content_type: str) -> None:
    data = html("Quay é").encode(encoding)
    (entry,) = read_pages([Page("p", "/p/", "", lambda: data, content_type)], ReadOptions())
    assert isinstance(entry, Entry)
    assert entry.fields["title"] == "Quay é"


def test_an_encoding_that_the_page_declares() -> None:
    russian = html("Новый причал", ["Совет решил перестроить старый причал в гавани, закрытый со дня наводнения." * 3])
    page = russian.replace("<head>", '<head><meta http-equiv="Content-Type" content="text/html; charset=windows-1251">')
    (entry,) = read_pages(
        [Page("p", "/p/", "", lambda: page.encode("cp1251"), "text/html; charset=utf-8")], ReadOptions()
    )
    assert isinstance(entry, Entry)
    assert entry.fields["title"] == "Новый причал"


# What is left out

LIST = "".join(
    f'<article><h2><a href="/posts/{n}/">Post {n}</a></h2><p>{OTHER[n % 3]}</p></article>' for n in range(10)
)
LEFT_OUT = {
    "ten cards": (
        f"<html><head><title>Harbour</title></head><body><main><h1>Harbour</h1>{LIST}</main></body></html>",
        "list",
    ),
    "a tag with one post": (
        '<html><head><title>rust</title><meta property="og:type" content="website"></head><body><main><h1>rust</h1><ul>'
        '<li><a href="/posts/quay/">A new quay for the harbour</a></li></ul></main></body></html>',
        "list",
    ),
    "ten posts in full": (
        "<html><head><title>Gazette</title></head><body class='home blog'><main>"
        + "".join(
            f'<article><h2><a href="/p/{n}/">Post {n}</a></h2>{"".join(f"<p>{p}</p>" for p in TEXT)}</article>'
            for n in range(10)
        )
        + "</main></body></html>",
        "list",
    ),
    "noindex": (html(head='<meta name="robots" content="NOINDEX, follow">'), "noindex"),
    "not found": (html("Page not found", ["Sorry, we looked everywhere."]), "error"),
    "404": (html("404 | The Gazette", ["Nothing here."]), "error"),
    "a redirect": (
        '<!DOCTYPE html><html><head><title>x</title><meta http-equiv="refresh" content="0; url=/posts/new/">'
        "</head></html>",
        "redirect",
    ),
}


@pytest.mark.parametrize(("page", "kind"), LEFT_OUT.values(), ids=LEFT_OUT.keys())
def test_what_is_no_article_is_left_out(page: str, kind: str) -> None:
    ((place, told),) = kinds(items({"/tags/rust/": page})).items()
    assert place == "/tags/rust/"
    assert kind in told


RECENT = "".join(
    f'<article class="card"><h3><a href="/posts/{n}/">Post {n}</a></h3><p>{OTHER[0]}</p></article>' for n in range(6)
)
NO_LISTS = {
    "a box of cards below": html(box=f"<section><h2>More</h2>{RECENT}</section>"),
    "a short one that says so": html(paragraphs=["Short."], head=ld({"@type": "Article"}), box=RECENT),
    "its heading is a link to itself": html().replace(
        "<h1>A new quay</h1>", '<h1><a href="/tags/x/">A new quay</a></h1>'
    ),
    "its sections are linked": html(
        paragraphs=[f'{each}</p><h2><a href="#s{n}">Section {n}</a></h2><p>{OTHER[n]}' for n, each in enumerate(TEXT)]
    ),
    "text without paragraphs": "<html><title>T</title><body><table><tr><td>"
    + "<br><br>".join(TEXT * 3)
    + f"</td><td>{RECENT}</table>",
    "a title that tells of something lost": html("Sailor not found after storm", ["They looked for him for days."]),
    "a page that reloads itself": html(head='<meta http-equiv="refresh" content="900">'),
    "a page without scripts": html(paragraphs=["Short."]).replace(
        "</head>", '<noscript><meta http-equiv="refresh" content="0;url=/noscript"></noscript></head>'
    ),
}


@pytest.mark.parametrize("page", NO_LISTS.values(), ids=NO_LISTS.keys())
def test_an_article_is_not_left_out(page: str) -> None:
    assert kinds(items({"/posts/x/": page.replace("/tags/x/", "/posts/x/")})) == {}


def test_one_error_page_at_forty_addresses_is_none_of_them() -> None:
    error = html("The Gazette", ["We could not find what you were looking for, sorry."])
    site = {f"/gone/{n}/": error for n in range(40)} | {"/posts/quay/": html()}
    found = items(site)
    assert len(kinds(found)) == 40
    assert list(fields(site)) == ["/posts/quay/"]


def test_a_canonical_address_makes_two_pages_one_article() -> None:
    link = '<link rel="canonical" href="https://gazette.example/posts/quay/">'
    site = {"/posts/quay/": html(head=link), "/print/quay/": html(head=link)}
    assert kinds(items(site)) == {"/print/quay/": "a copy of a page that is read (its canonical address)"}
    found = fields(site)["/posts/quay/"]
    assert (found["id"], found["url"]) == ("/posts/quay/", "https://gazette.example/posts/quay/")
    assert found["aliases"] == ["/print/quay/"]


def test_a_canonical_address_out_of_the_set_is_said() -> None:
    found = one(html(head='<link rel="canonical" href="https://first.example/a/">'), "/q/", "https://gazette.example")
    assert (found["url"], found["canonical_url"]) == ("https://gazette.example/q/", "https://first.example/a/")


def test_canonical_addresses_in_a_circle_leave_one_article() -> None:
    site = {
        "/a/": html(head='<link rel="canonical" href="/b/">'),
        "/b/": html("The last lamp", OTHER, '<link rel="canonical" href="/a/">'),
    }
    assert list(fields(site)) == ["/a/"]


def test_one_canonical_address_of_all_pages_is_a_fault_and_not_heeded() -> None:
    link = '<link rel="canonical" href="/">'
    site = {f"/posts/{n}/": html(f"Quay {n}", [f"{n} {each}" for each in TEXT], link) for n in range(6)}
    found = items({"/": html("The Gazette", OTHER), **site})
    assert kinds(found) == {}
    assert notes(found) == ["many pages name / as their canonical address, which cannot be: it is not heeded"]


def test_a_redirect_is_an_alias_of_where_it_leads() -> None:
    stub = '<html><head><meta http-equiv="refresh" content="0; url=https://gazette.example/posts/quay/"></head></html>'
    link = '<link rel="canonical" href="https://gazette.example/posts/quay/">'
    found = fields({"/old/quay/": stub, "/posts/quay/": html(head=link)})
    assert found["/posts/quay/"]["aliases"] == ["/old/quay/"]
    assert list(found) == ["/posts/quay/"]


@pytest.mark.parametrize(
    ("alternates", "original"),
    [
        ([("en", "/quay/"), ("de", "/de/kai/"), ("x-default", "/de/kai/")], "/de/kai/"),
        ([("en", "/quay/"), ("de", "/de/kai/")], "/quay/"),
        ([("x-default", "/"), ("de", "/de/kai/"), ("en", "/quay/")], "/de/kai/"),
    ],
)
def test_a_translation_names_its_original(alternates: list[tuple[str, str]], original: str) -> None:
    head = "".join(f'<link rel="alternate" hreflang="{lang}" href="{href}">' for lang, href in alternates)
    found = fields({"/quay/": html(head=head), "/de/kai/": html("Ein neuer Kai", OTHER, head)})
    other = {"/quay/": "/de/kai/", "/de/kai/": "/quay/"}[original]
    assert found[other]["translation_of"] == original
    assert "translation_of" not in found[original]


def test_translations_that_name_only_each_other_have_one_original() -> None:
    def alternate(href: str) -> str:
        return f'<link rel="alternate" hreflang="x" href="{href}">'

    found = fields({"/de/kai/": html(head=alternate("/quay/")), "/quay/": html("Kai", OTHER, alternate("/de/kai/"))})
    assert [each.get("translation_of") for each in found.values()] == [None, "/de/kai/"]


# Related boxes


def related(*hrefs: str, name: str = "related") -> str:
    links = "".join(f'<li><a href="{href}"><img src="x.jpg"></a><a href="{href}">To {href}</a></li>' for href in hrefs)
    return f'<aside class="{name}"><h2>Related</h2><ul>{links}</ul></aside>'


def site_of(boxes: Mapping[str, str]) -> dict[str, str]:
    return {
        f"/posts/{name}/": html(f"Title {name}", [f"{name} {p}" for p in TEXT], box=box) for name, box in boxes.items()
    }


@pytest.mark.parametrize("selector", [".related", ".related a", "aside.related li", "main > aside:has(ul) a[href]"])
def test_the_related_box_is_the_curated_list(selector: str) -> None:
    site = site_of(
        {"a": related("/posts/c/", "../b/", "#top", "mailto:x@y.example", "/posts/c/#end"), "b": "", "c": ""}
    )
    found = fields(site, selector=selector)
    assert found["/posts/a/"]["related"] == ["/posts/c/", "/posts/b/"]
    assert "related" not in found["/posts/b/"]
    assert "To /posts/c/" not in found["/posts/a/"]["body"]


def test_titles_of_the_box_do_not_leak_into_the_text() -> None:
    box = "<div class=more><p>Also today:</p><p><a href='/posts/b/'>The lamp on the breakwater is out</a></p></div>"
    page = html("Title a").replace(f"<p>{TEXT[1]}", f"{box}<p>{TEXT[1]}")
    for selector in (".more", ".more a"):
        found = fields({"/posts/a/": page, **site_of({"b": ""})}, selector=selector)["/posts/a/"]
        assert found["related"] == ["/posts/b/"]
        assert found["body"] == "\n\n".join(TEXT)


@pytest.mark.parametrize("selector", ["a[[", "", ">", ".x:no-such", "div {"])
def test_a_selector_that_is_none_is_said_before_any_page(selector: str) -> None:
    def load() -> bytes:
        raise AssertionError("no page is loaded")

    if selector:
        with pytest.raises(SourceError, match="is no CSS selector"):
            read_pages([Page("p", "/p/", "", load)], ReadOptions(related_selector=selector))


def test_links_are_resolved_against_the_base_of_the_page() -> None:
    page = html("A", box=related("b/", "/posts/b/"), head='<base href="/posts/">')
    assert fields({"/x/": page, **site_of({"b": ""})}, selector=".related")["/x/"]["related"] == ["/posts/b/"]


def test_links_out_of_the_set_and_to_the_page_itself_are_kept_and_counted() -> None:
    found = items(
        site_of({"a": related("/posts/a/", "https://other.example/x", "/gone/"), "b": ""}), selector=".related"
    )
    (entry,) = [each for each in found if isinstance(each, Entry) and each.place == "public/posts/a/"]
    assert entry.fields["related"] == ["/posts/a/", "https://other.example/x", "/gone/"]
    assert parse_article(entry.fields).related == ("https://other.example/x", "/gone/")
    assert notes(found) == [
        "1 links of related boxes lead to their own page",
        "2 links of related boxes lead to pages that are not among those read",
    ]


def test_lists_name_urls_where_pages_have_them() -> None:
    site = site_of({"a": related("/posts/b/?utm_source=box", "/posts/c"), "b": "", "c": ""})
    found = fields(site, "https://gazette.example", ".related")
    assert found["/posts/a/"]["related"] == ["https://gazette.example/posts/b/", "https://gazette.example/posts/c/"]


def test_links_to_copies_and_redirects_name_the_article() -> None:
    site = site_of({"a": related("/old/", "/print/c/"), "b": "", "c": ""})
    site["/old/"] = '<meta http-equiv="refresh" content="0;url=/posts/b/">'
    site["/print/c/"] = html("Title c", TEXT, '<link rel="canonical" href="/posts/c/">')
    assert fields(site, selector=".related")["/posts/a/"]["related"] == ["/posts/b/", "/posts/c/"]


def test_absolute_links_of_a_built_site_lead_to_its_paths() -> None:
    site = {
        path: page.replace("</head>", f'<link rel="canonical" href="https://gazette.example{path}"></head>')
        for path, page in site_of({"a": related("https://gazette.example/posts/b/"), "b": ""}).items()
    }
    assert fields(site, selector=".related")["/posts/a/"]["related"] == ["/posts/b/"]


def test_a_selector_that_matches_nothing_is_noted() -> None:
    assert notes(items(site_of({"a": "", "b": ""}), selector=".related")) == [
        "--related-selector '.related' matches on 0 of 2 article pages: the box may be filled by script"
    ]


def test_a_box_without_links_is_noted() -> None:
    site = site_of({"a": '<div class="related"></div>', "b": '<div class="related"></div>'})
    assert notes(items(site, selector=".related")) == [
        "--related-selector '.related' matches on 2 of 2 article pages, on none with a link: "
        "the box may be filled by script"
    ]
    assert not any("related" in each for each in fields(site, selector=".related").values())


def test_what_is_most_read_is_not_curated() -> None:
    most = related("/posts/n0/", "/posts/n1/", "/posts/n2/", name="related most-read")
    boxes = {f"n{n}": related(f"/posts/n{(n + 1) % 10}/", f"/posts/n{(n + 2) % 10}/") + most for n in range(10)}
    for selector in (".related", ".related a"):
        found = fields(site_of(boxes), selector=selector)
        assert found["/posts/n5/"]["related"] == ["/posts/n6/", "/posts/n7/"]
        (note,) = notes(items(site_of(boxes), selector=selector))
        assert "one same list stands on more than 20 % of the pages that have one (10 times)" in note


# Folders and files


def test_a_folder_of_pages(tmp_path: Path) -> None:
    files = {
        "index.html": LEFT_OUT["ten cards"][0],
        "posts/a/index.html": html(),
        "b.htm": html("B", OTHER),
        "c.css": "p{}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    tree = tree_of(tmp_path, "public")
    found = list(read_tree(tree, ReadOptions()))
    assert [(each.place, each.fields["id"]) for each in found if isinstance(each, Entry)] == [
        ("public/b.htm", "/b.htm"),
        ("public/posts/a/index.html", "/posts/a/"),
    ]
    assert kinds(found) == {"/index.html": "a page that is a list of others"}
    urls = [
        each.fields["url"]
        for each in read_tree(tree, ReadOptions(site_url="https://g.example/blog/"))
        if isinstance(each, Entry)
    ]
    assert urls == ["https://g.example/blog/b.htm", "https://g.example/blog/posts/a/"]


def test_a_page_that_cannot_be_read_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    for name in ("a.html", "b.html", "c.html"):
        (tmp_path / name).write_text(html(name))
    tree = tree_of(tmp_path, "public")
    (tmp_path / "b.html").unlink()
    (tmp_path / "c.html").write_text(" ")
    entry, *errors = read_tree(tree, ReadOptions())
    assert isinstance(entry, Entry)
    assert [str(each) for each in errors] == [
        "public/b.html: the page cannot be read (No such file or directory)",
        "public/c.html: the page is empty",
    ]


def test_saved_pages_are_what_they_say_they_are(tmp_path: Path) -> None:
    for name, path in (("x1.html", "quay"), ("x2.html", "lamp"), ("x3.html", "quay")):
        box = related("https://gazette.example/lamp?utm_source=a")
        page = html(
            path,
            OTHER if path == "lamp" else TEXT,
            f'<link rel="canonical" href="https://gazette.example/{path}">',
            box,
        )
        (tmp_path / name).write_text(page)
    found = list(read_tree(tree_of(tmp_path, "saved"), ReadOptions(related_selector=".related a")))
    entries = [each.fields for each in found if isinstance(each, Entry)]
    assert [each["url"] for each in entries] == ["https://gazette.example/quay", "https://gazette.example/lamp"]
    assert entries[0]["related"] == ["https://gazette.example/lamp"]
    assert len(kinds(found)) == 1


def test_a_single_page(tmp_path: Path) -> None:
    path = tmp_path / "quay.html"
    path.write_text(html(head='<link rel="canonical" href="https://gazette.example/quay">'))
    with opened(path) as source:
        assert fits(source)
        (entry,) = read(source, ReadOptions())
    assert isinstance(entry, Entry)
    assert entry.place == str(path)
    assert entry.fields["url"] == "https://gazette.example/quay"
    assert entry.fields["body"] == "\n\n".join(TEXT)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.txt", b"<!DOCTYPE html><p>x", True),
        ("a.txt", b"\xef\xbb\xbf\n<!-- x --><HTML lang=en>", True),
        (
            "a.txt",
            b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C"><html xmlns="http://www.w3.org/1999/xhtml">',
            True,
        ),
        ("a.txt", "<!doctype html><p>x".encode("utf-16"), True),
        ("a.html", b"<article><p>x", True),
        ("a.txt", b"<article><p>x", False),
        ("a.html", b'<?xml version="1.0"?><rss version="2.0">', False),
        ("a.html", b'{"html": "<html>"}', False),
        ("a.html", b"---\ntitle: x\n---\n<p>x", False),
        ("a.html", b"", False),
    ],
)
def test_what_is_a_page(tmp_path: Path, name: str, data: bytes, expected: bool) -> None:
    (tmp_path / name).write_bytes(data)
    with opened(tmp_path / name) as source:
        assert fits(source) is expected


@pytest.mark.parametrize(
    "bomb",
    [
        "<div>" * 200_000,
        "<b>" * 200_000,
        "<p>" + "".join(f"<font size={n}>" for n in range(1400)) + "</p><p>x" * 50_000,
    ],
)
def test_a_page_that_is_nested_too_deeply_is_refused_at_once(bomb: str) -> None:
    (error,) = items({"/p/": f"<html>{bomb}"})
    assert isinstance(error, ArticleError)
    assert "the page" in error.message
