"""``related-eval`` from the outside: files, tables, refusals."""

import re
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import ir_measures
import orjson
import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.systems.systems import SYSTEMS
from index.store.publish import open_current
from index.store.ranker_file import write_ranker
from recommender.catalog import Catalog
from recommender.corpus.encoder import HashEncoder
from recommender.errors import EvaluationError, RankerError, RecommenderError, UnknownArticleError
from recommender.ranking.ranker import Ranker, default_ranker
from recommender.ranking.signals import SIGNALS
from tests.conftest import DEMO, OPTECH, SEED_PAGE, build_store, records

runner = CliRunner()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report")
    run("--articles", OPTECH, "--as-of", "none", "--out", out, "--cache", out / "cache")
    return out


def run(*arguments: object, command: str = "run") -> str:
    result = runner.invoke(
        app,
        [command, "--model", "hash", *map(str, arguments)] if command == "run" else [command, *map(str, arguments)],
        catch_exceptions=False,
    )
    if isinstance(result.exception, RecommenderError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_report_has_the_documented_shape(report: Path) -> None:
    document = orjson.loads((report / "report.json").read_bytes())
    assert document["queries"] == 119
    assert set(document["systems"]) == set(SYSTEMS)
    for by_measure in document["systems"].values():
        assert list(by_measure) == ["nDCG@10", "nDCG@5", "R@10", "R@100", "RR", "Success@5"]
        for value in by_measure.values():
            assert 0 <= value["low"] <= value["mean"] <= value["high"] <= 1
    assert document["systems"]["oracle"]["nDCG@10"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert document["random_check"]["within"] is True
    gap = document["systems"]["product"]["nDCG@10"]["mean"] - document["systems"]["naive"]["nDCG@10"]["mean"]
    assert document["comparisons"]["naive"]["mean"] == pytest.approx(gap, abs=2e-6)
    assert list(document["provenance"]["sources"]) == [OPTECH.name]
    assert document["provenance"]["ranker"] == default_ranker().origin
    assert set(document["comparisons"]) == set(SYSTEMS) - {"product", "oracle"}
    baselines = [name for name in SYSTEMS if name not in ("zero-shot", "product", "tuned", "oracle")]
    assert list(document["zero_shot_comparisons"]) == baselines
    rivals = [name for name in baselines if name != "random"]
    best = max(rivals, key=lambda name: document["systems"][name]["nDCG@10"]["mean"])
    assert f"the best baseline, {best} (" in document["verdict"]
    assert list(document["calibration"]) == ["zero-shot", "product", "tuned"]
    for found in document["calibration"].values():
        assert 0 <= found["expected_error"] <= 1
        assert sum(each["count"] for each in found["bins"]) == 119 * 10
    assert not {"ablation", "learning_curve"} & set(document)


@pytest.mark.parametrize("system", ["random", "tfidf", "bm25", "naive", "zero-shot", "product", "tuned", "oracle"])
def test_written_files_give_the_reports_number(report: Path, system: str) -> None:
    qrels = ir_measures.read_trec_qrels(str(report / "qrels.txt"))
    answers = ir_measures.read_trec_run(str(report / f"run-{system}.txt"))
    found = ir_measures.calc_aggregate([ir_measures.nDCG @ 10], list(qrels), list(answers))
    document = orjson.loads((report / "report.json").read_bytes())
    assert found[ir_measures.nDCG @ 10] == pytest.approx(document["systems"][system]["nDCG@10"]["mean"], abs=5e-5)


def test_a_second_run_embeds_nothing_and_repeats_every_number(report: Path, tmp_path: Path) -> None:
    output = run("--articles", OPTECH, "--as-of", "none", "--out", tmp_path, "--cache", report / "cache")
    assert "embedding" not in output
    first, second = (orjson.loads((p / "report.json").read_bytes()) for p in (report, tmp_path))
    for document in (first, second):
        del document["provenance"]["created_at"], document["provenance"]["seconds"]
    assert first == second
    for name in ("qrels.txt", "run-product.txt", "run-tuned.txt", "run-random.txt"):
        assert (report / name).read_bytes() == (tmp_path / name).read_bytes()


def test_a_store_scores_what_its_articles_score(tmp_path: Path) -> None:
    demo = records(DEMO)
    store = build_store(tmp_path / "store", demo, HashEncoder())
    systems = "tfidf,zero-shot,product,tuned"
    run("--store", store, "--systems", systems, "--out", tmp_path / "a")
    run("--articles", DEMO, "--systems", systems, "--out", tmp_path / "b", "--cache", tmp_path / "cache")
    a, b = (orjson.loads((tmp_path / name / "report.json").read_bytes()) for name in "ab")
    assert a["systems"] == b["systems"]
    assert a["queries"] == b["queries"] >= 20


def test_k_sets_the_cut(tmp_path: Path) -> None:
    run(
        "--articles", OPTECH, "--as-of", "none", "--k", 5, "--systems", "oracle", "--out", tmp_path, "--cache", tmp_path
    )
    document = orjson.loads((tmp_path / "report.json").read_bytes())
    assert list(document["systems"]["oracle"]) == ["nDCG@5", "R@5", "R@100", "RR", "Success@5"]


def test_another_curated_key(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(
        b'{"id":"a","title":"harbour one","see":["b"],"related":["c"]}\n{"id":"b","title":"harbour two"}\n'
        b'{"id":"c","title":"harbour three"}\n'
    )
    arguments = ("--articles", file, "--systems", "oracle", "--out", tmp_path, "--cache", tmp_path)
    run(*arguments, "--curated-key", "see")
    assert (tmp_path / "qrels.txt").read_text() == "a 0 b 1\n"
    with pytest.raises(EvaluationError, match="no article in .* has a curated list under the key 'nothing'"):
        run(*arguments, "--curated-key", "nothing")


def test_blanked_anchors_are_read_by_no_system(tmp_path: Path) -> None:
    lines = [
        {
            "id": "a",
            "title": "Port",
            "body": "Paint the zebra crossing.",
            "related": ["b"],
            "anchors": {"b": "zebra crossing"},
        },
        {"id": "b", "title": "Zebra crossing", "body": "A zebra crossing is planned."},
        {"id": "c", "title": "Chess", "body": "Paint the pawn."},
    ]
    file = tmp_path / "x.jsonl"
    file.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    for name, more, answer in (("with", (), "b"), ("without", ("--blank-anchors",), "c")):
        run("--articles", file, "--systems", "tfidf,bm25", "--out", tmp_path / name, "--cache", tmp_path, *more)
        for system in ("tfidf", "bm25"):
            first = (tmp_path / name / f"run-{system}.txt").read_text().splitlines()[0].split()
            assert first[2] == answer, (name, system)
    assert orjson.loads((tmp_path / "without" / "report.json").read_bytes())["provenance"]["blank_anchors"] is True


@pytest.fixture
def sections(tmp_path: Path) -> Path:
    """Seven articles in three sections, some with a further key."""
    lines = [
        {"id": "a", "title": "harbour one", "section": "sea", "kind": "news", "language": "en", "related": ["b", "c"]},
        {"id": "b", "title": "harbour two", "section": "sea", "kind": "news", "language": "en", "related": ["d"]},
        {"id": "c", "title": "harbour three", "section": "land", "kind": 7, "language": "de", "related": ["a"]},
        {"id": "d", "title": "harbour four", "section": "land", "kind": "note", "language": "en"},
        {"id": "e", "title": "harbour five", "section": "air", "language": "en", "related": ["a"]},
    ]
    file = tmp_path / "x.jsonl"
    file.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    return file


@pytest.mark.parametrize(
    ("only", "articles", "queries"),
    [
        ("", 5, ["a", "b", "c", "e"]),
        ("section=sea", 2, ["a"]),
        ("section=sea,land", 4, ["a", "b", "c"]),
        (" section = land , air ,", 3, []),
        ("kind=news", 2, ["a"]),
        ("kind=7,news", 3, ["a", "c"]),
        ("language=en", 4, ["a", "b", "e"]),
    ],
)
def test_only_the_articles_that_are_asked_for_are_there(
    sections: Path, tmp_path: Path, only: str, articles: int, queries: list[str]
) -> None:
    words = ("--articles", sections, "--as-of", "none", "--systems", "oracle", "--out", tmp_path, "--cache", tmp_path)
    if not queries:
        with pytest.raises(EvaluationError, match="nothing to evaluate"):
            run(*words, "--only", only)
        return
    run(*words, "--only", only)
    document = orjson.loads((tmp_path / "report.json").read_bytes())
    assert document["articles"] == articles
    assert document["provenance"]["only"] == only
    asked = {line.split()[0] for line in (tmp_path / "qrels.txt").read_text().splitlines()}
    assert sorted(asked) == queries


def test_only_what_nothing_has_leaves_nothing(sections: Path, tmp_path: Path) -> None:
    words = ("--articles", sections, "--out", tmp_path / "out", "--cache", tmp_path)
    said = "--only 'kind=opera': fits none of the 5 articles; kind is 'news', '7', 'note'"
    with pytest.raises(EvaluationError, match=re.escape(said)):
        run(*words, "--only", "kind=opera")
    with pytest.raises(EvaluationError, match="--only 'tone=dry': fits none of the 5 articles; none has a tone"):
        run(*words, "--only", "tone=dry")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("only", ["section", "=sea", "section=", "section= , ", " = sea", "sea,land"])
def test_what_says_nothing_to_keep_is_refused_before_anything_is_read(tmp_path: Path, only: str) -> None:
    with pytest.raises(EvaluationError, match=re.escape(f"--only {only!r}: expected KEY=VALUE, or KEY=VALUE,VALUE")):
        run("--articles", OPTECH, "--only", only, "--out", tmp_path / "out", "--cache", tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []


def test_other_weights_rank_otherwise_and_are_named(report: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights.json"
    words = ("--articles", OPTECH, "--as-of", "none", "--no-beyond", "--cache", report / "cache")
    documents = {}
    for name, ranker in {
        "same": default_ranker(),
        "words": Ranker.from_weights({"tfidf": (1.0, 0.0)}, -3.0, "words alone"),
        "nothing": Ranker.from_weights({}, -3.0, "nothing at all"),
    }.items():
        weights.write_bytes(ranker.to_json())
        run(*words, "--systems", "tfidf,zero-shot", "--ranker", weights, "--out", tmp_path / name)
        documents[name] = orjson.loads((tmp_path / name / "report.json").read_bytes())
        assert documents[name]["provenance"]["ranker"] == ranker.origin
    shipped = orjson.loads((report / "report.json").read_bytes())["systems"]["zero-shot"]
    assert documents["same"]["systems"]["zero-shot"] == shipped
    assert documents["words"]["systems"]["tfidf"] == documents["same"]["systems"]["tfidf"]
    values = [documents[name]["systems"]["zero-shot"]["nDCG@10"]["mean"] for name in ("same", "words", "nothing")]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == 3


def test_a_store_is_evaluated_with_the_shipped_weights_unless_others_are_given(tmp_path: Path) -> None:
    """Its own were fitted to the very lists that are asked for."""
    own = Ranker.from_weights({"section": (1.0, 0.0)}, -3.0, "our own")
    write_ranker(tmp_path, own)
    store = build_store(tmp_path, records(DEMO), HashEncoder())
    assert open_current(store).ranker.origin == "our own"
    words = ("--store", store, "--no-beyond", "--systems", "product", "--out", tmp_path / "out")
    for more, origin in (((), default_ranker().origin), (("--ranker", store / "ranker.json"), "our own")):
        run(*words, *more)
        document = orjson.loads((tmp_path / "out" / "report.json").read_bytes())
        assert document["provenance"]["ranker"] == origin


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"{", "weights.json: no ranker of this project (JSONDecodeError"),
        (b"[]", "weights.json: no ranker of this project (TypeError"),
        (b"{}", "weights.json: no ranker of this project (KeyError"),
        (b'{"format":9}', "weights.json: format 9, this version reads 1"),
        (None, "weights.json: cannot be read (No such file or directory)"),
    ],
)
def test_damaged_weights_are_named_before_anything_is_read(tmp_path: Path, raw: bytes | None, message: str) -> None:
    weights = tmp_path / "weights.json"
    if raw is not None:
        weights.write_bytes(raw)
    with pytest.raises(RankerError, match=re.escape(message)):
        run("--articles", OPTECH, "--ranker", weights, "--out", tmp_path / "out", "--cache", tmp_path / "cache")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "cache").exists()


def test_ablation_and_curve_are_in_the_report_when_asked_for(tmp_path: Path) -> None:
    words = ("--articles", DEMO, "--as-of", "none", "--k", 5, "--no-beyond", "--cache", tmp_path, "--out", tmp_path)
    run(*words, "--systems", "product,tuned", "--ablation", "--curve")
    document = orjson.loads((tmp_path / "report.json").read_bytes())
    systems = document["systems"]
    assert {row["group"] for row in document["ablation"]} == {signal.group for signal in SIGNALS.values()}
    for row in document["ablation"]:
        assert row["adds"]["low"] <= row["adds"]["mean"] <= row["adds"]["high"]
        assert row["without"] == pytest.approx(systems["tuned"]["nDCG@5"]["mean"] - row["adds"]["mean"], abs=2e-6)
    assert document["learning_curve"] == [
        {"lists": 34, **{name: systems[name]["nDCG@5"] for name in ("product", "tuned")}}
    ]
    run(*words, "--systems", "bm25", "--ablation")
    alone = orjson.loads((tmp_path / "report.json").read_bytes())
    assert alone["ablation"] == document["ablation"]
    assert "learning_curve" not in alone


def test_one_list_alone_makes_a_whole_report(tmp_path: Path) -> None:
    """No interval, no test and no curve has anything to go by."""
    file = tmp_path / "x.jsonl"
    file.write_bytes(
        b'{"id":"a","title":"harbour one","related":["b"]}\n{"id":"b","title":"harbour two"}\n'
        b'{"id":"c","title":"harbour three"}\n'
    )
    run("--articles", file, "--out", tmp_path, "--cache", tmp_path, "--ablation", "--curve")
    document = orjson.loads((tmp_path / "report.json").read_bytes())
    assert document["queries"] == 1
    assert document["comparisons"]["tfidf"]["detectable"] is None
    assert document["systems"]["tuned"] == document["systems"]["product"]
    assert [row["lists"] for row in document["learning_curve"]] == [0]
    assert "Nothing can be said of product and " in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_report_is_not_held_to_itself(tmp_path: Path) -> None:
    arguments = (
        "--articles",
        OPTECH,
        "--as-of",
        "none",
        "--systems",
        "product",
        "--out",
        tmp_path,
        "--cache",
        tmp_path,
    )
    run(*arguments)
    with pytest.raises(EvaluationError, match="would be overwritten"):
        run(*arguments, "--no-worse-than", tmp_path / "report.json")


def test_a_store_is_evaluated_with_its_own_model_unless_another_is_named(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", records(DEMO), HashEncoder())
    words = ["run", "--store", str(store), "--no-beyond", "--systems", "product", "--out", str(tmp_path / "out")]
    result = runner.invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    document = orjson.loads((tmp_path / "out" / "report.json").read_bytes())
    assert document["provenance"]["model"]["name"] == HashEncoder().name
    refused = runner.invoke(app, [*words, "--model", "hash:32"])
    assert refused.exit_code != 0


def test_a_store_whose_catalog_moved_on_is_not_evaluated(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", records(DEMO), HashEncoder())
    with closing(Catalog.open(store)) as catalog:
        record = records(DEMO)[3]
        catalog.put([replace(record, article=replace(record.article, body="Rewritten."))])
    with pytest.raises(EvaluationError, match=f"'{record.article.id}' changed after the snapshot was built"):
        run("--store", store, "--out", tmp_path / "out")


def test_reports_of_other_measures_share_no_table(report: Path, tmp_path: Path) -> None:
    run(
        "--articles", OPTECH, "--as-of", "none", "--k", 5, "--systems", "oracle", "--out", tmp_path, "--cache", tmp_path
    )
    assert run(tmp_path / "report.json", command="table").startswith("| nDCG@5 |")
    (tmp_path / "five.json").write_bytes((tmp_path / "report.json").read_bytes())
    with pytest.raises(EvaluationError, match=r"different first measures: nDCG@10, nDCG@5"):
        run(report / "report.json", tmp_path / "five.json", command="table")


def test_ids_with_spaces_are_one_word_in_trec_files(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(b'{"id":"a 1","title":"harbour","related":["b% 2"]}\n{"id":"b% 2","title":"harbour two"}\n')
    run("--articles", file, "--systems", "product", "--out", tmp_path, "--cache", tmp_path)
    assert (tmp_path / "qrels.txt").read_text() == "a%201 0 b%25%202 1\n"
    assert (tmp_path / "run-product.txt").read_text() == "a%201 Q0 b%25%202 1 1 product\n"


def test_show_marks_what_editor_and_ranking_agree_on(tmp_path: Path) -> None:
    store = build_store(tmp_path, records(SEED_PAGE, DEMO), HashEncoder())
    output = run("aras-2025", "--store", store, "--limit", 8, command="show")
    assert "Iran and Azerbaijan Conduct Joint Military Drills" in output
    agreed = output.count("✓")
    assert agreed >= 5
    assert f"{agreed} of the editor's 8 stand among the first 8." in output
    assert "because of" in output
    reasons = re.findall(r"(\w+) \+\d+\.\d", output)
    assert len(reasons) >= 8
    assert set(reasons) <= set(SIGNALS)
    with pytest.raises(UnknownArticleError, match="'nowhere'"):
        run("nowhere", "--store", store, command="show")


def test_table_has_a_column_a_report(report: Path) -> None:
    output = run(report / "report.json", command="table")
    assert output.splitlines()[0] == "| nDCG@10 | report (119 lists, as of none) |"
    assert "| oracle | 1.000 (1.000–1.000) |" in output


REFUSED = [
    (["run", "--out", "x"], "say either --articles FILE or --store DIR"),
    (["run", "--out", "x", "--articles", "nowhere.jsonl", "--model", "hash"], "nowhere.jsonl: no such file or folder"),
    (["run", "--out", "x", "--store", "empty", "--model", "hash"], "nothing is published yet"),
    (
        ["run", "--out", "x", "--articles", str(OPTECH), "--model", "hash", "--systems", "magic"],
        "unknown system 'magic'",
    ),
    (["run", "--out", "x", "--articles", str(OPTECH), "--model", "hash", "--k", "0"], "k is 0, expected 1 to 100"),
    (["run", "--out", "x", "--articles", str(OPTECH), "--model", "no/such"], "'no/such'"),
    (["run", "--out", "x", "--articles", str(OPTECH), "--model", "hash", "--systems", ""], "no system is named"),
    (["run", "--out", "README.md", "--articles", str(OPTECH), "--model", "hash"], "--out README.md is no folder"),
    (["run", "--out", "x", "--store", "empty", "--blank-anchors"], "go with --articles, not with --store"),
    (["run", "--out", "x", "--store", "empty", "--only", "section=sea"], "go with --articles, not with --store"),
    (["run", "--out", "x", "--articles", str(OPTECH), "--ranker", "LICENSE"], "LICENSE: no ranker of this project"),
    (["tune", "--store", "empty"], "nothing is published yet"),
    (["run", "--out", "x", "--articles", str(OPTECH), "--no-worse-than", "nowhere"], "nowhere"),
    (["table", "nowhere.json"], "nowhere.json: cannot be read as a report"),
    (["table", "eval/results/digitalgov.json", "--readme", "nowhere.md"], "nowhere.md: No such file or directory"),
    (["compare", "eval/results/digitalgov.json"], "one report and nothing to hold it to"),
    (["show", "x", "--store", "empty"], "nothing is published yet"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=range(len(REFUSED)))
def test_refusals_are_one_line_without_a_traceback(arguments: list[str], message: str, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "eval", *arguments],
        cwd=Path(__file__).parents[2],
        env={"PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1", "RELATED_STORE": str(tmp_path), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "error:" in result.stderr
    assert message in result.stderr
    assert not (Path(__file__).parents[2] / "x").exists()
