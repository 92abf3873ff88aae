"""What the evaluation shows is what is served: rules, blocks and pins in the lists; no pins where lists are scored."""

import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.catalogue.lists import related_lists
from eval.cli import app
from eval.systems.systems import served
from eval.task.inputs import from_store
from eval.task.task import AsOf
from index.build import build
from index.cli_catalog import open_served
from index.response import answer, default_request
from recommender.catalog import Catalog
from recommender.corpus.encoder import HashEncoder
from recommender.editors.overrides import Block, Fill, Overrides, Pin
from recommender.settings import settings
from tests.conftest import DEMO, records

ARTICLE, OTHER = "2024-10-stennick-vote", "2024-03-harbour-deepening-plan"
PINNED, BLOCKED, BARRED = "2025-08-sky-notes", "2024-05-thirty-one-pupils", "2025-01-reviewer-reprieve"
RULES = f"never_beside:\n  - from: {{id: {ARTICLE}}}\n    to: {{id: {BARRED}}}\n    reason: a test\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    with closing(Catalog.open(folder)) as catalog:
        catalog.put(records(DEMO))
        build(folder, catalog, HashEncoder())
        over = datetime.now(UTC) - timedelta(days=1)
        catalog.put_overrides(ARTICLE, Overrides((Pin(PINNED, 2),), (Block(BLOCKED),)))
        catalog.put_overrides(OTHER, Overrides((Pin(PINNED, 1, until=over),), mode=Fill.REPLACE))
        catalog.put_rules(RULES)
    return folder


def ids(store: Path, identity: str) -> list[str]:
    snapshot = open_served(store)
    found = answer(snapshot, snapshot.corpus.query(snapshot.corpus.row(identity)), default_request(snapshot, 10))
    return [item.id for item in found.items]


def test_a_list_is_shown_as_it_is_served(store: Path) -> None:
    listed = ids(store, ARTICLE)
    assert listed[1] == PINNED
    assert not {BLOCKED, BARRED} & set(listed)
    told = CliRunner().invoke(app, ["show", ARTICLE, "--store", str(store)], env={"COLUMNS": "200"}).output
    assert "pinned" in told.splitlines()[3]
    snapshot = open_served(store)
    titles = [snapshot.corpus.cards[snapshot.corpus.row(name)].label[:30] for name in listed]
    assert [title in line for title, line in zip(titles, told.splitlines()[2:], strict=False)] == [True] * 10


def test_all_lists_are_those_that_are_served(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = open_served(store)
    for min_score in ("0", "0.3"):
        monkeypatch.setenv("RELATED_MIN_SCORE", min_score)
        settings.cache_clear()
        lists = related_lists(snapshot, 10)
        for identity in (ARTICLE, OTHER, PINNED):
            row = snapshot.corpus.row(identity)
            assert [snapshot.corpus.cards[hit].id for hit in lists.items_of(row)] == ids(store, identity)
    monkeypatch.undo()
    settings.cache_clear()


def test_where_lists_are_scored_rules_and_blocks_count_and_pins_do_not(store: Path) -> None:
    with closing(Catalog.open(store)) as catalog:
        inputs = from_store(store, catalog, HashEncoder(), AsOf.NONE)
    task, corpus = inputs.task, inputs.task.snapshot.corpus
    row = corpus.row(ARTICLE)
    mask = task.allowed(row)
    assert mask[corpus.row(PINNED)]
    assert not mask[[corpus.row(BLOCKED), corpus.row(BARRED)]].any()
    (query,) = [query for query in task.queries if query.row == row] or [None]
    if query:
        hits = served(task, query, 10, task.snapshot.curated)
        assert all(hit.source == "ranked" for hit in hits)
        assert not {corpus.row(BLOCKED), corpus.row(BARRED)} & {hit.row for hit in hits}
    assert inputs.about["decided"] == decided(rules=1, blocks=1, pins=1)


def decided(rules: int, blocks: int, pins: int) -> str:
    return (
        f"Scored lists are made with the editors' rules ({rules}) and blocks ({blocks}) but without their pins"
        f" ({pins}): a pin is itself the editor's answer."
    )


@pytest.mark.parametrize(
    ("overrides", "rules", "told"),
    [
        (Overrides(), "", None),
        (Overrides((Pin(PINNED, 2), Pin(OTHER, 1))), "", decided(rules=0, blocks=0, pins=2)),
        (Overrides(blocks=(Block(BLOCKED),)), "", decided(rules=0, blocks=1, pins=0)),
        (Overrides(), RULES, decided(rules=1, blocks=0, pins=0)),
    ],
    ids=["nothing", "pins", "a block", "a rule"],
)
def test_page_and_terminal_say_what_was_decided(
    overrides: Overrides, rules: str, told: str | None, tmp_path: Path
) -> None:
    with closing(Catalog.open(tmp_path)) as catalog:
        catalog.put(records(DEMO))
        catalog.put_overrides(ARTICLE, overrides)
        catalog.put_rules(rules)
        build(tmp_path, catalog, HashEncoder())
    places = ["--store", str(tmp_path), "--out", str(tmp_path / "out")]
    words = ["run", "--model", "hash", *places, "--systems", "product", "--no-beyond"]
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    page = unescape((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert re.findall(r'<p class="soft" id="decided">(.*)</p>', page) == ([told] if told else [])
    assert ("without their pins" in result.output) is bool(told)
