"""Pairs that people judged: reading them, each system's score of them, and the Lee & Pincombe set."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from rich.console import Console
from scipy import stats

from bench.lee_pincombe import gensim_data, write_inputs
from eval.studies.pairs import (
    SYSTEMS,
    Pair,
    evaluate_files,
    evaluate_pairs,
    naive_scores,
    pairs_table,
    product_scores,
    read_pairs,
    tfidf_scores,
)
from eval.systems.context import SystemContext
from eval.systems.systems import prepare
from eval.task.inputs import Sources
from eval.task.task import AsOf, Task, make_task
from recommender.articles import Article, Record
from recommender.catalog.database import open_engine
from recommender.catalog.vector_cache import VectorCache
from recommender.corpus.encoder import Encoder, HashEncoder
from recommender.errors import EvaluationError
from tests.conftest import OPTECH, records, snapshot_of
from tests.reference import related_rows

ENCODER = HashEncoder(dim=64)
TEXTS = {
    "harbour-1": "The harbour was closed after a storm damaged the northern pier and two ferries.",
    "harbour-2": "Ferries returned to the harbour once the northern pier had been repaired after the storm.",
    "tax-1": "Parliament voted for a lower income tax, and the minister promised a lower property tax.",
    "tax-2": "The minister defended the property tax before parliament and refused further promises.",
    "football": "The home team won the final by three goals, and the captain left the pitch in tears.",
}
SCORES = {
    ("harbour-1", "harbour-2"): 0.9,
    ("tax-1", "tax-2"): 0.8,
    ("harbour-1", "tax-1"): 0.2,
    ("tax-2", "football"): 0.3,
    ("harbour-2", "football"): 0.1,
    ("harbour-2", "tax-2"): 0.2,
}


def pair(a: str, b: str, score: float = 0.5) -> Pair:
    return Pair(a, b, (score,), "pairs.jsonl:1")


def rows_of(task: Task, pairs: list[tuple[str, str]]) -> tuple[np.ndarray, np.ndarray]:
    row = task.snapshot.corpus.row
    return np.array([row(a) for a, _ in pairs]), np.array([row(b) for _, b in pairs])


def cache() -> VectorCache:
    return VectorCache(open_engine("sqlite://"), ENCODER)


@pytest.fixture(scope="module")
def small() -> Task:
    items = [Record(Article(id=identity, body=text), "") for identity, text in TEXTS.items()]
    items[0] = replace(items[0], related=("harbour-2",))
    return task_of(items)


@pytest.fixture(scope="module")
def optech_task() -> Task:
    return task_of(records(OPTECH))


def task_of(items: list[Record]) -> Task:
    snapshot = snapshot_of(items, ENCODER)
    by_id = {record.article.id: record.article for record in items}
    return make_task(snapshot, [by_id[card.id] for card in snapshot.corpus.cards], snapshot.lists, AsOf.NONE)


# --- reading ---


def test_pairs_are_read_and_several_judgements_of_one_averaged(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"a":"x","b":"y","score":1}\n\n{"a":"y","b":"x","score":0.5}\n{"a":7,"b":"x","score":0}\n')
    first, second = read_pairs(path)
    assert (first.a, first.b, first.scores, first.score, first.place) == ("x", "y", (1.0, 0.5), 0.75, f"{path}:1")
    assert (second.a, second.b, second.score, second.place) == ("7", "x", 0.0, f"{path}:4")


BAD = [
    ('{"a":"x"', "not valid JSON"),
    ('["x","y",1]', "expected a JSON object"),
    ('{"a":"x","score":1}', "must be ids of articles, found 'x' and None"),
    ('{"a":"x","b":["y"],"score":1}', "must be ids of articles"),
    ('{"a":"x","b":true,"score":1}', "must be ids of articles, found 'x' and True"),
    ('{"a":"x","b":"x","score":1}', "article 'x' is paired with itself"),
    ('{"a":"x","b":"y"}', '"score" is None, expected a number'),
    ('{"a":"x","b":"y","score":"1"}', "\"score\" is '1', expected a number"),
    ('{"a":"x","b":"y","score":true}', '"score" is True, expected a number'),
    ('{"a":"x","b":"y","score":NaN}', "not valid JSON"),
]


@pytest.mark.parametrize(("line", "message"), BAD, ids=range(len(BAD)))
def test_what_is_no_pair_is_named_by_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"a":"x","b":"y","score":1}\n' + line + "\n")
    with pytest.raises(EvaluationError) as found:
        read_pairs(path)
    assert str(found.value).startswith(f"{path}:2: ")
    assert message in str(found.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"nowhere\.jsonl: cannot be read"):
        read_pairs(tmp_path / "nowhere.jsonl")


def test_unknown_articles_and_too_few_pairs_are_refused(small: Task) -> None:
    def run(pairs: list[Pair]) -> None:
        evaluate_pairs(small.articles, small.snapshot, cache(), pairs)

    known = [pair(a, b, score) for (a, b), score in SCORES.items()]
    with pytest.raises(EvaluationError, match=r"pairs\.jsonl:9: no article has the id or URL 'opera'"):
        run([*known, Pair("tax-1", "opera", (1.0,), "pairs.jsonl:9")])
    with pytest.raises(EvaluationError, match="2 pairs with 2 different scores: expected at least 3"):
        run(known[:2])
    with pytest.raises(EvaluationError, match="6 pairs with 1 different scores"):
        run([replace(item, scores=(0.5,)) for item in known])


# --- scores ---


@pytest.mark.parametrize("system", ["tfidf", "naive"])
def test_scores_order_candidates_as_the_baseline_of_that_name_does(optech_task: Task, system: str) -> None:
    task = optech_task
    vectors = cache()
    rank = prepare(SystemContext(task, vectors, 1, lambda texts: vectors.embed(vectors.missing(texts))), [system])[
        system
    ]
    for query in task.queries[::20]:
        ranked = np.array(rank(query))
        left = np.full(len(ranked), query.row)
        if system == "tfidf":
            scores = tfidf_scores(task.articles, left, ranked)
        else:
            scores = naive_scores(task.articles, vectors, left, ranked)
        assert (np.diff(scores) <= 1e-6).all()
        assert scores[0] > scores[-1] + 0.1


def test_the_products_score_is_the_served_one_both_ways(optech_task: Task) -> None:
    snapshot = optech_task.snapshot
    left, right = np.array([3, 3, 10, 77]), np.array([90, 4, 3, 150])
    served = {row: dict(related_rows(snapshot, row)) for row in {*left.tolist(), *right.tolist()}}
    expected = [(served[a][b] + served[b][a]) / 2 for a, b in zip(left.tolist(), right.tolist(), strict=True)]
    assert product_scores(snapshot, left, right) == pytest.approx(expected, abs=1e-6)
    assert product_scores(snapshot, right, left) == pytest.approx(expected, abs=1e-6)


def test_an_article_that_is_never_served_is_scored_with_all_the_rest() -> None:
    items = [Record(Article(id=identity, body=text), "") for identity, text in TEXTS.items()]
    items.append(Record(Article(id="tax-3", body=TEXTS["tax-1"]), "", ("football",)))
    task = task_of(items)
    left, right = rows_of(task, [("tax-1", "tax-3"), ("tax-1", "tax-2"), ("tax-1", "football")])
    copy, near, far = product_scores(task.snapshot, left, right)
    assert copy > near > far


def test_figures_are_scipys_of_the_scores(small: Task) -> None:
    pairs = [pair(a, b, score) for (a, b), score in SCORES.items()]
    document = evaluate_pairs(small.articles, small.snapshot, cache(), pairs)
    assert list(document["systems"]) == list(SYSTEMS)
    left, right = rows_of(small, list(SCORES))
    people = list(SCORES.values())
    fused = small.snapshot.corpus.fused
    scores = {
        "tfidf": tfidf_scores(small.articles, left, right),
        "naive": [float(a @ b) for a, b in zip(ENCODER.encode(texts(left)), ENCODER.encode(texts(right)), strict=True)],
        "product": product_scores(small.snapshot, left, right),
        "fused": [float(fused[a] @ fused[b]) for a, b in zip(left, right, strict=True)],
    }
    for system, mine in scores.items():
        found = document["systems"][system]
        assert found["spearman"]["value"] == pytest.approx(stats.spearmanr(mine, people).statistic, abs=1e-6)
        assert found["pearson"]["value"] == pytest.approx(stats.pearsonr(mine, people).statistic, abs=1e-6)
        for name in ("spearman", "pearson"):
            assert -1 <= found[name]["low"] <= found[name]["value"] <= found[name]["high"] <= 1
    lead = document["systems"]["product"]["spearman"]["value"] - document["systems"]["naive"]["spearman"]["value"]
    assert document["differences"]["naive"]["value"] == pytest.approx(lead, abs=2e-6)
    assert (document["pairs"], document["lines"], document["articles"]) == (6, 6, 5)


def texts(rows: np.ndarray) -> list[str]:
    bodies = [TEXTS[identity] for identity in sorted(TEXTS)]
    return [f".  {bodies[row]}" for row in rows]


def test_files_in_table_out_and_a_second_run_repeats_it(tmp_path: Path) -> None:
    articles, pairs = tmp_path / "articles.jsonl", tmp_path / "pairs.jsonl"
    articles.write_bytes(b"\n".join(orjson.dumps({"id": i, "body": text}) for i, text in TEXTS.items()))
    pairs.write_bytes(b"\n".join(orjson.dumps({"a": a, "b": b, "score": s}) for (a, b), s in SCORES.items()))
    sources = Sources([articles], tmp_path / "cache")
    document = evaluate_files(sources, pairs, ENCODER)
    assert orjson.loads(orjson.dumps(document)) == evaluate_files(sources, pairs, ENCODER)
    lines = printed(document)
    assert lines[0].split() == ["system", "Spearman", "Pearson", "product's", "lead"]
    value = document["systems"]["tfidf"]["spearman"]["value"]
    assert lines[1].split()[:2] == ["tfidf", f"{value:.3f}"]


def test_a_table_says_where_a_correlation_is_undefined(small: Task) -> None:
    pairs = [pair(a, b, score) for (a, b), score in SCORES.items()]
    document = evaluate_pairs(small.articles, small.snapshot, cache(), pairs)
    nothing = {"value": None, "low": None, "high": None}
    document["systems"]["tfidf"] = {"spearman": nothing, "pearson": nothing}
    document["differences"]["tfidf"] = nothing
    assert printed(document)[1].split() == ["tfidf", "–", "–", "–"]


def printed(document: dict[str, Any]) -> list[str]:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(pairs_table(document))
    return captured.get().splitlines()


# --- Lee & Pincombe ---


def test_lee_and_pincombes_files_are_read_as_they_are(tmp_path: Path) -> None:
    matrix = np.eye(50) + np.triu(np.arange(2_500).reshape(50, 50) / 2_500, k=1)
    np.savetxt(tmp_path / "similarities0-1.txt", matrix, delimiter="\t")
    (tmp_path / "lee.cor").write_bytes(b"\n".join(b"story %d cost \xa33 \x85 more" % i for i in range(50)))
    articles, pairs = write_inputs(tmp_path, tmp_path)
    stories = [orjson.loads(line) for line in articles.read_bytes().splitlines()]
    assert len(stories) == 50
    assert stories[6]["body"] == "story 6 cost £3 \x85 more"
    found = {(p.a, p.b): p.score for p in read_pairs(pairs)}
    assert len(found) == 1_225
    assert found["lee-01", "lee-02"] == pytest.approx(1 / 2_500)
    assert found["lee-03", "lee-50"] == pytest.approx(149 / 2_500)
    (tmp_path / "lee.cor").write_bytes(b"only one story")
    with pytest.raises(EvaluationError, match=r"1 stories and judgements \(50, 50\), expected 50"):
        write_inputs(tmp_path, tmp_path)
    with pytest.raises(EvaluationError, match="nowhere: lee.cor or similarities0-1.txt cannot be read"):
        write_inputs(tmp_path / "nowhere", tmp_path)


@pytest.mark.model
def test_lee_and_pincombe_gives_the_committed_figures(model_encoder: Encoder, tmp_path: Path) -> None:
    try:
        data = gensim_data()
    except EvaluationError:
        pytest.skip("gensim, whose test data hold the judged pairs, is not installed")
    articles, pairs = write_inputs(data, tmp_path)
    document = evaluate_files(Sources([articles], tmp_path), pairs, model_encoder)
    committed = Path(__file__).parents[3] / "eval" / "results" / "pairs" / "lee_pincombe.json"
    expected = orjson.loads(committed.read_bytes())["systems"]
    for system, found in document["systems"].items():
        for name, correlation in found.items():
            assert correlation == pytest.approx(expected[system][name], abs=0.002), (system, name)
