"""Why an article is in a list: whatever is said is true of both articles, and of the lists."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.store.snapshot import Snapshot
from recommender.articles import Article
from recommender.corpus.corpus import Corpus, Query
from recommender.corpus.live_corpus import LiveCorpus
from recommender.corpus.views import whole_text
from recommender.explain.why import MOST, STRONGEST, Quote, Why, why_each
from recommender.ranking.curated import CuratedLists
from recommender.ranking.hits import Hit, Source
from recommender.ranking.pool import Pool
from recommender.ranking.ranker import default_ranker
from recommender.ranking.signals import SIGNALS, signals
from recommender.text import normalise
from recommender.text.names import names
from tests.conftest import DEMO, SEEDS, records
from tests.query_path import allowed, pool_of, ranked
from tests.recommender.makers import ENCODER, BruteForce, corpus_of

RANKER = default_ranker()
NOTHING = np.zeros(len(SIGNALS), np.float32)


def pool_for(query: Query, corpus: Corpus, curated: CuratedLists | None = None) -> Pool:
    curated = CuratedLists.none(len(corpus)) if curated is None else curated
    return pool_of(query, corpus, BruteForce(corpus), curated, allowed(query, corpus))


def hits_of(pool: Pool, limit: int = 10) -> list[Hit]:
    return ranked(pool, signals(pool), RANKER, limit)


def why(pool: Pool, hit: Hit, ours: Article | None = None, theirs: Article | None = None) -> Why:
    (found,) = why_each(pool, [hit], ours, [theirs])
    return found


def assert_true(found: Why, ours: Article, theirs: Article) -> None:
    """All that is said of the two texts."""
    assert found.text
    assert "\n" not in found.text
    assert len(found.names) <= MOST >= len(found.terms)
    assert len(found.strongest) <= STRONGEST
    for article, quoted in ((ours, found.quote and found.quote.ours), (theirs, found.quote and found.quote.theirs)):
        text = whole_text(article)
        assert not quoted or any(quoted in each for each in (article.title, article.body, *article.teasers))
        assert {name.casefold() for name in found.names} <= set(names(text))
        padded = f" {normalise(text)} "
        assert not [term for term in found.terms if f" {normalise(term)} " not in padded]
        assert {tag.casefold() for tag in found.tags} <= {tag.casefold() for tag in article.tags}
    assert set(found.tags) <= set(theirs.tags)
    both = whole_text(ours) + whole_text(theirs)
    assert not [name for name in found.names if name not in both]
    taken = {word for name in found.names for word in normalise(name).split()}
    assert not [term for term in found.terms if set(term.split()) <= taken]


@pytest.fixture(scope="module")
def articles() -> dict[str, Article]:
    found = records(SEEDS / "aras-2025.txt", DEMO)
    return {article.id: article for item in found for article in (item.article, *item.stubs)}


def test_of_every_hit_of_the_demo_something_true_is_said(seeds: Snapshot, articles: dict[str, Article]) -> None:
    corpus, quoted, named = seeds.corpus, 0, 0
    for row in range(len(corpus)):
        pool = pool_for(corpus.query(row), corpus, seeds.curated)
        for hit in hits_of(pool, 8):
            ours, theirs = articles[corpus.cards[row].id], articles[corpus.cards[hit.row].id]
            found = why(pool, hit, ours, theirs)
            assert_true(found, ours, theirs)
            quoted, named = quoted + bool(found.quote), named + bool(found.names)
            mine = corpus.cards[row].id
            lists = {owner: targets for owner, targets in seeds.lists.items() if owner != mine}
            near = {corpus.cards[other].id for other in pool.rows.tolist()}
            assert found.picked_by == sum(theirs.id in targets for owner, targets in lists.items() if owner in near)
    assert quoted > len(corpus) * 2
    assert named > len(corpus) * 2


def test_the_same_every_time(seeds: Snapshot, articles: dict[str, Article]) -> None:
    corpus = seeds.corpus
    for row in range(0, len(corpus), 20):
        found = []
        for _ in range(2):
            pool = pool_for(corpus.query(row), corpus, seeds.curated)
            texts = [(articles[corpus.cards[row].id], articles[corpus.cards[hit.row].id]) for hit in hits_of(pool)]
            found.append([why(pool, hit, *pair) for hit, pair in zip(hits_of(pool), texts, strict=True)])
        assert found[0] == found[1]


def test_without_the_texts_nothing_is_quoted_and_the_rest_still_true(
    seeds: Snapshot, articles: dict[str, Article]
) -> None:
    corpus = seeds.corpus
    said = 0
    for row in range(0, len(corpus), 5):
        pool = pool_for(corpus.query(row), corpus, seeds.curated)
        for hit in hits_of(pool, 5):
            ours, theirs = articles[corpus.cards[row].id], articles[corpus.cards[hit.row].id]
            for known in ((None, None), (ours, None), (None, theirs)):
                found = why(pool, hit, *known)
                assert found.quote is None
                assert found.text
                for article in (ours, theirs):
                    assert {name.casefold() for name in found.names} <= set(names(whole_text(article)))
                    words = set(re.findall(r"\w\w+", whole_text(article).lower()))
                    assert {word for term in found.terms for word in term.lower().split()} <= words
                said += len(found.names)
    assert said


NAMES = ["Lorna Petheridge", "Pellan Deep", "NATO", "Nato", "St. Ives", "Tessle Bank"]
PLAIN = "the ship went to port and crane dredger harbour salt marsh rook pawn vote don't i've".split()
SENTENCE = st.lists(st.sampled_from([*PLAIN, *(f"met {name} at" for name in NAMES)]), min_size=1, max_size=8).map(
    lambda words: " ".join(words) + "."
)
ARTICLES = st.lists(
    st.tuples(
        st.lists(SENTENCE, max_size=4).map(" ".join),
        st.lists(SENTENCE, min_size=1, max_size=2).map(tuple),
        st.lists(st.sampled_from(["Sea", "sea", "Land"]), max_size=2).map(tuple),
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=150)
@given(ARTICLES, st.data())
def test_what_is_said_is_true_of_any_two_articles(
    made: list[tuple[str, tuple[str, ...], tuple[str, ...]]], data: st.DataObject
) -> None:
    found = [Article(id=str(i), body=body, teasers=teasers, tags=tags) for i, (body, teasers, tags) in enumerate(made)]
    split = data.draw(st.integers(1, len(found)))
    corpus = corpus_of(found[:split])
    if split < len(found):
        corpus = LiveCorpus.from_base(corpus, corpus.transform(found[split:], ENCODER.encode), (), {})
    row = data.draw(st.integers(0, len(found) - 1))
    query = corpus.draft(found[row], ENCODER) if data.draw(st.booleans()) else corpus.query(row)
    pool = pool_for(query, corpus)
    for other in range(len(found)):
        if other != row:
            assert_true(why(pool, Hit(other, 0.5, NOTHING), found[row], found[other]), found[row], found[other])


def test_a_text_that_has_changed_since_is_not_misquoted(seeds: Snapshot, articles: dict[str, Article]) -> None:
    corpus = seeds.corpus
    row = corpus.row("2025-02-dredging-licence-granted")
    pool = pool_for(corpus.query(row), corpus)
    hit = hits_of(pool)[0]
    before = why(pool, hit, articles[corpus.cards[row].id], articles[corpus.cards[hit.row].id])
    assert before.names
    assert before.terms
    now = Article(id="x", body="Something else altogether.")
    after = why(pool, hit, articles[corpus.cards[row].id], now)
    assert (after.names, after.terms, after.quote) == ((), (), None)


def article(identity: str, text: str = "", **fields: object) -> Article:
    return Article(id=identity, title=f"Title {identity}", body=text, **fields)  # type: ignore[arg-type]


def day(number: int, hour: int = 12) -> datetime:
    return datetime(2026, 1, number, hour, tzinfo=UTC)


SEA = corpus_of(
    [
        article("a", "The tanker met Lorna Petheridge at Pellan Deep.", tags=("Sea", "Home"), published_at=day(3, 23)),
        article("b", "At Pellan Deep a tanker sank. So did Lorna Petheridge.", tags=("sea",), published_at=day(4, 1)),
        article("c", "Rook takes pawn.", tags=("Chess",), published_at=day(1)),
        article("d", "Votes were counted at Pellan Deep in the dark.", published_at=None),
        *(article(f"e{i}", f"Filler number{i} of things{i}.") for i in range(8)),
    ]
)


def test_by_hand() -> None:
    pool = pool_for(SEA.query(SEA.row("a")), SEA)
    texts = [
        article("a", "The tanker met Lorna Petheridge at Pellan Deep."),
        article("b", "At Pellan Deep a tanker sank. So did Lorna Petheridge."),
    ]
    found = why(pool, Hit(SEA.row("b"), 0.5, NOTHING), *texts)
    assert found == Why(
        text="Both name Lorna Petheridge, speak of tanker, and are tagged sea; published 1 day later",
        quote=Quote("The tanker met Lorna Petheridge at Pellan Deep.", "So did Lorna Petheridge."),
        names=("Lorna Petheridge",),
        terms=("tanker",),
        tags=("sea",),
        days_apart=1.0,
        picked_by=0,
        strongest=(),
    )


@pytest.mark.parametrize(
    ("identity", "source", "parts", "expected"),
    [
        ("c", Source.RANKED, {"body_body": 1.0}, "Similar in meaning over the whole story; published 2 days earlier"),
        (
            "e1",
            Source.RANKED,
            {"tfidf": 0.1, "fused": 0.3, "body_body": 0.2, "section": 0.05},
            "The same broad topic; many words in common",
        ),
        ("e1", Source.RANKED, {"tfidf": -1.0}, "Among the nearest articles there are"),
        ("e1", Source.PINNED, {}, "An editor put it here"),
        ("e1", Source.FALLBACK, {}, "It fills the list up: one of the latest that may stand here"),
        (
            "b",
            Source.PINNED,
            {},
            "An editor put it here; both name lorna petheridge, speak of tanker, and are tagged sea; "
            "published 1 day later",
        ),
    ],
)
def test_there_is_always_a_reason(identity: str, source: Source, parts: dict[str, float], expected: str) -> None:
    pool = pool_for(SEA.query(SEA.row("a")), SEA)
    added = np.array([parts.get(name, 0.0) for name in SIGNALS], dtype=np.float32)
    found = why(pool, Hit(SEA.row(identity), 0.5, added, (), source))
    assert found.text == expected
    strongest = sorted((name for name, part in parts.items() if part > 0), key=lambda name: -parts[name])
    assert list(found.strongest) == strongest[:STRONGEST]


def test_days_are_those_of_the_calendar_and_unknown_without_a_date() -> None:
    for one, other, expected in (
        ("a", "b", 1.0),
        ("b", "a", -1.0),
        ("c", "b", 3.0),
        ("a", "d", None),
        ("d", "a", None),
    ):
        pool = pool_for(SEA.query(SEA.row(one)), SEA)
        assert why(pool, Hit(SEA.row(other), 0.5, NOTHING)).days_apart == expected


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({}, 0),
        ({"c": ["b"], "d": ["c", "b"], "e1": ["c"]}, 2),
        ({"a": ["b"]}, 0),
        ({"a": ["b"], "c": ["b"]}, 1),
        ({"copy": ["b"], "c": ["b"]}, 1),
        ({"b": ["c"]}, 0),
        ({"c": ["b", "b"]}, 1),
    ],
)
@pytest.mark.parametrize("draft", [False, True])
def test_picked_by_counts_the_lists_of_others(lists: dict[str, list[str]], expected: int, draft: bool) -> None:
    texts = {
        "a": "The tanker sank.",
        "copy": "The tanker sank.",
        "b": "A tanker.",
        "c": "Rook.",
        "d": "Pawn.",
        "e1": "X y.",
    }
    place = "https://news.example/a"
    made = [
        Article(id=name, title=name, body=text, url=place if name in ("a", "copy") else None)
        for name, text in texts.items()
    ]
    corpus = corpus_of(made)
    asked = Article(id="", title="a", body="The tanker sank.", url=place)
    query = corpus.draft(asked, ENCODER) if draft else corpus.query(0)
    pool = pool_for(query, corpus, CuratedLists.from_lists(corpus, lists))
    assert why(pool, Hit(corpus.row("b"), 0.5, NOTHING)).picked_by == expected
    everyone = Pool(query, corpus, np.arange(len(corpus)), np.zeros(len(corpus), np.float32), pool.curated)
    assert why(everyone, Hit(corpus.row("b"), 0.5, NOTHING)).picked_by == expected


def test_tags_that_count_nothing_are_no_reason() -> None:
    corpus = corpus_of(
        [article("a", "X.", tags=("Home", "Sea")), article("b", "Y.", tags=("HOME", "SEA")), article("c", "Z.")]
    )
    query = corpus.query(0)
    assert why(pool_for(query, corpus), Hit(1, 0.5, NOTHING)).tags == ("HOME", "SEA")
    query = replace(query, terms=corpus.lexicon.without_tags(query.terms, {"home"}))
    assert why(pool_for(query, corpus), Hit(1, 0.5, NOTHING)).tags == ("SEA",)


def test_months_and_days_are_no_names() -> None:
    text = "They met on Monday in January with Lorna Petheridge."
    corpus = corpus_of([article("a", text), article("b", f"{text} Again."), article("c", "Z."), article("d", "Q.")])
    assert why(pool_for(corpus.query(0), corpus), Hit(1, 0.5, NOTHING)).names == ("lorna petheridge",)


LONG = " ".join(f"filler{i}" for i in range(150))


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("A tanker, a quay.", "The tanker; the quay.", ("tanker", "quay")),
        (f"A tanker. {LONG}", f"A tanker. {LONG.replace('filler', 'other')}", ()),
        (f"A tanker, a tanker. {LONG}", f"Tanker by tanker. {LONG.replace('filler', 'other')}", ("tanker",)),
        ("The branch, 5m of 40 metres.", "Branches and a branch of 5m, 40 metres.", ("metres", "branch")),
        ("He met mr x on the quay.", "So mr x met us: a quay.", ("quay",)),
        ("We sell an iPhone.", "They sell the iPhone.", ("sell", "iPhone")),
        ("We sell an iPhone or iphone.", "They sell the iPhone.", ("sell", "iphone")),
        ("A dredger, harbour.", "A dredger. Harbour!", ("dredger", "harbour")),
        ("On a monday in march.", "In march, on monday.", ()),
    ],
)
def test_terms_are_what_both_speak_of_and_not_only_say(ours: str, theirs: str, expected: tuple[str, ...]) -> None:
    one, other = (Article(id=name, body=body, language="en") for name, body in (("a", ours), ("b", theirs)))
    corpus = corpus_of([one, other, *(article(f"e{i}", f"Some number{i}.", language="en") for i in range(12))])
    found = why(pool_for(corpus.query(0), corpus), Hit(1, 0.5, NOTHING), one, other)
    assert set(found.terms) == set(expected)


def test_names_are_those_of_somebody_and_none_is_a_part_of_another() -> None:
    text = "We met Clive Mattock. Later we saw Mattock, Israeli ships, Iranian-backed men and a Western Coast."
    one, other = Article(id="a", body=text), Article(id="b", body=f"Again: {text}")
    corpus = corpus_of([one, other, *(article(f"e{i}", f"Some number{i}.") for i in range(12))])
    found = why(pool_for(corpus.query(0), corpus), Hit(1, 0.5, NOTHING), one, other)
    assert set(found.names) == {"Clive Mattock", "Western Coast"}
