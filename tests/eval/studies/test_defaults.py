"""The shipped weights: what they are fitted on, that every corpus counts the same, and that they come out alike."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval.studies.defaults import CORPORA, PRIOR, PROSE, WEIGHT, Lessons, fit_default, groups, lessons
from eval.systems.tuning import Tuning
from recommender.errors import EvaluationError
from recommender.ranking.fitting import Example, fit
from recommender.ranking.ranker import Ranker, default_ranker
from recommender.ranking.signals import RELATIVE, SIGNALS
from tests.eval.sites import ENCODER, tagged, task_of, tiny_corpora


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_corpora(tmp_path_factory.mktemp("corpora"))


@pytest.fixture(scope="module")
def known(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Lessons]:
    return lessons(corpora, ENCODER, tmp_path_factory.mktemp("cache"))


def test_the_corpora_are_read_in_order_each_with_its_digest(corpora: Path, known: list[Lessons]) -> None:
    assert [each.source for each in known] == list(CORPORA)
    for each in known:
        assert each.digest == hashlib.sha256((corpora / each.source.file).read_bytes()).hexdigest()
        assert each.source.file == f"{each.source.name}.jsonl.gz"


def test_every_corpus_counts_the_same_however_many_lists_it_has(known: list[Lessons]) -> None:
    assert len({len(each.examples) for each in known}) > 1
    for each in known:
        assert sum(example.weight for example in each.examples) == pytest.approx(WEIGHT)
        assert len({example.weight for example in each.examples}) == 1


def test_only_prose_of_the_reference_manual_is_read(known: list[Lessons]) -> None:
    """Of eight topics, two list-giving pages in five are no prose: those that stand at a multiple of five."""
    mdn = next(each for each in known if each.source.name == "mdn")
    firsts = [place for place in range(24) if place % 3 == 0]
    assert len(mdn.examples) == sum(place % 5 != 0 for place in firsts) < len(firsts)
    assert "guide" in PROSE.split(",")


def test_the_origin_says_what_was_learnt_from(known: list[Lessons]) -> None:
    parts = [f"{each.source.name} ({len(each.examples)} lists, sha256 {each.digest[:12]})" for each in known]
    assert fit_default(known).origin == "fitted on " + ", ".join(parts)
    assert fit_default(known, "gov").origin == "fitted on " + ", ".join(parts[2:])


def test_the_same_corpora_give_the_same_bytes(corpora: Path, known: list[Lessons], tmp_path: Path) -> None:
    again = lessons(corpora, ENCODER, tmp_path)
    assert fit_default(again).to_json() == fit_default(known).to_json()
    for group in groups():
        assert fit_default(again, group).to_json() == fit_default(known, group).to_json()


def test_a_group_left_out_teaches_nothing(known: list[Lessons]) -> None:
    for group in groups():
        rest = [each for each in known if each.source.group != group]
        assert 0 < len(rest) < len(known)
        assert fit_default(known, group).to_json() == fit_default(rest).to_json()
        turned = [
            replace(each, examples=tuple(replace(e, picked=e.picked[::-1]) for e in each.examples))
            if each.source.group == group
            else each
            for each in known
        ]
        assert fit_default(turned, group).to_json() == fit_default(known, group).to_json()
        assert fit_default(turned).to_json() != fit_default(known).to_json()


def test_corpora_that_share_articles_are_one_group() -> None:
    assert groups() == ["gov", "mdn", "optech"]
    assert {source.group for source in CORPORA if source.name in ("digitalgov", "eighteenf")} == {"gov"}


def test_a_missing_corpus_is_named(corpora: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=f"{tmp_path / 'digitalgov.jsonl.gz'}: no such corpus"):
        lessons(tmp_path, ENCODER, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_each_corpus_is_told_of_as_it_begins(corpora: Path, tmp_path: Path) -> None:
    told: list[str] = []
    lessons(corpora, ENCODER, tmp_path, on_corpus=told.append)
    assert told == [source.name for source in CORPORA]


def test_examples_are_those_of_a_site_that_is_tuned(known: list[Lessons]) -> None:
    """What is learnt from a corpus is what a site of its own would learn, but for the weight."""
    gov = known[0]
    task = task_of(tagged(6, prefix="d"), gov.source.as_of)
    spelled = Tuning(task, 20_251_122).examples(None)
    assert len(spelled) == len(gov.examples)
    for mine, theirs in zip(spelled, gov.examples, strict=True):
        assert (mine.picked == theirs.picked).all()
        assert mine.inputs == pytest.approx(theirs.inputs, abs=1e-5)


# --- the prior and the file ---


def test_where_the_data_say_nothing_the_prior_holds() -> None:
    flat = [Example(np.zeros((4, len(SIGNALS), 2), np.float32), np.array([True, False, False, False]))]
    found = fit(flat, PRIOR, "nothing")
    named = found.named()
    assert [name for name, pair in named.items() if any(pair)] == ["closeness"]
    assert named["closeness"][1] == 0.0


def test_what_is_shipped_is_a_ranker_without_a_negative_weight() -> None:
    shipped = default_ranker()
    assert (shipped.weights >= 0).all()
    assert (shipped.weights[~RELATIVE, 1] == 0).all()
    assert Ranker.from_json(shipped.to_json(), "again").to_json() == shipped.to_json()
    assert all(f"{source.name} (" in shipped.origin for source in CORPORA)
