"""Planted bugs: each must be caught, or the checker that should have caught it proves nothing.

A plant stands in for an object that is handed to the axis, or for a value of one of its modules;
the product has no switch for any of them. ``kinds`` says as what it must be caught and ``seeds``
within how many, counted from 1.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import count
from math import inf
from typing import Any

from axis.adapters import examiner
from axis.adapters.memory_replays import MemoryReplays
from axis.adapters.memory_store import Fault, MemoryBooks, MemoryStore
from axis.api.receipts import RECEIPT_TYPE
from axis.core import admission, decide, fold, ledger, lifecycle, places, tally
from axis.core.commands import Command, Outcome
from axis.core.document import Delivery, Document, Event, Lane, Place
from axis.core.errors import Unavailable
from axis.core.facts import Changes, Facts, Wants
from axis.core.lifecycle import Business, Step, Transport
from axis.core.timetable import day_number
from axis.flows import handover, telling
from axis.ports import Row, Signer, Store

#: A store is made for each life of the axis: on the books, with the faults, and with a way to
#: ask whether that life still goes on.
MakeStore = Callable[[MemoryBooks, Fault, Callable[[], bool]], Store]


def _sound(books: MemoryBooks, fault: Fault, _: Callable[[], bool]) -> Store:
    return MemoryStore(books, fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One bug. Without arguments: none."""

    kinds: frozenset[str] = frozenset()
    seeds: int = 0
    store: MakeStore = _sound
    signer: Callable[[Signer], Signer] = lambda signer: signer
    #: (module, name, value that stands in)
    patches: tuple[tuple[object, str, object], ...] = ()


NOTHING = Plant()


class _Flawed(MemoryStore):
    """A memory store that goes wrong now and then, the same way every time."""

    def __init__(self, books: MemoryBooks, fault: Fault, alive: Callable[[], bool]) -> None:
        super().__init__(books, fault)
        self._alive = alive
        self._calls = count(1)

    def _goes_wrong(self, every: int) -> bool:
        return next(self._calls) % every == 0


# ---- durability -------------------------------------------------------------------------------


class _WritesBehind(_Flawed):
    """Answers from memory and writes half a second later: what a crash finds unwritten is lost."""

    _LATER_S = 0.5

    def __init__(self, books: MemoryBooks, fault: Fault, alive: Callable[[], bool]) -> None:
        super().__init__(_copied(books), fault, alive)
        self._disk = MemoryStore(books)

    async def apply(self, commands: Sequence[Command]) -> list[Outcome]:
        outcomes = await super().apply(commands)
        loop = asyncio.get_running_loop()
        loop.call_later(self._LATER_S, lambda: loop.create_task(self._write_down(commands)))
        return outcomes

    async def _write_down(self, commands: Sequence[Command]) -> None:
        if self._alive():
            await self._disk.apply(commands)


def _copied(books: MemoryBooks) -> MemoryBooks:
    """Books of their own; the rows are frozen, so only what holds them is copied."""
    made = replace(books, **{f.name: _copy(getattr(books, f.name)) for f in fields(books)})
    made.by_name = {name: list(found) for name, found in books.by_name.items()}
    made.by_doc = {seq: list(found) for seq, found in books.by_doc.items()}
    return made


def _copy(value: Any) -> Any:
    return value if isinstance(value, int) else value.copy()


class _SaysDone(_Flawed):
    """Answers as if it had written, also when it failed to."""

    async def apply(self, commands: Sequence[Command]) -> list[Outcome]:
        try:
            return await super().apply(commands)
        except Unavailable:
            return await MemoryStore(_copied(self._books)).apply(commands)


# ---- what is decided --------------------------------------------------------------------------


class _ForgetsKeys(_Flawed):
    """Knows of no package when a new one comes: a repeated request is a new document."""

    def _load(self, wanted: Wants, facts: Facts) -> None:
        super()._load(wanted, facts)
        facts.documents = {name: [] for name in facts.documents}


class _ForgetsConflicts(_Flawed):
    """Knows packages by their bytes only: a name may be given twice."""

    def _load(self, wanted: Wants, facts: Facts) -> None:
        super()._load(wanted, facts)
        digests = {sha256 for _, _, sha256 in wanted.names}
        facts.documents = {
            name: [d for d in found if d.sha256 in digests]
            for name, found in facts.documents.items()
        }


class _SkipsNumbers(_Flawed):
    """Leaves a gap in a lane."""

    def _load(self, wanted: Wants, facts: Facts) -> None:
        super()._load(wanted, facts)
        if facts.lanes and self._goes_wrong(5):
            facts.lanes = {lane: no + 1 for lane, no in facts.lanes.items()}


