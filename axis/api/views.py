"""The JSON shapes of what the books hold, one function for each; ``schemas.rest`` says the same
as models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from axis.api.problems import told
from axis.api.receipts import receipt
from axis.api.replay_views import redelivery
from axis.core.commands import Audit, Moved, Refuse, Refused, Said
from axis.core.directory import Agency
from axis.core.document import Delivery, Document, Event, delivery_id
from axis.core.lifecycle import ANSWERS, BY_SENDER, Business, Request, Transport
from axis.core.timetable import MICROSECONDS, iso
from axis.flows.proving import Proof
from axis.flows.tracking import View
from axis.ports import Queue, Row, Signer
from schemas.edxml import NEW, RECALL, REPLACEMENT, UPDATE

#: What DocType 0 to 3 is called.
KINDS: Mapping[int, str] = {
    NEW: "new",
    RECALL: "recall",
    UPDATE: "update",
    REPLACEMENT: "replacement",
}
#: Units of a recipient shown with a delivery: with more the header of a frame would not hold them.
UNITS_SHOWN_MAX = 200
NOT_YET = "not acted upon yet"
#: Relations and codes that are carried and linked, and change nothing by themselves yet.
_CARRIED = frozenset({"recalls", "updates", "replaces"})
_REQUESTS = BY_SENDER | frozenset(ANSWERS)

# Names are made once: ``IntEnum.name`` is a slow property, and every row asks for three.
STATE: Mapping[int, str] = {state.value: state.name.lower() for state in Transport}
ANSWER: Mapping[int, str] = {state.value: state.name.lower() for state in Business}
REQUEST: Mapping[int, str] = {state.value: state.name.lower() for state in Request}


def delivery(row: Row) -> dict[str, Any]:
    """DELIVERY: one line of an inbox, or the header of a frame."""
    one, document = row.delivery, row.document
    again = {"redelivery": redelivery(document, row.redelivery)} if row.redelivery else {}
    units = next(r.units for r in document.recipients if r.agency == one.place.recipient)
    return {
        "id": one.id,
        "doc": document.id,
        "sender": document.sender,
        "unit": document.unit,
        "units": list(units[:UNITS_SHOWN_MAX]),
        "document_id": document.document_id,
        "kind": document.kind,
        "urgency": one.place.urgency,
        "no": one.place.no,
        "sha256": document.sha256,
        "size": document.size,
        "subject": document.meta.get("subject", ""),
        "code": document.meta.get("code", ""),
        "state": STATE[one.transport],
        "answer": ANSWER[one.business],
        "request": REQUEST[one.request],
        "attempt": one.attempt,
        "reason": one.reason,
        "verdict": document.verdict,
        "occurred_at": iso(document.occurred_at),
        "recorded_at": iso(document.recorded_at),
        **again,
    }


def moved(named: str, item: Moved, place: str = "") -> dict[str, Any]:
    """What a confirmation or a reset did to the delivery that its caller ``named`` at ``place``."""
    found = item.delivery
    out: dict[str, Any] = {
        "delivery": named if found is None else found.id,
        "state": None if found is None else STATE[found.transport],
        "changed": item.changed,
    }
    if item.fault is not None:
        out["problem"] = {**told(item.fault), "place": item.fault.place or place}
    return out


def said(code: str, answer: Said) -> dict[str, Any]:
    """The answer to one status that was taken."""
    return {
        "delivery": answer.delivery.id,
        "code": code,
        "state": ANSWER[answer.delivery.business],
        "seq": answer.seq,
        "repeated": answer.repeated,
    }


def status_of(answer: Said | Refused) -> int:
    """The HTTP status that an answer to a status would have alone."""
    if isinstance(answer, Refused):
        return answer.fault.entry.status
    return 200 if answer.repeated else 201


def streamed(event: Event, document: Document) -> dict[str, Any]:
    """One line of the status stream."""
    out: dict[str, Any] = {
        "seq": event.seq,
        "kind": event.kind,
        "code": event.code,
        "delivery": delivery_id(document.id, event.recipient),
        "doc": document.id,
        "document_id": document.document_id,
        "sender": document.sender,
        "recipient": event.recipient,
        "actor": event.actor,
        "reason": event.body.get("reason", ""),
        "occurred_at": iso(event.occurred_at),
        "recorded_at": iso(event.recorded_at),
    }
    if "staff" in event.body:
        out["staff"] = event.body["staff"]
    if event.code in _REQUESTS:
        out["note"] = NOT_YET
    return out


def view(seen: View, signer: Signer) -> dict[str, Any]:
    """VIEW: one package with the states and the history that the caller may see."""
    document = seen.document
    units = {r.agency: r.units for r in document.recipients}
    return {
        **receipt(document, signer),
        "subject": document.meta.get("subject", ""),
        "code": document.meta.get("code", ""),
        "type": document.meta.get("type", ""),
        "kind": document.kind,
        "kind_name": KINDS[document.kind],
        "urgency": document.urgency,
        "size": document.size,
        "unit": document.unit,
        "document_signature": "not examined yet",
        "links": [
            _noted(
                link.relation,
                {
                    "relation": link.relation,
                    "sender": link.sender,
                    "document_id": link.document_id,
                },
            )
            for link in document.links
        ],
        "linked": [
            _noted(
                relation,
                {
                    "relation": relation,
                    "doc": other.id,
                    "document_id": other.document_id,
                    "kind": other.kind,
                },
            )
            for relation, other in seen.linked.found
        ],
        "linked_count": seen.linked.total,
        "deliveries": [_standing(one, units[one.place.recipient]) for one in seen.deliveries],
        "history": [_event(event) for event in seen.events],
    }


def _noted(relation: str, link: dict[str, Any]) -> dict[str, Any]:
    return {**link, "note": NOT_YET} if relation in _CARRIED else link


def _standing(one: Delivery, units: Sequence[str]) -> dict[str, Any]:
    return {
        "id": one.id,
        "recipient": one.place.recipient,
        "units": list(units),
        "urgency": one.place.urgency,
        "no": one.place.no,
        "state": STATE[one.transport],
        "answer": ANSWER[one.business],
        "request": REQUEST[one.request],
        "attempt": one.attempt,
        "reason": one.reason,
    }


def _event(event: Event) -> dict[str, Any]:
    note = {"note": NOT_YET} if event.code in _REQUESTS else {}
    return {
        **event.body,
        "seq": event.seq,
        "kind": event.kind,
        "recipient": event.recipient,
        "actor": event.actor,
        "code": event.code,
        "reason": event.body.get("reason", ""),
        "occurred_at": iso(event.occurred_at),
        "recorded_at": iso(event.recorded_at),
        **note,
    }


def agency(one: Agency) -> dict[str, Any]:
    """One line of the directory."""
    return {
        "code": one.code,
        "name_vi": one.name_vi,
        "name_en": one.name_en,
        "kind": one.kind,
        "level": one.level,
        "certainty": one.certainty,
        "locked": one.locked,
    }


def queue(found: Queue, now: int) -> dict[str, Any]:
    """What waits for an agency, at ``now``."""
    age = None if found.oldest is None else (now - found.oldest) / MICROSECONDS
    return {
        "agency": found.agency,
        "waiting": found.waiting,
        "offered": found.offered,
        "parked": found.parked,
        "oldest_age_s": age,
    }


def act(audit: Audit) -> dict[str, Any]:
    """A line of the audit log."""
    return {
        "at": iso(audit.now),
        "actor": audit.actor,
        "act": audit.act,
        "target": audit.target,
        "why": audit.why,
    }


def refusal(refuse: Refuse) -> dict[str, Any]:
    """A line of the refusal log."""
    return {
        "at": iso(refuse.now),
        "caller": refuse.caller,
        "code": refuse.code,
        "place": refuse.place,
        "detail": refuse.sentence,
        "sha256": refuse.sha256,
        "size": refuse.size,
    }


def proof(found: Proof) -> dict[str, Any]:
    """An audit as the operator's door tells it."""
    return {
        "clean": found.clean,
        "documents": found.documents,
        "events": found.events,
        "deliveries": found.deliveries,
        "counters": [
            {"agency": agency, "day": day, "metric": metric, "books": books, "recounted": again}
            for (agency, day, metric), (books, again) in found.counters.items()
        ],
        "states": list(found.states),
        "lines": list(found.lines),
        "left_out": found.left_out,
    }
