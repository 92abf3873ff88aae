"""Curated lists of a folder: what an item may be, and which page it means."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from recommender.sources.options import ReadOptions
from tests.recommender.sources.markdown.made_trees import Read, folder

SHIP = "---\ntitle: The Ship\naliases: [/old/ship/]\n---\nText"
TREE = {
    "hugo.toml": 'baseURL = "https://h.example/s/"',
    "content/posts/2019-01-02-ship.md": SHIP.replace("---\nText", "slug: ship\n---\nText"),
    "content/posts/quay.md": "---\ntitle: Quay\n---\nText",
    "content/news/quay.md": "---\ntitle: Another\n---\nText",
    "content/posts/rope/index.md": "---\ntitle: Rope\nid: '77'\n---\nText",
    "content/posts/lost.md": "---\ntitle: Lost\ndraft: true\n---\nText",
}


def listed(root: Path, front: str, options: ReadOptions = ReadOptions(), start: str = "---") -> Read:
    return folder(root, {**TREE, "content/posts/me.md": f"{start}\n{front}\n{start}\nText"}, options)


@pytest.mark.parametrize(
    "item",
    [
        "/posts/ship/",
        "posts/ship",
        "ship",
        "Ship",
        "2019-01-02-ship",
        "2019-01-03-ship",
        "2019-01-02-ship.md",
        "./2019-01-02-ship.md",
        "../posts/2019-01-02-ship",
        "/posts/2019-01-02-ship.md",
        "content/posts/2019-01-02-ship.md",
        "https://h.example/s/posts/ship/",
        "http://www.h.example/s/posts/ship?utm_source=x",
        "/s/posts/ship/",
        "/old/ship/",
        "The Ship",
        "[[2019-01-02-ship]]",
        "[[The Ship|that one]]",
        '{{< ref "posts/2019-01-02-ship.md" >}}',
        '{{< relref "2019-01-02-ship.md#top" >}}',
        "{% post_url 2019-01-02-ship %}",
        "{% link posts/2019-01-02-ship.md %}",
        "[The Ship](/posts/ship/)",
        "@/posts/2019-01-02-ship.md",
        {"slug": "ship"},
        {"id": "/posts/ship/"},
        {"title": "The Ship", "url": "/posts/ship/"},
        {"title": "The Ship", "url": "/gone/"},
        {"The Ship": "/posts/ship/"},
    ],
)
def test_items(tmp_path: Path, item: Any) -> None:
    found = listed(tmp_path, orjson.dumps({"related": [item]}).decode())
    assert found.fields("/posts/me/")["related"] == ["/posts/ship/"]
    assert not found.entry("/posts/me/").notes[1:]


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ("related:\n-", None),
        ("related: []", []),
        ("related: ['', ' ']", None),
        ("related: true", None),
        ("related: ship", ["/posts/ship/"]),
        ("related: ship, rope", ["/posts/ship/", "77"]),
        ("related: [rope, ship, rope, me]", ["77", "/posts/ship/"]),
        ("related: [77]", ["77"]),
        ("related:\n-\nsee_also: [ship]", ["/posts/ship/"]),
        ("relatedPosts: [ship]", ["/posts/ship/"]),
        ("related: {posts: [ship], pages: [rope]}", ["/posts/ship/", "77"]),
        ("params: {related: [ship]}", ["/posts/ship/"]),
        ("extra: {related: [ship]}", ["/posts/ship/"]),
        ("related: [https://other.example/x, ship]", ["https://other.example/x", "/posts/ship/"]),
        ("related: [posts/quay, ship]", ["/posts/quay/", "/posts/ship/"]),
    ],
)
def test_lists(tmp_path: Path, front: str, expected: list[str] | None) -> None:
    found = listed(tmp_path, front)
    assert found.fields("/posts/me/").get("related") == expected
    assert len(found.notes) == 0


def test_a_list_under_a_key_of_its_own(tmp_path: Path) -> None:
    found = listed(tmp_path, "more: [ship]\nrelated: [rope]", ReadOptions(curated_key="more"))
    assert found.record("/posts/me/").related == ("/posts/ship/",)


def test_a_list_in_toml(tmp_path: Path) -> None:
    found = listed(tmp_path, '[extra]\nrelated = ["ship.md", "rope/index.md"]', start="+++")
    assert found.fields("/posts/me/")["related"] == ["/posts/ship/", "77"]


def test_what_means_no_page_or_several_is_counted_and_named(tmp_path: Path) -> None:
    found = listed(tmp_path, "title: T\nrelated: [gone, ../x/quay, quay, lost, ship]")
    me = found.entry("/posts/me/")
    assert me.fields["related"] == ["gone", "../x/quay", "/posts/quay/", "lost", "/posts/ship/"]
    assert me.notes == ("related names 'gone', '../x/quay', 'lost', which is no page of this folder: kept as written",)
    assert found.notes == ["3 items of curated lists name no page of this folder: 'gone', '../x/quay', 'lost'"]


def test_a_name_of_several_pages_is_no_page(tmp_path: Path) -> None:
    found = folder(tmp_path, {**TREE, "content/x/me.md": "---\ntitle: T\nrelated: [quay, ship]\n---\nText"})
    assert found.fields("/x/me/")["related"] == ["/posts/ship/"]
    assert found.entry("/x/me/").notes == ("related names 'quay', which several pages are called: left out",)
    assert found.notes == ["1 items of curated lists name several pages, and are left out: 'quay'"]


def test_of_two_languages_the_same_is_meant(tmp_path: Path) -> None:
    files = {f"content/{name}.md": "---\ntitle: T\n---\nText" for name in ("a/ship", "a/ship.fr")}
    me = "---\ntitle: M\nrelated: [ship]\n---\nText"
    found = folder(tmp_path, {**files, "hugo.toml": "", "content/b/me.md": me, "content/b/me.fr.md": me})
    assert found.fields("/b/me/")["related"] == ["/a/ship/"]
    assert found.fields("/fr/b/me/")["related"] == ["/fr/a/ship/"]
