"""Periods of a report: months, months of 30 days, quarters, half years, years.

A period is whole by itself; what is asked for may begin or end inside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from axis.core.timetable import month30, month30_days


class Unit(StrEnum):
    """What a report is split into; ``span`` leaves it whole."""

    MONTH = "month"
    MONTH30 = "month30"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"
    SPAN = "span"


class Period(NamedTuple):
    """A period with its first and last day; the names are those a reader of reports expects."""

    label: str
    first: date
    last: date
    name_vi: str
    name_en: str


#: Days that may be asked for: beyond them a date is a slip of the pen.
FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(2099, 12, 31)

_MONTHS: Final = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.HALF: 6, Unit.YEAR: 12}
_ROMAN: Final = ("I", "II", "III", "IV")
_HALVES: Final = (("6 tháng đầu năm", "First half of"), ("6 tháng cuối năm", "Second half of"))


def periods(unit: Unit, first: date, last: date) -> Iterator[Period]:
    """Every period that has a day from ``first`` to ``last``, in order and whole.

    Only ``span`` begins and ends where it is told to.
    """
    if unit is Unit.SPAN:
        if first <= last:
            yield _span(first, last)
        return
    while first <= last:
        period = _days30(first) if unit is Unit.MONTH30 else _months(unit, first)
        yield period
        first = period.last + timedelta(days=1)


def _span(first: date, last: date) -> Period:
    return Period(
        f"{first}/{last}",
        first,
        last,
        f"Từ {_day(first)} đến {_day(last)}",
        f"{first} to {last}",
    )


def _day(day: date) -> str:
    """A day as Vietnamese texts write it."""
    return f"{day.day:02}/{day.month:02}/{day.year}"


def _days30(day: date) -> Period:
    number = month30(day)
    first, last = month30_days(number)
    return Period(
        f"30d{number}",
        first,
        last,
        f"Tháng 30 ngày thứ {number} ({_day(first)} - {_day(last)})",
        f"30-day month {number} ({first} to {last})",
    )


def _months(unit: Unit, day: date) -> Period:
    months = _MONTHS[unit]
    number = (day.month - 1) // months
    first = date(day.year, number * months + 1, 1)
    label, vi, en = _names(unit, number, first)
    return Period(label, first, _end(first, months), vi, en)


def _end(first: date, months: int) -> date:
    """The last day of so many months that begin with ``first``."""
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1) - timedelta(days=1)


def _names(unit: Unit, number: int, first: date) -> tuple[str, str, str]:
    year = first.year
    match unit:
        case Unit.MONTH:
            return f"{first:%Y-%m}", f"Tháng {first.month} năm {year}", f"{first:%B %Y}"
        case Unit.QUARTER:
            roman = _ROMAN[number]
            return f"{year}-Q{number + 1}", f"Quý {roman} năm {year}", f"Quarter {roman} of {year}"
        case Unit.HALF:
            vi, en = _HALVES[number]
            return f"{year}-H{number + 1}", f"{vi} {year}", f"{en} {year}"
        case _:
            return f"{year}", f"Năm {year}", f"Year {year}"
