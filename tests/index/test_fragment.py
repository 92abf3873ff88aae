"""A list as HTML: nothing in an article becomes markup, and a machine reads it as a list."""

from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from index.fragment import fragment
from index.response import Item, Related, Status, WhyOut
from recommender.ranking.hits import Source

EVIL = '"><script>alert(1)</script>'
WHY = WhyOut(text=EVIL, quote=None, names=(), terms=(), tags=(), days_apart=None, picked_by=0, strongest=())


class Tags(HTMLParser):
    """What a browser would make of a fragment: every element with its attributes, and the texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts += [data.strip()] if data.strip() else []

    def of(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def parsed(*items: dict[str, Any]) -> Tags:
    nothing = {"id": "a", "url": None, "title": None, "teaser": None, "published_at": None, "section": None}
    made = [
        Item(**{**nothing, **fields}, score=0.5, position=place, source=Source.RANKED)
        for place, fields in enumerate(items, start=1)
    ]
    return Tags(fragment(Related(id="q", status=Status.OK, index_version="v", count=len(made), items=made)).decode())


BASE = {"ul", "li", "meta", "span"}


@pytest.mark.parametrize(
    ("fields", "tags", "hrefs"),
    [
        ({"title": EVIL, "teaser": EVIL, "url": "https://a.example/?q=%22&b"}, BASE | {"a", "p"}, 1),
        ({"title": "T", "url": "javascript:alert(1)", "image": "javascript:alert(1)"}, BASE, 0),
        ({"title": "T", "url": f"https://a.example/{EVIL}"}, BASE | {"a"}, 1),
        ({"teaser": "Only a teaser", "url": "https://a.example/b"}, BASE | {"a"}, 1),
        ({"id": EVIL, "section": EVIL, "why": WHY, "image": f"https://a.example/{EVIL}"}, BASE | {"p", "img"}, 0),
    ],
)
def test_nothing_in_an_article_becomes_markup(fields: dict[str, Any], tags: set[str], hrefs: int) -> None:
    found = parsed(fields)
    assert {tag for tag, _ in found.tags} == tags
    assert [link["href"] for link in found.of("a")] == [fields.get("url")] * hrefs
    assert [image["src"] for image in found.of("img")] == ([fields["image"]] if "img" in tags else [])
    for name in ("title", "teaser", "section"):
        assert not fields.get(name) or fields[name] in found.texts


def test_it_is_a_list_to_machines() -> None:
    whole = {
        "title": "T",
        "teaser": "Short.",
        "url": "https://a.example/t",
        "image": "https://a.example/i.jpg",
        "published_at": datetime(2025, 2, 3, 23, 30, tzinfo=UTC),
        "section": "News",
    }
    found = parsed(whole, {"id": "b"})
    (outer,) = found.of("ul")
    assert (outer["class"], outer["itemtype"]) == ("related-articles", "https://schema.org/ItemList")
    assert [(each["itemprop"], each["data-id"], each["data-source"]) for each in found.of("li")] == [
        ("itemListElement", "a", "ranked"),
        ("itemListElement", "b", "ranked"),
    ]
    assert [each["content"] for each in found.of("meta")] == ["1", "2"]
    assert found.texts == ["T", "Short.", "2025-02-03", "News", "b"]
    (image,) = found.of("img")
    assert (image["alt"], image["width"], image["height"], image["loading"]) == ("", "320", "180", "lazy")
    assert found.of("a")[0]["referrerpolicy"] == image["referrerpolicy"] == "strict-origin-when-cross-origin"


def test_no_items_no_markup() -> None:
    assert parsed().tags == []
    assert fragment(Related(id="q", status=Status.THIN, index_version="v", count=0, items=[])) == b""
