"""Who may stand in a list, which versions of a story stand for it, and how likeness counts against."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.articles import Article
from recommender.articles.card import Card
from recommender.articles.categorical import Categorical
from recommender.corpus.corpus import Corpus
from recommender.editors.overrides import Block, Editorial, Overrides
from recommender.ranking.curated import CuratedLists
from recommender.ranking.placing import diversified
from recommender.ranking.ranker import default_ranker
from recommender.ranking.request import Fallback, Filters, Mode, RelatedRequest
from recommender.ranking.signals import signals
from tests.query_path import allowed, covered, pool_of, related
from tests.recommender.makers import ENCODER, TALE, BruteForce, corpus_of

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

CORPUS = corpus_of(
    [
        Article(id="q", url="https://news.example/q", title="Ships", body=TALE, section="sea", language="en"),
        Article(id="text", title="SHIPS", body=TALE.upper(), section="sea", language="en"),
        Article(id="url", url="http://News.example/q/?utm_source=x", title="Updated", body="Later."),
        Article(id="abroad", title="Navires", body="En retard.", language="fr", extra={"translation_of": "q"}),
        Article(id="wire", title="Ships!", body="Very late.", extra={"canonical_url": "https://news.example/q"}),
        Article(id="a", url="https://news.example/a", title="A", body="A.", published_at=NOON, section="sea"),
        Article(id="a2", url="http://news.example/a/", title="Again", body="A again.", published_at=NOON - HOUR),
        Article(id="b", title="B", body="B.", published_at=NOON + HOUR, section="land", language="en"),
        Article(id="c", title="C", teasers=("C.",), section="Sea", language="en-gb"),
        Article(id="d", title="D", body="D.", published_at=NOON - HOUR, section="land", language="de"),
        Article(id="d-en", title="D in English", body="The D.", language="en", extra={"translation_of": "d"}),
    ],
    aliases={"former": "b", "me": "q"},
)
OWN = {"q", "text", "url", "abroad", "wire"}
"""One story: a copy, a version, a translation, and what a wire service made of it."""
MINE = {"a", "a2", "b", "c", "d-en"}
"""Everything else in English, or in nobody knows which language."""
OTHERS = MINE | {"d"}
ANY = ("*",)


def allowed_ids(query: str | Article, filters: Filters = Filters(language=ANY), **more: Any) -> set[str]:
    known = isinstance(query, str)
    asked = CORPUS.query(CORPUS.row(query)) if known else CORPUS.draft(query, ENCODER)  # type: ignore[arg-type]
    mask = allowed(asked, CORPUS, filters, **more)
    return {card.id for card, may in zip(CORPUS.cards, mask, strict=True) if may}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("q", OTHERS),
        ("me", OTHERS),
        ("text", OTHERS),
        ("url", OTHERS),
        ("abroad", OTHERS),
        ("wire", OTHERS),
        ("a", OWN | {"b", "c", "d", "d-en"}),
        ("b", OWN | {"a", "a2", "c", "d", "d-en"}),
        ("d", OWN | {"a", "a2", "b", "c"}),
        (Article(id="new", title="Ships", body=f"{TALE}!"), OTHERS),
        (Article(id="new", title="A", body="A."), OTHERS | OWN),
        (Article(id="new", url="https://news.example/q#top", title="Rewritten", body="Now."), OTHERS),
        (Article(id="q", title="Rewritten", body="Now."), OTHERS),
        (Article(id="me", title="Rewritten", body="Now."), OTHERS),
        (Article(id="new", title="Schiffe", body="Spät.", extra={"translation_of": "me"}), OTHERS),
        (Article(id="new", title="Schiffe", body="Spät.", extra={"translation_of": "https://news.example/q"}), OTHERS),
        (Article(id="new", title="Reprint", body="Now.", extra={"canonical_url": "https://news.example/q/"}), OTHERS),
        (Article(id="new", title="Rewritten", body="Now."), OTHERS | OWN),
    ],
)
def test_never_the_article_itself_nor_a_version_or_translation(query: str | Article, ids: set[str]) -> None:
    assert allowed_ids(query) == ids


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("q", MINE),
        ("c", {"q", "text", "url", "wire", "a", "a2", "b", "d-en"}),
        ("d", {"url", "wire", "a", "a2"}),
        ("abroad", {"a", "a2"}),
        ("a", OWN | {"b", "c", "d", "d-en"}),
        (Article(id="new", title="Zug", body="Spät.", language="de-at"), {"url", "wire", "a", "a2", "d"}),
    ],
)
def test_a_list_is_in_the_articles_language_unless_asked_otherwise(query: str | Article, ids: set[str]) -> None:
    """English is English anywhere; an article that does not say passes."""
    assert allowed_ids(query, Filters()) == ids


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (Filters(exclude=["b"]), MINE - {"b"}),
        (Filters(exclude=["former"]), MINE - {"b"}),
        (Filters(exclude=["https://NEWS.example/a/?fbclid=1"]), {"b", "c", "d-en"}),
        (Filters(exclude=["a"]), {"b", "c", "d-en"}),
        (Filters(exclude=["d"]), MINE - {"d-en"}),
        (Filters(exclude=["unknown", "", "B"]), MINE),
        (Filters(exclude=list("abcd")), set()),
        (Filters(section=["sea"]), {"a", "c"}),  # whatever the case
        (Filters(section=["SEA"]), {"a", "c"}),
        (Filters(section={"sea", "Sea"}), {"a", "c"}),
        (Filters(section=["sea", "land", "air"]), {"a", "b", "c"}),
        (Filters(section=["air"]), set()),
        (Filters(section=[""]), {"a2", "d-en"}),
        (Filters(language=["en"]), {"b", "c", "d-en"}),
        (Filters(language=["en-gb"]), {"c"}),
        (Filters(language=["e"]), set()),
        (Filters(language=["en", "de"]), {"b", "c", "d", "d-en"}),
        (Filters(language=["de"]), {"d"}),
        (Filters(language=["de", "*"]), OTHERS),
        (Filters(language=[""]), {"a", "a2"}),
        (Filters(published_after=NOON), {"a", "b", "c", "d-en"}),
        (Filters(published_after=NOON + timedelta(microseconds=1)), {"b", "c", "d-en"}),
        (Filters(published_before=NOON), {"a", "a2", "c", "d-en"}),
        (Filters(published_before=NOON - timedelta(microseconds=1)), {"a2", "c", "d-en"}),
        (Filters(published_after=NOON, published_before=NOON), {"a", "c", "d-en"}),
        (Filters(published_after=NOON + HOUR, published_before=NOON - HOUR), {"c", "d-en"}),
        (Filters(published_after=datetime(1970, 1, 1, tzinfo=UTC)), MINE),
        (Filters(section=["land"], language=["de"], published_before=NOON), {"d"}),
        (Filters(section=["land"], exclude=["d"]), {"b"}),
    ],
)
def test_filters(filters: Filters, ids: set[str]) -> None:
    assert allowed_ids("q", filters) == ids


@pytest.mark.parametrize(
    ("query", "mode", "ids"),
    [
        ("a", Mode.BACKGROUND, {"d"}),
        ("a", Mode.NEXT, {"b"}),
        ("d", Mode.NEXT, {"a", "b"}),
        ("a2", Mode.NEXT, {"b"}),
        ("b", Mode.BACKGROUND, {"a", "a2", "d"}),
        ("b", Mode.NEXT, set()),
        ("q", Mode.BACKGROUND, set()),
        ("q", Mode.NEXT, set()),
        ("q", Mode.SIMILAR, OTHERS),
    ],
)
def test_modes_take_only_what_is_known_to_be_older_or_newer(query: str, mode: Mode, ids: set[str]) -> None:
    assert allowed_ids(query, mode=mode) == ids


def test_blocks_take_all_versions_with_them() -> None:
    blocks = [Block("https://news.example/a"), Block("former"), Block("unknown")]
    assert allowed_ids("q", blocks=blocks) == {"c", "d", "d-en"}


def test_labels_grow_without_renumbering() -> None:
    labels = Categorical.from_labels(["sea", "", "land", "sea"])
    assert (labels.numbers.tolist(), dict(labels.codes)) == ([1, -1, 0, 1], {"land": 0, "sea": 1})
    grown = labels.extended(["air", "land", "", "air"])
    assert grown.numbers.tolist() == [1, -1, 0, 1, 2, 0, -1, 2]
    assert (grown.number("air"), grown.number("moon"), grown.number("")) == (2, -1, -1)
    assert grown.where(lambda name: name in ("", "air")).tolist() == [
        False,
        True,
        False,
        False,
        True,
        False,
        True,
        True,
    ]
    assert labels.numbers.tolist() == [1, -1, 0, 1]


def contained(a: Corpus, one: int, other: int) -> float:
    """The share of the smaller's words that both have, from the fingerprints themselves."""
    rows = [set(a.fingerprint(row).tolist()) for row in (one, other)]
    return len(rows[0] & rows[1]) / min(map(len, rows))


