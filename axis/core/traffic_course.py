"""Whether what a row says happened to its deliveries can have, by the state machines."""

from __future__ import annotations

from typing import Final

from axis.core.errors import Fault
from axis.core.lifecycle import (
    ANSWERS,
    BUSINESS,
    BY_SENDER,
    STATUS_CODES,
    TRANSPORT,
    WITH_REASON,
    Business,
    Request,
    Step,
    Transport,
)
from schemas.edxml import UPDATE
from schemas.traffic import HAPPENINGS, Happening, Row, Share

#: By which step a happening came about; a lock parks as a failure does.
_STEPS: Final = {
    "offered": Step.OFFER,
    "done": Step.DONE,
    "parked": Step.FAIL,
    "reset": Step.RESET,
}


def course_fault(row: Row) -> Fault | None:
    """Whether what happened to each delivery can have, and led to where it stands."""
    for share in row.deliveries:
        message = _Course(share, row).fault()
        if message:
            return Fault("traffic.state", "", {"recipient": share.recipient, "message": message})
    return None


class _Course:
    """One delivery's happenings, followed through the state machines."""

    def __init__(self, share: Share, row: Row) -> None:
        self._share = share
        self._sender = row.sender
        self._transport = Transport.WAITING
        self._business = Business.NONE
        self._request = Request.OPEN if row.kind == UPDATE else Request.NONE

    def fault(self) -> str:
        for happening in self._share.happened:
            message = (
                self._status(happening) if happening.kind == "status" else self._move(happening)
            )
            if message:
                return message
        reached = (self._transport, self._business, self._request)
        states = tuple(state.name.lower() for state in reached)
        told = (self._share.state, self._share.answer, self._share.request)
        # Books may know of an end that no happening of version 1 tells of, but none behind done.
        untold = self._share.state == "withdrawn" and self._transport is not Transport.DONE
        if states != told and not untold:
            return f"it leads to {', '.join(states)} and stands as {', '.join(told)}"
        return ""

    def _move(self, happening: Happening) -> str:
        state = TRANSPORT.get((self._transport, _STEPS[happening.kind]))
        if state is None:
            return f"{happening.kind} cannot follow {self._transport.name.lower()}"
        self._transport = state
        return ""

    def _status(self, happening: Happening) -> str:
        code = happening.code
        if code not in STATUS_CODES:
            return f"there is no status {code!r}"
        if (happening.by or self._share.recipient) != (
            self._sender if code in BY_SENDER else self._share.recipient
        ):
            return f"{code} is not said by {happening.by}"
        if code in WITH_REASON and not happening.reason.strip():
            return f"{code} has no reason"
        if code in BY_SENDER:
            self._request = Request.OPEN
            return "" if not self._business.ended else f"{code} cannot follow"
        if self._transport is not Transport.DONE:
            return f"{code} was said before it was done"
        if code in ANSWERS:
            asked, self._request = self._request, ANSWERS[code]
            return "" if asked is Request.OPEN else f"{code} answers nothing"
        if (self._business, code) not in BUSINESS:
            return f"{code} cannot follow {self._business.name.lower()}"
        self._business = BUSINESS[self._business, code]
        return ""


assert _STEPS.keys() | {"status"} == HAPPENINGS
