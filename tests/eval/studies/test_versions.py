"""The labelled pairs of articles, what is counted on them, and the figures that are committed."""

import math
from collections import Counter
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from eval import cli_versions
from eval.cli import app
from eval.studies import versions as evaluated
from eval.studies.versions import ARCHIVES, HALVES, NOT, ONE_STORY, OWN, Share, evaluate_versions, read_labels
from recommender.errors import EvaluationError
from tests.conftest import DEMO

COMMITTED = Path(__file__).parents[3] / "eval" / "results" / "versions" / "labelled.json"
FLOOD = "2024-11-oxley-ferry-flood"


def test_the_labels_are_enough_and_various() -> None:
    pairs, own = read_labels()
    assert len(pairs) >= 180
    assert sum(pair.a[0] == pair.b[0] == OWN for pair in pairs) >= 90
    kinds = Counter(pair.label for pair in pairs)
    assert min(kinds[label] for label in (*ONE_STORY, *NOT)) >= 25
    assert {article.get("language") for article in own} >= {None, "de", "fr", "es"}
    corpora = [name for names in ARCHIVES.values() for name in names]
    assert {corpus for pair in pairs for corpus, _ in (pair.a, pair.b)} == set(corpora)
    assert len(set(corpora)) == len(corpora)
    assert len({frozenset((pair.a, pair.b)) for pair in pairs}) == len(pairs)


def test_no_text_stands_in_two_halves() -> None:
    """Else thresholds would have been chosen on what is held out."""
    pairs, own = read_labels()
    halves: dict[tuple[str, str], set[str]] = {}
    for pair in pairs:
        for article in (pair.a, pair.b):
            halves.setdefault(article, set()).add(pair.half)
    assert {article for article, found in halves.items() if len(found) > 1} == set()
    counts = Counter(pair.half for pair in pairs)
    assert set(counts) == set(HALVES)
    assert 0.8 < counts["development"] / counts["held_out"] < 1.25
    assert len({article["id"] for article in own}) == len(own)


@pytest.mark.parametrize(("hits", "count"), [(0, 1), (1, 1), (3, 7), (68, 69), (0, 50), (97, 100)])
def test_wilsons_interval_holds_every_share_that_is_not_rejected(hits: int, count: int) -> None:
    """By its definition: at its ends, the observed share is 1.96 standard errors of that end away."""
    found = Share(hits, count).to_json()
    share = hits / count
    assert found["value"] == pytest.approx(share, abs=1e-4)
    for end in (found["low"], found["high"]):
        away = abs(share - end) / math.sqrt(max(end * (1 - end), 1e-12) / count)
        assert away == pytest.approx(1.96, rel=0.02) or end in (0, 1) or abs(share - end) < 2e-4
    assert 0 <= found["low"] <= found["value"] <= found["high"] <= 1


def test_a_share_of_nothing_is_none() -> None:
    assert Share(0, 0).to_json() == {"hits": 0, "count": 0, "value": None, "low": None, "high": None}


def pair(label: str, a: dict[str, str], b: dict[str, str], written: str = "after") -> dict[str, object]:
    return {"label": label, "group": f"{label} {a['id']}", "written": written, "a": a, "b": b}


def demo(identity: str) -> dict[str, str]:
    return {"corpus": "demo", "id": identity}


@pytest.fixture
def labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five pairs of the demo newspaper and of our own, two of them labelled wrongly."""
    monkeypatch.setattr(evaluated, "ARCHIVES", {"small": ("demo", OWN)})
    text = " ".join(f"word{n}" for n in range(40))
    mine = [{"corpus": OWN, "id": name, "title": f"Tale, part {n}", "body": text} for n, name in enumerate("ab", 1)]
    lines = [
        pair("version", demo(FLOOD), demo(f"{FLOOD}-update")),
        pair("version", demo("2025-01-chess-quillan"), demo("2025-08-sky-notes")),  # wrong
        pair("followup", demo("2024-05-fish-kill-marl"), demo("2024-05-fish-kill-marl-update")),  # wrong
        pair("followup", demo("2024-09-creamery-charged"), demo("2025-05-creamery-fined")),
        pair("series", mine[0], mine[1]),
    ]
    path = tmp_path / "labels.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    return path


def test_what_is_counted_by_hand(labels: Path, tmp_path: Path) -> None:
    found = evaluate_versions(tmp_path, DEMO, labels)
    everything = found["all"]
    assert found["written_after"] == everything
    assert (everything["precision"]["hits"], everything["precision"]["count"]) == (1, 2)
    assert (everything["recall"]["hits"], everything["recall"]["count"]) == (1, 2)
    right = {label: (share["hits"], share["count"]) for label, share in everything["right"].items()}
    assert right == {"version": (1, 2), "series": (1, 1), "followup": (1, 2)}
    assert found["development"]["precision"]["value"] is None
    assert [(wrong["label"], wrong["folded"], wrong["a"]) for wrong in found["wrong"]] == [
        ("version", False, "demo/2025-01-chess-quillan"),
        ("followup", True, "demo/2024-05-fish-kill-marl"),
    ]


def test_the_command_writes_the_same_bytes_each_time(
    labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_versions, "OUT", tmp_path / "nowhere")
    written = []
    for name in ("a", "b"):
        out = tmp_path / name / "found.json"
        command = ["versions", "--corpora", tmp_path, "--demo", DEMO, "--labels", labels, "--out", out]
        result = CliRunner().invoke(app, list(map(str, command)))
        assert result.exit_code == 0, result.output
        assert "2025-01-chess-quillan" in result.output
        written.append(out.read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", r"labels.jsonl:2: no labelled pair"),
        (b'{"label": "version"}', r"labels.jsonl:2: no labelled pair \('a'\)"),
        (
            orjson.dumps(pair("twin", demo("a"), demo("b"))),
            "labels.jsonl:2: label 'twin' is none of version, copy, series, template, followup",
        ),
        (orjson.dumps(pair("copy", {"corpus": "moon", "id": "a"}, demo("b"))), "'moon' is no corpus of an archive"),
    ],
)
def test_what_is_no_label_is_named(line: bytes, message: str, labels: Path, tmp_path: Path) -> None:
    labels.write_bytes(labels.read_bytes().splitlines()[0] + b"\n" + line)
    with pytest.raises(EvaluationError, match=message):
        evaluate_versions(tmp_path, DEMO, labels)


def test_a_corpus_that_is_missing_is_named(labels: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"nothing\.jsonl: no such corpus; the labels name articles of it"):
        evaluate_versions(tmp_path, tmp_path / "nothing.jsonl", labels)


def test_the_committed_figures_are_those_of_the_labels_and_good() -> None:
    found = orjson.loads(COMMITTED.read_bytes())
    pairs, _ = read_labels()
    assert found["pairs"] == len(pairs)
    for half in ("all", *HALVES):
        mine = [pair for pair in pairs if half in ("all", pair.half)]
        assert found[half]["recall"]["count"] == sum(pair.label in ONE_STORY for pair in mine)
        assert sum(share["count"] for share in found[half]["right"].values()) == len(mine)
        wrong = [each for each in found["wrong"] if half in ("all", each["half"])]
        missed = sum(not each["folded"] for each in wrong)
        assert found[half]["recall"]["count"] - found[half]["recall"]["hits"] == missed
        assert found[half]["precision"]["count"] - found[half]["precision"]["hits"] == len(wrong) - missed
    assert min(found["all"]["precision"]["value"], found["all"]["recall"]["value"]) >= 0.97