LONG = "The harbour trust wants to dig the channel two metres deeper before the first timber ships of the spring arrive"
FIRST = f"{LONG}. Tenants heard of the plan on Wednesday evening in the crowded hall above the old fish market."
LATER = f"{FIRST} On Thursday the county said it had not been asked. Cocklers fear for the sands, the pilots do not."
OTHER = "Cocklers met in the chapel to sign a letter to the minister, who promised an answer before the autumn tides."


def test_versions_of_one_story_take_one_slot_and_the_newest_is_shown() -> None:
    corpus = corpus_of(
        [
            Article(id="q", title="Cocklers and the harbour", body="What the harbour plan means for the cocklers."),
            Article(id="v1", title="Harbour plan", body=FIRST, published_at=NOON),
            Article(id="v2", title="Harbour plan grows", body=LATER, published_at=NOON + HOUR),
            Article(id="v0", title="Harbour plan", body=FIRST + " More soon.", published_at=NOON - HOUR),
            Article(id="o", title="Cocklers write", body=OTHER, published_at=NOON),
            *(Article(id=f"x{n}", title=f"Chess {n}", body="Rook takes pawn in the harbour cup.") for n in range(3)),
        ]
    )
    row = corpus.row
    assert min(contained(corpus, row("v1"), row(name)) for name in ("v0", "v2")) > 0.9
    assert contained(corpus, row("v1"), row("o")) < 0.3
    hits = related(
        corpus.query(row("q")),
        corpus,
        BruteForce(corpus),
        default_ranker(),
        CuratedLists.none(len(corpus)),
        RelatedRequest(limit=8),
    )
    names = {corpus.cards[hit.row].id: {corpus.cards[other].id for other in hit.also} for hit in hits}
    assert names["v2"] == {"v0", "v1"}
    assert {"v0", "v1"}.isdisjoint(names)
    assert names["o"] == set()
    assert sum(name.startswith("x") for name in names) == 3  # three short texts are told apart by nothing but a digit
    versions = related(
        corpus.query(row("v1")),
        corpus,
        BruteForce(corpus),
        default_ranker(),
        CuratedLists.none(len(corpus)),
        RelatedRequest(limit=8),
    )
    assert {corpus.cards[hit.row].id for hit in versions}.isdisjoint({"v0", "v1", "v2"})
    draft = corpus.draft(Article(id="", title="Harbour plan, again", body=LATER), ENCODER)
    assert [corpus.cards[r].id for r in covered(draft, corpus, BruteForce(corpus))] == ["v0", "v1", "v2"]
    fresh = corpus.draft(Article(id="", title="Snow", body=OTHER.replace("chapel", "school")[:60]), ENCODER)
    assert covered(fresh, corpus, BruteForce(corpus)) == []


