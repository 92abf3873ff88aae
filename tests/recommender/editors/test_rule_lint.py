"""What is said of rules that are no errors, by hand."""

from datetime import UTC, datetime

import pytest

from recommender.articles import Article
from recommender.articles.card import Card
from recommender.editors.rule_file import read_rules
from recommender.editors.rule_lint import Finding, lint
from recommender.editors.rules import NeverBeside, SiteRules

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CARDS = [
    Card.from_article(
        Article(id="1", title="Ada dies", section="Obituaries", tags=("People",), url="https://n.example/o/1")
    ),
    Card.from_article(Article(id="2", title="Win a car", section="promo", tags=("Giveaway", "Home"))),
    Card.from_article(Article(id="3", teasers=("A ship.",))),
]


def said(text: str, cards: list[Card] = CARDS) -> list[str]:
    return [str(finding) for finding in lint(read_rules(text), cards, NOW)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("never_beside: [{from: {section: OBITUARIES}, to: {tag: giveaway}, reason: x, until: 2026-01-02}]", []),
        ("never_beside: [{from: {title: 'A ship?', id: 3}, reason: x}]", []),
        (
            "never_beside: [{from: {id: 1}, reason: x, until: 2026-01-01}]",
            ["rule 1 (line 1): is over since 2026-01-01 00:00 UTC"],
        ),
        (
            "never_beside:\n- {from: {id: [9, 1], tag: peeple}, to: {section: sport}, reason: x}\n"
            "- {to: {title: [ada*, bob*], url: '*/x/*'}, reason: x}",
            [
                "rule 1 (line 2): from.id '9' fits no article",
                "rule 1 (line 2): from.tag 'peeple' fits no article",
                "rule 1 (line 2): to.section 'sport' fits no article",
                "rule 2 (line 3): to.title 'bob*' fits no article",
                "rule 2 (line 3): to.url '*/x/*' fits no article",
            ],
        ),
        (
            "never_beside: [{to: {id: 1, tag: giveaway}, reason: x}]",
            ["rule 1 (line 1): to fits no article, though each of its tests alone does"],
        ),
        (
            "never_beside:\n- {from: {id: 1}, to: {id: 2}, reason: x}\n- {from: {id: 2}, to: {id: 1}, reason: x}\n"
            "- {from: {id: 1}, to: {id: 2}, reason: y, until: 2027-01-01}\n"
            "- {from: {id: 1}, to: {id: 2}, reason: x, both: true}\n"
            "- {from: {id: 2}, to: {id: 1}, reason: x, both: yes}",
            ["rule 3 (line 4): says the same as rule 1", "rule 5 (line 6): says the same as rule 4"],
        ),
        (
            "never_beside:\n- {from: {tag: [People, HOME]}, reason: x}\n- {from: {tag: [home, people]}, reason: y}",
            ["rule 2 (line 3): says the same as rule 1"],
        ),
        (
            "never_beside:\n- {from: {title: '*'}, reason: x}\n- {from: {title: '*car'}, to: {title: '?*'}, reason: x}",
            ["rule 1 (line 2): forbids every article in every list"],
        ),
        (
            "ignore_tags: [zebra, home, featured]",
            ["ignore_tags: no article has the tag 'featured'", "ignore_tags: no article has the tag 'zebra'"],
        ),
    ],
)
def test_what_is_worth_saying(text: str, expected: list[str]) -> None:
    assert said(text) == expected


def test_of_no_articles_nothing_fits() -> None:
    assert said("never_beside: [{from: {title: '*'}, reason: x}]", []) == [
        "rule 1 (line 1): from.title '*' fits no article"
    ]


def test_a_rule_that_was_not_read_has_no_line() -> None:
    found = lint(SiteRules((NeverBeside(None, None, False, "x"),)), CARDS, NOW)
    assert found == [Finding(1, None, "forbids every article in every list")]
    assert str(found[0]) == "rule 1: forbids every article in every list"
