"""The numbers behind the day series, marked as those of ``agencies.model`` are.

The published points, and the weights and trend that ``data/daily.csv`` was rounded from: a day's
documents and deliveries together are its weight times a quadratic trend, and the share of the
documents in them is linear in time. Trend and share are fitted so that every point comes out
exactly; nothing is left free in them, and only the weights are assumed.
"""

from __future__ import annotations

from datetime import date

from agencies import model_offices
from agencies.figure import Figure
from axis.core.timetable import OPENED

# The published points

SENT = Figure(
    298_000,
    "sourced",
    "Documents sent from 12 March 2019 to 4 February 2020 (Báo Lạng Sơn, 7 February 2020).",
)
RECEIVED = Figure(945_000, "sourced", "Documents received in the same time (the same report).")
SENT_BY_30_SEPTEMBER_2019 = Figure(
    163_107,
    "sourced",
    "Documents sent from 12 March to 30 September 2019 (laichau.dcs.vn, November 2019; "
    "en.hungyen.gov.vn of 18 November 2019 rounds it to 163.1 thousand).",
)
RECEIVED_BY_30_SEPTEMBER_2019 = Figure(
    488_165, "sourced", "Documents received in the same time (the same reports)."
)
MONTH_10_TO_MONTH_1 = Figure(
    2,
    "sourced",
    "The total of the tenth month was twice that of the first (en.qdnd.vn, February 2020): sent "
    "and received together. That a month is a window of 30 days is assumed: it fits, since the "
    "330 days are eleven of them.",
)
MONTH_1_SENT_AND_RECEIVED = Figure(
    69_272,
    "derived",
    "What the first 30 days carry together, sent and received, when the trend meets all points.",
)

# The weight of a day

WEEKDAYS_PER_MILLE = Figure(
    {"Mon": 1000, "Tue": 1050, "Wed": 1050, "Thu": 1030, "Fri": 970, "Sat": 80, "Sun": 30},
    "assumed",
    "Weight of a day of the week against a Monday; no daily series was ever published.",
)
HOLIDAY_PER_MILLE = Figure(
    30,
    "assumed",
    "Weight of a public holiday: that of a Sunday. Saturday 27 April 2019, with which five days "
    "off began, weighs what a Saturday weighs.",
)
EXTRA_WORKING_DAY_PER_MILLE = Figure(
    1000, "assumed", "Weight of a Saturday that is worked for another day."
)
REPORTING_DAYS = Figure(
    (15, 16, 17),
    "derived",
    "Days of the month behind the cut-off of periodic reports on the 14th, which are due one or "
    "two working days later (Circular 09/2019/TT-NHNN; Khánh Hòa Decision 01/2023).",
)
REPORTING_DAYS_PER_MILLE = Figure(1080, "assumed", "What these weigh more, where they are worked.")
LAST_QUARTER_PER_MILLE = Figure(
    1040,
    "derived",
    "Working days of October to December: the Government Office numbered 33.9 letters a day from "
    "7 October to 26 December 2019 and 32.5 before (9087/VPCP-KGVX and 11796/VPCP-KSTT).",
)
AROUND_TET_PER_MILLE = Figure(
    {
        (date(2020, 1, 13), date(2020, 1, 22)): 1100,
        (date(2020, 1, 30), date(2020, 1, 31)): 600,
        (date(2020, 2, 3), date(2020, 2, 4)): 850,
    },
    "assumed",
    "Working days before Tết 2020, when desks are cleared, and behind it, when they fill again.",
)

# The trend

TREND_E2 = Figure(
    (274_973, 610_910, -181_258),
    "derived",
    "Hundredths of documents and deliveries together on a day of weight 1: a + b t + c t², where "
    "t is the days since 12 March 2019 divided by 330. Fitted to three totals: all, those by "
    "30 September, and month 10 twice month 1.",
)
SENT_SHARE_E6 = Figure(
    (267_321, -49_317),
    "derived",
    "Millionths of a day's total that are documents sent: a + b t. Fitted to both sent totals, so "
    "that recipients per document grow from 2.77 to 3.53; in the trial of January 2019 they were "
    "2.32 (en.hungyen.gov.vn, 13 March 2019), which was not used.",
)

_DAYS = 330
_ORDINARY_SATURDAY = date(2019, 4, 27)


def weight(day: date) -> float:
    """What a day weighs against a plain Monday, 1."""
    found = list(WEEKDAYS_PER_MILLE.value.values())[day.weekday()] / 1000
    if day in model_offices.EXTRA_WORKING_DAYS.value:
        found = EXTRA_WORKING_DAY_PER_MILLE.value / 1000
    elif day in model_offices.HOLIDAYS.value and day != _ORDINARY_SATURDAY:
        return HOLIDAY_PER_MILLE.value / 1000
    elif day.weekday() >= 5:
        return found
    if day.day in REPORTING_DAYS.value:
        found *= REPORTING_DAYS_PER_MILLE.value / 1000
    if day.month >= 10:
        found *= LAST_QUARTER_PER_MILLE.value / 1000
    for (first, last), per_mille in AROUND_TET_PER_MILLE.value.items():
        if first <= day <= last:
            found *= per_mille / 1000
    return found


def unrounded(day: date) -> tuple[float, float]:
    """Documents and deliveries of a day before they were rounded to ``data/daily.csv``.

    The series takes the largest remainders, so that whole months and the points stay exact.
    """
    t = (day - OPENED).days / _DAYS
    a, b, c = TREND_E2.value
    total = weight(day) * (a + b * t + c * t * t) / 100
    share, slope = SENT_SHARE_E6.value
    sent = total * (share + slope * t) / 1_000_000
    return sent, total - sent
