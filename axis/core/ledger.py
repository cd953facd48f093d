"""Write steps into a group's changes, keeping facts, rows, events and counters in agreement.

No rule is decided here (``axis.core.decide`` does that); every method books one legal step whole:
the row, its event and its counters, so that none of the three can be forgotten.
"""

from __future__ import annotations

from axis.core import fold, tally, timeliness
from axis.core.commands import Accept, Said, Say
from axis.core.directory import Agency
from axis.core.document import Addressee, Delivery, Details, Document, Event, Lane
from axis.core.facts import Changes, Facts
from axis.core.lifecycle import (
    BY_SENDER,
    Again,
    Step,
    Transport,
)
from axis.core.places import Places
from axis.core.replay import Handed, Heard, Job, Key, Word
from axis.core.trust import Certificate

_HANDED = Heard(True, Word.SILENT)
#: What a step says of an attempt.
_HEARD = {
    Step.OFFER: _HANDED,
    Step.DONE: Heard(True, Word.ANSWERED),
    Step.FAIL: Heard(False, Word.FAILED),
    # A lock is no word of the recipient: what it parks, it lets wait again.
    Step.LOCK: Heard(False, Word.WITHHELD),
}
_AGAIN_HEARD = {
    Step.OFFER: _HANDED,
    Step.DONE: Heard(True, Word.ANSWERED),
    Step.FAIL: Heard(False, Word.HAD),
    Step.LOCK: Heard(False, Word.WITHHELD),
}


