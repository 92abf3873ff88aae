"""A site's own weights: nested cross-validation, what a fit may see, and that it learns what the lists say."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from eval.stats.measures import per_query
from eval.systems import tuning as module
from eval.systems.context import DEPTH, Scored
from eval.systems.crossval import evidence, known_owners, plant
from eval.systems.systems import prepare, served
from eval.systems.tuning import Case, Tuning
from eval.task.task import AsOf, Judged, Task, qrels_of
from recommender.ranking.curated import CuratedLists
from recommender.ranking.fitting import fit
from recommender.ranking.ranker import Ranker, features
from recommender.ranking.signals import SIGNALS, signals
from tests.conftest import DEMO, records
from tests.eval.planted import exact
from tests.eval.sites import lab_of, random_lists, tagged, task_of


@pytest.fixture(scope="module", params=list(AsOf))
def demo(request: pytest.FixtureRequest) -> Task:
    return task_of(records(DEMO), request.param)


@pytest.fixture(scope="module")
def topics() -> Task:
    return task_of(tagged(60), AsOf.NONE)


def few(task: Task, count: int) -> Task:
    """The same corpus with the first ``count`` lists and no other."""
    kept = task.queries[:count]
    names = {task.name(query.row) for query in kept}
    lists = {owner: targets for owner, targets in task.snapshot.lists.items() if owner in names}
    return replace(task, snapshot=task.snapshot.with_lists(lists), queries=kept)


def falsified(task: Task, queries: Sequence[Judged], seed: int = 0) -> Task:
    """The task with another list for each of ``queries``, drawn by lot."""
    rng = np.random.default_rng(seed)
    for query in queries:
        task, _ = plant(task, query.row, rng.permutation(np.flatnonzero(task.allowed(query.row)))[:4].tolist())
    return task


def of_fold(tuning: Tuning, fold: int) -> list[Judged]:
    return [query for query in tuning.task.queries if tuning.fold_of[query.row] == fold]


def distance(a: Ranker, b: Ranker) -> float:
    """How far apart two rankers point, whatever their scale: 1 minus the cosine of their weights."""
    x, y = a.weights.ravel().astype(float), b.weights.ravel().astype(float)
    return 1 - float(x @ y) / float(np.linalg.norm(x) * np.linalg.norm(y))


# --- nested ---


def test_a_fold_is_answered_by_weights_that_never_read_a_list_of_it(demo: Task) -> None:
    honest = Tuning(demo, 1)
    for fold in range(5):
        other = Tuning(falsified(demo, of_fold(honest, fold)), 1)
        assert other.fold_of == honest.fold_of
        assert other.ranker(fold).to_json() == honest.ranker(fold).to_json()
        for reader in {0, 1, 2, 3, 4} - {fold}:
            assert other.ranker(reader).to_json() != honest.ranker(reader).to_json()


class FitsItsOwnFold(Tuning):
    """The mistake of fitting to the lists that are answered."""

    def examples(self, fold: int | None) -> list:
        return super().examples(None)


class KnowsItsOwnFold(Tuning):
    """The mistake of hiding the answered fold as targets only: its lists are evidence for those that are fitted to."""

    def _evidence(self, query: Judged, hidden: int | None = None) -> CuratedLists:
        return super()._evidence(query)


@pytest.mark.parametrize("careless", [FitsItsOwnFold, KnowsItsOwnFold])
def test_weights_that_read_a_list_of_the_fold_are_caught(demo: Task, careless: type[Tuning]) -> None:
    honest = careless(demo, 1)
    for fold in range(5):
        other = careless(falsified(demo, of_fold(honest, fold)), 1)
        assert other.ranker(fold).to_json() != honest.ranker(fold).to_json()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, CuratedLists]]:
    """What cases are made of: the query's row, and the lists that are known to it."""
    seen: list[tuple[int, CuratedLists]] = []
    make = Case.from_query

    def watched(task: Task, query: Judged, curated: CuratedLists) -> Case:
        seen.append((query.row, curated))
        return make(task, query, curated)

    monkeypatch.setattr(Case, "from_query", watched)
    return seen


