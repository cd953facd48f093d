"""What the books hold: documents, deliveries, events. Rows; a change is a copy.

They are named tuples and no frozen dataclasses: a document makes a dozen of them, and each is made
in a third of the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from axis.core.lifecycle import Again, Business, Request, Transport

#: Free-form details that are shown and never decided upon (JSON values).
Details = Mapping[str, Any]
NO_DETAILS: Details = MappingProxyType({})


class Place(NamedTuple):
    """A delivery's place: the ``no``-th of the lane (recipient, urgency)."""

    recipient: str
    urgency: int
    no: int


class Lane(NamedTuple):
    """Documents of one urgency class for one recipient; delivered in the order of acceptance."""

    recipient: str
    urgency: int


class Addressee(NamedTuple):
    """A recipient agency and the units of it that the package names; ``no`` once placed."""

    agency: str
    units: tuple[str, ...]
    no: int = 0


class Link(NamedTuple):
    """The package speaks of another document: recalls, updates, replaces or answers it."""

    relation: str
    sender: str
    document_id: str


class Document(NamedTuple):
    """One accepted document package (append-only). Times are microseconds UTC."""

    seq: int
    id: str
    sender: str
    unit: str
    document_id: str
    kind: int
    urgency: int
    sha256: str
    size: int
    recipients: tuple[Addressee, ...]
    occurred_at: int
    recorded_at: int
    verdict: str
    links: tuple[Link, ...] = ()
    meta: Details = NO_DETAILS

    def delivery_ids(self) -> tuple[str, ...]:
        """One id per recipient, in the order of the package."""
        return tuple(delivery_id(self.id, r.agency) for r in self.recipients)

    def reaches(self, agency: str) -> bool:
        """Whether an agency is among the recipients."""
        return any(r.agency == agency for r in self.recipients)

    def relations_to(self, sender: str, document_id: str) -> frozenset[str]:
        """In which ways this package speaks of a document."""
        named = (sender, document_id)
        return frozenset(
            link.relation for link in self.links if (link.sender, link.document_id) == named
        )


class Delivery(NamedTuple):
    """One package for one recipient: a fold of its events.

    ``doc``, ``doc_id``, ``sender`` and ``kind`` are the document's and never change. ``said`` has
    bit ``n`` set when status ``n`` was said; ``reason`` is the last reason given (parked, 02, 16).
    ``attempt`` counts how often it began to wait, being given back included; ``arrived_at`` is when
    it came to its recipient, where that is kept (microseconds UTC).
    """

    place: Place
    doc: int
    doc_id: str
    sender: str
    kind: int
    transport: Transport = Transport.WAITING
    business: Business = Business.NONE
    request: Request = Request.NONE
    said: int = 0
    reason: str = ""
    attempt: int = 1
    again: Again = Again.NONE
    arrived_at: int | None = None

    @property
    def id(self) -> str:
        """``<doc id>.<recipient code>``."""
        return delivery_id(self.doc_id, self.place.recipient)

    @property
    def shown(self) -> bool:
        """In its recipient's inbox: open, or given back."""
        return self.transport.open or self.again is not Again.NONE

    @property
    def may_be_had(self) -> bool:
        """In the inbox, and its recipient may have it: not what was put back and still waits."""
        new = self.transport is Transport.WAITING and self.attempt == 1
        return new or self.transport is Transport.OFFERED or self.again is Again.HANDED


class Redelivery(NamedTuple):
    """By which job a delivery is given back, and when it was done for the first time (occurred,
    microseconds UTC).
    """

    job: str
    done_at: int


class Event(NamedTuple):
    """One line of the history (append-only), numbered in commit order.

    ``kind``: accepted, offered, done, parked, reset, status; of what is given back, which counts
    nowhere: given, handed, kept, had, withheld. ``recipient`` names the delivery (empty for
    ``accepted``); ``addressee`` is the agency in whose status stream it appears.
    """

    seq: int
    kind: str
    doc: int
    recipient: str
    actor: str
    occurred_at: int
    recorded_at: int
    code: str = ""
    addressee: str = ""
    body: Details = NO_DETAILS


def delivery_id(doc_id: str, recipient: str) -> str:
    """The id of a package's delivery to one recipient."""
    return f"{doc_id}.{recipient}"


def split_delivery_id(text: str) -> tuple[str, str] | None:
    """The document id and the recipient's code of a delivery id; None when it is none."""
    doc_id, dot, recipient = text.partition(".")
    return (doc_id, recipient) if dot and recipient else None
