"""Decide commands against what the books say, and book the legal ones.

Pure: every store calls ``decide`` with the facts it loaded, so every store has one semantics. A
group of commands is decided in order, each seeing the ones before it, and each by itself: one
refused command never aborts its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from axis.core import fold, membership, replaying
from axis.core.commands import (
    Accept,
    Accepted,
    Command,
    Lock,
    Move,
    Note,
    Outcome,
    Recorded,
    Redrive,
    Redriven,
    Refuse,
    Refused,
    Said,
    Say,
)
from axis.core.document import Delivery, Document, Lane
from axis.core.errors import Fault
from axis.core.facts import Changes, Facts
from axis.core.ledger import Ledger
from axis.core.lifecycle import (
    AGAIN,
    ANSWERS,
    BUSINESS,
    BY_SENDER,
    LOCKED,
    TRANSPORT,
    WITH_REASON,
    Again,
    Business,
    Request,
    Step,
)
from axis.core.member_commands import Certify, Register, Renew, Revoke
from axis.core.places import first_of
from axis.core.record import LANES, STATUSES
from axis.core.stepping import move
from schemas.edxml import NEW

_REQUEST = {"13": Request.OPEN} | dict(ANSWERS)


def decide(facts: Facts, commands: Sequence[Command]) -> tuple[list[Outcome], Changes]:
    """Decide ``commands`` in order; one outcome each, and the changes of all together."""
    ledger = Ledger(facts)
    outcomes = [_one(ledger, command) for command in commands]
    return outcomes, ledger.changes


def _one(ledger: Ledger, command: Command) -> Outcome:
    match command:
        case Accept():
            return _accept(ledger, command)
        case Move():
            return move(ledger, command)
        case Say():
            return _say(ledger, command)
        case Lock():
            return _lock(ledger, command)
        case Redrive():
            return _redrive(ledger, command)
        case Note():
            ledger.changes.audits.append(command.audit)
            return Recorded()
        case Refuse():
            ledger.changes.refusals.append(command)
            return Recorded()
        case Register() | Renew() | Certify() | Revoke():
            return membership.decide(ledger, command)
        case _:
            return replaying.decide(ledger, command)


# ---- documents --------------------------------------------------------------------------------


def _accept(ledger: Ledger, command: Accept) -> Outcome:
    known = ledger.facts.documents.setdefault((command.sender, command.document_id), [])
    for document in known:
        if document.sha256 == command.sha256:
            return Accepted(document, repeated=True)
    fault = _clash(known, command) or _locked_out(ledger.facts, command)
    if fault is not None:
        return Refused(fault)
    document = ledger.accept(command)
    known.append(document)
    return Accepted(document)


def _clash(known: Iterable[Document], command: Accept) -> Fault | None:
    """A new document may reach each recipient once under one (sender, document_id)."""
    if command.kind != NEW:
        return None
    have = {r.agency: d.id for d in known if d.kind == NEW for r in d.recipients}
    bad = [r.agency for r in command.recipients if r.agency in have]
    if not bad:
        return None
    docs = dict.fromkeys(have[agency] for agency in bad)
    detail = {
        "recipient": ", ".join(bad),
        "document_id": command.document_id,
        "doc": ", ".join(docs),
    }
    return Fault("document.conflict", "edXMLHeader/MessageHeader/DocumentId", detail)


def _locked_out(facts: Facts, command: Accept) -> Fault | None:
    # Asked here and not only in intake: a lock may have been committed since intake looked.
    if facts.agencies[command.sender].locked:
        return Fault("agency.locked", "", {"code": command.sender})
    bad = [r.agency for r in command.recipients if facts.agencies[r.agency].locked]
    return Fault("recipient.locked", "", {"organ_ids": ", ".join(bad)}) if bad else None


# ---- statuses ---------------------------------------------------------------------------------


def _say(ledger: Ledger, command: Say) -> Outcome:
    by_sender = command.code in BY_SENDER
    # A sender's word confirms nothing, so it may be about a package that is still on its way.
    place = ledger.places.find(command.target, newest=by_sender)
    delivery = None if place is None else ledger.facts.deliveries[place]
    if delivery is None or command.actor not in (delivery.sender, delivery.place.recipient):
        several = ledger.places.several(command.target, of=command.actor)
        return Refused(Fault("delivery.ambiguous" if several else "delivery.not_found"))
    if command.actor != fold.speaker(command.code, delivery.sender, delivery.place.recipient):
        detail = {"code": command.code, "speaker": "sender" if by_sender else "recipient"}
        return Refused(Fault("status.not_yours", "", detail))
    if _repeated(delivery, command):
        if not by_sender and delivery.again is Again.HANDED:
            delivery = ledger.again(delivery, Step.DONE, command.actor, command.at, command.now)
        return Said(delivery, repeated=True)
    if (fault := _illegal(delivery, command.code)) is not None:
        return Refused(fault)
    return ledger.status(command, delivery)


def _repeated(delivery: Delivery, command: Say) -> bool:
    """Whether exactly this was said before, and still stands."""
    if not delivery.said >> int(command.code) & 1:
        return False
    if delivery.request is not _REQUEST.get(command.code, delivery.request):
        return False
    if command.code not in WITH_REASON or command.reason == delivery.reason:
        return True
    # Of 02 and 16 the reason of the one said last is kept; the other stands all the same.
    both = delivery.business is Business.REFUSED and delivery.request is Request.REFUSED
    return both and delivery.said >> 16 & delivery.said >> 2 & 1 == 1


def _illegal(delivery: Delivery, code: str) -> Fault | None:
    """Why ``code`` cannot follow; None when it can."""
    if code in ANSWERS:
        if delivery.request is Request.OPEN:
            return None
        why = "lifecycle.not_asked"
    elif delivery.business.ended:
        why = "lifecycle.ended"
    elif code in BY_SENDER or (delivery.business, code) in BUSINESS:
        return None
    else:
        why = "lifecycle.backwards"
    return Fault(why, "", {"code": code, "state": delivery.business.name.lower()})


# ---- operators --------------------------------------------------------------------------------


def _lock(ledger: Ledger, command: Lock) -> Outcome:
    agency = ledger.facts.agencies.get(command.code)
    if agency is None:
        return Refused(Fault("agency.unknown", "", {"code": command.code}))
    if command.above is None:
        ledger.changes.audits.append(command.audit)
        if agency.locked != command.locked:
            ledger.agency(replace(agency, locked=command.locked))
    elif agency.locked != command.locked:
        return Recorded()  # Somebody has thought better of it meanwhile.
    step, reason = (Step.LOCK, LOCKED) if command.locked else (Step.UNLOCK, "")
    moved: list[Delivery] = []
    above = command.above or (0, 0)
    of_agency = (p for p in ledger.facts.deliveries if p.recipient == command.code)
    known, cut = first_of(sorted(p for p in of_agency if (p.urgency, p.no) > above))
    for place in known:
        delivery = ledger.facts.deliveries[place]
        # Unlocking lets wait again what the lock parked, and not what failed by itself.
        by_lock = step is Step.LOCK or delivery.reason == LOCKED
        now, actor = command.audit.now, command.audit.actor
        if by_lock and (delivery.transport, step) in TRANSPORT:
            moved.append(ledger.transport(delivery, step, actor, now, now, reason))
        elif (delivery.again, step) in AGAIN:
            moved.append(ledger.again(delivery, step, actor, now, now, reason))
    return Recorded(tuple(moved), known[-1][1:] if cut else None)


def _redrive(ledger: Ledger, command: Redrive) -> Outcome:
    if command.recipient not in ledger.facts.agencies:
        return Refused(Fault("agency.unknown", "", {"code": command.recipient}))
    ledger.changes.audits.append(command.audit)
    urgencies = (*LANES, STATUSES) if command.urgency is None else (command.urgency,)
    for urgency in urgencies:
        lane = Lane(command.recipient, urgency)
        reach = min(command.no - 1, ledger.changes.rewound.get(lane, command.no))
        ledger.changes.rewound[lane] = reach
    return Redriven(command.recipient)
