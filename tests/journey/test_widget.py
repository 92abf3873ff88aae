"""<related-articles> in a real browser, on pages of a site that is not the API's: whatever the API says or not.

The pages and the API are two servers of this machine, and so two origins. The lists are those of a real application.
"""

import gzip
import time
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from api.widget import variants
from index.fragment import fragment
from index.response import Item, Related, Status
from recommender.ranking.hits import Source
from tests.api.serving import ENCODER, served
from tests.browser import Reply, web_server
from tests.conftest import DEMO, build_store, records
from tests.hostile_texts import PAYLOADS

ARTICLE = "2025-07-first-deep-ship"
ADDRESS = "https://tesslecourier.example/business/2024-03-harbour-deepening-plan"
KEPT = '<ul id="mine"><li><a href="/mine">What the server wrote</a></li></ul>'
LIST = f"/v1/articles/{ARTICLE}/related"
NODES = {"UL", "LI", "META", "A", "IMG", "SPAN", "P", "TIME"}


class Api:
    """A real application behind a server; ``said`` replaces its lists, ``asked`` is what it was asked."""

    def __init__(self, client: Any) -> None:
        self.client, self.asked, self.said = client, list[str](), None
        self.origin = ""

    def __call__(self, path: str) -> Reply:
        if not path.startswith("/widget.js"):
            self.asked.append(path)
            if self.said:
                return self.said()
        answer = self.client.get(path, headers={"accept-encoding": "identity", "origin": "http://site.example"})
        allowed = {"Access-Control-Allow-Origin": answer.headers["access-control-allow-origin"]}
        return Reply(answer.content, answer.headers["content-type"], answer.status_code, allowed)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    store = build_store(tmp_path_factory.mktemp("widget"), records(DEMO), ENCODER)
    with served(store, cors_origins="*") as client:
        found = Api(client)
        with web_server(found) as origin:
            found.origin = origin
            yield found


class Site:
    """A website of one page, whose text and headers a test sets."""

    def __init__(self) -> None:
        self.page, self.headers, self.origin = "", dict[str, str](), ""

    def __call__(self, path: str) -> Reply:
        if path == "/site.css":
            return Reply(b"related-articles{display:block;min-height:30rem}", "text/css")
        return Reply(self.page.encode(), headers=self.headers)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    found = Site()
    with web_server(found) as origin:
        found.origin = origin
        yield found


@pytest.fixture
def page(browser: Any, api: Api) -> Iterator[Any]:
    api.said, api.asked = None, []
    context = browser.new_context()
    context.set_default_timeout(120_000)  # a busy machine is no fault of the page
    found = context.new_page()
    found.problems = []
    found.on("pageerror", lambda error: found.problems.append(str(error)))
    yield found
    context.close()
    assert found.problems == []


def visit(page: Any, site: Site, api: Api, /, inside: str = KEPT, head: str = "", **attributes: str) -> str:
    """Open a page with the element; return the state in which it ends."""
    attributes = {"for": ARTICLE, **attributes}
    said = " ".join(f'{name.replace("_", "-")}="{escape(value)}"' for name, value in attributes.items())
    site.page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A story</title>{head}'
        f'<script src="{api.origin}/widget.js" defer></script></head><body><main><h1>A story</h1>'
        f"<related-articles {said}>{inside}</related-articles><footer>Imprint</footer></main></body></html>"
    )
    page.goto(site.origin)
    page.wait_for_selector("related-articles:is([data-state=shown], [data-state=kept])", state="attached")
    state: str = page.locator("related-articles").get_attribute("data-state")
    return state


def shown(page: Any) -> list[str]:
    found: list[str] = page.locator(".related-articles__title").all_inner_texts()
    return found


def titles(api: Api, path: str) -> list[str]:
    return [item["title"] or item["teaser"] for item in api.client.get(path).json()["items"]]


def test_a_plain_page_shows_the_articles_list(page: Any, site: Site, api: Api) -> None:
    assert visit(page, site, api, limit="4") == "shown"
    assert shown(page) == titles(api, f"{LIST}?limit=4")
    assert len(shown(page)) == 4
    assert page.locator("#mine").count() == 0
    assert api.asked == [f"{LIST}?limit=4"]
    assert page.context.cookies() == []


