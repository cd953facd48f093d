"""Decide steps of deliveries: which are legal, which are repeats, and whose they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from axis.core.commands import Audit, ByDocument, ById, Move, Moved, Moves, UpTo
from axis.core.document import Delivery, Place
from axis.core.errors import Fault
from axis.core.ledger import Ledger
from axis.core.lifecycle import AGAIN, TRANSPORT, TRANSPORT_SAME, Again, Step, Transport


def move(ledger: Ledger, command: Move) -> Moves:
    """Take a step with every delivery that the targets mean."""
    items: list[Moved] = []
    reached: int | None = None
    for target in command.targets:
        if isinstance(target, UpTo):
            places, reached = ledger.places.up_to(target)
        else:
            places = _places(ledger, target)
        if not places and not isinstance(target, UpTo):
            items.append(Moved(None, False, Fault("delivery.not_found")))
        items.extend(_mine(ledger, command, ledger.facts.deliveries[p]) for p in places)
    if command.audit is not None:
        ledger.changes.audits.append(_told(command.audit, items))
    return Moves(tuple(items), reached)


def _places(ledger: Ledger, target: Place | ById | ByDocument) -> list[Place]:
    if isinstance(target, Place):
        return [target] if target in ledger.facts.deliveries else []
    place = ledger.places.find(target)
    return [] if place is None else [place]


def _told(audit: Audit, items: Iterable[Moved]) -> Audit:
    """The line of an act as it ended."""
    return refused(audit) if any(item.fault is not None for item in items) else audit


def refused(audit: Audit) -> Audit:
    """The line of an act that was refused: it stays on record, and is not taken for a deed."""
    return replace(audit, act=f"{audit.act} refused")


def _mine(ledger: Ledger, command: Move, delivery: Delivery) -> Moved:
    if command.mine and delivery.place.recipient != command.mine:
        return Moved(None, False, Fault("delivery.not_found"))
    return step(ledger, command, delivery)


def step(ledger: Ledger, command: Move, delivery: Delivery, job: str = "") -> Moved:
    """Take one step with one delivery, of a job if one asks for it."""
    fault = _illegal(ledger, command.step, delivery)
    if fault is not None:
        return Moved(delivery, False, fault)
    of_again = delivery.transport is Transport.DONE and (delivery.again, command.step) in AGAIN
    if not of_again and (delivery.transport, command.step) in TRANSPORT_SAME:
        return Moved(delivery, False)
    book = ledger.again if of_again else ledger.transport
    moved = book(
        delivery, command.step, command.actor, command.at, command.now, command.reason, job
    )
    # Words about what is given back change nothing: it was done before.
    return Moved(moved, not of_again or command.step is Step.GIVE)


def _illegal(ledger: Ledger, one: Step, delivery: Delivery) -> Fault | None:
    """Why a step cannot be taken; None when it can, or changes nothing."""
    if one is Step.GIVE:
        if delivery.transport is not Transport.DONE:
            return Fault("delivery.not_done", "", _state(delivery))
        if delivery.again is not Again.NONE:
            return Fault("delivery.given_back")
    else:
        key = (delivery.transport, one)
        if key not in TRANSPORT and key not in TRANSPORT_SAME:
            return Fault("delivery.not_parked", "", _state(delivery))
        if one is not Step.RESET:
            return None
    locked = ledger.facts.agencies[delivery.place.recipient].locked
    return Fault("delivery.locked") if locked else None


def _state(delivery: Delivery) -> dict[str, str]:
    return {"state": delivery.transport.name.lower()}