class _SwapsNumbers(_Flawed):
    """Gives the two last documents of a lane each other's number."""

    def _write(self, changes: Changes) -> None:
        swapped = {Lane(place.recipient, place.urgency) for place in changes.created}
        for lane in swapped:
            places = sorted(place for place in changes.created if place[:2] == lane)
            if len(places) > 1:
                first, last = places[0], places[-1]
                created = changes.created
                one, other = created[first], created[last]
                created[first], created[last] = (
                    other._replace(place=first),
                    one._replace(place=last),
                )
        super()._write(changes)


def _everything(self: places.Places, target: Any) -> tuple[list[Place], int | None]:
    """``Places.up_to`` that takes the whole lane for what lies up to a number."""
    lane = sorted(
        place
        for place, delivery in self._facts.deliveries.items()
        if place[:2] == (target.recipient, target.urgency) and delivery.transport.open
    )
    return lane, None


def _newest(self: places.Places, target: Any, *, newest: bool) -> Place | None:
    """``Places._named`` that takes the newest package of a name, be it taken or not."""
    return max(self._facts.named.get(target, ()), default=None)


def _counts_again(self: ledger.Ledger, *given: Any, true: Any = ledger.Ledger.again) -> Delivery:
    """``Ledger.again`` that counts what is given back as received once more."""
    after: Delivery = true(self, *given)
    if given[1] is Step.DONE:
        self.changes.tally[after.place.recipient, day_number(given[3]), tally.RECEIVED] += 1
    return after


_BACK_FROM_LOCK = (Transport.PARKED, Step.UNLOCK)
_NEVER_BACK = {k: v for k, v in lifecycle.TRANSPORT.items() if k != _BACK_FROM_LOCK}
_TOO_MUCH = {**lifecycle.BUSINESS, (Business.ACCEPTED, "02"): Business.REFUSED}
_TOO_LITTLE = {k: v for k, v in lifecycle.BUSINESS.items() if k != (Business.ARRIVED, "05")}


def _overlooks_strangers(letter: Any, directory: Any, *, true: Any = admission.recipients) -> Any:
    recipients, _ = true(letter, directory)
    return recipients, []


# ---- the books --------------------------------------------------------------------------------


class _ForgetsReceipts(_Flawed):
    """The counter of what is done misses a step now and then."""

    def _write(self, changes: Changes) -> None:
        if self._goes_wrong(10):
            for key in [key for key in changes.tally if key[2] == "transport.done"]:
                del changes.tally[key]
        super()._write(changes)


class _CountsTwice(_Flawed):
    """Counts something twice, once in a while."""

    metric = ""

    def _write(self, changes: Changes) -> None:
        for key, n in changes.tally.items():
            if key[2] == self.metric and n > 0 and self._goes_wrong(4):
                changes.tally[key] = 2 * n
        super()._write(changes)


class _CountsOfferedTwice(_CountsTwice):
    metric = "transport.offered"


class _CountsSentTwice(_CountsTwice):
    metric = "sent"


# ---- what is read -----------------------------------------------------------------------------


class _AltersBodies(_Flawed):
    """A bit of a package flips on its way out."""

    async def bodies(self, digests: Sequence[str]) -> Mapping[str, bytes]:
        found = dict(await super().bodies(digests))
        for sha256 in digests[:1]:
            if self._goes_wrong(5):
                found[sha256] = found[sha256][:-1] + bytes([found[sha256][-1] ^ 1])
        return found


class _ReversesInbox(_Flawed):
    """The newest first."""

    async def inbox(self, *args: Any, **kwargs: Any) -> list[Row]:
        return (await super().inbox(*args, **kwargs))[::-1]


class _PassesOver(_Flawed):
    """An inbox that overlooks its first row now and then."""

    async def inbox(self, *args: Any, **kwargs: Any) -> list[Row]:
        rows = await super().inbox(*args, **kwargs)
        return rows[1:] if len(rows) > 1 and self._goes_wrong(2) else rows


class _OffersAgain(_Flawed):
    """An inbox that shows as open what is done."""

    async def inbox(
        self, recipient: str, after: Any, limit: int, transports: Any = ()
    ) -> list[Row]:
        wrong = self._goes_wrong(10)
        return await super().inbox(recipient, after, limit, (0, 1, 2) if wrong else transports)


class _MixesInboxes(_Flawed):
    """Shows what waits for another."""

    async def inbox(
        self, recipient: str, after: Any, limit: int, transports: Any = ()
    ) -> list[Row]:
        if self._goes_wrong(10):
            recipient = max(self._books.agencies)
        return await super().inbox(recipient, after, limit, transports)


