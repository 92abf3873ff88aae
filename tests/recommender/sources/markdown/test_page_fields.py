"""Front matter as fields of the input contract."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from recommender.sources.markdown import fits
from recommender.sources.opened import from_stream
from recommender.sources.options import ReadOptions
from tests.recommender.sources.markdown.made_trees import folder, page

DAY = datetime(2024, 3, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "front", "expected"),
    [
        ("a.md", "date: 2024-03-14", DAY),
        ("a.md", "date: '2024-03-14'", DAY),
        ("a.md", "pubDate: Mar 14 2024", DAY),
        ("a.md", "publishDate: 2024-03-14", DAY),
        ("a.md", "published: 2024-03-14", DAY),
        ("a.md", "date: 2024-03-14 09:00:00 +0000 UTC", DAY.replace(hour=9)),
        ("a.md", "date: 2024-03-14 8:30", DAY.replace(hour=8, minute=30)),
        ("a.md", "date: 2024-03-14T23:30:00-05:00", datetime(2024, 3, 15, 4, 30, tzinfo=UTC)),
        ("a.md", "date: {created: 2024-03-14, updated: 2025-01-01}", DAY),
        ("2024-03-14-a.md", "title: x", DAY),
        ("2024-03-14-a.md", "date: 2024-13-01", None),
        ("a.md", "lastmod: 2024-03-14", None),
        ("a.md", "published: true", None),
        ("a.md", "date: 3 hours ago", None),
        ("2024-13-99-a.md", "title: x", None),
    ],
)
def test_dates(name: str, front: str, expected: datetime | None) -> None:
    assert page(f"---\n{front}\n---\nText", name).record().article.published_at == expected


def test_a_date_that_is_none_is_noted() -> None:
    assert "2024-13-01" in page("---\ndate: 2024-13-01\n---\nText").record().warnings[0]


def test_dates_of_toml_and_json() -> None:
    assert page("+++\ndate = 2024-03-14T09:00:00Z\n+++\nText").record().article.published_at == DAY.replace(hour=9)
    assert page("+++\ndate = 2024-03-14\n+++\nText").record().article.published_at == DAY
    assert page('{"date": "2024-03-14"}\nText').record().article.published_at == DAY


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\ntitle: The *quay*\n---\n# Other\n", "The *quay*"),
        ("---\nTitle: The quay\n---\nx", "The quay"),
        ("Intro\n\n# The `List<String>` quay {#id}\n\nx", "The List<String> quay"),
        ("The quay\n===\n\nx", "The quay"),
        ("```\n# no\n```\nx", "My ship"),
        ("---\ntitle: ''\n---\nx", "My ship"),
    ],
)
def test_titles(text: str, title: str) -> None:
    assert page(text, "2019-01-02-my-ship.md").record().article.title == title


def test_a_title_that_is_made_of_the_file_is_noted() -> None:
    assert page("x", "my-ship.md").entries[0].notes == ("the page has no title: it is called 'My ship' after its file",)


@pytest.mark.parametrize(
    ("front", "key", "expected"),
    [
        ("description: One\nsummary: Two\nexcerpt: One", "teasers", ["One", "Two"]),
        ("category: Port, Ships", "section", "Port"),
        ("categories: [Port, Ships]", "section", "Port"),
        ("section: Port\ncategory: x", "section", "Port"),
        ("tags: [a, b]", "tags", ["a", "b"]),
        ("keywords: a, b", "tags", "a, b"),
        ("taxonomies: {tags: [a], categories: [B]}", "tags", ["a"]),
        ("taxonomies: {tags: [a], categories: [B]}", "section", "B"),
        ("lang: fr", "language", "fr"),
        ("cover: {image: https://a.b/c.png}", "image", "https://a.b/c.png"),
        ("images: [https://a.b/c.png]", "image", "https://a.b/c.png"),
        ("featured: true\nimage: //a.b/c.png", "image", "//a.b/c.png"),
        ("aliases: [/a/, b]", "aliases", ["/a/", "/b"]),
        ("redirect_from: /a", "aliases", ["/a"]),
        ("canonicalURL: https://a.b/c", "canonical_url", "https://a.b/c"),
        ("author: {name: A}", "author", {"name": "A"}),
    ],
)
def test_fields(front: str, key: str, expected: Any) -> None:
    assert page(f"---\n{front}\n---\nText").entries[0].fields[key] == expected


def test_a_picture_is_relative_to_the_site_or_to_its_page(tmp_path: Path) -> None:
    texts = {"a": "/img/x.png", "b": "./x.png", "c": "img/x.png", "d": "../../x.png"}
    files = {f"content/{name}.md": f"---\nimage: {image}\n---\nText" for name, image in texts.items()}
    found = folder(tmp_path, {**files, "hugo.toml": 'baseURL = "https://h.example/"'})
    images = [entry.fields.get("image") for entry in found.entries]
    assert images[:3] == ["https://h.example/img/x.png", "https://h.example/b/x.png", "https://h.example/img/x.png"]
    assert images[3] is None
    assert "image" not in page("---\nimage: /x.png\n---\nText").entries[0].fields


def test_sections_of_folders_and_words_of_jekyll(tmp_path: Path) -> None:
    hugo = folder(tmp_path / "h", {"hugo.toml": "", "content/news/a.md": "Text"})
    assert hugo.fields("/news/a/")["section"] == "news"
    files = {"_config.yml": "permalink: /:title/", "port/_posts/2019-01-02-a.md": "---\ntags: one two\n---\nText"}
    fields = folder(tmp_path / "j", files).fields("/a/")
    assert (fields["section"], fields["tags"]) == ("port", ["one", "two"])


def test_one_page() -> None:
    found = page("---\ntitle: T\nslug: ship\nrelated: [a, '']\n---\nText", "x.md")
    assert (found.ids, found.fields("ship")["related"]) == (["ship"], ["a"])
    assert page("---\ndraft: true\n---\nText").left_out == {"page.md": "a draft"}
    own = page("---\nsee: [a]\n---\nText", options=ReadOptions(curated_key="see"))
    assert own.record().related == ("a",)


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("a.md", "Text", True),
        ("a.bin", "---\ntitle: x\n---\nText", True),
        ("-", '+++\ntitle = "x"\n+++\nText', True),
        ("a.bin", "---\nkey: value\n", False),
        ("a.txt", "Text", False),
        ("a.html", "---\ntitle: x\n---\n<!doctype html>", False),
        ("a.json", '{"title": "x"}', False),
        ("a.md", "\0", False),
    ],
)
def test_what_is_a_page(name: str, head: str, expected: bool) -> None:
    assert fits(from_stream(BytesIO(head.encode()), name)) is expected
