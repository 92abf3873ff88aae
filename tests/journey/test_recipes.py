"""Every recipe of docs/sources.md, run by the command line on a small site that is made here."""

import csv
import json
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from index import cli
from index.store.publish import open_current
from index.store.snapshot import Snapshot
from recommender.articles import Article
from recommender.catalog import Catalog
from tests.recommender.sources.web import Web, answer, web

Run = Callable[..., Snapshot]


class Post(NamedTuple):
    slug: str
    title: str
    body: str
    related: tuple[str, ...]
    day: int

    @property
    def date(self) -> str:
        return f"2024-03-{self.day:02}T09:00:00Z"


TEXTS = {
    "channel": "The harbour trust would dig the channel two metres deeper, so that larger ships could reach the quay.",
    "timber": "Timber ships bring pine logs from the north, and the old crane lifts them on to waiting trains.",
    "crane": "The crane of 1911 was mended in winter by volunteers, who found its gears better than its paint.",
    "school": "Three village schools would close under the county's plan, and parents call a meeting in the hall.",
    "bakery": "The bakery by the bridge sells seed cakes again, from a recipe that a customer kept for forty years.",
}
POSTS = [
    Post("channel", "A deeper channel", f"{TEXTS['channel']}\n\nThe plan needs a licence.", ("timber", "crane"), 14),
    Post("timber", "Ships with timber", f"{TEXTS['timber']}\n\nSeven came in May.", ("channel",), 15),
    Post("crane", "The crane turns again", f"{TEXTS['crane']}\n\nIt lifts three tons.", ("timber",), 16),
    Post("school", "Schools may close", f"{TEXTS['school']}\n\nNothing is decided.", (), 17),
    Post("bakery", "Seed cakes are back", f"{TEXTS['bakery']}\n\nThey sell out by nine.", (), 18),
]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def related_index(monkeypatch: pytest.MonkeyPatch, store: Path, tmp_path: Path) -> Run:
    """``related-index build … --store STORE --model hash``, and what is served then."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Snapshot:
        words = ["related-index", "build", *map(str, arguments), "--store", str(store), "--model", "hash"]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        assert not stopped.value.code
        return open_current(store)

    return run


def check(snapshot: Snapshot, store: Path, ids: dict[str, str], *, lists: bool = True, bodies: bool = True) -> None:
    """Every post is there with title, text and date, and under its id the editor's list; nothing else is."""
    with closing(Catalog.open(store)) as catalog:
        found: dict[str, Article] = {article.id: article for article in catalog.articles()}
    assert sorted(found) == sorted(ids.values())
    for post in POSTS:
        article = found[ids[post.slug]]
        assert article.title == post.title
        assert article.published_at is not None
        assert article.published_at.date().isoformat() == post.date[:10]
        assert (TEXTS[post.slug] in article.body) is bodies
        wanted = [ids[name] for name in post.related] if lists else []
        named = [snapshot.corpus.find(target) for target in snapshot.lists.get(article.id, ())]
        assert [snapshot.corpus.cards[row].id for row in named if row is not None] == wanted


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def page(post: Post, base: str) -> str:
    links = "".join(f'<li><a href="{base}posts/{name}/">{name}</a></li>' for name in post.related)
    paragraphs = "".join(f"<p>{part}</p>" for part in post.body.split("\n\n"))
    box = f'<aside class="related"><h2>See also</h2><ul>{links}</ul></aside>' if links else ""
    return (
        f'<!doctype html><html lang="en"><head><title>{post.title} | The Courier</title>'
        f'<meta property="og:type" content="article"><meta property="og:title" content="{post.title}">'
        f'<meta property="article:published_time" content="{post.date}"></head><body><nav><a href="/">Home</a></nav>'
        f"<main><article><h1>{post.title}</h1>{paragraphs}</article>{box}</main>"
        "<footer>The Courier</footer></body></html>"
    )


def test_hugo(related_index: Run, store: Path, tmp_path: Path) -> None:
    front = "---\ntitle: {0.title}\ndate: {0.date}\nrelated: [{1}]\n---\n{0.body}\n"
    files = {f"content/posts/{post.slug}.md": front.format(post, ", ".join(post.related)) for post in POSTS}
    files |= {"hugo.toml": 'baseURL = "https://blog.example/"\ntitle = "The Courier"\n', "content/_index.md": "Home\n"}
    files["content/posts/draft.md"] = "---\ntitle: Not yet\ndraft: true\n---\nA draft.\n"
    snapshot = related_index(written(tmp_path / "my-blog", files))
    check(snapshot, store, {post.slug: f"/posts/{post.slug}/" for post in POSTS})
    row = snapshot.corpus.find("https://blog.example/posts/crane/")
    assert row is not None
    assert snapshot.corpus.cards[row].id == "/posts/crane/"


