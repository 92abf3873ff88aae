"""How many pages and posts are read in a second of CPU time, and how right, whatever their layout?

Sites of PAGES pages are made, one a layout, from the paragraphs of the demo newspaper. Speed stands beside that of
trafilatura alone on pages of the same site, and for posts beside that of markdown-it-py parsing their bodies: those
ratios are of one run. The token F1 of the main text is over all pages; one that is left out counts 0. Writes
bench/results/sources.json.
"""

import json
import re
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.page_layouts import LAYOUTS, Story, main_text, post, stories
from recommender.articles import parse_article
from recommender.sources.html import Page, read_pages
from recommender.sources.items import Entry
from recommender.sources.markdown.folder import read_tree
from recommender.sources.options import ReadOptions
from recommender.sources.tree import tree_of

PAGES, POSTS, ALONE = 400, 1_000, 25
"""Pages of a site, posts of a folder, and how many of them the libraries read alone."""
DEMO = Path(__file__).parent.parent / "seeds" / "demo.jsonl"
_WORDS = re.compile(r"\w+")


def main(out: Annotated[Path, typer.Option()] = Path("bench/results/sources.json")) -> None:
    """Measure all layouts and the posts."""
    told = stories(*_demo(), max(PAGES, POSTS))
    rows = {name: _site(name, told[:PAGES]) for name in track(LAYOUTS, "layouts", transient=True)}
    rows["Markdown"] = _posts(told[:POSTS])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    table = Table("layout", "read", "a second", "times the library alone", "token F1", "lowest")
    for name, row in rows.items():
        table.add_row(name, *(f"{value:,}" for value in row.values()))
    Console().print(table, f"peak memory {peak:,} MiB")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"rows": rows, "peak_mib": peak}, indent=1) + "\n")


def _site(layout: str, told: list[Story]) -> dict[str, float]:
    from trafilatura import extract

    texts = [LAYOUTS[layout](story) for story in told]
    pages = [Page(str(n), f"/posts/{n}/", "", partial(str.encode, text)) for n, text in enumerate(texts)]
    alone = _rate(
        lambda: [extract(text, favor_precision=True, include_comments=False) for text in texts[:ALONE]], ALONE
    )
    found: list[Any] = []
    rate = _rate(lambda: found.extend(read_pages(pages, ReadOptions())), len(pages))
    bodies = {int(each.place): parse_article(each.fields).article.body for each in found if isinstance(each, Entry)}
    scores = [token_f1(main_text(layout, story), bodies.get(n, "")) for n, story in enumerate(told)]
    return _row(len(bodies), rate, alone, scores)


def _posts(told: list[Story]) -> dict[str, float]:
    from markdown_it import MarkdownIt

    texts = [post(story) for story in told]
    alone = _rate(lambda: [MarkdownIt().parse(text.split("---\n", 2)[2]) for text in texts[:ALONE]], ALONE)
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            (Path(folder) / f"post-{number}.md").write_text(text)
        found: list[Any] = []
        rate = _rate(lambda: found.extend(read_tree(tree_of(Path(folder)), ReadOptions())), len(texts))
    bodies = [parse_article(each.fields).article for each in found if isinstance(each, Entry)]
    by_title = {article.title: article.body for article in bodies}
    wanted = [_whole_text(story) for story in told]
    scores = [token_f1(text, by_title.get(story.title, "")) for story, text in zip(told, wanted, strict=True)]
    return _row(len(bodies), rate, alone, scores)


def _whole_text(story: Story) -> str:
    """What a reader sees of a post."""
    parts = [
        f"{'Part' if n % 4 == 3 else ''} {n if n % 4 == 3 else ''} {text} berth {n} quay {n}"
        for n, text in enumerate(story.paragraphs)
    ]
    return " ".join([*parts, "for berth in quay berth load timber True " * 10])


def _row(count: int, rate: float, alone: float, scores: list[float]) -> dict[str, float]:
    mean = sum(scores) / len(scores)
    return {
        "read": count,
        "per_second": round(rate),
        "times_alone": round(rate / alone, 1),
        "token_f1": round(mean, 4),
        "lowest": round(min(scores), 3),
    }


def _rate(work: Callable[[], Any], count: int) -> float:
    before = time.process_time()
    work()
    return count / (time.process_time() - before)


def token_f1(wanted: str, found: str) -> float:
    """Return the F1 of the words of two texts, each counted as often as it stands there."""
    one, other = Counter(_WORDS.findall(wanted.lower())), Counter(_WORDS.findall(found.lower()))
    both = (one & other).total()
    return 2 * both / (one.total() + other.total()) if both else 0.0


def _demo() -> tuple[list[str], list[str]]:
    """The titles and paragraphs of the demo newspaper."""
    articles = [json.loads(line) for line in DEMO.read_text().splitlines()]
    titles = [article["title"] for article in articles]
    lines = (line.strip() for article in articles for line in article.get("body", "").split("\n"))
    return titles, sorted({line for line in lines if len(line) > 80})


if __name__ == "__main__":
    typer.run(main)