def test_without_a_name_it_is_the_list_of_the_canonical_address(page: Any, site: Site, api: Api) -> None:
    canonical = f'<link rel="canonical" href="{ADDRESS}">'
    assert visit(page, site, api, head=canonical, **{"for": ""}) == "shown"
    assert parse_qs(urlsplit(api.asked[0]).query) == {"url": [ADDRESS]}
    assert shown(page) == titles(api, f"/v1/related?url={ADDRESS}")
    assert visit(page, site, api, **{"for": ADDRESS}) == "shown"
    assert shown(page) == titles(api, f"/v1/related?url={ADDRESS}")
    assert visit(page, site, api, **{"for": ""}) == "kept"  # the page's own address, which no article has
    assert parse_qs(urlsplit(api.asked[-1]).query)["url"] == [f"{site.origin}/"]


def test_every_parameter_is_passed_on(page: Any, site: Site, api: Api) -> None:
    said = {"limit": "2", "mode": "background", "min_score": "0.001", "explain": "", "fallback": "latest"}
    visit(page, site, api, exclude="a  b", **said)
    assert parse_qs(urlsplit(api.asked[0]).query) == {
        "limit": ["2"],
        "mode": ["background"],
        "min_score": ["0.001"],
        "explain": ["true"],
        "exclude": ["a", "b"],
        "fallback": ["latest"],
    }
    assert page.locator(".related-articles__why").count() == 2


DOM = """element => { const walk = node => node.nodeType === 3 ? (node.data.trim() || null) : [node.localName,
  Object.fromEntries([...node.attributes].map(a => [a.name, a.value])),
  ...[...node.childNodes].map(walk).filter(Boolean)];
  for (const time of element.querySelectorAll("time")) time.textContent = time.dateTime;
  return walk(element.querySelector("ul")); }"""
"""The list as nested arrays; days as they are in the attribute, for the element writes them in the page's language."""


def test_it_builds_what_the_server_writes(page: Any, site: Site, api: Api) -> None:
    html = api.client.get(f"{LIST}.html?limit=5&explain=true").text
    visit(page, site, api, limit="5", explain="")
    built = page.locator("related-articles").evaluate(DOM)
    page.set_content(f"<div id=there>{html}</div>")
    assert page.locator("#there").evaluate(DOM) == built
    assert len(built) == 2 + 5