@pytest.mark.parametrize(
    ("language", "shown"), [("en", "original"), ("fr", "french"), ("de", "original"), ("", "original")]
)
def test_the_original_stands_for_its_versions_but_a_reader_gets_their_language(language: str, shown: str) -> None:
    same = {"canonical_url": "https://agency.example/1"}
    corpus = corpus_of(
        [
            Article(id="q", title="Ships and harbours", body="Of ships.", language=language),
            Article(id="original", title="A ship", body="A late ship.", url="https://agency.example/1", language="en"),
            Article(id="reprint", title="Ship", body="Ship late.", published_at=NOON, language="en", extra=same),
            Article(id="french", title="Un ship", body="Un ship.", language="fr", extra={"translation_of": "original"}),
        ]
    )
    hits = related(
        corpus.query(corpus.row("q")),
        corpus,
        BruteForce(corpus),
        default_ranker(),
        CuratedLists.none(4),
        RelatedRequest(filters=Filters(language=ANY)),
    )
    assert [corpus.cards[hit.row].id for hit in hits] == [shown]
    assert {corpus.cards[row].id for row in hits[0].also} == {"original", "reprint", "french"} - {shown}


@given(
    scores=st.lists(st.integers(1, 6).map(lambda n: n / 10), min_size=0, max_size=7),
    limit=st.integers(1, 8),
    diversity=st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]),
    seed=st.integers(0, 50),
)
def test_diversity_is_maximal_marginal_relevance(scores: list[float], limit: int, diversity: float, seed: int) -> None:
    """Against the definition, written out: each next one is the best of all that are left."""
    scores = sorted(scores, reverse=True)
    vectors = np.random.default_rng(seed).integers(-2, 3, (len(scores), 4)).astype(np.float32)

    def cosine(a: int, b: int) -> float:
        length = float(np.linalg.norm(vectors[a]) * np.linalg.norm(vectors[b]))
        return float(vectors[a] @ vectors[b]) / length if length else 0.0

    expected: list[int] = []
    while len(expected) < min(limit, len(scores)):
        worth = {
            i: (1 - diversity) * scores[i] / scores[0] - diversity * max((cosine(i, j) for j in expected), default=0.0)
            for i in range(len(scores))
            if i not in expected
        }
        best = max(worth.values())
        expected.append(min(i for i, value in worth.items() if value > best - 1e-6))
    found = diversified(scores, vectors, limit, diversity)
    if not diversity:
        expected = list(range(min(limit, len(scores))))
    ties = found != expected  # floats may order equals otherwise: then each choice must be as good
    assert sorted(set(found)) == sorted(found)
    assert len(found) == len(expected)
    for n, place in enumerate(found if ties else ()):
        worth = {
            i: (1 - diversity) * scores[i] / scores[0] - diversity * max((cosine(i, j) for j in found[:n]), default=0.0)
            for i in range(len(scores))
            if i not in found[:n]
        }
        assert worth[place] > max(worth.values()) - 1e-5


