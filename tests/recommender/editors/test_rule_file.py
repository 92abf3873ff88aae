"""Rules as they are written: what is read, and for every fault its line, its value and what was expected."""

from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recommender.editors.rule_file import MAX_BYTES, MAX_RULES, read_rules
from recommender.editors.rules import Matcher, NeverBeside, SiteRules
from recommender.editors.yaml_text import MAX_DEPTH
from recommender.errors import InputError, RulesError

EXAMPLE = """\
# what stands beside what
ignore_tags: [Homepage, featured]
never_beside:
  - from: {section: Obituaries}
    to: {tag: [Promotion, giveaway]}
    both: true
    reason: a death notice is no place for advertising
    until: 2027-01-31
  - to:
      id: [7, "008", 009]
      title: "*[advert]*"
      url: ["*/ads/*", "*/promo/*"]
    reason: >
      nobody wants
      to see that
"""
OBITUARIES = NeverBeside(
    Matcher(sections=frozenset({"obituaries"})),
    Matcher(tags=frozenset({"promotion", "giveaway"})),
    True,
    "a death notice is no place for advertising",
    datetime(2027, 1, 31, tzinfo=UTC),
)
ADVERTS = NeverBeside(
    None,
    Matcher(ids=frozenset({"7", "008", "009"}), titles=("*[advert]*",), urls=("*/ads/*", "*/promo/*")),
    False,
    "nobody wants to see that",
)


def test_rules_as_they_are_written() -> None:
    rules = read_rules(EXAMPLE, "rules.yaml")
    assert rules == SiteRules((OBITUARIES, ADVERTS), frozenset({"homepage", "featured"}))
    assert [rule.line for rule in rules.never_beside] == [4, 9]


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# nothing yet\n", "---\n", "~", "{}", "never_beside:\nignore_tags:\n", "never_beside: []"]
)
def test_no_rules(text: str) -> None:
    assert read_rules(text) == SiteRules()


def test_values_are_cleaned_as_articles_are() -> None:
    rules = read_rules('ignore_tags: "  Cafe\u0301 \u200b"\nnever_beside: [{from: {tag: "a  b"}, reason: x}]')
    assert rules.ignore_tags == {"café"}
    assert rules.never_beside[0].source == Matcher(tags=frozenset({"a b"}))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2027-01-31", datetime(2027, 1, 31, tzinfo=UTC)),
        ("'2027-01-31'", datetime(2027, 1, 31, tzinfo=UTC)),
        ("2027-01-31T18:00", datetime(2027, 1, 31, 18, tzinfo=UTC)),
        ("2027-01-31T18:00+01:00", datetime(2027, 1, 31, 17, tzinfo=UTC)),
        ("2027-01-31 18:00:00", datetime(2027, 1, 31, 18, tzinfo=UTC)),
        ("2027-1-31 18:00:00 +1", datetime(2027, 1, 31, 17, tzinfo=UTC)),
        ("2027-01-31T8:32:24Z", datetime(2027, 1, 31, 8, 32, 24, tzinfo=UTC)),
        ("1999-01-01", datetime(1999, 1, 1, tzinfo=UTC)),
    ],
)
def test_moments(written: str, expected: datetime) -> None:
    rules = read_rules(f"never_beside: [{{from: {{id: a}}, reason: x, until: {written}}}]")
    assert rules.never_beside[0].until == expected


def rule(*lines: str) -> str:
    """One rule whose first line is line 2, with a reason on line 3."""
    return "\n".join(["never_beside:", "  - from: {id: a}", "    reason: x", *(f"    {line}" for line in lines)])