def owners(curated: CuratedLists) -> set[int]:
    return set(np.flatnonzero(np.diff(curated.lists.indptr)).tolist())


@pytest.mark.parametrize("fold", [None, 0, 3])
def test_a_training_query_knows_neither_its_own_fold_nor_the_answered_one(
    demo: Task, fold: int | None, made: list[tuple[int, CuratedLists]]
) -> None:
    tuning = Tuning(demo, 1)
    examples = tuning.examples(fold)
    used = [query.row for query in demo.queries if fold is None or tuning.fold_of[query.row] != fold]
    assert [row for row, _ in made] == used
    assert len(examples) == len(used)
    listed, days = {query.row for query in demo.queries}, demo.snapshot.corpus.directory.days
    for row, curated in made:
        hidden = {other for other in listed if tuning.fold_of[other] in (fold, tuning.fold_of[row])}
        if demo.as_of is AsOf.PUBLISHED:
            hidden |= {other for other in listed if days[other] >= days[row]}
        assert owners(curated) == listed - hidden
    assert sum(len(owners(curated)) for _, curated in made) > 0


def test_the_answered_query_knows_all_other_folds(demo: Task, made: list[tuple[int, CuratedLists]]) -> None:
    tuning = Tuning(demo, 1)
    for query in demo.queries[::10]:
        tuning.case(query)
        expected = evidence(demo, query.row, tuning.fold_of)
        assert made[-1][0] == query.row
        assert (made[-1][1].lists != expected.lists).nnz == 0


def test_lists_on_which_nothing_can_be_measured_are_known_all_the_same() -> None:
    items = records(DEMO)
    early, late = (pick(items, key=lambda r: r.article.published_at) for pick in (min, max))
    items[items.index(early)] = replace(early, related=(late.article.id,))
    task = task_of(items, AsOf.PUBLISHED)
    row = task.snapshot.corpus.row(early.article.id)
    assert row not in {query.row for query in task.queries}
    tuning = Tuning(task, 1)
    for query in task.queries[::7]:
        if known_owners(task, query.row)[row]:
            assert row in owners(tuning._evidence(query, 2))


# --- cases ---


def test_a_case_under_the_base_is_what_the_api_would_answer(demo: Task) -> None:
    tuning = Tuning(demo, 1)
    for query in demo.queries[::6]:
        curated = evidence(demo, query.row, tuning.fold_of)
        assert exact(tuning.case(query).answer(tuning.base, DEPTH)) == exact(served(demo, query, DEPTH, curated))


def test_an_example_is_the_pool_and_who_was_picked(demo: Task) -> None:
    query = replace(demo.queries[4], confirmed=(int(np.flatnonzero(demo.allowed(demo.queries[4].row))[-1]),))
    case = Case.from_query(demo, query, CuratedLists.none(len(demo.snapshot.corpus)))
    example = case.example(3.0)
    assert example.weight == 3.0
    assert example.picked.tolist() == [int(row) in query.answers for row in case.pool.rows]
    assert example.picked.sum() == len(set(query.answers))
    assert (example.inputs == features(signals(case.pool))).all()
    assert set(case.pool.rows.tolist()) == set(np.flatnonzero(demo.allowed(query.row)).tolist())


def test_the_tuned_system_answers_with_the_folds_own_weights(topics: Task) -> None:
    rank, tuning = prepare(lab_of(topics), ["tuned"])["tuned"], Tuning(topics, 1)
    assert isinstance(rank, Scored)
    for query in topics.queries[::9]:
        own = tuning.ranker(tuning.fold_of[query.row])
        curated = evidence(topics, query.row, tuning.fold_of)
        spelled = replace(topics, snapshot=replace(topics.snapshot, ranker=own))
        assert exact(rank.hits(query)) == exact(served(spelled, query, DEPTH, curated))


