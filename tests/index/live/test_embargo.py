"""Nothing stands in a list before its time, nor while it is a draft; at its moment it does, without a build."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.build import build
from index.export import export
from index.live.live import Live
from index.response import answer, answer_to_draft
from index.store.snapshot import Snapshot
from recommender.articles import Record
from recommender.catalog import Catalog
from recommender.catalog.vector_cache import VectorCache
from recommender.corpus.views import views
from recommender.editors.overrides import Overrides, Pin
from recommender.ranking.request import Fallback, Mode, RelatedRequest
from tests.conftest import snapshot_of
from tests.index.samples import ENCODER, articles

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
QUERY = "a001"
EVERYWHERE = [
    RelatedRequest(limit=100),
    RelatedRequest(limit=100, min_score=0.999, fallback=Fallback.LATEST),
    RelatedRequest(limit=100, min_score=0.999, fallback=Fallback.SECTION),
    RelatedRequest(limit=100, mode=Mode.NEXT),
    RelatedRequest(limit=100, mode=Mode.BACKGROUND),
    RelatedRequest(limit=100, diversity=0.9),
]


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def story(identity: str, **fields: Any) -> Record:
    """Of the query's subject, in other words."""
    (query,) = (item.article for item in articles(12) if item.article.id == QUERY)
    words = f"{query.teasers[0]} And {' '.join(f'{identity}word{n}' for n in range(60))}."
    return Record(
        replace(query, id=identity, url=None, title=f"{query.title} {identity}", body=words, **fields), "made"
    )


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with closing(Catalog.open(tmp_path)) as found:
        found.put(articles(12))
        yield found


@pytest.fixture
def clock() -> Clock:
    return Clock()


def process(store: Path, catalog: Catalog, clock: Clock) -> Live:
    live = Live(store, catalog=catalog, clock=clock)
    live.refresh()
    return live


def put_live(catalog: Catalog, *records: Record) -> None:
    """As the API does: stored, embedded, and to be served before the next build."""
    catalog.put(records, live=True)
    cache = VectorCache(catalog.engine, ENCODER)
    cache.embed(cache.missing(text for item in records for text in views(item.article).texts))


def named(snapshot: Snapshot, request: RelatedRequest = RelatedRequest(limit=100)) -> set[str]:
    found = answer(snapshot, snapshot.corpus.query(snapshot.corpus.row(QUERY)), request)
    return {name for item in found.items for name in (item.id, *item.also)}


@pytest.mark.parametrize("built", [True, False], ids=["in the build", "in the tail"])
@pytest.mark.parametrize("hidden", [{"published_at": NOON + MINUTE}, {"published": False}], ids=["ahead", "draft"])
def test_what_is_hidden_is_in_no_list_whatever_is_asked(
    built: bool, hidden: dict[str, Any], catalog: Catalog, tmp_path: Path, clock: Clock
) -> None:
    secret = story("secret", **hidden)
    if built:
        catalog.put([secret])
        build(tmp_path, catalog, ENCODER)
    else:
        build(tmp_path, catalog, ENCODER)
        put_live(catalog, secret)
    catalog.put_overrides(QUERY, Overrides((Pin("secret", 1),)))
    snapshot = process(tmp_path, catalog, clock).snapshot()
    assert snapshot.corpus.find("secret") is not None
    for request in EVERYWHERE:
        assert "secret" not in named(snapshot, request)
    draft = answer_to_draft(snapshot, snapshot.corpus.draft(secret.article, ENCODER), RelatedRequest(limit=100))
    assert "secret" not in {item.id for item in draft.items} | {item.id for item in draft.covered}
    asked = answer(snapshot, snapshot.corpus.query(snapshot.corpus.row("secret")), RelatedRequest(limit=5))
    assert asked.count == 5


@pytest.mark.parametrize("built", [True, False], ids=["in the build", "in the tail"])
def test_at_its_moment_it_is_there_without_a_build(built: bool, catalog: Catalog, tmp_path: Path, clock: Clock) -> None:
    secrets = [story("first", published_at=NOON + MINUTE), story("second", published_at=NOON + 3 * MINUTE)]
    if built:
        catalog.put(secrets)
        build(tmp_path, catalog, ENCODER)
    else:
        build(tmp_path, catalog, ENCODER)
        put_live(catalog, *secrets)
    live = process(tmp_path, catalog, clock)
    seen, versions = [], []
    moments = [timedelta(), MINUTE - timedelta(microseconds=1), MINUTE, 2 * MINUTE, 3 * MINUTE, 9 * MINUTE]
    for after in moments:
        clock.now = NOON + after
        live.follow()
        seen.append(named(live.snapshot()) & {"first", "second"})
        versions.append(live.snapshot().version)
    assert seen == [set(), set(), {"first"}, {"first"}, {"first", "second"}, {"first", "second"}]
    assert versions[0] == versions[1] != versions[2] == versions[3] != versions[4] == versions[5]
    assert len(set(versions)) == 3
    clock.now = NOON  # a clock that was put back
    live.follow()
    assert (named(live.snapshot()) & {"first", "second"}, live.snapshot().version) == (set(), versions[0])


