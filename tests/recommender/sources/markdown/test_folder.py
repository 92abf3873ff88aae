"""A folder of pages: what is an article, where it stands, in which language."""

from pathlib import Path

import pytest

from recommender.sources.markdown import fits_tree
from recommender.sources.markdown.sites import sites_of
from recommender.sources.options import ReadOptions
from recommender.sources.tree import tree_of
from tests.recommender.sources.markdown.made_trees import folder

HUGO = 'baseURL = "https://h.example/sub/"\n'
JEKYLL = "url: https://j.example\nbaseurl: /b\n"


@pytest.mark.parametrize(
    ("settings", "name", "front", "identity", "url"),
    [
        ("hugo.toml", "content/Posts/My Ship.md", "title: x", "/posts/my-ship/", "https://h.example/sub/posts/my-ship/"),
        ("hugo.toml", "content/posts/ship.md", "slug: boat", "/posts/boat/", "https://h.example/sub/posts/boat/"),
        ("hugo.toml", "content/posts/ship.md", "url: /o/boat.html", "/o/boat.html", "https://h.example/sub/o/boat.html"),
        ("hugo.toml", "content/posts/ship/index.md", "title: x", "/posts/ship/", "https://h.example/sub/posts/ship/"),
        ("hugo.toml", "content/news/a.md", "title: The Ship\ndate: 2024-03-14", "/2024/03/the-ship/", None),
        ("hugo.toml", "content/posts/a.fr.md", "title: x", "/fr/posts/a/", "https://h.example/sub/fr/posts/a/"),
        ("jekyll", "_posts/2019-01-02-ship.md", "a: b", "/2019/01/02/ship.html", "https://j.example/b/2019/01/02/ship.html"),
        ("jekyll", "_posts/2019-01-02-ship.md", "date: 2020-05-06 9:00", "/2020/05/06/ship.html", None),
        ("jekyll", "_posts/2019-01-02-ship.md", "categories: [A b, C]", "/a-b/c/2019/01/02/ship.html", None),
        ("jekyll", "news/_posts/2019-01-02-ship.md", "a: b", "/news/2019/01/02/ship.html", None),
        ("jekyll", "_posts/2019-01-02-ship.md", "permalink: /o/", "/o/", "https://j.example/b/o/"),
        ("jekyll", "_posts/2019-01-02-ship.md", "permalink: /:year/:title/", "/2019/ship/", None),
        ("jekyll", "about.md", "a: b", "/about.html", "https://j.example/b/about.html"),
        ("jekyll-pretty", "_posts/2019-01-02-ship.md", "category: X", "/x/2019/01/02/ship/", None),
        ("jekyll-own", "_posts/2019-01-02-ship.md", "a: b", "/blog/ship", None),
        ("hexo", "source/_posts/ship.md", "date: 2019-01-02", "/2019/01/02/ship/", "https://x.example/2019/01/02/ship/"),
        ("zola", "content/blog/2019-01-02-My_ship.md", "a: b", "/blog/my-ship/", "https://z.example/blog/my-ship/"),
        ("zola", "content/blog/ship.md", "slug: boat", "/blog/boat/", None),
        ("zola", "content/blog/ship.md", "path: o/boat", "/o/boat/", None),
        ("mkdocs", "docs/user/ship.md", "a: b", "/user/ship/", "https://m.example/d/user/ship/"),
        ("mkdocs-ugly", "docs/user/ship.md", "a: b", "/user/ship.html", None),
        ("docusaurus", "docs/01-user/02-ship.md", "a: b", "/docs/user/ship", "https://d.example/base/docs/user/ship"),
        ("docusaurus", "docs/user/ship.md", "slug: /boat", "/docs/boat", None),
        ("docusaurus", "docs/user/ship.md", "id: boat", "/docs/user/boat", None),
        ("docusaurus", "blog/2019-01-02-ship.md", "a: b", "/blog/2019/01/02/ship", None),
        ("docusaurus", "blog/2019-01-02-ship/index.mdx", "a: b", "/blog/2019/01/02/ship", None),
        ("docusaurus", "blog/2019-01-02-ship.md", "slug: boat", "/blog/boat", None),
        ("astro", "src/content/blog/My Ship.mdx", "a: b", "/blog/my-ship/", "https://a.example/blog/my-ship/"),
        ("astro", "src/pages/about.md", "a: b", "/about/", None),
        ("eleventy", "posts/ship.md", "a: b", "/posts/ship/", None),
        ("eleventy", "posts/2019-01-02-ship.md", 'permalink: "/p/{{ page.fileSlug }}/index.html"', "/p/ship/", None),
        ("eleventy", "posts/ship.md", 'permalink: "/p/{{ title | slugify }}/"\ntitle: My Boat', "/p/my-boat/", None),
        ("quarto", "posts/ship/index.qmd", "a: b", "/posts/ship/", "https://q.example/posts/ship/"),
        ("", "posts/ship.md", "a: b", "posts/ship", None),
        ("", "posts/ship.md", "slug: boat", "boat", None),
        ("", "posts/ship.md", "id: 12", "12", None),
        ("", "_posts/2019-01-02-ship.md", "a: b", "2019-01-02-ship", None),
    ],
)  # fmt: skip
def test_addresses(tmp_path: Path, settings: str, name: str, front: str, identity: str, url: str | None) -> None:
    files = {
        "hugo.toml": {"hugo.toml": HUGO + '[permalinks]\nnews = "/:year/:month/:title/"\n'},
        "jekyll": {"_config.yml": JEKYLL},
        "jekyll-pretty": {"_config.yml": "permalink: pretty\n"},
        "jekyll-own": {"_config.yml": "permalink: /blog/:title\n"},
        "hexo": {"_config.yml": "url: https://x.example\npublic_dir: public\npermalink: :year/:month/:day/:title/\n"},
        "zola": {"config.toml": 'base_url = "https://z.example"\n'},
        "mkdocs": {"mkdocs.yml": "site_url: https://m.example/d/\nplugins: !ENV [X, y]\n"},
        "mkdocs-ugly": {"mkdocs.yml": "use_directory_urls: false\n"},
        "docusaurus": {"docusaurus.config.ts": "export default { url: 'https://d.example', baseUrl: '/base/' }"},
        "astro": {"astro.config.mjs": 'export default defineConfig({ site: "https://a.example" })'},
        "eleventy": {".eleventy.js": "module.exports = () => {}"},
        "quarto": {"_quarto.yml": "website:\n  site-url: https://q.example\n"},
        "": {},
    }[settings]
    found = folder(tmp_path, {**files, name: f"---\n{front}\n---\nText."})
    assert not found.errors
    assert found.ids == [identity]
    if url is not None:
        assert found.fields(identity)["url"] == url
    if not settings:
        assert "url" not in found.fields(identity)


