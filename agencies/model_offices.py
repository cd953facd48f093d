"""The numbers behind what offices do with a document, marked as those of ``agencies.model`` are.

When an office works, how it fetches what is sent to it and how long it takes to answer, how large
its files are.
"""

from __future__ import annotations

from agencies.figure import Figure
from axis.core import working_days

# When an office works

SESSIONS_MINUTES = Figure(
    ((7 * 60 + 30, 11 * 60 + 30), (13 * 60, 17 * 60)),
    "assumed",
    "Office hours in minutes after midnight, eight hours a day: the usual ones of Vietnamese "
    "offices; each province sets its own.",
)
HOLIDAYS = Figure(
    working_days.HOLIDAYS,
    "sourced",
    "Hùng Kings; 27 April to 1 May 2019 with Monday 29 April swapped; National Day; Tết 23 to 29 "
    "January 2020 (vietnamnet.vn E206473 and 582674; vbp.vn). 1 January 2020 is the statutory one.",
)
EXTRA_WORKING_DAYS = Figure(
    working_days.EXTRA_WORKING_DAYS,
    "sourced",
    "The Saturday worked for Monday 29 April 2019 (vietnamnet.vn E206473, which calls it the 5th).",
)

# How a document is fetched and answered

FETCHING_DIRECTLY = Figure(
    ("H26", "H29", "H17"),
    "assumed",
    "60 agencies connect through an integration platform, 35 directly (sourced: laichau.dcs.vn, "
    "November 2019); which is not told. Taken as direct: the 32 central agencies and, of the "
    "provinces, Hà Nội, Hồ Chí Minh City and Đà Nẵng.",
)
FETCH_EVERY_SECONDS = Figure(
    300,
    "derived",
    "An agency behind a platform looks every five minutes: the interval of Lạng Sơn's client of "
    "2026 (public code), taken for all and for 2019.",
)
FETCH_AT_ONCE_SECONDS = Figure(
    2,
    "assumed",
    "An agency that is told by the bus has a document within two seconds, each agency in its time.",
)
ANSWER_MEDIAN_MINUTES = Figure(
    25,
    "assumed",
    "Working minutes from arrival until a clerk accepts or refuses; nothing was published.",
)
ANSWER_SIGMA_PER_MILLE = Figure(
    1100,
    "assumed",
    "Spread of that delay on the log scale (1.1): log-normal, as gaps in office mail are; one in "
    "a hundred takes five working hours.",
)
ANSWER_WORKING_DAYS_MAX = Figure(
    2,
    "assumed",
    "Nothing lies longer than two whole working days: QĐ 28/2018 art. 9.1 wants an answer "
    "promptly and names no figure. One delay in two thousand is cut to it.",
)

CLERKS = Figure(4, "assumed", "People of a registry who take turns in answering.")

# How large the files are

SMALL_PACKAGE_BYTES = Figure(
    (18_000, 22_000),
    "assumed",
    "Smallest and largest signed package of the profile 'small', each size as likely: about what a "
    "letter of one page without its scan weighs. What follows is the profile 'real'.",
)

MAIN_FILE_MEDIAN_BYTES = Figure(
    180_000,
    "assumed",
    "Between the measured public files of 49 kB, 163 kB and 360 kB of one page and 341 kB of 12.",
)
MAIN_FILE_SIGMA_PER_MILLE = Figure(900, "assumed", "Log-normal, as file sizes are (0.9).")
ATTACHMENTS_PER_MILLE = Figure(
    {0: 550, 1: 250, 2: 120, 3: 20, 4: 20, 5: 20, 6: 20},
    "assumed",
    "Files beside the document itself; nothing was published. Three to six together 8 %.",
)
ATTACHMENT_MEDIAN_BYTES = Figure(
    350_000, "assumed", "Annexes are scans and tables and so larger than the document."
)
ATTACHMENT_SIGMA_PER_MILLE = Figure(1400, "assumed", "Log-normal with a long tail (1.4).")