def test_diversity_spreads_a_list_by_hand() -> None:
    """Scores 1, .9, .5; the first two are alike, the third is not: halfway, the third comes second."""
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    assert diversified([1.0, 0.9, 0.5], vectors, 3, 0.0) == [0, 1, 2]
    assert diversified([1.0, 0.9, 0.5], vectors, 3, 0.2) == [0, 1, 2]  # .8 * .9 - .2 = .52 > .4
    assert diversified([1.0, 0.9, 0.5], vectors, 3, 0.5) == [0, 2, 1]  # .45 - .5 < .25
    assert diversified([1.0, 0.9, 0.5], vectors, 2, 1.0) == [0, 2]


GROWING = [
    FIRST,
    LATER,
    f"{LATER} {OTHER} {LONG.upper()}",
    f"{LATER} {OTHER} " + " ".join(f"word{n}" for n in range(60)),
]
"""A live blog: each version holds the one before, the last too much more than the first."""


def live_blog(**more: Any) -> Corpus:
    asked = Article(id="q", title="Cocklers and the harbour", body="What the harbour plan means for the cocklers.")
    told = [
        Article(id=f"v{n}", title="Harbour plan", body=body, published_at=NOON + n * HOUR, **more)
        for n, body in enumerate(GROWING)
    ]
    others = [Article(id=f"x{n}", title=f"Chess {n}", body="Rook takes pawn.", published_at=NOON) for n in range(4)]
    return corpus_of([asked, *told, *others])


