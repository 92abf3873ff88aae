"""The index of addresses: the strict form first, the loose one only where it can mean a single address."""

import random

import pytest

from recommender.articles import UrlIndex, loose_url_key, url_key

A, B = "https://news.example/a", "https://news.example/b"


def test_an_article_is_found_at_its_address_in_every_spelling() -> None:
    index = UrlIndex([(A, "a"), (B, "b")])
    for url in (A, "http://www.news.example/a/", f"{A}?utm_source=x", f"{A}/index.html#top"):
        assert index.find(url) == "a"
    assert index.find(B) == "b"
    assert index.find("https://news.example/c") is None
    assert len(index) == 2


@pytest.mark.parametrize(
    "address", ["", "a", "/a", "news.example/a", "mailto:a@b.example", "https://", "\ud800", "x" * 9_999]
)
def test_what_is_no_address_finds_nothing(address: str) -> None:
    index = UrlIndex([(A, 1), (address, 2)])
    assert index.find(address) is None
    index.remove(address, 2)
    assert len(index) == 1


@pytest.mark.parametrize(
    "address",
    ["https://m.news.example/a", f"{A}/amp/", f"{A}.amp.html", f"{A}?amp=1", f"{A}?ref=home&mc_eid=4", f"{A}.html"],
)
def test_another_form_of_its_address_leads_to_the_only_article(address: str) -> None:
    assert UrlIndex([(A, 1), (B, 2)]).find(address) == 1
    assert UrlIndex([(address, 1), (B, 2)]).find(A) == 1
    assert UrlIndex([(address, 1), (B, 2)]).find(f"{A}?_ga=1") == 1


@pytest.mark.parametrize("name", ["id", "cid", "game", "eid", "uid", "ref", "page", "source", "kwd", "session"])
def test_pages_that_a_sites_own_parameter_tells_apart_stay_apart(name: str) -> None:
    index = UrlIndex([(f"{A}?{name}=7", 7), (f"{A}?{name}=8", 8)])
    assert [index.find(f"{A}?{name}={n}") for n in (7, 8, 9)] == [7, 8, None]
    assert index.find(A) is None
    assert [index.find(f"{A}?{name}={n}&utm_id=x") for n in (7, 8)] == [7, 8]


def test_a_loose_form_of_several_addresses_leads_to_none_until_one_is_left() -> None:
    index = UrlIndex([(A, 1), (f"{A}?ref=x", 2)])
    assert [index.find(url) for url in (A, f"{A}?ref=x", f"{A}?ref=y")] == [1, 2, None]
    index.remove(A, 1)
    assert [index.find(url) for url in (A, f"{A}?ref=x", f"{A}?ref=y")] == [2, 2, 2]
    index.remove(f"{A}?ref=x", 2)
    assert [index.find(url) for url in (A, f"{A}?ref=x", f"{A}?ref=y")] == [None] * 3
    assert len(index) == 0


def test_of_several_articles_at_one_address_the_first_is_found() -> None:
    index = UrlIndex([(A, 1), ("http://www.news.example/a", 2), (A, 1)])
    assert [index.find(A), index.find(f"{A}?ref=x")] == [1, 1]
    index.remove(A, 3)
    assert index.find(A) == 1
    index.remove(f"{A}/", 1)
    assert [index.find(A), index.find(f"{A}?ref=x")] == [2, 2]
    index.remove(A, 2)
    assert index.find(A) is None


def test_a_copy_changes_by_itself() -> None:
    index = UrlIndex([(A, 1), (f"{B}?ref=x", 2)])
    other = index.copy()
    other.remove(A, 1)
    other.remove(f"{B}?ref=x", 2)
    other.add(B, 3)
    assert [index.find(A), index.find(B)] == [1, 2]
    assert [other.find(A), other.find(B)] == [None, 3]


def test_it_agrees_with_a_search_through_all_addresses() -> None:
    rng = random.Random(7)
    ends = ("", "/amp", "?ref=1", "?ref=2", "?id=1")
    urls = [f"https://{host}news.example/{path}{end}" for host in ("", "m.") for path in "ab" for end in ends]
    index, held = UrlIndex[int](), list[tuple[str, int]]()
    for step in range(2_000):
        url, key = rng.choice(urls), rng.randrange(3)
        if rng.random() < 0.5:
            index.add(url, key)
            held += [] if (url_key(url), key) in held else [(url_key(url), key)]
        else:
            index.remove(url, key)
            held = [pair for pair in held if pair != (url_key(url), key)]
        asked = rng.choice(urls)
        here = [k for u, k in held if u == url_key(asked)]
        near = {u for u, _ in held if loose_url_key(u) == loose_url_key(asked)}
        alone = [k for u, k in held if u in near] if len(near) == 1 else []
        assert index.find(asked) == next(iter([*here, *alone]), None), step


def test_two_addresses_of_one_article_that_share_a_loose_form_are_not_ambiguous() -> None:
    index = UrlIndex([("https://a.example/quay", 1), ("https://a.example/quay.html", 1)])
    assert index.find("https://m.a.example/quay/amp") == 1
    index.add("https://amp.a.example/quay", 2)
    assert index.find("https://m.a.example/quay/amp") is None
