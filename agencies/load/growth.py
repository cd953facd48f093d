"""Where the traffic starts and how it grows: a rate is a month, and a month is a rate.

Month 0 is January 2020, the month of the published period's peak day. Its worst minute is the base
that everything grows from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from agencies import model
from agencies.figure import Figure
from agencies.load.impossible import Impossible

PEAK_DAY = date(2020, 1, 15)
FIRST_YEAR = 2020

BURST = Figure(
    3, "assumed", "How much more the worst minute of the busiest hour carries than its mean minute."
)
SEED_NINE_STEPS = Figure(
    2.0,
    "sourced",
    "Month 10 carried twice what month 1 did (en.qdnd.vn, February 2020): nine steps of a month.",
)

#: Growth a month. Below 0.5 % it takes 140 years to grow as far as one laptop goes; above 100 % the
#: nation would send more than it has people within two years.
MONTHLY_MIN, MONTHLY_MAX = 0.005, 1.0
#: Months in which it doubles then, as whole ones.
DOUBLE_MIN, DOUBLE_MAX = 1, 138


@dataclass(frozen=True, slots=True)
class Base:
    """The traffic of month 0: documents and deliveries a second, recipients of a document."""

    documents: float
    deliveries: float
    fanout: float


def base(fanout: float | None = None) -> Base:
    """The worst minute of 15 January 2020; ``fanout`` stands in for that day's own (3.52).

    Documents of the day x share of its busiest hour / 3,600 s x burst: 0.253 a second.
    """
    day = model.days()[PEAK_DAY]
    hour = max(model.HOURS_PER_MILLE.value.values()) / 1000
    documents = day.sent * hour / 3600 * BURST.value
    to = day.received / day.sent if fanout is None else fanout
    return Base(documents, documents * to, to)


@dataclass(frozen=True, slots=True)
class Growth:
    """So much more each month: ``monthly`` is 0.08 for 8 %; ``told`` is how it was asked for."""

    monthly: float
    told: str

    def rate(self, first: float, month: float) -> float:
        """The rate of a month that is ``first`` in month 0."""
        return first * math.pow(1 + self.monthly, month)

    def month(self, first: float, rate: float) -> float:
        """The month, whole or not, in which ``first`` has grown to ``rate``; both above 0."""
        return math.log(rate / first) / math.log1p(self.monthly)


def parse(text: str | None = None, double_in: float | None = None) -> Growth:
    """``seed`` (also without a word), ``5%`` a month, or twice in ``double_in`` months; raises
    ``Impossible``.
    """
    if double_in is not None and text is not None:
        raise Impossible(
            f"--growth {text} and --double-in {double_in:g} are two growths; either would do"
        )
    if double_in is not None:
        if not DOUBLE_MIN <= double_in <= DOUBLE_MAX:
            raise Impossible(
                f"--double-in {double_in:g} is not from {DOUBLE_MIN} to {DOUBLE_MAX} months, a "
                f"growth from {MONTHLY_MIN:.1%} to {MONTHLY_MAX:.0%} a month; --double-in 9, as "
                "the published figures say, would do"
            )
        return Growth(2 ** (1 / double_in) - 1, f"twice in {double_in:g} months")
    if text is None or text == "seed":
        steps = 9
        return Growth(SEED_NINE_STEPS.value ** (1 / steps) - 1, "twice in nine months")
    try:
        monthly = float(text.removesuffix("%")) / 100
    except ValueError:
        raise Impossible(
            f"--growth {text} is no growth; --growth seed, or 5% for 5 % a month"
        ) from None
    if not MONTHLY_MIN <= monthly <= MONTHLY_MAX:
        raise Impossible(
            f"--growth {text} reaches nothing that could be dated: it lies from "
            f"{MONTHLY_MIN:.1%} to {MONTHLY_MAX:.0%} a month; --growth 8% would do"
        )
    return Growth(monthly, f"{monthly:.1%} a month")


def calendar(month: int) -> date:
    """The first day of a month that is counted from January 2020."""
    return date(FIRST_YEAR + month // 12, month % 12 + 1, 1)