def test_a_site_below_the_folder_and_what_the_operator_says_of_its_address(tmp_path: Path) -> None:
    files = {"web/_config.yml": JEKYLL, "web/about.md": "---\na: b\n---\nText", "notes/x.md": "Text"}
    found = folder(tmp_path, files, ReadOptions(site_url="https://o.example"))
    assert found.fields("/about.html")["url"] == "https://o.example/b/about.html"
    assert found.ids == ["notes/x", "/about.html"]


LEFT_OUT = {
    "content/a.md": ("draft: true", "a draft"),
    "content/b.md": ("published: false", "a draft"),
    "content/c.md": ("draft: 'yes'", "a draft"),
    "content/_index.md": ("a: b", "a page of links to others (_index.md)"),
    "content/posts/_index.fr.md": ("a: b", "a page of links to others (_index.md)"),
    "content/posts/x/note.md": ("a: b", "a part of another page (beside an index.md)"),
    "content/h.md": ("headless: true", "a page without an address of its own"),
    "content/l.md": ("layout: archive", "a page of links to others (by its layout)"),
    "content/r.md": ("redirect_to: /x/", "a page that leads on to another address"),
    "README.md": ("a: b", "a file outside of the site's folder of pages"),
    "archetypes/default.md": ("title: '{{ .Name }}'", "a file of the generator's own"),
    "themes/t/README.md": ("a: b", "a file of the generator's own"),
    "public/x.md": ("a: b", "a page that the generator wrote"),
    "content/x.adoc": ("a: b", "a page in AsciiDoc, which is not read"),
}