def test_nothing_is_fitted_twice(topics: Task, made: list[tuple[int, CuratedLists]]) -> None:
    tuning = Tuning(topics, 1)
    assert tuning.ranker(2) is tuning.ranker(2)
    assert tuning.ranker(2, frozenset({"tags"})) is tuning.ranker(2, frozenset({"tags"}))
    assert tuning.ranker(2) is not tuning.ranker(2, frozenset({"tags"}))
    assert tuning.ranker(None) is not tuning.ranker(2)
    assert len(made) == len(topics.queries) + sum(tuning.fold_of[q.row] != 2 for q in topics.queries)


def test_the_same_seed_gives_the_same_weights(demo: Task) -> None:
    assert Tuning(demo, 1).ranker(0).to_json() == Tuning(demo, 1).ranker(0).to_json()
    assert Tuning(demo, 1).ranker(0).to_json() != Tuning(demo, 2).ranker(0).to_json()


# --- few lists ---


def test_one_list_alone_is_answered_by_the_base(topics: Task) -> None:
    task = few(topics, 1)
    tuning = Tuning(task, 1)
    (query,) = task.queries
    assert dict(tuning.fold_of) == {query.row: 0}
    assert tuning.ranker(0) is tuning.base
    assert exact(tuning.answer(query, 10)) == exact(
        served(task, query, 10, CuratedLists.none(len(task.snapshot.corpus)))
    )
    assert tuning.ranker(None).origin == "tuned on 1 lists"


@pytest.mark.parametrize("count", [2, 3, 4])
def test_fewer_lists_than_folds_are_a_fold_each(topics: Task, count: int) -> None:
    task = few(topics, count)
    tuning = Tuning(task, 1)
    assert sorted(tuning.fold_of.values()) == list(range(count))
    for query in task.queries:
        fold = tuning.fold_of[query.row]
        assert len(tuning.examples(fold)) == count - 1
        assert tuning.ranker(fold).origin == f"tuned on {count - 1} lists"
        assert len(tuning.answer(query, 10)) == 10


def test_where_no_picked_article_is_a_candidate_the_base_stays(topics: Task) -> None:
    task = replace(few(topics, 12), queries=tuple(replace(q, relevant=(q.row,)) for q in topics.queries[:12]))
    tuning = Tuning(task, 1)
    assert not any(example.picked.any() for example in tuning.examples(0))
    assert all(tuning.ranker(fold) is tuning.base for fold in (None, 0, 1, 2, 3, 4))


# --- many lists ---


