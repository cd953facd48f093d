"""What recipients are told: that something waits for them, and never more than the books say."""

from __future__ import annotations

from dataclasses import dataclass

from axis.core.document import Document
from axis.core.lifecycle import Transport

#: The "urgency" of a status stream.
STATUSES = -1


@dataclass(frozen=True, slots=True)
class Notice:
    """A hint to look: lane ``(recipient, urgency)`` reaches to ``no``; or, with ``urgency`` -1,
    the status stream of ``recipient`` reaches to event ``no``.

    With the id of a ``delivery`` it says which one has this number, and with its document more of
    it: a bus that recipients read by themselves carries that too. A number that is parked or
    withdrawn (``transport``) travels as a tombstone.
    """

    recipient: str
    urgency: int
    no: int
    delivery: str = ""
    document: Document | None = None
    transport: Transport = Transport.WAITING
