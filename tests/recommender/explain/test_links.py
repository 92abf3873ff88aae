"""Phrases that could carry a link, by cases worked by hand. Rarities are given, so every score can be added up."""

from collections.abc import Callable

import pytest

from recommender.articles.article import Article
from recommender.articles.card import Card
from recommender.explain.links import LEAST, MAX_WORDS, STRANGE, TEASER, LinkPhrase, link_phrases
from recommender.text.stop_words import function_words

RARE = {"swatch": 1.0, "quillan": 1.0, "oddy": 0.9, "dredging": 0.6, "licence": 0.5, "harbour": 0.4, "trust": 0.4}


def rarity(word: str) -> float:
    """What RARE says, nothing for English stop words, little for any other word."""
    return RARE.get(word, 0.0 if word in function_words("en") else 0.2)


def card(title: str, *teasers: str, name: str = "x") -> Card:
    return Card.from_article(Article(id=name, title=title, teasers=teasers, url=f"https://paper.example/{name}"))


def phrases(draft: str, *cards: Card, rarity: Callable[[str], float] = rarity) -> list[str | None]:
    found = link_phrases(draft, cards, rarity)
    return [draft[each.start : each.end] if each else None for each in found]


def test_the_words_that_are_rarest_together_win() -> None:
    draft = "The Harbour Trust met on Sunday. A dredging licence was asked for, and the harbour is deep."
    # dredging .6 + licence .5 = 1.1; Harbour Trust .4 + .4 = .8; harbour alone .4, below LEAST
    assert phrases(draft, card("Harbour Trust has its dredging licence")) == ["dredging licence"]
    assert phrases(draft, card("Harbour Trust has a new chair")) == ["Harbour Trust"]
    assert phrases(draft, card("The harbour in winter")) == [None]
    assert 0.4 < LEAST <= 0.8


def test_one_rare_name_is_enough_and_stands_as_it_is_written() -> None:
    assert phrases("We asked Tom Quillan's deputy.", card("Quillan resigns")) == ["Quillan's"]
    assert phrases("QUILLAN said no.", card("Quillan resigns")) == ["QUILLAN"]


def test_a_phrase_begins_and_ends_with_shared_words_and_may_hold_stop_words() -> None:
    draft = "He praised the trust of the harbour, and sang."
    assert phrases(draft, card("Trust in the harbour")) == ["trust of the harbour"]


def test_strange_words_count_against_it() -> None:
    # dredging .6 - .3 (green) + licence .5 = .8, more than nothing; with two strange words .5: too little
    assert pytest.approx(0.3) == STRANGE
    assert phrases("a dredging green licence", card("Dredging licence")) == ["dredging green licence"]
    assert phrases("a dredging green old licence", card("Dredging licence")) == [None]


def test_no_phrase_crosses_a_comma_a_sentence_or_a_line() -> None:
    for between in (", ", ". ", "\n", " (", " – ", ": "):
        assert phrases(f"dredging{between}licence", card("Dredging licence")) == [None]


def test_a_word_counts_once_in_a_phrase() -> None:
    assert phrases("harbour harbour harbour", card("Harbour")) == [None]


def test_a_teasers_words_count_less() -> None:
    assert phrases("the dredging licence", card("Deep ships", "A dredging licence")) == [None]  # (.6 + .5) · .6
    assert pytest.approx(0.6) == TEASER
    assert phrases("the Swatch dredging", card("Deep ships", "Dredging of the Swatch")) == ["Swatch dredging"]  # .96


def test_each_item_has_one_phrase_and_no_two_overlap() -> None:
    draft = "The Swatch dredging licence was given. Later Quillan left the Swatch."
    first, second = card("Swatch dredging licence", name="a"), card("The Swatch and Quillan", name="b")
    # a: Swatch dredging licence 2.1. b: the first Swatch lies inside it; Quillan left the Swatch is 1 - .3 + 1 = 1.7
    assert phrases(draft, first, second) == ["Swatch dredging licence", "Quillan left the Swatch"]
    assert phrases("the Swatch", card("Swatch", name="a"), card("Swatch", name="b")) == ["Swatch", None]
    assert phrases("the Swatch, the Swatch", card("Swatch", name="a"), card("Swatch", name="b")) == ["Swatch", "Swatch"]


def test_possessives_plurals_hyphens_and_case_are_one_word() -> None:
    assert phrases("two dredging licences", card("Dredging licence’s end")) == ["dredging licences"]
    assert phrases("a Quillan-led board", card("Quillan-led board resigns")) == ["Quillan-led board"]


def test_numbers_name_nothing() -> None:
    assert phrases("in 2025 and 1951", card("2025 1951"), rarity=lambda _: 1.0) == [None]


def test_a_phrase_is_no_longer_than_a_link() -> None:
    words = [f"word{'abcdefghijklmnop'[place]}" for place in range(12)]
    (found,) = phrases(" ".join(words), card(" ".join(words)), rarity=lambda _: 0.5)
    assert found == " ".join(words[:MAX_WORDS])


def test_ties_go_to_the_earlier_item_and_the_earlier_phrase() -> None:
    draft = "Swatch, Quillan"
    both = card("Quillan Swatch", name="a"), card("Swatch Quillan", name="b")
    assert phrases(draft, *both) == ["Swatch", "Quillan"]


def test_nothing_in_nothing_out() -> None:
    assert link_phrases("", [card("Swatch")], rarity) == [None]
    assert link_phrases("the Swatch", [], rarity) == []
    assert link_phrases("the Swatch", [card("")], rarity) == [None]
    assert link_phrases("the Swatch", [card("Swatch")], rarity) == [LinkPhrase(4, 10)]
