"""Periods cover their days without gaps, and bear the names that reports use."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis.core.period import FIRST_DAY, LAST_DAY, Unit, periods

DAYS = st.dates(FIRST_DAY, LAST_DAY)
UNITS = st.sampled_from(Unit)


@given(UNITS, DAYS, st.integers(0, 900))
def test_periods_follow_each_other_and_cover_every_day(unit: Unit, first: date, days: int):
    last = min(first + timedelta(days=days), LAST_DAY)
    found = list(periods(unit, first, last))
    assert found[0].first <= first <= found[0].last
    assert found[-1].first <= last <= found[-1].last
    for one, following in pairwise(found):
        assert following.first == one.last + timedelta(days=1)
    assert len({period.label for period in found}) == len(found)


@given(st.sampled_from([Unit.MONTH, Unit.QUARTER, Unit.HALF, Unit.YEAR]), DAYS)
def test_a_calendar_period_is_the_same_from_each_of_its_days(unit: Unit, day: date):
    (period,) = periods(unit, day, day)
    assert list(periods(unit, period.first, period.last)) == [period]
    assert period.first.day == 1
    assert (period.last + timedelta(days=1)).day == 1


def test_no_day_is_no_period():
    for unit in Unit:
        assert list(periods(unit, date(2020, 1, 2), date(2020, 1, 1))) == []


@pytest.mark.parametrize(
    ("unit", "label", "first", "last", "name_vi"),
    [
        (Unit.MONTH, "2020-02", "2020-02-01", "2020-02-29", "Tháng 2 năm 2020"),
        (Unit.QUARTER, "2020-Q1", "2020-01-01", "2020-03-31", "Quý I năm 2020"),
        (Unit.HALF, "2020-H1", "2020-01-01", "2020-06-30", "6 tháng đầu năm 2020"),
        (Unit.YEAR, "2020", "2020-01-01", "2020-12-31", "Năm 2020"),
        (
            Unit.MONTH30,
            "30d11",
            "2020-01-06",
            "2020-02-04",
            "Tháng 30 ngày thứ 11 (06/01/2020 - 04/02/2020)",
        ),
        (
            Unit.SPAN,
            "2020-02-04/2020-02-04",
            "2020-02-04",
            "2020-02-04",
            "Từ 04/02/2020 đến 04/02/2020",
        ),
    ],
)
def test_periods_are_named(unit: Unit, label: str, first: str, last: str, name_vi: str):
    day = date(2020, 2, 4)
    (period,) = periods(unit, day, day)
    assert (period.label, period.name_vi) == (label, name_vi)
    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)


def test_a_year_has_two_halves_and_four_quarters_by_name():
    year = date(2020, 1, 1), date(2020, 12, 31)
    halves = [(p.label, p.name_vi, p.name_en) for p in periods(Unit.HALF, *year)]
    assert halves == [
        ("2020-H1", "6 tháng đầu năm 2020", "First half of 2020"),
        ("2020-H2", "6 tháng cuối năm 2020", "Second half of 2020"),
    ]
    quarters = [(p.label, p.name_vi) for p in periods(Unit.QUARTER, *year)]
    assert quarters == [
        (f"2020-Q{n}", f"Quý {roman} năm 2020")
        for n, roman in enumerate(("I", "II", "III", "IV"), start=1)
    ]


def test_the_first_month_of_30_days_begins_when_the_axis_opened():
    (before, first) = periods(Unit.MONTH30, date(2019, 3, 11), date(2019, 3, 12))
    assert (before.label, first.label, first.first) == ("30d0", "30d1", date(2019, 3, 12))
