"""What the books hold, as the messages that travel on the topics of Kafka (``schemas.bus``)."""

from __future__ import annotations

from collections.abc import Mapping

from axis.core.document import delivery_id
from axis.core.lifecycle import Transport
from axis.core.record import STATUSES, Observed, Record
from axis.core.timetable import iso
from schemas import bus

#: What is told of a number that waits no more.
TOMBSTONES = {Transport.PARKED: bus.PARKED, Transport.WITHDRAWN: bus.WITHDRAWN}


def message_of(record: Record, source: str, inside: Mapping[str, bytes]) -> bus.Message:
    """What a recipient is told; ``inside`` are the packages that travel, by digest."""
    recipient, urgency, no, transport, attempt, doc_id, *_ = record
    if urgency == STATUSES:
        place = f"{recipient}.{urgency}.{no}"
        return bus.Message(bus.STATUS, place, source, no)
    delivery = delivery_id(doc_id, recipient)
    if transport in TOMBSTONES:
        kind = TOMBSTONES[Transport(transport)]
        name = bus.event_id(kind, delivery, attempt)
        return bus.Message(kind, name, source, no, delivery, attempt)
    package = inside.get(record.sha256, b"")
    return bus.Message(
        bus.WAITING,
        bus.event_id(bus.WAITING, delivery, attempt),
        source,
        no,
        delivery,
        attempt,
        time=iso(record.occurred_at),
        sender=record.sender,
        document_id=record.document_id,
        sha256=record.sha256,
        size=record.size,
        package=package,
        dataref="" if package else bus.dataref(delivery),
    )


def message_to_observers(event: Observed, source: str) -> bus.Message:
    """What observers are told: nothing of the content, and nothing that leads to it."""
    about = delivery_id(event.doc_id, event.recipient) if event.recipient else event.doc_id
    return bus.Message(
        f"{bus.EVENT}{event.kind}",
        f"event.{event.no}",
        source,
        event.no,
        about,
        time=iso(event.occurred_at),
        sender=event.sender,
        document_id=event.document_id,
        actor=event.actor,
        recipient=event.recipient,
        code=event.code,
    )
