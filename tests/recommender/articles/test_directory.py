"""Finding an article by whatever its address is written like, before changes and after."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.articles import Article
from recommender.articles.card import Card
from recommender.articles.directory import Directory

ADDRESSES = {
    "plain": "https://news.example/2024/harbour-plan",
    "folder": "https://news.example/about/",
    "seven": "https://news.example/story.php?id=7",
    "eight": "https://news.example/story.php?id=8",
    "chess": "https://news.example/play?game=chess",
    "go": "https://news.example/play?game=go",
    "umlaut": "https://news.example/straße/größe",
    "guitar": "https://shop.example/guitars",
    "guitar-amp": "https://shop.example/guitars/amp",
    "host": "https://bücher.example/neu",
}


def register_of(addresses: dict[str, str]) -> Directory:
    return Directory.from_cards(
        [Card.from_article(Article(id=name, url=addresses[name], title="T")) for name in sorted(addresses)], {}
    )


@pytest.mark.parametrize(
    ("spelling", "found"),
    [
        ("http://news.example/2024/harbour-plan", "plain"),
        ("https://www.news.example/2024/harbour-plan/", "plain"),
        ("https://m.news.example/2024/harbour-plan", "plain"),
        ("https://NEWS.example./2024//harbour-plan", "plain"),
        ("https://news.example/2024/harbour-plan/amp", "plain"),
        ("https://news.example/2024/harbour-plan/amp/", "plain"),
        ("https://news.example/amp/2024/harbour-plan", "plain"),
        ("https://news.example/2024/harbour-plan?amp=1", "plain"),
        ("https://news.example/2024/harbour-plan?utm_source=x&fbclid=1&gclid=2", "plain"),
        ("https://news.example/2024/harbour-plan?mc_cid=1&ref=home#top", "plain"),
        ("https://news.example:443/2024/./x/../harbour-plan/index.html", "plain"),
        ("https://news.example/about/index.html", "folder"),
        ("https://news.example/about", "folder"),
        ("https://news.example/story.php?id=7&utm_medium=feed", "seven"),
        ("https://news.example/story.php?ref=x&id=8", "eight"),
        ("https://news.example/story.php?id=9", None),
        ("https://news.example/story.php", None),
        ("https://news.example/play?game=go", "go"),
        ("https://news.example/play?game=chess&utm_id=3", "chess"),
        ("https://news.example/play", None),
        ("https://news.example/stra%C3%9Fe/gro%CC%88%C3%9Fe", "umlaut"),
        ("https://news.example/straße/gro\u0308ße", "umlaut"),
        ("https://shop.example/guitars", "guitar"),
        ("https://shop.example/guitars/amp", "guitar-amp"),
        ("https://www.shop.example/guitars/amp/", "guitar-amp"),
        ("https://xn--bcher-kva.example/neu", "host"),
        ("https://news.example/2024/harbour", None),
        ("https://other.example/2024/harbour-plan", None),
        ("ftp://news.example/2024/harbour-plan", None),
        ("plain", "plain"),
        ("", None),
    ],
)
def test_one_address_has_many_spellings(spelling: str, found: str | None) -> None:
    directory = register_of(ADDRESSES)
    row = directory.find(spelling)
    assert (None if row is None else directory.cards[row].id) == found


PAGES = [
    f"https://{host}news.example/{page}{end}" for host in ("", "m.") for page in "ab" for end in ("", "/amp", "?ref=1")
]


@given(
    before=st.lists(st.sampled_from(PAGES), min_size=1, max_size=6),
    after=st.dictionaries(st.integers(0, 8), st.sampled_from([None, *PAGES]), max_size=6),
)
def test_after_changes_everything_is_found_as_if_anew(before: Sequence[str], after: dict[int, str | None]) -> None:
    cards = {n: Card.from_article(Article(id=f"a{n}", url=url, title=f"T{n}")) for n, url in enumerate(before)}
    new = {n: Card.from_article(Article(id=f"a{n}", url=url, title=f"New {n}")) for n, url in after.items() if url}
    changed = Directory.from_cards(list(cards.values()), {}).with_changes(new.values(), {f"a{n}" for n in after}, {})
    now = {n: card for n, card in (cards | new).items() if n not in after or n in new}
    fresh = Directory.from_cards([now[n] for n in sorted(now)], {})

    def at(directory: Directory, url: str) -> str | None:
        row = directory.find(url)
        return None if row is None else directory.cards[row].id

    assert [at(changed, url) for url in PAGES] == [at(fresh, url) for url in PAGES]
