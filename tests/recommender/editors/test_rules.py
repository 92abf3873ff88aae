"""Rules by hand: which articles a matcher fits, what may not stand beside what; patterns against another matcher."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recommender.articles import Article
from recommender.articles.card import Card
from recommender.editors.rules import Matcher, NeverBeside, SiteRules, heading, matches
from tests.timing import grows_linearly


def card(identity: str = "a", **fields: object) -> Card:
    return Card.from_article(Article(id=identity, **fields))  # type: ignore[arg-type]


DEATH = card(
    "death", title="Ada Byron dies at 36", section="Obituaries", tags=("People", "Maths"), url="https://n.example/o/1"
)
PRIZE = card("prize", title="Win a car [today]", section="promo", tags=("Giveaway",), url="https://n.example/p/2?x=1")
STUB = card("stub", teasers=("The ship is late.", "A second teaser."))


@pytest.mark.parametrize(
    ("matcher", "fitting"),
    [
        (Matcher(), "death prize stub"),
        (Matcher(ids=frozenset({"death", "stub"})), "death stub"),
        (Matcher(ids=frozenset({"Death"})), ""),
        (Matcher(tags=frozenset({"giveaway"})), "prize"),
        (Matcher(tags=frozenset({"MATHS", "giveaway"})), "death prize"),
        (Matcher(tags=frozenset({"math"})), ""),
        (Matcher(sections=frozenset({"obituaries"})), "death"),
        (Matcher(sections=frozenset({"PROMO", "Obituaries"})), "death prize"),
        (Matcher(titles=("*dies*",)), "death"),
        (Matcher(titles=("ada byron DIES at ??",)), "death"),
        (Matcher(titles=("dies",)), ""),
        (Matcher(titles=("*[today]",)), "prize"),
        (Matcher(titles=("win*", "the ship*")), "prize stub"),
        (Matcher(titles=("*second*",)), ""),
        (Matcher(urls=("*/p/?[?]*",)), ""),
        (Matcher(urls=("*/p/2?x=1",)), "prize"),
        (Matcher(urls=("https://n.example/*",)), "death prize"),
        (Matcher(urls=("https://n.example/o/1/",)), ""),
        (Matcher(sections=frozenset({"promo"}), tags=frozenset({"giveaway", "people"})), "prize"),
        (Matcher(sections=frozenset({"promo"}), tags=frozenset({"people"})), ""),
        (Matcher(ids=frozenset({"death"}), titles=("*car*", "*dies*"), urls=("*/o/*",)), "death"),
        (Matcher(ids=frozenset({"prize"}), titles=("*car*",), urls=("*/o/*",)), ""),
    ],
)
def test_a_matcher_fits_every_kind_by_any_value(matcher: Matcher, fitting: str) -> None:
    assert [each.id for each in (DEATH, PRIZE, STUB) if matcher.fits(each)] == fitting.split()


def test_an_article_without_a_title_is_called_by_its_first_teaser() -> None:
    assert (heading(DEATH), heading(STUB), heading(card())) == ("Ada Byron dies at 36", "The ship is late.", "")


A, B, C = (card(name, section=name) for name in "abc")
OF_A, OF_B = (Matcher(sections=frozenset({name})) for name in "ab")


@pytest.mark.parametrize(
    ("source", "target", "both", "expected"),
    [
        (OF_A, OF_B, False, {"a": [OF_B]}),
        (OF_A, OF_B, True, {"a": [OF_B], "b": [OF_A]}),
        (OF_A, OF_A, False, {"a": [OF_A]}),
        (OF_A, OF_A, True, {"a": [OF_A, OF_A]}),
        (OF_A, None, False, {"a": [None]}),
        (OF_A, None, True, {"a": [None, OF_A], "b": [OF_A], "c": [OF_A]}),
        (None, OF_B, False, {"a": [OF_B], "b": [OF_B], "c": [OF_B]}),
        (None, OF_B, True, {"a": [OF_B], "b": [OF_B, None], "c": [OF_B]}),
    ],
)
def test_what_may_not_stand_beside_what(
    source: Matcher | None, target: Matcher | None, both: bool, expected: dict[str, list[Matcher | None]]
) -> None:
    rules = SiteRules((NeverBeside(source, target, both, "because"),))
    found = {each.id: list(rules.against(each)) for each in (A, B, C)}
    assert found == {"a": [], "b": [], "c": []} | expected


def test_all_rules_count_until_they_are_over() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    first, second = NeverBeside(OF_A, OF_B, False, "x", noon), NeverBeside(OF_A, OF_A, False, "y")
    rules = SiteRules((first, second), frozenset({"home"}))
    assert list(rules.against(A)) == [OF_B, OF_A]
    assert rules.in_force_at(noon.replace(hour=11)) == rules
    assert rules.in_force_at(noon) == SiteRules((second,), frozenset({"home"}))


def wildcard(pattern: str, text: str) -> bool:
    """The same by a table: ``row[j]`` says whether what was read of the pattern is as the first j letters are."""
    row = [True] + [False] * len(text)
    for sign in pattern:
        before, row = row, [sign == "*" and row[0]]
        for j, letter in enumerate(text):
            if sign == "*":
                row.append(row[j] or before[j + 1])
            else:
                same = sign == "?" or sign.lower() == letter.lower()
                row.append(before[j] and same)
    return row[-1]


@settings(max_examples=1_500)
@given(
    pattern=st.text("ab*?[", max_size=10) | st.text("aAéÉ*?[]!\\.^$+(){}|\n", max_size=8),
    text=st.text("ab[", max_size=12) | st.text("aAéÉ[]!\\.^$+(){}|\n?*", max_size=8),
)
@example("", "")
@example("*a*a*", "a")
@example("?*?", "a")
def test_patterns_are_those_of_another_matcher(pattern: str, text: str) -> None:
    assert matches(pattern, text) == wildcard(pattern, text)


@settings(max_examples=300)
@given(text=st.text("abC[]\n", max_size=12), data=st.data())
def test_a_text_with_parts_replaced_by_signs_is_met(text: str, data: st.DataObject) -> None:
    pattern = "".join(data.draw(st.sampled_from([letter, letter.swapcase(), "?", "*", "**"])) for letter in text)
    assert matches(pattern, text)


@pytest.mark.parametrize(
    "pattern", ["*a" * 500 + "*b", "*" * 2_000 + "b", "*a*" * 400 + "b*", "a*" * 1_000 + "b", "*" + "a" * 1_000 + "b*"]
)
@pytest.mark.timeout(60)
def test_no_pattern_tries_a_place_twice(pattern: str) -> None:
    assert matches(pattern, "a" * 2_000) is False
    assert grows_linearly(lambda size: matches(pattern, "a" * size), 2_000)