def test_a_pin_waits_for_its_article(catalog: Catalog, tmp_path: Path, clock: Clock) -> None:
    catalog.put([story("first", published_at=NOON + MINUTE)])
    build(tmp_path, catalog, ENCODER)
    catalog.put_overrides(QUERY, Overrides((Pin("first", 1),)))
    live = process(tmp_path, catalog, clock)
    query = live.snapshot().corpus.query(live.snapshot().corpus.row(QUERY))
    assert answer(live.snapshot(), query, RelatedRequest(limit=3)).items[0].id != "first"
    clock.now = NOON + MINUTE
    live.follow()
    assert answer(live.snapshot(), query, RelatedRequest(limit=3)).items[0].id == "first"


def test_a_draft_that_is_published_and_one_that_is_taken_back(catalog: Catalog, tmp_path: Path, clock: Clock) -> None:
    catalog.put([story("piece", published=False)])
    build(tmp_path, catalog, ENCODER)
    live = process(tmp_path, catalog, clock)
    for published in (False, True, False):
        put_live(catalog, story("piece", published=published))
        live.follow()
        assert ("piece" in named(live.snapshot())) is published


def test_a_version_that_is_not_out_yet_is_not_named_beside_one_that_is(
    catalog: Catalog, tmp_path: Path, clock: Clock
) -> None:
    out = story("out", published_at=NOON - MINUTE)
    later = replace(out.article, id="later", published_at=NOON + MINUTE)
    catalog.put([out, Record(later, "made")])
    build(tmp_path, catalog, ENCODER)
    live = process(tmp_path, catalog, clock)
    assert named(live.snapshot()) & {"out", "later"} == {"out"}
    clock.now = NOON + MINUTE
    live.follow()
    assert named(live.snapshot()) & {"out", "later"} == {"out", "later"}


def test_an_export_holds_no_draft_and_names_nothing_ahead(catalog: Catalog, tmp_path: Path, clock: Clock) -> None:
    catalog.put([story("ahead", published_at=NOON + MINUTE), story("draft", published=False)])
    build(tmp_path, catalog, ENCODER)
    snapshot = process(tmp_path, catalog, clock).snapshot()
    export(snapshot, tmp_path / "pub", RelatedRequest(), lambda _: None)
    files = {path.stem: path.read_text() for path in (tmp_path / "pub" / "related").glob("*.json")}
    assert "ahead" in files
    assert "draft" not in files
    assert not any('"id":"ahead"' in text or '"id":"draft"' in text for name, text in files.items() if name != "ahead")


@settings(max_examples=50, deadline=None)
@given(
    ahead=st.lists(st.integers(-3, 3), min_size=8, max_size=8),
    drafts=st.sets(st.integers(0, 7)),
    now=st.integers(-4, 4),
)
def test_lists_are_those_of_the_visible_articles_alone(ahead: list[int], drafts: set[int], now: int) -> None:
    """Whatever is hidden, the rest is ranked as if it were all there is to choose from."""
    records = [
        story(f"s{n}", published_at=NOON + days * MINUTE, published=n not in drafts) for n, days in enumerate(ahead)
    ]
    base = snapshot_of([*articles(12), *records], ENCODER)
    snapshot = base.seen_at(NOON + now * MINUTE)
    hidden = {f"s{n}" for n, days in enumerate(ahead) if days > now or n in drafts}
    assert named(snapshot).isdisjoint(hidden)
    visible = {card.id for card, seen in zip(base.corpus.cards, snapshot.corpus.directory.visible, strict=True) if seen}
    assert visible == {card.id for card in base.corpus.cards} - hidden
    assert snapshot.ahead == sum(days > now and n not in drafts for n, days in enumerate(ahead))


def test_nothing_dated_ahead_costs_nothing(catalog: Catalog, tmp_path: Path) -> None:
    build(tmp_path, catalog, ENCODER)
    live = process(tmp_path, catalog, Clock())
    before = live.snapshot()
    assert before.seen_at(NOON + 9 * MINUTE) is before
    assert "+" not in before.version
    assert bool(np.all(before.corpus.directory.visible))
