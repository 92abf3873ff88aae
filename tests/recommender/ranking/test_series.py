"""Which titles name different parts of a series: in four languages, by hand, and whatever stands around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.ranking.markers import markers
from recommender.ranking.series import parts_of_series

HOURS, DAYS = 0.2, 9.0


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1.73 pre-release testing", "1.74 pre-release testing"),
        ("1.73.0 pre-release testing", "1.74.0 pre-release testing"),
        ("Announcing Tarn 1.72.0", "Announcing Tarn 1.72.1"),
        ("Larkspur v2 is here", "Larkspur v3 is here"),
        ("Release 12.3", "Release 12.4"),
        ("Tarn 2.0-rc1", "Tarn 2.0-rc2"),
        ("Beta 2 is out", "Beta 3 is out"),
        ("State of Tinder Survey 2019", "State of Tinder Survey 2020"),
        ("The 2019 survey: results", "The 2020 survey: results"),
        ("Season 2019/20 in numbers", "Season 2020/21 in numbers"),
        ("Harbour walks", "Harbour walks, part 2"),
        ("Harbour walks, part one", "Harbour walks, part two"),
        ("Harbour walks, part II: the docks", "Harbour walks, part III: the yards"),
        ("Harbour walks (1)", "Harbour walks (2)"),
        ("Harbour walks [1/3]", "Harbour walks [2/3]"),
        ("Harbour walks II", "Harbour walks III"),
        ("S01E02: The Ferry", "S01E03: The Island"),
        ("Salt and Vinegar, ep. 11", "Salt and Vinegar, ep. 12"),
        ("Puzzle #411", "Puzzle #412"),
        ("Digest No. 88", "Digest No. 89"),
        ("Vol. 3, issue 1", "Vol. 3, issue 2"),
        ("Chapter IV", "Chapter V"),
        ("Merrin trial, day 3: live", "Merrin trial, day 4: live"),
        ("Gameweek 9 preview", "Gameweek 10 preview"),
        ("Results for Q3", "Results for Q4"),
        ("Morning briefing: Tuesday", "Morning briefing: Wednesday"),
        ("Pictures of the week, 3 May", "Pictures of the week, 10 May"),
        ("May 3: storms", "May 10: carnival"),
        ("Tide times 2024-05-03", "Tide times 2024-05-04"),
        ("Tide times 3/12/2024", "Tide times 4/12/2024"),
        ("Tides: 3.12.", "Tides: 4.12."),
        ("The garden in May", "The garden in June"),
        ("Election diary: first day", "Election diary: second day"),
        ("1st round of talks", "2nd round of talks"),
        ("Gartenkolumne, Folge 7", "Gartenkolumne, Folge 8"),
        ("Gartenkolumne, Teil 2: Rosen", "Gartenkolumne, Teil 3: Nelken"),
        ("Nr. 14: Käse", "Nr. 15: Fisch"),
        ("12. Spieltag", "13. Spieltag"),
        ("Das Wetter am 3. März", "Das Wetter am 4. März"),
        ("Das Küstenwetter am Montag", "Das Küstenwetter am Dienstag"),
        ("Zweiter Teil", "Dritter Teil"),
        ("La chronique du marché, n° 14", "La chronique du marché, n° 15"),
        ("Le carnet, épisode 3", "Le carnet, épisode 4"),
        ("Le procès, 2e journée", "Le procès, 3e journée"),
        ("Deuxième partie", "Troisième partie"),
        ("Le marché du 1er août", "Le marché du 8 août"),
        ("Cuaderno de bitácora, capítulo 3", "Cuaderno de bitácora, capítulo 4"),
        ("Segunda parte", "Tercera parte"),
        ("La semana del 3 de mayo", "La semana del 10 de mayo"),
        ("第3回 写真講座", "第4回 写真講座"),
        ("2024年5月3日の天気", "2024年5月4日の天気"),
    ],
)
@pytest.mark.parametrize("apart", [HOURS, DAYS, None])
def test_parts_of_a_series_are_told_whatever_the_time(a: str, b: str, apart: float | None) -> None:
    assert parts_of_series(a, b, apart)
    assert parts_of_series(b, a, apart)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Quake kills 12", "Quake kills 37"),
        ("At least 12 dead in Varda quake", "At least 1,037 dead in Varda quake"),
        ("Toll rises to twelve", "Toll rises to eleven"),
        ("Storm: 40,000 homes without power", "Storm: 112,000 homes without power"),
        ("Ashdown 1-0 Quillan", "Ashdown 2-1 Quillan"),
        ("Quake of 6.1 in Varda", "Quake of 6.3 in Varda"),
        ("Zahl der Toten steigt auf 12", "Zahl der Toten steigt auf 37"),
        ("Heat today: 42 degrees", "Heat today: 39 degrees"),
    ],
)
def test_another_number_is_news_within_a_day_and_a_series_later(a: str, b: str) -> None:
    for apart, expected in ((0.0, False), (HOURS, False), (1.0, False), (1.01, True), (DAYS, True), (None, True)):
        assert parts_of_series(a, b, apart) is expected
        assert parts_of_series(b, a, apart) is expected


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Guide", "Guide (2021)"),
        ("Hurricane guidance", "Hurricane guidance, September 2024"),
        ("Tram vote", "Tram vote on Tuesday"),
        ("App released", "App 2.0 released"),
        ("First ship arrives", "Ship arrives"),
        ("5 factors of a good site", "Five factors of a good site"),
        ("Working in public from day 1", "Working in public from day one"),
        ("U.S. Web Design Standards Releases Version 1.0", "U.S. web design standards releases version 1.0"),
        ("Storm of 3 May", "Storm of 3-4 May"),
        ("Trains may stop", "Trains may stop at noon"),
        ("Covid-19 update", "COVID-19 update"),
        ("Quake kills 12", "Child pulled alive from ruins as toll climbs to 41"),
        ("Hollin brewery to close after 212 years", "Hollin brewery to close with loss of 64 jobs"),
        ("Part of the harbour burns", "Harbour fire: part of the roof falls"),
        ("Minister: no rise before 2026", "Rise of taxes ruled out until 2027, says minister"),
        ("Pope Leo", "Pope Leo XIV"),
        ("Watch the video.", "Watch the video."),
        ("", "Harbour"),
        ("", ""),
    ],
)
@pytest.mark.parametrize("apart", [HOURS, DAYS, None])
def test_what_is_no_series_by_its_title(a: str, b: str, apart: float | None) -> None:
    assert not parts_of_series(a, b, apart)
    assert not parts_of_series(b, a, apart)


def test_the_markers_of_a_title_by_hand() -> None:
    found = markers("Trial, day 3: 12 witnesses on Tuesday, 3 May 2024")
    assert {name: set(of) for name, of in found.parts.items()} == {"day": {"3"}}
    assert {name: set(of) for name, of in found.dates.items()} == {
        "weekday": {"2"},
        "day": {"3"},
        "month": {"5"},
        "year": {"2024"},
    }
    assert (found.numbers, found.ordinals, found.releases) == (("12",), (), frozenset())
    assert found.rest == {"trial", "witnesses", "on"}
    assert markers("Émile Zola à 9 ans").rest == {"emile", "zola", "a", "ans"}


WORDS = st.sampled_from(["harbour", "Walks", "part", "2", "3", "II", "May", "Tuesday", "2019", "#4", "v2", "1.7", ":"])
TITLES = st.lists(WORDS, max_size=6).map(" ".join)
APART = st.one_of(st.none(), st.floats(0, 30))


@given(a=TITLES, b=TITLES, apart=APART)
def test_it_does_not_matter_which_comes_first(a: str, b: str, apart: float | None) -> None:
    assert parts_of_series(a, b, apart) is parts_of_series(b, a, apart)


@given(title=st.one_of(TITLES, st.text(max_size=60)), apart=APART)
def test_no_title_is_a_series_with_itself_whatever_its_case(title: str, apart: float | None) -> None:
    assert not parts_of_series(title, title, apart)
    assert not parts_of_series(title, f"  {title.casefold()}", apart) or markers(title).roman


@given(frame=st.sampled_from(["Harbour walks", "Der Hafen", "Le port"]), a=st.integers(2, 400), b=st.integers(2, 400))
@pytest.mark.parametrize("mark", ["{}, part {{}}", "{} #{{}}", "Teil {{}}: {}", "{}, n° {{}}", "{}, semana {{}}"])
def test_numbered_parts_are_told_by_their_numbers_alone(mark: str, frame: str, a: int, b: int) -> None:
    title = mark.format(frame)
    assert parts_of_series(title.format(a), title.format(b), HOURS) is (a != b)
