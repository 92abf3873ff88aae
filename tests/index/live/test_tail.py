"""Changes behind a snapshot: in every list at once, as if built with the same models; the next build folds them in."""

import random
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from index.build import build
from index.live.live import Live
from index.live.tail import Tail
from index.store.snapshot import Snapshot
from recommender.articles import Article, Record, stub_from_teaser
from recommender.articles.directory import Directory
from recommender.catalog import Catalog, article_reader
from recommender.catalog.vector_cache import VectorCache
from recommender.corpus.quantized import Column
from recommender.corpus.views import views
from recommender.ranking.curated import CuratedLists
from recommender.ranking.request import RelatedRequest
from recommender.ranking.signals import signals
from tests.index.samples import ENCODER
from tests.query_path import allowed, pool_of, related
from tests.recommender.makers import BruteForce
from tests.reference import assert_same

WORDS = "port ship crane tide quay chess rook pawn vote poll train rail snow rain gale harvest strike".split()
IDS = [f"{n:02}" for n in range(16)]
NAMES = [*IDS, *(f"https://news.example/{n}" for n in range(10)), *(f"http://news.example/old/{n}/" for n in range(4))]
"""Ids and addresses of articles, some of them of none any more."""
RANKS = 1e-2
"""How far a score may be off where float noise moves one of a few candidates by a rank; signals are compared apart."""


def made(identity: str, rng: random.Random, former: Sequence[str] = ()) -> Record:
    words = random.Random(rng.randrange(12)).choices(WORDS, k=14)
    stub = rng.random() < 0.25
    article = Article(
        id=identity,
        url=rng.choice([None, f"https://news.example/{rng.randrange(10)}"]),
        title="" if stub else " ".join(words[:4]),
        teasers=(" ".join(words[4:11]),) if stub or rng.random() < 0.5 else (),
        body="" if stub else " ".join(words[4:]),
        tags=tuple(rng.sample(WORDS, 2)),
        extra={"aliases": rng.sample(former, 2)} if former and rng.random() < 0.4 else {},
    )
    return Record(article, "made", tuple(rng.sample(NAMES, 3)) if rng.random() < 0.5 else ())


def embed(catalog: Catalog) -> None:
    cache = VectorCache(catalog.engine, ENCODER)
    cache.embed(cache.missing(text for article in catalog.articles() for text in views(article).texts))


def everything(snapshot: Snapshot) -> dict[str, list[tuple[str, float]]]:
    """Every list that is served, by id."""
    corpus, k = snapshot.corpus, len(snapshot.corpus)
    return {
        corpus.cards[row].id: [
            (corpus.cards[hit.row].id, hit.score)
            for hit in related(
                corpus.query(int(row)),
                corpus,
                snapshot.neighbours,
                snapshot.ranker,
                snapshot.curated,
                RelatedRequest(limit=k),
            )
        ]
        for row in np.flatnonzero(corpus.directory.present)
    }


def in_one_piece(base: Snapshot, catalog: Catalog) -> Snapshot:
    """The catalog as it is now, weighed by the models of ``base``, in a directory of its own."""
    corpus = base.corpus.transform(list(catalog.articles()), ENCODER.encode)
    corpus = replace(corpus, directory=Directory.from_cards(corpus.cards, catalog.aliases()))
    lists = {item.article_id: item.targets for item in catalog.curated_lists()}
    return replace(
        base, corpus=corpus, neighbours=BruteForce(corpus), lists=lists, curated=CuratedLists.from_lists(corpus, lists)
    )


def signals_of(snapshot: Snapshot, name: str) -> dict[str, Column]:
    """Every signal of every candidate for one article, by the candidate's id."""
    query = snapshot.corpus.query(snapshot.corpus.row(name))
    mask = allowed(query, snapshot.corpus)
    pool = pool_of(query, snapshot.corpus, snapshot.neighbours, snapshot.curated, mask)
    return dict(zip([snapshot.corpus.cards[row].id for row in pool.rows], signals(pool), strict=True))


