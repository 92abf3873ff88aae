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

from index.snapshot import Snapshot
from recommender import related as query_path
from recommender.article import Article, Record, canonical_url
from recommender.corpus import Query
from recommender.policy import Rules
from recommender.ranker import DEFAULT, standardise
from recommender.related import Hit, related
from recommender.signals import signals
from tests import reference
from tests.conftest import OPTECH, records, snapshot_of
from tests.recommender.makers import ENCODER, BruteForce, corpus_of, record

WORDS = "port ship crane tide quay chess rook pawn vote poll train rail snow rain gale harvest barley strike union wage"
START = datetime(2024, 1, 1, tzinfo=UTC)


@cache
def newspaper(seed: int) -> Snapshot:
    """A made-up newspaper of up to 30 articles: with copies, versions, stubs and undated articles."""
    rng = random.Random(seed)
    made: list[Record] = []
    for n in range((1, 2, 3, 8, 20, 30)[seed % 6]):
        words = [rng.choice(WORDS.split()) for _ in range(rng.randrange(3, 40))]
        copied = rng.choice(made).article if made and rng.random() < 0.15 else None
        text = {"title": " ".join(words[:3]), "body": " ".join(words[3:])}
        if copied and rng.random() < 0.5:
            text = {"title": copied.title.upper(), "body": copied.body}
        elif rng.random() < 0.15:
            text = {}  # a stub
        made.append(
            record(
                f"{rng.randrange(100)}-{n}",
                **text,
                url=copied.url if copied and rng.random() < 0.5 else rng.choice([None, f"https://news.example/{n}"]),
                teasers=() if text and rng.random() < 0.4 else (f"About {n}: {' '.join(words[::2])}",),
                published_at=None if rng.random() < 0.3 else START + timedelta(days=rng.randrange(60)),
                section=rng.choice(["sea", "land", ""]),
                language=rng.choice(["en", "de"]),
            )
        )
    return snapshot_of(made, ENCODER)


def run(
    snapshot: Snapshot, query: Query, *, limit: int = 8, rules: Rules = Rules(), min_score: float = 0.0
) -> list[tuple[int, float]]:
    candidates = BruteForce(snapshot.corpus)
    hits = related(query, snapshot.corpus, candidates, DEFAULT, limit=limit, rules=rules, min_score=min_score)
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


def barred(snapshot: Snapshot, rules: Rules) -> frozenset[int]:
    """The rows that the rules leave out, said once more."""
    cards, aliases = snapshot.corpus.cards, snapshot.corpus.aliases
    named = [aliases.get(identity, identity) for identity in rules.exclude]
    addresses = {canonical_url(name) for name in named if name.startswith("http")}
    out = {r for r, c in enumerate(cards) if c.id in named or (c.url and canonical_url(c.url) in addresses)}
    while more := {  # and their copies, and the copies of those
        row
        for row, card in enumerate(cards)
        for gone in (cards[r] for r in out)
        if row not in out
        and (
            card.text_sha256 == gone.text_sha256
            or (card.url and gone.url and canonical_url(card.url) == canonical_url(gone.url))
        )
    }:
        out |= more
    for row, card in enumerate(cards):
        day = card.published_at
        late = rules.published_before and day and day > rules.published_before
        early = rules.published_after and day and day < rules.published_after
        elsewhere = rules.section and card.section not in rules.section
        foreign = rules.language and card.language not in rules.language
        if late or early or elsewhere or foreign:
            out.add(row)
    return frozenset(out)


DATES = st.one_of(st.none(), st.integers(-1, 61).map(lambda day: START + timedelta(days=day)))


@st.composite
def questions(draw: st.DrawFn) -> tuple[Snapshot, int, Rules]:
    snapshot = newspaper(draw(st.integers(0, 11)))
    cards = snapshot.corpus.cards
    names = sorted({card.id for card in cards} | {f"{c.url}/?utm_id=1" for c in cards if c.url} | {"unknown"})
    rules = Rules(
        exclude=draw(st.lists(st.sampled_from(names), max_size=3)),
        section=draw(st.sampled_from([(), (), ("sea",), ("sea", "land"), ("",)])),
        language=draw(st.sampled_from([(), (), ("en",), ("en", "de"), ("fr",)])),
        published_after=draw(DATES),
        published_before=draw(DATES),
    )
    return snapshot, draw(st.integers(0, len(cards) - 1)), rules


