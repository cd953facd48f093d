"""Days are Viet Nam's, times are microseconds UTC, months have thirty days from the opening on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis.core import timetable
from axis.core.timetable import DAY_US, OPENED, VIETNAM

_instants = st.integers(0, 4_000_000_000 * 1_000_000)
_days = st.dates(date(2000, 1, 1), date(2100, 1, 1))


def test_a_day_begins_at_midnight_in_viet_nam():
    midnight = timetable.to_us(datetime(2020, 1, 15, tzinfo=VIETNAM))
    assert timetable.day_start_us(date(2020, 1, 15)) == midnight
    number = timetable.number_of_day(date(2020, 1, 15))
    assert timetable.day_number(midnight) == number
    assert timetable.day_number(midnight - 1) == number - 1
    assert timetable.day_number(midnight + DAY_US - 1) == number


@given(_instants)
def test_the_day_is_the_one_that_the_zone_database_gives(at_us: int):
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)
    local = moment.astimezone(ZoneInfo("Asia/Ho_Chi_Minh"))
    if local.year >= 1976:  # one offset since 1975, as the module says
        assert timetable.day_of_number(timetable.day_number(at_us)) == local.date()


@given(_days)
def test_days_and_their_numbers_are_the_same_thing(day: date):
    number = timetable.number_of_day(day)
    assert timetable.day_of_number(number) == day
    assert timetable.day_number(timetable.day_start_us(day)) == number


@given(_instants)
def test_times_are_written_as_the_standard_library_writes_them(at_us: int):
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)
    assert timetable.iso(at_us) == moment.astimezone(VIETNAM).isoformat()


@given(_instants)
def test_times_survive_being_written_and_read(at_us: int):
    assert timetable.from_iso(timetable.iso(at_us)) == at_us


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2020-01-15T08:30:00+07:00", "2020-01-15T01:30:00+00:00"),
        ("2020-01-15T08:30:00", "2020-01-15T08:30:00+07:00"),
        ("2020-01-15T01:30:00Z", "2020-01-15T08:30:00+07:00"),
        ("2020-01-15", "2020-01-15T00:00:00+07:00"),
    ],
)
def test_a_time_without_a_zone_is_viet_nam_time(text: str, same: str):
    assert timetable.from_iso(text) == timetable.to_us(datetime.fromisoformat(same))


@pytest.mark.parametrize("text", ["", "15/01/2020", "2020-13-01", "soon"])
def test_what_is_no_time_is_a_value_error(text: str):
    with pytest.raises(ValueError, match=r".+"):
        timetable.from_iso(text)


def test_a_time_is_written_in_the_zone_of_viet_nam():
    at_us = timetable.to_us(datetime(2020, 1, 15, 1, 30, tzinfo=UTC))
    assert timetable.iso(at_us) == "2020-01-15T08:30:00+07:00"
    elsewhere = datetime(2020, 1, 15, 3, 30, tzinfo=timezone(timedelta(hours=2)))
    assert timetable.to_us(elsewhere) == at_us


def test_a_naive_time_is_a_bug():
    with pytest.raises(AssertionError, match="naive"):
        timetable.to_us(datetime(2020, 1, 15))  # noqa: DTZ001 - the point of the test


def test_months_of_thirty_days_count_from_the_opening():
    assert timetable.month30(OPENED) == 1
    assert timetable.month30(date(2019, 4, 10)) == 1
    assert timetable.month30(date(2019, 4, 11)) == 2
    assert timetable.month30(date(2019, 3, 11)) == 0
    assert timetable.month30_days(11) == (date(2020, 1, 6), date(2020, 2, 4))


@given(_days)
def test_a_day_lies_in_its_month(day: date):
    first, last = timetable.month30_days(timetable.month30(day))
    assert first <= day <= last
    assert (last - first).days == 29
