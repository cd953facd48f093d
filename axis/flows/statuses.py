"""Take statuses about documents, and hand every agency the ones addressed to it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from axis.core import trust
from axis.core.caller import Caller
from axis.core.commands import ByDocument, ById, Outcome, Refused, Said, Say
from axis.core.document import NO_DETAILS, Details, Document, Event
from axis.core.errors import Fault, Rejected, rejected
from axis.core.lifecycle import BY_SENDER, STATUS_CODES, WITH_REASON
from axis.flows.commit import Committer
from axis.flows.handover import PAGE_ROWS_MAX, look
from axis.flows.members import Members
from axis.flows.refusals import Refusals
from axis.ports import Bus, Clock, Store, Trust
from schemas import edxml
from schemas.edxml_read import read
from schemas.examine import seal_of
from schemas.examined import Seal
from schemas.shown import shown

#: Statuses in one request.
STATEMENTS_MAX = 1000
#: A status package carries no file: the largest sample has 1.8 kB.
STATUS_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One status of the caller about one delivery. ``at`` is microseconds UTC, None: now."""

    target: ById | ByDocument
    code: str
    reason: str = ""
    at: int | None = None
    body: Details = field(default_factory=lambda: NO_DETAILS)


#: Packages of one name that are looked at to say why nothing was found.
_LOOKED_AT = 100


class Statuses:
    """Both doors of the statuses: packages and JSON."""

    def __init__(
        self,
        store: Store,
        committer: Committer,
        members: Members,
        trust_list: Trust,
        bus: Bus,
        clock: Clock,
        refusals: Refusals,
    ) -> None:
        self._store = store
        self._committer = committer
        self._members = members
        self._trust = trust_list
        self._bus = bus
        self._clock = clock
        self._refusals = refusals

    async def say(self, caller: Caller, statements: Sequence[Statement]) -> list[Said | Refused]:
        """Record statements, each decided by itself, in order."""
        now = self._clock.now()
        agency = caller.agency
        answers: list[Said | Refused | None] = []
        commands: list[Say] = []
        for statement in statements:
            fault = _form(statement)
            answers.append(None if fault is None else Refused(fault))
            if fault is None:
                commands.append(_command(statement, agency, now))
        outcomes = iter(await self._committer.submit(commands) if commands else ())
        return [_said(next(outcomes)) if answer is None else answer for answer in answers]

    async def package(self, raw: bytes, caller: Caller, occurred_at: int | None = None) -> Said:
        """Record the status that a status package states. Raises ``Rejected``, which leaves a line
        in the refusal log.
        """
        try:
            return await self._taken(raw, caller, occurred_at)
        except Rejected as error:
            sha256 = hashlib.sha256(raw).hexdigest()
            await self._refusals.write_down(error, caller, sha256, len(raw))
            raise

    async def _taken(self, raw: bytes, caller: Caller, occurred_at: int | None) -> Said:
        if not raw:
            raise rejected("package.empty")
        if len(raw) > STATUS_BYTES_MAX:
            raise rejected("package.too_large", size=len(raw), limit=STATUS_BYTES_MAX)
        reading = read(raw)
        if reading.errors:
            raise Rejected(Fault(p.code, p.place, p.detail) for p in reading.errors)
        package = reading.package
        if not isinstance(package, edxml.StatusPackage):
            raise rejected("package.kind", "edXMLHeader", expected="status", found="document")
        statement = self._statement(package, caller, occurred_at)
        assert reading.root is not None
        self._check_seal(seal_of(reading.root), caller, occurred_at)
        (answer,) = await self.say(caller, [statement])
        if isinstance(answer, Refused):
            raise Rejected([await self._placed(answer.fault, statement)])
        return answer

    async def _placed(self, fault: Fault, statement: Statement) -> Fault:
        """A fault of a status package, with its place. Who speaks follows from the code, so a code
        that is the other side's finds nothing: that is what is told then.
        """
        target = statement.target
        assert isinstance(target, ByDocument)
        if fault.code == "delivery.not_found":
            theirs = await self._store.documents_named(
                target.recipient, target.document_id, 0, _LOOKED_AT
            )
            if any(document.reaches(target.sender) for document in theirs):
                speaker = "sender" if statement.code in BY_SENDER else "recipient"
                fault = Fault("status.not_yours", "", {"code": statement.code, "speaker": speaker})
        within = "ResponseFor" if fault.code.startswith("delivery.") else "StatusCode"
        return replace(fault, place=fault.place or f"edXMLHeader/MessageHeader/{within}")

    def _check_seal(self, seal: Seal, caller: Caller, occurred_at: int | None) -> None:
        """Refuse a signature that lies. To have none is usual: no status among the samples is
        signed, and the token says who speaks.
        """
        at = self._clock.now() if occurred_at is None else occurred_at
        verdict, reason = self._trust.judge(seal, caller.agency, at)
        code = trust.refusal(verdict, strict_signatures=False)
        if code is not None:
            raise rejected(code, "edXMLHeader/Signature", reason=reason)

    def _statement(
        self, package: edxml.StatusPackage, caller: Caller, occurred_at: int | None
    ) -> Statement:
        """Whom it is about follows from the code (VPCP 2.4 section 2.2.3): 13 is the sender's
        and names the recipient asked, every other one is a recipient's and names the sender.
        """
        directory = self._members.directory
        place = "edXMLHeader/MessageHeader/"
        speaker = directory.agency_of(package.sender.organ_id)
        if speaker is None:
            organ_id = package.sender.organ_id
            raise rejected("sender.unknown", place + "From/OrganId", organ_id=organ_id)
        if speaker.code != caller.agency:
            raise rejected(
                "sender.not_caller",
                place + "From/OrganId",
                sender=package.sender.organ_id,
                caller=caller.id,
            )
        other = directory.agency_of(package.response_for.organ_id)
        if other is None:
            organ_id = package.response_for.organ_id
            raise rejected("recipient.unknown", place + "ResponseFor/OrganId", organ_ids=organ_id)
        sender, recipient = speaker.code, other.code
        if package.code not in BY_SENDER:
            sender, recipient = recipient, sender
        target = ByDocument(sender, package.response_for.document_id, recipient)
        body: dict[str, object] = {"unit": package.sender.organ_id}
        if package.staff.name:
            body["staff"] = package.staff.name
        if package.at is not None:
            body["stated_at"] = package.at.isoformat()
        return Statement(
            target=target,
            code=package.code,
            reason=package.description,
            at=occurred_at,
            body=body,
        )

    async def stream(
        self, caller: Caller, after: int, limit: int, wait_s: float = 0
    ) -> list[tuple[Event, Document]]:
        """Events addressed to the caller behind ``after``, in order."""
        agency = caller.agency
        limit = min(limit, PAGE_ROWS_MAX)
        return await look(
            self._bus,
            agency,
            wait_s,
            lambda: self._store.stream(agency, after, limit),
            statuses=True,
        )


def _form(statement: Statement) -> Fault | None:
    if statement.code not in STATUS_CODES:
        return Fault("status.unknown_code", "code", {"found": statement.code})
    if statement.code in WITH_REASON and not shown(statement.reason):
        return Fault("status.reason_missing", "reason", {"code": statement.code})
    return None


def _command(statement: Statement, agency: str, now: int) -> Say:
    return Say(
        target=statement.target,
        code=statement.code,
        actor=agency,
        at=now if statement.at is None else statement.at,
        now=now,
        reason=shown(statement.reason),
        body=statement.body,
    )


def _said(outcome: Outcome) -> Said | Refused:
    assert isinstance(outcome, Said | Refused)
    return outcome
