"""Which articles tell one story again: grown, mended, copied; and not series, templates, follow-ups, little texts."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.articles import Article
from recommender.corpus.fingerprints import Rarity, hashed
from recommender.corpus.live_corpus import LiveCorpus
from recommender.ranking.curated import CuratedLists
from recommender.ranking.ranker import default_ranker
from recommender.ranking.request import VERSION_DAYS, RelatedRequest
from recommender.ranking.versions import Reason, Tellings, Told, retold, word_overlap
from tests.query_path import covered, related
from tests.recommender.makers import ENCODER, TALE, BruteForce, corpus_of

NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)

QUAKE = (
    "At least 12 people died when an earthquake of magnitude 6.1 struck the Varda hills before dawn, the ministry said."
    " It brought down the bell tower of Santa Orsa and half of the old market street in Pellizo. Rescue teams with dogs"
    " are searching the ruins of a bakery. The road over the Serra pass is blocked by a landslide."
)
LATER = QUAKE.replace("12 people", "37 people") + " The army has flown in tents, blankets and a field kitchen for 400."
LIVE = (
    LATER
    + " 15.40 An aftershock sends people into the streets again. 16.10 The prime minister cuts short a visit abroad"
    " and declares three days of mourning. 17.05 A girl of six is pulled alive from under an oven; her cat follows."
)
FOLLOWING = (
    "Two blocks of flats that fell down in Pellizo were approved although a surveyor had warned of the soil, documents"
    " show. Her report was filed and forgotten. The prosecutor has seized the plans and spoken to the builder's widow."
    " It brought down the bell tower of Santa Orsa and half of the old market street in Pellizo."
)
COLUMN = (
    "Every week our gardener Maud Ellery answers what readers ask of beds, borders and balconies. Write to her at"
    " the usual address, with a photograph if you can. {} Letters may be shortened, and pictures are not sent back."
)
NEW = (
    "The 1.73 pre-release is ready for testing. The release is scheduled for 5 May. You can try it by updating to"
    " the beta channel and running your tests as usual. If you find a regression, please open an issue before the"
    " weekend."
)
CAKE = (
    "Heat the oven to 170 degrees and butter a tin. Beat the butter with the sugar until pale and add the eggs one"
    " by one. Fold in the flour and {}. Bake for 45 minutes on the middle shelf until a skewer comes out clean."
    " Leave it in the tin for ten minutes and turn it out on a rack."
)
MATCH = (
    "Ashdown beat Quillan on Saturday in the second division of the county league. Attendance was low because of"
    " the rain, and the referee had little to do. Reports and tables of all divisions appear here every Saturday at"
    " six; clubs are asked to send their results by text message as soon as a match is over."
)
NOTICE = (
    "Water will be turned off in Alder Street on Tuesday 4 May because a main is being renewed. Please draw enough"
    " beforehand, close all taps and switch off washing machines. The water may look cloudy afterwards; let it run"
    " for two minutes. In emergencies ring the waterworks, day and night. We ask for your understanding."
)
OTHER_NOTICE = NOTICE.replace("Alder Street on Tuesday 4 May", "Quarry Rise and London Road on Thursday 13 June")
TIDES = (
    "Tide times for Skerry Haven and the river as far as the weir. High water {}. Heights are given in metres above"
    " chart datum, times are local. The crossing to the island is safe from two hours after high water; do not walk"
    " alone, and do not walk in fog. In an emergency call the coastguard."
)
BRAND = (
    "In einer Lagerhalle im Gewerbegebiet Neuhafen ist am Dienstagabend ein Feuer ausgebrochen. Eine Rauchsäule war"
    " noch aus dreißig Kilometern zu sehen. Die Feuerwehr rückte mit 120 Kräften an. In der Halle lagerten Möbel,"
    " Matratzen und mehrere Tonnen Papier. Die Ursache ist unklar, die Polizei ermittelt."
)
BARQUE = (
    "Une barque gauloise longue de onze mètres a été dégagée de la vase de la Loirette grâce aux basses eaux de l'été."
    " Taillée dans un seul chêne, elle aurait servi au transport du sel. C'est un pêcheur d'anguilles qui a signalé une"
    " planche trop régulière pour être un tronc. La coque doit rester mouillée jusqu'au laboratoire."
)
ISHI = (
    "地震で少なくとも十二人が死亡し、古い市場通りの半分が崩れた。救助隊は犬とともに"
    "パン屋の跡を捜索している。峠の道は土砂崩れでふさがれたままだ。"
)


def pair_of(a: tuple[str, str], b: tuple[str, str], hours: float | None) -> Reason | None:
    """Why the two texts, so many hours apart or undated, are one story; in an archive with little else in it."""
    when = (None, None) if hours is None else (NOON, NOON + timedelta(hours=hours))
    made = [
        Article(id=name, title=t, body=x, published_at=d) for name, (t, x), d in zip("ab", (a, b), when, strict=True)
    ]
    others = [Article(id=f"x{n}", title=f"Chess {n}", body=f"{TALE} Rook takes pawn {n}.") for n in range(3)]
    corpus = corpus_of([*made, *others])
    told = [Told.from_row(corpus, row) for row in (0, 1)]
    found = retold(*told, corpus.fingerprints.rarity, VERSION_DAYS)
    assert retold(*reversed(told), corpus.fingerprints.rarity, VERSION_DAYS) is found  # type: ignore[call-arg]
    for mine, other in ((0, 1), (1, 0)):  # and no candidate is lost on the way
        tellings = Tellings(corpus, np.array([other]), VERSION_DAYS)
        query = corpus.query(mine)
        assert tellings.retelling(Told.from_query(query), query.terms).tolist() == [found is not None]
    return found


@pytest.mark.parametrize(
    ("a", "b", "hours"),
    [
        (("Quake kills 12", QUAKE), ("Quake kills 37", LATER), 3),
        (("Quake kills 12", QUAKE), ("Quake live: girl pulled alive from ruins", LIVE), 6),
        (("Quake kills 37", LATER), ("Quake live: girl pulled alive from ruins", LIVE), 100),
        (("Brand in Neuhafen", BRAND), ("Großbrand in Neuhafen", BRAND + " Zwei Feuerwehrleute wurden verletzt."), 9),
        (
            ("Une barque gauloise", BARQUE),
            ("La Loirette rend une barque", BARQUE + " La commune espère l'exposer."),
            20,
        ),
        (("市場で地震", ISHI), ("地震の死者三十七人に", ISHI.replace("十二人", "三十七人") + "軍が毛布を届けた。"), 4),
        (("Quake kills 12", QUAKE), ("Quake kills 12", QUAKE), None),
        (("Quake kills 12", QUAKE), ("Quake kills 12", f"From our archive. {QUAKE}"), 24 * 700),
        (("Quake kills 12", QUAKE), ("Quake kills 12", QUAKE.replace("bakery", "backery")), None),
        (
            ("Quake kills 12", QUAKE),
            ("Before dawn", f"{QUAKE} Editor's note: the name of the pass was corrected."),
            9999,
        ),
        (("", QUAKE), ("Quake kills 12", QUAKE), None),
    ],
)
def test_one_story(a: tuple[str, str], b: tuple[str, str], hours: float | None) -> None:
    assert pair_of(a, b, hours) in (Reason.VERSION, Reason.COPY)


@pytest.mark.parametrize(
    ("a", "b", "hours"),
    [
        (("Quake kills 12", QUAKE), ("Quake kills 37", LATER), 50),
        (("Quake kills 12", QUAKE), ("Quake kills 37", LATER), None),
        (("Quake kills 12", QUAKE), ("Quake live: girl pulled alive", LIVE), 24 * 5 + 1),
        (("Quake kills 12", QUAKE), ("Engineers ask why Pellizo's flats fell", FOLLOWING), 26),
        (("Quake kills 12", QUAKE), ("Quake kills 12, part 2", QUAKE), 1),
        (
            ("Ask Maud", COLUMN.format("Why do tomatoes split?")),
            ("Ask Maud", COLUMN.format("Who eats my hostas?")),
            168,
        ),
        (("1.73 pre-release testing", NEW), ("1.74 pre-release testing", NEW.replace("1.73", "1.74")), 9),
        (("State of Tinder Survey 2019", QUAKE), ("State of Tinder Survey 2020", QUAKE), None),
        (("Lemon cake", CAKE.format("the zest of two lemons")), ("Walnut cake", CAKE.format("a cup of walnuts")), 0),
        (("Recipe: plum cake", CAKE.format("plums")), ("Recipe: cherry cake", CAKE.format("cherries")), None),
        (("Ashdown 2-1 Quillan", MATCH), ("Wick 3-0 Quillan", MATCH.replace("Ashdown", "Wick")), 0),
        (("Water turned off", NOTICE), ("Water turned off", OTHER_NOTICE), 24 * 40),
        (("Tides: Monday", TIDES.format("05.12")), ("Tides: Tuesday", TIDES.format("06.03")), 24),
        (("Tide times 4 May", TIDES.format("05.12")), ("Tide times 5 May", TIDES.format("06.03")), 24),
        (("Watch the video.", "Watch the video."), ("Watch the video.", "Watch the video."), 0),
        (("Sold out", "The concert is sold out."), ("Sold out", "The concert is sold out."), None),
        (("Das Wetter am Montag", BRAND), ("Das Wetter am Dienstag", BRAND), 24),
        (("Quake kills 12", QUAKE), ("Ships", TALE), 0),
        (("Quake kills 12", QUAKE), ("Quake kills 12", ""), 0),
    ],
)
def test_not_one_story(a: tuple[str, str], b: tuple[str, str], hours: float | None) -> None:
    assert pair_of(a, b, hours) is None


def test_a_text_that_quotes_another_and_tells_much_more_is_another_story() -> None:
    more = " ".join(f"word{n}" for n in range(150))
    assert pair_of(("Quake", QUAKE), ("Quake", f"{QUAKE} {more[: len(more) // 2]}"), 1) is Reason.VERSION
    assert pair_of(("Quake", QUAKE), ("Quake", f"{QUAKE} {more}"), 1) is None


def test_the_window_is_a_setting() -> None:
    made = [
        Article(id="q", title="Quakes", body="What to do when the ground shakes in the hills of Varda."),
        Article(id="a", title="Quake in Varda", body=QUAKE, published_at=NOON),
        Article(id="b", title="Quake in Varda", body=LIVE, published_at=NOON + timedelta(days=2)),
    ]
    corpus = corpus_of(made)
    none, ranker = CuratedLists.none(3), default_ranker()

    def listed(days: float) -> list[str]:
        request = RelatedRequest(version_days=days)
        hits = related(corpus.query(2), corpus, BruteForce(corpus), ranker, none, request)
        return sorted(corpus.cards[hit.row].id for hit in hits)

    assert [listed(days) for days in (0, 1.99, 2, VERSION_DAYS)] == [["a", "b"], ["a", "b"], ["b"], ["b"]]


def test_a_draft_is_bound_to_no_time_unless_it_has_a_date() -> None:
    corpus = corpus_of([Article(id="a", title="Quake kills 12", body=QUAKE, published_at=NOON)])
    draft = Article(id="", title="Quake kills 37", body=LATER)
    for day, found in ((None, [0]), (NOON + timedelta(hours=9), [0]), (NOON + timedelta(days=9), [])):
        query = corpus.draft(replace(draft, published_at=day), ENCODER)
        assert covered(query, corpus, BruteForce(corpus)) == found
    assert covered(corpus.draft(replace(draft, body=FOLLOWING), ENCODER), corpus, BruteForce(corpus)) == []
    late = corpus.draft(replace(draft, published_at=NOON + timedelta(days=9)), ENCODER)
    late = replace(late, card=replace(late.card, title="Quake in Varda"))
    assert covered(late, corpus, BruteForce(corpus), version_days=10) == [0]


def test_what_came_later_is_a_version_of_what_was_built() -> None:
    base = corpus_of(
        [
            Article(id="a", title="Quake kills 12", body=QUAKE, published_at=NOON),
            Article(id="b", title="Ships", body=TALE, published_at=NOON),
        ]
    )
    new = Article(id="c", title="Quake kills 37", body=LATER, published_at=NOON + timedelta(hours=2))
    other = Article(id="d", title="Quake kills 37, part 2", body=LATER, published_at=NOON + timedelta(hours=2))
    live = LiveCorpus.from_base(base, base.transform([new, other], ENCODER.encode), (), {})
    for mine, others, same in ((2, [0, 1, 3], [True, False, False]), (0, [3, 2, 1], [False, True, False])):
        query, rows = live.query(mine), np.array(others)
        assert Tellings(live, rows, VERSION_DAYS).retelling(Told.from_query(query), query.terms).tolist() == same
        tellings = Tellings(live, np.array([mine, *others]), VERSION_DAYS)
        assert tellings.retelling_of_place(0).tolist() == [False, *same], "nothing is a version of itself"
    assert live.fingerprint_sizes(np.array([3, 0])).tolist() == [len(live.fingerprint(3)), len(live.fingerprint(0))]


LETTERS = st.sets(st.sampled_from([f"w{n}" for n in range(40)]), min_size=1, max_size=25)


@given(ours=LETTERS, theirs=LETTERS, archive=st.lists(LETTERS, min_size=1, max_size=6))
def test_likeness_is_that_of_sets(ours: set[str], theirs: set[str], archive: list[set[str]]) -> None:
    rarity = Rarity.from_words(np.concatenate([hashed(words) for words in archive]), len(archive))

    def weight(words: set[str]) -> float:
        holders = [max(1, sum(word in each for each in archive)) for word in words]
        return math.fsum(1 + math.log((101 + len(archive)) / (1 + count)) for count in holders)

    shared, alone = weight(ours & theirs), sorted((weight(ours - theirs), weight(theirs - ours)))
    lost = alone[0] * (1 + 2 * alone[0] / alone[1]) if alone[1] else 0
    kept, resemblance = word_overlap(hashed(ours), hashed(theirs), rarity)
    assert kept == pytest.approx(shared / (shared + lost), abs=1e-6)
    assert resemblance == pytest.approx(shared / weight(ours | theirs), abs=1e-6)
    assert word_overlap(hashed(theirs), hashed(ours), rarity) == pytest.approx((kept, resemblance), abs=1e-6)


def test_a_text_that_grows_keeps_all_and_one_that_swaps_words_does_not() -> None:
    """By hand, of words that are all as rare: 8 of 10 kept, while the other text has 0, 2, 8 words more."""
    rarity = Rarity.from_words(hashed(["known"]), 1)
    ten = [f"w{n}" for n in range(10)]
    grown, swapped = [*ten, *"abcdefgh"], [*ten[:8], *"ab"]
    assert word_overlap(hashed(ten), hashed(grown), rarity)[0] == 1
    assert word_overlap(hashed(ten), hashed(swapped), rarity)[0] == pytest.approx(8 / (8 + 2 * 3))
    assert word_overlap(hashed(ten), hashed([*ten[:8], *"abcdefgh"]), rarity)[0] == pytest.approx(8 / (8 + 2 * 1.5))
