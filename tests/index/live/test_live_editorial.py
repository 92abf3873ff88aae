"""What editors decide is served without a build, in every process, and ends when it was to end."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.build import build
from index.live.live import Live
from index.live.tail import Tail
from index.live.writer import Writer, publish_rules
from index.store.publish import open_current
from recommender.articles import Article, Record
from recommender.catalog import Catalog
from recommender.editors import overrides as domain
from recommender.editors.overrides import Block, Editorial, Overrides, Pin
from recommender.editors.rules import SiteRules
from recommender.errors import CatalogError, RulesError, UnknownArticleError
from tests.index.samples import ENCODER, articles

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PIN = Overrides((Pin("a003", 1),))
TWO = Overrides((Pin("a003", 1, NOON), Pin("a004", 2)), (Block("a005", NOON + timedelta(hours=1)),))
SHIP = Record(Article(id="ship", title="Ship aground", body="The ship ran aground off the quay."), "made")


class Clock:
    def __init__(self) -> None:
        self.now = NOON - timedelta(hours=1)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with closing(Catalog.open(tmp_path)) as found:
        found.put(articles(8))
        build(tmp_path, found, ENCODER)
        yield found


@pytest.fixture
def clock() -> Clock:
    return Clock()


def process(store: Path, clock: Clock) -> Live:
    """What another process would serve."""
    live = Live(store, catalog=Catalog.open(store), clock=clock)
    live.refresh()
    return live


def test_a_pin_is_served_by_every_process_without_a_build(catalog: Catalog, tmp_path: Path, clock: Clock) -> None:
    mine, other = process(tmp_path, clock), process(tmp_path, clock)
    before = other.snapshot()
    assert (before.editorial, before.seq) == (Editorial(), None)
    Writer(mine, catalog, lambda _: ENCODER).override("a001", PIN)
    assert mine.snapshot().editorial.overrides == {"a001": PIN}
    assert other.has_changes()
    other.follow()
    now = other.snapshot()
    assert now.editorial == Editorial(overrides={"a001": PIN})
    assert (now.seq, now.corpus) == (catalog.seq(), before.corpus)
    assert before.version != now.version == mine.snapshot().version
    other.follow()
    assert other.snapshot() is now, "nothing changed, nothing is made"


def test_every_state_of_the_editorial_has_its_version(catalog: Catalog, tmp_path: Path, clock: Clock) -> None:
    live = process(tmp_path, clock)
    versions = [live.snapshot().version]
    for decided in (PIN, TWO, PIN, Overrides()):
        catalog.put_overrides("a001", decided)
        live.follow()
        versions.append(live.snapshot().version)
    assert len(set(versions[:4])) == 4
    assert versions[4] == versions[0], "as it was built"


def test_with_changed_articles_it_is_served_too(catalog: Catalog, tmp_path: Path, clock: Clock) -> None:
    live = process(tmp_path, clock)
    writer = Writer(live, catalog, lambda _: ENCODER)
    writer.put([SHIP])
    writer.override("ship", PIN)
    assert live.snapshot().corpus.find("ship") is not None
    assert live.snapshot().editorial.overrides == {"ship": PIN}
    writer.remove("ship")
    assert live.snapshot().editorial.overrides == {}
    catalog.put([SHIP, Record(Article(id="late", title="Rook takes pawn, and another"), "made")], live=True)
    catalog.put_overrides("late", PIN)
    live.follow()
    assert live.snapshot().pending.keys() == {"late"}
    assert live.snapshot().editorial.overrides == {"late": PIN}


def test_what_is_only_pending_takes_nothing_from_the_editorial(catalog: Catalog, tmp_path: Path) -> None:
    tail = Tail(open_current(tmp_path), catalog)
    catalog.put([SHIP], live=True)
    catalog.put_overrides("a001", PIN)
    assert (set(tail.now().pending), tail.now().editorial.overrides) == ({"ship"}, {"a001": PIN})


def test_what_expires_is_over_at_the_next_look(catalog: Catalog, tmp_path: Path, clock: Clock) -> None:
    catalog.put_overrides("a001", TWO)
    live = process(tmp_path, clock)
    whole = live.snapshot()
    assert whole.editorial.overrides == {"a001": TWO}
    live.follow()
    assert live.snapshot() is whole
    clock.now = NOON
    live.follow()
    first = live.snapshot()
    assert first.editorial.overrides == {"a001": replace(TWO, pins=(Pin("a004", 2),))}
    assert first.version == f"{whole.version}~1"
    live.refresh()
    assert live.snapshot() is first
    clock.now = NOON + timedelta(days=1)
    assert process(tmp_path, clock).snapshot().version == f"{whole.version}~2", "whoever comes late counts alike"
    live.follow()
    assert live.snapshot().version == f"{whole.version}~2"
    assert live.snapshot().editorial.overrides == {"a001": Overrides((Pin("a004", 2),))}


def test_a_change_after_an_end_loses_nothing(catalog: Catalog, tmp_path: Path, clock: Clock) -> None:
    catalog.put_overrides("a001", TWO)
    live = process(tmp_path, clock)
    clock.now = NOON
    live.follow()
    catalog.put_overrides("a002", PIN)
    live.follow()
    late = process(tmp_path, clock).snapshot()
    now = live.snapshot()
    assert now.editorial == late.editorial
    assert now.editorial.overrides == {"a001": replace(TWO, pins=(Pin("a004", 2),)), "a002": PIN}
    assert now.version == late.version == f"{now.manifest.version}.{catalog.seq()}~1"
    assert catalog.overrides_of("a001") == TWO, "the catalog keeps it"


def test_a_build_folds_it_in_and_it_ends_without_a_catalog_too(catalog: Catalog, tmp_path: Path, clock: Clock) -> None:
    catalog.put_overrides("a001", TWO)
    before = open_current(tmp_path).version
    clock.now = NOON
    live, reader = process(tmp_path, clock), Live(tmp_path, clock=clock)
    built = build(tmp_path, catalog, ENCODER)
    assert built.changed
    assert built.snapshot != before
    for each in (live, reader):
        each.refresh()
        assert each.snapshot().seq is None, "folded in"
        assert each.snapshot().version == f"{built.snapshot}~1"
        assert each.snapshot().editorial.overrides == {"a001": replace(TWO, pins=(Pin("a004", 2),))}
    clock.now = NOON + timedelta(hours=1)
    for each in (live, reader):
        each.follow()
        assert each.snapshot().version == f"{built.snapshot}~2"
    assert open_current(tmp_path).editorial.overrides == {"a001": TWO}, "the snapshot keeps it"
    catalog.put_overrides("a001", Overrides())
    live.follow()
    assert live.snapshot().editorial.overrides == {}


def test_the_watching_thread_ends_it(catalog: Catalog, tmp_path: Path, clock: Clock) -> None:
    catalog.put_overrides("a001", TWO)
    live = Live(tmp_path, 0.01, catalog, clock)
    live.start()
    try:
        assert live.snapshot().editorial.expired == 0
        clock.now = NOON
        until = time.monotonic() + 60  # only ends a wait that would never end
        while not live.snapshot().editorial.expired and time.monotonic() < until:
            time.sleep(0.01)
        assert live.snapshot().editorial.expired == 1
    finally:
        live.stop()


def test_it_ends_while_the_catalog_cannot_be_read(
    catalog: Catalog, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.put_overrides("a001", TWO)
    live = Live(tmp_path, catalog=catalog, clock=clock)
    live.refresh()

    def fail() -> int:
        raise CatalogError("the disk is on fire")

    monkeypatch.setattr(catalog, "seq", fail)
    clock.now = NOON
    live.follow()
    assert live.snapshot().editorial.expired == 1


def test_looking_costs_nothing_while_nothing_ends(
    catalog: Catalog, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.put_overrides("a001", TWO)
    live = process(tmp_path, clock)
    counted = []
    ends = Editorial._ends
    monkeypatch.setattr(Editorial, "_ends", lambda self: counted.append(1) or ends(self))
    for _ in range(10):
        live.follow()
    assert counted == []


def test_overrides_of_an_unknown_article_ring_nothing(catalog: Catalog, tmp_path: Path, clock: Clock) -> None:
    live, other = process(tmp_path, clock), process(tmp_path, clock)
    writer = Writer(live, catalog, lambda _: ENCODER)
    with pytest.raises(UnknownArticleError):
        writer.override("nowhere", PIN)
    assert not other.has_changes()


def test_rules_are_announced_and_served(
    catalog: Catalog, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def read(text: str) -> SiteRules:
        if "bad" in text:
            raise RulesError("what is 'bad'?")
        return SiteRules(ignore_tags=frozenset(text.split()))

    monkeypatch.setattr(domain, "read_rules", read)
    domain._rules.cache_clear()
    live = process(tmp_path, clock)
    publish_rules(tmp_path, catalog, "port ship")
    assert live.has_changes()
    live.follow()
    assert live.snapshot().editorial.rules == SiteRules(ignore_tags=frozenset({"port", "ship"}))
    with pytest.raises(RulesError):
        publish_rules(tmp_path, catalog, "bad")
    assert not live.has_changes()
    build(tmp_path, catalog, ENCODER)
    assert open_current(tmp_path).editorial == Editorial.from_text("port ship", {})

    domain._rules.cache_clear()
    monkeypatch.setattr(domain, "read_rules", lambda text: read("bad"))
    catalog.put([SHIP])
    live.follow()
    assert "the site rules in the catalog cannot be read (what is 'bad'?)" in caplog.text
    assert live.snapshot().editorial.text == "port ship", "the last good state stays in service"
    with pytest.raises(CatalogError, match="the site rules in the catalog cannot be read"):
        build(tmp_path, catalog, ENCODER)
    domain._rules.cache_clear()
