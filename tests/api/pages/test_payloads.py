"""120 texts that would run a script, in every field of an article, in a draft and in every parameter: none runs."""

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from bench.in_thread import running
from recommender.articles import Record, parse_article
from tests.api.serving import ENCODER, application
from tests.conftest import build_store
from tests.payloads import PAYLOADS

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
WORDS = "The harbour trust deepened the channel for longer timber ships, and the silt came back with every tide."


def poisoned(number: int, payload: str) -> Record:
    """An article with ``payload`` in every field that takes a text, and in its addresses."""
    name = f"{number:03d}{payload}"
    return parse_article(
        {
            "id": name,
            "url": f"https://paper.site/{number}?q={payload}",
            "image": f"https://paper.example/{number}?q={payload}",
            "title": [payload, f"Harbour {number}"] if number % 2 else f"{payload} Harbour {number}",
            "teasers": [f"{payload} {number}", payload],
            "body": f"{payload}\n\n{WORDS} {number}.\n\n{payload}",
            "section": payload,
            "tags": [payload, f"a {payload}", "harbour"],
            "language": "en",
            "published_at": f"2025-{1 + number % 12:02d}-{1 + number % 28:02d}",
            "related": [
                f"{(number + step) % len(PAYLOADS):03d}{PAYLOADS[(number + step) % len(PAYLOADS)]}" for step in (1, 2)
            ],
        }
    )


def as_text(number: int, payload: str) -> Record:
    """The same, with markup that was taken for text, as an older reader or another writer may have stored it."""
    from dataclasses import replace

    record = poisoned(number, payload)
    article = replace(
        record.article,
        title=f"{payload} Harbour {number}",
        teasers=(f"{payload} {number}", payload),
        body=f"{payload}\n\n{WORDS} {number}.\n\n{payload}",
        section=payload[:100],
        tags=(payload, "harbour"),
    )
    return replace(record, article=article)


@pytest.fixture(scope="module")
def ids(poison: tuple[str, list[str]]) -> list[str]:
    return poison[1]


@pytest.fixture(scope="module")
def poison(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """A site of poisoned articles: its address, and their ids."""
    found = [as_text(number, payload) for number, payload in enumerate(PAYLOADS)]
    store = build_store(tmp_path_factory.mktemp("poison"), found, ENCODER)
    app = application(Path(store), writes=True, pages="open", site_name=PAYLOADS[3], min_score=0.0)
    with running(app) as address:
        yield address, [record.article.id for record in found]


UNEXPECTED = {"script", "iframe", "object", "embed", "base", "style", "template", "math", "img"}
"""Elements that no page of poisoned articles has, but for scripts of our own."""


class Tags(HTMLParser):
    """Notes what could run or lead astray: scripts but for our own files, handlers, frames, other addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        own = (given.get("src") or "").startswith("/assets/")
        if "<" in tag or (tag in UNEXPECTED and not own):
            self.bad.append(tag)
        self.bad += [
            f"{tag} {name}" for name in given if name.startswith("on") or name in ("style", "srcdoc", "http-equiv")
        ]
        for name in ("href", "src", "action", "formaction", "xlink:href"):
            value = given.get(name)
            if value and not value.startswith(("/", "#", "https://paper.site/")) and value != "data:,":
                self.bad.append(f"{tag} {name}={value}")


PARAMETERS = ("mode", "limit", "min_score", "diversity", "section", "language", "published_after", "fallback")


def test_there_are_120_of_them_and_the_test_sees_what_is_not_escaped() -> None:
    assert len({*PAYLOADS}) == 120
    assert all(Tags(f'<p title="{payload}">{payload}</p>').bad for payload in PAYLOADS if "{{" not in payload)


def test_no_page_holds_markup_of_a_text(poison: tuple[str, list[str]]) -> None:
    address, ids = poison
    with httpx2.Client(base_url=address, timeout=60) as client:
        pages = [client.get(f"/?page={number}") for number in range(1, 6)]
        pages += [client.get("/pages/health"), client.get("/docs")]
        for name, payload in zip(ids, PAYLOADS, strict=True):
            everywhere = {"id": name, **dict.fromkeys(PARAMETERS, payload)}
            pages.append(client.get("/pages/article", params=everywhere))
            pages.append(client.get("/pages/article", params={"id": payload}))
            pages.append(client.get("/", params={"q": payload, "section": payload, "page": payload}))
    for page in pages:
        assert page.status_code in (200, 404)
        assert Tags(page.text).bad == []


def test_no_script_runs(open_page: Open, poison: tuple[str, list[str]]) -> None:
    address, ids = poison
    page = open_page(f"{address}/")
    for place, name in enumerate(ids):
        more = f"&limit=16&section={quote(PAYLOADS[place])}" if place % 4 == 0 else "&limit=6"
        page.goto(f"{address}/pages/article?id={quote(name)}{more}", wait_until="domcontentloaded")
        assert page.locator("script:not([src]), iframe, object, embed, base, main img").count() == 0
    for number in range(1, 6):
        page.goto(f"{address}/?page={number}")
    for payload in PAYLOADS[::6]:
        page.goto(f"{address}/?q={quote(payload)}")


def test_no_script_of_a_draft_runs(open_page: Open, poison: tuple[str, list[str]]) -> None:
    address, _ = poison
    page = open_page(f"{address}/pages/draft")
    for start in range(0, len(PAYLOADS), 24):
        page.fill("#title", PAYLOADS[start])
        page.fill("#body", "\n\n".join([WORDS, *PAYLOADS[start : start + 24]]))
        page.click("text=Show what is related")
        page.wait_for_selector("section[aria-labelledby=related] .row")
        assert page.locator("script:not([src]), iframe, object, embed, base, main img").count() == 0
