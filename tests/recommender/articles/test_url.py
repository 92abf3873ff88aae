"""Addresses: what is one address, what may be one, what is none, and how a relative one becomes absolute."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles import (
    MAX_URL,
    absolute_url,
    http_url,
    loose_url_key,
    parse_article,
    url_key,
    url_key_or_none,
)
from recommender.articles.url import has_credentials
from recommender.errors import ArticleError


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://news.example/a/b", "https://news.example/a/b"),
        ("http://NEWS.example/a/b/", "https://news.example/a/b"),
        ("  HTTPS://user:secret@news.example:443/a#top ", "https://news.example/a"),
        ("http://news.example:80/", "https://news.example"),
        ("http://news.example:8080/a", "https://news.example:8080/a"),
        ("https://news.example/a?b=2&a=1&utm_source=x&fbclid=y", "https://news.example/a?a=1&b=2"),
        ("https://news.example/a?utmost=1", "https://news.example/a?utmost=1"),
        ("https://news.example/a?empty", "https://news.example/a?empty="),
        ("https://news.example/a?&&", "https://news.example/a"),
        ("https://news.example/caf%C3%A9", "https://news.example/caf%C3%A9"),
        ("https://news.example/café", "https://news.example/caf%C3%A9"),
        ("https://news.example/%7Eme", "https://news.example/~me"),
        ("https://news.example/100%25", "https://news.example/100%25"),
        ("https://news.example/Case", "https://news.example/Case"),
        ("http://[2001:DB8::1]:8000/x", "https://[2001:db8::1]:8000/x"),
    ],
)
def test_the_form_under_which_addresses_compare_equal(url: str, key: str) -> None:
    assert url_key(url) == key
    assert url_key(key) == key


EQUAL = [
    ["https://news.example/a", "http://news.example/a", "https://news.example/a/", "https://news.example/a#c"],
    [
        "https://news.example/a",
        "https://www.news.example/a",
        "https://WWW.News.Example./a",
        "https://news.example.:443/a",
    ],
    ["https://news.example", "https://news.example/", "https://news.example//", "https://news.example/index.html"],
    ["https://news.example/a", "https://news.example/a/index.php", "https://news.example/a/Default.aspx"],
    ["https://news.example/a", "https://news.example/a/index.htm", "https://news.example/a/index.shtml#top"],
    ["https://news.example?p=7", "https://news.example/?p=7", "https://news.example/index.php?p=7"],
    [
        "https://news.example/a/b",
        "https://news.example//a//b",
        "https://news.example/a/./b",
        "https://news.example/a/x/../b",
    ],
    [
        "https://news.example/b",
        "https://news.example/../b",
        "https://news.example/%2e%2E/b",
        "https://news.example/./b/.",
    ],
    ["https://münchen.example/a", "https://MÜNCHEN.example/a", "https://xn--mnchen-3ya.example/a"],
    ["https://münchen.example/a", "https://mu\u0308nchen.example/a", "https://m%C3%BCnchen.example/a"],
    ["https://例え.テスト/a", "https://例え。テスト/a", "https://xn--r8jz45g.xn--zckzah/a"],
    ["https://i❤.example/a", "https://xn--i-7iq.example/a"],
    [
        "https://news.example/é",
        "https://news.example/e\u0301",
        "https://news.example/%C3%A9",
        "https://news.example/e%cc%81",
    ],
    ["https://news.example/日本", "https://news.example/%E6%97%A5%E6%9C%AC", "https://news.example/%e6%97%a5%e6%9c%ac"],
    ["https://news.example/a?q=é", "https://news.example/a?q=e\u0301", "https://news.example/a?q=%C3%A9"],
    ["https://news.example/a?q=x+y", "https://news.example/a?q=x%20y"],
    ["https://news.example/a?b=2&a=1", "https://news.example/a?a=1&b=2", "https://news.example/a?%61=1&&b=2"],
    ["https://news.example/a", "https://news.example/a?UTM_Source=x", "https://news.example/a?utm%5Fid=1&GCLID=2"],
    [
        "https://news.example/a",
        "https://news.example/a?wbclid=1",
        "https://news.example/a?yclid=1",
        "https://n@news.example/a",
    ],
    ["https://news.example/a", "https://:@news.example/a", "\thttps://news.example/a\n", "https://news.ex\nample/a"],
]


@pytest.mark.parametrize("urls", EQUAL, ids=lambda urls: ascii(urls[0]))
def test_spellings_of_one_address_are_equal(urls: list[str]) -> None:
    assert {url_key(url) for url in urls} == {url_key(urls[0])}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://news.example/a?id=7", "https://news.example/a?id=8"),
        ("https://news.example/a?cid=7", "https://news.example/a?cid=8"),
        ("https://news.example/a?ref=7", "https://news.example/a"),
        ("https://news.example/play?game=chess", "https://news.example/play?game=go"),
        ("https://news.example/a", "https://news.example/A"),
        ("https://news.example/a", "https://m.news.example/a"),
        ("https://news.example/a", "https://news.example:8443/a"),
        ("https://news.example/a/b", "https://news.example/a%2Fb"),
        ("https://news.example/caf%E9", "https://news.example/caf%E8"),
        ("https://news.example/caf%E9", "https://news.example/café"),
        ("https://news.example/a?q=%E9", "https://news.example/a?q=%E8"),
        ("https://news.example/index", "https://news.example/"),
        ("https://news.example/a/index.html/b", "https://news.example/a/b"),
        ("https://news.example/a.html", "https://news.example/a"),
        ("https://faß.example/", "https://fass.example/"),
        ("https://www.com/", "https://com/"),
        ("https://news.example/a?x=1&x=2", "https://news.example/a?x=1"),
        ("https://news.example/a?utm=1", "https://news.example/a"),
        ("https://news.example/a?clidx=1", "https://news.example/a"),
    ],
)
def test_what_may_be_another_page_is_another_address(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


NO_ADDRESS = [
    "",
    "news.example/a",
    "/a/b",
    "//news.example/a",
    "ftp://news.example/a",
    "mailto:a@news.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://",
    "https:///a",
    "https://@/a",
    "https://./a",
    "http://news.example:port/",
    "http://news.example:99999/",
    "http://[::1/",
    "https://a b.example/",
    "https://a.example\\b/",
    "https://a%2Fb.example/",
    "https://news.example/\ud800",
    "https://news.example/?q=\udfff",
]


@pytest.mark.parametrize("url", NO_ADDRESS)
def test_what_is_no_absolute_web_address_is_named(url: str) -> None:
    for form in (url_key, loose_url_key):
        with pytest.raises(ArticleError) as caught:
            form(url)
        assert repr(url) in str(caught.value)
    assert url_key_or_none(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://news.example/" + "a" * MAX_URL,
        "https://" + "a." * 10_000,
        "https://news.example/?" + "%41" * 5_000,
        "x" * 10**7,
    ],
)
def test_what_is_too_long_is_no_address(url: str) -> None:
    with pytest.raises(ArticleError, match="characters long, the limit is 2,048"):
        url_key(url)


def test_the_key_of_a_long_address_has_a_key_itself() -> None:
    key = url_key("https://news.example/" + "語" * 1_000)
    assert len(key) > 9_000
    assert url_key(key) == key


URLS = st.one_of(
    st.text(st.characters()),
    st.from_regex(r"https?://[a-zA-Z.:\[\]@%/?&=#éß。❤\u0308]{1,30}"),
    st.from_regex(
        r"https?://(www\.|m\.|amp\.){0,3}[a-z]{1,3}\.ex(/|/amp|\.amp|\.html|/index\.php|%2e){0,6}"
        r"(\?(amp|ref|utm_x|id)=?1?&){0,3}"
    ),
)


@given(URLS)
def test_the_forms_are_total_and_final(url: str) -> None:
    try:
        key, loose = url_key(url), loose_url_key(url)
    except ArticleError:
        return
    assert url_key(key) == key
    assert loose_url_key(key) == loose_url_key(loose) == loose
    assert url_key(loose) == loose


@pytest.mark.parametrize(
    "url",
    [
        "https://m.news.example/a/b?id=7",
        "https://mobile.news.example/a/b?id=7",
        "https://amp.news.example/a/b?id=7",
        "https://www.m.news.example/a/b?id=7",
        "https://news.example/a/b/amp?id=7",
        "https://news.example/a/b/amp/?id=7",
        "https://news.example/a/b/AMP/?id=7",
        "https://news.example/amp/a/b?id=7",
        "https://news.example/a/b.amp?id=7",
        "https://news.example/a/b.amp.html?id=7",
        "https://news.example/a/b.html?id=7",
        "https://news.example/a/b?amp&id=7",
        "https://news.example/a/b?id=7&amp=1",
        "https://news.example/a/b?id=7&outputType=amp",
        "https://news.example/a/b?id=7&outputtype=AMP",
        "https://news.example/a/b?id=7&mc_cid=x&mc_eid=y",
        "https://news.example/a/b?id=7&ref=homepage",
        "https://news.example/a/b?id=7&igshid=x&_ga=1.2",
        "https://news.example/a/b?Referrer=x&id=7&xtor=RSS-1",
        "https://amp.news.example/amp/a/b.amp.html?id=7&amp&mkt_tok=1#x",
    ],
)
def test_mobile_and_amp_pages_and_tracked_links_have_one_loose_form(url: str) -> None:
    assert loose_url_key(url) == "https://news.example/a/b?id=7"
    assert url_key(url) != "https://news.example/a/b?id=7"


@pytest.mark.parametrize(
    "url",
    [
        "https://amplifier.example/a",
        "https://news.example/a/champ",
        "https://news.example/amplify/a",
        "https://news.example/a/amp/b",
        "https://news.example/a?amplitude=3",
        "https://news.example/a?outputType=json",
        "https://m.example/a",
        "https://news.example/a?p=1&page=2",
        "https://news.m.example/a",
    ],
)
def test_what_only_looks_like_it_stays(url: str) -> None:
    assert loose_url_key(url) == url_key(url)


SITE = "https://paper.example"


@pytest.mark.parametrize(
    ("url", "site", "absolute"),
    [
        ("https://a.example/x?y=1#z", "", "https://a.example/x?y=1#z"),
        ("HTTP://A.example/X/", SITE, "HTTP://A.example/X/"),
        ("//cdn.example/x", "", "https://cdn.example/x"),
        ("//cdn.example/x", "http://paper.example", "https://cdn.example/x"),
        ("/a/b", SITE, "https://paper.example/a/b"),
        ("a/b.html", SITE, "https://paper.example/a/b.html"),
        ("/a/b", "https://paper.example/blog", "https://paper.example/a/b"),
        ("a/b", "https://paper.example/blog", "https://paper.example/blog/a/b"),
        ("a/b", "https://paper.example/blog/", "https://paper.example/blog/a/b"),
        ("../x", "https://paper.example/blog/", "https://paper.example/x"),
        ("?p=12", SITE, "https://paper.example/?p=12"),
        ("paper.example/a", SITE, "https://paper.example/a"),
        ("paper.example/a", "http://paper.example/b/", "http://paper.example/a"),
        ("https://me:pw@a.example:8000/x", "", "https://a.example:8000/x"),
        ("https://me@a.example/x@y", "", "https://a.example/x@y"),
        (" https://a.exa\nmple/x ", "", "https://a.example/x"),
    ],
)
def test_an_address_is_made_absolute(url: str, site: str, absolute: str) -> None:
    assert absolute_url(url, site) == absolute


@pytest.mark.parametrize("url", ["/a/b", "a/b", "?p=1", "", "mailto:a@b.example", "news.example:80/a", "x" * 3_000])
@pytest.mark.parametrize("site", ["", "paper.example", "ftp://paper.example/"])
def test_what_cannot_be_made_absolute_is_refused(url: str, site: str) -> None:
    with pytest.raises(ArticleError):
        absolute_url(url, site)


@given(st.text(), st.sampled_from(["", SITE]))
def test_whatever_is_made_absolute_is_an_address(url: str, site: str) -> None:
    found: Any = None
    try:
        found = absolute_url(url, site)
    except ArticleError:
        return
    assert url_key(found).startswith("https://")
    assert len(found) <= MAX_URL


ANSWERED = {
    "https://a.example": "https://a.example",
    "http://a.example/b?c=d@e#f@g": "http://a.example/b?c=d@e#f@g",
    "HTTPS://A.example:8443/x": "HTTPS://A.example:8443/x",
    "https://münchen.example/ü": "https://münchen.example/ü",
    "https://[2001:db8::1]/x": "https://[2001:db8::1]/x",
    "//a.example/x": "https://a.example/x",
    "https://user@a.example/x": "https://a.example/x",
    "https://user:secret@a.example:80/x": "https://a.example:80/x",
    "http://:secret@a.example/": "http://a.example/",
    "https://@a.example/": "https://a.example/",
    "https://one@two@a.example/": "https://a.example/",
    "https://a.example/user:secret@b": "https://a.example/user:secret@b",
    "https://good.example\\@evil.example/": None,
    "https://user%3Asecret%40a.example/": None,
    "https://user:secret＠a.example/": None,
    "https:\\\\user:secret@a.example/": None,
    "https:user:secret@a.example": None,
    "https:///user:secret@a.example": None,
    "ftp://user:secret@a.example/": None,
    "javascript:alert(1)": None,
    " javascript:alert(1)": None,
    "java\nscript:alert(1)": None,
    "data:image/png;base64,AAAA": None,
    "file:///etc/passwd": None,
    "vbscript:x": None,
    "/relative": None,
    "a.example/x": None,
    "https://a.example:99999/": None,
    "https://": None,
    "": None,
    "https://a.example/" + "x" * 3_000: None,
}


@pytest.mark.parametrize(("stored", "answered"), ANSWERED.items(), ids=[each[:40] for each in ANSWERED])
def test_what_is_answered_of_a_stored_address(stored: str, answered: str | None) -> None:
    assert http_url(stored) == answered
    if answered:
        assert http_url(answered) == answered
        assert url_key(answered)  # so that it can be stored
    for field in ("url", "image", "canonical_url"):
        record = parse_article({"id": "a", "title": "T", field: stored})
        given = record.article.extra.get(field) if field == "canonical_url" else getattr(record.article, field)
        without_image = field == "image" and has_credentials(stored)
        assert given == (None if without_image else answered)
        assert len(record.warnings) == (given != stored and stored not in ("", "//a.example/x"))
        assert not any("secret" in warning for warning in record.warnings)


ODD_URLS = st.lists(
    st.sampled_from(
        ["http", "https", ":", "/", "//", "\\", "@", "u:p@", "a.example", "[", "]", "?", "#", "%40", "é", " "]
    )
    | st.characters(exclude_categories=["Cs"]),
    max_size=12,
).map("".join)


@settings(max_examples=1_000, deadline=None)
@given(ODD_URLS | ODD_URLS.map("https://{}".format))
def test_whatever_is_stored_is_answered_as_http_without_credentials(stored: str) -> None:
    answered = http_url(stored)
    if answered is not None:
        parts = urlsplit(answered)
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert parts.username is None
        assert parts.password is None
        assert "@" not in parts.netloc
        assert "\\" not in parts.netloc
        assert http_url(answered) == answered
