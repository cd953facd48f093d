"""Find the deliveries that targets mean, among the facts of a group and what it has added."""

from __future__ import annotations

from axis.core.commands import TOGETHER_MAX, ByDocument, ById, UpTo
from axis.core.document import Document, Lane, Place
from axis.core.facts import Facts
from axis.core.lifecycle import Transport


class Places:
    """Where deliveries lie; those of documents of this very group are found too."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        #: The documents of this very group, by id.
        self._accepted: dict[str, Document] = {}
        self._lanes: dict[Lane, list[Place]] | None = None

    def accepted(self, document: Document) -> None:
        """Know a document of this group."""
        self._accepted[document.id] = document

    def created(self, place: Place) -> None:
        """Know a delivery of this group."""
        if self._lanes is not None:
            self._lanes.setdefault(Lane(place.recipient, place.urgency), []).append(place)

    def find(self, target: ById | ByDocument, *, newest: bool = False) -> Place | None:
        """The delivery that ``target`` means; what this group accepted before is found too.

        ``newest`` takes the newest package of a name whether or not its recipient has it.
        """
        if isinstance(target, ByDocument):
            return self._named(target, newest=newest)
        if target.doc_id in self._accepted:
            return _placed(self._accepted[target.doc_id], target.recipient)
        return self._facts.found.get(target)

    def _named(self, target: ByDocument, *, newest: bool) -> Place | None:
        """The newest package of that name the recipient has, or the only one that is on its way.

        Several packages may bear one name. To guess among those not yet taken would confirm one
        that its recipient has never seen, and it would be lost.
        """
        places = self._bearing(target)
        for place in reversed(places):
            if newest or self._facts.deliveries[place].transport is Transport.DONE:
                return place
        return places[0] if len(places) == 1 else None

    def several(self, target: ById | ByDocument, *, of: str) -> bool:
        """Whether ``target`` is a name that several packages bear, of which ``of`` is a party:
        nobody else learns that there are any.
        """
        if not isinstance(target, ByDocument) or of not in (target.sender, target.recipient):
            return False
        return len(self._bearing(target)) > 1

    def _bearing(self, target: ByDocument) -> list[Place]:
        """Every package of that name to the recipient, oldest first."""
        places = list(self._facts.named.get(target, ()))
        for document in self._facts.documents.get((target.sender, target.document_id), ()):
            if document.id in self._accepted:
                place = _placed(document, target.recipient)
                if place is not None:
                    places.append(place)
        return places

    def up_to(self, target: UpTo) -> tuple[list[Place], int | None]:
        """The deliveries in the inbox that ``target`` means (see ``UpTo``), in lane order, and the
        number that they reach to where there may be more.
        """
        if self._lanes is None:
            # Made for the first range of a group: every further one finds its lane at once.
            self._lanes = {}
            for place in self._facts.deliveries:
                self._lanes.setdefault(Lane(place.recipient, place.urgency), []).append(place)
        lane = self._lanes.get(Lane(target.recipient, target.urgency), ())
        known = sorted(place for place in lane if target.above < place.no <= target.no)
        known, cut = first_of(known)
        had = [place for place in known if self._facts.deliveries[place].may_be_had]
        return had, known[-1].no if cut else None


def first_of(known: list[Place]) -> tuple[list[Place], bool]:
    """The first ``TOGETHER_MAX`` of places that are sorted, and whether that is not all.

    As many are loaded of each kind that is asked for, whatever else is known: so nothing that was
    not loaded lies before the last of these.
    """
    return known[:TOGETHER_MAX], len(known) >= TOGETHER_MAX


def _placed(document: Document, recipient: str) -> Place | None:
    """The place of a document in its recipient's lane."""
    for addressee in document.recipients:
        if addressee.agency == recipient:
            return Place(recipient, document.urgency, addressee.no)
    return None