def test_a_strict_content_policy_lets_it_work(page: Any, site: Site, api: Api) -> None:
    policy = (
        f"default-src 'none'; script-src {api.origin}; connect-src {api.origin}; img-src https://tesslecourier.example;"
        " style-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text))
    site.headers = {"Content-Security-Policy": policy}
    try:
        assert visit(page, site, api, height="400", heading="More on this") == "shown"
    finally:
        site.headers = {}
    assert len(shown(page)) == 8
    assert not [text for text in broken if "olicy" in text or "Trusted" in text]
    assert page.locator(".related-articles").evaluate("e => getComputedStyle(e).display") == "grid"
    assert page.locator("related-articles").evaluate("e => getComputedStyle(e).minHeight") == "400px"


def json(items: Any, content_type: str = "application/json") -> Reply:
    return Reply(orjson.dumps(items), content_type, headers={"Access-Control-Allow-Origin": "*"})


def slow() -> Reply:
    time.sleep(1.2)
    return json({"items": [{"title": "Too late"}]})


FAULTS = {
    "error": lambda: json({"title": "no"})._replace(status=500),
    "unknown": lambda: json({"title": "no"})._replace(status=404),
    "html": lambda: Reply(b"<!doctype html><h1>It works!</h1>", headers={"Access-Control-Allow-Origin": "*"}),
    "half": lambda: json({})._replace(body=b'{"items": [{"title": "a'),
    "null": lambda: json(None),
    "number": lambda: json(7),
    "list": lambda: json(["a"]),
    "items are none": lambda: json({"items": None}),
    "items are text": lambda: json({"items": "abc"}),
    "items are odd": lambda: json({"items": [None, 1, "a", [], {}, {"title": 3}]}),
    "empty": lambda: json({"items": []}),
    "without CORS": lambda: Reply(b'{"items": [{"title": "a"}]}', "application/json"),
    "slow": slow,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_server_wrote_stays(page: Any, site: Site, api: Api, fault: str) -> None:
    api.said = FAULTS[fault]
    started = time.monotonic()
    assert visit(page, site, api) == "kept"
    assert page.locator("related-articles").inner_html() == KEPT
    if fault == "slow":
        assert time.monotonic() - started > 0.7
        page.wait_for_timeout(600)  # by now it has come, and still is not shown
        assert page.locator("related-articles").inner_html() == KEPT


def test_an_api_that_is_not_there_changes_nothing(page: Any, site: Site, api: Api) -> None:
    assert visit(page, site, api, api="http://127.0.0.1:9/") == "kept"
    assert page.locator("related-articles").inner_html() == KEPT
    page.route("**/widget.js", lambda route: route.abort())
    page.goto(site.origin)
    assert page.locator("related-articles").inner_html() == KEPT


def hostile() -> list[dict[str, Any]]:
    return [
        {
            **dict.fromkeys(("id", "title", "teaser", "section", "source", "url", "image", "published_at"), text),
            "why": {"text": text},
            "position": text,
        }
        for text in PAYLOADS
    ]


OUTSIDE = """list => [...list.querySelectorAll("*")].flatMap(node => [
  ...(%s.includes(node.nodeName) ? [] : [node.outerHTML]),
  ...[...node.attributes].filter(a => /^on|^style$|^form|srcdoc/i.test(a.name)).map(a => node.outerHTML),
  ...["href", "src", "srcset"].filter(a => node.hasAttribute(a) && !/^https?:\\/\\//.test(node.getAttribute(a)))])"""


@pytest.mark.parametrize("own", [False, True])
def test_no_text_runs_or_becomes_markup(page: Any, site: Site, api: Api, own: bool) -> None:
    template = (
        '<template><li><a slot="url"><img slot="image"><b slot="title"></b></a><p slot="teaser"></p>'
        '<i slot="why"></i></li></template>'
    )
    api.said = lambda: json({"items": hostile()})
    page.route(lambda url: "a.example" in url, lambda route: route.abort())
    kinds = sorted({*NODES, "B", "I"} if own else NODES)
    assert visit(page, site, api, template if own else KEPT, limit="200", json_ld="", srcset="{url}?w=1 1x") == "shown"
    assert page.locator("related-articles ul > li").count() == len(PAYLOADS)
    assert page.locator("related-articles ul").evaluate(OUTSIDE % kinds) == []
    for kind in ("focus", "error", "load"):
        page.evaluate(f"for (const e of document.querySelectorAll('ul *')) e.dispatchEvent(new Event('{kind}'))")
    page.wait_for_timeout(200)
    assert page.evaluate("window.hit") is None
    texts = page.locator("b" if own else ".related-articles__title").evaluate_all("all => all.map(e => e.textContent)")
    assert texts == [text.strip() for text in PAYLOADS]
    listed = orjson.loads(page.locator("script[type='application/ld+json']").text_content())
    assert [entry["name"] for entry in listed["itemListElement"]] == [text.strip() for text in PAYLOADS]


SHOWN = ("id", "title", "teaser", "section", "url", "image")


def test_no_text_of_a_fragment_runs_or_becomes_markup(page: Any, site: Site, api: Api) -> None:
    items = [
        Item(**dict.fromkeys(SHOWN, text), published_at=None, score=0.5, position=1, source=Source.RANKED)
        for text in PAYLOADS
    ]
    found = Related(id="q", status=Status.OK, index_version="v", count=len(items), items=items)
    page.route(lambda url: "a.example" in url, lambda route: route.abort())
    page.goto(site.origin)
    page.set_content(f"<main>{fragment(found).decode()}</main>")
    assert page.locator("main > ul > li").count() == len(PAYLOADS)
    assert page.locator("main > ul").evaluate(OUTSIDE % sorted(NODES)) == []
    assert page.evaluate("window.hit") is None


SHIFT = """() => { window.shift = 0;
  const add = list => { for (const entry of list.getEntries()) window.shift += entry.value; };
  new PerformanceObserver(add).observe({ type: "layout-shift", buffered: true }); }"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("inside", ["", KEPT], ids=["empty", "with a list"])
def test_nothing_moves_when_the_list_comes(page: Any, site: Site, api: Api, width: int, inside: str) -> None:
    def late() -> Reply:
        time.sleep(0.3)
        return json(api.client.get(f"{LIST}?limit=4").json())

    api.said = late
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(f"({SHIFT})()")
    head = '<link rel="stylesheet" href="/site.css">'
    assert visit(page, site, api, inside, head, limit="4", show="title") == "shown"
    page.wait_for_timeout(200)
    assert page.evaluate("window.shift") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("document.querySelector('related-articles').style.minHeight = '0'")
    page.wait_for_timeout(200)
    assert page.evaluate("window.shift") > 0  # that it would be seen


def test_it_is_read_in_order_and_reached_by_the_keyboard(page: Any, site: Site, api: Api) -> None:
    visit(page, site, api, limit="3", heading="More on this", heading_level="3")
    assert page.locator("related-articles h3").inner_text() == "More on this"
    assert page.get_by_role("list", name="More on this").get_by_role("listitem").count() == 3
    reached = []
    for _ in range(3):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent"))
    assert reached == shown(page)
    links = page.locator("related-articles a")
    assert (
        links.evaluate_all("all => all.map(a => [a.target, a.rel, a.referrerPolicy])")
        == [["", "", "strict-origin-when-cross-origin"]] * 3
    )
    visit(page, site, api, limit="1", target="_blank", rel="nofollow")
    assert links.evaluate_all("all => all.map(a => [a.target, a.rel])") == [["_blank", "nofollow noopener"]]


def test_it_has_the_pages_colours_and_the_pages_styles_win(page: Any, site: Site, api: Api) -> None:
    style = "<style>:root{color-scheme:light dark} .related-articles__title{font-weight:400} ul{display:flex}</style>"
    page.emulate_media(color_scheme="dark")
    visit(page, site, api, head=style)
    shown_as = "e => { const s = getComputedStyle(e); return [s.color, s.fontWeight, s.backgroundColor]; }"
    assert page.locator(".related-articles__meta").first.evaluate(shown_as)[0] == "rgb(255, 255, 255)"
    assert page.locator(".related-articles__title").first.evaluate(shown_as)[1:] == ["400", "rgba(0, 0, 0, 0)"]
    assert page.locator(".related-articles").evaluate("e => getComputedStyle(e).display") == "flex"
    visit(page, site, api, unstyled="")
    assert page.locator(".related-articles").evaluate("e => getComputedStyle(e).listStyleType") == "disc"


PICTURE = {"id": "p", "title": "T", "url": "https://a.example/t", "image": "https://a.example/a,b.jpg"}


def test_images_have_their_size_before_they_are_there_and_load_late(page: Any, site: Site, api: Api) -> None:
    api.said = lambda: json({"items": [PICTURE]})
    page.route("https://a.example/**", lambda route: route.abort())
    visit(page, site, api, srcset="{url}?w=320 320w, {url}?w=640 640w", sizes="50vw", image_size="400x300")
    attributes = page.locator("img").evaluate("e => Object.fromEntries([...e.attributes].map(a => [a.name, a.value]))")
    assert attributes == {
        "class": "related-articles__image",
        "alt": "",
        "srcset": "https://a.example/a%2Cb.jpg?w=320 320w, https://a.example/a%2Cb.jpg?w=640 640w",
        "sizes": "50vw",
        "width": "400",
        "height": "300",
        "loading": "lazy",
        "decoding": "async",
        "referrerpolicy": "strict-origin-when-cross-origin",
        "src": "https://a.example/a,b.jpg",
    }
    visit(page, site, api, show="title date")
    assert page.locator("img").count() == 0


def test_a_list_is_asked_for_once_and_again_for_another_article(page: Any, site: Site, api: Api) -> None:
    visit(page, site, api, limit="2")
    page.evaluate("const e = document.querySelector('related-articles'); document.body.append(e)")
    page.add_script_tag(url=f"{api.origin}/widget.js")  # a page that has it twice
    assert len(api.asked) == 1
    page.evaluate("document.querySelector('related-articles').setAttribute('for', '2025-03-tram-vote')")
    page.wait_for_selector("[data-state=shown]")
    assert len(api.asked) == 2
    assert shown(page) == titles(api, "/v1/articles/2025-03-tram-vote/related?limit=2")


def test_the_file_is_small() -> None:
    script, _ = variants()[""]
    assert len(gzip.compress(script, 9)) < 5_000
    text = script.decode()
    unsafe = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "cookie")
    assert not [each for each in unsafe if each in text]


def test_what_the_guide_says_works(page: Any, site: Site, api: Api) -> None:
    """The examples of docs/widget.md, as they stand there, with this API's address."""
    guide = (Path(__file__).parents[2] / "docs" / "widget.md").read_text(encoding="utf-8")
    examples = [part.partition("\n")[2].partition("```")[0] for part in guide.split("```html")[1:]]
    with_element = [each for each in examples if "<related-articles" in each]
    assert len(with_element) >= 4
    for example in with_element:
        body = example.replace("https://related.example.com", api.origin)
        if "widget.js" not in body:
            body = f'<script src="{api.origin}/widget.js" defer></script>{body}'
        site.page = f'<!doctype html><html lang="en"><head><link rel="canonical" href="{ADDRESS}"></head><body>{body}'
        page.goto(site.origin)
        page.wait_for_selector("related-articles[data-state=shown]", state="attached")
        assert page.locator("related-articles li").count() >= 3
