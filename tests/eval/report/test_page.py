"""report.html in a real browser: it draws, it searches, and what a person judges moves the numbers."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.report.plots import MIN_IN_BIN, SERIES, ablation_plot, calibration_plot, curve_plot
from tests.conftest import DEMO

ATTACK = "<img src=x onerror=alert(1)></script><script>document.title='hit'</script>"


def evaluate(out: Path, *more: object, systems: str = "tfidf,naive,product") -> dict[str, object]:
    words = ["run", "--model", "hash", "--articles", out.parent / "articles.jsonl", "--out", out]
    arguments = [str(word) for word in (*words, "--cache", out.parent, "--systems", systems, *more)]
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


@pytest.mark.parametrize("which", ["report", "whole"])
def test_the_page_needs_no_network_and_holds_no_markup_of_an_article(
    request: pytest.FixtureRequest, which: str
) -> None:
    folder = request.getfixturevalue(which)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<(?:link|iframe|object|embed|base)\b", page)
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", page)
    assert "url(http" not in page
    assert ATTACK not in page
    assert page.count("<script") == 2
    assert orjson.loads((folder / "report.json").read_bytes())["verdict"] in page.replace("&#39;", "'")


CAPTIONS = {
    "systems": "Every system's nDCG@10 with its 95 % interval.",
    "calibration": "How often an item of that score was picked.",
    "ablation": "What each group of signals adds to the tuned ranker",
    "curve": "What the site's lists are worth",
    "exposure": "Exposure: the nearer to the dashed line",
}


@pytest.fixture(scope="module")
def whole(report: Path) -> Path:
    """The same newspaper's report with everything that can be asked for."""
    out = report.parent / "whole"
    evaluate(out, "--ablation", "--curve", systems="tfidf,zero-shot,product,tuned")
    return out


def figures(folder: Path) -> dict[str, str]:
    """The page's pictures by their captions, as text."""
    page = (folder / "report.html").read_text(encoding="utf-8")
    found = re.findall(r"<figure>(.*?)<figcaption>(.*?)</figcaption></figure>", page, flags=re.DOTALL)
    return {unescape(caption): re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL) for svg, caption in found}


def figure(folder: Path, name: str) -> str:
    return next(svg for caption, svg in figures(folder).items() if caption.startswith(CAPTIONS[name]))


def words(svg: str) -> list[str]:
    return [unescape(text).strip() for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def test_the_page_shows_what_the_report_holds_and_nothing_else(report: Path, whole: Path) -> None:
    for folder, shown in ((report, {"systems", "calibration", "exposure"}), (whole, set(CAPTIONS))):
        captions = list(figures(folder))
        assert {name for name, start in CAPTIONS.items() if any(c.startswith(start) for c in captions)} == shown
        for svg in figures(folder).values():
            assert svg.strip().startswith("<svg")
            assert svg.strip().endswith("</svg>")
            assert "nan" not in svg.lower()
            assert "currentColor" in svg


def test_a_picture_is_left_out_where_there_is_nothing_to_draw(report: Path) -> None:
    out = report.parent / "bare"
    evaluate(out, "--no-beyond", systems="tfidf")
    captions = list(figures(out))
    assert not any(c.startswith(tuple(v for k, v in CAPTIONS.items() if k != "systems")) for c in captions)
    assert CAPTIONS["systems"] in captions


def test_the_calibration_names_whoever_gives_scores_with_the_error(whole: Path) -> None:
    shown = words(figure(whole, "calibration"))
    document = orjson.loads((whole / "report.json").read_bytes())
    for name, found in document["calibration"].items():
        assert f"{name} (error {found['expected_error']:.3f})" in shown
    assert "share picked by the editor" in shown
    assert not any(text.startswith("tfidf") for text in shown)


def test_the_ablation_has_a_line_a_group_in_the_reports_order(whole: Path) -> None:
    document = orjson.loads((whole / "report.json").read_bytes())
    order = [row["group"] for row in document["ablation"]]
    shown = [text for text in words(figure(whole, "ablation")) if text in order]
    assert shown == order[::-1]  # the axis begins at the bottom
    assert "nDCG@10 lost without the group" in words(figure(whole, "ablation"))


def test_the_curve_has_a_mark_a_size_and_the_floor_without_lists(whole: Path) -> None:
    document = orjson.loads((whole / "report.json").read_bytes())
    shown = words(figure(whole, "curve"))
    assert {str(row["lists"]) for row in document["learning_curve"]} <= set(shown)
    assert {"product", "tuned", "zero-shot", "curated lists that are known"} <= set(shown)


ROWS = [
    {"lists": size, **{name: {"mean": mean, "low": mean - 0.1, "high": mean + 0.1} for name in ("product", "tuned")}}
    for size, mean in ((50, 0.3), (100, 0.4), (1_234, 0.5))
]


def test_a_curve_without_zero_shot_has_no_floor() -> None:
    with_floor, without = (words(curve_plot(ROWS, ("product", "tuned"), floor, "nDCG@10")) for floor in (0.2, None))
    assert set(with_floor) - set(without) == {"zero-shot"}
    assert {"50", "100", "1,234"} <= set(without)


def test_a_group_is_green_only_where_it_surely_adds() -> None:
    rows = [
        {"group": "sure", "adds": {"mean": 0.1, "low": 0.05, "high": 0.2}},
        {"group": "unsure", "adds": {"mean": 0.1, "low": -0.05, "high": 0.2}},
        {"group": "harmful", "adds": {"mean": -0.1, "low": -0.2, "high": -0.05}},
    ]
    for count, kept in ((0, rows[1:]), (1, rows)):
        svg = ablation_plot(kept, "nDCG@10")
        assert (SERIES["product"] in svg) == bool(count)


def test_bins_of_a_few_items_are_not_drawn() -> None:
    bins = [{"score": 0.05, "picked": 0.0, "count": 400}, {"score": 0.95, "picked": 0.95, "count": MIN_IN_BIN}]
    few = [*bins[:1], {**bins[1], "count": MIN_IN_BIN - 1}]
    drawn, left_out = (
        calibration_plot({"product": {"expected_error": 0.1, "bins": each}}).count("<use ") for each in (bins, few)
    )
    assert drawn == left_out + 1


@pytest.fixture
def page(report: Path, browser: Any) -> Iterator[object]:
    found = browser.new_page(accept_downloads=True)
    found.problems = []
    found.on("pageerror", lambda error: found.problems.append(str(error)))
    found.on("console", lambda message: found.problems.append(message.text))
    found.on("request", lambda r: None if r.url.startswith(("file:", "blob:")) else found.problems.append(r.url))
    found.goto((report / "report.html").as_uri())
    yield found
    assert found.problems == []
    assert found.title() == "Related articles: evaluation"
    found.context.close()


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


def test_it_draws_the_larger_report_too(page: object, whole: Path) -> None:
    page.goto((whole / "report.html").as_uri())
    assert page.locator("figure svg").count() == len(figures(whole))
    for caption in CAPTIONS.values():
        assert page.locator("figcaption", has_text=caption).is_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_a_phone_and_a_desk(page: object, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


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
