"""Classes of timeliness, on days that are known from the calendar of 2019 and 2020."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis.core import timeliness
from axis.core.timetable import DAY_US, day_of_number, from_iso, number_of_day
from axis.core.working_days import is_working_day, next_working_day

DAYS = st.integers(number_of_day(date(2018, 1, 1)), number_of_day(date(2031, 12, 31)))
TIMES = st.integers(from_iso("2019-01-01"), from_iso("2022-01-01"))


def _sent(signed: str, at: str, kind: int = 0, verdict: str = "valid") -> dict[str, int]:
    meta = {"promulgated": signed} if signed else {}
    return dict(timeliness.of_sending(kind, verdict, meta, from_iso(at)))


def _accepted(arrived: str, at: str) -> dict[str, int]:
    return dict(timeliness.of_status("03", from_iso(arrived) if arrived else None, from_iso(at)))


# ---- the calendar ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "following"),
    [
        ("2019-10-02", "2019-10-03"),
        ("2019-10-04", "2019-10-07"),
        ("2019-10-05", "2019-10-07"),
        ("2019-04-26", "2019-05-02"),
        ("2019-05-03", "2019-05-04"),
        ("2020-01-22", "2020-01-30"),
        ("2019-12-31", "2020-01-02"),
        # Of years without a list the fixed ones: Friday 30 April, Monday 1 May, New Year.
        ("2021-04-29", "2021-05-03"),
        ("2023-04-28", "2023-05-02"),
        ("2025-12-31", "2026-01-02"),
        ("2027-09-01", "2027-09-03"),
    ],
)
def test_weekends_and_holidays_are_not_worked(day: str, following: str):
    found = next_working_day(number_of_day(date.fromisoformat(day)))
    assert found == number_of_day(date.fromisoformat(following))


@given(DAYS)
def test_a_next_working_day_is_the_first_that_is_worked(day: int):
    found = next_working_day(day)
    assert is_working_day(found)
    assert not any(is_working_day(between) for between in range(day + 1, found))


# ---- signing to sending ------------------------------------------------------------------------


def test_what_is_usual_costs_no_counter():
    assert _sent("2020-01-15", "2020-01-15T23:59") == {}


@pytest.mark.parametrize(
    ("signed", "at", "days", "in_time"),
    [
        ("2019-10-02", "2019-10-03T11:59:59", 1, True),
        ("2019-10-02", "2019-10-03T12:00", 1, False),
        ("2019-10-04", "2019-10-05T20:00", 1, True),
        ("2019-10-04", "2019-10-07T09:00", 3, True),
        ("2019-10-04", "2019-10-07T13:00", 3, False),
        ("2020-01-22", "2020-01-30T09:00", 8, True),
        ("2020-01-22", "2020-01-31T09:00", 9, False),
    ],
)
def test_the_next_working_morning_is_in_time(signed: str, at: str, days: int, in_time: bool):
    assert _sent(signed, at) == {
        "sending.next_morning" if in_time else "sending.later": 1,
        "sending.days": days,
    }


@pytest.mark.parametrize(
    ("signed", "kind"), [("", 0), ("2020-01-16", 0), ("2020-01-15", 1), ("2020-01-15", 2)]
)
def test_without_a_day_of_signing_nothing_is_said_of_the_time(signed: str, kind: int):
    assert _sent(signed, "2020-01-15T09:00", kind) == {"sending.undated": 1}


@pytest.mark.parametrize("verdict", ["absent", "weak"])
def test_a_signature_that_is_not_valid_is_counted(verdict: str):
    assert _sent("2020-01-15", "2020-01-15T09:00", verdict=verdict) == {f"signature.{verdict}": 1}


@given(DAYS, TIMES)
def test_a_document_is_in_one_class(signed: int, at: int):
    stated = {"promulgated": day_of_number(signed).isoformat()}
    counts = dict(timeliness.of_sending(0, "valid", stated, at))
    days = counts.pop("sending.days", 0)
    assert len(counts) <= 1
    assert all(n == 1 for n in counts.values())
    assert (days > 0) is ("sending.next_morning" in counts or "sending.later" in counts)


# ---- arrival to acceptance ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arrived", "at", "expected"),
    [
        ("2020-01-15T09:00", "2020-01-15T10:00", {"acceptance.seconds": 3600}),
        (
            "2020-01-15T09:00",
            "2020-01-15T10:00:01",
            {"acceptance.next_day": 1, "acceptance.seconds": 3601},
        ),
        (
            "2020-01-17T16:00",
            "2020-01-20T23:59",
            {"acceptance.next_day": 1, "acceptance.seconds": 287_940},
        ),
        (
            "2020-01-17T16:00",
            "2020-01-21T00:00",
            {"acceptance.later": 1, "acceptance.seconds": 288_000},
        ),
        ("", "2020-01-15T09:00", {"acceptance.untimed": 1}),
        ("2020-01-15T09:00", "2020-01-15T09:00", {"acceptance.untimed": 1}),
        ("2020-01-15T09:00", "2020-01-15T08:00", {"acceptance.untimed": 1}),
    ],
)
def test_acceptances_have_classes(arrived: str, at: str, expected: dict[str, int]):
    assert _accepted(arrived, at) == expected


def test_no_other_status_counts():
    assert [timeliness.of_status(code, 1, 2) for code in ("01", "02", "04", "13")] == [()] * 4


@given(TIMES, st.integers(-DAY_US, 20 * DAY_US))
def test_an_acceptance_is_in_one_class(arrived: int, took: int):
    counts = dict(timeliness.of_status("03", arrived, arrived + took))
    seconds = counts.pop("acceptance.seconds", None)
    assert len(counts) <= 1
    assert seconds == (took // 1_000_000 if took > 0 else None)