def test_jekyll(related_index: Run, store: Path, tmp_path: Path) -> None:
    front = "---\nlayout: post\ntitle: {0.title}\nrelated:\n{1}---\n{0.body}\n"
    files = {
        f"_posts/2024-03-{post.day}-{post.slug}.md": front.format(
            post, "".join(f"- 2024-03-{each.day}-{each.slug}\n" for each in POSTS if each.slug in post.related)
        )
        for post in POSTS
    }
    files["_config.yml"] = "url: https://blog.example\npermalink: /:title/\n"
    snapshot = related_index(written(tmp_path / "site", files))
    ids = {post.slug: f"/{post.slug}/" for post in POSTS}
    with closing(Catalog.open(store)) as catalog:
        assert {article.id for article in catalog.articles()} == set(ids.values())
    assert set(snapshot.lists["/channel/"]) == {"/timber/", "/crane/"}


def test_a_folder_of_html(related_index: Run, store: Path, tmp_path: Path) -> None:
    files = {f"posts/{post.slug}/index.html": page(post, "/") for post in POSTS}
    cards = "".join(f'<article><h2><a href="/posts/{p.slug}/">{p.title}</a></h2></article>' for p in POSTS)
    files["index.html"] = f"<!doctype html><html><head><title>The Courier</title></head><body>{cards}</body></html>"
    files["index.xml"] = "<rss version='2.0'><channel><title>x</title></channel></rss>"
    public = written(tmp_path / "public", files)
    snapshot = related_index(public, "--site-url", "https://blog.example/", "--related-selector", "aside.related a")
    check(snapshot, store, {p.slug: snapshot_id(snapshot, f"https://blog.example/posts/{p.slug}/") for p in POSTS})


def snapshot_id(snapshot: Snapshot, address: str) -> str:
    row = snapshot.corpus.find(address)
    assert row is not None, address
    return snapshot.corpus.cards[row].id


def wxr(posts: list[Post]) -> str:
    numbers = {post.slug: number for number, post in enumerate(POSTS, 11)}
    items = "".join(
        f"<item><title>{post.title}</title><link>https://blog.example/{post.slug}/</link>"
        f"<content:encoded><![CDATA[{post.body}]]></content:encoded><wp:post_id>{numbers[post.slug]}</wp:post_id>"
        f"<wp:post_date_gmt>{post.date[:10]} 09:00:00</wp:post_date_gmt><wp:status>publish</wp:status>"
        "<wp:post_type>post</wp:post_type><wp:postmeta><wp:meta_key>related_posts</wp:meta_key><wp:meta_value><![CDATA["
        f"a:{len(post.related)}:{{{''.join(f'i:{at};i:{numbers[name]};' for at, name in enumerate(post.related))}}}"
        "]]></wp:meta_value></wp:postmeta></item>"
        for post in posts
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>The Courier</title>'
        f"<wp:wxr_version>1.2</wp:wxr_version>{items}</channel></rss>"
    )


NUMBERS = {post.slug: str(number) for number, post in enumerate(POSTS, 11)}


def test_a_wordpress_export_in_parts(related_index: Run, store: Path, tmp_path: Path) -> None:
    exports = written(tmp_path / "exports", {"part.000.xml": wxr(POSTS[:2])})
    with zipfile.ZipFile(exports / "rest.zip", "w") as archive:
        archive.writestr("part.001.xml", wxr(POSTS[2:]))
    check(related_index(exports), store, NUMBERS)


def test_wordpress_live(related_index: Run, store: Path) -> None:
    posts = [
        {
            "id": int(NUMBERS[post.slug]),
            "date_gmt": post.date[:-1],
            "link": f"https://blog.example/{post.slug}/",
            "status": "publish",
            "type": "post",
            "title": {"rendered": post.title},
            "content": {"rendered": "".join(f"<p>{part}</p>" for part in post.body.split("\n\n")), "protected": False},
            "excerpt": {"rendered": ""},
        }
        for post in POSTS
    ]
    with web() as site:
        listing = "/wp-json/wp/v2/posts?per_page=100&page={}&_embed=wp:term,wp:featuredmedia"
        site.paths[listing.format(1)] = answer(json.dumps(posts).encode(), content_type="application/json")
        over = {"code": "rest_post_invalid_page_number", "message": "too far", "data": {"status": 400}}
        site.paths[listing.format(2)] = answer(
            json.dumps(over).encode(), "400 Bad Request", content_type="application/json"
        )
        site.paths["/"] = answer(b"<html><head><title>x</title></head><body>x</body></html>", content_type="text/html")
        snapshot = related_index(site.url("/"), "--format", "wordpress", "--allow-host", site.host, "--delay", 0)
    check(snapshot, store, NUMBERS, lists=False)


