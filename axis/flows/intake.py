"""Take a document package in: read it, judge its signature, apply the rules, write it.

Nothing is written of a package that breaks a rule but one line of the refusal log.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from axis.core import trust
from axis.core.caller import Caller
from axis.core.commands import Accept, Accepted, Outcome, Refuse, Refused
from axis.core.directory import Agency, Directory
from axis.core.document import Addressee, Link
from axis.core.errors import Fault, Rejected, Unavailable, rejected
from axis.core.timetable import day_number, number_of_day
from axis.flows.commit import Committer
from axis.flows.members import Members
from axis.ports import Clock, Examiner, Ids, Store, Trust
from schemas import edxml
from schemas.examine import Examined, Flaw, Letter


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

    letter: Letter
    sha256: str
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
        examiner: Examiner,
        trust_list: Trust,
        clock: Clock,
        ids: Ids,
        policy: Policy,
    ) -> None:
        self._store = store
        self._committer = committer
        self._members = members
        self._examiner = examiner
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
        examined = await self._examined(raw)
        taken = await self._taken(examined, raw, caller, occurred_at, now)
        if isinstance(taken, Exception):
            raise taken
        return taken

    async def receive_all(
        self, packages: Iterable[tuple[bytes, int | None]], caller: Caller
    ) -> list[Accepted | Exception]:
        """Do as ``receive`` with many (bytes, ``occurred_at``), each by itself.

        They are examined side by side and accepted in their order. What ``receive`` would raise
        stands in the place of its package.
        """
        now = self._clock.now()
        begun: deque[tuple[asyncio.Task[Examined | Exception], bytes, int | None]] = deque()
        taking: list[asyncio.Task[Accepted | Exception]] = []
        async with asyncio.TaskGroup() as tasks:
            for raw, at in packages:
                begun.append((tasks.create_task(self._examined(raw)), raw, at))
                # It begins, and other requests have their turn.
                await asyncio.sleep(0)
                while begun and begun[0][0].done():
                    first, raw_of_it, at_of_it = begun.popleft()
                    taken = self._taken(first.result(), raw_of_it, caller, at_of_it, now)
                    taking.append(tasks.create_task(taken))
            for task, raw, at in begun:
                taken = self._taken(await task, raw, caller, at, now)
                taking.append(tasks.create_task(taken))
        return [task.result() for task in taking]

    async def _examined(self, raw: bytes) -> Examined | Exception:
        try:
            self._check_size(raw)
            return await self._examiner.examine(raw)
        except Exception as error:
            return error

    async def _taken(
        self,
        examined: Examined | Exception,
        raw: bytes,
        caller: Caller,
        occurred_at: int | None,
        now: int,
    ) -> Accepted | Exception:
        at = now if occurred_at is None else occurred_at
        try:
            if isinstance(examined, Exception):
                raise examined
            judged = self._judge(examined, caller, at)
            (outcome,) = await self._committer.submit([self._command(judged, raw, at, now)])
            return _accepted(outcome)
        except Rejected as error:
            return await self._refused(error, raw, caller)
        except Exception as error:
            return error

    async def _refused(
        self, error: Rejected, raw: bytes, caller: Caller
    ) -> Accepted | Rejected | Unavailable:
        sha256 = hashlib.sha256(raw).hexdigest()
        try:
            # What was accepted once stays accepted, whatever has been locked or has expired
            # since: a repeated POST is safe for ever (promise 6).
            known = await self._store.document_of(caller.agency, sha256)
        except Unavailable as away:
            return away
        if known is not None:
            return Accepted(known, repeated=True)
        await self.write_down(error, caller, sha256, len(raw))
        return error

    async def write_down(self, error: Rejected, caller: Caller, sha256: str, size: int) -> None:
        """Leave the line of a refusal; ``sha256`` is empty for a package that was not read."""
        fault = error.faults[0]
        refuse = Refuse(
            caller=caller.id,
            code=fault.code,
            place=fault.place,
            sentence=fault.sentence(),
            sha256=sha256,
            size=size,
            now=self._clock.now(),
        )
        # The refusal itself stands; that its log line is missing does not make it another.
        with suppress(Unavailable):
            await self._committer.submit([refuse])

    def _check_size(self, raw: bytes) -> None:
        if not raw:
            raise rejected("package.empty")
        limit = self.policy.package_bytes_max
        if len(raw) > limit:
            raise rejected("package.too_large", size=len(raw), limit=limit)

    def _judge(self, examined: Examined, caller: Caller, at: int) -> _Judged:
        directory = self._members.directory
        letter = _letter(examined)
        faults = [Fault("document.secret")] if letter.secret else []
        sender = _sender(letter.sender, caller, directory)
        recipients, bad = _recipients(letter.recipients, directory)
        faults += bad
        if faults:
            raise Rejected(faults)
        verdict, reason = self._trust.judge(examined.seal, sender.code, at)
        code = trust.refusal(verdict, strict_signatures=self.policy.strict_signatures)
        if code is not None:
            raise rejected(code, "edXMLHeader/Signature", reason=reason)
        warnings = tuple(map(_fault, examined.flaws)) + _future(letter, at)
        return _Judged(letter, examined.sha256, sender, recipients, verdict, warnings)

    def _command(self, judged: _Judged, raw: bytes, at: int, now: int) -> Accept:
        letter = judged.letter
        return Accept(
            id=self._ids.document(now),
            sender=judged.sender.code,
            unit=letter.sender,
            document_id=letter.document_id,
            kind=letter.doc_type,
            urgency=letter.priority,
            sha256=judged.sha256,
            body=raw,
            recipients=judged.recipients,
            at=at,
            now=now,
            verdict=judged.verdict,
            links=_links(letter, judged.sender.code, self._members.directory),
            meta=_meta(letter, judged.warnings),
        )


def _accepted(outcome: Outcome) -> Accepted:
    if isinstance(outcome, Refused):
        raise Rejected([outcome.fault])
    assert isinstance(outcome, Accepted)
    return outcome


def _letter(examined: Examined) -> Letter:
    """What the document package says. Raises ``Rejected`` with every error of its form."""
    errors = [_fault(flaw) for flaw in examined.flaws if flaw.error]
    if errors:
        raise Rejected(errors)
    if examined.letter is None:
        raise rejected("package.kind", "edXMLHeader", expected="document", found=examined.kind)
    return examined.letter


def _fault(flaw: Flaw) -> Fault:
    return Fault(flaw.code, flaw.place, flaw.detail)


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
    named: Iterable[str], directory: Directory
) -> tuple[tuple[Addressee, ...], list[Fault]]:
    """The recipient agencies with the units named of each, and what is wrong with them.

    Several units of one agency are one recipient: books count agencies and keep the unit.
    """
    place = "edXMLHeader/MessageHeader/To"
    units: dict[str, list[str]] = {}
    unknown: list[str] = []
    locked: list[str] = []
    for organ_id in named:
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


def _future(letter: Letter, at: int) -> tuple[Fault, ...]:
    """A date in the future is a warning, judged by the run's clock in Viet Nam days."""
    promulgated = letter.promulgated
    if not promulgated or number_of_day(date.fromisoformat(promulgated)) <= day_number(at):
        return ()
    place = "edXMLHeader/MessageHeader/PromulgationInfo/PromulgationDate"
    return (Fault("document.future", place, {"found": promulgated}),)