def listed(corpus: Corpus, query: str, request: RelatedRequest, **more: Any) -> dict[str, set[str]]:
    """The list of ``query``: each id with those that stand under it."""
    hits = related(
        corpus.query(corpus.row(query)),
        corpus,
        BruteForce(corpus),
        default_ranker(),
        CuratedLists.none(len(corpus)),
        request,
        **more,
    )
    return {corpus.cards[hit.row].id: {corpus.cards[other].id for other in hit.also} for hit in hits}


def test_versions_of_versions_are_the_same_story() -> None:
    corpus = live_blog()
    first, last = corpus.row("v0"), corpus.row("v3")
    counts = [len(corpus.fingerprint(row)) for row in (first, last)]
    assert counts[1] > 3 * counts[0]  # they are no versions of each other, but by those between them
    found = listed(corpus, "q", RelatedRequest(limit=9))
    assert found["v3"] == {"v0", "v1", "v2"}
    assert not {"v0", "v1", "v2"} & found.keys()
    for name in ("v0", "v1", "v2", "v3"):
        assert not {"v0", "v1", "v2", "v3"} & listed(corpus, name, RelatedRequest(limit=9)).keys()


@pytest.mark.parametrize("named", ["v0", "v3"])
def test_what_is_left_out_takes_its_versions_with_it(named: str) -> None:
    """Also those that no address or id, but only their text, makes versions; as fillers, too."""
    corpus = live_blog()
    everything = RelatedRequest(limit=9, fallback=Fallback.LATEST)
    excluded = listed(corpus, "q", replace(everything, filters=Filters(exclude=[named])))
    editorial = Editorial(overrides={"q": Overrides(blocks=(Block(named),))})
    blocked = listed(corpus, "q", everything, editorial=editorial)
    for found in (excluded, blocked):
        assert sorted(found) == ["x0", "x1", "x2", "x3"]


def test_what_fills_up_tells_no_story_that_stands_above() -> None:
    corpus = live_blog()
    found = listed(corpus, "q", RelatedRequest(limit=4))
    (score,) = [
        hit.score
        for hit in related(
            corpus.query(corpus.row("q")),
            corpus,
            BruteForce(corpus),
            default_ranker(),
            CuratedLists.none(len(corpus)),
            RelatedRequest(limit=1),
        )
    ]
    filled = listed(corpus, "q", RelatedRequest(limit=9, min_score=score, fallback=Fallback.LATEST))
    assert next(iter(found)) == next(iter(filled)) == "v3"
    assert sorted(filled) == ["v3", "x0", "x1", "x2", "x3"]


def test_a_reader_without_a_language_gets_the_newest_version() -> None:
    corpus = corpus_of(
        [
            Article(id="q", title="Ships and harbours", body="Of ships."),
            Article(id="old", title="A ship", body="A late ship.", url="https://news.example/1", published_at=NOON),
            Article(
                id="new",
                title="A ship, late",
                body="A ship, very late.",
                published_at=NOON + HOUR,
                language="en",
                extra={"canonical_url": "https://news.example/1#other"},
            ),
        ]
    )
    corpus = replace(corpus, directory=replace(corpus.directory, cards=tuple(map(unaddressed, corpus.cards))))
    assert listed(corpus, "q", RelatedRequest()) == {"new": {"old"}}


def unaddressed(card: Card) -> Card:
    """The same story, but none of them the original."""
    return replace(card, url=None)


def test_the_reasons_are_those_of_the_version_that_is_shown() -> None:
    corpus = live_blog(section="sea")
    query = corpus.query(corpus.row("q"))
    curated, ranker = CuratedLists.none(len(corpus)), default_ranker()
    hit = related(query, corpus, BruteForce(corpus), ranker, curated, RelatedRequest(limit=1))[0]
    pool = pool_of(query, corpus, BruteForce(corpus), curated, allowed(query, corpus))
    parts, scores = ranker.explain(signals(pool))
    place = {row: n for n, row in enumerate(pool.rows.tolist())}
    versions = [place[row] for row in (hit.row, *hit.also)]
    assert hit.score == pytest.approx(max(scores[versions]))
    assert hit.parts.tolist() == parts[place[hit.row]].tolist()
    assert int(np.argmax(scores[versions])) != 0  # the best is another one
