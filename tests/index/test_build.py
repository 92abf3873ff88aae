from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from index.build import build
from index.store.manifest import IndexKind
from index.store.publish import confirmed_at, current_version, locked, open_current
from recommender.articles import Article, Record
from recommender.catalog import Catalog
from recommender.catalog.ingest import Ingested
from recommender.corpus.views import views
from recommender.errors import ArticleError, LockedError, NoSnapshotError, PublishError
from tests.index.samples import BUILT_AT, ENCODER, CountingEncoder, article, articles, contents_of, lists_of


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Catalog]:
    with closing(Catalog.open(tmp_path)) as catalog:
        yield catalog


def texts_of(records: list[Record]) -> set[str]:
    return {text for record in records for text in views(record.article).texts}


def rejected(count: int, stored: int) -> Ingested:
    return Ingested(stored, tuple(ArticleError("not valid JSON", f"file:{n}") for n in range(count)))


def test_a_build_says_what_it_did(tmp_path: Path, stored: Catalog) -> None:
    stored.put(articles(9))
    built = build(tmp_path, stored, ENCODER)
    assert (built.articles, built.stubs, built.curated_lists) == (9, 0, 5)
    assert (built.embedded_texts, built.reused_texts) == (len(texts_of(articles(9))), 0)
    assert built.changed
    assert built.snapshot == current_version(tmp_path)
    assert built.seconds > 0
    assert lists_of(open_current(tmp_path)) == lists_of(contents_of(articles(9)).open(BUILT_AT))


def test_an_unchanged_catalog_gives_the_same_snapshot_untouched(tmp_path: Path, stored: Catalog) -> None:
    stored.put(articles(9))
    first = build(tmp_path, stored, ENCODER)
    before, confirmed = (tmp_path / "CURRENT").stat(), confirmed_at(tmp_path)
    encoder = CountingEncoder()
    again = build(tmp_path, stored, encoder)
    assert encoder.texts == []
    assert (again.embedded_texts, again.reused_texts) == (0, first.embedded_texts)
    assert (first.changed, again.changed) == (True, False)
    assert again.snapshot == first.snapshot == current_version(tmp_path)
    assert (tmp_path / "CURRENT").stat().st_ino == before.st_ino
    assert confirmed_at(tmp_path) > confirmed  # all that is new: a build has found everything as it should be


def test_only_what_changed_is_embedded(tmp_path: Path, stored: Catalog) -> None:
    encoder = CountingEncoder()
    stored.put(articles(9))
    build(tmp_path, stored, encoder)
    assert sorted(encoder.texts) == sorted(texts_of(articles(9)))
    encoder.texts.clear()

    old = article(3)
    stored.put([Record(replace(old.article, body=old.article.body + "\n\nA last word."), "new")])
    built = build(tmp_path, stored, encoder)
    assert len(encoder.texts) == built.embedded_texts == 1
    assert encoder.texts[0].endswith("A last word.")
    assert built.reused_texts == len(texts_of(articles(9))) - 1
    assert built.changed


def test_one_text_of_many_articles_is_embedded_once(tmp_path: Path, stored: Catalog) -> None:
    encoder = CountingEncoder()
    stored.put([Record(Article(id=f"a{n}", title="Morning briefing", body=f"Number {n}."), "") for n in range(5)])
    assert build(tmp_path, stored, encoder).embedded_texts == 6
    assert sorted(encoder.texts) == ["Morning briefing", *(f"Number {n}." for n in range(5))]


def test_vectors_of_another_model_are_not_reused(tmp_path: Path, stored: Catalog) -> None:
    stored.put(articles(4))
    first = build(tmp_path, stored, ENCODER)
    other = CountingEncoder()
    other.revision = "other"
    second = build(tmp_path, stored, other)
    assert second.embedded_texts == len(other.texts) == first.embedded_texts
    assert second.snapshot != first.snapshot
    assert open_current(tmp_path).manifest.model.revision == "other"


@pytest.mark.parametrize(
    ("bad", "good", "refused"),
    [(0, 100, False), (10, 10, False), (11, 10, True), (11, 208, True), (11, 209, False), (500, 9_000, True)],
)
def test_too_many_rejects_refuse_to_publish(
    tmp_path: Path, stored: Catalog, bad: int, good: int, refused: bool
) -> None:
    """More than 10, and more than 5 %: 11 of 219 are 5.02 %, 11 of 220 are 5 %."""
    stored.put(articles(3))
    if refused:
        with pytest.raises(PublishError, match=rf"^{bad} of {bad + good:,} records were rejected .*--force"):
            build(tmp_path, stored, ENCODER, ingested=rejected(bad, good))
        with pytest.raises(NoSnapshotError):
            current_version(tmp_path)
        assert build(tmp_path, stored, ENCODER, ingested=rejected(bad, good), force=True).changed
    else:
        assert build(tmp_path, stored, ENCODER, ingested=rejected(bad, good)).changed


