"""What has to be done to play a row again: the acts of its recipients and of its sender, in order.

Pure. That a package is offered is no act: taking it does that. A lock parks and an unlocking puts
back for everybody; here the recipient fails and resets, which leaves the same states.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from axis.core.timetable import from_iso
from schemas.traffic import Row

DONE, FAIL, RESET, SAY = "done", "fail", "reset", "say"
_KINDS: Final = {"done": DONE, "parked": FAIL, "reset": RESET, "status": SAY}


class Act(NamedTuple):
    """One act about the delivery of document ``no`` to ``recipient``: the ``place``-th, from 0.

    It falls due at ``at_us`` (microseconds UTC of the run), never before the act in front of it,
    and says that it occurred at ``occurred_at``. ``speaker`` is who says a status.
    """

    at_us: int
    no: int
    recipient: str
    place: int
    kind: str
    occurred_at: str
    speaker: str
    code: str
    reason: str


def acts_of(no: int, row: Row) -> Iterator[Act]:
    """The acts of all deliveries of a row, each delivery's in their order."""
    sent_us = from_iso(row.occurred_at)
    for share in row.deliveries:
        at_us, place = sent_us, 0
        for happening in share.happened:
            kind = _KINDS.get(happening.kind)
            if kind is None:
                continue
            at_us = max(at_us, from_iso(happening.occurred_at))
            yield Act(
                at_us,
                no,
                share.recipient,
                place,
                kind,
                happening.occurred_at,
                happening.by or share.recipient,
                happening.code,
                happening.reason,
            )
            place += 1
