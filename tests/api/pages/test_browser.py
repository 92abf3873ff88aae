"""The pages as people use them, in Chromium: journeys, accessibility by axe-core, two widths, two colour schemes."""

import gzip
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.api.pages.conftest import DESK, PHONE

pytestmark = pytest.mark.browser

ARTICLE = "2025-07-first-deep-ship"
DRAFT = {
    "title": "Second deep ship turns in the Swatch",
    "body": "The Harbour Trust said on Sunday that a second timber carrier had come up the deepened channel.\n\n"
    "Bram Oddy, who speaks for the cockle gatherers of Ruan Sands, asked again who measures the silt. The dredging"
    " licence has eleven conditions.\n\nNobody at the tram inquiry was asked.",
}
PATHS = {
    "front": "/",
    "section": "/?section=sport",
    "search": "/?q=harbour",
    "nothing": "/?q=zzz",
    "article": f"/pages/article?id={ARTICLE}&mode=background&limit=5",
    "seed": "/pages/article?id=aras-2025",
    "missing": "/pages/article?id=nowhere",
    "draft": "/pages/draft",
    "health": "/pages/health",
    "docs": "/docs",
}
Open = Callable[..., Any]


def answered(page: Any) -> Any:
    """Send the draft on its page."""
    page.fill("#title", DRAFT["title"])
    page.fill("#body", DRAFT["body"])
    page.click("text=Show what is related")
    page.wait_for_selector("#related")
    return page


def test_first_page_to_an_article_to_its_list(open_page: Open, site: str) -> None:
    page = open_page(f"{site}/")
    assert page.title() == page.inner_text("h1") == "The Tessle Courier"
    assert page.locator(".cards .card").count() == 25
    assert page.locator(".cards svg.picture").count() == 25
    assert page.locator("aside.picked a").first.inner_text().startswith("Iran and Azerbaijan")
    headline = page.locator(".lead h3 a").inner_text()
    page.click(".lead h3 a")
    assert page.inner_text("h1") == headline
    assert len(page.inner_text(".body")) > 500
    assert page.locator(".served .row").count() == 8
    reasons = page.locator(".served .why").all_inner_texts()
    assert len(reasons) == 8
    assert all(re.fullmatch(r"[A-Z“‘0-9].{10,}\.", reason, re.DOTALL) for reason in reasons)
    page.click(".served .row h4 a >> nth=0")
    assert page.inner_text("h1") != headline


def test_seed_page_shows_its_eight_teasers_as_text_and_pretends_no_link(open_page: Open, site: str) -> None:
    page = open_page(f"{site}/pages/article?id=aras-2025")
    editors = page.locator("section[aria-labelledby=editors] li")
    assert editors.count() == 8
    assert editors.locator("a").count() == 0
    assert all(len(text) > 40 for text in editors.locator(".stub").all_inner_texts())
    found = page.locator("section[aria-labelledby=editors] .pick").count()
    assert page.inner_text(".verdict").startswith(f"{found} of the editor's 8 stand")
    assert page.locator(".served .row.agreed").count() == found
    plain = page.locator("section[aria-labelledby=plain] .pick").count()
    assert page.inner_text(".verdict").endswith(f"a plain embedding would show {plain}.")
    assert not page.locator(".body details p").first.is_visible()
    page.click(".body summary")
    assert page.locator(".body p").count() == 13
    assert page.locator(".body details p").first.is_visible()


@pytest.mark.parametrize("script", [True, False])
def test_controls_change_the_list(open_page: Open, site: str, script: bool) -> None:
    page = open_page(f"{site}/pages/article?id={ARTICLE}", java_script_enabled=script)
    before = page.locator(".served h4").all_inner_texts()
    page.click("text=Change how the list is made")
    page.fill("#limit", "3")
    page.select_option("#section", "environment")
    page.fill("#published_before", "2025-01-01")
    if script:
        page.wait_for_url(re.compile("published_before=2025-01-01"))
        page.locator("#said", has_text="3 related articles").wait_for(state="attached")
    else:
        page.click("text=Show the list")
    assert page.locator(".served .row").count() == 3
    assert page.locator(".served h4").all_inner_texts() != before[:3]
    assert all(int(text[-4:]) < 2025 for text in page.locator(".served time").all_inner_texts())
    assert page.input_value("#section") == "environment"
    listed = httpx2.get(f"{site}{page.get_attribute('.served .note a', 'href')}").json()
    assert [item["title"] for item in listed["items"]] == page.locator(".served h4").all_inner_texts()
    assert all(item["section"] == "environment" for item in listed["items"])