def _links(letter: Letter, sender: str, directory: Directory) -> tuple[Link, ...]:
    """The documents this package speaks of (VPCP 2.4 sections 2.3 to 2.7)."""
    if letter.doc_type == edxml.RECALL:
        # A recall names its own sender's documents; OrganId is the unit it is recalled from.
        found = [Link("recalls", sender, document_id) for _, document_id in letter.answers]
    elif letter.doc_type == edxml.UPDATE:
        updated = letter.business_document_id or letter.document_id
        found = [Link("updates", sender, updated)]
    elif letter.doc_type == edxml.REPLACEMENT:
        found = [Link("replaces", sender, document_id) for document_id in letter.replaced]
    else:
        found = []
        for organ_id, document_id in letter.answers:
            agency = directory.agency_of(organ_id)
            if agency is not None:
                found.append(Link("answers", agency.code, document_id))
    return tuple(dict.fromkeys(link for link in found if link.document_id))


def _meta(letter: Letter, warnings: Iterable[Fault]) -> dict[str, object]:
    """What lists and the trace show of a document; never decided upon."""
    meta: dict[str, object] = {
        "subject": letter.subject,
        "code": letter.code,
        "type": letter.type_name,
        "attachments": list(letter.attachments),
    }
    if letter.promulgated:
        meta["promulgated"] = letter.promulgated
    listed = [{"code": w.code, "place": w.place, **w.detail} for w in warnings]
    if listed:
        meta["warnings"] = listed
    return meta
