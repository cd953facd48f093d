"""Hand waiting documents over to their recipients, and take their word for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

from axis.core import reasons
from axis.core.caller import Caller
from axis.core.commands import ById, Move, Moved, Moves, Target, UpTo
from axis.core.document import Document, Place
from axis.core.errors import Rejected, Unavailable, rejected
from axis.core.lifecycle import Again, Step, Transport, own_words
from axis.flows.commit import Committer
from axis.ports import Bus, Clock, Row, Store

#: A waiting poll looks again by itself this often: a lost notice costs this delay, no document.
LOOK_AGAIN_S = 5.0
#: The longest a poll may wait; shorter than the minute after which proxies give up.
WAIT_S_MAX = 50.0
#: Rows of one page.
PAGE_ROWS_MAX = 1000
#: Package bytes of one stream: the page that fills it is the last, one package always passes.
STREAM_BYTES_MAX = 64 * 1024 * 1024
#: Deliveries named in one confirmation.
CONFIRM_MAX = 1000

#: Who parks a delivery whose package is damaged, and why.
AXIS, DAMAGED = "axis", "the axis has this package no more"

_T = TypeVar("_T", bound=Sequence[object])

OPEN = (Transport.WAITING, Transport.OFFERED)


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery handed out with the very bytes of its package."""

    row: Row
    body: bytes


async def look(
    bus: Bus, recipient: str, wait_s: float, find: Callable[[], Awaitable[_T]], *, statuses: bool
) -> _T:
    """Return what ``find`` finds, waiting up to ``wait_s`` for something to be there."""
    if wait_s <= 0:
        return await find()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + min(wait_s, WAIT_S_MAX)
    # Subscribe before looking: what came in between would otherwise be waited out.
    with bus.listen(recipient, statuses=statuses) as listener:
        while True:
            found = await find()
            left = deadline - loop.time()
            if found or left <= 0:
                return found
            await listener.wait(min(left, LOOK_AGAIN_S))


def fitting(rows: Sequence[Row], bytes_max: int) -> tuple[Sequence[Row], int]:
    """The first of ``rows``, as many as have packages of ``bytes_max`` together and one at least;
    and how many bytes these have.
    """
    size = 0
    for count, row in enumerate(rows):
        more = size + row.document.size
        if count and more > bytes_max:
            return rows[:count], size
        size = more
    return rows, size