def test_ghost(related_index: Run, store: Path, tmp_path: Path) -> None:
    posts = [
        {"id": post.slug, "slug": post.slug, "title": post.title, "type": "post", "status": "published"}
        | {"html": f"<p>{post.body}</p>", "published_at": post.date, "visibility": "public"}
        for post in POSTS
    ]
    path = tmp_path / "site.ghost.json"
    path.write_text(json.dumps({"db": [{"meta": {"version": "5.0"}, "data": {"posts": posts}}]}))
    snapshot = related_index(path, "--site-url", "https://blog.example/")
    check(snapshot, store, {post.slug: post.slug for post in POSTS}, lists=False)
    assert snapshot.corpus.find("https://blog.example/crane/") is not None


def feed(site: Web) -> bytes:
    items = "".join(
        f"<item><title>{post.title}</title><link>{site.url('/')}{post.slug}</link>"
        f"<guid isPermaLink='false'>{post.slug}</guid>"
        f"<pubDate>{format_datetime(datetime(2024, 3, post.day, 9, tzinfo=UTC))}</pubDate>"
        f"<description>{post.body}</description></item>"
        for post in POSTS
    )
    return (
        f"<?xml version='1.0'?><rss version='2.0'><channel><title>The Courier</title>{items}</channel></rss>".encode()
    )


def test_a_feed(related_index: Run, store: Path) -> None:
    with web() as site:
        site.paths["/feed.xml"] = answer(feed(site), content_type="application/rss+xml")
        snapshot = related_index(site.url("/feed.xml"), "--allow-host", site.host)
    check(snapshot, store, {post.slug: post.slug for post in POSTS}, lists=False, bodies=False)


def test_a_site_by_its_sitemap(related_index: Run, store: Path) -> None:
    with web() as site:
        addresses = [f"/posts/{post.slug}/" for post in POSTS]
        urls = "".join(f"<url><loc>{site.url(each)}</loc></url>" for each in addresses)
        space = "http://www.sitemaps.org/schemas/sitemap/0.9"
        site.paths["/sitemap.xml"] = answer(
            f'<urlset xmlns="{space}">{urls}</urlset>'.encode(), content_type="text/xml"
        )
        home = b"<!doctype html><html><head><title>The Courier</title></head><body><p>News</p></body></html>"
        site.paths["/"] = answer(home, content_type="text/html")
        for post, each in zip(POSTS, addresses, strict=True):
            site.paths[each] = answer(
                page(post, "/").encode(), content_type="text/html; charset=utf-8", etag=f'"{post.day}"'
            )
        how = ("--allow-host", site.host, "--delay", 0, "--related-selector", "aside.related a")
        snapshot = related_index(site.url("/"), *how)
        check(snapshot, store, {p.slug: snapshot_id(snapshot, site.url(f"/posts/{p.slug}/")) for p in POSTS})
        asked = len(site.asked())
        related_index(site.url("/"), *how)
        assert len(site.asked()) - asked < len(POSTS), "pages of the first run are not fetched again"


def test_a_csv(related_index: Run, store: Path, tmp_path: Path) -> None:
    path = tmp_path / "articles.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(["id", "headline", "copytext", "date", "related"])
        for post in POSTS:
            rows.writerow([post.slug, post.title, post.body, f"{post.day}/03/2024", "|".join(post.related)])
    snapshot = related_index(path, "--field", "body=copytext", "--date-format", "%d/%m/%Y")
    check(snapshot, store, {post.slug: post.slug for post in POSTS})


def test_a_database(related_index: Run, store: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "cms.db")) as database, database:
        database.execute("CREATE TABLE posts (id TEXT, title TEXT, body TEXT, published_at TEXT, picks TEXT)")
        database.executemany(
            "INSERT INTO posts VALUES (?, ?, ?, ?, ?)",
            [(post.slug, post.title, post.body, post.date, json.dumps(post.related)) for post in POSTS],
        )
    query = "SELECT id, title, body, published_at, picks AS related FROM posts"
    snapshot = related_index(f"sqlite:///{tmp_path / 'cms.db'}", "--query", query)
    check(snapshot, store, {post.slug: post.slug for post in POSTS})


def test_a_json_dump(related_index: Run, store: Path, tmp_path: Path) -> None:
    posts = [
        {"key": post.slug, "headline": post.title, "copy": {"main": post.body}, "date": post.date, "more": post.related}
        for post in POSTS
    ]
    (tmp_path / "dump.json").write_text(json.dumps({"meta": {"count": 5}, "data": {"posts": posts}}, indent=1))
    (tmp_path / "related.toml").write_text('[source.fields]\nid = "key"\nbody = "copy.main"\nrelated = "more"\n')
    snapshot = related_index("dump.json", "--path", "data.posts")
    check(snapshot, store, {post.slug: post.slug for post in POSTS})
