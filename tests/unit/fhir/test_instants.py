"""Instants: what FHIR date-times cover, in microseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fhir.instants import DAY, HOUR, MINUTE, SECOND, from_datetime, iso, parse_instant, parse_range
from shared.fhir.instants import to_datetime as back

_MOMENTS = st.datetimes(datetime(1800, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("2021", 365 * DAY),
        ("2024", 366 * DAY),
        ("2021-12", 31 * DAY),
        ("2021-03-04", DAY),
        ("2021-03-04T10:00", MINUTE),
        ("2021-03-04T10:00Z", MINUTE),
        ("2021-03-04T10:00:00Z", 0),
        (" 2021-03-04T10:00:00.5+02:00 ", 0),
    ],
)
def test_a_partial_date_covers_all_that_it_may_mean(text: str, length: int) -> None:
    start, end = parse_range(text)
    assert end - start == length


def test_a_day_without_a_zone_is_a_day_of_the_zone_asked_for() -> None:
    vienna = ZoneInfo("Europe/Vienna")
    start, end = parse_range("2021-03-28", vienna)
    assert iso(start) == "2021-03-27T23:00:00.000Z"
    assert end - start == 23 * HOUR  # the clocks went forward that night


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2021-09-08T01:14:04.5613214Z", "2021-09-08T01:14:04.561Z"),
        ("2020-05-29T11:44:13.1882432-05:00", "2020-05-29T16:44:13.188Z"),
        ("2020-05-29T11:44:13+0530", "2020-05-29T06:14:13.000Z"),
        ("2020-05-29T11:44:13z", "2020-05-29T11:44:13.000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
    ],
)
def test_instants_as_servers_write_them(text: str, utc: str) -> None:
    assert iso(parse_instant(text)) == utc


def test_digits_beyond_microseconds_are_cut() -> None:
    assert parse_instant("2021-09-08T01:14:04.5613219Z") % SECOND == 561321


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2021-13",
        "2021-02-30",
        "9999-12-31",
        "9999",
        "0000",
        "2021-03-04T25:00Z",
        "2021-03-04T10:00:00+14:01",
        "2021-03-04T10:00:00+02:60",
        "٢٠٢١-٠٣-٠٤",
        "2021-03-04T10:00:00Z\x00",
        "2021-W01-1",
    ],
)
def test_what_is_no_date_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the type is the promise, the words are not
        parse_range(text)


@given(st.text(max_size=40) | st.from_regex(r"\A[0-9TZ:+.\-]{0,40}\Z"))
def test_nothing_but_value_error_escapes(text: str) -> None:
    try:
        start, end = parse_range(text)
    except ValueError:
        return
    assert start <= end


@given(_MOMENTS)
def test_a_datetime_comes_back_as_it_was(moment: datetime) -> None:
    assert back(from_datetime(moment)) == moment


@given(_MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_the_offset_does_not_change_the_instant(moment: datetime, minutes: int) -> None:
    there = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_instant(there.isoformat()) == from_datetime(moment)