def who_is(snapshot: Snapshot) -> dict[str, str | None]:
    """The id of the article that each name leads to."""
    rows = {name: snapshot.corpus.directory.find(name) for name in [*NAMES, *(f"{name}?utm_x=1" for name in NAMES)]}
    return {name: None if row is None else snapshot.corpus.cards[row].id for name, row in rows.items()}


def same(found: Snapshot, request: Snapshot) -> None:
    assert who_is(found) == who_is(request)
    mine, theirs = everything(found), everything(request)
    assert mine.keys() == theirs.keys()
    for name, hits in theirs.items():
        ours, wanted_signals = (signals_of(each, name) for each in (found, request))
        assert ours.keys() == wanted_signals.keys()
        for other, row in wanted_signals.items():
            np.testing.assert_allclose(ours[other], row, atol=1e-5, err_msg=f"{other} for {name}")
        assert_same(ranked(request, mine[name]), ranked(request, hits), len(hits), RANKS)


def ranked(snapshot: Snapshot, hits: list[tuple[str, float]]) -> list[tuple[int, float]]:
    """By the first of each story: which of two copies is shown may hang on the last bit."""
    corpus = snapshot.corpus
    return [(int(corpus.directory.story(corpus.row(name))[0]), score) for name, score in hits]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_after_any_changes_the_lists_are_those_of_a_build_with_the_same_models(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = random.Random(seed)
    store = tmp_path_factory.mktemp("store")
    with closing(Catalog.open(store)) as catalog:
        catalog.put([made(name, rng, NAMES) for name in rng.sample(IDS, 8)])
        build(store, catalog, ENCODER)
        live = Live(store, catalog=catalog)
        live.refresh()
        base = live.snapshot()
        assert base.seq is None
        for _ in range(rng.randrange(1, 4)):
            for name in rng.sample(IDS, rng.randrange(1, 4)):
                if rng.random() < 0.3:
                    catalog.remove(name)
                else:
                    catalog.put([made(name, rng, NAMES)], live=True)
            embed(catalog)
            if not list(catalog.articles()):
                return
            live.follow()
            same(live.snapshot(), in_one_piece(base, catalog))
        build(store, catalog, ENCODER, force=True)
        live.refresh()
        assert live.snapshot().seq is None, "folded in"
        assert {card.id for card in live.snapshot().corpus.cards} == {article.id for article in catalog.articles()}


def test_a_list_stays_when_a_removed_id_leads_to_its_article(tmp_path: Path) -> None:
    """What the id of a removed article leads to from then on has a list of its own, which is not the removed one's."""
    old = Record(Article(id="old", title="Ferry to the island", body="The ferry and the gale."), "made", ("crane",))
    heir = Article(id="heir", title="Ferry on a new quay", body="The quay has a ferry.", extra={"aliases": ["old"]})
    crane = Record(Article(id="crane", title="A crane for the quay", body="The crane lifts timber."), "made")
    with closing(Catalog.open(tmp_path)) as catalog:
        catalog.put([old, Record(heir, "made", ("crane",)), crane])
        build(tmp_path, catalog, ENCODER)
        tail = Tail(base_of(tmp_path), catalog)
        catalog.remove("old")
        now = tail.now()
        assert now.corpus.row("old") == now.corpus.row("heir")
        heir_row, crane_row = now.corpus.row("heir"), now.corpus.row("crane")
        assert now.curated.lists.toarray()[heir_row].nonzero()[0].tolist() == [crane_row]
        assert now.curated.counts[crane_row] == 1


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    found = Catalog.open(tmp_path)
    rng = random.Random(5)
    found.put([made(name, rng) for name in IDS[:10]])
    build(tmp_path, found, ENCODER)
    return found


def base_of(tmp_path: Path) -> Snapshot:
    live = Live(tmp_path)
    live.refresh()
    return live.snapshot()


NEW = Record(Article(id="new", title="Ship strike at the quay", body="The ship and the crane."), "made")


def test_one_more_change_reads_one_more_article(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the tail is: what it costs to follow is what is new."""
    rng, tail, read = random.Random(5), Tail(base_of(tmp_path), catalog), list[int]()
    fetch = article_reader.stored

    def counted(connection: Connection, ids: Collection[str] | None = None) -> Iterator[Article]:
        read.append(len(ids or ()))
        return fetch(connection, ids)

    catalog.put([made(f"new-{n}", rng) for n in range(30)], live=True)
    embed(catalog)
    tail.now()
    monkeypatch.setattr(article_reader, "stored", counted)
    for number in range(3):
        catalog.put([made(f"late-{number}", rng)], live=True)
        embed(catalog)
        read.clear()
        assert f"late-{number}" in {card.id for card in tail.now().corpus.cards}
        assert sum(read) <= 3, "itself, and perhaps stubs that it touched"


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_changes_read_after_others_are_all_changes(seed: int) -> None:
    """Also of what came by a build's way, was removed and came back, and of stubs that were absorbed."""
    rng, known = random.Random(seed), None
    with closing(Catalog.open("sqlite://")) as catalog:
        catalog.put([made(name, rng) for name in rng.sample(IDS, 8)])
        since = catalog.seq()
        for _ in range(12):
            for name in rng.sample(IDS, 2):
                if rng.random() < 0.3:
                    catalog.remove(name)
                else:
                    catalog.put([made(name, rng)], live=rng.random() < 0.7)
            if rng.random() < 0.7:
                known = catalog.changes(since, known)
                assert known == catalog.changes(since)


def test_what_has_no_vectors_is_pending_and_comes_when_it_has(catalog: Catalog, tmp_path: Path) -> None:
    tail = Tail(base_of(tmp_path), catalog)
    catalog.put([NEW], live=True)
    waiting = tail.now()
    assert waiting.pending.keys() == {"new"}
    assert waiting.corpus.find("new") is None
    assert waiting.version != base_of(tmp_path).version
    embed(catalog)
    served = tail.now()
    assert (served.pending, served.corpus.find("new")) == ({}, 10)
    assert tail.now() is served, "nothing changed, nothing is made"


def test_until_its_new_text_has_vectors_an_article_stays_as_it_was(catalog: Catalog, tmp_path: Path) -> None:
    tail = Tail(base_of(tmp_path), catalog)
    name = base_of(tmp_path).corpus.cards[0].id
    before = base_of(tmp_path).corpus.cards[0]
    catalog.put([Record(replace(NEW.article, id=name), "made")], live=True)
    now = tail.now()
    assert now.pending.keys() == {name}
    assert now.corpus.cards[now.corpus.row(name)] == before
    embed(catalog)
    now = tail.now()
    assert now.corpus.cards[now.corpus.row(name)].title == NEW.article.title


def test_what_is_removed_is_gone_from_every_list_and_may_come_back(catalog: Catalog, tmp_path: Path) -> None:
    base = base_of(tmp_path)
    tail = Tail(base, catalog)
    name = max(everything(base), key=lambda one: sum(one in dict(hits) for hits in everything(base).values()))
    article = next(article for article in catalog.articles() if article.id == name)
    assert catalog.remove(name)
    lists = everything(tail.now())
    assert name not in lists
    assert not any(name in dict(hits) for hits in lists.values())
    assert tail.now().corpus.find(name) is None
    assert not catalog.remove(name), "there is none to remove"
    catalog.put([Record(article, "made")], live=True)
    assert any(name in dict(hits) for hits in everything(tail.now()).values())


def test_what_was_only_ingested_waits_for_the_next_build(catalog: Catalog, tmp_path: Path) -> None:
    tail = Tail(base_of(tmp_path), catalog)
    catalog.put([NEW])
    embed(catalog)
    assert tail.now().corpus.find("new") is None
    catalog.put([NEW], live=True)
    assert tail.now().corpus.find("new") is not None


def test_changes_that_cannot_be_read_leave_the_last_good_state_in_service(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from recommender.errors import CatalogError

    live = Live(tmp_path, catalog=catalog)
    live.refresh()
    catalog.put([NEW], live=True)
    embed(catalog)

    def fail() -> int:
        raise CatalogError("the disk is on fire")

    with monkeypatch.context() as broken:
        broken.setattr(catalog, "seq", fail)
        live.follow()
        live.follow()
        assert live.snapshot().corpus.find("new") is None
        assert caplog.text.count("the disk is on fire") == 1
    live.follow()
    assert live.snapshot().corpus.find("new") is not None


def test_two_processes_that_write_know_of_each_others_stubs(catalog: Catalog, tmp_path: Path) -> None:
    """The stub that one stored becomes the article that the other gets."""
    with closing(Catalog.open(tmp_path)) as other:
        other.put([Record(Article(id="warm", title="Up"), "made")], live=True)  # it has looked at the catalog
        stub = stub_from_teaser("A ship of a hundred metres has run aground off the quay.")
        catalog.put([Record(stub, "made")], live=True)
        full = Article(id="full", title="Aground", teasers=stub.teasers, body="It ran aground.")
        other.put([Record(full, "made")], live=True)
        assert other.aliases() == {stub.id: "full"}
        catalog.remove("full")
        other.put([Record(stub, "made")], live=True)
        assert stub.id in {article.id for article in other.articles()}


def test_what_was_removed_comes_back_with_its_new_text_only(catalog: Catalog, tmp_path: Path) -> None:
    """However long that takes to embed: not with the text that somebody took away."""
    base = base_of(tmp_path)
    name = base.corpus.cards[0].id
    watching = Tail(base, catalog)
    assert catalog.remove(name)
    catalog.put([Record(replace(NEW.article, id=name), "made")], live=True)
    for tail in (watching, Tail(base, catalog)):
        now = tail.now()
        assert now.pending.keys() == {name}
        assert now.corpus.find(name) is None
        assert not any(name in dict(hits) for hits in everything(now).values())
    embed(catalog)
    assert watching.now().corpus.cards[watching.now().corpus.row(name)].title == NEW.article.title
    later = Record(Article(id=name, title="A third text", body="Snow."), "made")
    assert catalog.remove(name)
    catalog.put([later], live=True)
    assert watching.now().corpus.find(name) is None, "nor with one that was in the tail"


def test_processes_that_serve_different_texts_do_not_call_them_the_same(catalog: Catalog, tmp_path: Path) -> None:
    """One that saw a text which by now waits to be replaced, and one that began later."""
    first = Tail(base_of(tmp_path), catalog)
    catalog.put([NEW], live=True)
    embed(catalog)
    assert first.now().corpus.find("new") is not None
    catalog.put([Record(replace(NEW.article, body="Another text, not embedded."), "made")], live=True)
    second = Tail(base_of(tmp_path), catalog)
    assert first.now().corpus.find("new") is not None
    assert second.now().corpus.find("new") is None
    assert first.now().version != second.now().version
    embed(catalog)
    assert first.now().version == second.now().version


def test_once_built_an_article_that_was_live_is_ingested_like_any_other(catalog: Catalog, tmp_path: Path) -> None:
    catalog.put([NEW], live=True)
    build(tmp_path, catalog, ENCODER)
    catalog.put([Record(replace(NEW.article, body="Ingested, and not built."), "made")])
    embed(catalog)
    tail = Tail(base_of(tmp_path), catalog)
    assert tail.now().tail_size == 0
    assert tail.now() is tail.now()
    catalog.put([NEW], live=True)
    assert tail.now().tail_size == 1


def test_what_is_stored_already_is_no_change(catalog: Catalog, tmp_path: Path) -> None:
    """A site that sends everything every night does not fill the tail with it."""
    everyone = [NEW, *(Record(article, "made") for article in catalog.articles())]
    catalog.put(everyone, live=True)
    build(tmp_path, catalog, ENCODER)
    tail = Tail(base_of(tmp_path), catalog)
    for live in (True, False, True):
        catalog.put(everyone, live=live)
        assert tail.now().tail_size == 0
    changed = Record(replace(everyone[3].article, section="sport"), "made")
    catalog.put([*everyone[:3], changed], live=True)
    assert tail.now().tail_size == 1


def test_a_catalog_that_knows_less_than_the_snapshot_is_not_followed(
    catalog: Catalog, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    catalog.put([NEW], live=True)
    build(tmp_path, catalog, ENCODER)
    other = Catalog.open("sqlite://")
    other.put([NEW], live=True)
    live = Live(tmp_path, catalog=other)
    live.refresh()
    assert live.behind
    assert live.snapshot().corpus.find("new") is not None
    assert "build again" in caplog.text
