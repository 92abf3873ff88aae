"""report.html in a real browser: it draws, it searches, and what a person judges moves the numbers."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from eval.cli import app
from tests.conftest import DEMO

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
ATTACK = "<img src=x onerror=alert(1)></script><script>document.title='hit'</script>"


def evaluate(out: Path, *more: object) -> dict[str, object]:
    words = ["run", "--model", "hash", "--articles", out.parent / "articles.jsonl", "--out", out]
    arguments = [str(word) for word in (*words, "--cache", out.parent, "--systems", "tfidf,naive,product", *more)]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    document: dict[str, object] = orjson.loads((out / "report.json").read_bytes())
    return document


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo newspaper's report, with an attack in a title, a teaser, an id and a section."""
    folder = tmp_path_factory.mktemp("page")
    lines = [orjson.loads(line) for line in DEMO.read_bytes().splitlines()]
    for line in lines[::9]:
        line["title"] += ATTACK
        line["teasers"] = [ATTACK]
        line["section"] = ATTACK
        line["url"] = f"https://paper.example/{line['id']}?q={ATTACK}"
    (folder / "articles.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    evaluate(folder / "report")
    return folder / "report"


def test_the_page_needs_no_network_and_holds_no_markup_of_an_article(report: Path) -> None:
    page = (report / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<(?:link|iframe|object|embed|base)\b", page)
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", page)
    assert "url(http" not in page
    assert ATTACK not in page
    assert page.count("<script") == 2
    assert orjson.loads((report / "report.json").read_bytes())["verdict"] in page.replace("&#39;", "'")


@pytest.fixture
def page(report: Path) -> Iterator[object]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=BROWSER, args=FLAGS)
        found = browser.new_page(accept_downloads=True)
        found.problems = []
        found.on("pageerror", lambda error: found.problems.append(str(error)))
        found.on("console", lambda message: found.problems.append(message.text))
        found.on("request", lambda r: None if r.url.startswith(("file:", "blob:")) else found.problems.append(r.url))
        found.goto((report / "report.html").as_uri())
        yield found
        assert found.problems == []
        assert found.title() == "Related articles: evaluation"
        browser.close()


@needs_browser
def test_it_draws_every_list_and_searches(page: object, report: Path) -> None:
    document = orjson.loads((report / "report.json").read_bytes())
    assert page.locator("#list li").count() == document["queries"]
    values = [float(text) for text in page.locator("#list .value").all_inner_texts()]
    assert values == sorted(values)
    assert page.locator("figure svg").count() >= 4
    assert page.locator("img").count() == 0
    page.fill("#search", "tram")
    assert 0 < page.locator("#list li").count() < document["queries"]
    page.fill("#search", "no such words")
    assert page.locator("#detail").inner_text() == "No list matches."


@needs_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_a_phone_and_a_desk(page: object, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@needs_browser
def test_judging_moves_the_numbers(page: object, report: Path, tmp_path: Path) -> None:
    before = orjson.loads((report / "report.json").read_bytes())
    assert page.locator("#download").is_disabled()
    page.keyboard.press("j")
    first = page.locator(".hit.here").get_attribute("data-id")
    page.keyboard.press("r")
    page.keyboard.press("j")
    second = page.locator(".hit.here").get_attribute("data-id")
    page.keyboard.press("x")
    page.keyboard.press("n")
    page.locator(".hit:not(.picked) button.judge", has_text="not related").first.click()
    third = page.locator(".hit.no").get_attribute("data-id")
    assert page.locator("#marked").inner_text().startswith("3 judged")
    page.reload()
    assert page.locator("#marked").inner_text().startswith("3 judged")  # kept by the browser
    with page.expect_download() as download:
        page.click("#download")
    file = tmp_path / "judgements.qrels"
    download.value.save_as(file)
    lines = [line.split() for line in file.read_text().splitlines()]
    assert sorted((d, g) for _, _, d, g in lines) == sorted([(first, "1"), (second, "0"), (third, "0")])
    after = evaluate(report.parent / "judged", "--judgements", file)
    qrels = (report.parent / "judged" / "qrels.txt").read_text().split("\n")
    assert {f"{q} 0 {d} {g}" for q, _, d, g in lines} <= set(qrels)
    product = after["systems"]["product"]
    assert product["nDCG@10"] != before["systems"]["product"]["nDCG@10"]
    assert product["Judged@10"]["mean"] > 0
    assert "nDCG(judged_only=True)@10" in product
    assert after["systems"]["tfidf"]["Judged@10"]["mean"] > 0
