"""What changes between two builds: by hand on planted lists, and against plain computations on real ones."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import numpy as np
import orjson
import pytest
from rich.console import Console

from eval.catalogue.lists import ENDED, Lists, related_lists
from eval.compare import diff as diffing
from eval.compare.diff import Diff, diff_snapshots, manifest_changes, open_either
from eval.compare.diff_view import diff_view, verdict
from eval.compare.matching import matched, overlap, rank_biased
from index.store.manifest import NAME
from index.store.publish import current_version, snapshots_folder
from index.store.snapshot import Snapshot
from recommender.articles import Article, Record
from recommender.corpus.encoder import HashEncoder
from recommender.errors import EvaluationError, NoSnapshotError, SnapshotError
from recommender.ranking.ranker import Ranker
from tests.conftest import OPTECH, build_store, records, snapshot_of

ENCODER = HashEncoder(dim=64)


def story(identity: str, body: str = "") -> Record:
    text = body or f"a story of {identity} about the harbour and {identity * 3}"
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    return Record(Article(id=identity, title=f"Title {identity}", body=text, published_at=moment), "")


def snapshot(ids: str, **bodies: str) -> Snapshot:
    return snapshot_of([story(identity, bodies.get(identity, "")) for identity in ids], ENCODER)


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Snapshot, dict[str, str]], Snapshot]:
    """Have a snapshot serve the lists it is given: article id → the ids in its list, one letter each."""
    given: dict[int, Lists] = {}

    def plant(served: Snapshot, wanted: dict[str, str]) -> Snapshot:
        rows = np.full((len(served.corpus), 4), ENDED, dtype=np.int64)
        for identity, hits in wanted.items():
            rows[served.corpus.row(identity), : len(hits)] = [served.corpus.row(hit) for hit in hits]
        given[id(served)] = Lists(rows)
        return served

    monkeypatch.setattr(diffing, "related_lists", lambda served, _k, _on_article: given[id(served)])
    return plant


def rendered(result: Diff, width: int) -> str:
    console = Console(file=StringIO(), width=width, highlight=False, soft_wrap=True)
    console.print(diff_view(result))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([1, 2, 3], [1, 2, 3], 1.0),
        ([1, 2, 3], [3, 1, 2], 1.0),
        ([1, 2, 3, 4], [9, 2, 8, 1], 0.5),
        ([1, 2], [2, 1, 3, 4], 1.0),
        ([1, 2, 3, 4], [2], 0.25),
        ([1], [2], 0.0),
        ([], [], 1.0),
        ([], [1], 0.0),
        ([1], [], 0.0),
    ],
)
def test_overlap_by_hand(a: list[int], b: list[int], expected: float) -> None:
    assert overlap(a, b) == expected


def test_rank_biased_overlap_by_hand() -> None:
    assert rank_biased([1, 2, 3], [1, 2, 3]) == 1.0
    assert rank_biased([1, 2], [2, 1]) == pytest.approx((0 + 0.9) / 1.9)
    assert rank_biased([1, 2, 3], [1, 4, 2]) == pytest.approx((1 + 0.9 / 2 + 0.81 * 2 / 3) / (1 + 0.9 + 0.81))
    assert rank_biased([1], [1, 2]) == pytest.approx((1 + 0.9 / 2) / 1.9)
    assert (rank_biased([], []), rank_biased([], [1]), rank_biased([1], [])) == (1.0, 0.0, 0.0)


def test_rank_biased_overlap_tends_to_the_published_measure() -> None:
    # RBO(S, T, p) = (1 - p) * sum over d of p^(d-1) * |S[:d] ∩ T[:d]| / d: on long lists the same
    rng = np.random.default_rng(2)
    a, b = rng.permutation(200).tolist(), rng.permutation(200).tolist()
    published = 0.1 * sum(0.9 ** (d - 1) * len(set(a[:d]) & set(b[:d])) / d for d in range(1, 201))
    assert rank_biased(a, b) == pytest.approx(published, abs=1e-6)


def test_a_snapshot_does_not_differ_from_itself(optech: Snapshot) -> None:
    found = diff_snapshots(optech, optech, 5)
    lists = found.lists
    assert (lists.overlap, lists.rank_biased, lists.unchanged, lists.compared) == (1.0, 1.0, 157, 157)
    assert lists.bands == (0, 0, 0, 0, 0, 157)
    assert (lists.left, lists.entered) == (0, 0)
    assert (found.changed, found.manifests, found.a) == ((), (), replace(found.b, name="A"))
    moves = found.articles
    assert (moves.common, moves.edited, moves.added, moves.removed, moves.orphaned) == (157, 0, 0, 0, 0)
    assert (moves.hubs, moves.new_orphans) == ((), ())
    assert verdict(found) == "The same snapshot: 157 lists, none changed."


def test_planted_lists_by_hand(planted: Callable[[Snapshot, dict[str, str]], Snapshot]) -> None:
    a = planted(snapshot("abcdeg"), {"a": "bcde", "b": "acd", "c": "ab", "d": "ag", "e": ""})
    b = planted(
        snapshot("abcdef", b="another body altogether"), {"a": "cbfe", "b": "ca", "c": "ba", "d": "fa", "f": "ca"}
    )
    found = diff_snapshots(a, b, 4, names=("old", "new"))
    lists, moves = found.lists, found.articles
    # a: 3 of 4 stay, d leaves for the new f; b: d leaves, the rest is turned; c: the same two, turned; d: the
    # removed g leaves for f; e: both empty
    assert lists.overlap == pytest.approx((3 / 4 + 2 / 3 + 1 + 1 / 2 + 1) / 5)
    assert lists.bands == (0, 0, 1, 2, 0, 2)
    assert (lists.compared, lists.unchanged) == (5, 1)
    assert (lists.left, lists.left_removed, lists.entered, lists.entered_added) == (3, 1, 2, 2)
    in_a = (0 + 0.9 * 2 / 2 + 0.81 * 2 / 3 + 0.729 * 3 / 4) / (1 + 0.9 + 0.81 + 0.729)
    in_b = (0 + 0.9 * 2 / 2 + 0.81 * 2 / 3) / (1 + 0.9 + 0.81)
    in_d = (0 + 0.9 / 2) / 1.9
    assert lists.rank_biased == pytest.approx((in_a + in_b + 0.9 / 1.9 + in_d + 1) / 5)
    assert [change.id for change in found.changed] == ["d", "b", "a", "c"]
    change = found.changed[0]
    assert (change.title, change.overlap, change.rank_biased) == ("Title d", 0.5, pytest.approx(in_d))
    assert [(e.id, e.kept, e.known) for e in change.a] == [("a", True, True), ("g", False, False)]
    assert [(e.id, e.kept, e.known) for e in change.b] == [("f", False, False), ("a", True, True)]
    assert [(e.id, e.kept, e.known) for e in found.changed[2].a if not e.kept] == [("d", False, True)]
    assert (moves.common, moves.edited, moves.added, moves.removed, moves.orphaned) == (5, 1, 1, 1, 1)
    # in-degrees before: a 3, b 2, c 2, d 2, e 1, g 1; after: a 4, b 2, c 3, d 0, e 1, f 2
    assert [(m.id, m.before, m.after) for m in moves.hubs] == [("f", None, 2), ("a", 3, 4), ("c", 2, 3)]
    assert [(m.id, m.before, m.after) for m in moves.new_orphans] == [("d", 2, 0)]
    assert [(m.id, m.before, m.after) for m in moves.added_articles] == [("f", None, 2)]
    assert [(m.id, m.before, m.after) for m in moves.removed_articles] == [("g", 1, None)]
    assert (found.a.name, found.a.coverage, found.a.largest, found.a.orphans) == ("old", 1.0, 3, 0)
    assert (found.b.name, found.b.coverage, found.b.largest, found.b.orphans) == ("new", pytest.approx(5 / 6), 4, 1)
    assert orjson.loads(orjson.dumps(found.to_json()))["changed"][0]["b"][0]["id"] == "f"


def test_of_lists_with_the_same_overlap_the_more_reordered_comes_first(
    planted: Callable[[Snapshot, dict[str, str]], Snapshot],
) -> None:
    a = planted(snapshot("abcd"), {"a": "bcd", "b": "acd", "c": "abd"})
    b = planted(snapshot("abcd"), {"a": "bdc", "b": "dca", "c": "bad"})
    assert [change.id for change in diff_snapshots(a, b, 4).changed] == ["b", "c", "a"]


def test_another_weight_and_another_encoder_against_plain_sets(optech: Snapshot) -> None:
    weights = {**optech.ranker.named(), "tfidf": [2.0, 1.0]}
    ranker = Ranker.from_weights(weights, optech.ranker.bias, optech.ranker.origin, bias_alone=optech.ranker.bias_alone)
    entry = optech.manifest.ranker.model_copy(update={"weights": {n: tuple(pair) for n, pair in weights.items()}})
    other = replace(optech, ranker=ranker, manifest=optech.manifest.model_copy(update={"ranker": entry}))
    found = diff_snapshots(optech, other, 10)
    before = str(optech.ranker.named()["tfidf"])
    assert [(c.what, c.a, c.b) for c in found.manifests] == [("ranker weights tfidf", before, "[2.0, 1.0]")]
    assert found.lists.overlap == pytest.approx(_mean_overlap(optech, other))
    assert 0.3 < found.lists.overlap < 1
    assert sum(found.lists.bands) == 157
    assert found.changed[0].overlap == min(c.overlap for c in found.changed)

    wider = snapshot_of(records(OPTECH)[3:], HashEncoder(dim=128))
    found = diff_snapshots(optech, wider, 10)
    assert found.lists.overlap == pytest.approx(_mean_overlap(optech, wider))
    assert {("model dim", "64", "128"), ("articles", "157", "154")} <= {(c.what, c.a, c.b) for c in found.manifests}
    assert (found.articles.common, found.articles.removed, found.articles.added) == (154, 3, 0)
    assert found.lists.left == found.lists.entered > found.lists.left_removed > 0
    assert len(diff_snapshots(optech, wider, 10, top=2).changed) == 2


def _mean_overlap(a: Snapshot, b: Snapshot) -> float:
    ours, theirs = (_ids(snapshot) for snapshot in (a, b))
    return float(np.mean([len(set(ours[i]) & set(theirs[i])) / len(ours[i]) for i in ours if i in theirs]))


def _ids(served: Snapshot) -> dict[str, list[str]]:
    lists, cards = related_lists(served, 10), served.corpus.cards
    return {card.id: [cards[hit].id for hit in lists.items_of(row)] for row, card in enumerate(cards)}


def test_an_article_is_known_by_its_former_id_both_ways() -> None:
    a, b = snapshot("abx").corpus, snapshot("abz").corpus
    assert matched(a, b).tolist() == [0, 1, -1]
    renamed = replace(b, directory=replace(b.directory, aliases={"x": "z", "a": "b", "nobody": "z"}))
    assert matched(a, renamed).tolist() == [0, 1, 2]
    assert matched(renamed, a).tolist() == [0, 1, 2]
    after = snapshot("ab").corpus
    merged = replace(after, directory=replace(after.directory, aliases={"x": "b"}))
    assert matched(a, merged).tolist() == [0, 1, -1]


def test_the_manifests_say_what_differs(optech: Snapshot) -> None:
    a = optech.manifest
    ranker = a.ranker.model_copy(update={"origin": "tuned on 60 lists", "bias": -1.0})
    b = a.model_copy(
        update={
            "index": "hnsw",
            "newest_article": datetime(2025, 1, 2, tzinfo=UTC),
            "ranker": ranker,
            "semantic_scale": 9.0,
        }
    )
    assert [(c.what, c.a, c.b) for c in manifest_changes(a, b)] == [
        ("newest_article", "none", "2025-01-02T00:00:00Z"),
        ("index", "exact", "hnsw"),
        ("ranker origin", a.ranker.origin, "tuned on 60 lists"),
        ("ranker bias", f"{a.ranker.bias:.6g}", "-1"),
    ]
    fewer = a.model_copy(update={"ranker": a.ranker.model_copy(update={"weights": {"tfidf": (0.4, 0.0)}})})
    was = str(list(a.ranker.weights["fused"]))
    assert ("ranker weights fused", was, None) in [(c.what, c.a, c.b) for c in manifest_changes(a, fewer)]


def test_nothing_in_common_is_refused() -> None:
    with pytest.raises(EvaluationError, match=r"^one/ and two/ have no article in common"):
        diff_snapshots(snapshot("ab"), snapshot("cd"), names=("one/", "two/"))
    with pytest.raises(EvaluationError, match="k is 0"):
        diff_snapshots(snapshot("ab"), snapshot("ab"), 0)


def test_a_snapshot_and_a_store_open_alike(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", [story(i) for i in "abcd"], ENCODER)
    folder = snapshots_folder(store) / current_version(store)
    assert open_either(store).version == open_either(folder).version == folder.name
    done: list[int] = []
    found = diff_snapshots(open_either(store), open_either(folder), 3, 5, done.append)
    assert (found.lists.unchanged, sum(done)) == (4, 8)


def test_what_cannot_be_opened_is_one_error_naming_the_path(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", [story(i) for i in "abcd"], ENCODER)
    folder = snapshots_folder(store) / current_version(store)
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    damaged = bytearray((copy / "fused.npy").read_bytes())
    damaged[-1] ^= 1
    (copy / "fused.npy").write_bytes(damaged)
    with pytest.raises(SnapshotError, match=r"copy/fused\.npy: damaged"):
        open_either(copy)
    (copy / NAME).write_text("{")
    with pytest.raises(SnapshotError, match=r"copy/manifest\.json: cannot be read"):
        open_either(copy)
    for path in (tmp_path / "nowhere", folder / NAME, tmp_path):
        with pytest.raises(SnapshotError, match=f"{path}: neither a snapshot"):
            open_either(path)
    (store / "CURRENT").unlink()
    with pytest.raises(NoSnapshotError, match="store: nothing is published yet"):
        open_either(store)


@pytest.fixture(scope="module")
def odd(optech: Snapshot) -> Diff:
    """Four articles less, one more with an odd and long title, another encoder, long folder names."""
    items = records(OPTECH)
    title = "[bold]Not markup[/] " + "and a very long headline " * 6
    new = Article(id="new", title=title, body=items[0].article.body)
    other = snapshot_of([*items[4:], Record(new, "")], HashEncoder(dim=256))
    names = ("/srv/store/snapshots/" + "a" * 50, "/srv/another-store/snapshots/" + "b" * 50)
    return diff_snapshots(optech, other, 10, 8, names=names)


@pytest.mark.parametrize("width", [80, 160])
def test_the_view_fits_and_tells_it_all(odd: Diff, width: int) -> None:
    text = rendered(odd, width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    flat = " ".join(text.split())
    assert flat.startswith(verdict(odd))
    assert verdict(odd).startswith(f"{odd.lists.compared - odd.lists.unchanged} of 153 lists change; on average")
    assert verdict(odd).endswith(f"Articles: 1 added, 4 removed, {odd.articles.orphaned} no longer in any list.")
    assert "model dim 64 256" in flat
    assert "[bold]Not markup[/]" in text
    for head in ("Lists by overlap@10", "Lists that changed most", "Added (1)", "Removed (4)"):
        assert head in lines
    for change in odd.changed:
        assert f"({change.id})" in flat
    sides = [line for line in lines if line.startswith(" 1 ")]
    assert len(sides) == len(odd.changed)
    _both_columns(sides, [(c.a[0].title, c.b[0].title) for c in odd.changed])


def _both_columns(lines: Sequence[str], titles: Sequence[tuple[str, str]]) -> None:
    for line, (left, right) in zip(lines, titles, strict=True):
        assert line.index(left[:12]) < line.rindex(right[:12])


def test_the_view_of_what_did_not_change() -> None:
    found = diff_snapshots(snapshot("abc"), snapshot("abc"), 2)
    text = rendered(found, 80)
    assert text.startswith("The same snapshot: 3 lists, none changed.")
    assert "Lists" not in text.split("\n", 1)[1]
