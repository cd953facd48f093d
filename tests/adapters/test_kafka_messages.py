"""What the books hold as messages: ids that stay for ever, and all that is told of each state."""

from __future__ import annotations

import hashlib

import pytest

from axis.adapters.kafka_messages import message_of, message_to_observers
from axis.core.lifecycle import Transport
from axis.core.timetable import iso
from schemas import bus
from schemas.bus import Message
from tests.contract.books import NOON, A, B
from tests.contract.publishers import event, record, status

SOURCE = "axis/test"
PACKAGE = b"<edXML/>"
DIGEST = hashlib.sha256(PACKAGE).hexdigest()
#: Of the delivery that all of them are about.
ID = f"doc_7.{B}"
TOLD = Message(
    bus.WAITING,
    ID,
    SOURCE,
    7,
    ID,
    time=iso(NOON),
    sender=A,
    document_id="7/QĐ-UBND",
    sha256=DIGEST,
    size=len(PACKAGE),
)


def test_a_package_travels_inside_or_is_referred_to_and_never_both() -> None:
    made = record(7, PACKAGE)
    referred = TOLD._replace(dataref=f"/v1/deliveries/{ID}/package")
    assert message_of(made, SOURCE, {DIGEST: PACKAGE}) == TOLD._replace(package=PACKAGE)
    assert message_of(made, SOURCE, {"00": b"another's"}) == referred


@pytest.mark.parametrize(("attempt", "name"), [(1, ID), (3, f"{ID}/3")])
def test_each_time_a_delivery_waits_is_a_message_of_its_own(attempt: int, name: str) -> None:
    found = message_of(record(7, PACKAGE, attempt=attempt), SOURCE, {DIGEST: PACKAGE})
    assert found == TOLD._replace(id=name, attempt=attempt, package=PACKAGE)


@pytest.mark.parametrize(
    ("transport", "kind"),
    [(Transport.PARKED, "parked"), (Transport.WITHDRAWN, "withdrawn")],
)
@pytest.mark.parametrize(("attempt", "again"), [(1, ""), (3, "/3")])
def test_a_tombstone_says_which_attempt_waits_no_more_and_nothing_else(
    transport: Transport, kind: str, attempt: int, again: str
) -> None:
    made = record(7, PACKAGE, transport=transport, attempt=attempt)
    name = f"{ID}{again}/{kind}"
    told = Message(f"axis.delivery.{kind}", name, SOURCE, 7, ID, attempt)
    assert message_of(made, SOURCE, {DIGEST: PACKAGE}) == told


def test_a_status_says_how_far_the_stream_reaches() -> None:
    told = Message("axis.status", f"{B}.-1.12", SOURCE, 12)
    assert message_of(status(12), SOURCE, {}) == told


def test_observers_are_told_of_a_delivery_or_of_the_whole_document() -> None:
    told = Message(
        "axis.event.status",
        "event.7",
        SOURCE,
        7,
        ID,
        time=iso(NOON + 7),
        sender=A,
        document_id="7/QĐ-UBND",
        actor=B,
        recipient=B,
        code="02",
    )
    assert message_to_observers(event(7, "status", code="02"), SOURCE) == told
    whole = told._replace(
        type="axis.event.accepted", subject="doc_7", actor=A, recipient="", code=""
    )
    assert message_to_observers(event(7, "accepted", to=""), SOURCE) == whole
