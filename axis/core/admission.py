"""What a document package must keep to be admitted, beyond its form: who sends it, and to whom.

Pure: decided from what the package says and the directory as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from axis.core.caller import Caller
from axis.core.directory import Agency, Directory
from axis.core.document import Addressee, Link
from axis.core.errors import Fault, rejected
from axis.core.timetable import day_number, number_of_day
from schemas import edxml
from schemas.examined import Letter


def sender(letter: Letter, caller: Caller, directory: Directory) -> Agency:
    """The sending agency: the caller itself, or the caller's for a unit beneath it."""
    place = "edXMLHeader/MessageHeader/From/OrganId"
    found = directory.agency_of(letter.sender)
    if found is None:
        raise rejected("sender.unknown", place, organ_id=letter.sender)
    if found.code != caller.agency:
        raise rejected("sender.not_caller", place, sender=letter.sender, caller=caller.id)
    if found.locked:
        raise rejected("agency.locked", place, code=found.code)
    return found


def recipients(letter: Letter, directory: Directory) -> tuple[tuple[Addressee, ...], list[Fault]]:
    """The recipient agencies with the units named of each, and what is wrong with them.

    Several units of one agency are one recipient: books count agencies and keep the unit.
    """
    place = "edXMLHeader/MessageHeader/To"
    units: dict[str, list[str]] = {}
    unknown: list[str] = []
    locked: list[str] = []
    for organ_id in letter.recipients:
        agency = directory.agency_of(organ_id)
        if agency is None:
            unknown.append(organ_id)
        elif agency.locked:
            locked.append(organ_id)
        else:
            units.setdefault(agency.code, []).append(organ_id)
    faults = [
        Fault(code, place, {"organ_ids": ", ".join(bad)})
        for code, bad in (("recipient.unknown", unknown), ("recipient.locked", locked))
        if bad
    ]
    return tuple(Addressee(code, tuple(of)) for code, of in units.items()), faults


def future(letter: Letter, at: int) -> tuple[Fault, ...]:
    """A date in the future is a warning, judged by the run's clock in Viet Nam days."""
    promulgated = letter.promulgated
    if not promulgated or number_of_day(date.fromisoformat(promulgated)) <= day_number(at):
        return ()
    place = "edXMLHeader/MessageHeader/PromulgationInfo/PromulgationDate"
    return (Fault("document.future", place, {"found": promulgated}),)


def links(letter: Letter, sending: str, directory: Directory) -> tuple[Link, ...]:
    """The documents this package speaks of (VPCP 2.4 sections 2.3 to 2.7)."""
    if letter.doc_type == edxml.RECALL:
        # A recall names its own sender's documents; OrganId is the unit it is recalled from.
        found = [Link("recalls", sending, document_id) for _, document_id in letter.answers]
    elif letter.doc_type == edxml.UPDATE:
        updated = letter.business_document_id or letter.document_id
        found = [Link("updates", sending, updated)]
    elif letter.doc_type == edxml.REPLACEMENT:
        found = [Link("replaces", sending, document_id) for document_id in letter.replaced]
    else:
        found = []
        for organ_id, document_id in letter.answers:
            agency = directory.agency_of(organ_id)
            if agency is not None:
                found.append(Link("answers", agency.code, document_id))
    return tuple(dict.fromkeys(link for link in found if link.document_id))


def meta(letter: Letter, warnings: Iterable[Fault]) -> dict[str, object]:
    """What lists and the trace show of a document; never decided upon."""
    told: dict[str, object] = {
        "subject": letter.subject,
        "code": letter.code,
        "type": letter.type_name,
        "attachments": list(letter.attachments),
    }
    if letter.promulgated:
        told["promulgated"] = letter.promulgated
    listed = [{"code": w.code, "place": w.place, **w.detail} for w in warnings]
    if listed:
        told["warnings"] = listed
    return told
