"""What wakes recipients: that something came for them, and never more than the books say."""

from __future__ import annotations

from typing import NamedTuple


class Topic(NamedTuple):
    """What waits for ``recipient``, or its statuses. A notice names it, and is a hint to look."""

    recipient: str
    statuses: bool