def test_what_is_left_out(tmp_path: Path) -> None:
    files = {name: f"---\n{front}\n---\nText" for name, (front, _) in LEFT_OUT.items()}
    kept = {"content/posts/x/index.md": "---\ndate: 2999-01-01\n---\nText", "hugo.toml": HUGO, "content/p.png": "x"}
    found = folder(tmp_path, {**files, **kept})
    assert found.left_out == {f"site/{name}": kind for name, (_, kind) in LEFT_OUT.items()}
    assert found.ids == ["/posts/x/"]
    assert found.fields("/posts/x/")["published_at"] == "2999-01-01"


def test_what_is_left_out_of_other_sites(tmp_path: Path) -> None:
    page = "---\na: b\n---\nText"
    names = ["_drafts/x.md", "_includes/y.md", "posts/index.md", "README.md", "posts/CHANGELOG.md", "node.md", "404.md"]
    files = {name: page for name in [*names, "_posts/2019-01-02-a.md"]} | {"_config.yml": JEKYLL, "plain.md": "Text"}
    found = folder(tmp_path, {**files, "posts/z.md": page, "alone/index.md": page})
    assert found.left_out == {
        "site/404.md": "an error page",
        "site/README.md": "a file about the repository",
        "site/_drafts/x.md": "a draft",
        "site/_includes/y.md": "a file of the generator's own",
        "site/plain.md": "a file without front matter, which the generator does not turn into a page",
        "site/posts/CHANGELOG.md": "a file about the repository",
        "site/posts/index.md": "a page of links to others (index.md)",
    }
    assert found.ids == ["/2019/01/02/a.html", "/alone/", "/node.html", "/posts/z.html"]


def test_two_languages_of_one_story(tmp_path: Path) -> None:
    files = {
        "hugo.toml": HUGO,
        "content/posts/ship.md": "---\ntitle: Ship\n---\nText",
        "content/posts/ship.fr.md": "---\ntitle: Bateau\n---\nTexte",
        "content/fr/quai.md": "---\ntitle: Quai\ntranslationKey: quay\n---\nTexte",
        "content/en/quay.md": "---\ntitle: Quay\ntranslationKey: quay\n---\nText",
        "content/de/kai.md": "---\ntitle: Kai\n---\nText",
        "content/posts/node.js.md": "---\ntitle: Node\n---\nText",
    }
    found = folder(tmp_path, files)
    ship, bateau = found.fields("/posts/ship/"), found.fields("/fr/posts/ship/")
    assert ("translation_of" in ship, bateau["translation_of"], bateau["language"]) == (False, "/posts/ship/", "fr")
    assert found.fields("/fr/quai/")["translation_of"] == "/en/quay/"
    assert found.fields("/de/kai/")["language"] == "de"
    assert "/posts/node.js/" in found.ids


def test_two_pages_of_one_id_stay_two(tmp_path: Path) -> None:
    found = folder(tmp_path, {"a/x.md": "---\nslug: s\n---\nA", "b/x.md": "---\nslug: s\n---\nB"})
    assert found.ids == ["s", "b/x"]
    assert "that of another page" in found.entry("b/x").notes[-1]


def test_an_id_that_http_reserves(tmp_path: Path) -> None:
    files = {"docusaurus.config.js": "module.exports = {}", "docs/related.md": "Text"}
    assert folder(tmp_path, files).ids == ["/docs/related/"]


def test_a_bad_page_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    found = folder(tmp_path, {"a.md": "---\nx: 1\ntitle: Harbour: a plan\n---\n", "b.md": "Text", "c.md": b"\x00"})
    assert [error.place for error in found.errors] == ["site/a.md:3", "site/c.md:1"]
    assert found.ids == ["b"]


def test_notes_on_addresses(tmp_path: Path) -> None:
    assert "no settings of a generator" in folder(tmp_path / "a", {"b.md": "Text"}).notes[0]
    assert "--site-url" in folder(tmp_path / "c", {"mkdocs.yml": "x: y", "docs/b.md": "Text"}).notes[0]
    assert not folder(tmp_path / "d", {"hugo.toml": HUGO, "content/b.md": "Text"}).notes


def test_a_folder_fits_if_it_has_pages(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("About")
    assert not fits_tree(tree_of(tmp_path), sites_of(tree_of(tmp_path), ""))
    (tmp_path / "post.md").write_text("Text")
    assert fits_tree(tree_of(tmp_path), sites_of(tree_of(tmp_path), ""))
