"""The numbers behind the traffic plan, each marked sourced, derived or assumed.

*Sourced*: a publication says it. *Derived*: arithmetic on published numbers, shown here.
*Assumed*: ours; nothing published supports it. No list of recipients, hourly series or share of any
agency was ever published, so most of the shape is assumed; the day totals tie it to what was.

The day series (``data/daily.csv``: date, 30-day month, sent, received) is derived: day weights
times a quadratic trend, fitted so that every published point comes out exactly
(``agencies.model_days``). What offices do with a document stands in ``agencies.model_offices``.
Integers throughout: shares are per mille or parts per million, so nothing depends on rounding.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import accumulate

from agencies import model_days, model_offices
from agencies.figure import Figure
from schemas.codes import AgencyRow, agencies


@dataclass(frozen=True, slots=True)
class DayTotal:
    """What one day carried. ``month30`` counts 30-day months from 12 March 2019."""

    month30: int
    sent: int
    received: int


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A type of document: its name, its ordinal in the code list, its letters in a notation."""

    name: str
    detail: int
    letters: str
    per_mille: int


# When

HOURS_PER_MILLE = Figure(
    {7: 40, 8: 130, 9: 160, 10: 150, 11: 90, 12: 20, 13: 60, 14: 120, 15: 120, 16: 80}
    | {17: 20, 18: 5, 19: 3, 20: 2},
    "assumed",
    "Vietnamese office hours; a study of e-mail finds working hours above and nights below the "
    "mean (ssoar.info 22305). Within the hour arrivals are uniform, as in a Poisson process. That "
    "15 % of what is signed after 15:30 leaves next morning (QĐ 28/2018 art. 6.2) is not modelled.",
)

# How many of one agency

LANG_SON_SENT_2019 = Figure(
    2_801,
    "sourced",
    "Documents that Lạng Sơn sent in 2019 (Báo Lạng Sơn, 7 February 2020), read as 12 March to "
    "31 December; it may include the trial of January to March.",
)
LANG_SON_FROM_GOVERNMENT_OFFICE_2019 = Figure(
    355,
    "sourced",
    "Documents that Lạng Sơn received from the Government Office in 2019 (the same report).",
)

# To how many

SMALL_LISTS_PER_MILLE = Figure(
    {1: 600, 2: 190, 3: 90, 4: 50, 5: 30, 6: 16, 7: 10, 8: 8, 9: 6},
    "assumed",
    "Recipients of an ordinary document, mean 1.884; nothing was published.",
)
WIDE_LISTS_PER_MILLE = Figure(
    dict.fromkeys(range(10, 22), 25) | {22: 150, 30: 100, 63: 350, 94: 100},
    "assumed",
    "Recipients of a wide document, mean 42.4: 22 all ministries, 30 all other central agencies, "
    "63 all provinces, 94 everyone else, 10 to 21 mixed. The share of wide lists is derived: it "
    "is what makes the mean the month's received / sent.",
)
ALL_PROVINCES_BY_GOVERNMENT_OFFICE_PER_MILLE = Figure(
    450,
    "derived",
    "Weight of a Government Office document, against 1,000 of any other central one, when a list "
    "of all provinces is given out. With 1,000 Lạng Sơn would get about 500 documents from the "
    "Government Office in 2019, with 450 about the 355 it got (Báo Lạng Sơn, 7 February 2020).",
)

# From whom, to whom

SENDER_EXPONENT_E4 = Figure(
    4284,
    "derived",
    "Zipf on rank, exponent 0.4284, form assumed: rank 1 has 4.45 %, which is the Government "
    "Office's 11,900 of 267,547 by 31 December 2019 (its letter numbers: 9087/VPCP-KGVX of "
    "7 October 2019, vbp.vn; 11796/VPCP-KSTT of 26 December 2019, bcudcntt.aita.gov.vn); rank 29 "
    "has 1.051 %, and Lạng Sơn's 2,801 (Báo Lạng Sơn, 7 February 2020) is 1.047 %.",
)
SENDERS_AHEAD = Figure(
    ("H26", "H29", "H24", "H17", "H13", "H56"),
    "assumed",
    "Ranks 23 to 28, after the Government Office (1) and the other ministries in the order of "
    "their codes (2 to 22): Hà Nội, Hồ Chí Minh City, Hải Phòng, Đà Nẵng, Cần Thơ, Thanh Hóa. "
    "Rank 29 is Lạng Sơn (derived, above); then the other provinces, then the agencies under the "
    "Government and the Party Office, each in the order of their codes.",
)
CENTRAL_TO_PROVINCES_PER_MILLE = Figure(
    500,
    "assumed",
    "Small lists of central senders: half provinces, half central agencies, each uniform.",
)
PROVINCE_TO_CENTRAL_PER_MILLE = Figure(
    700,
    "assumed",
    "Small lists of provinces: they write upwards more than to each other.",
)
PROVINCE_TO_CENTRAL_WEIGHTS = Figure(
    {"government office": 6, "ministry": 2, "other": 1},
    "assumed",
    "Which central agency a province writes to; another province is drawn uniformly.",
)
NUMBERED_BEFORE_OPENING = Figure(
    33_600,
    "derived",
    "Documents that all agencies numbered in 2019 before the axis opened. The Government Office's "
    "share of it, 1,495, brings its number on 7 October 2019 to the 9087 that was seen (vbp.vn).",
)

# What