class Handover:
    """The inbox, packages, confirmations and resets of one recipient."""

    def __init__(self, store: Store, committer: Committer, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._committer = committer
        self._bus = bus
        self._clock = clock

    async def page(
        self,
        caller: Caller,
        after: Mapping[int, int],
        limit: int,
        wait_s: float = 0,
        transports: Sequence[int] = OPEN,
    ) -> list[Row]:
        """Deliveries of the caller, most urgent class first, then by lane number."""
        agency = caller.agency
        limit = min(limit, PAGE_ROWS_MAX)
        return await look(
            self._bus,
            agency,
            wait_s,
            lambda: self._store.inbox(agency, after, limit, transports),
            statuses=False,
        )

    async def take(
        self, caller: Caller, rows: Sequence[Row], occurred_at: int | None = None
    ) -> list[Taken]:
        """Open deliveries of the caller (of ``page``) with their packages; those that are damaged
        are left out.
        """
        bodies = await self._store.bodies([row.document.sha256 for row in rows])
        whole = [row for row in rows if row.document.sha256 in bodies]
        self._offer(caller, whole, occurred_at)
        if len(whole) < len(rows):
            self._park([row for row in rows if row.document.sha256 not in bodies])
        return [Taken(row, bodies[row.document.sha256]) for row in whole]

    def _park(self, rows: Sequence[Row]) -> None:
        """Park deliveries whose package is damaged: they are out of the way of others, and an
        operator sees them. The committer keeps order: no range that is confirmed from now on takes
        in what was never shown.
        """
        now = self._clock.now()
        move = Move(
            step=Step.FAIL,
            targets=tuple(row.delivery.place for row in rows),
            actor=AXIS,
            at=now,
            now=now,
            reason=DAMAGED,
        )
        try:
            self._committer.put_aside([move])
        except Unavailable:
            return

    def _offer(self, caller: Caller, rows: Sequence[Row], occurred_at: int | None) -> None:
        """Write that packages are handed out, without making the recipient wait for it.

        The committer keeps order, so a confirmation cannot overtake this; should the line not be
        written, the books show "waiting" for a package that was taken, and nothing is lost.
        """
        fresh = [
            row
            for row in rows
            if row.delivery.transport is Transport.WAITING or row.delivery.again is Again.GIVEN
        ]
        if not fresh:
            return
        now = self._clock.now()
        given: dict[int, list[Place]] = {}
        for row in fresh:
            # Who polls for long states a time before that of what it waited for.
            at = now if occurred_at is None else max(occurred_at, row.document.occurred_at)
            given.setdefault(at, []).append(row.delivery.place)
        moves = [
            Move(
                step=Step.OFFER,
                targets=tuple(places),
                actor=caller.id,
                at=at,
                now=now,
                mine=caller.agency,
            )
            for at, places in given.items()
        ]
        try:
            self._committer.put_aside(moves)
        except Unavailable:
            return

    async def package(self, caller: Caller, doc_id: str, recipient: str) -> tuple[Document, bytes]:
        """The package of one delivery: for its recipient (who takes it) or its sender."""
        row = await self._store.delivery(doc_id, recipient)
        if row is None or caller.agency not in (recipient, row.document.sender):
            raise rejected("delivery.not_found")
        body = await self._store.body(row.document.sha256)
        if body is None:
            if row.delivery.shown:
                self._park([row])
            raise rejected("axis.package_damaged", sha256=row.document.sha256)
        if caller.agency == recipient:
            self._offer(caller, [row], None)
        return row.document, body

    async def confirm(
        self,
        caller: Caller,
        targets: Sequence[Target],
        step: Step,
        reason: str = "",
        times: Sequence[int | None] = (),
    ) -> tuple[Moved, ...]:
        """``done`` or ``fail`` (with a reason) for the caller's own deliveries.

        ``times`` says of each when it occurred (microseconds UTC; None: now); none at all: now.
        """
        assert step in (Step.DONE, Step.FAIL)
        if step is Step.FAIL:
            reason = reasons.required(reason, "reason")
        return await self._move(caller, targets, step, reason, times or [None] * len(targets))

    async def reset(self, caller: Caller, target: ById | Place) -> Moved:
        """Put a parked delivery of the caller's back into its lane."""
        (item,) = await self._move(caller, [target], Step.RESET, "", [None])
        if item.fault is not None:
            raise Rejected([item.fault])
        return item

    async def _move(
        self,
        caller: Caller,
        targets: Sequence[Target],
        step: Step,
        reason: str,
        times: Sequence[int | None],
    ) -> tuple[Moved, ...]:
        """Move deliveries of the caller's, those of one time after the other in one command."""
        if len(targets) > CONFIRM_MAX:
            raise rejected(
                "request.invalid", place="deliveries", message=f"at most {CONFIRM_MAX} at once"
            )
        now = self._clock.now()
        moves = [
            Move(
                step=step,
                targets=tuple(target for target, _ in some),
                actor=caller.id,
                at=now if at is None else at,
                now=now,
                mine=caller.agency,
                reason=own_words(reason),
            )
            for at, some in groupby(zip(targets, times, strict=True), itemgetter(1))
        ]
        items: list[Moved] = []
        while moves:
            further: list[Move] = []
            for one, outcome in zip(moves, await self._committer.submit(moves), strict=True):
                assert isinstance(outcome, Moves)
                items += outcome.items
                if outcome.reached is not None:
                    (target,) = one.targets
                    assert isinstance(target, UpTo)
                    further.append(replace(one, targets=(replace(target, above=outcome.reached),)))
            # Others write between two stretches of a range.
            moves = further
        return tuple(items)