class _SkipsStatuses(_Flawed):
    """A stream that loses an event of a page."""

    async def stream(self, *args: Any) -> list[tuple[Event, Document]]:
        found = await super().stream(*args)
        return found[1:] if len(found) > 1 and self._goes_wrong(3) else found


class _RepeatsStatuses(_Flawed):
    """A stream that begins with the last event of the page before."""

    async def stream(self, addressee: str, after: int, limit: int) -> list[tuple[Event, Document]]:
        found = await super().stream(addressee, after, limit)
        return await super().stream(addressee, after - 1, limit) if found else found


class _RestlessSigner:
    """Signs the same receipt another way each time."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._signed = count()

    def sign(self, payload: bytes, typ: str) -> str:
        blanks = b" " * next(self._signed) if typ == RECEIPT_TYPE else b""
        return self._signer.sign(payload + blanks, typ)

    async def sign_all(self, payloads: Sequence[bytes], typ: str) -> list[str]:
        return [self.sign(payload, typ) for payload in payloads]

    def public_jwk(self) -> Mapping[str, str]:
        return self._signer.public_jwk()

    def verify(self, jws: str, typ: str) -> bytes | None:
        return self._signer.verify(jws, typ)


def _plant(*kinds: str, seeds: int = 20, **parts: Any) -> Plant:
    return Plant(kinds=frozenset(kinds), seeds=seeds, **parts)


PLANTS: Mapping[str, Plant] = {
    "acknowledges before it writes": _plant("lost", store=_WritesBehind),
    "says done when it failed": _plant("lost", store=_SaysDone),
    "never looks again": _plant("late", seeds=30, patches=((handover, "LOOK_AGAIN_S", inf),)),
    "tells nobody": _plant("late", seeds=30, patches=((telling, "topics_of", lambda _: []),)),
    "forgets keys": _plant("duplicated", store=_ForgetsKeys),
    "forgets conflicts": _plant("conflict", store=_ForgetsConflicts),
    "alters bodies": _plant("altered", store=_AltersBodies),
    "skips lane numbers": _plant("reordered", store=_SkipsNumbers),
    "swaps lane numbers": _plant("reordered", store=_SwapsNumbers),
    "reverses the inbox": _plant("reordered", store=_ReversesInbox),
    "passes over in the inbox": _plant("reordered", store=_PassesOver),
    "offers what is done": _plant("duplicated", store=_OffersAgain),
    "mixes inboxes": _plant("phantom", store=_MixesInboxes),
    "confirms more than was said": _plant(
        "lost", seeds=30, patches=((places.Places, "up_to", _everything),)
    ),
    "guesses among names": _plant("lost", seeds=60, patches=((places.Places, "_named", _newest),)),
    "knows no names": _plant(
        "misjudged", patches=((places.Places, "_named", lambda *_, **__: None),)
    ),
    "allows an illegal step": _plant(
        "illegal",
        seeds=60,
        patches=((decide, "BUSINESS", _TOO_MUCH), (fold, "BUSINESS", _TOO_MUCH)),
    ),
    "forbids a legal step": _plant(
        "misjudged",
        seeds=30,
        patches=((decide, "BUSINESS", _TOO_LITTLE), (fold, "BUSINESS", _TOO_LITTLE)),
    ),
    "forgets a step in the counters": _plant("unbalanced", store=_ForgetsReceipts),
    "counts offered twice": _plant("unbalanced", store=_CountsOfferedTwice),
    "counts sent twice": _plant("miscounted", store=_CountsSentTwice),
    "skips statuses": _plant("stream", store=_SkipsStatuses),
    "repeats statuses": _plant("stream", store=_RepeatsStatuses),
    "signs receipts anew": _plant("unstable", signer=_RestlessSigner),
    "overlooks unknown recipients": _plant(
        "misjudged", seeds=30, patches=((admission, "recipients", _overlooks_strangers),)
    ),
    "lets the locked in": _plant(
        "locked", seeds=60, patches=((decide, "_locked_out", lambda *_: None),)
    ),
    "keeps what a lock parked": _plant("lost", patches=((decide, "TRANSPORT", _NEVER_BACK),)),
    "counts what is given back": _plant(
        "miscounted", patches=((ledger.Ledger, "again", _counts_again),)
    ),
    "gives back unmarked": _plant(
        "duplicated", patches=((MemoryReplays, "marked", lambda _, row: row),)
    ),
    "works in threads": _plant("internal", patches=((examiner, "INLINE_BYTES_MAX", 0),)),
}
