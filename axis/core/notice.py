"""What wakes recipients: that something waits for them, and never more than the books say."""

from __future__ import annotations

from dataclasses import dataclass

#: The "urgency" of a status stream.
STATUSES = -1


@dataclass(frozen=True, slots=True)
class Notice:
    """A hint to look: lane ``(recipient, urgency)`` reaches to ``no``; or, with ``urgency`` -1,
    the status stream of ``recipient`` reaches to event ``no``.
    """

    recipient: str
    urgency: int
    no: int
