"""Take a document package in: read it, judge its signature, apply the rules, write it.

Nothing is written of a package that breaks a rule but one line of the refusal log.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from axis.core import trust
from axis.core.caller import Caller
from axis.core.commands import Accept, Accepted, Outcome, Refuse, Refused
from axis.core.directory import Agency, Directory
from axis.core.document import Addressee, Link
from axis.core.errors import Fault, Rejected, Unavailable, rejected
from axis.core.timetable import day_number, number_of_day
from axis.flows.commit import Committer
from axis.flows.members import Members
from axis.ports import Clock, Ids, Store, Trust
from schemas import edxml
from schemas.edxml_read import Reading, read

#: A package up to this size is read on the event loop (half a millisecond at 20 kB); a larger
#: one would hold up everybody else and goes to a thread.
INLINE_BYTES_MAX = 256 * 1024


@dataclass(frozen=True, slots=True)
class Policy:
    """What an axis refuses beyond the rules of the format."""

    #: Refuse packages whose signature is absent or SHA-1; by default they pass, because real
    #: packages are like that.
    strict_signatures: bool = False
    package_bytes_max: int = edxml.PACKAGE_BYTES_MAX


@dataclass(frozen=True, slots=True)
class _Judged:
    """A package that breaks no rule."""

    package: edxml.DocumentPackage
    sender: Agency
    recipients: tuple[Addressee, ...]
    verdict: str
    warnings: tuple[Fault, ...]


class Intake:
    """``POST /v1/documents``, one package or many."""

    def __init__(
        self,
        store: Store,
        committer: Committer,
        members: Members,
        trust_list: Trust,
        clock: Clock,
        ids: Ids,
        policy: Policy,
    ) -> None:
        self._store = store
        self._committer = committer
        self._members = members
        self._trust = trust_list
        self._clock = clock
        self._ids = ids
        self.policy = policy

    async def receive(self, raw: bytes, caller: Caller, occurred_at: int | None = None) -> Accepted:
        """Accept ``raw`` as a package of ``caller``; durable when this returns.

        ``occurred_at`` is set only in a run that plays another time. Raises ``Rejected`` with
        every fault found, or ``Unavailable``: the outcome is unknown then, and repeating is safe.
        """
        now = self._clock.now()
        at = now if occurred_at is None else occurred_at
        sha256 = hashlib.sha256(raw).hexdigest()
        try:
            if len(raw) > INLINE_BYTES_MAX:
                judged = await asyncio.to_thread(self._judge, raw, sha256, caller, at)
            else:
                judged = self._judge(raw, sha256, caller, at)
            command = self._command(judged, raw, sha256, at, now)
            (outcome,) = await self._committer.submit([command])
            return _accepted(outcome)
        except Rejected as error:
            return await self._refuse(error, raw, sha256, caller, now)

    async def _refuse(
        self, error: Rejected, raw: bytes, sha256: str, caller: Caller, now: int
    ) -> Accepted:
        # What was accepted once stays accepted, whatever has been locked or has expired since:
        # a repeated POST is safe for ever (promise 6).
        known = await self._store.document_of(caller.agency, sha256)
        if known is not None:
            return Accepted(known, repeated=True)
        fault = error.faults[0]
        refuse = Refuse(
            caller=caller.id,
            code=fault.code,
            place=fault.place,
            sentence=fault.sentence(),
            sha256=sha256,
            size=len(raw),
            now=now,
        )
        try:
            await self._committer.submit([refuse])
        except Unavailable:
            # The refusal itself stands; that its log line is missing does not make it another.
            raise error from None
        raise error

    def _judge(self, raw: bytes, sha256: str, caller: Caller, at: int) -> _Judged:
        directory = self._members.directory
        reading = self._form(raw)
        package = reading.package
        assert isinstance(package, edxml.DocumentPackage)
        faults = [Fault("document.secret")] if package.secret else []
        sender = _sender(package.sender.organ_id, caller, directory)
        recipients, bad = _recipients(package.recipients, directory)
        faults += bad
        if faults:
            raise Rejected(faults)
        verdict, reason = self._trust.judge(sha256, reading.root, sender.code, at)
        code = trust.refusal(verdict, strict_signatures=self.policy.strict_signatures)
        if code is not None:
            raise rejected(code, "edXMLHeader/Signature", reason=reason)
        warnings = tuple(_fault(p) for p in reading.problems) + _future(package, at)
        return _Judged(package, sender, recipients, verdict, warnings)

    def _form(self, raw: bytes) -> Reading:
        if not raw:
            raise rejected("package.empty")
        limit = self.policy.package_bytes_max
        if len(raw) > limit:
            raise rejected("package.too_large", size=len(raw), limit=limit)
        reading = read(raw)
        if reading.errors:
            raise Rejected(_fault(p) for p in reading.errors)
        if not isinstance(reading.package, edxml.DocumentPackage):
            raise rejected("package.kind", "edXMLHeader", expected="document", found="status")
        return reading

    def _command(self, judged: _Judged, raw: bytes, sha256: str, at: int, now: int) -> Accept:
        package = judged.package
        return Accept(
            id=self._ids.document(now),
            sender=judged.sender.code,
            unit=package.sender.organ_id,
            document_id=package.document_id,
            kind=package.business.doc_type,
            urgency=package.other.priority,
            sha256=sha256,
            body=raw,
            recipients=judged.recipients,
            at=at,
            now=now,
            verdict=judged.verdict,
            links=_links(package, judged.sender.code, self._members.directory),
            meta=_meta(package, judged.warnings),
        )


def _accepted(outcome: Outcome) -> Accepted:
    if isinstance(outcome, Refused):
        raise Rejected([outcome.fault])
    assert isinstance(outcome, Accepted)
    return outcome


def _fault(problem: edxml.Problem) -> Fault:
    return Fault(problem.code, problem.place, problem.detail)


def _sender(organ_id: str, caller: Caller, directory: Directory) -> Agency:
    """The sending agency: the caller itself, or the caller's for a unit beneath it."""
    place = "edXMLHeader/MessageHeader/From/OrganId"
    sender = directory.agency_of(organ_id)
    if sender is None:
        raise rejected("sender.unknown", place, organ_id=organ_id)
    if sender.code != caller.agency:
        raise rejected("sender.not_caller", place, sender=organ_id, caller=caller.id)
    if sender.locked:
        raise rejected("agency.locked", place, code=sender.code)
    return sender