def test_search_finds_by_title_by_id_and_by_address(open_page: Open, site: str) -> None:
    page = open_page(f"{site}/", java_script_enabled=False)
    for text in ("deep ship", ARTICLE, f"https://tesslecourier.example/business/{ARTICLE}"):
        page.fill("#q", text)
        page.press("#q", "Enter")
        assert page.input_value("#q") == text
        links = page.locator(".found h2 a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
        assert f"/pages/article?id={ARTICLE}" in links
        if text != "deep ship":
            assert links[0] == f"/pages/article?id={ARTICLE}"
    page.fill("#q", "no such words")
    page.press("#q", "Enter")
    assert page.inner_text("#found") == "0 articles for “no such words”"


def test_a_draft_hears_what_is_related_where_it_could_link_and_what_covers_it(open_page: Open, site: str) -> None:
    page = answered(open_page(f"{site}/pages/draft", java_script_enabled=False))
    assert page.locator("section[aria-labelledby=related] .row").count() == 8
    phrases = page.locator(".phrase").evaluate_all("all => all.map(each => each.firstChild.textContent)")
    assert phrases
    assert all(phrase in DRAFT["body"] for phrase in phrases)
    assert len({*page.locator(".phrase").evaluate_all("all => all.map(each => each.hash)")}) == len(phrases)
    assert page.locator("ol.links li").count() == len(phrases)
    assert page.input_value("#html").count('<a href="https://tesslecourier.example/') == len(phrases)
    assert "Nothing in the index tells this story already" in page.inner_text(".fresh")
    page.goto(f"{site}/pages/article?id={ARTICLE}")
    text = "\n\n".join(page.locator(".body p").evaluate_all("all => all.map(each => each.textContent)"))
    title = page.inner_text("h1")
    page.goto(f"{site}/pages/draft")
    page.fill("#title", title)
    page.fill("#body", text)
    page.click("text=Show what is related")
    assert page.locator(".covered a").first.inner_text() == title
    page.fill("#title", "")
    page.fill("#body", " ")
    page.click("text=Show what is related")
    assert "There is no text" in page.inner_text("[role=alert]")


def test_index_health_says_what_is_there(open_page: Open, site: str) -> None:
    page = open_page(f"{site}/pages/health")
    index = httpx2.get(f"{site}/v1/index").json()
    figures = {
        term.inner_text(): each.inner_text()
        for term, each in zip(page.locator(".figures dt").all(), page.locator(".figures dd").all(), strict=True)
    }
    assert figures["articles"] == str(index["articles"])
    assert figures["stubs"] == str(index["stubs"])
    assert figures["curated lists"] == str(index["curated_lists"])
    assert index["version"] in page.inner_text("main")
    assert "word hashing" in page.inner_text(".warnings")


def test_the_examples_of_the_reference_run(open_page: Open, site: str) -> None:
    page = open_page(f"{site}/docs")
    buttons = page.locator("button[data-path]")
    assert buttons.count() >= 8
    for button in buttons.all():
        button.click()
        outcome = button.locator("xpath=ancestor::section").locator(".outcome")
        outcome.filter(has_text="200 OK").wait_for()
    page = open_page(f"{site}/docs", java_script_enabled=False)
    assert page.locator("button[data-path]:visible").count() == 0
    for link in page.locator(".run a").all():
        assert httpx2.get(f"{site}{link.get_attribute('href')}").status_code == 200


def test_everything_can_be_reached_by_keyboard(open_page: Open, site: str) -> None:
    page = open_page(f"{site}/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.lead')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(".served")
    page.focus("text=Change how the list is made")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "mode"
    page.keyboard.press("ArrowDown")
    page.wait_for_url(re.compile("mode=background"))


@pytest.mark.parametrize("name", [*PATHS, "answered"])
def test_each_page_fits_two_widths_and_has_no_fault_that_axe_knows(open_page: Open, site: str, name: str) -> None:
    for viewport, scheme in ((DESK, "light"), (DESK, "dark"), (PHONE, "dark")):
        page = open_page(f"{site}{PATHS.get(name, '/pages/draft')}", viewport, scheme)
        if name == "answered":
            answered(page)
        for summary in page.locator("summary").all():
            if summary.is_visible() and name != "docs":
                summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        found = page.evaluate(f"() => {{ {axe()}; return axe.run() }}")
        faults = [(each["id"], [node["target"] for node in each["nodes"]][:4]) for each in found["violations"]]
        assert faults == [], (name, viewport, scheme)


def axe() -> str:
    """The source of axe-core, from the package that brings it."""
    spec = find_spec("axe_playwright_python")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("axe-playwright-python is not installed")
    return (Path(spec.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")


def test_the_first_page_is_small_and_asks_little(open_page: Open, site: str) -> None:
    page = open_page(f"{site}/")
    page.wait_for_load_state("networkidle")
    asked = [url for url in page.asked if not url.startswith("data:")]
    assert len(asked) < 5
    sizes = [len(httpx2.get(url, headers={"accept-encoding": "identity"}).content) for url in asked]
    assert sum(sizes) < 100_000
    assert sum(len(gzip.compress(httpx2.get(url).content)) for url in asked) < 25_000