BAD = {
    "broken flow": ("ignore_tags: [a\nnever_beside: []\n", 2, ["not valid YAML", "never_beside"]),
    "tab": ("never_beside:\n\t- from: x", 2, ["not valid YAML", "'\\t'"]),
    "control character": ("ignore_tags:\n  - a\x07b", 2, ["U+0007"]),
    "number too large": ('ignore_tags:\n  - "\\UFFFFFFFF"', 2, ["out of range", "UFFFFFFFF"]),
    "number too long": (f"%YAML {'9' * 5_000}.1\n--- a", 1, ["out of range", "%YAML 999"]),
    "two documents": ("ignore_tags: a\n---\nignore_tags: b", 2, ["another document", "'---'"]),
    "alias": ("ignore_tags: &all [a]\nnever_beside: *all", 2, ["alias *all", "write it out"]),
    "anchor within itself": ("ignore_tags: &all [*all]", 1, ["alias *all"]),
    "merge": (rule("<<: {both: true}"), 4, ["unknown key <<", "expected one of from"]),
    "nested": ("ignore_tags:\n  " + "[" * MAX_DEPTH + "]" * MAX_DEPTH, 2, [f"more than {MAX_DEPTH} levels"]),
    "nested without end": ("[" * 100_000, 1, [f"more than {MAX_DEPTH} levels"]),
    "python object": ("!!python/object/apply:os.system [ls]", 1, ["the document is a list", "a mapping"]),
    "tagged mapping": ("ignore_tags: a\nnever_beside:\n  - !!python/object:x {a: b}", 3, ["a rule is a mapping"]),
    "no mapping": ("homepage", 1, ["the document is 'homepage'", "ignore_tags, never_beside"]),
    "a list": ("- from: {id: a}", 1, ["the document is a list", "ignore_tags, never_beside"]),
    "unknown key": ("\nnever_besides: []", 2, ["unknown key 'never_besides'", "did you mean 'never_beside'?"]),
    "key of a rule": (rule("untill: 2027-01-31"), 4, ["a rule: unknown key 'untill'", "did you mean 'until'?"]),
    "key of a matcher": (
        rule("to:", "  tags: [x]"),
        5,
        ["to: unknown key 'tags'", "id, tag, section, title, url", "'tag'"],
    ),
    "key like nothing": (rule("zzz: 1"), 4, ["unknown key 'zzz', expected one of from, to, both, reason, until"]),
    "key that is a list": (rule("? [both]", ": true"), 4, ["unknown key a list"]),
    "double key": ("ignore_tags: [a]\nnever_beside: []\nignore_tags: [b]", 3, ["'ignore_tags' stands twice", "line 1"]),
    "double key of a rule": (rule("reason: y"), 4, ["the key 'reason' stands twice", "first on line 3"]),
    "double key of a matcher": (
        rule("to: {tag: x,", "     tag: y}"),
        5,
        ["the key 'tag' stands twice", "first on line 4"],
    ),
    "half a character in a key": ('"to\\ud800": a', 1, ["unknown key 'to"]),
    "misspelt, so another is missing": (
        "never_beside:\n  - to: {id: a}\n    reson: x",
        3,
        ["a rule: unknown key 'reson'", "did you mean 'reason'?"],
    ),
    "the first of two": (rule("to: {tag: 0.5}", "bothh: 1"), 4, ["to.tag is 0.5"]),
    "no end": (rule("until:"), 4, ["until is empty", "a date or time"]),
    "false for rules": ("never_beside: false", 1, ["never_beside is false", "a list of rules"]),
    "false for all": ("false", 1, ["the document is false", "ignore_tags, never_beside"]),
    "empty list for all": ("[]", 1, ["the document is an empty list", "ignore_tags, never_beside"]),
    "tag for nothing": ("never_beside: !!null rules", 1, ["never_beside is rules", "a list of rules"]),
    "no list of rules": ("never_beside:\n  from: {id: a}", 2, ["never_beside is a mapping", "a list of rules"]),
    "no rule": ("never_beside:\n  - obituaries", 2, ["a rule is 'obituaries'", "from, to, both, reason, until"]),
    "empty rule": ("never_beside:\n  -\n  - {}", 2, ["a rule is empty"]),
    "no reason": ("never_beside:\n  - to: {id: a}\n    both: false", 2, ["no 'reason'", "says why"]),
    "empty reason": ("never_beside:\n  - to: {id: a}\n    reason: ' '", 3, ["reason is ' '", "not empty"]),
    "reason of no text": ("never_beside:\n  - to: {id: a}\n    reason: [x]", 3, ["reason is a list", "a string"]),
    "reason of a number": ("never_beside:\n  - to: {id: a}\n    reason: 5", 3, ["reason is 5", "a string"]),
    "neither from nor to": ("never_beside:\n\n  - reason: x", 3, ["neither 'from' nor 'to'"]),
    "empty matcher": (rule("to: {}"), 4, ["to is an empty mapping", "at least one of the keys id, tag"]),
    "matcher of nothing": (rule("to:"), 4, ["to is empty", "a mapping"]),
    "matcher of text": (rule("to: promo"), 4, ["to is 'promo'", "a mapping"]),
    "no value": (rule("to: {tag: }"), 4, ["to.tag is empty", "a list of strings"]),
    "no values": (rule("to: {tag: []}"), 4, ["to.tag is an empty list", "at least one"]),
    "empty value": (rule("to: {tag: ['']}"), 4, ["to.tag is ''", "none empty"]),
    "invisible value": (rule("to: {tag: '\u200b'}"), 4, ["to.tag is", "none empty"]),
    "value of a wrong type": (rule("to: {section: [a,", "  no]}"), 5, ["to.section is no", "in quotes"]),
    "fraction": (rule("to: {id: 5.5}"), 4, ["to.id is 5.5", "in quotes"]),
    "value that is a mapping": (rule("to: {tag: {a: b}}"), 4, ["to.tag is a mapping", "a string or a list of strings"]),
    "list in a list": (rule("to: {tag: [[a]]}"), 4, ["to.tag is a list", "a string or a list of strings"]),
    "no truth": (rule("both: maybe"), 4, ["both is 'maybe'", "true or false"]),
    "truth in quotes": (rule("both: 'true'"), 4, ["both is 'true'", "true or false"]),
    "tagged truth": (rule("both: !!bool maybe"), 4, ["both is maybe", "true or false"]),
    "no day": (rule("until: 2027-02-30"), 4, ["until is 2027-02-30", "a date or time such as"]),
    "words for a day": (rule("until: next year"), 4, ["until is 'next year'", "a date or time"]),
    "number for a day": (rule("until: 20270131"), 4, ["until is 20270131", "a date or time"]),
    "tagged day": (rule("until: !!timestamp soon"), 4, ["until is soon", "a date or time"]),
    "day outside the calendar": (rule("until: 9999-12-31T23:00-05:00"), 4, ["until is '9999-12-31T23"]),
    "list of days": (rule("until: [2027-01-31]"), 4, ["until is a list", "a date or time"]),
    "no tags": ("ignore_tags:\n  homepage: true", 2, ["ignore_tags is a mapping", "a list of strings"]),
    "empty tag": ("ignore_tags:\n  - a\n  -", 3, ["ignore_tags is empty", "none empty"]),
    "windows line ends": ("ignore_tags: [a]\r\n\r\nnever: []\r\n", 3, ["'never'", "ignore_tags, never_beside"]),
    "too long": ("#" * (MAX_BYTES + 1), 1, ["1,000,001 bytes", "the limit is 1,000,000"]),
    "too long in bytes": ("#" + "é" * (MAX_BYTES // 2), 1, ["1,000,001 bytes"]),
    "long value": (rule("both: " + "x" * 500), 4, ["x...", "true or false"]),
}


@pytest.mark.parametrize(("text", "line", "parts"), BAD.values(), ids=BAD)
def test_a_fault_is_named_by_its_line_with_what_was_expected(text: str, line: int, parts: list[str]) -> None:
    with pytest.raises(RulesError) as caught:
        read_rules(text, "rules.yaml")
    assert isinstance(caught.value, InputError)
    assert caught.value.place == f"rules.yaml:{line}"
    assert not [part for part in parts if part not in caught.value.message], caught.value.message
    assert len(caught.value.message) < 300
    assert "\n" not in str(caught.value)
    with pytest.raises(RulesError, match=rf"^line {line}: "):
        read_rules(text)


def test_so_many_rules_and_no_more() -> None:
    each = "\n  - {to: {id: a}, reason: x}"
    assert len(read_rules("never_beside:" + each * MAX_RULES).never_beside) == MAX_RULES
    with pytest.raises(RulesError, match=r"^r:1002: never_beside has 1,001 rules, the limit is 1,000$"):
        read_rules("never_beside:" + each * (MAX_RULES + 1), "r")


def read_or_refused(text: str) -> None:
    refused: RulesError | None = None
    try:
        rules = read_rules(text, "r").never_beside
    except RulesError as error:
        refused, rules = error, ()
    assert all(rule.reason and (rule.source or rule.target) for rule in rules)
    if refused:
        name, line = refused.place.split(":")
        assert name == "r"
        assert 1 <= int(line) <= len(text.splitlines()) + 1


@settings(max_examples=1_500)
@given(st.text(max_size=40) | st.text("abn:-[]{}&*!|>'\"#%@,?\\ \n\tU0~<.", max_size=60))
@example("\ufeffignore_tags: a")
@example('a: "\\x\ud800"')
@example("!<%ff> a")
@example("? ? ? a")
def test_no_text_is_met_by_another_error(text: str) -> None:
    read_or_refused(text)


SCALARS = st.sampled_from(
    ["a", "5", 5, 0.5, None, True, "", "2027-01-31", "\u2028", "\x00", "&x", "*x", "id", "*dies*", -1, float("nan")]
)
KEYS = st.sampled_from([*"from to both reason until id tag section title url never_beside ignore_tags".split(), "x", 1])
SHAPES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
MATCHERS = st.dictionaries(st.sampled_from(["id", "tag", "section", "title", "url"]), SHAPES, max_size=2)
RULES = st.fixed_dictionaries(
    {}, optional={"from": MATCHERS, "to": MATCHERS, "both": SHAPES, "reason": SCALARS, "until": SHAPES}
)
NEARLY = st.fixed_dictionaries({"never_beside": st.lists(RULES, max_size=3)}, optional={"ignore_tags": SHAPES})


@settings(max_examples=800)
@given(SHAPES | NEARLY, st.sampled_from([None, True, False]))
def test_no_structure_is_met_by_another_error(shape: object, flow: bool | None) -> None:
    read_or_refused(yaml.safe_dump(shape, default_flow_style=flow, allow_unicode=True))


WORDS = st.text("aBé*?[ 7", min_size=1).map(lambda text: " ".join(text.split())).filter(bool)


@settings(max_examples=300)
@given(
    sides=st.tuples(
        *[st.none() | st.dictionaries(st.sampled_from(["id", "tag", "title"]), st.lists(WORDS, min_size=1), min_size=1)]
        * 2
    ).filter(any),
    both=st.booleans(),
    until=st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)
def test_what_is_written_is_what_is_read(
    sides: tuple[dict[str, list[str]] | None, dict[str, list[str]] | None], both: bool, until: datetime | None
) -> None:
    written = {key: side for key, side in zip(("from", "to"), sides, strict=True) if side} | {"both": both}
    text = yaml.safe_dump({"never_beside": [written | {"reason": "x"} | ({"until": until} if until else {})]})
    expected = (
        side
        and Matcher(
            ids=frozenset(side.get("id", ())),
            tags=frozenset(tag.casefold() for tag in side.get("tag", ())),
            titles=tuple(dict.fromkeys(side.get("title", ()))),
        )
        for side in sides
    )
    source, target = expected
    assert read_rules(text).never_beside == (NeverBeside(source or None, target or None, both, "x", until),)
