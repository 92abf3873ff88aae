"""Dates as archives and people write them: read where they can mean one moment only, else none and a warning."""

from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.articles import parse_span, parse_time, read_time

NOON = datetime(2024, 3, 14, 9, 0, tzinfo=UTC)
DAY = datetime(2024, 3, 14, tzinfo=UTC)
EVENING = datetime(2024, 3, 14, 21, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2024-02-29T06:07:08", datetime(2024, 2, 29, 6, 7, 8, tzinfo=UTC)),
        ("2024-02-29T06:07:08Z", datetime(2024, 2, 29, 6, 7, 8, tzinfo=UTC)),
        ("2024-02-29T06:07:08.25+02:00", datetime(2024, 2, 29, 4, 7, 8, 250_000, tzinfo=UTC)),
        ("2024-01-01T00:30:00+05:30", datetime(2023, 12, 31, 19, tzinfo=UTC)),
        ("2011-11-28T8:32:24", datetime(2011, 11, 28, 8, 32, 24, tzinfo=UTC)),
        ("2011-11-28 8:32:24-05:00", datetime(2011, 11, 28, 13, 32, 24, tzinfo=UTC)),
        (" 2024-02-29 ", datetime(2024, 2, 29, tzinfo=UTC)),
        ("20240229", datetime(2024, 2, 29, tzinfo=UTC)),
        ("20240229T0607", datetime(2024, 2, 29, 6, 7, tzinfo=UTC)),
        ("0099-01-01", datetime(99, 1, 1, tzinfo=UTC)),
    ],
)
def test_iso_8601(text: str, expected: datetime) -> None:
    assert parse_time(text) == expected
    assert parse_time(text).utcoffset() == expected.utcoffset()


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "2023-02-29", "2024-13-01", "2024-1-1", "28/11/2011", "2024-01-01T25:00", "1709186828"),
        *("\ud800", "1712120300000", "20240314909", "2024-02-29x06:07", "2024-02", "2024", "March 14, 2024"),
    ],
)
def test_what_is_no_iso_8601_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_time(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_a_time_that_leaves_the_calendar_in_utc_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="outside the calendar"):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-02-11", datetime(2024, 2, 11), datetime(2024, 2, 11, 23, 59, 59, 999_999)),
        ("2024-02", datetime(2024, 2, 1), datetime(2024, 2, 29, 23, 59, 59, 999_999)),
        (" 2023-02 ", datetime(2023, 2, 1), datetime(2023, 2, 28, 23, 59, 59, 999_999)),
        ("2024-12", datetime(2024, 12, 1), datetime(2024, 12, 31, 23, 59, 59, 999_999)),
        ("9999-12-31", datetime(9999, 12, 31), datetime(9999, 12, 31, 23, 59, 59, 999_999)),
        ("20240211", datetime(2024, 2, 11), datetime(2024, 2, 11, 23, 59, 59, 999_999)),
        ("2024-02-11T08:00", datetime(2024, 2, 11, 8), datetime(2024, 2, 11, 8)),
        ("2024-02-11T00:00+01:00", datetime(2024, 2, 10, 23), datetime(2024, 2, 10, 23)),
        ("2024-02-11 8:00", datetime(2024, 2, 11, 8), datetime(2024, 2, 11, 8)),
    ],
)
def test_a_day_and_a_month_have_a_first_and_a_last_moment(text: str, first: datetime, last: datetime) -> None:
    assert parse_span(text) == (first.replace(tzinfo=UTC), last.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    "text", ["", "2024-13", "2024-00", "0000-01", "2024-2", "2024", "2024-02-30", "soon", "202402"]
)
def test_what_names_no_day_or_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_span(text)