URGENCY_PER_MILLE = Figure(
    {0: 920, 1: 50, 2: 20, 3: 10},
    "assumed",
    "Thường, khẩn, thượng khẩn, hỏa tốc; the levels are sourced (QĐ 28/2018 art. 10.2k).",
)
DOCUMENT_KINDS = Figure(
    (
        DocumentKind("Công văn", 18, "", 620),
        DocumentKind("Báo cáo", 14, "BC", 90),
        DocumentKind("Quyết định", 2, "QĐ", 80),
        DocumentKind("Giấy mời", 25, "GM", 60),
        DocumentKind("Thông báo", 7, "TB", 50),
        DocumentKind("Kế hoạch", 10, "KH", 40),
        DocumentKind("Tờ trình", 16, "TTr", 30),
        DocumentKind("Nghị quyết", 1, "NQ", 5),
        DocumentKind("Chỉ thị", 3, "CT", 5),
        DocumentKind("Hướng dẫn", 8, "HD", 5),
        DocumentKind("Chương trình", 9, "CTr", 5),
        DocumentKind("Đề án", 12, "ĐA", 5),
        DocumentKind("Phiếu chuyển", 31, "PC", 5),
    ),
    "assumed",
    "Shares; the catalogue is sourced (ordinals: QCVN 102:2016 amendment 1:2022 annex B and "
    "TT 01/2011/TT-BNV; letters: NĐ 30/2020 annex III). A letter has no letters of its own.",
)
REFUSED_PER_MILLE = Figure(3, "assumed", "Deliveries that the recipient refuses with 02.")
RECALLED_PER_MILLE = Figure(
    2, "assumed", "Packages that recall a document of the same sender (BussinessDocType 1)."
)
UPDATED_PER_MILLE = Figure(
    2,
    "assumed",
    "Packages that update one (2): VPCP 2.4 has an update mend what was recorded or addressed "
    "wrongly, so as often as a recall does.",
)
REPLACED_PER_MILLE = Figure(
    1,
    "assumed",
    "Packages that replace one (3): a whole new document must be signed, so half as often.",
)
SPOKEN_OF_AFTER_DAYS = Figure(
    {0: 300, 1: 250, 2: 120, 3: 120, 4: 60, 5: 50, 6: 40, 7: 30, 8: 15, 9: 10, 10: 5},
    "assumed",
    "Per mille, days until a document can be recalled, updated or replaced: a mistake is mostly "
    "seen the same or the next day, and after ten days, Tết included, no more.",
)
SPOKEN_OF_AFTER_MINUTES = Figure(
    60, "assumed", "A document of the same day is at least an hour old before it is spoken of."
)
REPEATED_PER_MILLE = Figure(
    1,
    "assumed",
    "Documents that are sent a second time, the same bytes, by a sender who saw no answer. They "
    "come on top and count nowhere.",
)
REPEATED_AFTER_MINUTES = Figure(
    (1, 30), "assumed", "Shortest and longest time until a document is sent again."
)
DUE_PER_MILLE = Figure(300, "assumed", "Documents that name a day to answer by.")
DUE_DAYS = Figure((7, 21), "assumed", "First and last day an answer may be due, after sending.")


def figures() -> Mapping[str, Figure[object]]:
    """Every figure of the model by its name: of the days, of this module, of the offices."""
    named = {**vars(model_days), **globals(), **vars(model_offices)}
    return {name: f for name, f in named.items() if isinstance(f, Figure)}


@cache
def days() -> Mapping[date, DayTotal]:
    """The 330 days of the published period with their totals, in order."""
    text = files("agencies").joinpath("data/daily.csv").read_text("utf-8")
    return {
        date.fromisoformat(row["date"]): DayTotal(
            int(row["month30"]), int(row["sent"]), int(row["received"])
        )
        for row in csv.DictReader(text.splitlines())
    }


@cache
def month_total(month30: int) -> tuple[int, int]:
    """Sent and received of a 30-day month."""
    chosen = [d for d in days().values() if d.month30 == month30]
    return sum(d.sent for d in chosen), sum(d.received for d in chosen)


def list_weights(sent: int, received: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """List sizes with cumulative weights whose mean is ``received / sent`` where it can be.

    The share of wide lists is b = (f - 1.884) / 40.516 with f = received / sent, held between 0
    and 1; the weights are small x (1 - b) and wide x b.
    """
    small, wide = SMALL_LISTS_PER_MILLE.value, WIDE_LISTS_PER_MILLE.value
    small_mean = sum(size * share for size, share in small.items())
    wide_mean = sum(size * share for size, share in wide.items())
    million = 1_000_000
    b = million * (1000 * received - small_mean * sent) // ((wide_mean - small_mean) * sent)
    b = min(max(b, 0), million)
    weights = [s * (million - b) for s in small.values()] + [w * b for w in wide.values()]
    return (*small, *wide), tuple(accumulate(weights))


@cache
def senders_by_rank() -> tuple[AgencyRow, ...]:
    """The 95 agencies, the one that sends most first (see ``SENDERS_AHEAD``)."""

    def place(row: AgencyRow) -> tuple[int, int, str]:
        letters = row.code[-3:]
        if letters == "G22":
            return 0, 0, ""
        if row.kind in MINISTRY_KINDS:
            return 1, 0, row.code
        if letters in SENDERS_AHEAD.value:
            return 2, SENDERS_AHEAD.value.index(letters), ""
        if letters == "H37":
            return 3, 0, ""
        return (4 if row.level == "provincial" else 5), 0, row.code

    return tuple(sorted(agencies(), key=place))


#: The kinds of the 22 ministries and ministerial-level agencies in the directory.
MINISTRY_KINDS = ("ministry", "ministerial-level agency")


@cache
def sender_weights() -> tuple[int, ...]:
    """Cumulative weights of ``senders_by_rank()``; a weight is rank ** -0.4284 in billionths."""
    exponent = -SENDER_EXPONENT_E4.value / 10_000
    return tuple(
        accumulate(round(1e9 * rank**exponent) for rank in range(1, len(senders_by_rank()) + 1))
    )