def transitive_copies(snapshot: Snapshot, query: int) -> frozenset[int]:
    """The query's copies and their copies: ``reference`` leaves out the direct ones only."""
    return barred(snapshot, Rules(exclude=[snapshot.corpus.cards[query].id])) - {query}


@settings(max_examples=200)
@given(
    question=questions(),
    limit=st.integers(1, 40),
    pool=st.sampled_from([3, 10, 200]),
    min_score=st.sampled_from([0.0, 0.0, 0.003, 0.005, 0.02]),
)
def test_related_is_brute_force_under_any_rules(
    question: tuple[Snapshot, int, Rules], limit: int, pool: int, min_score: float
) -> None:
    snapshot, query, rules = question
    out = barred(snapshot, rules) | transitive_copies(snapshot, query)
    with patch.object(reference, "POOL", pool):
        expected = reference.related_rows(snapshot, query, out - {query}, limit)
    assume(all(abs(score - min_score) > 1e-6 for _, score in expected))
    with patch.object(query_path, "POOL", pool):
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
    found = run(snapshot, query, limit=1_000)
    assert sorted(story[row] for row, _ in found) == sorted(others)
    assert found[:5] == run(snapshot, query, limit=5)


def test_a_filter_that_bites_still_fills_the_list(optech: Snapshot) -> None:
    query = optech.corpus.query(0)
    best = [optech.corpus.cards[row].id for row, _ in run(optech, query, limit=100)]
    assert len(run(optech, query, limit=8, rules=Rules(exclude=best))) == 8


def test_a_hit_says_what_made_its_score(optech: Snapshot) -> None:
    corpus = optech.corpus
    hits = related(corpus.query(7), corpus, BruteForce(corpus), DEFAULT, limit=200)
    pool = np.array([hit.row for hit in hits])
    expected = standardise(signals(corpus.query(7), corpus, pool)) * DEFAULT.weights
    np.testing.assert_allclose([hit.parts for hit in hits], expected, atol=1e-5)
    assert [1 / (1 + math.exp(-hit.parts.sum() - DEFAULT.bias)) for hit in hits] == pytest.approx(
        [hit.score for hit in hits], abs=1e-6
    )


def test_ties_go_by_id() -> None:
    same = {"title": "Ship strike", "body": "The ship is on strike."}
    corpus = corpus_of(
        [
            Article(id="q", title="Ships", body="A ship."),
            *(Article(id=i, **same) for i in ("9", "10", "b", "a")),  # type: ignore[arg-type]
            Article(id="0", title="Chess", body="A pawn."),
        ]
    )
    query, candidates = corpus.query(corpus.row("q")), BruteForce(corpus)
    found = [corpus.cards[hit.row].id for hit in related(query, corpus, candidates, DEFAULT, limit=9)]
    assert found == ["10", "0"]  # one of the four copies, the first by id
    object.__setattr__(corpus, "copies", np.arange(len(corpus)))
    hits = related(query, corpus, candidates, DEFAULT, limit=9)
    assert [corpus.cards[hit.row].id for hit in hits] == ["10", "9", "a", "b", "0"]
    assert len({hit.score for hit in hits[:4]}) == 1


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
        Article(id="n", body="<br>\n\n[](https://news.example/x)", teasers=("www.news.example",)),
    ],
)
def test_a_query_without_a_word_gets_an_empty_list(article: Article, optech: Snapshot) -> None:
    draft = optech.corpus.draft(article, ENCODER)
    assert run(optech, draft, limit=5) == []


def test_a_corpus_of_one_relates_to_nothing() -> None:
    corpus = corpus_of([Article(id="a", title="Ships", body="A ship.")])
    assert related(corpus.query(0), corpus, BruteForce(corpus), DEFAULT, limit=5) == []


@pytest.mark.parametrize("row", [0, 40, 111, 156])
@pytest.mark.parametrize("url", [None, "https://news.example/draft"])
def test_a_draft_of_an_articles_own_text_gets_the_articles_list(row: int, url: str | None, optech: Snapshot) -> None:
    article = {item.article.id: item.article for item in records(OPTECH)}[optech.corpus.cards[row].id]
    draft = optech.corpus.draft(replace(article, id="draft", url=url), ENCODER)
    found = run(optech, draft, limit=30)
    assert row not in dict(found)
    assert_same(found, run(optech, optech.corpus.query(row), limit=30), within=1e-4)
    assert [r for r, _ in found] == [r for r, _ in run(optech, optech.corpus.query(row), limit=30)]
