"""The query path against brute force: the same ids, order and scores, whatever the rules."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from index.store.snapshot import Snapshot
from recommender import recommender as query_path
from recommender.articles import Article, Record, url_key
from recommender.corpus.corpus import Query
from recommender.ranking.curated import CuratedLists
from recommender.ranking.hits import Hit
from recommender.ranking.ranker import Ranker, default_ranker
from recommender.ranking.request import Filters, RelatedRequest
from recommender.ranking.signals import RELATIVE, signals
from tests import reference
from tests.conftest import OPTECH, records, snapshot_of
from tests.query_path import allowed, pool_of, related
from tests.recommender.makers import ENCODER, TALE, BruteForce, corpus_of, record

WORDS = "port ship crane tide quay chess rook pawn vote poll train rail snow rain gale harvest barley strike union wage"
DEFAULT = default_ranker()
START = datetime(2024, 1, 1, tzinfo=UTC)


RARE = [f"{word}{n}" for n in range(20) for word in WORDS.split()]


def told_again(story: Article, rng: random.Random) -> tuple[dict[str, str], datetime | None]:
    """A text made of another, cut and grown by little or much, and its date: within the hour, or a fortnight apart."""
    words, title = story.body.split(), story.title
    kept = [word for word in words if rng.random() >= rng.choice([0.0, 0.05, 0.25])]
    more = rng.sample(RARE, rng.choice([0, 3, 10, 40]))
    days = rng.choice([0.05, 0.9, 1.1, 4.9, 5.1, 14])
    titles = (title, title, f"{title}, part 2", f"12 dead: {title}", f"37 dead: {title}", f"{more[:1]} {title}")
    date = story.published_at and story.published_at + timedelta(days=rng.choice([-days, days]))
    return {"title": rng.choice(titles), "body": " ".join([*kept, *more])}, date


@cache
def newspaper(seed: int, again: bool = False) -> Snapshot:
    """A made-up newspaper of up to 30 articles: with copies, versions, stubs, undated articles and curated lists.

    With ``again``, most of them are longer, and many tell another one again.
    """
    rng, editor = random.Random(seed), random.Random(f"lists of {seed}")
    made: list[Record] = []
    for n in range((1, 2, 3, 8, 20, 30)[seed % 6]):
        words = [rng.choice(WORDS.split()) for _ in range(rng.randrange(3, 40))]
        copied = rng.choice(made).article if made and rng.random() < 0.15 else None
        text = {"title": " ".join(words[:3]), "body": " ".join(words[3:])}
        if copied and rng.random() < 0.5:
            text = {"title": copied.title.upper(), "body": copied.body}
        elif rng.random() < 0.15:
            text = {}  # a stub
        long, late = [item.article for item in made if len(item.article.body) > 200], None
        if again and text and rng.random() < 0.8:
            fresh = rng.sample(RARE, 45)
            text = {"title": " ".join(fresh[:3]), "body": " ".join(fresh)}
            if long and rng.random() < 0.6:
                text, late = told_again(rng.choice(long), rng)
        made.append(
            record(
                f"{rng.randrange(100)}-{n}",
                **text,
                url=copied.url if copied and rng.random() < 0.5 else rng.choice([None, f"https://news.example/{n}"]),
                teasers=() if text and rng.random() < 0.4 else (f"About {n}: {' '.join(words[::2])}",),
                published_at=late or (None if rng.random() < 0.3 else START + timedelta(days=rng.randrange(60))),
                section=rng.choice(["sea", "land", ""]),
                language=rng.choice(["en", "de"]),
                tags=editor.sample(WORDS.split(), 2) if editor.random() < 0.7 else (),
            )
        )
    names = ["unknown", *(item.article.url or item.article.id for item in made)]
    listed = seed % 4 and 0.5  # a quarter of the newspapers have no editor
    lists = [editor.sample(names, min(len(names), 4)) if editor.random() < listed else () for _ in made]
    return snapshot_of([replace(item, related=tuple(each)) for item, each in zip(made, lists, strict=True)], ENCODER)


def run(
    snapshot: Snapshot, query: Query, *, limit: int = 8, rules: Filters = Filters(), min_score: float = 0.0
) -> list[tuple[int, float]]:
    candidates = BruteForce(snapshot.corpus)
    hits = related(
        query, snapshot.corpus, candidates, DEFAULT, snapshot.curated, RelatedRequest(limit, min_score, rules)
    )
    assert all(isinstance(hit, Hit) for hit in hits)
    return [(hit.row, hit.score) for hit in hits]


def assert_same(
    found: Sequence[tuple[int, float]], expected: Sequence[tuple[int, float]], within: float = 1e-6
) -> None:
    """Equal scores in order, and equal rows but where scores tie closer than floats can tell."""
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=within)
    by_row = dict(expected)
    for (row, score), (other, _) in zip(found, expected, strict=True):
        assert row == other or by_row.get(row, -1) == pytest.approx(score, abs=within)


def barred(snapshot: Snapshot, query: int, rules: Filters) -> frozenset[int]:
    """The rows that the filters leave out, said once more."""
    mine = snapshot.corpus.cards[query].language
    cards, aliases = snapshot.corpus.cards, snapshot.corpus.directory.aliases
    named = [aliases.get(identity, identity) for identity in rules.exclude]
    addresses = {url_key(name) for name in named if name.startswith("http")}
    out = {r for r, c in enumerate(cards) if c.id in named or (c.url and url_key(c.url) in addresses)}
    while more := {  # and their copies, and the copies of those
        row
        for row, card in enumerate(cards)
        for gone in (cards[r] for r in out)
        if row not in out
        and (card.text_sha256 == gone.text_sha256 or (card.url and gone.url and url_key(card.url) == url_key(gone.url)))
    }:
        out |= more
    for row, card in enumerate(cards):
        day = card.published_at
        late = rules.published_before and day and day > rules.published_before
        early = rules.published_after and day and day < rules.published_after
        elsewhere = rules.section and card.section not in rules.section
        foreign = card.language not in rules.language if rules.language else card.language and card.language != mine
        if late or early or elsewhere or foreign:
            out.add(row)
    return frozenset(out)


def named(snapshot: Snapshot, rules: Filters) -> list[int]:
    """The rows whose stories the filters leave out: those with an id, or the first with an address."""
    cards, aliases = snapshot.corpus.cards, snapshot.corpus.directory.aliases
    found = []
    for name in (aliases.get(identity, identity) for identity in rules.exclude):
        ids = [row for row, card in enumerate(cards) if card.id == name]
        urls = [
            r for r, card in enumerate(cards) if card.url and name[:4] == "http" and url_key(card.url) == url_key(name)
        ]
        found += (ids or urls)[:1]
    return found


DATES = st.one_of(st.none(), st.integers(-1, 61).map(lambda day: START + timedelta(days=day)))


@st.composite
def questions(draw: st.DrawFn) -> tuple[Snapshot, int, Filters]:
    snapshot = newspaper(draw(st.integers(0, 11)), draw(st.booleans()))
    cards = snapshot.corpus.cards
    names = sorted({card.id for card in cards} | {f"{c.url}/?utm_id=1" for c in cards if c.url} | {"unknown"})
    rules = Filters(
        exclude=draw(st.lists(st.sampled_from(names), max_size=3)),
        section=draw(st.sampled_from([(), (), ("sea",), ("sea", "land"), ("",)])),
        language=draw(st.sampled_from([(), (), ("en",), ("en", "de"), ("fr",)])),
        published_after=draw(DATES),
        published_before=draw(DATES),
    )
    return snapshot, draw(st.integers(0, len(cards) - 1)), rules


@settings(max_examples=1_000)
@given(
    question=questions(),
    limit=st.integers(1, 40),
    pool=st.sampled_from([3, 10, 200]),
    picked=st.sampled_from([1, 3, 50]),
    min_score=st.sampled_from([0.0, 0.0, 0.003, 0.005, 0.02]),
)
def test_filtered_lists_are_those_of_the_filtered_corpus(
    question: tuple[Snapshot, int, Filters], limit: int, pool: int, picked: int, min_score: float
) -> None:
    snapshot, query, rules = question
    out = barred(snapshot, query, rules)
    with patch.object(reference, "POOL", pool), patch.object(reference, "LISTED", picked):
        expected = reference.related_rows(snapshot, query, out, limit, named(snapshot, rules))
    assume(all(abs(score - min_score) > 1e-6 for _, score in expected))
    with patch.object(query_path, "POOL", pool), patch.object(query_path, "LISTED", picked):
        found = run(snapshot, snapshot.corpus.query(query), limit=limit, rules=rules, min_score=min_score)
    assert_same(found, [pair for pair in expected if pair[1] >= min_score][:limit])


def test_a_real_corpus_too(optech: Snapshot) -> None:
    for query in range(0, len(optech.corpus), 26):
        assert_same(run(optech, optech.corpus.query(query), limit=20), reference.related_rows(optech, query)[:20])


def test_a_limit_beyond_the_corpus_gives_all_there_are() -> None:
    snapshot = newspaper(5)
    query = snapshot.corpus.query(4)
    story = reference.stories(snapshot)
    others = {story[row] for row in range(len(snapshot.corpus))} - {story[4]}
    assert 15 < len(others) < len(snapshot.corpus) - 1
    found = run(snapshot, query, limit=1_000, rules=Filters(language=["*"]))
    assert sorted(story[row] for row, _ in found) == sorted(others)
    assert found[:5] == run(snapshot, query, limit=5, rules=Filters(language=["*"]))


def test_a_filter_that_bites_still_fills_the_list(optech: Snapshot) -> None:
    query = optech.corpus.query(0)
    best = [optech.corpus.cards[row].id for row, _ in run(optech, query, limit=100)]
    assert len(run(optech, query, limit=8, rules=Filters(exclude=best))) == 8


def test_a_hit_says_what_made_its_score(optech: Snapshot) -> None:
    corpus = optech.corpus
    query = corpus.query(7)
    hits = related(query, corpus, BruteForce(corpus), DEFAULT, optech.curated, RelatedRequest(limit=200))
    pool = pool_of(query, corpus, BruteForce(corpus), optech.curated, allowed(query, corpus))
    place = {row: i for i, row in enumerate(pool.rows.tolist())}
    expected = DEFAULT.parts(signals(pool))[[place[hit.row] for hit in hits]]
    np.testing.assert_allclose([hit.parts for hit in hits], expected, atol=1e-5)
    assert [1 / (1 + math.exp(-hit.parts.sum() - DEFAULT.bias)) for hit in hits] == pytest.approx(
        [hit.score for hit in hits], abs=1e-6
    )


def test_ties_go_by_id() -> None:
    def found(text: str) -> tuple[list[str], list[float]]:
        corpus = corpus_of(
            [
                Article(id="q", title="Ships", body="A ship."),
                *(Article(id=i, title="Ship strike", body=text) for i in ("9", "10", "b", "a")),
                Article(id="0", title="Chess", body="A pawn."),
            ]
        )
        query, none = corpus.query(corpus.row("q")), CuratedLists.none(len(corpus))
        hits = related(query, corpus, BruteForce(corpus), DEFAULT, none, RelatedRequest(limit=9))
        return [corpus.cards[hit.row].id for hit in hits], [hit.score for hit in hits]

    ids, _ = found(f"The ship is on strike. {TALE}")
    assert ids == ["10", "0"]  # one of the four copies, the first by id
    ids, scores = found("The ship is on strike.")  # little text is nobody's copy
    assert ids == ["10", "9", "a", "b", "0"]
    assert len(set(scores[:4])) == 1


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_a_minimum_score_cuts_the_end_of_the_list(share: float, optech: Snapshot) -> None:
    query = optech.corpus.query(30)
    whole = run(optech, query, limit=50)
    bound = whole[int(share * (len(whole) - 1))][1]
    assert run(optech, query, limit=50, min_score=bound) == [pair for pair in whole if pair[1] >= bound]
    assert run(optech, query, limit=50, min_score=whole[0][1] + 1e-5) == []


@pytest.mark.parametrize(
    "article",
    [
        Article(id="n"),
        Article(id="n", title="https://news.example/x"),
        Article(id="n", body="[](https://news.example/x)", teasers=("www.news.example",)),
    ],
)
def test_a_query_without_a_word_gets_an_empty_list(article: Article, optech: Snapshot) -> None:
    draft = optech.corpus.draft(article, ENCODER)
    assert run(optech, draft, limit=5) == []


def test_a_corpus_of_one_relates_to_nothing() -> None:
    corpus = corpus_of([Article(id="a", title="Ships", body="A ship.")])
    assert (
        related(corpus.query(0), corpus, BruteForce(corpus), DEFAULT, CuratedLists.none(1), RelatedRequest(limit=5))
        == []
    )


@pytest.mark.parametrize("row", [0, 40, 111, 156])
@pytest.mark.parametrize("url", [None, "https://news.example/draft"])
def test_a_draft_of_an_articles_own_text_gets_the_articles_list(row: int, url: str | None, optech: Snapshot) -> None:
    article = {item.article.id: item.article for item in records(OPTECH)}[optech.corpus.cards[row].id]
    draft = optech.corpus.draft(replace(article, id="draft", url=url), ENCODER)
    found = run(optech, draft, limit=30)
    assert row not in dict(found)
    assert_same(found, run(optech, optech.corpus.query(row), limit=30), within=1e-4)
    assert [r for r, _ in found] == [r for r, _ in run(optech, optech.corpus.query(row), limit=30)]


def lists_of(snapshot: Snapshot, lists: dict[str, tuple[str, ...]]) -> Snapshot:
    return snapshot.with_lists(lists)


@pytest.mark.parametrize("row", [3, 40, 111])
def test_the_own_list_is_never_read(row: int, optech: Snapshot) -> None:
    corpus = optech.corpus
    mine = corpus.cards[row].id
    others = {owner: targets for owner, targets in optech.lists.items() if owner != mine}
    far = [corpus.cards[hit.row].id for hit in hits_of(lists_of(optech, others), row)[-5:]]
    for known in (others, {}):
        honest = hits_of(lists_of(optech, known), row)
        planted = hits_of(lists_of(optech, {**known, mine: tuple(far)}), row)
        assert [(hit.row, hit.score, hit.parts.tolist()) for hit in planted] == [
            (hit.row, hit.score, hit.parts.tolist()) for hit in honest
        ]
        shown = lists_of(optech, {**known, corpus.cards[honest[20].row].id: tuple(far)})  # another's list is read
        assert [hit.score for hit in hits_of(shown, row)] != [hit.score for hit in honest]


def hits_of(snapshot: Snapshot, row: int) -> list[Hit]:
    corpus = snapshot.corpus
    return related(corpus.query(row), corpus, BruteForce(corpus), DEFAULT, snapshot.curated, RelatedRequest(limit=200))


def test_the_list_of_a_copy_is_not_read_either() -> None:
    made = [record(str(n), title=f"{word} {n}", body=f"{word} ship harbour.") for n, word in enumerate(WORDS.split())]
    made[0] = record("0", title="port 0", body=TALE)
    copy = record("copy", title=made[0].article.title, body=made[0].article.body)
    plain = snapshot_of([*made, copy, record("z", title="Tide", body="Tide.", related=["1", "2"])], ENCODER)
    copied = replace(copy, related=("7", "8", "9"))
    listed = snapshot_of([*made, copied, record("z", title="Tide", body="Tide.", related=["1", "2"])], ENCODER)
    row = plain.corpus.row("0")
    assert [(hit.row, hit.score) for hit in hits_of(listed, row)] == [
        (hit.row, hit.score) for hit in hits_of(plain, row)
    ]


def test_what_a_neighbours_editor_picked_becomes_a_candidate(optech: Snapshot) -> None:
    corpus = optech.corpus
    with patch.object(query_path, "POOL", 5):
        query = corpus.query(30)
        mask = allowed(query, corpus)
        nearest = pool_of(query, corpus, BruteForce(corpus), CuratedLists.none(len(corpus)), mask).rows.tolist()
        far = next(row for row in reversed(range(len(corpus))) if row not in nearest and mask[row])
        curated = CuratedLists.from_lists(corpus, {corpus.cards[nearest[2]].id: (corpus.cards[far].id,)})
        assert pool_of(query, corpus, BruteForce(corpus), curated, mask).rows.tolist() == [*nearest, far]
        mask[far] = False
        assert pool_of(query, corpus, BruteForce(corpus), curated, mask).rows.tolist() == nearest


def exactly(hits: list[Hit]) -> list[tuple[int, float, bytes]]:
    """Rows, scores and parts to the last bit."""
    return [(hit.row, hit.score, hit.parts.tobytes()) for hit in hits]


@settings(max_examples=150)
@given(seed=st.integers(0, 11), data=st.data(), pool=st.sampled_from([2, 5, 200]))
def test_no_list_of_the_own_story_is_read_whatever_is_planted(seed: int, data: st.DataObject, pool: int) -> None:
    """Neither as an article nor as a draft of it; among many lists, few, or none but the planted ones."""
    snapshot = newspaper(seed)
    corpus = snapshot.corpus
    story, ids = reference.stories(snapshot), [card.id for card in corpus.cards]
    row = data.draw(st.integers(0, len(ids) - 1))
    own = [ids[other] for other in story if story[other] == story[row]]
    foreign = {
        owner: targets
        for owner, targets in snapshot.lists.items()
        if owner not in own and data.draw(st.booleans(), label="known")
    }
    plants = st.lists(st.sampled_from([*ids, "unknown"]), max_size=5, unique=True).map(tuple)
    planted = {owner: data.draw(plants) for owner in own}
    honest, forged = snapshot.with_lists(foreign), snapshot.with_lists({**foreign, **planted})
    article = corpus.cards[row]
    with patch.object(query_path, "POOL", pool):
        assert exactly(hits_of(forged, row)) == exactly(hits_of(honest, row))
        draft = corpus.draft(Article(id="", url=article.url, title=article.title, teasers=article.teasers), ENCODER)
        twins = corpus.directory.same_as(draft.card)
        if twins and {story[twin] for twin in twins} == {story[row]}:
            found, request = (
                related(draft, corpus, BruteForce(corpus), DEFAULT, each.curated, RelatedRequest(limit=40))
                for each in (forged, honest)
            )
            assert exactly(found) == exactly(request)


def test_a_list_that_is_read_changes_what_is_found() -> None:
    """The check above is able to fail."""
    snapshot = newspaper(5)
    ids = [card.id for card in snapshot.corpus.cards]
    story = reference.stories(snapshot)
    other = next(row for row in reversed(range(len(ids))) if story[row] != story[0])
    planted = snapshot.with_lists({**snapshot.lists, ids[other]: tuple(ids[5:9])})
    assert exactly(hits_of(planted, 0)) != exactly(hits_of(snapshot, 0))


def test_the_picks_of_the_nearest_come_first_and_only_so_many(optech: Snapshot) -> None:
    """Votes weigh by nearness; what ties is in the order of ids; nothing barred or already there is taken."""
    corpus = optech.corpus
    query = corpus.query(30)
    mask = allowed(query, corpus)
    with patch.object(query_path, "POOL", 4), patch.object(query_path, "LISTED", 3):
        nearest = pool_of(query, corpus, BruteForce(corpus), CuratedLists.none(len(corpus)), mask).rows.tolist()
        a, b, c, d, e, f = [row for row in range(len(corpus)) if row not in nearest and mask[row]][:6]
        ids = [card.id for card in corpus.cards]

        def found(lists: dict[int, list[int]], barred: int | None = None) -> list[int]:
            curated = CuratedLists.from_lists(
                corpus, {ids[owner]: [ids[target] for target in lists[owner]] for owner in lists}
            )
            permitted = mask.copy()
            if barred is not None:
                permitted[barred] = False
            rows: list[int] = pool_of(query, corpus, BruteForce(corpus), curated, permitted).rows.tolist()
            assert rows[:4] == nearest
            return rows[4:]

        first, second, third, last = nearest
        assert found({first: [d], last: [a]}) == [d, a]
        assert found({first: [d], second: [c], third: [b], last: [a]}) == [d, c, b]
        assert found({first: [d, b, f]}) == [b, d, f]
        assert found({first: [d, b, f, e, a]}) == [a, b, d]
        assert found({second: [e, a], third: [a], last: [a]}) == [a, e]
        assert found({first: [second, last, d]}) == [d]
        assert found({first: [d, e]}, barred=d) == [e]
        assert found({first: [30]}) == []
        assert found({a: [b], b: [c]}) == [], "only the nearest are asked"
        assert found({30: [a]}) == [], "nor is the query"


def test_a_picked_article_far_away_in_text_can_be_recommended(optech: Snapshot) -> None:
    corpus = optech.corpus
    query, ids = corpus.query(30), [card.id for card in corpus.cards]
    ranker = Ranker.from_weights({"tfidf": (0.0, 1.0), "listed_by_neighbours": (3.0, 0.0)}, bias=-4.0)

    def listed(lists: dict[str, tuple[str, ...]]) -> list[Hit]:
        return related(
            query, corpus, BruteForce(corpus), ranker, CuratedLists.from_lists(corpus, lists), RelatedRequest(limit=20)
        )

    with patch.object(query_path, "POOL", 20):
        plain = listed({})
        near = [hit.row for hit in plain]
        far = int(np.argmin(corpus.fused @ query.fused))
        found = listed({ids[row]: (ids[far],) for row in near[:8]})
    assert far not in near
    assert found[0].row == far
    assert set(near[:19]) <= {hit.row for hit in found}
    assert found[0].parts[RELATIVE].sum() < 0 < found[0].parts[~RELATIVE].sum()
