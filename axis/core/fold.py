"""What one event makes of a delivery: the ledger books by these rules, and an audit proves by them.

Each rule takes a delivery and gives the next; ``after`` finds the rule that an event stands for.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from axis.core import timeliness
from axis.core.document import Addressee, Delivery, Document, Event, Place
from axis.core.lifecycle import (
    AGAIN,
    ANSWERS,
    ARRIVED,
    BUSINESS,
    BY_SENDER,
    STATUS_CODES,
    TRANSPORT,
    WITH_REASON,
    Request,
    Step,
    Transport,
)
from schemas.edxml import UPDATE

ACCEPTED, STATUS = "accepted", "status"

#: The event of each step.
TOLD: Final[Mapping[Step, str]] = MappingProxyType(
    {
        Step.OFFER: "offered",
        Step.DONE: "done",
        Step.FAIL: "parked",
        Step.LOCK: "parked",
        Step.UNLOCK: "reset",
        Step.RESET: "reset",
    }
)
#: The same of what is given back.
AGAIN_TOLD: Final[Mapping[Step, str]] = MappingProxyType(
    {
        Step.GIVE: "given",
        Step.OFFER: "handed",
        Step.DONE: "kept",
        Step.FAIL: "had",
        Step.LOCK: "withheld",
    }
)
#: And back: steps that leave the same line lead to the same state.
_STEPS: Final = {kind: step for step, kind in TOLD.items()}
_AGAIN_STEPS: Final = {kind: step for step, kind in AGAIN_TOLD.items()}
KINDS: Final = frozenset({ACCEPTED, STATUS, *_STEPS, *_AGAIN_STEPS})


class Illegal(Exception):
    """An event that cannot follow, or that no rule knows."""


def begun(document: Document, recipient: Addressee) -> Delivery:
    """A delivery of a document as it begins."""
    return Delivery(
        place=Place(recipient.agency, document.urgency, recipient.no),
        doc=document.seq,
        doc_id=document.id,
        sender=document.sender,
        kind=document.kind,
        # An update asks its recipients to agree (VPCP 2.4 section 2.6).
        request=Request.OPEN if document.kind == UPDATE else Request.NONE,
    )


def moved(before: Delivery, step: Step, at: int, reason: str) -> Delivery:
    """Take a legal transport step at an instant (microseconds UTC); else ``KeyError``."""
    state = TRANSPORT[before.transport, step]
    return before._replace(
        transport=state,
        reason=reason if state is Transport.PARKED else "",
        attempt=before.attempt + (state is Transport.WAITING),
        arrived_at=timeliness.arrival(before.arrived_at, at, told=state is Transport.DONE),
    )


def moved_again(before: Delivery, step: Step) -> Delivery:
    """Take a legal step of giving back: transport stays done; else ``KeyError``."""
    return before._replace(
        again=AGAIN[before.again, step], attempt=before.attempt + (step is Step.GIVE)
    )


def spoken(before: Delivery, code: str, at: int, reason: str) -> Delivery:
    """Hear a legal status, said at an instant (microseconds UTC)."""
    return before._replace(
        business=BUSINESS.get((before.business, code), before.business),
        request=Request.OPEN if code in BY_SENDER else ANSWERS.get(code, before.request),
        said=before.said | 1 << int(code),
        arrived_at=timeliness.arrival(before.arrived_at, at, told=code == ARRIVED),
        reason=reason if code in WITH_REASON else before.reason,
    )


def addressee(kind: str, code: str, sender: str, recipient: str) -> str:
    """In whose status stream an event appears; empty: in nobody's.

    The sender is told of what does not reach its recipient, and of what that one says.
    """
    if kind == STATUS:
        return recipient if code in BY_SENDER else sender
    return sender if kind == "parked" else ""


def speaker(code: str, sender: str, recipient: str) -> str:
    """Who alone may say a status."""
    return sender if code in BY_SENDER else recipient


def after(before: Delivery, event: Event) -> Delivery:
    """Fold one event into its delivery. Raises ``Illegal``."""
    reason = event.body.get("reason", "")
    try:
        if event.kind == STATUS and event.code in STATUS_CODES:
            return spoken(before, event.code, event.occurred_at, reason)
        if event.kind in _STEPS:
            return moved(before, _STEPS[event.kind], event.occurred_at, reason)
        if before.transport is Transport.DONE:
            return moved_again(before, _AGAIN_STEPS[event.kind])
    except KeyError:
        pass
    raise Illegal
