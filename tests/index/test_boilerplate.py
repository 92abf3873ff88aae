"""A common footer changes no list: in a build, live, in drafts; and editors and operators see what is left out."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from click.testing import Result
from sqlalchemy import update
from typer.testing import CliRunner

from index.build import build
from index.check import check
from index.cli import app
from index.live.live import Live
from index.live.writer import Writer
from index.store.publish import open_current
from index.store.reading import open_snapshot
from index.store.snapshot import Snapshot
from index.store.texts import BOILERPLATE
from recommender.articles import Article, Record
from recommender.catalog import Catalog
from recommender.catalog.tables import meta
from recommender.catalog.vector_cache import VectorCache
from recommender.corpus.corpus import Query
from recommender.errors import CatalogError, SnapshotError
from recommender.explain.why import why_each
from recommender.ranking.request import RelatedRequest
from tests.conftest import DEMO, ROOT, build_store, records, snapshot_of
from tests.index.samples import ENCODER, reseal
from tests.query_path import allowed, pool_of, related

CASE = ROOT.parent / "shared" / "cases" / "03-common-footer-80w" / "in.jsonl"
FOOTER = (
    "About the Tessle Courier. The Courier is owned by a trust whose only purpose is to keep the harbour and the mayor"
    " under observation, and was founded in 1887. Write to the news desk at any hour. We never pay for interviews."
)
CALL = "Sign up for our weekly newsletter. Every Friday the best of the estuary in your inbox, free."


def with_footer(items: Sequence[Record], footer: str = FOOTER) -> list[Record]:
    """The records, those with a body with a footer."""
    return [
        replace(item, article=replace(item.article, body=f"{item.article.body}\n\n{footer}"))
        if item.article.body
        else item
        for item in items
    ]


@pytest.fixture(scope="module")
def newspaper() -> list[Record]:
    """The demo newspaper, whose lists hold eight items each."""
    return records(DEMO)


@pytest.fixture
def store(tmp_path: Path, newspaper: list[Record]) -> Path:
    return build_store(tmp_path / "store", with_footer(newspaper), ENCODER)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def places(snapshot: Snapshot, query: Query) -> list[tuple[str, float, tuple[str, ...]]]:
    """A list: ids, scores, ids of the other versions."""
    corpus = snapshot.corpus
    hits = related(query, corpus, snapshot.neighbours, snapshot.ranker, snapshot.curated, RelatedRequest(limit=8))
    return [(corpus.cards[h.row].id, h.score, tuple(corpus.cards[row].id for row in h.also)) for h in hits]


def everything(snapshot: Snapshot) -> dict[str, list[tuple[str, float, tuple[str, ...]]]]:
    corpus = snapshot.corpus
    present = [row for row in range(len(corpus.cards)) if corpus.directory.present[row]]
    return {corpus.cards[row].id: places(snapshot, corpus.query(row)) for row in present}


def test_seventy_lists_under_a_common_footer() -> None:
    if not CASE.exists():
        pytest.skip("the case is not beside the project")
    items = records(CASE)
    mark = "\n\nAbout the Tessle Harbour Authority."
    plain = [replace(i, article=replace(i.article, body=i.article.body.partition(mark)[0])) for i in items]
    assert all(mark in item.article.body for item in items)
    found = everything(snapshot_of(items, ENCODER))
    assert [len(each) for each in found.values()] == [8] * 70
    assert found == everything(snapshot_of(plain, ENCODER))


def test_a_footer_on_a_newspaper_changes_no_list(newspaper: list[Record]) -> None:
    found, plain = snapshot_of(with_footer(newspaper), ENCODER), snapshot_of(newspaper, ENCODER)
    assert everything(found) == everything(plain)
    assert [block.text for block in found.corpus.boilerplate.blocks] == [FOOTER]
    assert plain.corpus.boilerplate.blocks == ()


def test_a_snapshot_is_read_back_as_it_was_built(store: Path, newspaper: list[Record]) -> None:
    found = open_current(store).corpus.boilerplate
    assert found == snapshot_of(with_footer(newspaper), ENCODER).corpus.boilerplate
    assert [(block.articles, block.text, block.decided) for block in found.blocks] == [(70, FOOTER, None)]
    assert found.articles == 70


@pytest.mark.parametrize(
    "document",
    [
        {"blocks": [{"pieces": [], "articles": 3}], "articles": 9},
        {"blocks": [{"pieces": ["12"], "articles": 3}], "articles": 9},
        {"blocks": [{"pieces": ["Follow us."], "articles": "3"}], "articles": 9},
        {"blocks": {}, "articles": 9},
    ],
)
def test_what_is_no_boilerplate_is_refused(folder: Path, document: object) -> None:
    (folder / BOILERPLATE).write_bytes(orjson.dumps(document))
    reseal(folder)
    with pytest.raises(SnapshotError, match="do not fit together"):
        open_snapshot(folder)


def test_live_articles_are_read_without_it(store: Path, tmp_path: Path, newspaper: list[Record]) -> None:
    bodies = [item for item in newspaper if item.article.body]
    late = [replace(item, article=replace(item.article, id=f"new-{n}", url=None)) for n, item in enumerate(bodies[:6])]
    late = [replace(item, article=replace(item.article, title=f"Again: {item.article.title}")) for item in late]
    plain = build_store(tmp_path / "plain", newspaper, ENCODER)
    found = []
    for place, items in ((store, with_footer(late)), (plain, late)):
        with closing(Catalog.open(place)) as catalog:
            live = Live(place, catalog=catalog)
            live.refresh()
            assert Writer(live, catalog, lambda model: ENCODER).put(items) == set()
            found.append((everything(live.snapshot()), {card for card in live.snapshot().corpus.cards}))
            cache = VectorCache(catalog.engine, ENCODER)
            assert cache.missing([FOOTER]) == [FOOTER]  # what is left out is not embedded either
    assert found[0] == found[1]
    assert {f"new-{n}" for n in range(6)} <= found[0][0].keys()


def test_a_draft_is_read_without_it(store: Path, newspaper: list[Record]) -> None:
    with_it, without = open_current(store), snapshot_of(newspaper, ENCODER)
    for item in [item for item in newspaper if item.article.body][:5]:
        draft = replace(item.article, id="", url=None, title=f"New: {item.article.title}")
        long = replace(draft, body=f"{draft.body}\n\n{FOOTER}")
        assert places(with_it, with_it.corpus.draft(long, ENCODER)) == places(
            without, without.corpus.draft(draft, ENCODER)
        )


def test_no_reason_is_quoted_from_it(newspaper: list[Record]) -> None:
    items = with_footer(newspaper)
    snapshot, by_id = snapshot_of(items, ENCODER), {item.article.id: item.article for item in items}
    corpus = snapshot.corpus
    quotes = []
    for row in range(0, len(corpus), 9):
        query = corpus.query(row)
        pool = pool_of(query, corpus, snapshot.neighbours, snapshot.curated, allowed(query, corpus))
        for hit in related(
            query, corpus, snapshot.neighbours, snapshot.ranker, snapshot.curated, RelatedRequest(limit=8)
        ):
            (said,) = why_each(pool, [hit], by_id[query.card.id], [by_id[corpus.cards[hit.row].id]])
            quotes += [said.quote.ours, said.quote.theirs] if said.quote else []
            assert not {"founded", "trust", "courier", "Tessle Courier"} & {*said.terms, *said.names}
    assert len(quotes) > 10
    assert not [quote for quote in quotes if quote in FOOTER]


def test_a_card_shows_what_was_given_and_is_known_again(store: Path) -> None:
    with closing(Catalog.open(store)) as catalog:
        catalog.put(
            [
                Record(Article(id=f"v{n}", title=f"Film {'abcdefghij'[n]}", teasers=("Watch it.",)), "")
                for n in range(10)
            ]
        )
        build(store, catalog, ENCODER)
        corpus = open_current(store).corpus
        assert [block.text for block in corpus.boilerplate.blocks] == [FOOTER, "Watch it."]
        assert corpus.cards[corpus.row("v3")].teasers == ("Watch it.",)
        assert {corpus.card(article) for article in catalog.articles()} == set(corpus.cards)
        assert {finding.what for finding in check(store, catalog) if not finding.well} == set()
        changed = replace(next(catalog.articles()), title="Another title")
        assert corpus.card(changed) != corpus.cards[0]


def test_copies_with_and_without_it_are_one_story(newspaper: list[Record]) -> None:
    first = next(item.article for item in newspaper if item.article.body)
    copy = Record(replace(first, id="copy", url=None), "made")
    snapshot = snapshot_of([*with_footer(newspaper), copy], ENCODER)
    copies = snapshot.corpus.story_ids
    assert copies[snapshot.corpus.row("copy")] == copies[snapshot.corpus.row(first.id)]


def test_a_build_says_what_it_left_out(tmp_path: Path, newspaper: list[Record]) -> None:
    source = tmp_path / "articles.jsonl"
    footers = (FOOTER, CALL, "We use cookies to count you. Refuse them as you please in your browser.", "Follow us.")
    lines = [
        {"id": f"{n:02}", "title": item.article.title, "body": f"{item.article.body}\n\n{footers[n % 4]}"}
        for n, item in enumerate(item for item in newspaper if item.article.body)
    ]
    source.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    ran = run("build", source, "--store", tmp_path / "store", "--model", "hash")
    assert ran.exit_code == 0, ran.output
    said = ran.stdout.splitlines()[1:]
    assert said == [
        "left out as boilerplate: “About the Tessle Courier. The Courier is owned by a trust whose only purpose is…”"
        " in 18 of 70 articles",
        "left out as boilerplate: “Sign up for our weekly newsletter. Every Friday the best of the estuary in your…”"
        " in 18 of 70 articles",
        "left out as boilerplate: “We use cookies to count you. Refuse them as you please in your browser.” in 17 of 70"
        " articles",
        "… and 1 more; see: related-index boilerplate",
    ]
    again = orjson.loads(run("build", "--store", tmp_path / "store", "--model", "hash", "--json").stdout)
    assert again["boilerplate_blocks"] == 4


def test_it_is_listed(store: Path) -> None:
    ran = run("boilerplate", "--store", store)
    (block,) = open_current(store).corpus.boilerplate.blocks
    assert ran.stdout.splitlines() == [
        f"70 articles, {len(FOOTER.split()) - 1} words  {block.key[:8]}",  # the year is none
        f"  {FOOTER}",
        "1 text that is boilerplate, in 70 articles with a body",
    ]


def test_an_editor_refuses_and_thinks_better_of_it(store: Path, newspaper: list[Record]) -> None:
    before = open_current(store)
    (block,) = before.corpus.boilerplate.blocks
    assert "not left out" in run("boilerplate", "--store", store, "--refuse", block.key[:8]).stdout
    assert open_current(store).version == before.version  # nothing changes before the next build
    assert "refused from the next build on" in run("boilerplate", "--store", store).stdout
    assert run("build", "--store", store, "--model", "hash").stdout.count("left out") == 0
    refused = open_current(store)
    assert [each.decided for each in refused.corpus.boilerplate.blocks] == [False]
    assert everything(refused) != everything(before)
    assert run("boilerplate", "--store", store).stdout.splitlines()[0].endswith(f"refused  {block.key[:8]}")
    assert run("boilerplate", "--store", store, "--undo", block.key.upper()).exit_code == 0
    with closing(Catalog.open(store)) as catalog:
        assert catalog.boilerplate_decisions() == {}
        build(store, catalog, ENCODER)
    assert open_current(store).version == before.version


def test_an_editor_confirms_and_it_stays_out_when_it_is_rare(store: Path) -> None:
    (block,) = open_current(store).corpus.boilerplate.blocks
    assert "however rare" in run("boilerplate", "--store", store, "--confirm", block.key[:12]).stdout
    with closing(Catalog.open(store)) as catalog:
        assert catalog.boilerplate_decisions() == dict.fromkeys(block.keys, True)
        ids = [article.id for article in catalog.articles() if FOOTER in article.body]
        for identity in ids[3:]:
            catalog.remove(identity)
        build(store, catalog, ENCODER, force=True)
        found = open_current(store).corpus.boilerplate
        assert {(each.articles, each.decided) for each in found.blocks} == {(3, True)}
        assert FOOTER not in found.strip(catalog.articles_of([ids[0]])[ids[0]]).body
        assert ", confirmed  " in run("boilerplate", "--store", store).stdout


@pytest.mark.parametrize("key", ["deadbeef", "zzz", "", "123", "not a key at all"])
@pytest.mark.parametrize("option", ["--refuse", "--confirm", "--undo"])
def test_an_unknown_key_is_named_and_changes_nothing(store: Path, option: str, key: str) -> None:
    (block,) = open_current(store).corpus.boilerplate.blocks
    ran = run("boilerplate", "--store", store, "--refuse", block.key, option, key)
    assert ran.exit_code == 1
    assert str(ran.exception) == f"no boilerplate has the key {key!r}; related-index boilerplate lists 1 with theirs"
    with closing(Catalog.open(store)) as catalog:
        assert catalog.boilerplate_decisions() == {}


def test_a_decision_about_what_no_article_has_any_more_can_be_undone(store: Path) -> None:
    with closing(Catalog.open(store)) as catalog:
        catalog.decide_boilerplate(["00" * 8, "aa" * 8], False)
    assert run("boilerplate", "--store", store, "--undo", "aa" * 4).exit_code == 0
    with closing(Catalog.open(store)) as catalog:
        assert catalog.boilerplate_decisions() == {"00" * 8: False}


def test_decisions_lie_in_the_catalog(catalog: Catalog) -> None:
    catalog.decide_boilerplate(["01" * 8, "02" * 8], True)
    catalog.decide_boilerplate(["02" * 8], False)
    assert catalog.boilerplate_decisions() == {"01" * 8: True, "02" * 8: False}
    catalog.decide_boilerplate(["01" * 8, "03" * 8], None)
    assert catalog.boilerplate_decisions() == {"02" * 8: False}
    for text in ("[]", '{"xyz": true}', '{"0101010101010101": 1}', "{"):
        with catalog.engine.begin() as connection:
            connection.execute(update(meta).where(meta.c.key == "boilerplate").values(value=text))
        with pytest.raises(CatalogError, match="decisions about boilerplate"):
            catalog.boilerplate_decisions()