def test_no_fit_looks_at_more_lists_than_it_may(
    topics: Task, made: list[tuple[int, CuratedLists]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_LISTS", 7)
    tuning = Tuning(topics, 1)
    assert len(tuning.examples(0)) == len(tuning.examples(None)) == 7
    rows = [row for row, _ in made]
    assert all(tuning.fold_of[row] != 0 for row in rows[:7])
    assert rows[:7] == sorted(set(rows[:7]))
    assert tuning.ranker(0).origin == "tuned on 7 lists"
    made.clear()
    Tuning(topics, 2).examples(0)
    assert [row for row, _ in made] != rows[:7]


def test_which_lists_are_looked_at_does_not_depend_on_what_they_say(
    topics: Task, made: list[tuple[int, CuratedLists]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_LISTS", 20)
    Tuning(topics, 1).examples(3)
    honest = [row for row, _ in made]
    made.clear()
    Tuning(falsified(topics, topics.queries), 1).examples(3)
    assert [row for row, _ in made] == honest
    assert len(honest) == 20


# --- what is learnt ---


def ndcg(task: Task, name: str, k: int = 10) -> np.ndarray:
    rank = prepare(lab_of(task), [name])[name]
    names = [card.id for card in task.snapshot.corpus.cards]
    run = {names[query.row]: [names[row] for row in rank(query)] for query in task.queries}
    return per_query((f"nDCG@{k}",), qrels_of(task, names), run)[f"nDCG@{k}"]


def test_a_rule_that_the_shipped_weights_do_not_know_is_learnt(topics: Task) -> None:
    before, after = ndcg(topics, "product"), ndcg(topics, "tuned")
    assert before.mean() < 0.5
    assert after.mean() > 0.9
    assert (after >= before).all()
    weight = Tuning(topics, 1).ranker(0).named()
    assert sum(weight["tags"]) > 2 * max(sum(pair) for name, pair in weight.items() if name in ("tfidf", "fused"))


def test_lists_drawn_by_lot_teach_nothing() -> None:
    task = task_of(random_lists(120, 5), AsOf.NONE)
    before, after = ndcg(task, "product"), ndcg(task, "tuned")
    assert abs(after.mean() - before.mean()) < 0.05


def test_a_handful_of_lists_hardly_moves_the_weights_and_more_move_them_further(topics: Task) -> None:
    moved = [distance(Tuning(few(topics, count), 1).ranker(None), topics.snapshot.ranker) for count in (2, 6, 20, 60)]
    assert moved == sorted(moved)
    assert moved[0] < 0.05
    assert moved[-1] > 3 * moved[0]


def test_a_site_is_drawn_to_its_base_by_its_own_shrinkage(topics: Task) -> None:
    tuning = Tuning(topics, 1)
    plain = fit(tuning.examples(0), tuning.base, tuning.ranker(0).origin, shrink=module.SHRINK)
    assert tuning.ranker(0).to_json() == plain.to_json()
    firm = fit(tuning.examples(0), tuning.base, "", shrink=1e6)
    assert distance(firm, tuning.base) < 1e-4 < distance(plain, tuning.base)


def test_another_base_is_another_beginning(topics: Task) -> None:
    base = Ranker.from_weights({"tags": (2.0, 1.0)}, -5.0, "tags alone")
    tuning = Tuning(replace(topics, snapshot=replace(topics.snapshot, ranker=base)), 1)
    assert tuning.base is base
    assert distance(tuning.ranker(0), base) < 0.02 < distance(tuning.ranker(0), topics.snapshot.ranker)


# --- restricted lists ---


def test_only_the_known_lists_exist_as_targets_and_as_evidence(
    demo: Task, made: list[tuple[int, CuratedLists]]
) -> None:
    known = frozenset(query.row for query in demo.queries[::2])
    tuning = Tuning(demo, 1, known)
    tuning.examples(1)
    assert [row for row, _ in made] == [q.row for q in demo.queries[::2] if tuning.fold_of[q.row] != 1]
    for query in demo.queries:
        tuning.case(query)
    assert all(owners(curated) <= known for _, curated in made)
    assert max(len(owners(curated)) for _, curated in made) > len(known) / 2
    hidden = [query for query in demo.queries if query.row not in known]
    assert Tuning(falsified(demo, hidden), 1, known).ranker(0).to_json() == tuning.ranker(0).to_json()
    assert Tuning(demo, 1).ranker(0).to_json() != tuning.ranker(0).to_json()


def test_all_lists_known_is_no_restriction(demo: Task) -> None:
    everything = frozenset(query.row for query in demo.queries)
    assert Tuning(demo, 1, everything).ranker(2).to_json() == Tuning(demo, 1).ranker(2).to_json()


def test_no_list_known_is_the_base_without_evidence(demo: Task) -> None:
    tuning, query = Tuning(demo, 1, frozenset()), demo.queries[8]
    assert tuning.ranker(0) is tuning.base
    assert exact(tuning.answer(query, 10)) == exact(
        served(demo, query, 10, CuratedLists.none(len(demo.snapshot.corpus)))
    )


# --- left-out signals ---


@pytest.mark.parametrize(
    "left_out", [{"tags"}, {"listed_by_neighbours", "lists_neighbours", "list_popularity"}, set(SIGNALS) - {"tfidf"}]
)
def test_signals_left_out_weigh_nothing(topics: Task, left_out: set[str]) -> None:
    weights = Tuning(topics, 1).ranker(0, frozenset(left_out)).named()
    assert all(weights[name] == [0.0, 0.0] for name in left_out)
    assert any(sum(weights[name]) > 0 for name in set(SIGNALS) - left_out)
