"""Labelled reasons: what is wrong with a wording is seen, and what people said of the reasons keeps its promise."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from eval.studies.reasons import ARCHIVES, KINDS, Reason, faults, labelled, read_labels, summary, to_line
from recommender.errors import EvaluationError

LABELS = read_labels()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Both name Harbour Trust and speak of dredging; published 3 days earlier", []),
        ("Both name A-1 Cars, Harbour and Yemen, and speak of GitHub and open data; editors listed it", []),
        ("“Both name it”", []),
        ("Both name The 1", ["an article for a name"]),
        ("Both name Yemen, The and Gaza", ["an article for a name"]),
        ("Published within a month of each other; published 2 days later", ["an idea twice"]),
        ("Editors listed it before; editors listed it beside a similar article", ["an idea twice"]),
        ("Both speak of buy, 5m and members", ["a number for a word"]),
        ("Both speak of dredging, dredging work and silt", ["a word twice"]),
        ("Both name Mondays", ["a day or month"]),
        ("Both speak of friday", ["a day or month"]),
        ("Both speak of Stennick,, and are tagged rural", ["broken punctuation"]),
        ("Both name  Yemen", ["broken punctuation"]),
        ("; published 2 days later", ["broken punctuation"]),
    ],
)
def test_what_is_wrong_with_a_wording(text: str, expected: list[str]) -> None:
    assert faults(text) == expected


def test_of_150_reasons_of_two_archives_at_most_2_percent_are_odd() -> None:
    assert len({(each.corpus, each.a, each.b) for each in LABELS}) == len(LABELS) >= 150 - 10
    assert min(Counter(each.corpus for each in LABELS)[name] for name in ARCHIVES) >= 70
    counts = Counter(each.label for each in LABELS)
    assert counts["odd"] / len(LABELS) <= 0.02
    assert counts["useful"] > len(LABELS) / 2
    found = summary(LABELS)["all"]
    assert {kind: found[kind]["hits"] for kind in KINDS} == {kind: counts[kind] for kind in KINDS}


def test_none_of_them_breaks_a_rule_of_wording() -> None:
    assert {each.text: faults(each.text) for each in LABELS if faults(each.text)} == {}


def test_a_reason_that_reads_otherwise_now_is_unlabelled() -> None:
    label = LABELS[0]
    same, changed = replace(label, label=""), replace(label, label="", text=f"{label.text}!")
    assert labelled([same, changed], LABELS) == ([label], [changed])


@pytest.mark.parametrize("line", [b"{", b'{"corpus": "demo"}', to_line(Reason("demo", "a", "b", "Text", "fine"))])
def test_a_line_that_is_no_label_is_named(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "labels.jsonl").write_bytes(orjson.dumps(vars_of(LABELS[0])) + b"\n" + line)
    with pytest.raises(EvaluationError, match=r"labels\.jsonl:2: "):
        read_labels(tmp_path / "labels.jsonl")


def vars_of(reason: Reason) -> dict[str, str]:
    loaded: dict[str, str] = orjson.loads(to_line(reason))
    return loaded