READ: dict[str, list[Any]] = {
    "iso": [
        "2024-03-14T09:00:00Z",
        "2024-03-14T09:00",
        "2024-03-14 09:00:00.000",
        "2024-03-14T10:00:00+0100",
        "2024-03-14T10:00:00,000+01",
        "2024-03-14t09:00:00z",
        "2024-03-14T09:00:00.000000000Z",
        "2024-03-14T9:00",
        "2024-W11-4T09:00",
        "\ufeff2024-03-14\u00a009:00",
        "2024-03-14T04:00:00\u221205:00",
        "2024-03-14T10:00:00+01:00[Europe/Berlin]",
        "2024-03-14T09:00:00Z[UTC]",
    ],
    "since 1970": [
        1710406800,
        1710406800.0,
        1710406800000,
        1710406800000.0,
        1710406800000000,
        1710406800000000000,
        "1710406800",
        " 1710406800000 ",
        "1710406800.0",
        "1710406800000000",
        "1710406800000000000",
    ],
    "mongodb": [
        {"$date": "2024-03-14T09:00:00Z"},
        {"$date": 1710406800000},
        {"$date": {"$numberLong": "1710406800000"}},
    ],
    "mail": [
        "Thu, 14 Mar 2024 09:00:00 GMT",
        "Thu, 14 Mar 2024 09:00:00 +0000",
        "14 Mar 2024 09:00 UT",
        "Thu, 14 Mar 2024 04:00:00 EST",
        "Thu, 14 Mar 2024 05:00:00 EDT",
        "Thu, 14 Mar 2024 01:00:00 -0800 (PST)",
        "Thu,14 Mar 2024 10:00:00 +0100",
        "Fri, 14 Mar 2024 09:00:00 GMT",
    ],
    "programs": [
        "2024-03-14 09:00:00 UTC",
        "2024-03-14 09:00:00 +0000 UTC",
        "2024-03-14 11:00:00 +0200 CEST",
        "2024-03-14 04:00:00 -0500 EST",
        "2024-03-14 09:00:00.000000000 +0000 UTC m=+0.000000001",
        "2024-03-14 12:00:00 +0300 +03",
        "2024-03-14 10:00:00 CET",
        "2024-03-14 09:00:00 GMT+0",
        "Thu Mar 14 09:00:00 2024",
        "Thu Mar 14 09:00:00 UTC 2024",
        "Thu Mar 14 10:00:00 +0100 2024",
        "Thu Mar 14 2024 10:00:00 GMT+0100 (Central European Standard Time)",
        "14/Mar/2024:09:00:00 +0000",
        "2024/03/14 09:00:00",
        "2024.03.14 09:00",
        "20240314090000",
        20240314090000,
        datetime(2024, 3, 14, 9),
        datetime(2024, 3, 14, 10, tzinfo=timezone(timedelta(hours=1))),
    ],
    "people": [
        "March 14, 2024 9:00",
        "March 14th, 2024, 9 am",
        "Thursday, March 14, 2024 at 9:00 AM",
        "14 March 2024 9:00 a.m.",
        "the 14th of March, 2024 at 09:00",
        "9:00 AM, Mar. 14 2024",
        "Mar 14 2024 9:00\u202fAM UTC",
        "14-Mar-2024 09:00",
        "2024 March 14 09:00",
        "2024-3-14 9:00",
        "march 14 2024 4:00 a.m. EST",
    ],
}


@pytest.mark.parametrize("value", [value for values in READ.values() for value in values], ids=repr)
def test_what_means_one_moment_is_read(value: object) -> None:
    assert read_time(value) == (NOON, None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((value, DAY) for value in ("2024-03-14", "20240314", 20240314, "2024/3/14", "2024-03-14Z", "2024-03-14 UTC")),
        *((value, DAY) for value in ("March 14, 2024", "14 Mar 2024", "Mar 14th, 2024", "14-MAR-2024", "2024-Mar-14")),
        *((value, DAY) for value in ("Thu, 14 Mar 2024", "14th of March 2024", "March 14 2024", date(2024, 3, 14))),
        *((value, EVENING) for value in ("14 Mar 2024 9:05 pm", "March 14, 2024 09:05PM", "2024-03-14 9:05 p.m.")),
        *((value, datetime(2024, 3, 1, tzinfo=UTC)) for value in ("2024-03", "March 2024", "Mar. 2024", "2024 March")),
        *((value, datetime(2024, 1, 1, tzinfo=UTC)) for value in (2024, "2024", 2024.0, "2024.0", " 2024 ")),
        (1900, datetime(1900, 1, 1, tzinfo=UTC)),
        ("2100", datetime(2100, 1, 1, tzinfo=UTC)),
        (1710406800.25, NOON + timedelta(milliseconds=250)),
        ("1710406800.5", NOON + timedelta(milliseconds=500)),
        (1710406800123, NOON + timedelta(milliseconds=123)),
        (1710406800123456789, NOON + timedelta(microseconds=123_456)),
        ("Sept 4, 2024", datetime(2024, 9, 4, tzinfo=UTC)),
        ("12 am, 14 Mar 2024", DAY),
        ("12:30 pm 14 Mar 2024", DAY + timedelta(hours=12, minutes=30)),
        ("2024-03-14+01:00", DAY - timedelta(hours=1)),
        ("1900-01-01", datetime(1900, 1, 1, tzinfo=UTC)),
        ("9999-12-31", datetime(9999, 12, 31, tzinfo=UTC)),
        (100_000_000, datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)),
        (99_999_999_999, datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC)),
    ],
    ids=repr,
)
def test_days_months_years_and_fractions(value: object, expected: datetime) -> None:
    assert read_time(value) == (expected, None)


