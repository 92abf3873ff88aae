"""Pages whatever their layout: tables and line breaks, containers learnt for a site, short articles beside lists."""

from collections.abc import Callable

import pytest

from recommender.sources.html import Page, read_pages, templates
from recommender.sources.html.layout_tables import without_layout_tables
from recommender.sources.items import Entry, Item, LeftOut
from recommender.sources.options import ReadOptions

WORDS = """quay council flood winter piles shipworm lorry ferry market spring tender crane ballast lamp keeper cable
harbour breakwater pilot timber auction slipway dredger tide anchor""".split()
MENU = "".join(f'<div><a href="/{name}/">{name.title()}</a></div>' for name in "home news sport culture".split())


def paragraphs(number: int, count: int = 5) -> list[str]:
    """Paragraphs of some 130 characters, others for each number."""
    return [
        f"Report {number}.{n} of the "
        + " and the ".join(WORDS[(number * 7 + n * 5 + k * 3) % len(WORDS)] for k in range(9))
        for n in range(count)
    ]


def cards(number: int) -> str:
    return "".join(
        f'<div class="card"><a href="/posts/o{n}/"><h3>Another story, number {n}</h3></a>'
        f"<p>{paragraphs(90 + n)[0]}</p></div>"
        for n in range(number, number + 4)
    )


def page(body: str, head: str = "") -> str:
    return f"<!doctype html><html><head><title>A new quay</title>{head}</head><body>{body}</body></html>"


def with_p(text: list[str]) -> str:
    return "".join(f"<p>{each}</p>" for each in text)


def with_br(text: list[str]) -> str:
    return "<font>" + "<br><br>".join(text) + "</font>"


def columns(text: str, attributes: str = "") -> str:
    cells = f"<td>{MENU}</td><td><h1>A new quay</h1>{text}</td><td>{cards(0)}</td>"
    return page(f"<table {attributes}><tr>{cells}</tr></table><div>All rights reserved.</div>")


LAYOUTS: dict[str, Callable[[list[str]], str]] = {
    "columns of paragraphs": lambda text: columns(with_p(text)),
    "columns of lines": lambda text: columns(with_br(text)),
    "columns that say so": lambda text: columns(with_br(text), 'role="presentation"'),
    "a table in a table": lambda text: page(
        f"<TABLE><tr><td colspan=2>The Gazette</td></tr><tr><td>{MENU}</td><td>"
        "<table><tr><td><h1>A new quay</h1></td></tr>"
        f"<tr><td>{with_br(text)}</td></tr></table></td></tr></TABLE>"
    ),
    "lines in a division": lambda text: page(f"<div>{MENU}</div><h1>A new quay</h1><div>{with_br(text)}</div><hr>"),
    "divisions without names": lambda text: page(
        f"<div><div>{MENU}</div><div><div><h1>A new quay</h1></div><div>{with_p(text)}</div></div>"
        f"<div>{cards(0)}</div></div>"
    ),
}


def read(pages: list[str], path: str = "/posts/{}/") -> list[Item]:
    return list(
        read_pages([Page(str(n), path.format(n), "", each.encode) for n, each in enumerate(pages)], ReadOptions())
    )


