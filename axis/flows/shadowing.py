"""Plan shadows, and hear what their players say of them; only operators do either.

A shadow is a replay job like the others (``axis.flows.planning``), but what it hands over is played
in a run of its own, by a process that has an axis and agencies for it. That player takes the job's
lease, reports how far it is, and at last what each delivery came to beside its record. The books
that are shadowed are read, and hold nothing new but the job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from axis.core import reasons
from axis.core.caller import OPERATOR, Caller
from axis.core.document import Details, Event
from axis.core.errors import rejected
from axis.core.job_commands import Report, Take
from axis.core.questions import Extract, Window
from axis.core.replay import DELIVERIES_MAX, Item, Job, Kind, Verdict
from axis.core.timetable import MICROSECONDS, iso
from axis.flows.planning import Asked, Planning, Shown
from axis.ports import Clock, Store

#: A player that is gone is replaced after so long; one that lives reports each second.
LEASE_S: Final = 15
#: Documents read at a time while a plan is made: with 95 recipients each 20,000 deliveries.
PAGE_DOCUMENTS: Final = 200
#: Whose shadows are: the operators'.
_OPERATORS: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a player says: as who holds ``epoch``, that ``played`` deliveries were played, what some
    came to, and with ``ending`` that it is done.
    """

    epoch: int
    played: int
    verdicts: tuple[Verdict, ...]
    ending: Details | None


class Shadowing:
    """The doors' side of shadows; ``axis.cli.replay_player`` plays them."""

    def __init__(self, store: Store, planning: Planning, clock: Clock) -> None:
        self._store = store
        self._planning = planning
        self._clock = clock

    async def plan(self, caller: Caller, asked: Asked, speed: float) -> Shown:
        """Write down what would be played, ``speed`` times as fast as it happened."""
        caller.needs(OPERATOR)
        reasons.required(asked.why)
        now = self._clock.now()
        what = self._planning.windowed(asked.what, now)
        assert what.since is not None
        assert what.until is not None
        await self._planning.require_room(_OPERATORS, now)
        items, documents, size = await self._found(
            Window(since=what.since, until=what.until, sender=what.sender, recipient=what.recipient)
        )
        told = {
            "sender": what.sender,
            "recipient": what.recipient,
            "since": iso(what.since),
            "until": iso(what.until),
            "documents": documents,
            "bytes": size,
            # It plays in a run of its own: of those whose books these are, nobody sees anything.
            "recipients": [],
            # And so nothing need be left out: what was recalled is recalled again.
            "excluded": [],
            "speed": speed,
        }
        return await self._planning.write_down(caller, _OPERATORS, asked, items, told, now)

    async def _found(self, window: Window) -> tuple[tuple[Item, ...], int, int]:
        """The deliveries of a window, in commit order; its documents, and their bytes."""
        items: list[Item] = []
        documents = size = 0
        after: int | None = 0
        while after is not None:
            page = await self._store.extract(window, after, PAGE_DOCUMENTS)
            for one in page.found:
                documents += 1
                size += one.document.size
                items += _items(len(items), one)
            if len(items) > DELIVERIES_MAX:
                raise rejected("replay.too_many", limit=DELIVERIES_MAX)
            after = page.after or None
        return tuple(items), documents, size

    async def take(self, caller: Caller, job: str, player: str) -> Job:
        """Take the lease of a running shadow that no other player has; its epoch is in the answer.

        Raises ``replay.taken``, ``replay.stage`` and ``replay.not_played``.
        """
        await self._require_shadow(caller, job)
        now = self._clock.now()
        return await self._planning.submit(Take(job=job, owner=player, now=now, until=_until(now)))

    async def report(self, caller: Caller, job: str, played: Played) -> Shown:
        """Write what a player says, and renew its lease.

        Raises ``replay.lost`` for who does not hold it any more: the job was paused or aborted, or
        another plays it.
        """
        found = await self._require_shadow(caller, job)
        if any(one.no > found.total for one in played.verdicts):
            raise rejected("delivery.not_found", "deliveries")
        if played.ending is not None:
            # Verdicts are written by nobody else, and this player's come one after the other.
            shown = await self._planning.show(_OPERATORS, job)
            left = found.total - shown.outcomes.judged
            if left:
                raise rejected("replay.unjudged", count=left)
        now = self._clock.now()
        await self._planning.submit(
            Report(
                job=job,
                epoch=played.epoch,
                played=played.played,
                verdicts=played.verdicts,
                ending=played.ending,
                now=now,
                until=_until(now),
            )
        )
        return await self._planning.show(_OPERATORS, job)

    async def _require_shadow(self, caller: Caller, job: str) -> Job:
        caller.needs(OPERATOR)
        found = (await self._planning.show(_OPERATORS, job)).job
        if found.kind is not Kind.SHADOW:
            raise rejected("replay.not_played", kind=str(found.kind))
        return found


def _items(before: int, one: Extract) -> list[Item]:
    """The items of a document behind ``before`` others."""
    document, deliveries, events = one
    return [
        Item(no, document.seq, delivery.place.recipient, _done_at(events, delivery.place.recipient))
        for no, delivery in enumerate(deliveries, before + 1)
    ]


def _done_at(events: Sequence[Event], recipient: str) -> int:
    done = (e.occurred_at for e in events if (e.kind, e.recipient) == ("done", recipient))
    return next(done, 0)


def _until(now: int) -> int:
    return now + LEASE_S * MICROSECONDS
