"""The demo's verdict: a day that went as planned has no difference, and each fault is named."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from agencies.journal import Sent, Taken
from agencies.traffic import Planned, plan_day
from axis.cli.outcome import Journals, by_kind, differences, speed
from schemas.codes import agencies

PLAN = plan_day(date(2020, 1, 15), 1, sent=40, received=140)
RECEIVED, REFUSED = 140, sum(len(one.refused_by) for one in PLAN)


@dataclass
class Day:
    """What is compared: plan, books, journals and statuses that came back."""

    plan: tuple[Planned, ...]
    counts: dict[str, Any]
    sent: dict[int, Sent]
    received: dict[str, dict[str, Taken]]
    heard: int

    def differences(self) -> list[str]:
        return differences(self.plan, self.counts, Journals(self.sent, self.received), self.heard)

    def someone(self) -> tuple[str, Taken]:
        """An agency that received something, and what."""
        code = next(code for code, taken in self.received.items() if taken)
        return code, next(iter(self.received[code].values()))


def row(code: str, sent: int, received: int) -> dict[str, Any]:
    return {"agency": code, "sent": sent, "received": received, "statuses": {"01": received}}


def planned_day() -> Day:
    """A day on which everything went as planned."""
    sent = {}
    received: dict[str, dict[str, Taken]] = {row.code: {} for row in agencies()}
    for one in PLAN:
        doc, digest = f"doc_{one.index}", f"{one.index:064x}"
        ids = tuple(f"{doc}.{code}" for code in one.recipients)
        sent[one.index] = Sent(
            one.index, one.document_id, digest, 100, one.index, one.index + 0.5, doc, ids
        )
        for code, delivery in zip(one.recipients, ids, strict=True):
            received[code][delivery] = Taken(
                delivery=delivery,
                sender=one.sender,
                document_id=one.document_id,
                sha256=digest,
                size=100,
                at_us=one.at_us,
                available_s=one.index + 0.1,
                done=True,
                done_s=one.index + 0.2,
            )
    senders = Counter(one.sender for one in PLAN)
    counts = {
        "sent": len(PLAN),
        "received": RECEIVED,
        "statuses": {"01": RECEIVED, "02": REFUSED, "03": RECEIVED - REFUSED},
        "rows": [row(code, senders[code], len(taken)) for code, taken in received.items()],
        "balances": [{"line": "transport", "difference": 0}, {"line": "business", "difference": 0}],
    }
    return Day(PLAN, counts, sent, received, 2 * RECEIVED)


def test_a_day_that_went_as_planned_has_no_difference() -> None:
    assert planned_day().differences() == []


def lost_document(day: Day) -> None:
    del day.sent[0]


def refused_document(day: Day) -> None:
    day.sent[0] = replace(day.sent[0], doc="", deliveries=(), refused="409 document.conflict")


def other_recipients(day: Day) -> None:
    day.sent[0] = replace(day.sent[0], deliveries=(f"doc_0.{PLAN[0].sender}",))


def lost_delivery(day: Day) -> None:
    code, taken = day.someone()
    del day.received[code][taken.delivery]


def phantom(day: Day) -> None:
    code, taken = day.someone()
    day.received[code]["doc_99." + code] = replace(taken, delivery="doc_99." + code)


def misrouted(day: Day) -> None:
    code, taken = day.someone()
    other = next(row.code for row in agencies() if row.code != code)
    day.received[other][taken.delivery] = taken


def altered(day: Day) -> None:
    code, taken = day.someone()
    day.received[code][taken.delivery] = replace(taken, sha256="0" * 64)


def unconfirmed(day: Day) -> None:
    code, taken = day.someone()
    day.received[code][taken.delivery] = replace(taken, done=False)


def refused_status(day: Day) -> None:
    code, taken = day.someone()
    day.received[code][taken.delivery] = replace(taken, unsaid={"03": "lifecycle.ended"})


def unbalanced(day: Day) -> None:
    day.counts["balances"][1]["difference"] = 1


def uncounted(day: Day) -> None:
    day.counts["sent"] -= 1


def missing_03(day: Day) -> None:
    day.counts["statuses"]["03"] -= 1


def unheard(day: Day) -> None:
    day.heard -= 1


def other_books(day: Day) -> None:
    day.counts["rows"][3]["received"] += 1


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (lost_document, "was not sent"),
        (refused_document, "was refused: 409 document.conflict"),
        (other_recipients, "has other recipients than planned"),
        (lost_delivery, "never came"),
        (phantom, "which no receipt names"),
        (misrouted, "which no receipt names"),
        (altered, "came in with other bytes than were sent"),
        (unconfirmed, "was not confirmed: no answer"),
        (refused_status, "03 was refused, lifecycle.ended"),
        (unbalanced, "the business line is off by 1"),
        (uncounted, "documents sent: 39 in the books, 40 planned"),
        (missing_03, "03 accepted: "),
        (unheard, "statuses that came back to their senders: 279 in the books, 280 planned"),
        (other_books, "remembers "),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_fault_is_named(fault: Callable[[Day], None], sentence: str) -> None:
    day = copy.deepcopy(planned_day())
    fault(day)
    found = day.differences()
    assert any(sentence in difference for difference in found), found


def test_latencies_count_from_the_planned_moment() -> None:
    day = planned_day()
    told = speed(Journals(day.sent, day.received), 0)
    assert told.available_ms == pytest.approx((100.0, 100.0))
    assert told.done_ms == pytest.approx((200.0, 200.0))
    assert told.bytes_sent == 40 * 100
    assert told.documents == 40
    assert told.sending_s == pytest.approx(39.5)


def test_how_fast_it_was_is_told_of_what_left_since_it_went_on() -> None:
    day = planned_day()
    # Half of the day had left before it was stopped, and was taken only when it went on.
    for taken in day.received.values():
        for one in taken.values():
            before = one.available_s < 20
            one.available_s += 600 * before
            one.done_s += 600 * before
    told = speed(Journals(day.sent, day.received), 20)
    assert told.available_ms == pytest.approx((100.0, 100.0))
    assert told.documents == 20
    assert told.sending_s == pytest.approx(19.5)
    assert told.bytes_sent == 40 * 100

    stopped_behind_the_last = speed(Journals(day.sent, day.received), 40)
    assert (stopped_behind_the_last.documents, stopped_behind_the_last.sending_s) == (0, 0)


def test_every_agency_is_of_one_kind_in_the_table() -> None:
    table = by_kind(planned_day().counts)
    assert [line[0] for line in table][:2] == ["ministries", "ministerial level"]
    assert sum(line[1] for line in table) == 95
    assert (sum(line[2] for line in table), sum(line[3] for line in table)) == (40, 140)
