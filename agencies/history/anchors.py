"""The published points of the history, and what is found of each: in a plan, or in the books."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, NamedTuple

from agencies import model
from agencies import model_days as days
from agencies.history.part import CLOSED
from agencies.lists import GOVERNMENT_OFFICE
from agencies.pinning import LANG_SON
from agencies.quota import YEAR_END
from agencies.traffic import Planned
from axis.core.timetable import month30, month30_days

_AUTUMN = date(2019, 9, 30)


class Anchor(NamedTuple):
    """One published point: what it counts, the figure, and what was found.

    ``last`` is the last Viet Nam day it counts, from the first one on, and ``measure`` of what:
    all that was sent, all that was received, both in a month of 30 days, or one agency's.
    """

    name: str
    published: int
    found: int
    last: date
    measure: Literal["sent", "received", "month", "agency"]

    @property
    def exact(self) -> bool:
        """Whether the figure was met."""
        return self.published == self.found


def anchors(
    sent: Mapping[date, int],
    received: Mapping[date, int],
    lang_son_sent: int,
    lang_son_from_office: int,
) -> tuple[Anchor, ...]:
    """The points that the whole history must meet.

    ``sent`` and ``received`` are documents and deliveries by Viet Nam day; the other two are
    those of Lạng Sơn by 31 December 2019.
    """
    month_1 = days.MONTH_1_SENT_AND_RECEIVED.value
    from_office = model.LANG_SON_FROM_GOVERNMENT_OFFICE_2019.value
    return (
        Anchor("sent", days.SENT.value, sum(sent.values()), CLOSED, "sent"),
        Anchor("received", days.RECEIVED.value, sum(received.values()), CLOSED, "received"),
        _by_autumn("sent", days.SENT_BY_30_SEPTEMBER_2019.value, sent),
        _by_autumn("received", days.RECEIVED_BY_30_SEPTEMBER_2019.value, received),
        _month("month 1 (30 days)", 1, month_1, sent, received),
        _month(
            "month 10, twice month 1", 10, month_1 * days.MONTH_10_TO_MONTH_1.value, sent, received
        ),
        Anchor(
            "sent by Lạng Sơn by 31 December 2019",
            model.LANG_SON_SENT_2019.value,
            lang_son_sent,
            YEAR_END,
            "agency",
        ),
        Anchor(
            "received by Lạng Sơn from the Government Office by 31 December 2019",
            from_office,
            lang_son_from_office,
            YEAR_END,
            "agency",
        ),
    )


def _by_autumn(
    measure: Literal["sent", "received"], published: int, by_day: Mapping[date, int]
) -> Anchor:
    found = sum(n for day, n in by_day.items() if day <= _AUTUMN)
    return Anchor(f"{measure} by 30 September 2019", published, found, _AUTUMN, measure)


def _month(
    name: str,
    number: int,
    published: int,
    sent: Mapping[date, int],
    received: Mapping[date, int],
) -> Anchor:
    found = sum(n for by_day in (sent, received) for d, n in by_day.items() if month30(d) == number)
    last = month30_days(number)[1]
    return Anchor(f"sent and received in {name}", published, found, last, "month")


def lang_son(plan: Iterable[Planned]) -> tuple[int, int]:
    """Of planned documents: sent by Lạng Sơn, and sent to it by the Government Office, in 2019."""
    sent = from_office = 0
    for planned in plan:
        if planned.day <= YEAR_END:
            sent += planned.sender == LANG_SON
            from_office += planned.sender == GOVERNMENT_OFFICE and LANG_SON in planned.recipients
    return sent, from_office
