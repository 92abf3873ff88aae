"""Whatever bytes come in: only items and SourceError come out, and nothing grows without bound."""

import tracemalloc
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.articles import parse_article
from recommender.errors import ArticleError, SourceError
from recommender.sources.items import Entry, LeftOut, Note
from recommender.sources.markdown import fits, fits_tree, read, read_tree
from recommender.sources.markdown.sites import sites_of
from recommender.sources.opened import from_stream
from recommender.sources.options import ReadOptions
from recommender.sources.tree import tree_of

SEEDS = [
    b"---\ntitle: A plan\ndate: 2024-03-14\ntags: [a, &x b, *x]\nrelated:\n- b\n- {url: /c/}\nx: !!str |\n  y\n---\n"
    b"# A\n\n[b](c) `d`\n",
    b'+++\ntitle = "A"\ndate = 2024-03-14T09:00:00Z\n[extra]\nrelated = ["b", "{{< ref \\"c\\" >}}"]\n+++\n'
    b"{{% n %}}t{{% /n %}}\n",
    b'{"title": "A", "related": ["b"], "cover": {"image": "x.png"}}\n\n| a | b |\n|--|--|\n| c | d |\n',
    b"\xef\xbb\xbfimport X from 'y'\n\n<Tabs a={[1]}>\n  text {b}\n</Tabs>\n\n```js\ncode\n```\n"
    b":::tip x\ny\n:::\n!!! note\n    z\n",
    b"# T\n\n{% raw %}{{ x }}{% endraw %} {% highlight c %}d{% endhighlight %}<!-- e --><p>f</p>\n\n"
    b"[^1]: g\n\n[[h|i]]\n",
]
NAMES = ["a.md", "b.mdx", "index.fr.md", "2019-01-02-c.markdown", "x.qmd"]
PLACES = ["content/a.md", "_posts/2019-01-02-a.md", "docs/01-a.mdx", "a/index.md", "blog/2019-01-02-a/index.md"]
CONFIGS = {
    "hugo.toml": b'baseURL = "https://h.example/"\n[permalinks]\na = "/:year/:slug/"\n',
    "_config.yml": b"url: https://j.example\npermalink: /:categories/:title/\ncollections: [a]\n",
    "mkdocs.yml": b"site_url: https://m.example\nplugins: [blog]\ntheme: {language: de}\n",
    "docusaurus.config.js": b"module.exports = { url: 'https://d.example', docs: { routeBasePath: '/' } }",
    "config.toml": b'base_url = "https://z.example"\ndefault_language = "en"\n',
}
PIECES = [
    b"---\n",
    b"{{",
    b"}}",
    b"[[",
    b"]]",
    b"`",
    b"<",
    b"- ",
    b": ",
    b"\n\n",
    b"\xff",
    b"\x00",
    b"{%",
    b"*x",
    b"&x ",
]
BLOWS = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 12), st.one_of(st.binary(max_size=4), st.sampled_from(PIECES))),
    max_size=6,
)


def damaged(text: bytes, blows: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, piece in blows:
        text = text[:at] + piece + text[at + length :]
    return text


DOCUMENTS = st.one_of(st.binary(max_size=200), st.builds(damaged, st.sampled_from(SEEDS), BLOWS))


def check_page(raw: bytes, name: str) -> None:
    try:
        fits(from_stream(BytesIO(raw), name))
        items = list(read(from_stream(BytesIO(raw), name), ReadOptions()))
    except SourceError:
        return
    assert len(items) == 1
    check(items)


def check(items: list[object]) -> None:
    for item in items:
        assert isinstance(item, Entry | LeftOut | Note | ArticleError)
        if isinstance(item, Entry):
            with suppress(ArticleError):  # such as a page without any text
                parse_article(dict(item.fields), item.place)


def check_folder(root: Path, raw: bytes, place: str, config: str, settings_of: bytes) -> None:
    for file in root.rglob("*"):
        if file.is_file():
            file.unlink()
    for name, content in ((place, raw), (config, settings_of), ("content/b.md", SEEDS[0]), ("_posts/b.md", SEEDS[4])):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    tree = tree_of(root)
    fits_tree(tree, sites_of(tree, ""))
    check(list(read_tree(tree, ReadOptions())))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("markdown")


@settings(max_examples=200, deadline=None)
@given(raw=DOCUMENTS, name=st.sampled_from(NAMES))
def test_no_bytes_whatever_break_the_reader_of_a_page(raw: bytes, name: str) -> None:
    check_page(raw, name)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS, st.sampled_from(PLACES), st.sampled_from(sorted(CONFIGS)), BLOWS)
def test_no_bytes_whatever_break_the_reader_of_a_folder(
    scratch: Path, raw: bytes, place: str, config: str, blows: list[tuple[int, int, bytes]]
) -> None:
    check_folder(scratch, raw, place, config, damaged(CONFIGS[config], blows))


@pytest.mark.slow
@settings(max_examples=20_000, deadline=None)
@given(raw=DOCUMENTS, name=st.sampled_from(NAMES))
def test_no_bytes_whatever_break_the_reader_of_a_page_at_length(raw: bytes, name: str) -> None:
    check_page(raw, name)


def test_memory_is_that_of_one_page(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number}.md").write_text(f"---\ntitle: Page {number}\n---\n" + "Some words. " * 2_000)
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_tree(tree_of(tmp_path), ReadOptions()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 301
    assert peak < 6_000_000  # all of them are 7 MB


def test_a_page_that_is_too_long_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x" * 5_000_000)
    (item,) = read_tree(tree_of(tmp_path, "site"), ReadOptions())
    assert isinstance(item, ArticleError)
    assert item.place == "site/a.md"
    with pytest.raises(SourceError, match="larger than"):
        list(read(from_stream(BytesIO(b"x" * 5_000_000), "a.md"), ReadOptions()))


def test_a_page_of_brackets_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("[" * 200_001)
    (item,) = read_tree(tree_of(tmp_path, "site"), ReadOptions())
    assert isinstance(item, ArticleError)
    assert "200,001" in item.message
