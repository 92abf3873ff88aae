"""A corpus with later changes behind it is the corpus of all that is there now, weighed by the same models."""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles import Article
from recommender.articles.card import Card
from recommender.articles.directory import Directory
from recommender.corpus.corpus import Corpus
from recommender.corpus.live_corpus import LiveCorpus, joined
from recommender.ranking.curated import CuratedLists
from recommender.ranking.ranker import default_ranker
from recommender.ranking.request import Filters, RelatedRequest
from tests.query_path import related
from tests.recommender.makers import ENCODER, BruteForce, corpus_of

WORDS = "port ship crane tide quay chess rook pawn vote poll train rail snow rain gale harvest strike".split()
RANKER = default_ranker()
IDS = [f"{n:02}" for n in range(0, 24)]


def article(identity: str, rng: random.Random) -> Article:
    """One of few texts, addresses and sections, so that copies come and go."""
    words = random.Random(rng.randrange(14)).choices(WORDS, k=12)
    stub = rng.random() < 0.2
    return Article(
        id=identity,
        url=rng.choice([None, f"https://news.example/{rng.randrange(12)}"]),
        title="" if stub else " ".join(words[:3]),
        teasers=(" ".join(words[3:8]),) if stub or rng.random() < 0.5 else (),
        body="" if stub else " ".join(words[3:]),
        published_at=None if rng.random() < 0.3 else datetime(2024, 1, 1, tzinfo=UTC) + timedelta(rng.randrange(50)),
        section=rng.choice(["", "sea", "land", "air"]),
        tags=tuple(rng.sample(WORDS, 2)),
    )


@dataclass(frozen=True)
class Case:
    """A corpus, what it became, and the same in one piece: the same models, one directory."""

    base: Corpus
    live: LiveCorpus
    whole: Corpus
    curated: CuratedLists
    lists: dict[str, tuple[str, ...]]


def by_id(articles: dict[str, Article]) -> list[Article]:
    return [articles[identity] for identity in sorted(articles)]


def case(seed: int) -> Case:
    rng = random.Random(seed)
    before = {name: article(name, rng) for name in rng.sample(IDS, rng.randrange(2, 16))}
    new = {name: article(name, rng) for name in rng.sample(IDS, rng.randrange(1, 8))}
    gone = {name for name in before if rng.random() < 0.2} - set(new)
    now = {name: item for name, item in (before | new).items() if name not in gone}
    aliases = {"old": rng.choice([*now, "nobody"])}
    names = [*IDS, "old", *(f"https://news.example/{n}" for n in range(12))]
    lists = {name: tuple(rng.sample(names, 4)) for name in before if rng.random() < 0.5}
    base = corpus_of(by_id(before))
    tail = joined([base.transform([item], ENCODER.encode) for item in by_id(new)], new)
    live = LiveCorpus.from_base(base, tail, gone, aliases)
    whole = base.transform(by_id(now), ENCODER.encode)
    whole = replace(whole, directory=Directory.from_cards(whole.cards, aliases))
    old = CuratedLists.from_lists(base, lists)
    renewed = {name: tuple(rng.sample(names, 3)) for name in rng.sample(IDS, 6)}
    lists |= renewed
    # Who names an article that left, or might name a new one, is asked again: as the tail does.
    asked = {name: lists.get(name, ()) for name in {*IDS, *renewed}}
    return Case(base, live, whole, old.with_changes(live, asked), lists)


def partition(directory: Directory, keep: list[int]) -> set[frozenset[str]]:
    return {frozenset(directory.cards[row].id for row in directory.story(row)) for row in keep}


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_parts_make_the_same_as_all_at_once_to_the_last_bit(seed: int) -> None:
    """Of several that hold an article the last counts, and who is not asked for is left out."""
    rng = random.Random(seed)
    base = corpus_of([article(name, rng) for name in IDS[:6]])
    first, last = ({name: article(name, rng) for name in rng.sample(IDS, 9)} for _ in range(2))
    both = first | last
    ids = rng.sample(sorted(both), rng.randrange(1, len(both)))
    parts = [base.transform([item], ENCODER.encode) for item in by_id(first)]
    found = joined([*parts, base.transform(by_id(last), ENCODER.encode)], ids)
    wanted = base.transform([both[name] for name in sorted(ids)], ENCODER.encode)
    assert found.cards == wanted.cards
    assert arrays(found) == arrays(wanted)