def _recipients(
    named: Iterable[edxml.Organization], directory: Directory
) -> tuple[tuple[Addressee, ...], list[Fault]]:
    """The recipient agencies with the units named of each, and what is wrong with them.

    Several units of one agency are one recipient: books count agencies and keep the unit.
    """
    place = "edXMLHeader/MessageHeader/To"
    units: dict[str, list[str]] = {}
    unknown: list[str] = []
    locked: list[str] = []
    for organization in named:
        agency = directory.agency_of(organization.organ_id)
        if agency is None:
            unknown.append(organization.organ_id)
        elif agency.locked:
            locked.append(organization.organ_id)
        else:
            units.setdefault(agency.code, []).append(organization.organ_id)
    faults = [
        Fault(code, place, {"organ_ids": ", ".join(bad)})
        for code, bad in (("recipient.unknown", unknown), ("recipient.locked", locked))
        if bad
    ]
    return tuple(Addressee(code, tuple(of)) for code, of in units.items()), faults


def _future(package: edxml.DocumentPackage, at: int) -> tuple[Fault, ...]:
    """A date in the future is a warning, judged by the run's clock in Viet Nam days."""
    promulgated = package.promulgated
    if promulgated is None or number_of_day(promulgated) <= day_number(at):
        return ()
    place = "edXMLHeader/MessageHeader/PromulgationInfo/PromulgationDate"
    return (Fault("document.future", place, {"found": promulgated.isoformat()}),)


def _links(package: edxml.DocumentPackage, sender: str, directory: Directory) -> tuple[Link, ...]:
    """The documents this package speaks of (VPCP 2.4 sections 2.3 to 2.7)."""
    business = package.business
    if business.doc_type == edxml.RECALL:
        # A recall names its own sender's documents; OrganId is the unit it is recalled from.
        found = [Link("recalls", sender, r.document_id) for r in package.response_for]
    elif business.doc_type == edxml.UPDATE:
        found = [Link("updates", sender, business.document_id or package.document_id)]
    elif business.doc_type == edxml.REPLACEMENT:
        found = [Link("replaces", sender, r.document_id) for r in business.replaced]
    else:
        found = []
        for reference in package.response_for:
            agency = directory.agency_of(reference.organ_id)
            if agency is not None:
                found.append(Link("answers", agency.code, reference.document_id))
    return tuple(dict.fromkeys(link for link in found if link.document_id))


def _meta(package: edxml.DocumentPackage, warnings: Iterable[Fault]) -> dict[str, object]:
    """What lists and the trace show of a document; never decided upon."""
    meta: dict[str, object] = {
        "subject": package.subject,
        "code": f"{package.code_number}/{package.code_notation}",
        "type": package.type_name,
        "attachments": [a.name for a in package.attachments],
    }
    if package.promulgated is not None:
        meta["promulgated"] = package.promulgated.isoformat()
    listed = [{"code": w.code, "place": w.place, **w.detail} for w in warnings]
    if listed:
        meta["warnings"] = listed
    return meta
