"""report.html with hostile texts in Chromium, its looks to a machine (axe-core), and what it says at its top."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.conftest import DEMO
from tests.eval.report.test_page import evaluate
from tests.hostile_texts import PAYLOADS

LINES = [orjson.loads(line) for line in DEMO.read_bytes().splitlines()]


def hostile() -> list[dict[str, Any]]:
    """120 articles with lists, every payload in the title, a teaser, the section, the tags and the body of one."""
    found = []
    for number, text in enumerate(PAYLOADS):
        line = LINES[number % len(LINES)]
        copy = number // len(LINES)
        related = line.get("related", []) if not copy else [LINES[(number + 1) % len(LINES)]["id"]]
        marked = {
            "id": f"{line['id']}{'-again' * copy}",
            "title": f"{text} {line['title']} {number}",
            "teasers": [text],
            "section": text,
            "tags": [text],
            "body": f"{text}\n\n{line.get('body', '')}\n\n{text} {number}",
            "url": f"https://paper.example/{number}?q={text}",
            "related": related,
        }
        found.append({**{key: value for key, value in line.items() if key != "teaser"}, **marked})
    return found


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "articles.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in hostile()))
    evaluate(folder / "report", systems="tfidf,product")
    return folder / "report"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    (folder / "articles.jsonl").write_bytes(DEMO.read_bytes())
    evaluate(folder / "report", systems="random,tfidf,naive,product,oracle")
    return folder / "report"


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    context.set_default_timeout(120_000)  # a busy machine is no fault of the page
    found = context.new_page()
    found.problems = []
    found.on("pageerror", lambda error: found.problems.append(str(error)))
    found.on("console", lambda message: found.problems.append(message.text))
    found.on("request", lambda r: None if r.url.startswith("file:") else found.problems.append(r.url))
    yield found
    assert found.problems == []
    context.close()


NODES = "H3 P OL LI SPAN A DIV DETAILS SUMMARY TABLE TBODY TR TH TD BUTTON".split()
STRANGE = """kinds => [...document.querySelectorAll("#detail *, #list *")].filter(node => !kinds.includes(node.nodeName)
  || [...node.attributes].some(a => /^on|^style$|srcdoc/i.test(a.name))
  || (node.hasAttribute("href") && !/^https?:/.test(node.getAttribute("href")))).map(node => node.outerHTML)"""


def test_no_text_runs_or_becomes_markup(page: Any, report: Path) -> None:
    page.goto((report / "report.html").as_uri())
    lists = page.locator("#list button")
    document = orjson.loads((report / "report.json").read_bytes())
    assert lists.count() == document["queries"] > 40
    opened = page.evaluate(f"""() => {{ const strange = {STRANGE}, found = []; let n = 0;
      for (const button of document.querySelectorAll("#list button")) {{ button.click(); n++;
        found.push(...strange({NODES})); }}
      return [n, found]; }}""")
    assert opened == [document["queries"], []]
    page.wait_for_timeout(200)
    assert page.evaluate("window.hit") is None
    assert page.title() == "Related articles: evaluation"
    assert page.locator("script").count() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_axe_has_nothing_to_say(page: Any, plain: Path, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-core is not installed")
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto((plain / "report.html").as_uri())
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(axe.AXE_FILE_PATH.read_text(encoding="utf-8"))  # by the debugger: no policy of the page holds
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then(r => r.violations)")
    assert [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found] == []


def test_it_opens_with_what_was_found_in_plain_words(page: Any, plain: Path) -> None:
    page.goto((plain / "report.html").as_uri())
    document = orjson.loads((plain / "report.json").read_bytes())
    qrels, runs = (
        read_qrels(plain / "qrels.txt"),
        {name: read_run(plain / f"run-{name}.txt") for name in ("product", "tfidf")},
    )
    mean = {name: sum(len(qrels[q] & set(run[q][:10])) for q in qrels) / len(qrels) for name, run in runs.items()}
    possible = sum(min(10, len(each)) for each in qrels.values()) / len(qrels)
    held = document["held"]
    assert held["possible"] == pytest.approx(possible, abs=1e-4)
    assert held["systems"]["oracle"] == held["possible"]
    for name, value in mean.items():
        assert held["systems"][name] == pytest.approx(value, abs=1e-4)
    digits = 1 if abs(mean["product"] - mean["tfidf"]) >= 0.1 else 2
    most, ours, theirs = (f"{value:.{digits}f}" for value in (possible, mean["product"], mean["tfidf"]))
    assert page.locator("h1").inner_text() == (
        f"Of the {most} articles that an editor picked for a story, the first 10 recommended hold {ours};"
        f" plain text search (tf-idf) finds {theirs}."
    )
    assert page.locator("h1 + .lead").inner_text()
    assert document["verdict"] in page.locator(".verdict").inner_text()


def read_qrels(path: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for query, _, document, grade in (line.split() for line in path.read_text().splitlines()):
        found.setdefault(query, set()).update([document] if int(grade) else [])
    return found


def read_run(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for query, _, document, *_ in (line.split() for line in path.read_text().splitlines()):
        found.setdefault(query, []).append(document)
    return found


def test_a_measure_is_explained_where_it_stands_and_below(page: Any, plain: Path) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto((plain / "report.html").as_uri())
    term = page.locator(".term").first
    tip = term.locator(".tip")
    assert not tip.is_visible()
    term.hover()
    assert tip.is_visible()
    page.mouse.move(0, 0)
    assert not tip.is_visible()
    term.focus()
    assert tip.is_visible()
    page.keyboard.press("Tab")
    assert not tip.is_visible()
    assert page.locator(".term").nth(1).locator(".tip").is_visible()
    notes = page.locator(".footnotes li")
    assert notes.count() == page.locator(".term").count() >= 6
    assert tip.inner_text() in notes.first.inner_text()


def test_reasons_are_sentences_and_numbers_are_there_on_demand(page: Any, plain: Path) -> None:
    page.goto((plain / "report.html").as_uri())
    reasons = page.locator(".reason").all_inner_texts()
    assert len(reasons) == page.locator("#detail details").count() >= 5
    assert all(re.match(r"[A-Z“].*\.$", each) for each in reasons)
    assert not page.locator("#detail details table").first.is_visible()
    page.locator("#detail summary").first.click()
    assert page.locator("#detail details[open] td").first.is_visible()


def test_it_prints_what_is_to_be_read(page: Any, plain: Path) -> None:
    page.goto((plain / "report.html").as_uri())
    page.emulate_media(media="print")
    assert not page.locator("#search").is_visible()
    assert not page.locator("#download").is_visible()
    assert page.locator("h1").is_visible()
    assert page.locator("#detail .reason").first.is_visible()