def bodies(pages: list[str]) -> list[str]:
    return [each.fields["body"] for each in read(pages) if isinstance(each, Entry)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages whose text trafilatura was asked for."""
    pages: list[str] = []
    find = templates.found_by_trafilatura

    def found(html: str, unwanted: set[str]) -> str:
        pages.append(html)
        return find(html, unwanted)

    monkeypatch.setattr(templates, "found_by_trafilatura", found)
    return pages


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_the_text_of_one_page_is_its_paragraphs(layout: Callable[[list[str]], str]) -> None:
    assert bodies([layout(paragraphs(3))]) == ["\n\n".join(paragraphs(3))]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_the_container_of_any_layout_is_learnt(layout: Callable[[list[str]], str], asked: list[str]) -> None:
    texts = [paragraphs(n, 4 + n % 5) for n in range(30)]
    assert bodies([layout(text) for text in texts]) == ["\n\n".join(text) for text in texts]
    assert len(asked) <= 2 * templates.TRIALS


def test_a_first_page_unlike_the_others_does_not_keep_their_container_from_being_learnt(asked: list[str]) -> None:
    texts = [paragraphs(n) for n in range(24)]
    menu = MENU * 8

    def layout(text: list[str]) -> str:
        return page(f"<div><div>{menu}</div><div><h1>A new quay</h1>{with_p(text)}</div></div>")

    odd = [page(f"<div><div>{with_p(text[:3])}</div><div>{with_p(text[3:])}</div></div>") for text in texts[:4]]
    found = bodies(odd + [layout(text) for text in texts[4:]])
    assert found == ["\n\n".join(text) for text in texts]
    assert len(asked) <= 4 + 2 * templates.TRIALS


def test_a_table_of_data_stays_one() -> None:
    rows = "".join(f"<tr><td>Berth {n}</td><td>{n * 7} m</td></tr>" for n in range(5))
    for table in (
        f"<table>{rows}</table>",
        f"<table><tr><th>Berth</th></tr>{rows}<tr><td><p>a</p><p>b</p></td></tr></table>",
    ):
        tree = without_layout_tables(page(f"<article>{with_p(paragraphs(1))}{table}</article>"))
        assert not isinstance(tree, str)
        assert len(tree.findall(".//table")) == 1
        assert tree.find(".//td").text == "Berth 0"
    (body,) = bodies([page(f"<article><h1>A new quay</h1>{with_p(paragraphs(1))}<table>{rows}</table></article>")])
    assert all(f"Berth {n}" in body for n in range(5))


def test_a_page_without_tables_is_as_it_was() -> None:
    html = page(with_p(paragraphs(1)))
    assert without_layout_tables(html) is html


def test_data_in_a_column_of_the_page_stays_a_table() -> None:
    rows = "<tr><th>Berth</th><th>Length</th></tr><tr><td>North</td><td>70 m</td></tr>"
    tree = without_layout_tables(columns(with_p(paragraphs(1)) + f"<table>{rows}</table>"))
    assert not isinstance(tree, str)
    (table,) = tree.findall(".//table")
    assert [each.tag for each in table.iter() if each.tag in ("th", "td")] == ["th", "th", "td", "td"]


def test_a_page_of_few_words_is_read_without_a_search(asked: list[str]) -> None:
    texts = [f"Berth {n} is closed until the tide turns." for n in range(5)]
    assert bodies([page(f"<nav>{MENU}</nav><main><h1>Notice</h1><p>{text}</p></main>") for text in texts]) == texts
    assert asked == []


SHORT = paragraphs(5, 2)
ARTICLES = {
    "lines beside cards": columns(with_br(paragraphs(5, 4))),
    "two paragraphs above cards": page(
        f"<main><div><h1>A quay</h1>{with_p(SHORT)}</div><section>{cards(0)}</section></main>"
    ),
    "many links in the footer": page(
        f"<div><h1>A quay</h1>{with_p(SHORT)}</div><div>"
        + "".join(f'<p><a href="/town/{n}/">All that is new in town number {n}</a></p>' for n in range(40))
        + "</div>",
        '<meta property="og:type" content="website">',
    ),
}
INTRO = f"<p>{SHORT[0]}</p>"
LISTS = {
    "cards below a heading": ("/posts/", page(f"<main><h1>Posts</h1>{cards(0)}{cards(4)}</main>")),
    "cards below a line": (
        "/posts/",
        page(f"<main><h1>Posts</h1><p>All that we wrote.</p>{cards(0)}{cards(4)}</main>"),
    ),
    "an introduction": ("/posts/", page(f"<main><h1>Posts</h1>{INTRO}{cards(0)}{cards(4)}</main>")),
    "an introduction of a tag": ("/tags/x/", page(f"<main><header><h1>x</h1>{INTRO}</header>{cards(0)}</main>")),
    "an introduction of a site": (
        "/posts/",
        page(f"<header><h1>P</h1>{INTRO}</header>{cards(0)}", '<meta property="og:type" content="website">'),
    ),
    "a table of cards": ("/archive/", page(f"<table><tr><td>{MENU}</td><td><h1>All</h1>{cards(0)}</td></tr></table>")),
    "an archive of links": (
        "/archive/",
        page(
            "<h1>All</h1><ul>" + "".join(f'<li><a href="/p/{n}/">Post number {n}</a></li>' for n in range(60)) + "</ul>"
        ),
    ),
}


@pytest.mark.parametrize("html", ARTICLES.values(), ids=ARTICLES.keys())
def test_a_short_article_beside_other_pages_is_an_article(html: str) -> None:
    (entry,) = read([html])
    assert isinstance(entry, Entry)


@pytest.mark.parametrize(("path", "html"), LISTS.values(), ids=LISTS.keys())
def test_a_list_is_left_out_whatever_it_says_of_itself(path: str, html: str) -> None:
    (left_out,) = read([html], path)
    assert isinstance(left_out, LeftOut)
    assert "list" in left_out.kind
