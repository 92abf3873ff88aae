"""Screenshots of all pages, in two widths and two colour schemes: ``python -m bench.screenshots``.

Serves the store by itself. Needs Chromium (``make setup-browser``) and the demo's store (``make demo SERVE=0``).
"""

import argparse
import io
import shutil
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from api.app import create_app
from bench.in_thread import running
from index.live.live import Live
from recommender.catalog import Catalog
from recommender.settings import Settings

OUT = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
WIDTHS = {"desk": (1280, 1500), "phone": (390, 1500)}
"""Width and greatest height."""
COLOURS = 128
PAGES = {
    "front": "/",
    "article": "/pages/article?id=2025-03-tram-vote",
    "seed": "/pages/article?id=aras-2025",
    "controls": "/pages/article?id=2025-07-first-deep-ship&mode=background&diversity=0.3&limit=6",
    "search": "/?q=harbour",
    "draft": "/pages/draft",
    "health": "/pages/health",
    "api": "/docs",
}
DRAFT = (
    "A second deep ship turns in the Swatch",
    "The Harbour Trust said on Sunday that a second timber carrier had come up the deepened channel, four months after"
    " the dredging licence was granted.\n\nBram Oddy, who speaks for the cockle gatherers of Ruan Sands, asked again"
    " who pays for the silt that is dropped at Pellan Deep.",
)


def photograph(page: Any, path: Path, width: int, most: int) -> None:  # noqa: ANN401 - a page of playwright
    """Write what ``page`` shows from its top, at most ``most`` pixels high, as a PNG of few colours."""
    height = min(most, page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": width, "height": height})
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> None:
    """Take the screenshots."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=Path("var/demo"))
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--only", nargs="*", default=[*PAGES])
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    config = Settings(store=chosen.store, pages="open", site_name="The Tessle Courier", access_log=False)
    app = create_app(Live(chosen.store, 0.5, Catalog.open(chosen.store)), config=config)
    with running(app) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        for width_name, (width, most) in WIDTHS.items():
            for scheme in ("light", "dark"):
                viewport = {"width": width, "height": 900}
                page = browser.new_page(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
                page.set_default_timeout(600_000)
                for name in chosen.only:
                    page.set_viewport_size(viewport)
                    page.goto(f"{address}{PAGES[name]}")
                    if name == "draft":
                        page.fill("#title", DRAFT[0])
                        page.fill("#body", DRAFT[1])
                        page.click("text=Show what is related")
                        page.wait_for_selector("#related")
                    photograph(page, chosen.out / f"{name}-{width_name}-{scheme}.png", width, most)
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
