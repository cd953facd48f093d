"""What a group tells a job of its attempts, however much of it happens in one group."""

from __future__ import annotations

import pytest

from axis.core.document import Delivery, Place
from axis.core.facts import Facts
from axis.core.ledger import Ledger
from axis.core.lifecycle import Again, Step, Transport
from axis.core.replay import Heard, Key, Word

WAITING = Delivery(Place("H02", 0, 1), 1, "doc_1", "H01", 0, attempt=2)
GIVEN = WAITING._replace(transport=Transport.DONE, again=Again.GIVEN)
ATTEMPT = Key(1, "H02", 2)


def _heard(delivery: Delivery, last: Step, *, job: bool) -> Heard:
    """What is heard of an attempt that is handed out and has its last word in one group."""
    ledger = Ledger(Facts(seq=7, agencies={}, deliveries={delivery.place: delivery}))
    if job:
        ledger.handed_over("rpl_1", 1, delivery)
    book = ledger.again if delivery.again else ledger.transport
    for step in (Step.OFFER, last):
        delivery = book(delivery, step, "H02", 1, 2)
    if not job:
        return ledger.changes.heard[ATTEMPT]
    assert not ledger.changes.heard
    return ledger.changes.handed[ATTEMPT].heard


@pytest.mark.parametrize("job", [False, True])
@pytest.mark.parametrize(
    ("delivery", "last", "word"),
    [
        (WAITING, Step.DONE, Word.ANSWERED),
        (WAITING, Step.FAIL, Word.FAILED),
        (WAITING, Step.LOCK, Word.WITHHELD),
        (GIVEN, Step.DONE, Word.ANSWERED),
        (GIVEN, Step.FAIL, Word.HAD),
        (GIVEN, Step.LOCK, Word.WITHHELD),
    ],
)
def test_what_was_handed_out_was_whatever_is_said_of_it_then(
    delivery: Delivery, last: Step, word: Word, job: bool
) -> None:
    assert _heard(delivery, last, job=job) == Heard(True, word)


def test_the_first_attempt_is_nobodys() -> None:
    first = WAITING._replace(attempt=1)
    ledger = Ledger(Facts(seq=7, agencies={}, deliveries={first.place: first}))
    ledger.transport(first, Step.OFFER, "H02", 1, 2)
    assert not ledger.changes.heard


@pytest.mark.parametrize(
    ("reason", "job", "body"),
    [("", "", {}), ("x", "", {"reason": "x"}), ("x", "rpl_1", {"reason": "x", "job": "rpl_1"})],
)
def test_a_line_names_the_reason_and_the_job_of_a_step(
    reason: str, job: str, body: dict[str, str]
) -> None:
    ledger = Ledger(Facts(seq=7, agencies={}))
    ledger.transport(WAITING, Step.FAIL, "H02", 1, 2, reason, job)
    ledger.again(GIVEN, Step.FAIL, "H02", 1, 2, reason, job)
    assert [event.body for event in ledger.changes.events] == [body, body]
