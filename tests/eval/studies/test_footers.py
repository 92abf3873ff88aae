"""What a common footer does to lists: counted as it should be, and nothing, except where it is not stripped."""

from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.studies import footers
from eval.studies.footers import BODY_WORDS, FOOTER, FOOTER_WORDS, SHARES, Cell, equal_places, of_length, with_footer
from recommender.articles import Article
from recommender.boilerplate.boilerplate import Boilerplate
from recommender.corpus.encoder import HashEncoder
from recommender.errors import EvaluationError
from tests.conftest import DEMO, ROOT, records

ENOUGH = 0.98


@pytest.fixture(scope="module")
def newspaper() -> list[Article]:
    return [record.article for record in records(DEMO)]


@pytest.fixture
def one_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("SHARES", (0.2,)), ("FOOTER_WORDS", (80,)), ("BODY_WORDS", (80,))):
        monkeypatch.setattr(footers, name, value)


def test_bodies_get_their_length_and_keep_their_beginning(newspaper: list[Article]) -> None:
    bodies = [article for article in newspaper if article.body]
    for words in BODY_WORDS:
        for before, after in zip(bodies, of_length(bodies, words), strict=True):
            said = after.body.split()
            assert len(said) == words
            own = before.body.split()[:words]
            assert said[: len(own)] == own


@pytest.mark.parametrize(("share", "carrying"), [(0.0, 0), (0.2, 20), (0.25, 25), (1.0, 100)])
def test_so_many_articles_carry_the_footer_evenly_spread(share: float, carrying: int) -> None:
    plain = [Article(id=f"{n:03}", body="Text.") for n in range(100)]
    found = with_footer(plain, share, 80)
    places = [n for n, (a, b) in enumerate(zip(found, plain, strict=True)) if a != b]
    assert len(places) == carrying
    assert {b - a for a, b in pairwise(places)} <= {100 // max(1, carrying)}
    assert all(found[n].body.startswith("Text.\n\nAbout the Estuary Press Association.") for n in places)


def test_footers_are_about_as_long_as_they_say() -> None:
    for words in FOOTER_WORDS:
        (article,) = with_footer([Article(id="a", body="Text.")], 1.0, words)
        assert abs(len(article.body.split()) - 1 - words) <= 1
        assert article.body.endswith(".")
    assert len({sentence.split()[0] for sentence in FOOTER}) > 10


def test_equal_places_are_counted() -> None:
    first = [("a", 0.5, ()), ("b", 0.4, ("c",))]
    assert equal_places([first], [first]) == 1
    assert equal_places([first, []], [first, [("d", 0.1, ())]]) == pytest.approx(2 / 3)
    assert equal_places([first], [list(reversed(first))]) == 0
    assert equal_places([first], [[("a", 0.5 + 5e-7, ()), ("b", 0.4, ())]]) == 0.5
    assert equal_places([first], [[("a", 0.5 + 2e-6, ()), ("b", 0.4, ("c",))]]) == 0.5
    assert equal_places([[]], [[]]) == 0


@pytest.mark.usefixtures("one_cell")
def test_nothing_changes_and_without_stripping_everything_does(
    newspaper: list[Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    (cell,) = footers.footers(newspaper, HashEncoder(dim=64))
    assert (cell.built, cell.live, cell.drafts) == (1, 1, 1)
    monkeypatch.setattr(footers, "learn", lambda articles, decided: Boilerplate())
    (broken,) = footers.footers(newspaper, HashEncoder(dim=64))
    assert max(broken.built, broken.live, broken.drafts) < 0.5


def test_too_few_articles_are_refused() -> None:
    with pytest.raises(EvaluationError, match="3 articles have a body, expected 20"):
        footers.footers([Article(id=f"{n}", body="Text.") for n in range(3)], HashEncoder(dim=8))


@pytest.mark.usefixtures("one_cell")
def test_the_command_prints_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SHARES", "FOOTER_WORDS", "BODY_WORDS"):
        monkeypatch.setattr(f"eval.cli_footers.{name}", getattr(footers, name))
    out = tmp_path / "deep" / "footers.json"
    ran = CliRunner().invoke(app, ["footers", "--articles", str(DEMO), "--model", "hash", "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    cell = {"share": 0.2, "footer_words": 80, "body_words": 80, "built": 1.0, "live": 1.0, "drafts": 1.0}
    assert orjson.loads(out.read_bytes())["cells"] == [cell]
    assert "80, 20%" in ran.stdout
    assert "1.000" in ran.stdout


def test_the_committed_figures_are_of_every_cell() -> None:
    document = orjson.loads((ROOT / "eval" / "results" / "boilerplate" / "footers.json").read_bytes())
    cells = [Cell(**cell) for cell in document["cells"]]
    assert {(cell.share, cell.footer_words, cell.body_words) for cell in cells} == {
        (share, footer, body) for share in SHARES for footer in FOOTER_WORDS for body in BODY_WORDS
    }
    assert min(cell.least for cell in cells) >= ENOUGH


@pytest.mark.slow
def test_no_cell_changes(newspaper: list[Article]) -> None:
    for cell in footers.footers(newspaper, HashEncoder(dim=64)):
        assert cell.least >= ENOUGH, cell
