"""What a plan comes to: which deliveries a job would hand over, which not and why, who sees what.

Pure. The same question is asked again of each delivery when its turn comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from axis.core.errors import Fault
from axis.core.lifecycle import Again, Business, Request, Transport
from axis.core.replay import Candidate, Kind

#: Deliveries named with each reason for which some are left out.
EXAMPLES_MAX = 5


def left_out(kind: Kind, one: Candidate, *, named: bool, locked: bool = False) -> Fault | None:
    """Why a delivery is not handed over; None when it is.

    What was recalled, replaced or taken back is given back only when it is ``named``: its
    recipient should rather not act upon it.
    """
    delivery = one.delivery
    state = {"state": delivery.transport.name.lower()}
    if kind is Kind.REDRIVE:
        if delivery.transport is not Transport.PARKED:
            return Fault("delivery.not_parked", "", state)
    elif delivery.transport is not Transport.DONE:
        return Fault("delivery.not_done", "", state)
    elif delivery.again is not Again.NONE:
        return Fault("delivery.given_back")
    elif not named and (code := _withdrawn(one)):
        return Fault(code)
    return Fault("delivery.locked") if locked else None


def _withdrawn(one: Candidate) -> str:
    business = one.delivery.business
    if one.recalled or business is Business.RECALLED:
        return "document.recalled"
    if one.replaced or business is Business.REPLACED:
        return "document.replaced"
    # Asked back by its sender (13), and not refused (16).
    asked_back = one.delivery.said >> 13 & 1 and one.delivery.request is not Request.REFUSED
    if asked_back or business is Business.TAKEN_BACK:
        return "document.taken_back"
    return ""


@dataclass(slots=True)
class Share:
    """What one recipient will see; ``size`` is bytes of packages."""

    recipient: str
    deliveries: int = 0
    documents: set[int] = field(default_factory=set)
    senders: set[str] = field(default_factory=set)
    size: int = 0


@dataclass(slots=True)
class LeftOut:
    """Deliveries that are left out for one reason; ``examples`` are the ids of the first."""

    fault: Fault
    deliveries: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Survey:
    """What a plan comes to."""

    chosen: list[Candidate] = field(default_factory=list)
    shares: dict[str, Share] = field(default_factory=dict)
    left_out: dict[tuple[str, str], LeftOut] = field(default_factory=dict)

    @property
    def documents(self) -> int:
        """Different packages among the chosen."""
        return len({one.delivery.doc for one in self.chosen})

    @property
    def size(self) -> int:
        """Bytes of packages that will be handed out: each as often as it is."""
        return sum(one.size for one in self.chosen)


def survey(
    kind: Kind, candidates: Iterable[Candidate], *, named: bool, locked: Sequence[str]
) -> Survey:
    """Sort candidates; those chosen keep their order."""
    found = Survey()
    for one in candidates:
        recipient = one.delivery.place.recipient
        fault = left_out(kind, one, named=named, locked=recipient in locked)
        if fault is None:
            found.chosen.append(one)
            share = found.shares.setdefault(recipient, Share(recipient))
            share.deliveries += 1
            share.documents.add(one.delivery.doc)
            share.senders.add(one.delivery.sender)
            share.size += one.size
        else:
            key = (fault.code, fault.detail.get("state", ""))
            out = found.left_out.setdefault(key, LeftOut(fault))
            out.deliveries += 1
            if len(out.examples) < EXAMPLES_MAX:
                out.examples.append(one.delivery.id)
    return found
