"""What editors decide, and what fills a list: pins, blocks, rules of the site, fallbacks; and the order of it all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.articles import Article
from recommender.articles.card import Card
from recommender.corpus.corpus import Corpus
from recommender.editors.overrides import Block, Editorial, Fill, Overrides, Pin
from recommender.editors.rules import Matcher, NeverBeside, SiteRules
from recommender.ranking.curated import CuratedLists
from recommender.ranking.hits import Hit, Source
from recommender.ranking.ranker import default_ranker
from recommender.ranking.request import Fallback, Filters, Mode, RelatedRequest
from recommender.ranking.signals import SIGNALS
from tests.query_path import related
from tests.recommender.makers import BruteForce, corpus_of

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RANKER = default_ranker()
SUBJECTS = {
    "ship": "The ship turned in the harbour while the pilots and the tugs waited for the tide",
    "pier": "The ship at the pier waited for the tugs and the tide in the harbour",
    "port": "Pilots of the harbour met at the port before the tide",
    "quay": "A new quay for the harbour and its ship of timber",
    "chess": "A rook takes a pawn and the queen is lost in the cup",
    "rook": "The rook and the pawn decide the cup of the county",
    "snow": "Snow closed the roads over the moor for a week",
    "hay": "Hay was cut late because of the rain on the moor",
}


def newspaper() -> Corpus:
    """Eight stories on harbours, chess and the moor, a day apart, and an undated one."""
    articles = [
        Article(
            id=name,
            url=f"https://news.example/{name}",
            title=f"{name} today",
            body=text + ".",
            published_at=NOON + n * DAY,
            section="sea" if n < 4 else "land",
            tags=("harbour",) if n < 2 else ("giveaway",) if name == "quay" else (),
            language="en",
        )
        for n, (name, text) in enumerate(SUBJECTS.items())
    ]
    undated = Article(
        id="undated", title="Harbour dues", body="Harbour dues for every ship at the quay.", section="sea"
    )
    return corpus_of([*articles, undated])


CORPUS = newspaper()
ALL = [card.id for card in CORPUS.cards]


def hits(
    query: str, request: RelatedRequest = RelatedRequest(), corpus: Corpus = CORPUS, **decided: object
) -> list[Hit]:
    rules = decided.pop("rules", SiteRules())
    overrides = {query: Overrides(**decided)} if decided else {}  # type: ignore[arg-type]
    editorial = Editorial(rules, overrides)  # type: ignore[arg-type]
    asked = corpus.query(corpus.row(query))
    return related(asked, corpus, BruteForce(corpus), RANKER, CuratedLists.none(len(corpus)), request, editorial)


def names(
    query: str, request: RelatedRequest = RelatedRequest(), corpus: Corpus = CORPUS, **decided: object
) -> list[str]:
    return [corpus.cards[hit.row].id for hit in hits(query, request, corpus, **decided)]


PLAIN = names("ship")


def test_the_plain_list_holds_everything_but_the_article() -> None:
    assert sorted(PLAIN) == sorted(set(ALL) - {"ship"})


@pytest.mark.parametrize("position", [1, 2, 5, 8])
def test_a_pin_stands_at_its_position_and_the_rest_moves(position: int) -> None:
    found = hits("ship", pins=(Pin("hay", position),))
    rest = [name for name in PLAIN if name != "hay"]
    assert [CORPUS.cards[hit.row].id for hit in found] == [*rest[: position - 1], "hay", *rest[position - 1 :]]
    assert [hit.source for hit in found].index(Source.PINNED) == position - 1
    assert np.isnan(found[position - 1].score)
    scores = [hit.score for hit in found if hit.source is Source.RANKED]
    assert scores == [hit.score for hit in hits("ship", RelatedRequest(filters=Filters(exclude=["hay"])))]
    assert scores == sorted(scores, reverse=True)


def test_several_pins_in_whatever_order_they_were_given() -> None:
    pins = (Pin("snow", 3), Pin("https://news.example/hay?utm_source=x", 1), Pin("rook", 9))
    assert names("ship", RelatedRequest(limit=4), pins=pins) == ["hay", PLAIN[0], "snow", PLAIN[1]]
    assert names("ship", RelatedRequest(limit=100), pins=pins)[-1] == "rook"  # the list ends before its position


@pytest.mark.parametrize("named", ["ship", "nobody", "https://news.example/ship"])
def test_a_pin_of_the_article_itself_or_of_nobody_is_left_out(named: str) -> None:
    assert names("ship", pins=(Pin(named, 1),)) == PLAIN


def test_a_pin_obeys_what_the_page_asks_for_and_not_what_ranks() -> None:
    pins = (Pin("hay", 1),)
    for filters in (Filters(exclude=["hay"]), Filters(section=["sea"]), Filters(published_before=NOON + 6 * DAY)):
        assert "hay" not in names("ship", RelatedRequest(filters=filters), pins=pins)
    assert names("ship", RelatedRequest(mode=Mode.NEXT), pins=pins)[0] == "hay"
    assert "hay" not in names("snow", RelatedRequest(mode=Mode.BACKGROUND), pins=pins)
    assert names("ship", RelatedRequest(min_score=1.0), pins=pins) == ["hay"]
    never = SiteRules((NeverBeside(None, Matcher(ids=frozenset({"hay"})), False, "a test"),))
    assert names("ship", pins=pins, rules=never)[0] == "hay"


def test_replace_shows_the_pins_alone() -> None:
    pins = (Pin("hay", 2), Pin("rook", 1))
    assert names("ship", pins=pins, mode=Fill.REPLACE) == ["rook", "hay"]
    assert names("ship", RelatedRequest(fallback=Fallback.LATEST), pins=pins, mode=Fill.REPLACE) == ["rook", "hay"]
    assert names("ship", mode=Fill.REPLACE) == []


def test_a_block_keeps_an_article_out_of_one_list_and_is_refilled() -> None:
    blocks = (Block(PLAIN[0]), Block("https://news.example/quay"))
    excluded = names("ship", RelatedRequest(limit=3, filters=Filters(exclude=[PLAIN[0], "quay"])))
    assert names("ship", RelatedRequest(limit=3), blocks=blocks) == excluded
    assert len(excluded) == 3
    assert PLAIN[0] in names("rook", RelatedRequest(limit=100))


def test_overrides_of_one_list_touch_no_other() -> None:
    editorial = Editorial(SiteRules(), {"chess": Overrides((Pin("hay", 1),), (Block("pier"),), Fill.REPLACE)})
    query = CORPUS.query(CORPUS.row("ship"))
    found = related(query, CORPUS, BruteForce(CORPUS), RANKER, CuratedLists.none(9), RelatedRequest(), editorial)
    assert [CORPUS.cards[hit.row].id for hit in found] == PLAIN


def matcher(**of: str) -> Matcher:
    return Matcher(**{kind: frozenset({value}) for kind, value in of.items()})  # type: ignore[arg-type]


LAND = {"chess", "rook", "snow", "hay"}
RULES = [
    (NeverBeside(None, matcher(tags="giveaway"), False, ""), "ship", {"quay"}),
    (
        NeverBeside(matcher(sections="sea"), matcher(sections="land"), False, ""),
        "ship",
        {"chess", "rook", "snow", "hay"},
    ),
    (NeverBeside(matcher(sections="sea"), matcher(sections="land"), False, ""), "chess", set()),
    (
        NeverBeside(matcher(sections="sea"), matcher(sections="land"), True, ""),
        "chess",
        {"ship", "pier", "port", "quay", "undated"},
    ),
    (NeverBeside(matcher(ids="ship"), None, False, ""), "ship", set(ALL)),
    (NeverBeside(matcher(ids="ship"), None, True, ""), "rook", {"ship"}),
    (NeverBeside(None, Matcher(titles=("p*today",)), False, ""), "ship", {"pier", "port"}),
    (NeverBeside(None, Matcher(urls=("https://news.example/?oo?",)), False, ""), "ship", {"rook"}),
]


@pytest.mark.parametrize(("rule", "query", "out"), RULES)
def test_what_a_rule_of_the_site_bars_is_not_there_and_the_list_is_refilled(
    rule: NeverBeside, query: str, out: set[str]
) -> None:
    plain = [name for name in names(query, RelatedRequest(limit=100)) if name not in out]
    found = names(query, RelatedRequest(limit=100), rules=SiteRules((rule,)))
    assert sorted(found) == sorted(plain)
    assert names(query, RelatedRequest(limit=2), rules=SiteRules((rule,))) == found[:2]


@settings(max_examples=200)
@given(
    out=st.sets(st.sampled_from(ALL)),
    limit=st.integers(1, 9),
    query=st.sampled_from(ALL),
    pool=st.sampled_from([1, 2, 200]),
)
def test_a_rule_gives_the_list_of_the_corpus_without_what_it_bars(
    out: set[str], limit: int, query: str, pool: int
) -> None:
    """Whatever the size of the pool: the same articles, in the same order, with the same scores."""
    rule = NeverBeside(None, Matcher(ids=frozenset(out)), False, "a test")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("recommender.recommender.POOL", pool)
        barred = (
            hits(query, RelatedRequest(limit=limit), rules=SiteRules((rule,)))
            if out
            else hits(query, RelatedRequest(limit=limit))
        )
        excluded = hits(query, RelatedRequest(limit=limit, filters=Filters(exclude=sorted(out - {query}))))
    assert [(hit.row, hit.score) for hit in barred] == [(hit.row, hit.score) for hit in excluded]


def test_ignored_tags_count_nothing() -> None:
    corpus = corpus_of(
        [
            Article(id="q", title="Ferry", body="A ferry is late.", tags=("homepage", "Harbour")),
            Article(id="a", title="Flowers", body="Roses are early.", tags=("homepage",)),
            Article(id="b", title="Football", body="Goals are rare.", tags=("harbour",)),
            Article(id="c", title="Fish", body="Trout are few.", tags=()),
        ]
    )
    column = list(SIGNALS).index("tags")

    def parts(rules: SiteRules) -> dict[str, float]:
        found = hits("q", corpus=corpus, rules=rules)
        return {corpus.cards[hit.row].id: float(hit.parts[column]) for hit in found}

    plain, ignoring = parts(SiteRules()), parts(SiteRules(ignore_tags=frozenset({"homepage"})))
    assert plain["a"] == pytest.approx(plain["b"])  # one shared tag each, equally rare
    assert ignoring["b"] > ignoring["a"] == min(ignoring.values())
    assert "a" in ignoring  # ignored for likeness, not excluded


LATEST = ["hay", "snow", "rook", "chess", "quay", "port", "pier"]


@pytest.mark.parametrize(
    ("asked", "ranked", "fillers"),
    [
        (RelatedRequest(limit=3, min_score=1.0), 0, []),
        (RelatedRequest(limit=3, min_score=1.0, fallback=Fallback.LATEST), 0, LATEST[:3]),
        (RelatedRequest(limit=9, min_score=1.0, fallback=Fallback.LATEST), 0, LATEST),
        (RelatedRequest(limit=9, min_score=1.0, fallback=Fallback.SECTION), 0, ["quay", "port", "pier"]),
        (RelatedRequest(limit=3, fallback=Fallback.LATEST), 3, []),
        (
            RelatedRequest(limit=2, min_score=1.0, fallback=Fallback.LATEST, filters=Filters(section=["sea"])),
            0,
            ["quay", "port"],
        ),
        (
            RelatedRequest(limit=2, min_score=1.0, fallback=Fallback.LATEST, filters=Filters(exclude=["hay"])),
            0,
            ["snow", "rook"],
        ),
        (RelatedRequest(limit=9, min_score=1.0, fallback=Fallback.LATEST, mode=Mode.BACKGROUND), 0, []),
    ],
)
def test_fillers_come_only_when_asked_for_and_are_labelled(
    asked: RelatedRequest, ranked: int, fillers: list[str]
) -> None:
    found = hits("ship", asked)
    assert [CORPUS.cards[hit.row].id for hit in found if hit.source is Source.FALLBACK] == fillers
    assert [hit.source for hit in found] == [Source.RANKED] * ranked + [Source.FALLBACK] * len(fillers)


def test_fillers_stand_behind_and_repeat_nothing() -> None:
    best = hits("ship", RelatedRequest(filters=Filters(exclude=["hay"])))
    request = RelatedRequest(limit=6, min_score=best[2].score, fallback=Fallback.LATEST)
    found = hits("ship", request, pins=(Pin("hay", 1),))
    listed = [CORPUS.cards[hit.row].id for hit in found]
    assert [hit.source.value for hit in found] == ["pinned", *["ranked"] * 3, *["fallback"] * 2]
    assert listed[:4] == ["hay", *(CORPUS.cards[hit.row].id for hit in best[:3])]
    assert listed[4:] == [name for name in LATEST if name not in listed[:4]][:2]


def test_fillers_obey_the_rules_of_the_site() -> None:
    rule = NeverBeside(None, matcher(sections="land"), False, "")
    request = RelatedRequest(limit=3, min_score=1.0, fallback=Fallback.LATEST)
    assert names("ship", request, rules=SiteRules((rule,))) == ["quay", "port", "pier"]


def test_an_article_without_a_word_still_gets_pins_and_fillers() -> None:
    corpus = corpus_of(
        [Article(id="empty", title="https://news.example/x"), *(Article(id=n, title=t) for n, t in SUBJECTS.items())]
    )
    dated = replace(corpus.directory, days=np.arange(len(corpus), dtype=np.float64))
    corpus = replace(corpus, directory=dated)
    assert names("empty", corpus=corpus) == []
    assert names("empty", RelatedRequest(limit=1, fallback=Fallback.LATEST), corpus) == [corpus.cards[-1].id]
    assert names("empty", corpus=corpus, pins=(Pin("hay", 1),)) == ["hay"]


def test_old_background_is_not_held_back_by_its_age() -> None:
    """Of two articles alike in all but their dates, the nearer comes first; as background both count the same."""
    text = "The harbour board explained how dues are set for every ship that calls."
    same = {"title": "Harbour dues explained", "section": "sea"}
    corpus = corpus_of(
        [
            Article(id="q", title="Ship pays harbour dues", body="A ship paid dues to the board.", published_at=NOON),
            Article(id="near", body=text, published_at=NOON - DAY, **same),  # type: ignore[arg-type]
            Article(id="far", body=text, published_at=NOON - 2_000 * DAY, **same),  # type: ignore[arg-type]
            *(Article(id=n, title=t, published_at=NOON - 9 * DAY) for n, t in SUBJECTS.items()),
        ]
    )
    corpus = replace(corpus, directory=replace(corpus.directory, story_ids=np.arange(len(corpus))))
    scores = {corpus.cards[hit.row].id: hit.score for hit in hits("q", corpus=corpus)}
    assert scores["near"] > scores["far"]
    scores = {corpus.cards[hit.row].id: hit.score for hit in hits("q", RelatedRequest(mode=Mode.BACKGROUND), corpus)}
    assert scores["near"] == pytest.approx(scores["far"], abs=1e-6)


def test_when_all_that_is_pinned_is_gone_the_list_is_filled_again() -> None:
    plain = names("ship")
    assert names("ship", pins=(Pin("hay", 1),), mode=Fill.REPLACE) == ["hay"]
    assert names("ship", pins=(Pin("gone", 1),), mode=Fill.REPLACE) == plain
    assert names("ship", pins=(Pin("gone", 1), Pin("hay", 2)), mode=Fill.REPLACE) == ["hay"]
    assert (
        names("ship", RelatedRequest(filters=Filters(exclude=["hay"])), pins=(Pin("hay", 1),), mode=Fill.REPLACE) == []
    )
    assert names("ship", mode=Fill.REPLACE) == []  # nothing was pinned: that is what was decided


@settings(max_examples=300)
@given(data=st.data())
def test_what_fits_a_rule_is_looked_up_rightly_before_and_after_changes(data: st.DataObject) -> None:
    """Against asking card by card; twice, because the answer is remembered."""
    sets = st.frozensets(st.sampled_from(["sea", "land", "harbour", "giveaway", "Sea"]), max_size=2)
    test = Matcher(
        ids=data.draw(st.frozensets(st.sampled_from([*ALL, "new", "nobody"]), max_size=3)),
        tags=data.draw(sets),
        sections=data.draw(sets),
        titles=data.draw(st.sampled_from([(), (), ("*day*",), ("Harbour*", "c?ess*")])),
    )
    fresh = [
        Card.from_article(Article(id=name, title="Harbour day", body="B.", section="sea")) for name in ("hay", "new")
    ]
    before = newspaper().directory
    for directory in (before, before.with_changes(fresh, {"snow"}, {})):
        expected = [row for row, card in enumerate(directory.cards) if test.fits(card) and directory.present[row]]
        for _ in range(2):
            found = directory.fitting(test)
            assert found[directory.present[found]].tolist() == expected


def test_rules_follow_an_article_to_its_new_id() -> None:
    """As pins and blocks do: a stub that becomes an article is still the one that was meant."""
    rules = SiteRules(
        (
            NeverBeside(matcher(ids="stub"), matcher(ids="quay"), False, ""),
            NeverBeside(None, matcher(ids="other"), False, ""),
        )
    )
    known = rules.with_current_ids({"stub": "ship", "other": "pier"})
    listed = names("ship", rules=known)
    assert {"quay", "pier"} <= set(names("ship", rules=rules))
    assert {"quay", "pier"}.isdisjoint(listed)
    assert rules.with_current_ids({}) == rules
