"""Write steps into a group's changes, keeping facts, rows, events and counters in agreement.

No rule is decided here (``axis.core.decide`` does that); every method books one legal step whole:
the row, its event and its counters, so that none of the three can be forgotten.
"""

from __future__ import annotations

from axis.core import tally, timeliness
from axis.core.commands import Accept, ByDocument, ById, Said, Say, UpTo
from axis.core.directory import Agency
from axis.core.document import Addressee, Delivery, Details, Document, Event, Lane, Place
from axis.core.facts import Changes, Facts
from axis.core.lifecycle import (
    ANSWERS,
    ARRIVED,
    BUSINESS,
    BY_SENDER,
    TRANSPORT,
    WITH_REASON,
    Request,
    Step,
    Transport,
)
from axis.core.trust import Certificate
from schemas.edxml import UPDATE

_EVENT = {
    Step.OFFER: "offered",
    Step.DONE: "done",
    Step.FAIL: "parked",
    Step.LOCK: "parked",
    Step.UNLOCK: "reset",
    Step.RESET: "reset",
}


class Ledger:
    """The facts of a group as they stand, and what has changed."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.changes = Changes()
        #: The documents of this very group, by id.
        self._accepted: dict[str, Document] = {}
        self._lanes: dict[Lane, list[Place]] | None = None

    def find(self, target: ById | ByDocument, *, newest: bool = False) -> Place | None:
        """The delivery that ``target`` means; what this group accepted before is found too.

        ``newest`` takes the newest package of a name whether or not its recipient has it.
        """
        if isinstance(target, ByDocument):
            return self._named(target, newest=newest)
        if target.doc_id in self._accepted:
            return _placed(self._accepted[target.doc_id], target.recipient)
        return self.facts.found.get(target)

    def _named(self, target: ByDocument, *, newest: bool) -> Place | None:
        """The newest package of that name the recipient has, or the only one that is on its way.

        Several packages may bear one name. To guess among those not yet taken would confirm one
        that its recipient has never seen, and it would be lost.
        """
        places = list(self.facts.named.get(target, ()))
        for document in self.facts.documents.get((target.sender, target.document_id), ()):
            if document.id in self._accepted:
                place = _placed(document, target.recipient)
                if place is not None:
                    places.append(place)
        for place in reversed(places):
            if newest or self.facts.deliveries[place].transport is Transport.DONE:
                return place
        return places[0] if len(places) == 1 else None

    def up_to(self, target: UpTo) -> list[Place]:
        """The open deliveries that ``target`` means (see ``UpTo``), in the order of the lane."""
        if self._lanes is None:
            # Made for the first range of a group: every further one finds its lane at once.
            self._lanes = {}
            for place in self.facts.deliveries:
                self._lanes.setdefault(Lane(place.recipient, place.urgency), []).append(place)
        lane = self._lanes.get(Lane(target.recipient, target.urgency), ())
        return sorted(
            place
            for place in lane
            if place.no <= target.no and self.facts.deliveries[place].may_be_had
        )

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
        self._accepted[document.id] = document
        self.changes.documents.append(document)
        self.changes.bodies[command.sha256] = command.body
        self.changes.events.append(
            Event(
                seq=seq,
                kind="accepted",
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
        delivery = Delivery(
            place=Place(recipient.agency, document.urgency, recipient.no),
            doc=document.seq,
            doc_id=document.id,
            sender=document.sender,
            kind=document.kind,
            # An update asks its recipients to agree (VPCP 2.4 section 2.6).
            request=Request.OPEN if document.kind == UPDATE else Request.NONE,
        )
        self.facts.deliveries[delivery.place] = self.changes.created[delivery.place] = delivery
        if self._lanes is not None:
            lane = Lane(delivery.place.recipient, delivery.place.urgency)
            self._lanes.setdefault(lane, []).append(delivery.place)
        tally.move(self.changes.tally, None, delivery)

    def transport(
        self, before: Delivery, step: Step, actor: str, at: int, now: int, reason: str = ""
    ) -> Delivery:
        """Book a legal transport step; the first ``done`` counts as received."""
        state = TRANSPORT[before.transport, step]
        after = before._replace(
            transport=state,
            reason=reason if state is Transport.PARKED else "",
            attempt=before.attempt + (state is Transport.WAITING),
            arrived_at=timeliness.arrival(before.arrived_at, at, told=state is Transport.DONE),
        )
        self._update(before, after)
        if state is Transport.DONE:
            self.changes.count(after.place.recipient, at, tally.RECEIVED)
        self._event(
            _EVENT[step],
            after,
            actor,
            at,
            now,
            # The sender is told of what does not reach its recipient.
            addressee=after.sender if state is Transport.PARKED else "",
            body={"reason": reason} if reason else {},
        )
        return after

    def status(self, command: Say, delivery: Delivery) -> Said:
        """Book a legal status; whoever speaks of a document has it, so it is done first."""
        by_sender = command.code in BY_SENDER
        if not by_sender and delivery.transport is not Transport.DONE:
            delivery = self.transport(delivery, Step.DONE, command.actor, command.at, command.now)
        business = BUSINESS.get((delivery.business, command.code), delivery.business)
        after = delivery._replace(
            business=business,
            request=Request.OPEN if by_sender else ANSWERS.get(command.code, delivery.request),
            said=delivery.said | 1 << int(command.code),
            arrived_at=timeliness.arrival(
                delivery.arrived_at, command.at, told=command.code == ARRIVED
            ),
            reason=command.reason if command.code in WITH_REASON else delivery.reason,
        )
        self._update(delivery, after)
        besides = timeliness.of_status(command.code, after.arrived_at, command.at)
        self.changes.count(command.actor, command.at, tally.said(command.code), besides)
        body = dict(command.body)
        if command.reason:
            body["reason"] = command.reason
        if business is not delivery.business:
            body["state"] = business.name.lower()
        event = self._event(
            "status",
            after,
            command.actor,
            command.at,
            command.now,
            code=command.code,
            addressee=after.place.recipient if by_sender else after.sender,
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
        addressee: str = "",
    ) -> Event:
        event = Event(
            seq=self._next_seq(),
            kind=kind,
            doc=delivery.doc,
            recipient=delivery.place.recipient,
            actor=actor,
            occurred_at=at,
            recorded_at=now,
            code=code,
            addressee=addressee,
            body=body,
        )
        self.changes.events.append(event)
        return event


def _placed(document: Document, recipient: str) -> Place | None:
    """The place of a document in its recipient's lane."""
    for addressee in document.recipients:
        if addressee.agency == recipient:
            return Place(recipient, document.urgency, addressee.no)
    return None
