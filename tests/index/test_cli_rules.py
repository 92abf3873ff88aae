"""Rules of the site, as an operator checks, tries and uses them."""

from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from index.cli import app
from index.live.live import Live
from index.response import answer, bound
from recommender.catalog import Catalog
from recommender.corpus.encoder import HashEncoder
from recommender.errors import RulesError
from recommender.ranking.request import RelatedRequest
from recommender.settings import settings
from tests.conftest import DEMO, build_store, records

RULES = """
ignore_tags: [homepage]
never_beside:
  - to: {section: Sport}
    reason: readers of the news pages do not want it there
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return build_store(tmp_path / "store", records(DEMO), HashEncoder(dim=64))


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES, encoding="utf-8")
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["rules", *map(str, arguments)])


def lists(store: Path) -> dict[str, list[str]]:
    """What a server answers for every article, from now."""
    with closing(Catalog.open(store)) as catalog:
        live = Live(store, catalog=catalog)
        live.refresh()
    snapshot = live.snapshot()
    request = RelatedRequest(min_score=bound(snapshot, settings().min_score))
    return {
        card.id: [item.id for item in answer(snapshot, snapshot.corpus.query(row), request).items]
        for row, card in enumerate(snapshot.corpus.cards)
    }


SPORT = {item.article.id for item in records(DEMO) if item.article.section == "sport"}


def test_rules_are_tried_without_effect_and_then_used(store: Path, rules: Path) -> None:
    before = lists(store)
    with_sport = {name for name, found in before.items() if SPORT & set(found)}
    assert len(with_sport) > 10
    tried = run("try", rules, "--store", store)
    assert tried.exit_code == 0, tried.output
    assert tried.output.count("  - ") >= 5  # what a list loses; some of the ten only change their order
    assert lists(store) == before
    used = run("use", rules, "--store", store)
    assert (used.exit_code, used.stdout) == (0, f"{rules}: 1 rule, 1 ignored tag in force\n")
    after = lists(store)
    assert not any(SPORT & set(found) for found in after.values())
    changed = {name for name in before if before[name] != after[name]}
    assert with_sport <= changed
    assert f"; {len(changed)} lists would change, the first 10 above" in tried.output
    assert run("show", "--store", store).stdout == RULES
    assert "; 0 lists would change" in run("try", rules, "--store", store).output
    rules.write_text("")
    run("use", rules, "--store", store)
    assert lists(store) == before


def test_check_names_what_has_no_effect(store: Path, rules: Path) -> None:
    checked = run("check", rules, "--store", store)
    assert checked.exit_code == 0
    assert "no article has the tag 'homepage'" in checked.output
    assert f"{rules}: 1 rule, 1 ignored tag" in checked.output
    assert "Sport" not in checked.output


@pytest.mark.parametrize("command", ["check", "try", "use"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"never_beside: [{to: {tga: x}, reason: y}]", "tga"),
        (b"\xff", "not UTF-8"),
        (None, "cannot be read"),
    ],
)
def test_a_bad_file_is_named_and_changes_nothing(
    store: Path, rules: Path, command: str, content: bytes | None, message: str
) -> None:
    run("use", rules, "--store", store)
    bad = rules.with_name("bad.yaml")
    if content is not None:
        bad.write_bytes(content)
    failed = run(command, bad, "--store", store)
    assert isinstance(failed.exception, RulesError)
    assert "bad.yaml" in str(failed.exception)
    assert message in str(failed.exception)
    assert run("show", "--store", store).stdout == RULES
