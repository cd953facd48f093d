"""What the books must say when a part of the history has been played: counted from the plan.

``sent`` is documents by their sender, ``received`` deliveries by their recipient, as in
``axis.core.tally``; a delivery is taken on the Viet Nam day its document is sent. Sendings
repeated count nowhere but in ``again``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from agencies.history.part import Part, documents
from agencies.traffic import Planned
from axis.core.timetable import MICROSECONDS, day_start_us, month30
from schemas.codes import agencies
from schemas.edxml import UPDATE

_HOUR_US = 3600 * MICROSECONDS


@dataclass
class Figures:
    """Counts over planned documents. ``*_by_*`` count documents or deliveries by the key named;
    months are 30-day months from 1, an hour is (weekday from 0 for Monday, hour) in Viet Nam.
    """

    documents: int = 0
    deliveries: int = 0
    again: int = 0
    sent_by_day: Counter[date] = field(default_factory=Counter)
    received_by_day: Counter[date] = field(default_factory=Counter)
    sent_by_month: Counter[int] = field(default_factory=Counter)
    received_by_month: Counter[int] = field(default_factory=Counter)
    sent_by_agency: Counter[str] = field(default_factory=Counter)
    received_by_agency: Counter[str] = field(default_factory=Counter)
    #: Deliveries by (sender, recipient), and by the kinds of the two in the directory.
    deliveries_by_pair: Counter[tuple[str, str]] = field(default_factory=Counter)
    documents_by_urgency: Counter[int] = field(default_factory=Counter)
    deliveries_by_urgency: Counter[int] = field(default_factory=Counter)
    documents_by_type: Counter[str] = field(default_factory=Counter)
    deliveries_by_type: Counter[str] = field(default_factory=Counter)
    documents_by_business: Counter[int] = field(default_factory=Counter)
    deliveries_by_business: Counter[int] = field(default_factory=Counter)
    documents_by_size: Counter[int] = field(default_factory=Counter)
    documents_by_hour: Counter[tuple[int, int]] = field(default_factory=Counter)
    #: What recipients say after 01, by code: 02, 03, 15, 16 (``agencies.replies``).
    answers_by_code: Counter[str] = field(default_factory=Counter)

    def add(self, plan: Iterable[Planned]) -> None:
        """Count documents of one day's plan."""
        for planned in plan:
            self._add(planned, planned.day)

    def _add(self, planned: Planned, day: date) -> None:
        sender, recipients = planned.sender, planned.recipients
        count, month = len(recipients), month30(day)
        self.documents += 1
        self.deliveries += count
        self.again += planned.again_us is not None
        self.sent_by_day[day] += 1
        self.received_by_day[day] += count
        self.sent_by_month[month] += 1
        self.received_by_month[month] += count
        self.sent_by_agency[sender] += 1
        self.received_by_agency.update(recipients)
        self.deliveries_by_pair.update([(sender, recipient) for recipient in recipients])
        self.documents_by_urgency[planned.urgency] += 1
        self.deliveries_by_urgency[planned.urgency] += count
        self.documents_by_type[planned.type_name] += 1
        self.deliveries_by_type[planned.type_name] += count
        self.documents_by_business[planned.business] += 1
        self.deliveries_by_business[planned.business] += count
        self.documents_by_size[count] += 1
        hour = (planned.at_us - day_start_us(day)) // _HOUR_US
        self.documents_by_hour[day.weekday(), hour] += 1
        refused = len(planned.refused_by)
        agreed, declined = ("15", "16") if planned.business == UPDATE else ("03", "02")
        self.answers_by_code[agreed] += count - refused
        self.answers_by_code[declined] += refused

    @property
    def deliveries_by_kinds(self) -> Counter[tuple[str, str]]:
        """Deliveries by the kinds of sender and recipient (``ministry``, ``province`` ...)."""
        kinds = _kinds()
        found: Counter[tuple[str, str]] = Counter()
        for (sender, recipient), count in self.deliveries_by_pair.items():
            found[kinds[sender], kinds[recipient]] += count
        return found


def figures(part: Part, seed: int) -> Figures:
    """The figures of a part. The whole history takes some ten seconds of one core."""
    counted = Figures()
    for _, plan in documents(part, seed):
        counted.add(plan)
    return counted


@cache
def _kinds() -> dict[str, str]:
    return {row.code: row.kind for row in agencies()}