@pytest.mark.parametrize(("left", "refused"), [(10, False), (8, False), (7, True), (1, True), (12, False)])
def test_a_shrunken_corpus_is_not_published(tmp_path: Path, left: int, refused: bool) -> None:
    with closing(Catalog.open("sqlite://")) as full:
        full.put(articles(10))
        first = build(tmp_path, full, ENCODER)
    with closing(Catalog.open("sqlite://")) as fewer:
        fewer.put(articles(left, edition=1))
        if not refused:
            assert build(tmp_path, fewer, ENCODER).changed
            return
        with pytest.raises(PublishError, match=rf"holds {left} articles, the snapshot in service 10: .*--force"):
            build(tmp_path, fewer, ENCODER)
        assert open_current(tmp_path).version == first.snapshot
        assert build(tmp_path, fewer, ENCODER, force=True).changed
    assert len(open_current(tmp_path).corpus) == left


def test_an_empty_catalog_is_not_published(tmp_path: Path, stored: Catalog) -> None:
    for force in (False, True):
        with pytest.raises(PublishError, match="the catalog holds no article with text: there is nothing to build"):
            build(tmp_path, stored, ENCODER, force=force)
    with pytest.raises(NoSnapshotError):
        open_current(tmp_path)


def test_an_article_without_readable_text_is_built_and_has_no_neighbours(tmp_path: Path, stored: Catalog) -> None:
    stored.put([*articles(4), Record(Article(id="link", title="https://courier.example/x"), "")])
    assert build(tmp_path, stored, ENCODER).articles == 5
    lists = lists_of(open_current(tmp_path))
    assert lists["link"] == []
    assert sorted(i for i, _ in lists["a000"]) == ["a001", "a002", "a003", "link"]
    assert min(lists["a000"], key=lambda hit: hit[1])[0] == "link"


@pytest.mark.parametrize("kind", ["exact", "hnsw"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_articles_are_a_corpus(tmp_path: Path, stored: Catalog, count: int, kind: IndexKind) -> None:
    stored.put(articles(count))
    build(tmp_path, stored, ENCODER, kind=kind)
    snapshot = open_current(tmp_path)
    assert snapshot.manifest.index == kind
    ids = {f"a{n:03}" for n in range(count)}
    lists = lists_of(snapshot)
    assert {key: {i for i, _ in hits} for key, hits in lists.items()} == {key: ids - {key} for key in ids}
    assert all(0 < score < 1 for hits in lists.values() for _, score in hits)


@pytest.mark.parametrize("words", ["", "the of and", "东京 发布", "🦆"])
def test_a_corpus_without_a_single_term_is_built(tmp_path: Path, stored: Catalog, words: str) -> None:
    stored.put([Record(Article(id=f"a{n}", title=words or "the", body=words or "and"), "") for n in range(3)])
    build(tmp_path, stored, ENCODER)
    assert len(open_current(tmp_path).corpus) == 3


def test_equal_articles_never_stand_in_each_others_lists(tmp_path: Path, stored: Catalog) -> None:
    text = " ".join(f"letter{n}" for n in range(60))  # enough of it to be told from a house's standard line
    stored.put([Record(Article(id=f"a{n}", title="The same", body=text), "") for n in range(3)])
    build(tmp_path, stored, ENCODER)
    assert lists_of(open_current(tmp_path)) == {"a0": [], "a1": [], "a2": []}


def test_a_build_while_another_runs_is_refused_before_any_work(tmp_path: Path, stored: Catalog) -> None:
    stored.put(articles(3))
    encoder = CountingEncoder()
    with locked(tmp_path), pytest.raises(LockedError):
        build(tmp_path, stored, encoder)
    assert encoder.texts == []


def test_a_damaged_pointer_does_not_stop_a_build(tmp_path: Path, stored: Catalog) -> None:
    stored.put(articles(3))
    version = build(tmp_path, stored, ENCODER).snapshot
    (tmp_path / "CURRENT").write_bytes(b"\xff\x00")
    assert build(tmp_path, stored, ENCODER).changed
    assert current_version(tmp_path) == version