NONE: list[Any] = [
    *(None, "", "  ", False, 0, 0.0, "0", float("nan"), {"$date": None}, {"$date": 0}),
    *(
        "0000-00-00",
        "0000-00-00 00:00:00",
        "0000-00-00T00:00:00Z",
        "0000-00-00T00:00:00.000Z",
        "00000000",
        "00/00/0000",
    ),
    *("0001-01-01", "0001-01-01T00:00:00Z", "0001-01-01 00:00:00 +0000 UTC", "-0001-11-30T00:00:00+00:00"),
    *({"$date": "0001-01-01T00:00:00Z"}, "0000-00-00 00:00:00 UTC"),
]


@pytest.mark.parametrize("value", NONE, ids=repr)
def test_a_systems_spelling_of_none_is_none_without_a_word(value: object) -> None:
    assert read_time(value) == (None, None)


DOUBTFUL: list[Any] = [
    *("14/03/2024", "03/14/2024", "3/4/2024", "14.03.2024", "14-03-2024", "14/03/24", "03-14", "14 Mar 24", "Mar 14"),
    *(
        "3 hours ago",
        "yesterday",
        "soon",
        "now",
        "tomorrow at 9",
        "Thursday",
        "May",
        "Easter 2024",
        "Q1 2024",
        "spring",
    ),
    *("2024-13-01", "2023-02-29", "2024-02-30T08:00", "31 April 2024", "2024-03-14 25:00", "14 Mar 2024 13:00 pm"),
    *(
        "2024-03-14 09:00 IST",
        "2024-03-14 BST",
        "14 Mar 2024 09:00 ET",
        "2024-03-14 09:00:00 EST +0300",
        "2024-03-14 x",
    ),
    *(
        "14. März 2024",
        "14 mars 2024",
        "2024年3月14日",
        "Updated March 14, 2024",
        "March 14, 2024 or 2025",
        "1 2 Mar 2024",
    ),
    *(
        "5 March 6 2024",
        "2024-03-14/2024-03-15",
        "2024-03-14 2024-03-15",
        "09:00",
        "9 pm",
        "1234",
        "12345678",
        "202403",
    ),
    *("202403140900", 202403140900, 7, 86_400, 1850, 2101, 2024.5, -1, -62135596800, "-1710406800", 1e20, 1e300),
    *(True, [], ["2024-03-14"], {}, {"$date": []}, {"date": "2024-03-14"}, float("inf"), "x" * 200, "1" * 200, b"2024"),
    *("Thu, 14 Mar 2024 09:00:00 +9999", "9999-12-31T23:00:00-05:00", "\ud800", "null", "n/a"),
]


@pytest.mark.parametrize("value", DOUBTFUL, ids=lambda value: ascii(value)[:40])
def test_what_is_doubtful_is_no_date_and_said(value: object) -> None:
    moment, warning = read_time(value, "shown_from")
    assert moment is None
    assert warning is not None
    assert warning.startswith(f"shown_from is {repr(value)[:70]}")
    assert warning.endswith(", which is no date: left out")
    assert len(warning) < 150


@pytest.mark.parametrize("value", ["1899-12-30", "1753-01-01T00:00:00", "0099-01-01", "14 March 1899"])
def test_what_is_older_than_any_article_is_no_date(value: str) -> None:
    assert read_time(value) == (None, f"published_at is {value!r}, which lies before 1900: left out")


MOMENTS = st.datetimes(datetime(1976, 9, 1), datetime(2099, 12, 31), timezones=st.just(UTC))


@given(MOMENTS, st.integers(-14 * 4, 14 * 4))
def test_what_programs_write_of_a_moment_leads_back_to_it(moment: datetime, quarters: int) -> None:
    moment = moment.replace(microsecond=0)
    local = moment.astimezone(timezone(timedelta(minutes=15 * quarters)))
    seconds = int(moment.timestamp())
    written: list[Any] = [seconds, seconds * 1_000, seconds * 10**6, seconds * 10**9]
    written += [str(number) for number in written]
    written += [float(seconds), local, local.isoformat(), str(local), format_datetime(local)]
    written += [
        moment.strftime(form) for form in ("%c", "%d/%b/%Y:%H:%M:%S", "%B %d, %Y %I:%M:%S %p", "%A, %d-%b-%Y %T")
    ]
    written += [local.strftime("%Y-%m-%d %H:%M:%S %z"), local.strftime("%a %b %d %Y %H:%M:%S GMT%z (Somewhere)")]
    assert {value: found for value in written if (found := read_time(value)) != (moment, None)} == {}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.from_regex(r"[0-9:TZ +\-/.marPMutc]{0,30}"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["$date", "$numberLong", "x"]), inner),
    max_leaves=4,
)


@given(JSON)
def test_whatever_is_given_is_a_date_or_none(value: object) -> None:
    moment, warning = read_time(value)
    assert moment is None or (warning is None and moment.utcoffset() == timedelta(0) and 1900 <= moment.year)
