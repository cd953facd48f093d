"""How far an agency has read its lanes: what comes next, what came before, what is missing.

Pure. A topic repeats what was sent twice, and may lack what was lost with a broker. The rule is
that of every reader (``schemas.bus``): ``last + 1`` is applied, what is lower is dropped, on a gap
the inbox is read, which shows all that is open. So does a message without its package. Until the
inbox has been read, what comes in that lane is left to it, or a later document would overtake.
"""

from __future__ import annotations

from enum import Enum, auto

from schemas.bus import HINT, PARKED, WAITING, WITHDRAWN, Message


class Next(Enum):
    """What to do with a message."""

    #: Its package is the next of its lane.
    TAKE = auto()
    #: It was dealt with, or will be with the inbox that is to be read already.
    DROP = auto()
    #: The inbox has what this lane goes on with.
    LOOK = auto()


class Lanes:
    """The lanes of one agency, as far as this process has read them."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}
        #: Lanes that the inbox goes on with.
        self._left: set[int] = set()
        self._parked: set[tuple[int, int]] = set()

    def read(self, urgency: int, message: Message) -> Next:
        """Take note of a message of a lane, and say what to do with it."""
        place = (urgency, message.no)
        last = self._last.get(urgency)
        if message.type == PARKED:
            self._parked.add(place)
        elif message.type == WAITING and place in self._parked:
            # It was put back with its old number.
            self._parked.discard(place)
            self._left.add(urgency)
            return Next.LOOK
        if last is not None and message.no <= last:
            return Next.DROP
        self._last[urgency] = message.no
        if urgency in self._left:
            return Next.DROP
        # Where a process begins, nothing is known of what came before.
        follows = last is not None and message.no == last + 1
        if follows and message.type in (PARKED, WITHDRAWN):
            return Next.DROP
        if follows and message.type != HINT and message.package:
            return Next.TAKE
        self._left.add(urgency)
        return Next.LOOK

    def seen(self, urgency: int, no: int) -> None:
        """The inbox showed this number."""
        self._last[urgency] = max(no, self._last.get(urgency, 0))

    def caught_up(self) -> None:
        """The inbox has been read to its end: messages go on from here."""
        self._left.clear()
