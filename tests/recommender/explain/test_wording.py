"""The line of a reason: no idea twice, and nothing in it that was not given."""

from itertools import permutations

import pytest

from recommender.explain.wording import CLOSE, IDEAS, NEAR, PHRASES, line
from recommender.ranking.hits import Source
from recommender.ranking.signals import SIGNALS

NONE: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] = ((), (), ())
TIME = [name for name, signal in SIGNALS.items() if signal.group == "time"]
MEANING = [name for name, signal in SIGNALS.items() if signal.group in ("fused", "vectors", "passages")]


def test_every_signal_has_a_phrase() -> None:
    assert list(PHRASES) == list(SIGNALS)
    assert all(phrase == phrase.strip() != "" for phrase in PHRASES.values())
    assert list(CLOSE) == TIME


@pytest.mark.parametrize(
    ("shared", "expected"),
    [
        ((("A",), (), ()), "Both name A"),
        ((("A",), ("x",), ()), "Both name A and speak of x"),
        ((("A", "B"), ("x",), ()), "Both name A and B, and speak of x"),
        (
            (("A", "B", "C", "D"), ("x", "y", "z", "w"), ("t",)),
            "Both name A, B and C, speak of x, y and z, and are tagged t",
        ),
        (((), ("x",), ("X", "t", "u", "v")), "Both speak of x and are tagged t and u"),
        ((("Brackwater Town",), (), ("brackwater town", "Town")), "Both name Brackwater Town"),
        (((), (), ("t",)), "Both are tagged t"),
    ],
)
def test_what_both_have(shared: tuple[tuple[str, ...], ...], expected: str) -> None:
    assert line(Source.RANKED, shared, 0, list(SIGNALS), None) == expected  # type: ignore[arg-type]


def test_a_time_is_said_once() -> None:
    for days in range(-400, 401):
        text = line(Source.RANKED, NONE, 0, [*TIME, "tfidf"], float(days))
        assert text.lower().count("published") == (1 if abs(days) <= max(CLOSE.values()) else 0)
        assert ("day" in text) == (abs(days) <= NEAR)
    assert "published" not in line(Source.RANKED, NONE, 0, TIME, None).lower()


def test_an_idea_is_said_once_and_no_more_than_a_few() -> None:
    for names in permutations(SIGNALS, 3):
        said = line(Source.RANKED, NONE, 0, names, 20.0).split("; ")
        assert len(said) <= IDEAS
        meant = [name for name in names if PHRASES[name] in [each[0].lower() + each[1:] for each in said]]
        assert sum(name in MEANING for name in meant) <= 1
        assert sum(name in TIME for name in meant) <= 1


def test_it_is_never_empty() -> None:
    assert line(Source.RANKED, NONE, 0, (), None) == "Among the nearest articles there are"
    assert (
        line(Source.RANKED, NONE, 1, MEANING, 0.0)
        == "Editors listed it beside a similar article; published on the same day"
    )
    assert (
        line(Source.PINNED, NONE, 3, (), 1.0)
        == "An editor put it here; editors listed it beside 3 similar articles; published 1 day later"
    )
