"""The pages of small stores, served to a real browser: one server a module, nothing but this machine."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.in_thread import running
from tests.api.serving import ENCODER, application
from tests.conftest import DEMO, SEED_PAGE, build_store, records

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def newspaper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seed page and the demo newspaper, built with the hash encoder."""
    return build_store(tmp_path_factory.mktemp("newspaper"), records(SEED_PAGE, DEMO), ENCODER)


@pytest.fixture(scope="module")
def site(newspaper: Path) -> Iterator[str]:
    """The newspaper's pages, open to everybody, at an address."""
    app = application(newspaper, writes=True, pages="open", site_name="The Tessle Courier")
    with running(app) as address:
        yield address


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page whose dialogs, errors and requests to other machines all fail the test that opened it."""
    contexts: list[Any] = []
    faults: list[str] = []

    def opened(address: str, viewport: dict[str, int] = DESK, scheme: str = "light", **more: Any) -> Any:
        context = browser.new_context(viewport=viewport, color_scheme=scheme, **more)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.asked = []
        page.on("dialog", lambda dialog: (faults.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: faults.append(f"error {error}"))
        page.on("console", lambda message: faults.append(message.text) if _told(message, page) else None)
        page.on("request", lambda request: page.asked.append(request.url))
        page.origin = address.split("/", 3)[2]
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        for page in context.pages:
            faults += [f"asked {url}" for url in page.asked if not url.startswith((f"http://{page.origin}/", "data:"))]
        context.close()
    assert faults == []


def _told(message: Any, page: Any) -> bool:
    """Say whether a line of the console is a fault: the browser itself notes every answer that is an error."""
    return not message.text.startswith("Failed to load resource: the server responded with a status of 4")
