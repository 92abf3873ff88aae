"""Live changes end to end, without HTTP: stored, embedded, announced; an encoder that fails loses nothing."""

import logging
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from index.build import build
from index.live.change_signal import FILE, ChangeSignal
from index.live.live import Live
from index.live.writer import Writer
from recommender.articles import Article, Record
from recommender.catalog import Catalog, Removal
from recommender.corpus.encoder import Encoder, Matrix
from recommender.errors import CatalogError, EncoderError
from tests.index.samples import ENCODER, articles

SHIP = Record(Article(id="ship", title="Ship aground", body="The ship ran aground off the quay."), "made")
CHESS = Record(Article(id="chess", title="Chess final", body="She took the rook, and then the match."), "made")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with closing(Catalog.open(tmp_path)) as catalog:
        catalog.put(list(articles(6)))
        build(tmp_path, catalog, ENCODER)
    return tmp_path


def server(store: Path, encoder: Encoder | None = None) -> tuple[Live, Writer]:
    """What one process holds."""
    catalog = Catalog.open(store)
    live = Live(store, catalog=catalog)
    live.refresh()
    return live, Writer(live, catalog, lambda model: encoder or ENCODER)


class Moody:
    """Fails until it is told not to."""

    def __init__(self) -> None:
        self.name, self.revision, self.dim, self.ill = ENCODER.name, ENCODER.revision, ENCODER.dim, True

    def encode(self, texts: Sequence[str]) -> Matrix:
        if self.ill:
            raise EncoderError("out of memory")
        return ENCODER.encode(texts)


def test_what_one_process_writes_the_others_hear_of_and_serve(store: Path) -> None:
    (mine, writer), (other, _) = server(store), server(store)
    assert not mine.has_changes()
    assert writer.put([SHIP, CHESS]) == set()
    assert mine.snapshot().corpus.find("ship") is not None
    assert not mine.has_changes(), "it followed by itself"
    assert other.has_changes()
    other.follow()
    assert not other.has_changes()
    assert other.snapshot().version == mine.snapshot().version
    assert other.snapshot().corpus.find("chess") is not None
    assert writer.remove("ship") == (Removal("ship", alias=False), True)
    assert other.has_changes()
    other.follow()
    assert other.snapshot().corpus.find("ship") is None
    assert writer.remove("ship") is None


def test_what_cannot_be_embedded_is_stored_and_tried_again(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    encoder = Moody()
    live, writer = server(store, encoder)
    with caplog.at_level(logging.ERROR):
        assert writer.put([SHIP]) == {"ship"}
    assert "is stored, but could not be embedded" in caplog.text
    assert live.snapshot().pending.keys() == {"ship"}
    assert live.snapshot().corpus.find("ship") is None
    first = live.snapshot().version
    writer.embed_pending()
    assert live.snapshot().pending.keys() == {"ship"}
    encoder.ill = False
    writer.embed_pending()
    assert live.snapshot().pending == {}
    assert live.snapshot().corpus.find("ship") is not None
    assert live.snapshot().version != first


def until_embedded(live: Live) -> None:
    """Wait until nothing is pending; the limit only ends a wait that would never end."""
    until = time.monotonic() + 60
    while live.snapshot().pending and time.monotonic() < until:
        time.sleep(0.01)


def test_a_batch_that_does_not_wait_is_embedded_in_the_background(store: Path) -> None:
    live, writer = server(store)
    assert writer.put([SHIP, CHESS], wait=False) == {"ship", "chess"}
    writer.start()
    try:
        until_embedded(live)
    finally:
        writer.stop()
    assert live.snapshot().pending == {}
    assert live.snapshot().corpus.find("chess") is not None


def test_what_an_earlier_process_did_not_get_to_is_embedded_at_the_start(store: Path) -> None:
    _, earlier = server(store)
    earlier.put([SHIP], wait=False)  # and there it is killed
    live, writer = server(store)
    assert live.snapshot().pending.keys() == {"ship"}
    writer.start()
    try:
        until_embedded(live)
    finally:
        writer.stop()
    assert live.snapshot().corpus.find("ship") is not None


def test_before_the_first_build_articles_are_kept_for_it(tmp_path: Path) -> None:
    live, writer = server(tmp_path)
    assert writer.put([SHIP]) == {"ship"}
    writer.embed_pending()
    with closing(Catalog.open(tmp_path)) as catalog:
        build(tmp_path, catalog, ENCODER)
    live.refresh()
    assert live.snapshot().corpus.find("ship") is not None
    assert live.snapshot().seq is None


def test_a_bell_is_heard_by_all_and_says_nothing_else(tmp_path: Path) -> None:
    one, two = ChangeSignal(tmp_path), ChangeSignal(tmp_path)
    before = two.token()
    assert one.token() == before
    one.notify()
    assert two.token() == one.token() != before
    heard = two.token()
    two.notify()
    assert one.token() != heard
    assert (tmp_path / FILE).stat().st_size == 8


def test_a_bell_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(CatalogError, match=f"{FILE}: cannot be mapped"):
        ChangeSignal(tmp_path)