def arrays(corpus: Corpus) -> list[list[float]]:
    """Every number of a corpus."""
    terms = [
        each for rows in (corpus.terms.whole, corpus.terms.short) for each in (rows.data, rows.indices, rows.indptr)
    ]
    packed = [corpus.quantized.codes, corpus.quantized.scales, corpus.quantized.ends]
    told = [corpus.fingerprints.words, corpus.fingerprints.ends]
    return [each.ravel().tolist() for each in (*terms, *packed, *told, corpus.fused)]


@settings(max_examples=150)
@given(seed=st.integers(0, 10_000))
def test_who_is_who_after_changes(seed: int) -> None:
    made = case(seed)
    live, whole = made.live.directory, made.whole.directory
    present = np.flatnonzero(live.present).tolist()
    assert sorted(live.cards[row].id for row in present) == [card.id for card in whole.cards]
    assert len(live) == len(made.base) + len(made.live.tail)
    by_order = sorted(present, key=lambda row: float(live.id_rank[row]))
    assert [live.cards[row].id for row in by_order] == [card.id for card in whole.cards]
    assert partition(live, present) == partition(whole, list(range(len(whole))))
    for row in set(range(len(live))) - set(present):
        assert live.story(row).tolist() == [row]
    for name in [*IDS, "old", "nobody", *(f"https://news.example/{n}/?utm_source=x" for n in range(13))]:
        mine, theirs = live.find(name), whole.find(name)
        assert (mine is None) == (theirs is None)
        if mine is not None and theirs is not None:
            assert live.cards[mine] == whole.cards[theirs]
    for row, card in zip(by_order, whole.cards, strict=True):
        np.testing.assert_equal(live.days[row], whole.days[whole.row(card.id)])
        assert live.sections.numbers[row] == (live.sections.number(card.section) if card.section else -1)
        assert live.languages.numbers[row] == (live.languages.number(card.language) if card.language else -1)
        assert {live.story(r).tolist()[0] for r in live.same_as(card)} == {live.story(row).tolist()[0]}
    unknown = Card.from_article(Article(id="~", title="nobody wrote this", section="moon"))
    assert (live.same_as(unknown), live.sections.number("moon")) == (set(), -1)


RULES = st.sampled_from(
    [Filters(), Filters(section=("sea",)), Filters(exclude=("03", "https://news.example/5", "old"))]
)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10_000), rules=RULES, limit=st.integers(1, 20))
def test_a_live_corpus_recommends_what_one_in_one_piece_does(seed: int, rules: Filters, limit: int) -> None:
    """The same articles in the same order with the same scores, for every article that is there."""
    made = case(seed)
    both = (made.live, made.curated), (made.whole, CuratedLists.from_lists(made.whole, made.lists))
    for card in made.whole.cards:
        found, request = (
            [
                (corpus.cards[hit.row].id, hit.score)
                for hit in related(
                    corpus.query(corpus.row(card.id)),
                    corpus,
                    BruteForce(corpus),
                    RANKER,
                    curated,
                    RelatedRequest(limit, filters=rules),
                )
            ]
            for corpus, curated in both
        )
        assert [name for name, _ in found] == [name for name, _ in request]
        assert [score for _, score in found] == pytest.approx([score for _, score in request], abs=2e-4)


@settings(max_examples=100)
@given(seed=st.integers(0, 10_000))
def test_the_lists_after_changes(seed: int) -> None:
    made = case(seed)
    found, request = made.curated, CuratedLists.from_lists(made.whole, made.lists)

    def named(curated: CuratedLists, corpus: Corpus) -> set[tuple[str, str]]:
        pairs = curated.lists.tocoo()
        return {(corpus.cards[o].id, corpus.cards[t].id) for o, t in zip(pairs.row, pairs.col, strict=True)}

    assert named(found, made.live) == named(request, made.whole)
    assert found.counts[np.flatnonzero(~made.live.directory.present)].sum() == 0


def test_whose_lists_name_some_articles() -> None:
    curated = CuratedLists.from_rows(np.array([0, 0, 2, 3]), np.array([1, 2, 1, 0]), 4)
    assert curated.naming(np.array([1])).tolist() == [0, 2]
    assert curated.naming(np.array([0, 2])).tolist() == [0, 3]
    assert curated.naming(np.array([3])).tolist() == []


def test_nothing_of_the_corpus_it_began_with_changes() -> None:
    made = case(3)
    before = case(3).base
    assert made.base.directory.cards == before.directory.cards
    assert made.base.directory.sections.numbers.tolist() == before.directory.sections.numbers.tolist()
    for name in ("days", "story_ids", "id_rank", "present"):
        np.testing.assert_array_equal(getattr(made.base.directory, name), getattr(before.directory, name))
    assert made.live.fused is made.base.fused
    assert made.live.quantized is made.base.quantized