class Ledger:
    """The facts of a group as they stand, and what has changed."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.changes = Changes()
        self.places = Places(facts)

    def accept(self, command: Accept) -> Document:
        """Number a document in every lane of its recipients and write it."""
        seq = self._next_seq()
        document = Document(
            seq=seq,
            id=command.id,
            sender=command.sender,
            unit=command.unit,
            document_id=command.document_id,
            kind=command.kind,
            urgency=command.urgency,
            sha256=command.sha256,
            size=len(command.body),
            recipients=tuple(self._number(r, command.urgency) for r in command.recipients),
            occurred_at=command.at,
            recorded_at=command.now,
            verdict=command.verdict,
            links=command.links,
            meta=command.meta,
        )
        self.places.accepted(document)
        self.changes.documents.append(document)
        self.changes.bodies[command.sha256] = command.body
        self.changes.events.append(
            Event(
                seq=seq,
                kind=fold.ACCEPTED,
                doc=seq,
                recipient="",
                actor=command.sender,
                occurred_at=command.at,
                recorded_at=command.now,
            )
        )
        besides = timeliness.of_sending(command.kind, command.verdict, command.meta, command.at)
        self.changes.count(command.sender, command.at, tally.SENT, besides)
        for recipient in document.recipients:
            self._create(document, recipient)
        return document

    def _number(self, recipient: Addressee, urgency: int) -> Addressee:
        lane = Lane(recipient.agency, urgency)
        no = self.facts.lanes.get(lane, 0) + 1
        self.facts.lanes[lane] = self.changes.lanes[lane] = no
        return Addressee(recipient.agency, recipient.units, no)

    def _create(self, document: Document, recipient: Addressee) -> None:
        delivery = fold.begun(document, recipient)
        self.facts.deliveries[delivery.place] = self.changes.created[delivery.place] = delivery
        self.places.created(delivery.place)
        tally.move(self.changes.tally, None, delivery)

    def transport(
        self,
        before: Delivery,
        step: Step,
        actor: str,
        at: int,
        now: int,
        reason: str = "",
        job: str = "",
    ) -> Delivery:
        """Book a legal transport step, of a ``job`` if one takes it; the first ``done`` counts as
        received.
        """
        after = fold.moved(before, step, at, reason)
        self._update(before, after)
        if after.transport is Transport.DONE:
            self.changes.count(after.place.recipient, at, tally.RECEIVED)
        self._event(fold.TOLD[step], after, actor, at, now, body=_body(reason, job))
        if after.attempt > 1 and step in _HEARD:
            self._hear(after, _HEARD[step])
        return after

    def again(
        self,
        before: Delivery,
        step: Step,
        actor: str,
        at: int,
        now: int,
        reason: str = "",
        job: str = "",
    ) -> Delivery:
        """Book a legal step of giving back: nothing is counted, and transport stays done."""
        after = fold.moved_again(before, step)
        self._update(before, after)
        self._event(fold.AGAIN_TOLD[step], after, actor, at, now, body=_body(reason, job))
        if step in _AGAIN_HEARD:
            self._hear(after, _AGAIN_HEARD[step])
        return after

    def _hear(self, delivery: Delivery, heard: Heard) -> None:
        """Tell the job, if one handed this attempt over."""
        key = Key(delivery.doc, delivery.place.recipient, delivery.attempt)
        handed = self.changes.handed.get(key)
        if handed is not None:
            handed.heard = handed.heard.then(heard)
        else:
            known = self.changes.heard.get(key)
            self.changes.heard[key] = heard if known is None else known.then(heard)

    def handed_over(self, job: str, no: int, delivery: Delivery) -> None:
        """Write that item ``no`` of a job is this delivery's attempt."""
        key = Key(delivery.doc, delivery.place.recipient, delivery.attempt)
        self.changes.handed[key] = Handed(job, no, Heard(False, Word.SILENT))

    def job(self, job: Job) -> None:
        """Write a job's row."""
        self.facts.jobs[job.id] = self.changes.jobs[job.id] = job

    def status(self, command: Say, delivery: Delivery) -> Said:
        """Book a legal status; whoever speaks of a document has it, so it is done first."""
        by_sender = command.code in BY_SENDER
        if not by_sender and delivery.transport is not Transport.DONE:
            delivery = self.transport(delivery, Step.DONE, command.actor, command.at, command.now)
        elif not by_sender and delivery.again is Again.HANDED:
            # Of what was not handed out again the word may be older than its loss.
            delivery = self.again(delivery, Step.DONE, command.actor, command.at, command.now)
        after = fold.spoken(delivery, command.code, command.at, command.reason)
        self._update(delivery, after)
        besides = timeliness.of_status(command.code, after.arrived_at, command.at)
        self.changes.count(command.actor, command.at, tally.said(command.code), besides)
        body = dict(command.body)
        if command.reason:
            body["reason"] = command.reason
        if after.business is not delivery.business:
            body["state"] = after.business.name.lower()
        event = self._event(
            fold.STATUS,
            after,
            command.actor,
            command.at,
            command.now,
            code=command.code,
            body=body,
        )
        return Said(after, event.seq, event.addressee)

    def agency(self, agency: Agency) -> None:
        """Write an agency's row."""
        self.facts.agencies[agency.code] = self.changes.agencies[agency.code] = agency

    def certificate(self, certificate: Certificate) -> None:
        """Write a certificate's row."""
        self.facts.certificates[certificate.fingerprint] = certificate
        self.changes.certificates[certificate.fingerprint] = certificate

    def _next_seq(self) -> int:
        self.facts.seq += 1
        self.changes.seq = self.facts.seq
        return self.facts.seq

    def _update(self, before: Delivery, after: Delivery) -> None:
        place = after.place
        self.facts.deliveries[place] = after
        rows = self.changes.created if place in self.changes.created else self.changes.updated
        rows[place] = after
        tally.move(self.changes.tally, before, after)

    def _event(
        self,
        kind: str,
        delivery: Delivery,
        actor: str,
        at: int,
        now: int,
        *,
        body: Details,
        code: str = "",
    ) -> Event:
        recipient = delivery.place.recipient
        event = Event(
            seq=self._next_seq(),
            kind=kind,
            doc=delivery.doc,
            recipient=recipient,
            actor=actor,
            occurred_at=at,
            recorded_at=now,
            code=code,
            addressee=fold.addressee(kind, code, delivery.sender, recipient),
            body=body,
        )
        self.changes.events.append(event)
        return event


def _body(reason: str, job: str) -> Details:
    body = {"reason": reason} if reason else {}
    return {**body, "job": job} if job else body
